// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"os"
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
// by row and in order, and then to what was added to it.
func TestCatalogueIsTheContract(t *testing.T) {
	t.Parallel()
	parts := map[string]Role{"outcome": Outcome, "cause": Cause, "note": Note}
	contract := rows(t, "codes.tsv", 4)
	added := rows(t, "added.tsv", 4)
	if len(contract) != 73 || len(Catalogue()) != 73+len(added) {
		t.Fatalf("%d codes in the contract, %d added, %d in the catalogue, expected 73 in the contract", len(contract), len(added), len(Catalogue()))
	}
	for i, want := range append(contract, added...) {
		got := Catalogue()[i]
		if got.Added != (i >= 73) {
			t.Errorf("%s is marked as an addition: %v", got.Code, got.Added)
		}
		status, _ := strconv.Atoi(want[1])
		ends := Code(want[3])
		if ends == "*" {
			ends = "" // Depends on the request: set by who raises it.
		}
		if string(got.Code) != want[0] || got.Status != status || got.Role != parts[want[2]] || got.EndsIn != ends {
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
		if end.Role != Outcome && entry.Code != SSLInitFailed {
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

// TestEveryCodeIsExplained: the explanation is whole, and in the catalogue's
// order so that the documentation keeps it.
func TestEveryCodeIsExplained(t *testing.T) {
	t.Parallel()
	if len(explanations) != len(catalogue) {
		t.Fatalf("%d explanations for %d codes", len(explanations), len(catalogue))
	}
	for i, entry := range Catalogue() {
		if explanations[i].code != entry.Code {
			t.Errorf("explanation %d is of %s, the catalogue has %s there", i+1, explanations[i].code, entry.Code)
		}
		if n := strings.Count(explanations[i].text, "|"); n != 2 {
			t.Errorf("%s: %d separators instead of 2", entry.Code, n)
			continue
		}
		e, ok := Explain(entry.Code)
		if !ok || !strings.HasSuffix(e.Meaning, ".") || len(e.Causes) == 0 || len(e.Remedies) == 0 {
			t.Errorf("%s: %+v", entry.Code, e)
		}
		for _, item := range append(e.Causes, e.Remedies...) {
			if strings.TrimSpace(item) != item || item == "" || strings.HasSuffix(item, ".") {
				t.Errorf("%s: malformed item %q", entry.Code, item)
			}
		}
	}
	if _, ok := Explain("NO_SUCH_CODE"); ok {
		t.Error("an unknown code is explained")
	}
}
