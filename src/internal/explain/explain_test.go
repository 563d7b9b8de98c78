// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/fault"
)

func run(colour bool, args ...string) (status int, out, problems string) {
	var o, p strings.Builder
	status = Run(args, &o, &p, colour)
	return status, o.String(), p.String()
}

// TestEveryCode: the command says the catalogue's words, whole, for every
// code, in whatever case and form it is copied out of the log.
func TestEveryCode(t *testing.T) {
	t.Parallel()
	for _, entry := range fault.Catalogue() {
		status, out, _ := run(false, strings.ToLower(string(entry.Code)))
		if status != 0 {
			t.Errorf("%s: exit status %d", entry.Code, status)
		}
		flat := strings.Join(strings.Fields(out), " ")
		for _, part := range slices.Concat([]string{entry.Meaning, entry.Sentence, entry.Brief}, entry.Causes, entry.Remedies) {
			part = strings.Join(strings.Fields(part), " ")
			if !strings.Contains(flat, part) && !strings.Contains(flat, Capital(part)) {
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

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"access_denied"}, 0, "For the person signing in: sign in again and agree"},
		{[]string{"access_denied", "User is not assigned to the client application."}, 0, "For the provider's admin: assign this person"},
		{[]string{"User is not assigned to the client application."}, 0, "assign this person"},
		{[]string{"Invalid client secret"}, 0, "copy option client_id"},
		{[]string{"invalid_grant"}, 0, "OIDC_INVALID_GRANT when the token endpoint answers with it"},
		{[]string{"no_such_thing"}, 1, "Neither a code of the log"},
		{[]string{"--list"}, 0, "TOKEN_REPLAYED"},
		{[]string{"--help"}, 0, "usage: luci-sso explain"},
	} {
		status, out, _ := run(false, c.args...)
		if flat := strings.Join(strings.Fields(out), " "); status != c.status || !strings.Contains(flat, c.want) {
			t.Errorf("explain %q: status %d, expected %d and %q in\n%s", c.args, status, c.status, c.want, out)
		}
	}
	for _, args := range [][]string{{}, {"--bogus"}, {"--list", "X"}} {
		if status, out, problems := run(false, args...); status != 2 || out != "" || !strings.Contains(problems, "usage:") {
			t.Errorf("explain %q: status %d, %q, %q", args, status, out, problems)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	_, out, _ := run(true, "--json", "CONFIG_ERROR")
	var code Code
	if err := json.Unmarshal([]byte(out), &code); err != nil {
		t.Fatal(err, out)
	}
	if !code.Known || code.Outcome != "SSO_DISABLED" || code.Status != 503 || len(code.Causes) == 0 {
		t.Errorf("%+v", code)
	}
	_, out, _ = run(true, "--json", "--list")
	var codes []Code
	if err := json.Unmarshal([]byte(out), &codes); err != nil || len(codes) != len(fault.Catalogue()) {
		t.Errorf("%v, %d codes", err, len(codes))
	}
	_, out, _ = run(true, "--json", "invalid_scope")
	var e Error
	if err := json.Unmarshal([]byte(out), &e); err != nil || e.Who != "the router's admin" || e.Token != "TOKEN_EXCHANGE_FAILED" {
		t.Errorf("%v, %+v", err, e)
	}
}

// TestHostileArguments: what somebody copies out of a log may hold anything.
func TestHostileArguments(t *testing.T) {
	t.Parallel()
	_, out, _ := run(false, "\x1b[31mevil\n", "\u202e"+strings.Repeat("x", 5000))
	if strings.ContainsAny(out, "\x1b\u202e") || len(out) > 2000 {
		t.Errorf("%q", out)
	}
}

func TestColour(t *testing.T) {
	t.Parallel()
	if _, out, _ := run(true, "NOT_FOUND"); !strings.Contains(out, "\x1b[1mNOT_FOUND\x1b[0m") {
		t.Errorf("%q", out)
	}
}
