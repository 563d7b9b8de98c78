// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/explain"
	"luci-sso/internal/fault"
)

func explained(colour bool, name, description string) (status int, out string, value any) {
	p := &printer{colour: colour}
	value, status = p.explain(name, description)
	return status, p.String(), value
}

// TestExplainEveryCode: the command says the catalogue's words, whole, for every
// code, in whatever case and form it is copied out of the log.
func TestExplainEveryCode(t *testing.T) {
	t.Parallel()
	for _, entry := range fault.Catalogue() {
		status, out, _ := explained(false, strings.ToLower(string(entry.Code)), "")
		if status != 0 {
			t.Errorf("%s: exit status %d", entry.Code, status)
		}
		flat := strings.Join(strings.Fields(out), " ")
		for _, part := range slices.Concat([]string{entry.Meaning, entry.Sentence, entry.Brief}, entry.Causes, entry.Remedies) {
			part = strings.Join(strings.Fields(part), " ")
			if !strings.Contains(flat, part) && !strings.Contains(flat, explain.Capital(part)) {
				t.Errorf("%s: the output lacks %q", entry.Code, part)
			}
		}
		for _, line := range strings.Split(out, "\n") {
			if len(line) > 100 {
				t.Errorf("%s: a line of %d bytes: %q", entry.Code, len(line), line)
			}
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%s: escape sequences although the output is no terminal", entry.Code)
		}
	}
}

func TestExplainErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, description string
		status            int
		want              string
	}{
		{"access_denied", "", 0, "For the person signing in: sign in again and agree"},
		{"access_denied", "User is not assigned to the client application.", 0, "For the provider's admin: assign this person"},
		{"User is not assigned to the client application.", "", 0, "assign this person"},
		{"Invalid client secret", "", 0, "copy option client_id"},
		{"invalid_grant", "", 0, "OIDC_INVALID_GRANT when the token endpoint answers with it"},
		{"no_such_thing", "", 1, "Neither a code of the log"},
	} {
		status, out, _ := explained(false, c.name, c.description)
		if flat := strings.Join(strings.Fields(out), " "); status != c.status || !strings.Contains(flat, c.want) {
			t.Errorf("explain %q %q: status %d, expected %d and %q in\n%s", c.name, c.description, status, c.status, c.want, out)
		}
	}
}

func TestExplainValues(t *testing.T) {
	t.Parallel()
	_, _, value := explained(true, "CONFIG_ERROR", "")
	if code, ok := value.(explain.Code); !ok || !code.Known || code.Outcome != "SSO_DISABLED" || code.Status != 503 || len(code.Causes) == 0 {
		t.Errorf("%+v", value)
	}
	if codes := new(printer).list(); len(codes) != len(fault.Catalogue()) {
		t.Errorf("%d codes", len(codes))
	}
	_, _, value = explained(true, "invalid_scope", "")
	if e, ok := value.(explain.Error); !ok || e.Who != "the router's admin" || e.Token != "TOKEN_EXCHANGE_FAILED" {
		t.Errorf("%+v", value)
	}
}

// TestExplainHostileArguments: what somebody copies out of a log may hold anything.
func TestExplainHostileArguments(t *testing.T) {
	t.Parallel()
	_, out, _ := explained(false, "\x1b[31mevil\n", "\u202e"+strings.Repeat("x", 5000))
	if strings.ContainsAny(out, "\x1b\u202e") || len(out) > 2000 {
		t.Errorf("%q", out)
	}
}

func TestExplainColour(t *testing.T) {
	t.Parallel()
	if _, out, _ := explained(true, "NOT_FOUND", ""); !strings.Contains(out, "\x1b[1mNOT_FOUND\x1b[0m") {
		t.Errorf("%q", out)
	}
}
