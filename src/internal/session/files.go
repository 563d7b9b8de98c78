// SPDX-License-Identifier: Apache-2.0

package session

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/seal"
	"luci-sso/internal/store"
)

// Each live session has a sealed file, <handle>-<person>: so that one can be
// ended, and the sessions of one person be counted, without a list of rpcd's,
// which is cut when it is long. The second part is a keyed hash of who it is,
// so that counting opens no file.
//
// While a session is being made, its file ends in .new. It is written before
// the session has a name or a right; a login that is killed in between leaves
// a file from which the next one ends what was begun.
type files struct{ dir, keyFile string }

// file is one of them by its name.
type file struct {
	name, handle, person string
	begun                bool // The session was not handed out yet.
}

const (
	begunSuffix = ".new"
	tagSize     = 8
	// unfinished is after what time a login that has not ended was killed:
	// web servers end a script after 60 s.
	unfinished = 2 * time.Minute
)

const (
	purpose       seal.Purpose = "session 1"
	personPurpose seal.Purpose = "person"
)

func parseName(name string) (file, bool) {
	rest, begun := strings.CutSuffix(name, begunSuffix)
	handle, person, ok := strings.Cut(rest, "-")
	if !ok || !isHex(handle, handleSize) || !isHex(person, tagSize) {
		return file{}, false
	}
	return file{name, handle, person, begun}, true
}

// IsHandle reports whether text has the form of a session's handle.
func IsHandle(text string) bool { return isHex(text, handleSize) }

func isHex(text string, size int) bool {
	return len(text) == 2*size && strings.Trim(text, "0123456789abcdef") == ""
}

// list returns the files that are there now. A missing directory is empty.
func (f files) list() (list []file, err error) {
	err = store.Each(f.dir, func(name string) {
		if parsed, ok := parseName(name); ok {
			list = append(list, parsed)
		}
	})
	return list, err
}

// find returns the file of a handle, the one of a finished login first.
func (f files) find(handle string) (found file, ok bool, err error) {
	list, err := f.list()
	for _, candidate := range list {
		if candidate.handle == handle && (!ok || !candidate.begun) {
			found, ok = candidate, true
		}
	}
	return found, ok, err
}

// read opens a file; one that is gone by now satisfies fs.ErrNotExist.
func (f files) read(of file) (Record, error) {
	sealed, err := store.ReadFile(filepath.Join(f.dir, of.name), maxSealed)
	if err != nil {
		return Record{}, err
	}
	key, err := seal.Load(f.keyFile)
	if err != nil {
		return Record{}, err
	}
	plain, err := key.Open(purpose, of.handle, sealed)
	if err != nil {
		return Record{}, err
	}
	r, err := decode(plain)
	if err == nil && Handle(r.ID.Reveal()) != of.handle {
		err = errContent
	}
	return r, err
}

// write keeps a record under the name of a session that is being made.
func (f files) write(r Record) (file, error) {
	if err := store.EnsureDir(f.dir); err != nil {
		return file{}, notKept(err)
	}
	key, err := seal.Make(f.keyFile)
	if err != nil {
		return file{}, err
	}
	plain, err := r.encode()
	if err != nil {
		return file{}, notKept(err)
	}
	person := key.Tag(personPurpose, r.Provider+"\x00"+r.Issuer+"\x00"+r.Subject)
	made := file{handle: Handle(r.ID.Reveal()), person: hex.EncodeToString(person[:tagSize]), begun: true}
	made.name = made.handle + "-" + made.person + begunSuffix
	sealed, err := key.Seal(purpose, made.handle, plain)
	if err != nil {
		return file{}, err
	}
	if len(sealed) > maxSealed {
		return file{}, notKept(store.ErrTooLarge)
	}
	if err := store.WriteFile(filepath.Join(f.dir, made.name), sealed); err != nil {
		return file{}, notKept(err)
	}
	return made, nil
}

// finish says that the session is whole.
func (f files) finish(made file) (file, error) {
	done := made
	done.name, done.begun = strings.TrimSuffix(made.name, begunSuffix), false
	from := filepath.Join(f.dir, made.name)
	if err := os.Rename(from, filepath.Join(f.dir, done.name)); err != nil {
		return made, notKept(store.Failed("rename", from, err))
	}
	return done, nil
}

// remove forgets a session that has ended. One forgotten already is no error.
func (f files) remove(of file) error {
	path := filepath.Join(f.dir, of.name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return store.Failed("remove", path, err)
	}
	return nil
}

// abandoned reports whether the login that a file is of was killed.
func (f files) abandoned(of file, now time.Time) bool {
	if !of.begun {
		return false
	}
	info, err := os.Lstat(filepath.Join(f.dir, of.name))
	if err != nil {
		return false
	}
	// On either side of now: a clock that was set back must not keep it.
	age := store.Age(now, info.ModTime())
	return age > unfinished || age < -unfinished
}

func notKept(err error) error {
	return fault.Wrap(fault.StateSaveFailed, err, "the session cannot be kept, so it was not made: "+err.Error())
}
