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

	"luci-sso/internal/store"
)

// lockWait is how long Edit waits for another program that changes the file. A
// commit takes milliseconds.
const lockWait = 3 * time.Second

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
	removeLeftovers(path)
	err = store.ReplaceFileDurably(path, result, info, func() bool { return unchanged(path, info) })
	if errors.Is(err, store.ErrOvertaken) {
		return false, true, nil
	}
	return err == nil, false, err
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

// Tidy removes what an Edit of the file at path has left that was killed; the
// next Edit does so, too.
func Tidy(path string) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		removeLeftovers(target)
	}
}

// removeLeftovers removes temporary files of processes that were killed, those
// of the versions up to 0.1.0 included. The dot hides them from libuci.
func removeLeftovers(path string) {
	before := "." + filepath.Base(path) + ".luci-sso-"
	now := time.Now()
	_, _ = store.Reap(filepath.Dir(path), func(name string, stamp time.Time) bool {
		return store.Abandoned(name, now, stamp) || strings.HasPrefix(name, before) && store.Age(now, stamp).Abs() > store.TempAge
	})
}
