// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// check is a relying-party check: how the provider is made to behave, and how
// the login is done when not in the usual way.
type check struct {
	setup func(e *env)
	send  func(e *env, client http.Header) *lab.Response
	after func(e *env)
	left  refusal // How a refusal differs from the usual one.
}

// TestConformance runs the checks that OpenID's conformance programme and the
// standards ask of a client. What each has to end in is in
// testdata/conformance.tsv, from which the reference is made.
func TestConformance(t *testing.T) {
	t.Parallel()
	table := rows(t, "testdata/conformance.tsv", 5)
	sums.expect(checksProven, len(table))
	for _, row := range table {
		name, result := row[0], row[3]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, ok := checks[name]
			if !ok {
				t.Fatal("there is no such check in the tests")
			}
			e := newEnv(t)
			if c.setup != nil {
				c.setup(e)
			}
			c.run(e, result)
			if c.after != nil {
				c.after(e)
			}
			sums.add(t, checksProven, name)
		})
	}
}

func (c check) run(e *env, result string) {
	send := c.send
	if send == nil {
		send = login
	}
	if result == "login" {
		mark := e.Mark()
		r := send(e, htmlClient)
		if r.Status != 302 || r.Header.Get("Location") != "/cgi-bin/luci/" {
			e.t.Errorf("the login is refused:\n%s\n%s", r.Raw, strings.Join(e.Log(mark), "\n"))
		}
		checkHeaders(e.t, r)
		return
	}
	want := ends(e.t, nil, result)
	want.waiting, want.tokens, want.spent = c.left.waiting, c.left.tokens, c.left.waiting == 0
	if strings.Contains(result, "DISCOVERY") || result == "INSECURE_ENDPOINT" {
		want.spent, send = false, start
	}
	e.provoke(want, send)
}

// TestConformanceTableIsComplete: the table and the checks are one list.
func TestConformanceTableIsComplete(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, row := range rows(t, "testdata/conformance.tsv", 5) {
		if slices.Contains(listed, row[0]) {
			t.Errorf("%s is in the table twice", row[0])
		}
		listed = append(listed, row[0])
		if _, ok := checks[row[0]]; !ok {
			t.Errorf("testdata/conformance.tsv has %s, which is no check of the tests", row[0])
		}
		if row[4] != "TestConformance" {
			t.Errorf("%s names the test %s", row[0], row[4])
		}
	}
	for name := range checks {
		if !slices.Contains(listed, name) {
			t.Errorf("the check %s is not in testdata/conformance.tsv", name)
		}
	}
}

// TestRefusedBeforeTheCodeIsUsed: a response of another provider costs no
// code and leaves the browser's own login intact (RFC 9207).
func TestRefusedBeforeTheCodeIsUsed(t *testing.T) {
	t.Parallel()
	for _, iss := range []string{"", "https://evil.example.com"} {
		e := newEnv(t)
		v := e.pending("alice")
		right := v.query.Get("iss")
		if v.query.Del("iss"); iss != "" {
			v.query.Set("iss", iss)
		}
		if r := e.cgi(v.request(htmlClient)); r.Status != 403 {
			t.Errorf("iss %q: %s", iss, r.Raw)
		}
		if n := e.IDP.Count(idp.Token); n != 0 {
			t.Errorf("iss %q: the code was sent to the token endpoint", iss)
		}
		v.query.Set("iss", right)
		if r := e.cgi(v.request(htmlClient)); r.Status != 302 {
			t.Errorf("the login's own response after a forged one: %s", r.Raw)
		}
	}
}

// TestKeysAreFetchedAgainOnce: a token with a kid gives reason to ask for the
// keys once more, a token without one never does.
func TestKeysAreFetchedAgainOnce(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"unknown-kid": 2, "bad-signature": 2, "no-kid": 1} {
		e := newEnv(t)
		if name == "no-kid" {
			// It is the missing kid that counts, not whether a key is found.
			e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { t.Tamper = spoilSignature }})
		}
		e.named(name)
		if r := login(e, htmlClient); r.Status != 401 {
			t.Errorf("%s: %s", name, r.Raw)
		}
		if n := e.IDP.Count(idp.JWKS); n != want {
			t.Errorf("%s: the keys were fetched %d times, expected %d", name, n, want)
		}
	}
}

func spoilSignature(token string) string {
	cut := strings.LastIndexByte(token, '.') + 1
	if token[cut] == 'A' {
		return token[:cut] + "B" + token[cut+1:]
	}
	return token[:cut] + "A" + token[cut+1:]
}
