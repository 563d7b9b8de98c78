// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"strings"
	"testing"

	"luci-sso/internal/words"
)

// What the checks find is tested from outside, in src/tests/doors. Here is what
// can be told without a router and a provider.

func TestWorst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ statuses, want string }{
		{"", Pass}, {"pass skip", Pass}, {"skip", Pass}, {"pass warn pass", Warn}, {"warn fail pass", Fail}, {"fail warn", Fail},
	} {
		var checks []*Check
		for _, status := range strings.Fields(c.statuses) {
			checks = append(checks, row("x", status, words.NotRun))
		}
		if got := Worst(checks); got != c.want {
			t.Errorf("of %q the worst is %s, expected %s", c.statuses, got, c.want)
		}
	}
}

// TestProductsCanBeFound: the first line whose texts are all there counts, so
// none may stand before one that asks for more.
func TestProductsCanBeFound(t *testing.T) {
	t.Parallel()
	lines := strings.Split(products, "\n")
	for i, line := range lines {
		fields := strings.Split(line, "|")
		if len(fields) < 5 || strings.TrimSpace(fields[0]) == "" {
			t.Fatalf("line %d is no product: %q", i, line)
		}
		for _, text := range fields[4:] {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s is found by nothing", fields[0])
			}
		}
		for _, later := range lines[i+1:] {
			name, _, _ := strings.Cut(later, "|")
			texts := strings.Split(later, "|")[4:]
			hidden := true
			for _, text := range fields[4:] {
				found := false
				for _, other := range texts {
					found = found || strings.Contains(other, text)
				}
				hidden = hidden && found
			}
			if hidden {
				t.Errorf("%s is never found: %s stands before it and asks for less", name, fields[0])
			}
		}
	}
}
