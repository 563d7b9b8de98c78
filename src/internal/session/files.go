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
// a file from which the next one ends what was begun. When a session with a
// refresh token has ended, its file ends in .end until the provider was told
// that the token is no longer needed.
type files struct{ dir, keyFile string }

// file is one of them by its name.
type file struct {
	name, handle, person string
	begun                bool // The session was not handed out yet.
	over                 bool // It has ended; its refresh token is to be revoked.
}

const (
	begunSuffix = ".new"
	overSuffix  = ".end"
	tagSize     = 8
	// unfinished is after what time a login that has not ended was killed:
	// web servers end a script after 60 s.
	unfinished = 2 * time.Minute
	// patience is how long a provider that does not answer is told that a
	// token is no longer needed.
	patience = time.Hour
)

const (
	purpose       seal.Purpose = "session 1"
	personPurpose seal.Purpose = "person"
)

func parseName(name string) (file, bool) {
	rest, begun := strings.CutSuffix(name, begunSuffix)
	rest, over := strings.CutSuffix(rest, overSuffix)
	handle, person, ok := strings.Cut(rest, "-")
	if !ok || begun && over || !isHex(handle, handleSize) || !isHex(person, tagSize) {
		return file{}, false
	}
	return file{name, handle, person, begun, over}, true
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
		if candidate.handle == handle && !candidate.over && (!ok || !candidate.begun) {
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
	person := key.Tag(personPurpose, r.Provider+"\x00"+r.Issuer+"\x00"+r.Subject)
	made := file{handle: Handle(r.ID.Reveal()), person: hex.EncodeToString(person[:tagSize]), begun: true}
	made.name = made.handle + "-" + made.person + begunSuffix
	return made, f.put(key, made, r)
}

// rewrite replaces what is kept of a session. One that ends meanwhile gets its
// file back; who finds a file without a session does what is left to do.
func (f files) rewrite(of file, r Record) error {
	key, err := seal.Load(f.keyFile)
	if err != nil {
		return err
	}
	return f.put(key, of, r)
}

func (f files) put(key seal.Key, of file, r Record) error {
	plain, err := r.encode()
	if err != nil {
		return notKept(err)
	}
	sealed, err := key.Seal(purpose, of.handle, plain)
	if err != nil {
		return err
	}
	if len(sealed) > maxSealed {
		return notKept(store.ErrTooLarge)
	}
	if err := store.WriteFile(filepath.Join(f.dir, of.name), sealed); err != nil {
		return notKept(err)
	}
	return nil
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

// end is for the file of a session that has ended. It goes, unless there is a
// refresh token that the provider has to hear of.
func (f files) end(of file) error {
	r, err := f.read(of)
	if err != nil || r.Refresh.Empty() || of.over {
		return f.remove(of)
	}
	to := filepath.Join(f.dir, of.handle+"-"+of.person+overSuffix)
	if err := os.Rename(filepath.Join(f.dir, of.name), to); err != nil {
		return f.remove(of)
	}
	now := time.Now()
	_ = os.Chtimes(to, now, now) // From here on it is waited.
	return nil
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
	return f.older(of, now, unfinished)
}

// older reports whether a file's time is that far from now, on either side: a
// clock that was set back must not keep it.
func (f files) older(of file, now time.Time, than time.Duration) bool {
	info, err := os.Lstat(filepath.Join(f.dir, of.name))
	return err == nil && store.Age(now, info.ModTime()).Abs() > than
}

func notKept(err error) error {
	return fault.Wrap(fault.StateSaveFailed, err, "the session cannot be kept, so it was not made: "+err.Error())
}
