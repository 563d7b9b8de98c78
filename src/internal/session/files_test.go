// SPDX-License-Identifier: Apache-2.0

package session

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/lab/rpcd"
	"luci-sso/tests/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, nil) }

func create(t *testing.T, m *Manager, change func(*Login)) secret.Value {
	t.Helper()
	login := someone()
	login.At = time.Now()
	login.Began = login.At
	if change != nil {
		change(&login)
	}
	id, err := m.Create(context.Background(), login)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// names are the session files, ours or not.
func names(t *testing.T, m *Manager) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(m.files.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func lives(t *testing.T, daemon *rpcd.RPCD, id secret.Value) bool {
	t.Helper()
	for _, s := range daemon.Snapshot() {
		if s.ID == id.Reveal() {
			return true
		}
	}
	return false
}

func TestEachSessionHasASealedFile(t *testing.T) {
	t.Parallel()
	_, _, manager := router(t)
	id := create(t, manager, func(l *Login) { l.SID = "provider's own" })
	list := names(t, manager)
	if len(list) != 1 || !strings.HasPrefix(list[0], Handle(id.Reveal())+"-") || strings.HasSuffix(list[0], begunSuffix) {
		t.Fatalf("the files are %q, want one for handle %s", list, Handle(id.Reveal()))
	}
	path := filepath.Join(manager.files.dir, list[0])
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its mode: %v, %v", info.Mode(), err)
	}
	for _, text := range []string{id.Reveal(), "id.example", "admin", "header.claims", "provider's own"} {
		if bytes.Contains(raw, []byte(text)) {
			t.Errorf("the file tells %q", text)
		}
	}
	f, ok, err := manager.files.find(Handle(id.Reveal()))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	r, err := manager.files.read(f)
	want := someone().record(id.Reveal())
	want.SID, want.Since = "provider's own", r.Since
	if err != nil || r != want || time.Since(r.Since) > time.Minute {
		t.Errorf("the file holds %+v (%v), want %+v", r, err, want)
	}

	// Under another session's name it is not opened.
	other := f
	other.handle = Handle("ffffffffffffffffffffffffffffffff")
	other.name = other.handle + "-" + other.person
	if err := os.WriteFile(filepath.Join(manager.files.dir, other.name), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := manager.files.read(other); err == nil {
		t.Errorf("renamed it opens to %+v", r)
	}
}

func TestRecordFromAnotherVersion(t *testing.T) {
	t.Parallel()
	const id = "0123456789abcdef0123456789abcdef"
	r, err := decode([]byte(`{"id":"` + id + `","new":{"x":[1]},"since":1700000000123}`))
	if err != nil || r.ID.Reveal() != id || r.Since.UnixMilli() != 1700000000123 || r.Deadline != 0 {
		t.Errorf("decode = %+v, %v", r, err)
	}
	r.Deadline, r.Began, r.Confirmed, r.Doubt, r.Refresh = 4, 1, 2, 3, secret.New("refresh")
	text, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	if again, err := decode(text); err != nil || again != r {
		t.Errorf("again it is %+v (%v), want %+v", again, err, r)
	}
	for _, bad := range []string{"", "{}", "[]", `{"id":"x"}`, `{"id":"00000000000000000000000000000000"}`, `{"id":1}`} {
		if r, err := decode([]byte(bad)); err == nil {
			t.Errorf("decode(%s) = %+v", bad, r)
		}
	}
}

// TestOrderOfCreation: the file is there before the session has a name or a
// right, so that whatever kills the login leaves a way to end it.
func TestOrderOfCreation(t *testing.T) {
	t.Parallel()
	_, daemon, manager := router(t)
	seen := map[string][]string{}
	daemon.SetHook(func(method string, _ ubus.Table) ubus.Status {
		seen[method] = names(t, manager)
		return ubus.OK
	})
	create(t, manager, nil)
	if len(seen["create"]) != 0 {
		t.Errorf("before rpcd made the session there are the files %q", seen["create"])
	}
	for _, method := range []string{"set", "grant"} {
		if list := seen[method]; len(list) != 1 || !strings.HasSuffix(list[0], begunSuffix) {
			t.Errorf("at %s the files are %q, want the one of a login under way", method, list)
		}
	}
}

// age makes a login's file look as if it had been killed long ago.
func age(t *testing.T, m *Manager, name string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(filepath.Join(m.files.dir, name), then, then); err != nil {
		t.Fatal(err)
	}
}

// killed leaves what a login does that is killed after rpcd gave the session
// its rights and before the browser heard of it.
func killed(t *testing.T, m *Manager) secret.Value {
	t.Helper()
	id := create(t, m, func(l *Login) { l.Subject = "killed " + strconv.FormatInt(time.Now().UnixNano(), 36) })
	f, _, err := m.files.find(Handle(id.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(m.files.dir, f.name), filepath.Join(m.files.dir, f.name+begunSuffix)); err != nil {
		t.Fatal(err)
	}
	age(t, m, f.name+begunSuffix, 3*time.Minute)
	return id
}

func TestKilledLoginIsEnded(t *testing.T) {
	t.Parallel()
	for by, next := range map[string]func(t *testing.T, m *Manager){
		"the next login": func(t *testing.T, m *Manager) { create(t, m, nil) },
		"the cleanup": func(t *testing.T, m *Manager) {
			if n, err := m.Reap(context.Background(), time.Now()); n != 1 || err != nil {
				t.Errorf("Reap = %d, %v", n, err)
			}
		},
		"an administrator": func(t *testing.T, m *Manager) {
			list, _, err := m.List(context.Background())
			if err != nil || len(list) != 1 {
				t.Fatalf("List = %v, %v", list, err)
			}
			if ended, err := m.End(context.Background(), list[0].Handle()); !ended || err != nil {
				t.Errorf("End = %t, %v", ended, err)
			}
		},
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			_, daemon, manager := router(t)
			id := killed(t, manager)
			next(t, manager)
			if lives(t, daemon, id) {
				t.Error("the session that nobody holds lives")
			}
			for _, name := range names(t, manager) {
				if strings.HasSuffix(name, begunSuffix) {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
	_, daemon, manager := router(t)
	id := killed(t, manager)
	for _, name := range names(t, manager) {
		age(t, manager, name, time.Minute)
	}
	create(t, manager, nil)
	if !lives(t, daemon, id) {
		t.Error("a login that may still be under way was ended")
	}
}

func TestNothingLivesThatCannotBeKept(t *testing.T) {
	t.Parallel()
	_, daemon, manager := router(t)
	disk := storetest.SmallDisk(t, 64)
	manager.files = files{filepath.Join(disk, "sessions"), filepath.Join(disk, "etc", "secret.key")}
	create(t, manager, nil)
	storetest.Fill(t, disk)
	_, err := manager.Create(context.Background(), someone())
	if f, ok := fault.As(err); !ok || f.Code != fault.StateSaveFailed || !strings.Contains(f.Detail, "ENOSPC") {
		t.Errorf("on a full disk: %v, want STATE_SAVE_FAILED that says why", err)
	}
	if n := made(daemon); n != 1 {
		t.Errorf("rpcd has %d sessions, want the one from before", n)
	}
	if list := names(t, manager); len(list) != 1 {
		t.Errorf("the files are %q", list)
	}
}

func TestHandleSealedWithAnotherKey(t *testing.T) {
	t.Parallel()
	_, daemon, manager := router(t)
	id := create(t, manager, nil)
	if err := os.Remove(manager.files.keyFile); err != nil {
		t.Fatal(err)
	}
	if n, err := manager.Reap(context.Background(), time.Now()); n != 0 || err != nil {
		t.Errorf("Reap = %d, %v: the session lives", n, err)
	}
	if ended, err := manager.End(context.Background(), Handle(id.Reveal())); !ended || err != nil || lives(t, daemon, id) {
		t.Errorf("End = %t, %v, want it found in rpcd's list", ended, err)
	}
}
