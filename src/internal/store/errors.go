// SPDX-License-Identifier: Apache-2.0

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// What a path can turn out to be. They come wrapped in an *Error.
var (
	ErrBusy       = errors.New("another process holds the lock")
	ErrSymlink    = errors.New("it is a symbolic link")
	ErrNotRegular = errors.New("it is not a regular file")
	ErrForeign    = errors.New("it belongs to another user")
	ErrTooLarge   = errors.New("it is larger than it can be")
)

// Error says what could not be done to which path, why, and what an
// administrator can do about it, in one line fit for the log.
type Error struct {
	Op   string // What was attempted, as in "cannot <op> <path>".
	Path string
	Err  error // The reason: one of the above, an errno, or another fault.
}

// Failed makes the Error of an attempt that other packages made themselves.
func Failed(op, path string, err error) *Error { return failed(op, path, err) }

func failed(op, path string, err error) *Error {
	// Only the reason: the path would otherwise be named twice.
	var pathErr *fs.PathError
	var linkErr *os.LinkError
	var callErr *os.SyscallError
	switch {
	case errors.As(err, &pathErr):
		err = pathErr.Err
	case errors.As(err, &linkErr):
		err = linkErr.Err
	case errors.As(err, &callErr):
		err = callErr.Err
	}
	return &Error{Op: op, Path: path, Err: err}
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Error is "cannot <op> <path>: <reason> (<ERRNO>); <what to do>".
func (e *Error) Error() string {
	text := "cannot " + e.Op + " " + e.Path + ": " + e.Err.Error()
	for i := range remedies {
		if errors.Is(e.Err, remedies[i].err) {
			if remedies[i].name != "" {
				text += " (" + remedies[i].name + ")"
			}
			return text + "; " + remedies[i].advice
		}
	}
	return text
}

var remedies = [...]struct {
	err    error
	name   string
	advice string
}{
	{syscall.ENOSPC, "ENOSPC", "the file system is full: see df -h and df -i, and remove what is not needed"},
	{syscall.EDQUOT, "EDQUOT", "the quota is used up: remove what is not needed"},
	{syscall.EFBIG, "EFBIG", "a limit on file sizes is in force: see ulimit -f"},
	{syscall.EROFS, "EROFS", "the file system is mounted read-only: see mount and dmesg"},
	{syscall.EACCES, "EACCES", "uhttpd has to run as root, and the path's directories must let it in"},
	{syscall.EPERM, "EPERM", "uhttpd has to run as root, and the path must not be immutable"},
	{syscall.EMFILE, "EMFILE", "too many files are open in this process: see ulimit -n"},
	{syscall.ENFILE, "ENFILE", "too many files are open on this router: look for a leaking process"},
	{syscall.EIO, "EIO", "the storage reports an error: see dmesg"},
	{syscall.ENOMEM, "ENOMEM", "the router is out of memory"},
	{syscall.ENOTDIR, "ENOTDIR", "something else lies where a directory belongs: remove it"},
	{syscall.EISDIR, "EISDIR", "a directory lies where a file belongs: remove it"},
	{syscall.ENOENT, "ENOENT", "a directory above it is missing"},
	{ErrBusy, "", "try again; if it persists, find the process that holds it with: grep FLOCK /proc/locks"},
	{ErrSymlink, "", "remove the link"},
	{ErrNotRegular, "", "remove it"},
	{ErrForeign, "", "remove it, or give it to root with chown"},
	{ErrTooLarge, "", "it is damaged: remove it"},
}
