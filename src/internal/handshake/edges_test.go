// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

// TestNames: only what this package made is counted and swept.
func TestNames(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0123456789abcdef", 4)
	for name, want := range map[string]bool{
		hash: true, hash + "-0123abcd": true,
		hash[1:]: false, hash + "0": false, hash + "-0123abc": false, hash + "-0123abcde": false, hash + "x0123abcd": false,
		"g" + hash[1:]: false, "A" + hash[1:]: false, "/" + hash[1:]: false, ":" + hash[1:]: false, "`" + hash[1:]: false,
		hash[:63] + "-": false, hash + "-0123abcG": false, "-" + hash[1:] + "-0123abcd": false, "": false,
	} {
		if got := isName(name); got != want {
			t.Errorf("isName(%q) = %t, want %t", name, got, want)
		}
	}
}

// TestClientTag: a client's tag depends on the key and the client, and is no
// plain hash that a list of addresses could be tried against.
func TestClientTag(t *testing.T) {
	t.Parallel()
	a, b := fixedKey(t, 1), fixedKey(t, 2)
	tag := clientTag(a, "192.0.2.1")
	if len(tag) != tagSize || !bytes.Equal(tag, clientTag(a, "192.0.2.1")) {
		t.Errorf("the tag %x is not stable", tag)
	}
	if bytes.Equal(tag, clientTag(b, "192.0.2.1")) || bytes.Equal(tag, clientTag(a, "192.0.2.2")) {
		t.Error("the tag does not depend on the key and the client")
	}
}

// TestSweepEdge: the last instant of a live login is not swept, on either
// side of a clock that was set.
func TestSweepEdge(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now().Truncate(time.Second)
	s := Open(Options{Dir: filepath.Join(dir, "h"), KeyFile: filepath.Join(dir, "k", "key"), Tolerance: time.Minute, Now: func() time.Time { return now }})
	handle, err := s.Save(Pending{})
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "h", "*"))
	window := DefaultLifetime + time.Minute + time.Second
	for _, age := range []time.Duration{window, -window} {
		if err := os.Chtimes(files[0], now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		if removed, err := s.Reap(); err != nil || removed != 0 {
			t.Errorf("aged %s: %d swept, %v", age, removed, err)
		}
	}
	if err := os.Chtimes(files[0], now.Add(-window-time.Second), now.Add(-window-time.Second)); err != nil {
		t.Fatal(err)
	}
	if removed, err := s.Reap(); err != nil || removed != 1 {
		t.Errorf("a second later: %d swept, %v", removed, err)
	}
	if _, err := s.Load(handle); !fault.Is(err, fault.StateNotFound) {
		t.Errorf("%v", err)
	}
}

// TestWhatAFullStoreSays: with clients told apart, whose logins they are.
func TestWhatAFullStoreSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := Open(Options{Dir: filepath.Join(dir, "h"), KeyFile: filepath.Join(dir, "k", "key"), Capacity: 2})
	for range 2 {
		if _, err := s.Save(Pending{Client: "192.0.2.1"}); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Save(Pending{Client: "192.0.2.1"})
	if !fault.Is(err, fault.HandshakeCapacityExceeded) || !strings.Contains(err.Error(), "this client has 2 of them") {
		t.Errorf("%v", err)
	}
	_, err = s.Save(Pending{})
	if !fault.Is(err, fault.HandshakeCapacityExceeded) || !strings.Contains(err.Error(), "option rate_limit_per_client") {
		t.Errorf("%v", err)
	}
}

// TestToleranceIsHeld: between none and a day, whatever the option says.
func TestToleranceIsHeld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	for tolerance, late := range map[time.Duration]time.Duration{-time.Hour: DefaultLifetime, 1000 * time.Hour: DefaultLifetime + 24*time.Hour} {
		s := Open(Options{Dir: filepath.Join(dir, "h"), KeyFile: filepath.Join(dir, "k", "key"), Tolerance: tolerance, Now: func() time.Time { return now }})
		for age, want := range map[time.Duration]fault.Code{late - time.Second: "", late + time.Second: fault.HandshakeExpired} {
			if err := s.judge(now.Add(-age)); want == "" && err != nil || want != "" && !fault.Is(err, want) {
				t.Errorf("tolerance %s, %s old: %v, want %q", tolerance, age, err, want)
			}
		}
	}
}

// TestDecodeAtTheEnd: a text that breaks off at any byte is no pending login.
func TestDecodeAtTheEnd(t *testing.T) {
	t.Parallel()
	whole, err := encode(Pending{State: secret.New("s"), Nonce: secret.New("n"), Verifier: secret.New("v"), Issued: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(whole); err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := decode(whole[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for the whole", n, len(whole))
		}
	}
	if _, err := decode(append(whole, 0)); err == nil {
		t.Error("a byte more is taken for the whole")
	}
}

// TestLoadMakesNoKey: a login whose key is gone is over; only a new login
// makes a new key.
func TestLoadMakesNoKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := filepath.Join(dir, "k", "key")
	s := Open(Options{Dir: filepath.Join(dir, "h"), KeyFile: key})
	handle, err := s.Save(Pending{State: secret.New("s"), Nonce: secret.New("n"), Verifier: secret.New("v")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Load(handle); !fault.Is(err, fault.StateCorrupted) {
		t.Errorf("%v, want %s", err, fault.StateCorrupted)
	}
	if _, err := os.Stat(key); !os.IsNotExist(err) {
		t.Errorf("looking for a login made a key: %v", err)
	}
}

// TestAgainIsKept: that a sign-in is the second try has to outlive the
// provider's page, or there would be a third.
func TestAgainIsKept(t *testing.T) {
	t.Parallel()
	for _, second := range []bool{false, true} {
		p := pending()
		p.Again = second
		b, err := encode(p)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode(b); err != nil || got.Again != second {
			t.Errorf("the second try: %v became %v, %v", second, got.Again, err)
		}
	}
}
