// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/store"
	"luci-sso/tests/storetest"
)

func TestKey(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"short":     func(p string) error { return os.WriteFile(p, make([]byte, 31), 0o600) },
		"empty":     func(p string) error { return os.WriteFile(p, nil, 0o600) },
		"long":      func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte{1}, 33), 0o600) },
		"zeros":     func(p string) error { return os.WriteFile(p, make([]byte, 32), 0o600) },
		"directory": func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) },
		"link":      func(p string) error { return errors.Join(os.Rename(p, p+"2"), os.Symlink(p+"2", p)) },
		"pipe":      func(p string) error { return errors.Join(os.Remove(p), syscall.Mkfifo(p, 0o600)) },
	} {
		w := newWorld(t, nil)
		handle := w.save(t)
		if err := damage(w.opt.KeyFile); err != nil {
			t.Fatal(err)
		}
		_, err := w.Save(pending())
		wantFault(t, name+" key, Save", err, fault.SystemInitFailed)
		if f, ok := fault.As(err); ok && (!strings.HasPrefix(f.Detail, "CRITICAL: ") || !strings.Contains(f.Detail, w.opt.KeyFile)) {
			t.Errorf("%s key: %q", name, f.Detail)
		}
		_, err = w.Load(handle)
		wantFault(t, name+" key, Load", err, fault.SystemInitFailed)
	}
	w := newWorld(t, nil)
	handle := w.save(t)
	_ = os.Remove(w.opt.KeyFile)
	_, err := w.Load(handle)
	wantFault(t, "removed key", err, fault.StateCorrupted)
	w.save(t)
	_, err = w.Load(handle)
	wantFault(t, "new key", err, fault.StateCorrupted)
}

func TestKeyLockIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	dir := filepath.Dir(w.opt.KeyFile)
	if err := store.EnsureDir(dir); err != nil {
		t.Fatal(err)
	}
	unlock, err := store.LockDir(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	_, err = w.Save(pending())
	wantFault(t, "lock held", err, fault.SystemInitFailed)
	if !strings.Contains(err.Error(), "CRITICAL: waited 5 s") {
		t.Error(err)
	}
}

func TestDisks(t *testing.T) {
	t.Parallel()
	disk := storetest.SmallDisk(t, 128)
	opt := options(disk)
	opt.Now = time.Now
	s := Open(opt)
	handle, err := s.Save(pending())
	if err != nil {
		t.Fatal(err)
	}
	storetest.Fill(t, disk)
	_, err = s.Save(pending())
	wantFault(t, "full disk", err, fault.StateSaveFailed)
	for _, part := range []string{disk, "ENOSPC", "df -h"} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("full disk: %v lacks %q", err, part)
		}
	}
	if _, err := s.Load(handle); err != nil {
		t.Error("a pending login cannot be read on a full disk:", err)
	}
	// Dead logins are what makes room.
	old := time.Now().Add(-time.Hour)
	_ = os.Chtimes(filepath.Join(opt.Dir, fileName(handle.Reveal(), "")), old, old)
	next, err := s.Save(pending())
	if err != nil {
		t.Error("full disk with an expired login:", err)
	}
	storetest.ReadOnly(t, disk)
	_, err = s.Save(pending())
	wantFault(t, "read-only disk", err, fault.StateSaveFailed)
	wantFault(t, "Consume on a read-only disk", s.Consume(next), fault.StateSaveFailed)

	empty := storetest.SmallDisk(t, 64)
	storetest.ReadOnly(t, empty)
	_, err = Open(options(empty)).Save(pending())
	wantFault(t, "no key on a read-only disk", err, fault.SystemInitFailed)
}
