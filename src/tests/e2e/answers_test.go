// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// TestCookieAttributes: what a login and a logout set, attribute by attribute, as
// the HTTP reference states it.
func TestCookieAttributes(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	started := start(e, htmlClient)
	checkHeaders(t, started)
	state := started.Header.Values("Set-Cookie")
	if len(state) != 1 || !regexp.MustCompile(`^__Host-luci_sso_state=[A-Za-z0-9_-]{43}; Path=/; Max-Age=300; Secure; HttpOnly; SameSite=Lax$`).MatchString(state[0]) {
		t.Errorf("the login's start sets %q", state)
	}
	mark := e.Mark()
	r := login(e, htmlClient)
	checkHeaders(t, r)
	log := e.logOf(r, mark)
	if len(log) != 1 || !strings.HasPrefix(log[0], `signed in: role "admin" by email, subject `) {
		t.Errorf("the login's log: %q", log)
	}
	e.checkSecrets(log)
	session := e.Router.RPCD.Snapshot()
	id := session[len(session)-1].ID
	for _, s := range session {
		if user, _ := s.Data["username"].(string); user == "sso:admin" {
			id = s.ID
		}
	}
	want := []string{"__Host-luci_sso_state=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"}
	for _, name := range []string{"sysauth_https", "sysauth"} {
		for _, path := range []string{"/cgi-bin/luci/", "/cgi-bin/luci", "/cgi-bin"} {
			want = append(want, name+"=; Path="+path+"; Max-Age=0; Secure; HttpOnly; SameSite=Strict")
		}
		want = append(want, name+"="+id+"; Path=/; Secure; HttpOnly; SameSite=Strict")
	}
	want = append(want, "luci_sso_landing=%2Fcgi-bin%2Fluci%2F; Path=/cgi-bin/luci; Max-Age=30; Secure; SameSite=Lax")
	if got := r.Header.Values("Set-Cookie"); !slices.Equal(got, want) {
		t.Errorf("the callback sets\n  %s\nexpected\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	found, _, err := e.Session(id)
	e.must(err)
	out := e.cgi(lab.Request{Path: "/logout", Query: "stoken=" + found.Token, Cookie: "sysauth_https=" + id, Header: htmlClient})
	checkHeaders(t, out)
	if out.Status != 302 || !strings.HasPrefix(out.Header.Get("Location"), e.IDP.URL) {
		t.Errorf("logout: %s", out.Raw)
	}
	for _, cookie := range out.Header.Values("Set-Cookie") {
		if !strings.Contains(cookie, "=; Path=/") || !strings.Contains(cookie, "; Max-Age=0; Secure; HttpOnly; SameSite=Strict") || !strings.HasPrefix(cookie, "sysauth") {
			t.Errorf("the logout sets %q", cookie)
		}
	}
	if _, ok, _ := e.Session(id); ok {
		t.Error("the session outlives the logout")
	}
	// Nobody is signed in any more: no error, and to the start page.
	out = e.cgi(lab.Request{Path: "/logout", Query: "stoken=" + found.Token, Cookie: "sysauth_https=" + id, Header: htmlClient})
	if out.Status != 302 || out.Header.Get("Location") != "/" {
		t.Errorf("a second logout: %s", out.Raw)
	}
}

// TestHeadersOfEveryAnswer: every answer has the five headers, whatever was asked.
func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for name, c := range map[string]struct {
		request  lab.Request
		status   int
		contains string
	}{
		"probe":                  {lab.Request{Query: "action=enabled"}, 200, `{"enabled": true}`},
		"probe with a slash":     {lab.Request{Path: "/", Query: "action=enabled"}, 200, `{"enabled": true}`},
		"callback with a slash":  {lab.Request{Path: "/callback/"}, 400, "Error: "},
		"two slashes":            {lab.Request{Path: "//", Query: "action=enabled"}, 200, "enabled"},
		"HEAD":                   {lab.Request{Method: "HEAD", Query: "action=enabled"}, 200, ""},
		"POST":                   {lab.Request{Method: "POST"}, 405, "Error: "},
		"DELETE":                 {lab.Request{Method: "DELETE", Path: "/logout"}, 405, "Error: "},
		"POST to no page":        {lab.Request{Method: "POST", Path: "/nowhere"}, 404, "Error: "},
		"DELETE of no page":      {lab.Request{Method: "DELETE", Path: "/callback/x"}, 404, "Error: "},
		"a page, POST":           {lab.Request{Method: "POST", Header: htmlClient}, 405, `role="alert"`},
		"plain HTTP":             {lab.Request{Plain: true}, 403, "https://"},
		"plain HTTP, callback":   {lab.Request{Plain: true, Path: "/callback"}, 403, "https://"},
		"markup in the path":     {lab.Request{Path: "/<script>alert(1)</script>", Header: htmlClient}, 404, "does not exist"},
		"a forged Host":          {lab.Request{Host: "evil\"><script>"}, 503, "Error: "},
		"no environment to read": {lab.Request{Unset: []string{"REQUEST_METHOD", "QUERY_STRING", "HTTP_HOST", "REMOTE_ADDR"}}, 405, "Error: "},
	} {
		r := e.cgi(c.request)
		checkHeaders(t, r)
		if r.Status != c.status || !strings.Contains(r.Body, c.contains) {
			t.Errorf("%s: %s", name, r.Raw)
		}
		if c.status == 405 && r.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: Allow is %q", name, r.Header.Get("Allow"))
		}
		if name == "HEAD" && r.Body != "" || strings.Contains(r.Body, "<script>") {
			t.Errorf("%s: body %q", name, r.Body)
		}
	}
}

// TestNamesInTheListOfSessions: the list of sessions calls nobody by an address that the
// provider says is not proven to be theirs.
func TestNamesInTheListOfSessions(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.inject(idp.Fault{IDToken: func(token *idp.IDToken) {
		token.Claims["email"], token.Claims["email_verified"] = "mallory@example.com", false // No role names it.
	}})
	if r := e.cgi(e.pending("bob").request(htmlClient)); r.Status != 302 {
		t.Fatalf("bob's login: %s", r.Raw)
	}
	found := false
	for _, s := range e.Router.RPCD.Snapshot() {
		if s.Data["luci_sso_role"] == "operator" {
			found = true
			if name := s.Data["luci_sso_name"]; name != s.Data["luci_sso_sub"] {
				t.Errorf("the session is called %q, want its subject", name)
			}
		}
	}
	if !found {
		t.Error("there is no session of bob's")
	}
}

// TestSessionCookiePath: on a host name that serves more than the router, the
// session can stay with what LuCI and this program answer.
func TestSessionCookiePath(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("session_cookie_path", "/cgi-bin")
	b := e.Browser()
	page, err := b.Get(lab.SSO)
	e.must(err)
	callback, err := b.SignIn(page.Location, "alice")
	e.must(err)
	_, err = b.Get(callback)
	e.must(err)
	sent := func(path string) (names []string) {
		address, err := url.Parse(e.Router.URL + path)
		e.must(err)
		for _, c := range b.HTTP.Jar.Cookies(address) {
			if strings.HasPrefix(c.Name, "sysauth") {
				names = append(names, c.Name)
			}
		}
		return names
	}
	for path, want := range map[string]int{"/": 0, "/other/": 0, "/cgi-bin/luci/": 2, "/cgi-bin/luci-sso/logout": 2, "/cgi-bin/cgi-upload": 2} {
		if got := sent(path); len(got) != want {
			t.Errorf("%s is sent %q, expected %d cookies", path, got, want)
		}
	}
	page, err = b.Get(lab.LuCI)
	e.must(err)
	if page.Status != 200 {
		t.Fatalf("LuCI answers %d", page.Status)
	}
	sessions, err := e.Sessions()
	e.must(err)
	for _, s := range sessions {
		if s.Role == "admin" {
			_, err = b.Get(lab.Logout + "?stoken=" + s.Token)
			e.must(err)
		}
	}
	if got := sent("/cgi-bin/luci/"); len(got) != 0 {
		t.Errorf("after the logout there is still %q", got)
	}
}
