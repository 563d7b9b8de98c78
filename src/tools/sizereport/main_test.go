// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		size, before int
		known, word  bool
		good         bool
	}{
		{"the same", 2_000_000, 2_000_000, true, false, true},
		{"smaller", 1_000_000, 2_000_000, true, false, true},
		{"a little more", 2_059_000, 2_000_000, true, false, true},
		{"too much more", 2_061_000, 2_000_000, true, false, false},
		{"too much more, explained", 2_061_000, 2_000_000, true, true, true},
		{"another version of Go", 2_200_000, 0, false, false, true},
		{"over the limit, whatever is said", limit + 1, limit, true, true, false},
	} {
		if verdict, good := judge(tt.size, tt.before, limit, tt.known, tt.word); good != tt.good {
			t.Errorf("%s: judged %v (%s), want %v", tt.name, good, verdict, tt.good)
		}
	}
}

func TestHasWord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "CHANGELOG.md")
	for text, want := range map[string]bool{
		"# Changes\n\n## 0.2.0\n\n- Size: the bridge\n\n## 0.1.0\n":    true,
		"# Changes\n\n## 0.2.0\n\n- fast\n\n## 0.1.0\n\n- Size: old\n": false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := hasWord(path); got != want || err != nil {
			t.Errorf("hasWord of %q is %v, %v, want %v: only the newest section counts", text, got, err, want)
		}
	}
	if got, err := hasWord(path + ".missing"); got || err != nil {
		t.Errorf("without a changelog: %v, %v, want false", got, err)
	}
}

func TestDependencyOfASymbol(t *testing.T) {
	t.Parallel()
	for symbol, want := range map[string]string{
		"github.com/golang-jwt/jwt/v5.(*Parser).Parse":   "github.com/golang-jwt/jwt",
		"luci-sso/internal/app.Main":                     "luci-sso/internal/app",
		"crypto/internal/fips140/bigmod.(*Nat).Mul":      "Go: crypto",
		"vendor/golang.org/x/net/dns/dnsmessage.Parse":   "Go: net",
		"type:.eq.luci-sso/internal/role.Match":          "luci-sso/internal/role",
		"slices.SortFunc[go.shape.struct { a/b.c int }]": "Go: other packages",
		"net.(*Dialer).Dial":                             "Go: net",
		"runtime.mallocgc":                               "Go: runtime",
	} {
		if got := dependency(packageOf(symbol)); got != want {
			t.Errorf("%s belongs to %s, want %s", symbol, got, want)
		}
	}
}
