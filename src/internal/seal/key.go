// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/random"
	"luci-sso/internal/store"
)

const keySize = 32

// lockWait bounds how long a request waits for another to make the key. A
// holder needs less than a millisecond; only a stopped one keeps it longer.
const lockWait = 5 * time.Second

// File is a file of 32 random bytes that root alone may read.
type File struct {
	Path  string
	Name  string                     // What it is, for diagnostics.
	After string                     // What follows once a damaged one was removed.
	Fits  func(raw []byte) (ok bool) // Which bytes will do; nil for all.
}

// Make returns the file's bytes and creates it when there is none. Its faults
// are SYSTEM_INIT_FAILED. A damaged file is never replaced silently: it may be
// a sign of failing flash, and whoever finds one should know.
func (f File) Make() ([]byte, error) {
	raw, err := f.Load()
	if !errors.Is(err, os.ErrNotExist) {
		return raw, err
	}
	// One of all the processes that find no file makes it; the others wait
	// and read it. Without the lock the last rename would win, and what the
	// others had done with theirs by then would be lost.
	dir := filepath.Dir(f.Path)
	if err := store.EnsureDir(dir); err != nil {
		return nil, critical(err, "no directory for "+f.Name+": "+err.Error())
	}
	unlock, err := store.LockDir(dir, lockWait)
	if err != nil {
		return nil, critical(err, "waited 5 s for another process to write "+f.Name+": "+err.Error())
	}
	defer unlock()
	if raw, err = f.Load(); !errors.Is(err, os.ErrNotExist) {
		return raw, err
	}
	// Nobody else writes here now, so what a killed process left can go.
	_, _ = store.ReapTemp(dir, time.Now())
	for raw == nil || !f.fits(raw) {
		if raw, err = random.Bytes(keySize); err != nil {
			detail := err.Error()
			if f, ok := fault.As(err); ok {
				detail = f.Detail
			}
			return nil, critical(err, "CSPRNG failure: "+detail)
		}
	}
	if err := store.WriteFileDurably(f.Path, raw); err != nil {
		return nil, critical(err, "failed to write "+f.Name+": "+err.Error())
	}
	return raw, nil
}

// Load returns the file's bytes. Where there is none, the error satisfies
// errors.Is(err, fs.ErrNotExist). Its faults are SYSTEM_INIT_FAILED.
func (f File) Load() ([]byte, error) {
	raw, err := store.ReadFile(f.Path, keySize)
	switch {
	case errors.Is(err, store.ErrTooLarge):
		return nil, f.damaged("it has more than " + strconv.Itoa(keySize) + " bytes")
	case err != nil:
		return nil, critical(err, f.Name+" cannot be used: "+err.Error())
	case len(raw) != keySize:
		return nil, f.damaged("it has " + strconv.Itoa(len(raw)) + " bytes instead of " + strconv.Itoa(keySize))
	case allZero(raw):
		// What some file systems leave after a power cut.
		return nil, f.damaged("it consists of zeros")
	case !f.fits(raw):
		return nil, f.damaged("it is no such key")
	}
	return raw, nil
}

func (f File) fits(raw []byte) bool { return f.Fits == nil || f.Fits(raw) }

func (f File) damaged(how string) error {
	return critical(nil, f.Name+" "+f.Path+" is damaged: "+how+"; remove it (rm "+f.Path+"), and "+f.After)
}

func secretKey(path string) File {
	return File{Path: path, Name: "the secret key",
		After: "the next login makes a new one. Logins in progress have to start again, sessions stay"}
}

// Make returns the secret key in the file at path and creates one when there
// is none. Its faults are SYSTEM_INIT_FAILED.
func Make(path string) (Key, error) { return keyOf(secretKey(path).Make()) }

// Load returns the secret key in the file at path. Where there is none, the
// error satisfies errors.Is(err, fs.ErrNotExist). Its faults are
// SYSTEM_INIT_FAILED.
func Load(path string) (Key, error) { return keyOf(secretKey(path).Load()) }

func keyOf(raw []byte, err error) (Key, error) { return Key{raw}, err }

func critical(err error, detail string) error {
	return fault.Wrap(fault.SystemInitFailed, err, "CRITICAL: "+detail)
}

func allZero(b []byte) bool {
	var sum byte
	for _, c := range b {
		sum |= c
	}
	return sum == 0
}
