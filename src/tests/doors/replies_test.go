// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/methods"
	"luci-sso/lab"
)

// TestRepliesHaveTheDocumentedKeys: each method's reply has the keys that
// docs/reference/doors.md says, and no others.
func TestRepliesHaveTheDocumentedKeys(t *testing.T) {
	t.Parallel()
	l := start(t)
	repository, err := lab.Repository()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(repository, "docs/reference/doors.md"))
	if err != nil {
		t.Fatal(err)
	}
	arguments := map[string]any{
		"end_session": map[string]string{"id": "0123456789abcdef"},
		"explain":     map[string]string{"code": "USER_NOT_AUTHORISED"}, // Misspelt: it has every key.
		"try_login":   map[string]string{"host": "router.invalid", "ubus_rpc_session": strings.Repeat("0", 32)},
		"try_result":  map[string]string{"id": "nothing", "ubus_rpc_session": strings.Repeat("0", 32)},
	}
	for _, m := range methods.Methods {
		always, all := documented(t, string(page), m.Name)
		if m.Name == "try_result" {
			always = []string{"state"} // It waits here; package e2e reads one that is done.
		}
		reply := map[string]any{}
		call(t, l, m.Name, arguments[m.Name], &reply)
		came := slices.Sorted(maps.Keys(reply))
		for _, name := range came {
			if !slices.Contains(all, name) {
				t.Errorf("%s answers with the key %s, which the page does not have", m.Name, name)
			}
		}
		for _, name := range always {
			if !slices.Contains(came, name) {
				t.Errorf("%s has no key %s, which the page has", m.Name, name)
			}
		}
	}
}

// documented are the keys of a reply by the page's table.
func documented(t *testing.T, page, method string) (always, all []string) {
	t.Helper()
	_, row, ok := strings.Cut(page, "\n| `"+method+"` | ")
	row, _, _ = strings.Cut(row, " |\n")
	cells := strings.Split(row, " | ")
	if !ok || len(cells) != 4 {
		t.Fatalf("no row of method %s: %q", method, row)
	}
	for _, part := range strings.Split(cells[3], "; ") {
		name, rest, _ := strings.Cut(strings.TrimPrefix(part, "`"), "`")
		all = append(all, name)
		if !strings.HasPrefix(rest, " (not always)") {
			always = append(always, name)
		}
	}
	return always, all
}
