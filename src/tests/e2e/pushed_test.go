// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/url"
	"testing"

	"luci-sso/lab/idp"
)

// TestPushedRequest: the browser carries the name of the request and nothing
// of what is in it, by every method of authentication; and a request is pushed
// where the provider requires it or the option says so, and nowhere else.
func TestPushedRequest(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		option            string
		announced, needed bool
		pushed            bool
	}{
		"nothing is announced":    {"auto", false, false, false},
		"announced":               {"auto", true, false, false},
		"required":                {"auto", true, true, true},
		"the option says so":      {"1", true, false, true},
		"the option says no":      {"0", true, false, false},
		"shipped, and it is said": {"", true, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			if c.option != "" {
				e.set("par", c.option)
			}
			e.IDP.SetPushing(idp.Pushing{Announced: c.announced, Required: c.needed})
			for _, method := range []string{"client_secret_basic", "client_secret_post", "none", "private_key_jwt"} {
				e.set("token_auth_method", method)
				e.IDP.SetClient(func(c *idp.Client) { c.AuthMethods = []string{method} })
				e.IDP.SetClient(func(c *idp.Client) { c.JWKS = e.shell("client-key", "--jwks") })
				before := e.IDP.Count(idp.Pushed)
				r := start(e, htmlClient)
				target, err := url.Parse(r.Header.Get("Location"))
				e.must(err)
				query := target.Query()
				if pushed := len(query) == 2 && query.Get("client_id") == e.IDP.Client.ID && query.Has("request_uri"); pushed != c.pushed {
					t.Errorf("%s: the browser carries %v", method, query)
				}
				if got := e.IDP.Count(idp.Pushed) > before; got != c.pushed {
					t.Errorf("%s: pushed: %v", method, got)
				}
				if r := login(e, htmlClient); r.Status != 302 {
					t.Errorf("%s: %s", method, r.Raw)
				}
			}
		})
	}
}

// TestPushedOnly: with the option off, a provider that wants requests pushed
// refuses the browser, so that the lab's own rule is seen to hold.
func TestPushedOnly(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("par", "0")
	e.IDP.SetPushing(idp.Pushing{Announced: true, Required: true})
	if _, err := e.Browser().SignIn(start(e, htmlClient).Header.Get("Location"), "alice"); err == nil {
		t.Error("a request that was not pushed was taken")
	}
}
