// SPDX-License-Identifier: Apache-2.0

// Package store owns how the program keeps state on disk: private directories
// and files, replacement by temporary file and rename, locks, and the removal
// of what a killed process left behind. It knows nothing of what is stored;
// handshake, replay, ratelimit and the caches put meaning into the files.
//
// Two facts shape it. uhttpd kills a CGI with SIGKILL whenever the browser
// goes away, so any process can end between any two instructions. And many
// CGIs run at once. Therefore:
//
//   - A file is either wholly there or not at all: it is written under another
//     name and renamed. What a killed process leaves is a temporary file, which
//     ReapTemp removes once it is TempAge old.
//   - Locks are flock(2) locks. The kernel releases them when their holder dies,
//     however it dies, so a lock can be busy but never stale. A lock file that
//     says "taken" by existing would outlive its owner.
//   - Waiting for a lock is bounded.
//   - Modes are set explicitly, because the umask is whatever uhttpd had.
//   - The last component of a path is never followed when it is a symbolic
//     link. Those before it are: on OpenWrt /var itself is a link to /tmp.
package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	dirMode  = 0o700
	fileMode = 0o600
)

// EnsureDir makes path a directory that only this user can enter: created if
// missing, with mode 0700 whatever the umask. It refuses, with an *Error, a
// symbolic link, anything else that is no directory, and a directory that
// belongs to another user, because whoever owns it can exchange what is in it.
func EnsureDir(path string) error {
	d, err := openDir(path)
	if errors.Is(err, os.ErrNotExist) {
		if err := makeDir(path); err != nil {
			return failed("create the directory", path, err)
		}
		d, err = openDir(path)
	}
	if err != nil {
		return failed("use the directory", path, err)
	}
	defer d.Close()
	info, err := d.Stat()
	if err != nil {
		return failed("use the directory", path, err)
	}
	if !owned(info) {
		return failed("use the directory", path, ErrForeign)
	}
	if info.Mode().Perm() != dirMode {
		if err := d.Chmod(dirMode); err != nil {
			return failed("make private the directory", path, err)
		}
	}
	return nil
}

// makeDir creates path and whatever is missing above it.
func makeDir(path string) error {
	err := os.Mkdir(path, dirMode)
	if errors.Is(err, os.ErrNotExist) {
		parent := filepath.Dir(path)
		if parent == path {
			return err
		}
		if err := makeDir(parent); err != nil {
			return err
		}
		err = os.Mkdir(path, dirMode)
	}
	if errors.Is(err, os.ErrExist) {
		return nil // Another process was faster; openDir judges what is there.
	}
	if err == nil {
		// The umask may have taken the owner's own bits.
		err = os.Chmod(path, dirMode)
	}
	return err
}

// openDir opens a directory itself, never what a link at its place points to.
func openDir(path string) (*os.File, error) {
	d, err := open(path, syscall.O_DIRECTORY|syscall.O_NOFOLLOW)
	if errors.Is(err, syscall.ENOTDIR) {
		// The kernel says ENOTDIR for a link too: tell them apart.
		if info, lerr := os.Lstat(path); lerr == nil && info.Mode()&os.ModeSymlink != 0 {
			return nil, ErrSymlink
		}
	}
	return d, err
}

// Open is os.Open for a file that cannot block. The other asks the kernel five
// times more about each, in case it can, and a login reads some forty.
func Open(path string) (*os.File, error) { return open(path, 0) }

func open(path string, flags int) (*os.File, error) {
	for {
		fd, err := syscall.Open(path, flags|syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_LARGEFILE, 0)
		switch err {
		case nil:
			return os.NewFile(uintptr(fd), path), nil // #nosec G115 -- no error, so not negative
		case syscall.EINTR:
			continue
		}
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
}

// ReadFile returns the content of a regular file of at most limit bytes that
// belongs to this user. A larger one is ErrTooLarge; a link, a pipe or a
// device, which could block or never end, is an error too. A missing file
// satisfies errors.Is(err, fs.ErrNotExist).
func ReadFile(path string, limit int) ([]byte, error) {
	f, err := openFile(path, os.O_RDONLY)
	if err != nil {
		return nil, failed("read", path, err)
	}
	defer f.Close()
	data, err := readAll(f, limit)
	if err != nil {
		return nil, failed("read", path, err)
	}
	return data, nil
}

func readAll(f *os.File, limit int) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > int64(limit) {
		return nil, ErrTooLarge
	}
	// One byte more than there should be, so that a file which grows
	// meanwhile is noticed.
	data := make([]byte, int(info.Size())+1)
	n, err := io.ReadFull(f, data)
	switch {
	case err == nil:
		return nil, ErrTooLarge
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return data[:n], nil
	}
	return nil, err
}

// openFile opens a regular file of this user. O_NONBLOCK keeps a pipe put in
// its place from hanging the open; regular files ignore it.
func openFile(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, fileMode)
	if err != nil {
		if errors.Is(err, syscall.ELOOP) {
			return nil, ErrSymlink
		}
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = ErrNotRegular
	case !owned(info):
		err = ErrForeign
	case info.Mode().Perm()&^fileMode != 0 || info.Mode().Perm()&0o200 == 0:
		// Somebody's restore or umask: make it private. Not being able to
		// (a read-only file system) is no reason to refuse the content.
		_ = f.Chmod(fileMode)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func owned(info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// Age is how long before now a file's time stamp lies, in whole seconds;
// negative when the stamp is in the future.
//
// It counts modulo 2^32 seconds, as the interfaces of 32-bit kernels do: the
// stamps they return wrap in 2038 and the difference stays right. Stamps
// more than 68 years away appear on the other side of now, which is as far
// from it as makes no difference here.
func Age(now, stamp time.Time) time.Duration {
	return time.Duration(int32(uint32(now.Unix())-uint32(stamp.Unix()))) * time.Second // #nosec G115 -- the wrap is the point
}
