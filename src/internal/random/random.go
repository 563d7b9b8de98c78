// SPDX-License-Identifier: Apache-2.0

// Package random owns the source of every unguessable value: states, nonces,
// PKCE verifiers, cookies, keys. Nothing else reads randomness for the
// program's own values.
//
// It does not use crypto/rand, which since Go 1.24 ends the process when the
// source fails: a router without a usable source shall answer with a code and
// say why in its log. Errors are *fault.Fault, ready to end a request:
// CRYPTO_INIT_FAILED when there is no source, CRYPTO_ERROR when the source
// answers with what cannot be random.
package random

import (
	"encoding/base64"
	"errors"
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"luci-sso/internal/fault"
	"luci-sso/internal/paths"
)

// TokenLen is the length of a Token: 32 bytes in base64url without padding.
// It is also the shortest PKCE verifier of RFC 7636 §4.1.
const TokenLen = 43

// seedWait bounds the wait for the kernel to collect its first randomness
// after boot. Kernels since 5.4 need about a second at worst.
const seedWait = 3 * time.Second

// Token returns 256 random bits as 43 characters of base64url.
func Token() (string, error) {
	b, err := Bytes(32)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// Bytes returns n random bytes.
func Bytes(n int) ([]byte, error) {
	b := make([]byte, n)
	err := fromKernel(b)
	if errors.Is(err, unix.ENOSYS) {
		err = fromDevice(paths.At("/dev/urandom"), b)
	}
	if err != nil {
		return nil, fault.Wrap(fault.CryptoInitFailed, err,
			"the random source of the system cannot be used: "+err.Error()+"; no login is possible without it: reboot, and see dmesg")
	}
	if stuck(b) {
		return nil, fault.New(fault.CryptoError,
			"the random source of the system returned the same byte again and again; /dev/urandom may have been replaced: reboot, and see ls -l /dev/urandom")
	}
	return b, nil
}

// fromKernel is getrandom(2). It enters the kernel by the system call's number
// rather than through the vDSO that newer kernels offer, so that a policy
// that forbids the call has one effect everywhere.
func fromKernel(b []byte) error {
	var deadline time.Time
	for len(b) > 0 {
		n, _, errno := unix.Syscall(unix.SYS_GETRANDOM,
			uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), unix.GRND_NONBLOCK) // #nosec G103 -- b stays alive and in place during the call
		switch {
		case errno == 0 && n > 0 && n <= uintptr(len(b)):
			b = b[n:]
		case errno == unix.EINTR:
		case errno == unix.EAGAIN:
			if deadline.IsZero() {
				deadline = time.Now().Add(seedWait)
			} else if time.Now().After(deadline) {
				return errors.New("the kernel has not collected enough randomness since boot")
			}
			time.Sleep(20 * time.Millisecond)
		case errno != 0:
			return os.NewSyscallError("getrandom", errno)
		default:
			return errors.New("getrandom returned nothing")
		}
	}
	return nil
}

// fromDevice serves kernels before 3.17. A plain file in the device's place
// would give everybody the same bytes.
func fromDevice(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeCharDevice == 0 {
		return errors.New(path + " is not a device")
	}
	_, err = io.ReadFull(f, b)
	return err
}

// stuck sees the one failure that would otherwise go unnoticed: a source that
// repeats one byte. With 16 bytes or more, chance does it once in 2^120.
func stuck(b []byte) bool {
	if len(b) < 16 {
		return false
	}
	for _, c := range b[1:] {
		if c != b[0] {
			return false
		}
	}
	return true
}
