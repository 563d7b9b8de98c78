package handshake

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/fault"
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
	a, b := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
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
