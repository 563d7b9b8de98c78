// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rows reads a table of testdata.
func rows(t *testing.T, name string, columns int) [][]string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var table [][]string
	for n, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != columns {
			t.Fatalf("testdata/%s, line %d: %d columns instead of %d", name, n+1, len(fields), columns)
		}
		table = append(table, fields)
	}
	return table
}

// TestCatalogueIsTheContract holds the catalogue to testdata/codes.tsv, row
// by row and in order; what was added to it comes after.
func TestCatalogueIsTheContract(t *testing.T) {
	t.Parallel()
	parts := map[string]Part{"outcome": Outcome, "cause": Cause, "note": Note}
	contract := rows(t, "codes.tsv", 4)
	if len(contract) != 73 {
		t.Fatalf("%d codes in the contract, expected 73", len(contract))
	}
	for i, got := range Catalogue() {
		if got.Added != (i >= len(contract)) {
			t.Errorf("%s has Added %v: it is true for the codes after those of the contract, and only for them", got.Code, got.Added)
		}
		if got.Added || i >= len(contract) {
			continue
		}
		want := contract[i]
		status, _ := strconv.Atoi(want[1])
		ends := Code(want[3])
		if ends == "*" {
			ends = "" // Depends on the request: set by who raises it.
		}
		if string(got.Code) != want[0] || got.Status != status || got.Part != parts[want[2]] || got.EndsIn != ends {
			t.Errorf("row %d is %+v, the contract says %q", i+1, got, want)
		}
		if got.Sentence == "" {
			t.Errorf("%s has no sentence for the person", got.Code)
		}
	}
}

// TestChains: a chain ends in an outcome and keeps one status throughout,
// since every line of a request carries the same.
func TestChains(t *testing.T) {
	t.Parallel()
	for _, entry := range Catalogue() {
		chain := New(entry.Code, "").Chain()
		end, _ := Lookup(chain[len(chain)-1])
		if end.Part != Outcome && entry.Code != SSLInitFailed {
			t.Errorf("%s ends in %s, which is no outcome", entry.Code, end.Code)
		}
		if end.Status != entry.Status {
			t.Errorf("%s has status %d but ends in %s with %d", entry.Code, entry.Status, end.Code, end.Status)
		}
	}
	f := &Fault{Code: SSLInitFailed, Outcome: JWKSFetchFailed}
	if got := f.Chain(); len(got) != 2 || got[1] != JWKSFetchFailed {
		t.Errorf("Outcome does not override the chain: %v", got)
	}
}

// TestEveryCodeIsExplained: what is said of a code is whole, and in one form.
func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	for _, e := range Catalogue() {
		if !strings.HasSuffix(e.Meaning, ".") || !strings.HasSuffix(e.Brief, ".") || len(e.Causes) == 0 || len(e.Remedies) == 0 {
			t.Errorf("%s: %+v", e.Code, e)
		}
		for _, item := range slices.Concat(e.Causes, e.Remedies) {
			if strings.TrimSpace(item) != item || item == "" || strings.HasSuffix(item, ".") {
				t.Errorf("%s: malformed item %q", e.Code, item)
			}
		}
	}
	template, err := os.ReadFile("../../../po/templates/luci-app-sso.pot")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range Catalogue() {
		for _, text := range slices.Concat([]string{e.Sentence, e.Brief, e.Meaning}, e.Causes, e.Remedies) {
			quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)
			if text != "" && !strings.Contains(strings.ToLower(string(template)), `msgid "`+strings.ToLower(quoted)) {
				t.Errorf("%s: %q is not in po/templates: run scripts/i18n update. If it does not find it: a cause or a remedy stands on a line of its own, and the person's sentence is a constant of catalogue.go", e.Code, text)
			}
		}
	}
	if _, ok := Lookup("NO_SUCH_CODE"); ok {
		t.Error("an unknown code is explained")
	}
}
