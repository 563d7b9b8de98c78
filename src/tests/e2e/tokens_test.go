// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/replay"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// Whoever has an account at the provider and no role leaves nothing behind,
// however often they come; who gets in leaves one file, for as long as the ID
// token could be accepted.
func TestRefusedPeopleLeaveNoTokens(t *testing.T) {
	t.Parallel()
	l, err := lab.Start(lab.Options{StandIns: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	dir := l.Router.At("/var/run/luci-sso/tokens")
	for range 20 {
		if _, err := l.Login("dave"); err == nil {
			t.Fatal("dave has a role")
		}
	}
	if n := len(names(t, dir)); n != 0 {
		t.Errorf("20 refused logins left %d tokens", n)
	}
	if _, err := l.Login("alice"); err != nil {
		t.Fatal(err)
	}
	kept := names(t, dir)
	if len(kept) != 1 {
		t.Fatalf("one login left %d tokens", len(kept))
	}
	for name := range kept {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		want := time.Now().Add(idp.TokenLifetime + time.Minute)
		if off := info.ModTime().Sub(want).Abs(); off > 20*time.Second {
			t.Errorf("the token is kept until %v, its ID token is accepted until %v", info.ModTime(), want)
		}
	}
}

// The directory has a bound. What need not be remembered goes first; when that
// is nothing, logins are refused.
func TestTokensHaveABound(t *testing.T) {
	t.Parallel()
	l, err := lab.Start(lab.Options{StandIns: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	dir := l.Router.At("/var/run/luci-sso/tokens")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	stamp := func(until time.Time) {
		for i := range replay.Capacity {
			path := filepath.Join(dir, fmt.Sprintf("%064x", i))
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, until, until); err != nil {
				t.Fatal(err)
			}
		}
	}
	stamp(time.Now().Add(time.Hour))
	if _, err := l.Login("alice"); err == nil {
		t.Error("somebody got in whose token cannot be remembered")
	}
	log := strings.Join(l.Log(0), "\n")
	if !strings.Contains(log, "[500] TOKEN_REGISTRY_ERROR") || !strings.Contains(log, "none can be forgotten yet") {
		t.Errorf("the log says\n%s", log)
	}
	stamp(time.Now().Add(-2 * time.Hour))
	if _, err := l.Login("alice"); err != nil {
		t.Errorf("with %d tokens that need not be remembered: %v", replay.Capacity, err)
	}
	if n := len(names(t, dir)); n != 1 {
		t.Errorf("%d tokens are left, want the one of this login", n)
	}
}
