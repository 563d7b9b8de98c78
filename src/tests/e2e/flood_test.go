// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"luci-sso/lab"
)

// fromOwnPage is what a browser says when the login page leads to a start.
func (e *env) fromOwnPage() http.Header {
	return http.Header{"Accept": {"text/html"}, "Referer": {e.Router.URL + "/cgi-bin/luci/"}}
}

// finish is the callback of a started login.
func (e *env) finish(started *lab.Response) *lab.Response {
	e.t.Helper()
	cookie := started.Cookie(lab.HandshakeCookie)
	if started.Status != 302 || cookie == nil {
		e.t.Fatalf("the login did not start: %s", started.Raw)
	}
	callback, err := e.Browser().SignIn(started.Header.Get("Location"), "alice")
	e.must(err)
	target, err := url.Parse(callback)
	e.must(err)
	return e.cgi(visit{target.Query(), cookie.Value}.request(htmlClient))
}

// TestFloodFromAPage: while a page of another site has browsers send starts,
// somebody signs in from the router's login page.
func TestFloodFromAPage(t *testing.T) {
	t.Parallel()
	for _, perClient := range []string{"0", "10"} {
		e := newEnv(t)
		e.set("rate_limit_per_client", perClient)
		refused := 0
		flood := func(n int, referer string) {
			for range n {
				header := http.Header{"Accept": {"image/*"}}
				if referer != "" {
					header.Set("Referer", referer)
				}
				if r := e.cgi(lab.Request{Header: header}); r.Status == 429 {
					refused++
				}
			}
		}
		flood(65, "")
		if refused == 0 {
			t.Fatal("the limit does not hold")
		}
		started := e.cgi(lab.Request{Header: e.fromOwnPage()})
		before := refused
		flood(10, "https://evil.example/"+e.Router.Host)
		if refused != before+10 {
			t.Error("a page of another site gets in beyond the limit")
		}
		if r := e.finish(started); r.Status != 302 || r.Header.Get("Location") != lab.LuCI {
			t.Errorf("per client %s: the person's callback ends with %d", perClient, r.Status)
		}
		// A state that somebody else thought of claims nothing.
		r := e.cgi(visit{url.Values{"code": {"x"}, "state": {"y"}}, started.Cookie(lab.HandshakeCookie).Value}.request(plainClient))
		if r.Status != 429 {
			t.Errorf("per client %s: a forged callback gets in beyond the limit: %d", perClient, r.Status)
		}
	}
}

// TestFloodOfPendingLogins: a page that goes on for minutes fills the places
// for pending logins; one from the router's own page still finds one.
func TestFloodOfPendingLogins(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("rate_limit", "1000")
	for range 100 {
		start(e, plainClient)
	}
	if r := start(e, plainClient); r.Status != 503 {
		t.Fatalf("the 101st login: %d", r.Status)
	}
	if r := e.finish(e.cgi(lab.Request{Header: e.fromOwnPage()})); r.Status != 302 || r.Header.Get("Location") != lab.LuCI {
		t.Errorf("the person's login ends with %d\n%s", r.Status, strings.Join(e.Log(0), "\n"))
	}
	for range 30 {
		e.cgi(lab.Request{Header: e.fromOwnPage()})
	}
	if names, _ := filepath.Glob(e.Router.At("/var/run/luci-sso/handshakes/*")); len(names) != 120 {
		t.Errorf("%d pending logins after a flood that forges the Referer, expected 100 and the reserve of 20", len(names))
	}
}

// TestTwoTabs: logins in several tabs of one browser all end well, whichever
// is finished first.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	b := e.Browser()
	var callbacks []string
	for range 3 {
		page, err := b.Get(lab.SSO)
		e.must(err)
		callback, err := b.SignIn(page.Location, "alice")
		e.must(err)
		callbacks = append(callbacks, callback)
	}
	for _, i := range []int{1, 0, 2} {
		page, err := b.Get(callbacks[i])
		e.must(err)
		if page.Status != 302 || !strings.HasSuffix(page.Location, lab.LuCI) {
			t.Errorf("tab %d: %d\n%s", i, page.Status, strings.Join(e.Log(0), "\n"))
		}
	}
	for _, line := range e.Log(0) {
		if !strings.HasPrefix(line, "signed in: ") {
			t.Errorf("the log has %q", line)
		}
	}
	jar, _ := url.Parse(e.Router.URL)
	for _, cookie := range b.HTTP.Jar.Cookies(jar) {
		if cookie.Name == lab.HandshakeCookie {
			t.Error("the state cookie outlives the last login")
		}
	}
}

// TestUsedCallback: the way back to a used callback leads a browser that is
// signed in to LuCI, and decides nothing.
func TestUsedCallback(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	v := e.pending("alice")
	r := e.cgi(v.request(htmlClient))
	id := ""
	for _, c := range r.Cookies() {
		if c.Name == "sysauth_https" && c.Value != "" {
			id = c.Value
		}
	}
	before := e.snapshot()
	for name, c := range map[string]struct {
		cookie string
		status int
	}{
		"with the session":                  {"sysauth_https=" + id, 302},
		"with the session and the old mark": {"sysauth_https=" + id + "; " + lab.HandshakeCookie + "=" + v.cookie, 302},
		"without, as Strict has it":         {"", 401},
		"with a session that is none":       {"sysauth_https=" + strings.Repeat("0", 32), 401},
	} {
		r := e.cgi(lab.Request{Path: "/callback", Query: v.query.Encode(), Cookie: c.cookie, Header: htmlClient})
		if r.Status != c.status || c.status == 302 && r.Header.Get("Location") != lab.LuCI {
			t.Errorf("%s: status %d to %q, expected %d", name, r.Status, r.Header.Get("Location"), c.status)
		}
		for _, line := range r.Header.Values("Set-Cookie") {
			if strings.HasPrefix(line, "sysauth") {
				t.Errorf("%s: it sets %s", name, line)
			}
		}
	}
	if after := e.snapshot(); after.sessions != before.sessions || after.tokens != before.tokens {
		t.Error("a used callback made or ended a session")
	}
	// Somebody else's code in a browser that is signed in: nobody changes.
	other := e.pending("bob")
	r = e.cgi(lab.Request{Path: "/callback", Query: other.query.Encode(), Cookie: "sysauth_https=" + id, Header: htmlClient})
	if session, ok, _ := e.Session(id); r.Status != 302 || !ok || session.Role != "admin" {
		t.Errorf("another person's callback: status %d, session %v", r.Status, session.Role)
	}
}

// TestHeadChangesNothing: what only looks does not begin, finish or end.
func TestHeadChangesNothing(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	v := e.pending("alice")
	before := e.snapshot()
	head := func(path, query, cookie string) {
		t.Helper()
		r := e.cgi(lab.Request{Method: "HEAD", Path: path, Query: query, Cookie: cookie, Header: htmlClient})
		if r.Status != 405 || r.Header.Get("Allow") != "GET" || r.Body != "" || len(r.Cookies()) > 0 {
			t.Errorf("HEAD of %q: %s", path, r.Raw)
		}
		checkHeaders(t, r)
	}
	head("", "", "")
	head("/callback", v.query.Encode(), lab.HandshakeCookie+"="+v.cookie)
	if after := e.snapshot(); after.waiting != before.waiting || after.sessions != before.sessions || after.tokens != before.tokens {
		t.Errorf("before %+v, after %+v", before, after)
	}
	r := e.cgi(v.request(htmlClient))
	if r.Status != 302 {
		t.Fatalf("the GET after the HEAD: %d", r.Status)
	}
	for _, c := range r.Cookies() {
		if c.Name == "sysauth_https" && c.Value != "" {
			session, _, err := e.Session(c.Value)
			e.must(err)
			head("/logout", "stoken="+session.Token, "sysauth_https="+c.Value)
			if _, alive, _ := e.Session(c.Value); !alive {
				t.Error("a HEAD ended the session")
			}
		}
	}
}
