// SPDX-License-Identifier: Apache-2.0

package events

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func add(t *testing.T, path string, e Event) {
	t.Helper()
	if err := Add(path, e); err != nil {
		t.Fatalf("Add: %v", err)
	}
}

func details(list []Event) string {
	var names []string
	for _, e := range list {
		names = append(names, e.Detail)
	}
	return strings.Join(names, " ")
}

func TestNothingYet(t *testing.T) {
	t.Parallel()
	if list := List(filepath.Join(t.TempDir(), "events")); list == nil || len(list) != 0 {
		t.Errorf("List = %v, want an empty list that is not nil", list)
	}
}

func TestWhatIsAddedComesBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	e := Event{Time: 1700000000, Kind: Error, Status: 403, Codes: []string{"USERINFO_FETCH_FAILED", "USER_NOT_AUTHORIZED"},
		Code: "USER_NOT_AUTHORIZED", Role: "admin", Name: "0123abcd", Client: "192.168.1.5", Detail: "no role matches"}
	add(t, path, e)
	list := List(path)
	if len(list) != 1 || fmt.Sprint(list[0]) != fmt.Sprint(e) {
		t.Errorf("List = %+v, want %+v", list, e)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600 (%v)", info.Mode(), err)
	}
}

// Errors, which anybody can cause, never push out a login, and the file does
// not grow.
func TestRings(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	add(t, path, Event{Time: 5, Kind: Login, Detail: "in"})
	for i := range 3 * PerRing {
		add(t, path, Event{Time: int64(10 + i), Kind: Error, Detail: fmt.Sprint("e", i)})
	}
	list := List(path)
	if len(list) != PerRing+1 || list[0].Detail != fmt.Sprint("e", 3*PerRing-1) || list[PerRing].Detail != "in" {
		t.Errorf("%d events, %s", len(list), details(list))
	}
	if info, _ := os.Stat(path); info.Size() != fileSize {
		t.Errorf("the file has %d bytes, want %d", info.Size(), fileSize)
	}
}

// A clock set back does not reorder what happened within a ring.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	add(t, path, Event{Time: 900, Kind: Login, Detail: "first"})
	add(t, path, Event{Time: 100, Kind: Login, Detail: "second"})
	if got := details(List(path)); got != "second first" {
		t.Errorf("order %q", got)
	}
}

// Whatever is in the file: no panic, no made-up event, and it works again.
func TestDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	for i := range 30 {
		add(t, path, Event{Time: int64(i), Kind: Error, Detail: fmt.Sprint(i)})
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func([]byte) []byte{
		"empty":      func([]byte) []byte { return nil },
		"cut":        func(b []byte) []byte { return b[:1000] },
		"grown":      func(b []byte) []byte { return append(b, b...) },
		"all ones":   func(b []byte) []byte { return []byte(strings.Repeat("\xff", len(b))) },
		"newest bad": func(b []byte) []byte { b[(PerRing+4)*slotSize+40] ^= 1; return b },
		"number bad": func(b []byte) []byte { b[(PerRing+2)*slotSize+sumSize+2] = 0xff; return b },
	} {
		if err := os.WriteFile(path, damage([]byte(string(whole))), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, e := range List(path) {
			if e.Kind != Error {
				t.Errorf("%s: made up %+v", name, e)
			}
		}
		add(t, path, Event{Time: 99, Kind: Error, Detail: "after"})
		if list := List(path); len(list) == 0 || list[0].Detail != "after" {
			t.Errorf("%s: after another event the newest is not it: %s", name, details(list))
		}
	}
}

// What does not fit or would break a line is cut and made printable.
func TestHostileText(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	long := strings.Repeat("ä\n\x00", 1<<18)
	add(t, path, Event{Time: 1, Kind: Error, Codes: []string{long}, Role: long, Name: long, Client: long, Detail: long})
	list := List(path)
	if len(list) != 1 || strings.ContainsAny(list[0].Detail+list[0].Role, "\n\x00") {
		t.Fatalf("List = %.200q", fmt.Sprint(list))
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "events")
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			_ = Add(path, Event{Time: 7, Kind: Login, Detail: fmt.Sprint(i)}) // May give up, must not mix.
		}()
	}
	wait.Wait()
	seen := map[string]bool{}
	for _, e := range List(path) {
		if seen[e.Detail] || e.Time != 7 {
			t.Errorf("mixed or doubled: %+v", e)
		}
		seen[e.Detail] = true
	}
	if len(seen) == 0 {
		t.Error("not one of 20 events was recorded")
	}
}

func BenchmarkAdd(b *testing.B) {
	path := filepath.Join(b.TempDir(), "events")
	for range b.N {
		_ = Add(path, Event{Time: 1, Kind: Login, Role: "admin", Name: "0123abcd", Client: "192.168.1.2"})
	}
}
