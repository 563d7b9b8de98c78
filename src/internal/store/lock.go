// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// Lock takes an exclusive lock on the file at path, which is created when
// missing and never removed, and waits for it at most wait. unlock releases
// it; so does the end of the process, whatever ends it. The error is an
// *Error, with ErrBusy when the wait was in vain.
func Lock(path string, wait time.Duration) (unlock func(), err error) {
	f, err := LockFile(path, wait)
	if err != nil {
		return nil, err
	}
	return func() { Unlock(f) }, nil
}

// LockDir is Lock on a directory, which must exist. Where there is one it is
// the better thing to lock: it works on a full disk and leaves no lock file.
func LockDir(path string, wait time.Duration) (unlock func(), err error) {
	d, err := lock(path, wait, func() (*os.File, error) { return openDir(path) })
	if err != nil {
		return nil, err
	}
	return func() { Unlock(d) }, nil
}

// LockFile opens the file at path for reading and writing, creates it with
// mode 0600 when missing, and takes an exclusive lock on it as Lock does. It
// is for files that are updated in place.
// Unlock ends both.
func LockFile(path string, wait time.Duration) (*os.File, error) {
	return lock(path, wait, func() (*os.File, error) { return openFile(path, os.O_RDWR|os.O_CREATE) })
}

// Unlock releases the lock that LockFile took and closes the file.
func Unlock(f *os.File) {
	// Explicitly, because closing alone does nothing while a child that is
	// just being started still has a copy of the descriptor.
	_ = flock(f, syscall.LOCK_UN)
	_ = f.Close()
}

func lock(path string, wait time.Duration, open func() (*os.File, error)) (*os.File, error) {
	// The monotonic clock: a clock set back must not prolong the wait.
	deadline := time.Now().Add(wait)
	for {
		f, err := open()
		if err != nil {
			return nil, failed("lock", path, err)
		}
		if err := waitFlock(f, deadline); err != nil {
			_ = f.Close()
			return nil, failed("lock", path, err)
		}
		if isAt(f, path) {
			return f, nil
		}
		// Somebody removed or replaced it while we waited: whoever comes next
		// would lock another one. Start over with what is there now.
		_ = f.Close()
		if time.Now().After(deadline) {
			return nil, failed("lock", path, ErrBusy)
		}
	}
}

// waitFlock asks again and again instead of blocking in the kernel, which has
// no time limit. Locks here are held for well under a millisecond.
func waitFlock(f *os.File, deadline time.Time) error {
	const longest = 4 * time.Millisecond
	for pause := 100 * time.Microsecond; ; pause = min(2*pause, longest) {
		err := flock(f, syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		if time.Now().After(deadline) {
			return ErrBusy
		}
		time.Sleep(pause)
	}
}

func flock(f *os.File, how int) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	cerr := conn.Control(func(fd uintptr) {
		for {
			if err = syscall.Flock(int(fd), how); err != syscall.EINTR {
				return
			}
		}
	})
	if cerr != nil {
		return cerr
	}
	return err
}

func isAt(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(path)
	return err == nil && os.SameFile(mine, there)
}
