// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openwrt/ubus-go/ubusd"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// TestEndpointsThatHang: whoever never answers costs a request its time limit and no
// more, and gets the documented code. They run side by side.
func TestEndpointsThatHang(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hang  func(e *env)
		send  func(e *env, client http.Header) *lab.Response
		want  refusal
		limit time.Duration
	}{
		"discovery": {func(e *env) { e.named("discovery-hang") }, start,
			ends(t, facts("discovery document", "no answer within the time limit"), "DISCOVERY_NETWORK_ERROR"), 12 * time.Second},
		"token endpoint": {func(e *env) { e.named("token-hang") }, login,
			ends(t, facts("token endpoint", "no answer within the time limit"), "TOKEN_ENDPOINT_NETWORK_ERROR").andSpent(), 12 * time.Second},
		"a response byte by byte": {func(e *env) { e.inject(answer(idp.Token, idp.Answer{Drip: 300 * time.Millisecond})) }, login,
			ends(t, facts("token endpoint", "no answer within the time limit"), "TOKEN_ENDPOINT_NETWORK_ERROR").andSpent(), 12 * time.Second},
		"rpcd": {func(e *env) { e.Router.Broker.Hang("session", "create") }, login,
			ends(t, facts("session create"), "UBUS_ERROR").andSpent().andToken(), 8 * time.Second},
		"rpcd, after the session was created": {func(e *env) { e.Router.Broker.SetFault("session", "grant", ubusd.Fault{Hang: true}) }, login,
			ends(t, facts("rights could not be set"), "UBUS_SESSION_FAILED").andSpent().andToken(), 12 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c.hang(e)
			before, mark, began := e.snapshot(), e.Mark(), time.Now()
			r := c.send(e, plainClient)
			if took := time.Since(began); took > c.limit+5*time.Second {
				t.Errorf("it took %s", took)
			}
			e.check(c.want, r, plainClient, e.logOf(r, mark), before)
		})
	}
}

// TestReadOnlyDirectories: directories that nothing can be written to.
func TestReadOnlyDirectories(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	login(e, plainClient)
	readOnly := func(dir string) {
		path := e.Router.At(dir)
		if err := syscall.Mount("tmpfs", path, "tmpfs", syscall.MS_RDONLY, "size=64k,mode=700"); err != nil {
			t.Skip("note: no file system can be mounted here, so read-only ones are not tried: ", err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	}
	readOnly("/var/run/luci-sso/tokens")
	e.refused(ends(t, facts("cannot be registered as used", "EROFS"), "TOKEN_REGISTRY_ERROR"))
	readOnly("/var/run/luci-sso/handshakes")
	e.provoke(ends(t, facts("cannot be kept", "EROFS"), "STATE_SAVE_FAILED"), start)
}

// TestPendingLoginThatCannotBeUsedUp: a pending login that cannot be marked as used must not
// go on, or it could be used twice; and the browser keeps its cookie, since
// the login is still there.
func TestPendingLoginThatCannotBeUsedUp(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	login(e, plainClient)
	path := e.Router.At("/var/run/luci-sso/handshakes")
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=64k,mode=700"); err != nil {
		t.Skip("note: no file system can be mounted here, so read-only ones are not tried: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	v := e.pending("alice")
	e.must(syscall.Mount("tmpfs", path, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "size=64k,mode=700"))
	e.provoke(ends(t, facts("cannot be kept", "EROFS"), "STATE_SAVE_FAILED"), func(e *env, client http.Header) *lab.Response {
		return e.cgi(v.request(client))
	})
	if n := e.IDP.Count(idp.Token); n != 1 {
		t.Errorf("the token endpoint was asked %d times, expected only by the first login", n)
	}
}

// TestOptionsThatDecide: options that change a decision.
func TestOptionsThatDecide(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	// No tolerance: a second is too much.
	e.set("clock_tolerance", "0")
	remove := e.IDP.Inject(idp.Fault{IDToken: func(t *idp.IDToken) { t.Claims["exp"] = unix(-time.Second) }})
	e.refused(ends(t, facts("expired"), "ID_TOKEN_VERIFICATION_FAILED"))
	remove()
	if r := login(e, htmlClient); r.Status != 302 {
		t.Errorf("without tolerance: %s", r.Raw)
	}
	// Client authentication that is forced.
	e.set("token_auth_method", "client_secret_post")
	e.named("basic-only")
	login(e, htmlClient)
	if requests := e.IDP.Requests(idp.Token); requests[len(requests)-1].Authorization != "post" {
		t.Errorf("the client authenticated by %q", requests[len(requests)-1].Authorization)
	}
	e.named()
	// A nested claim for the groups, and only the wanted part of it.
	e.set("groups_claim", "realm_access.roles")
	e.set("admin.email")
	e.set("admin.group", "router-root")
	grant := func(value any) func() {
		return e.IDP.Inject(idp.Fault{IDToken: func(t *idp.IDToken) { t.Claims["realm_access"] = value }, Claims: func(c map[string]any) { c["realm_access"] = value }})
	}
	for _, c := range []struct {
		claim  any
		status int
	}{
		{map[string]any{"roles": []any{"a", "router-root"}}, 302},
		{map[string]any{"roles": "router-root"}, 302},
		{map[string]any{"roles": []any{"a", 1}}, 403},
		{map[string]any{"other": []any{"router-root"}}, 403},
		{"router-root", 403},
		{map[string]any{"roles": []any{"Router-Root"}}, 403},
	} {
		remove := grant(c.claim)
		if r := login(e, htmlClient); r.Status != c.status {
			t.Errorf("realm_access %v: status %d, expected %d", c.claim, r.Status, c.status)
		}
		remove()
	}
}

// TestClaimsFromTokenBeforeUserInfo: groups and e-mail come from the ID token, and from
// UserInfo only what is missing there.
func TestClaimsFromTokenBeforeUserInfo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		person         string
		idToken, other map[string]any // Claims; nil removes.
		user           string         // "" is refused.
	}{
		"groups from UserInfo":               {"bob", map[string]any{"groups": nil}, nil, "sso:operator"},
		"everything from UserInfo":           {"bob", map[string]any{"groups": nil, "email": nil, "email_verified": nil}, nil, "sso:operator"},
		"the ID token's groups win":          {"carol", map[string]any{"email": nil}, map[string]any{"groups": []any{"router-operators"}}, "sso:viewer"},
		"the ID token's e-mail wins":         {"dave", map[string]any{"groups": nil}, map[string]any{"email": "alice@example.com"}, ""},
		"the flag belongs to the address":    {"alice", map[string]any{"email_verified": false, "groups": nil}, map[string]any{"email_verified": true}, ""},
		"and so does its absence":            {"alice", map[string]any{"email": nil, "email_verified": false}, nil, "sso:admin"},
		"no groups anywhere, e-mail is good": {"alice", map[string]any{"groups": nil}, map[string]any{"groups": nil}, "sso:admin"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			change := func(claims, by map[string]any) {
				for name, value := range by {
					if claims[name] = value; value == nil {
						delete(claims, name)
					}
				}
			}
			e.inject(idp.Fault{
				IDToken: func(t *idp.IDToken) { change(t.Claims, c.idToken) },
				Claims:  func(claims map[string]any) { change(claims, c.other) },
			})
			session, err := e.Login(c.person)
			if c.user == "" {
				if refusal, ok := lab.AsRefusal(err); !ok || refusal.Status != 403 {
					t.Errorf("%v, expected a refusal", err)
				}
				return
			}
			if err != nil || session.User != c.user {
				t.Errorf("%+v, %v, expected %s\n%s", session, err, c.user, strings.Join(e.Log(0), "\n"))
			}
		})
	}
}

// TestLoginLeaves: what a login does besides making the session, and what it
// tells an administrator.
func TestLoginLeaves(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	// A file of access groups that cannot be read is left out, and said.
	e.must(os.WriteFile(e.Router.At("/usr/share/rpcd/acl.d/broken.json"), []byte("{"), 0o644))
	mark := e.Mark()
	session, err := e.Login("alice")
	e.must(err)
	if log := strings.Join(e.Log(mark), "\n"); !strings.Contains(log, "access groups were left out") || !strings.Contains(log, "broken.json") {
		t.Errorf("a broken file of access groups: %s", log)
	}
	for name, want := range map[string]string{"luci_sso_name": "alice@example.com", "luci_sso_sub": "alice", "luci_sso_role": "admin", "luci_sso_issuer": e.IDP.URL, "username": "sso:admin"} {
		if got := session.Values[name]; got != want {
			t.Errorf("the session's %s is %v, expected %q", name, got, want)
		}
	}
	// rpcd's own entries follow the roles, should it reload.
	entries, err := os.ReadFile(e.Router.At("/etc/config/rpcd"))
	e.must(err)
	for _, want := range []string{"luci_sso_admin", "'sso:admin'", "luci_sso_operator", "luci_sso_viewer"} {
		if !strings.Contains(string(entries), want) {
			t.Errorf("/etc/config/rpcd has no %s:\n%s", want, entries)
		}
	}
	// Somebody without an address is called by subject.
	e.set("admin.sub", "bob")
	e.inject(idp.Fault{Grant: func(g *idp.Grant) { delete(g.Claims, "email"); g.Claims["groups"] = []any{} }})
	if session, err := e.Login("bob"); err != nil || session.Values["luci_sso_name"] != "bob" {
		t.Errorf("a session without an address: %+v, %v", session, err)
	}
	// A long list of groups is cut.
	e.inject(idp.Fault{Grant: func(g *idp.Grant) {
		g.Claims["groups"] = []any{"g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8", "g9", "g10"}
	}})
	mark = e.Mark()
	e.provoke(ends(t, facts(`no e-mail sent, groups "g1" "g2"`, `"g8" and 2 more`), "USER_NOT_AUTHORIZED").andSpent(), func(e *env, client http.Header) *lab.Response {
		return e.cgi(e.pending("dave").request(client))
	})
	if log := strings.Join(e.Log(mark), "\n"); strings.Contains(log, `"g9"`) {
		t.Errorf("the long list is not cut: %s", log)
	}
}

// TestReturnTo: after a login the browser goes where it was heading, if that
// is a page of LuCI on this router.
func TestReturnTo(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("rate_limit", "1000")
	for wanted, want := range map[string]string{
		"/cgi-bin/luci/admin/status?x=1": "/cgi-bin/luci/admin/status?x=1",
		"https://evil.example.com/":      "/cgi-bin/luci/",
		"//evil.example.com/":            "/cgi-bin/luci/",
		"/cgi-bin/luci/../../evil":       "/cgi-bin/luci/",
		"/cgi-bin/luci-sso/logout":       "/cgi-bin/luci/",
		"/cgi-bin/luci//evil":            "/cgi-bin/luci/",
		"/cgi-bin/luci/\r\nX: y":         "/cgi-bin/luci/",
		"/cgi-bin/luci/admin/logout?a=b": "/cgi-bin/luci/",
	} {
		for _, from := range []string{e.Router.URL + "/cgi-bin/luci/", "https://evil.example.com/", ""} {
			if from == "https://evil.example.com/" || from == "" {
				want = "/cgi-bin/luci/" // Another site does not choose the page.
			}
			e.returnsTo(wanted, from, want)
		}
	}
}

// returnsTo signs in from a page and looks where it ends.
func (e *env) returnsTo(wanted, from, want string) {
	e.t.Helper()
	header := htmlClient.Clone()
	header.Set("Referer", from)
	started := e.cgi(lab.Request{Query: "return=" + url.QueryEscape(wanted), Header: header})
	callback, err := e.Browser().SignIn(started.Header.Get("Location"), "alice")
	e.must(err)
	target, err := url.Parse(callback)
	e.must(err)
	r := e.cgi(visit{target.Query(), started.Cookie(lab.HandshakeCookie).Value}.request(htmlClient))
	if got := r.Header.Get("Location"); r.Status != 302 || got != want {
		e.t.Errorf("return=%q from %q leads to %q with status %d, expected %q", wanted, from, got, r.Status, want)
	}
}
