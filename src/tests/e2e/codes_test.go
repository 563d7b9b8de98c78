// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"luci-sso/internal/fault"
)

// codeCase provokes one code of the log from outside. run gets a new lab and
// calls provoke, which asserts everything about the answer.
type codeCase struct {
	code string
	run  func(e *env)
}

// codeCases are all of them, in the order of the reference.
var codeCases = slices.Concat(configCases, discoveryCases, keyCases, startCases, callbackCases, tokenCases, idTokenCases, userInfoCases, authorizationCases, ubusCases, systemCases, addedCases, endingCases, askingCases)

// TestCodes provokes each of the codes the way the reference says it is
// triggered.
func TestCodes(t *testing.T) {
	t.Parallel()
	sums.expect(codesProvoked, len(contract(t)))
	for _, c := range codeCases {
		t.Run(c.code, func(t *testing.T) {
			t.Parallel()
			c.run(newEnv(t))
			sums.add(t, codesProvoked, c.code)
		})
	}
}

// TestEveryCodeHasACase: the list of codes and the list of cases are one.
func TestEveryCodeHasACase(t *testing.T) {
	t.Parallel()
	var tested []string
	for _, c := range codeCases {
		tested = append(tested, c.code)
	}
	var listed []string
	for _, row := range contract(t) {
		listed = append(listed, row[0])
	}
	for _, code := range listed {
		if !slices.Contains(tested, code) {
			t.Errorf("the contract's %s has no test", code)
		}
	}
	for i, code := range tested {
		if !slices.Contains(listed, code) || slices.Contains(tested[:i], code) {
			t.Errorf("the test of %s is of no code of the contract, or there are two", code)
		}
	}
}

// contract reads the list of codes that the program is held to: code, status,
// part, outcome. What was added to it is in the catalogue alone.
func contract(t *testing.T) [][]string {
	t.Helper()
	list := rows(t, "../../internal/fault/testdata/codes.tsv", 4)
	for _, entry := range fault.Catalogue() {
		if entry.Added {
			list = append(list, []string{string(entry.Code), strconv.Itoa(entry.Status), "", string(entry.EndsIn)})
		}
	}
	return list
}

func rows(t *testing.T, path string, columns int) [][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list [][]string
	for _, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != columns {
			t.Fatalf("%s: %d columns instead of %d in %q", path, len(fields), columns, line)
		}
		list = append(list, fields)
	}
	return list
}

// ends makes what a request must answer that ends through these codes: the
// lines carry one status, that of the last. It follows the contract's list,
// not the program's own catalogue, from the first code on.
func ends(t *testing.T, facts []string, codes ...string) refusal {
	t.Helper()
	table := map[string][]string{}
	for _, row := range contract(t) {
		table[row[0]] = row
	}
	for {
		last := codes[len(codes)-1]
		row, ok := table[last]
		if !ok {
			t.Fatalf("%s is not in the contract", last)
		}
		if row[3] == "" || row[3] == "*" {
			break
		}
		codes = append(codes, row[3])
	}
	status := table[codes[len(codes)-1]][1]
	want := refusal{facts: facts}
	want.status, _ = strconv.Atoi(status)
	want.retry = want.status == 429 || want.status == 503
	for _, code := range codes {
		want.lines = append(want.lines, "["+status+"] "+code)
	}
	return want
}

// facts lists what the diagnostic lines must say.
func facts(list ...string) []string { return list }

// spent is for a request that uses the pending login up.
func (r refusal) andSpent() refusal { r.spent = true; return r }

// andWaiting is for one that leaves the pending login of its own for the
// real callback.
func (r refusal) andWaiting() refusal { r.waiting = 1; return r }

// andToken is for one that gets as far as registering the access token.
func (r refusal) andToken() refusal { r.tokens = 1; return r }
