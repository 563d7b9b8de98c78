// SPDX-License-Identifier: Apache-2.0

package app

// room makes this goroutine's stack at once as large as a login needs it. It
// would grow to that by doubling, and each size is copied to the next and
// begins pages of its own. What is not used takes no memory. The size of the
// function's frame does it, which is never written to: nobody has less than no
// argument.
//
//go:noinline
func room(arguments int) byte {
	if arguments >= 0 {
		return 0
	}
	var frame [20 << 10]byte
	return frame[len(frame)+arguments]
}
