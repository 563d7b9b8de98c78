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

// Make returns the secret key in the file at path, 32 bytes, and creates one
// when there is none. Its faults are SYSTEM_INIT_FAILED. A damaged key is never
// replaced silently: it may be a sign of failing flash, and whoever finds one
// should know.
func Make(path string) (Key, error) {
	key, err := Load(path)
	if !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	// One of all the processes that find no key makes it; the others wait
	// and read it. Without the lock the last rename would win, and what the
	// others had sealed by then would be lost.
	dir := filepath.Dir(path)
	if err := store.EnsureDir(dir); err != nil {
		return Key{}, critical(err, "no directory for the secret key: "+err.Error())
	}
	unlock, err := store.LockDir(dir, lockWait)
	if err != nil {
		return Key{}, critical(err, "waited 5 s for another process to write the secret key: "+err.Error())
	}
	defer unlock()
	if key, err = Load(path); !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	// Nobody else writes here now, so what a killed process left can go.
	_, _ = store.ReapTemp(dir, time.Now())
	raw, err := random.Bytes(keySize)
	if err != nil {
		detail := err.Error()
		if f, ok := fault.As(err); ok {
			detail = f.Detail
		}
		return Key{}, critical(err, "CSPRNG failure: "+detail)
	}
	if err := store.WriteFileDurably(path, raw); err != nil {
		return Key{}, critical(err, "failed to write the secret key: "+err.Error())
	}
	return Key{raw}, nil
}

// Load returns the secret key in the file at path. Where there is none, the
// error satisfies errors.Is(err, fs.ErrNotExist). Its faults are
// SYSTEM_INIT_FAILED.
func Load(path string) (Key, error) {
	raw, err := store.ReadFile(path, keySize)
	switch {
	case errors.Is(err, store.ErrTooLarge):
		return Key{}, damaged(path, "it has more than "+strconv.Itoa(keySize)+" bytes")
	case err != nil:
		return Key{}, critical(err, "the secret key cannot be used: "+err.Error())
	case len(raw) != keySize:
		return Key{}, damaged(path, "it has "+strconv.Itoa(len(raw))+" bytes instead of "+strconv.Itoa(keySize))
	case allZero(raw):
		// What some file systems leave after a power cut.
		return Key{}, damaged(path, "it consists of zeros")
	}
	return Key{raw}, nil
}

func damaged(path, how string) error {
	return critical(nil, "the secret key "+path+" is damaged: "+how+
		"; remove it (rm "+path+"), and the next login makes a new one. Logins in progress have to start again, sessions stay")
}

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
