// SPDX-License-Identifier: Apache-2.0

package uci

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	// lockWait is how long Edit waits for another program that changes the
	// file. A commit takes milliseconds.
	lockWait = 3 * time.Second
	// leftover is the age from which a temporary file can only be that of a
	// process that was killed.
	leftover = time.Minute
)

// ErrLocked says that another program held the file's lock for too long.
var ErrLocked = errors.New("another program keeps the file locked")

// Edit changes the file at path, which must exist, under the lock that libuci
// takes to commit. edit sees the file as it is then; when it changes nothing,
// nothing is written. The new content is complete under a temporary name and
// on the disk before it takes the file's place, with its mode and owner, so
// that whoever reads the file, at whatever moment a process is killed, finds
// the old text or the new one. Staged changes (`uci changes`) are left alone.
//
// A file with a syntax error is not written: the error is the *SyntaxError.
func Edit(path string, edit func(*Document) error) (changed bool, err error) {
	// A link stays one, as with libuci: what it points to is replaced.
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false, err
	}
	deadline := time.Now().Add(lockWait)
	for {
		changed, raced, err := editOnce(target, deadline, edit)
		if !raced {
			return changed, at(path, err)
		}
		if time.Now().After(deadline) {
			return false, &os.PathError{Op: "lock", Path: path, Err: ErrLocked}
		}
	}
}

// editOnce makes one attempt. raced says that another program replaced the
// file in the meantime: libuci lets go of the lock just before it does.
func editOnce(path string, deadline time.Time, edit func(*Document) error) (changed, raced bool, err error) {
	file, err := lock(path, deadline)
	if err != nil {
		return false, false, err
	}
	defer file.Close() // Lets go of the lock.
	info, err := file.Stat()
	if err != nil {
		return false, false, err
	}
	if !unchanged(path, info) {
		return false, true, nil
	}
	text, err := readAll(file, path)
	if err != nil {
		return false, false, err
	}
	document, err := ParseDocument(text)
	if err != nil {
		return false, false, err
	}
	if err := edit(document); err != nil {
		return false, false, err
	}
	result, err := document.Text()
	if err != nil || bytes.Equal(result, text) {
		return false, false, err
	}
	temp, err := writeBeside(path, info, result)
	if err != nil {
		return false, false, err
	}
	if !unchanged(path, info) {
		_ = os.Remove(temp)
		return false, true, nil
	}
	if err := os.Rename(temp, path); err != nil {
		_ = os.Remove(temp)
		return false, false, err
	}
	return true, false, nil
}

// lock opens the file and takes the exclusive lock on it.
func lock(path string, deadline time.Time) (*os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil, errors.Is(err, syscall.ENOSYS):
			// A kernel without flock: libuci goes on as well.
			return file, nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
		case time.Now().After(deadline):
			err = ErrLocked
		default:
			time.Sleep(2 * time.Millisecond)
			continue
		}
		_ = file.Close()
		return nil, &os.PathError{Op: "lock", Path: path, Err: err}
	}
}

// unchanged says whether path still is the file that info describes.
func unchanged(path string, info fs.FileInfo) bool {
	now, err := os.Stat(path)
	return err == nil && os.SameFile(now, info) && now.Size() == info.Size() && now.ModTime().Equal(info.ModTime())
}

// writeBeside writes text to a temporary file in the directory of path, with
// the mode and owner that info tells. The name's dot hides it from libuci.
func writeBeside(path string, info fs.FileInfo, text []byte) (string, error) {
	removeLeftovers(path)
	temp, err := os.CreateTemp(filepath.Dir(path), tempPrefix(path)+"*")
	if err != nil {
		return "", err
	}
	_, err = temp.Write(text)
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && err == nil {
		// Before the mode: a change of owner takes special bits away.
		if err = temp.Chown(int(stat.Uid), int(stat.Gid)); errors.Is(err, syscall.EPERM) {
			err = nil // Not root, hence not a router.
		}
	}
	if err == nil {
		err = temp.Chmod(info.Mode())
	}
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return "", err
	}
	return temp.Name(), nil
}

func tempPrefix(path string) string { return "." + filepath.Base(path) + ".luci-sso-" }

// Tidy removes what an Edit of the file at path has left that was killed; the
// next Edit does so, too.
func Tidy(path string) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		removeLeftovers(target)
	}
}

// removeLeftovers removes temporary files of processes that were killed.
func removeLeftovers(path string) {
	dir, prefix := filepath.Dir(path), tempPrefix(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), prefix) {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()).Abs() > leftover {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
