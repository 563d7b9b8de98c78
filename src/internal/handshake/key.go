// SPDX-License-Identifier: Apache-2.0

package handshake

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

// key returns the secret key, 32 bytes. A missing one is created when create
// is set, else the error satisfies errors.Is(err, fs.ErrNotExist). A damaged
// one is never replaced silently: it may be a sign of failing flash, and
// whoever finds one should know. Every error is SYSTEM_INIT_FAILED.
func (s *Store) key(create bool) ([]byte, error) {
	key, err := s.readKey()
	if !create || !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	// One of all the processes that find no key makes it; the others wait
	// and read it. Without the lock the last rename would win, and what the
	// others had sealed by then would be lost.
	dir := filepath.Dir(s.opt.KeyFile)
	if err := store.EnsureDir(dir); err != nil {
		return nil, critical(err, "no directory for the secret key: "+err.Error())
	}
	unlock, err := store.LockDir(dir, lockWait)
	if err != nil {
		return nil, critical(err, "waited "+seconds(lockWait)+" s for another process to write the secret key: "+err.Error())
	}
	defer unlock()
	if key, err = s.readKey(); !errors.Is(err, os.ErrNotExist) {
		return key, err
	}
	// Nobody else writes here now, so what a killed process left can go.
	_, _ = store.ReapTemp(dir, time.Now())
	key, err = random.Bytes(keySize)
	if err != nil {
		detail := err.Error()
		if f, ok := fault.As(err); ok {
			detail = f.Detail
		}
		return nil, critical(err, "CSPRNG failure: "+detail)
	}
	if err := store.WriteFileDurably(s.opt.KeyFile, key); err != nil {
		return nil, critical(err, "failed to write the secret key: "+err.Error())
	}
	return key, nil
}

// Prepare makes sure that there is a secret key, for the start of a login: what
// is wrong with the key is found before a random value is drawn for anything
// else, so that a first login without a random source says what it could not
// make. Its faults are SYSTEM_INIT_FAILED.
func (s *Store) Prepare() error {
	_, err := s.key(true)
	return err
}

func (s *Store) readKey() ([]byte, error) {
	key, err := store.ReadFile(s.opt.KeyFile, keySize)
	switch {
	case errors.Is(err, store.ErrTooLarge):
		return nil, s.damaged("it has more than " + strconv.Itoa(keySize) + " bytes")
	case err != nil:
		return nil, critical(err, "the secret key cannot be used: "+err.Error())
	case len(key) != keySize:
		return nil, s.damaged("it has " + strconv.Itoa(len(key)) + " bytes instead of " + strconv.Itoa(keySize))
	case allZero(key):
		// What some file systems leave after a power cut.
		return nil, s.damaged("it consists of zeros")
	}
	return key, nil
}

func (s *Store) damaged(how string) error {
	return critical(nil, "the secret key "+s.opt.KeyFile+" is damaged: "+how+
		"; remove it (rm "+s.opt.KeyFile+"), and the next login makes a new one. Logins in progress have to start again, sessions stay")
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
