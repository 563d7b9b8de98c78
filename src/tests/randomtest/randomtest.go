// SPDX-License-Identifier: Apache-2.0

// Package randomtest owns how a test runs a program for which the system's
// random source is broken. Only tests import it.
package randomtest

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Exec replaces this process by the program at path, for which getrandom(2)
// always fails with errno: ENOSYS sends it to /dev/urandom, anything else
// leaves it without a source. It returns only when that is not possible. It
// needs no privilege; to be called in a helper process of the test.
//
// The filter goes by the number of the system call alone, which is enough for
// a program built for the machine the test runs on.
func Exec(errno syscall.Errno, path string, args, env []string) error {
	runtime.LockOSThread() // The filter is the thread's; exec makes it the process's.
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: 0, Jf: 1, K: unix.SYS_GETRANDOM},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)&unix.SECCOMP_RET_DATA},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return syscall.Exec(path, args, env)
}
