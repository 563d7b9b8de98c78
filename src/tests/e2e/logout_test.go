// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/url"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// uhttpd refuses a header line over 4096 bytes: a long ID token must not make
// logging out impossible.
func TestLogoutWithALongIDToken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		groups int
		hint   bool
	}{"short": {3, true}, "long": {400, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := lab.Start(lab.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(l.Close)
			l.IDP.Inject(idp.Fault{IDToken: func(token *idp.IDToken) {
				var groups []any
				for range c.groups {
					groups = append(groups, "a-group-of-many")
				}
				token.Claims["groups"] = groups
			}})
			browser := l.Browser()
			session, err := browser.Login("alice")
			if err != nil {
				t.Fatal(err)
			}
			page, err := browser.Get(lab.Logout + "?stoken=" + session.Token)
			if err != nil || page.Status != 302 {
				t.Fatalf("logging out gave %+v, %v", page, err)
			}
			location, err := url.Parse(page.Location)
			if err != nil || !strings.HasPrefix(page.Location, l.IDP.URL) {
				t.Fatalf("the browser is sent to %q, want the provider's end of session", page.Location)
			}
			if got := location.Query().Has("id_token_hint"); got != c.hint {
				t.Errorf("id_token_hint sent: %t, want %t", got, c.hint)
			}
			if _, ok, _ := l.Session(session.ID); ok {
				t.Error("the session is still there")
			}
		})
	}
}

// A browser sends no Strict cookie along with another site's link. Such a link
// must not end the cookies: that would log people out without their token.
func TestLogoutByAnotherSitesLink(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for name, c := range map[string]struct {
		cookie string
		ends   bool
	}{
		"no cookie":         {"", false},
		"another cookie":    {"luci_sso_landing=1", false},
		"an ended session":  {"sysauth_https=0123456789abcdef0123456789abcdef", true},
		"an unusable value": {"sysauth=x", true},
	} {
		r := e.cgi(lab.Request{Path: "/logout", Query: "stoken=0", Cookie: c.cookie, Header: htmlClient})
		if r.Status != 302 || r.Header.Get("Location") != "/" {
			t.Errorf("%s: %s", name, r.Raw)
		}
		if got := len(r.Header.Values("Set-Cookie")) > 0; got != c.ends {
			t.Errorf("%s: cookies are ended: %t, want %t", name, got, c.ends)
		}
	}
}

// TestLogoutOfTheRouterAlone: where an administrator wants it, the provider
// hears nothing of a logout, whatever it announces.
func TestLogoutOfTheRouterAlone(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for option, away := range map[string]bool{"1": true, "0": false} {
		e.set("provider_logout", option)
		b := e.Browser()
		session, err := b.Login("alice")
		e.must(err)
		page, err := b.Get(lab.Logout + "?stoken=" + session.Token)
		e.must(err)
		if page.Status != 302 || strings.HasPrefix(page.Location, e.IDP.EndpointURL(idp.EndSession)) != away || !away && page.Location != e.Router.URL+"/" {
			t.Errorf("provider_logout %s: status %d, to %s", option, page.Status, page.Location)
		}
		if _, ok, err := e.Session(session.ID); ok || err != nil {
			t.Errorf("provider_logout %s: the session is still there (%v)", option, err)
		}
	}
}
