package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"luci-sso/internal/lab"
	"luci-sso/internal/lab/idp"
)

// TestLogoutWithALongIDToken: uhttpd never sends a response whose Location
// does not fit its buffer. Somebody in many groups must still get out, at the
// router and at the provider; the hint is what can be left out.
func TestLogoutWithALongIDToken(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.inject(idp.Fault{IDToken: func(token *idp.IDToken) {
		groups := []any{"router-admins"}
		for i := range 300 {
			groups = append(groups, fmt.Sprintf("group-%04d", i))
		}
		token.Claims["groups"] = groups
	}})
	b := e.Browser()
	session, err := b.Login("alice")
	e.must(err)
	page, err := b.Get(lab.Logout + "?stoken=" + session.Token)
	e.must(err)
	target, err := url.Parse(page.Location)
	e.must(err)
	if page.Status != 302 || !strings.HasPrefix(page.Location, e.IDP.EndpointURL(idp.EndSession)) {
		t.Errorf("status %d, to %.80q; expected the provider's logout", page.Status, page.Location)
	}
	if q := target.Query(); q.Get("client_id") == "" || q.Has("id_token_hint") {
		t.Errorf("the provider is sent %d bytes; expected client_id and no hint, which does not fit", len(page.Location))
	}
	if _, ok, err := e.Session(session.ID); ok || err != nil {
		t.Errorf("the session is still there (%v)", err)
	}
}
