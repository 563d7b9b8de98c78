// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/lab/idp"
)

// start makes a lab with stand-ins that ends with the test.
func start(t *testing.T, options Options) *Lab {
	t.Helper()
	if testing.Short() && os.Getenv(ProgramVariable) == "" {
		t.Skip("-short: building the router's program takes a while")
	}
	options.StandIns = true
	options.TempDir = shortTempDir(t)
	l, err := Start(options)
	if err != nil {
		t.Fatalf("no lab: %v", err)
	}
	t.Cleanup(l.Close)
	return l
}

// shortTempDir is a directory for sockets: t.TempDir's name grows with the
// test's.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ls-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestLoginAndLogout(t *testing.T) {
	t.Parallel()
	l := start(t, Options{})
	browser := l.Browser()
	session, err := browser.Login("alice")
	if err != nil {
		t.Fatal(err)
	}
	if session.User != "sso:admin" || session.Role != "admin" || len(session.Token) != 32 {
		t.Errorf("the session is %+v", session)
	}
	page, err := browser.Get(LuCI)
	if err != nil || !strings.Contains(page.Body, `id="luci-role">admin<`) || !strings.Contains(page.Body, "alice@example.com") {
		t.Errorf("LuCI's page shows %v\n%s", err, page.Body)
	}
	page, err = browser.Get(LuCI + "admin/logout")
	if err != nil || page.Location != l.Router.URL+Logout+"?stoken="+session.Token {
		t.Fatalf("Log out leads to %q, %v", page.Location, err)
	}
	page, err = browser.Get(page.Location)
	if err != nil || !strings.HasPrefix(page.Location, l.IDP.EndpointURL(idp.EndSession)) {
		t.Fatalf("the logout leads to %q, %v", page.Location, err)
	}
	if _, err = browser.Get(page.Location); err != nil || l.IDP.SignedIn() != 0 {
		t.Errorf("%d browsers are signed in at the provider, %v", l.IDP.SignedIn(), err)
	}
	if page, err = browser.Get(LuCI); err != nil || page.Status != http.StatusForbidden {
		t.Errorf("after logout LuCI answers %d, %v", page.Status, err)
	}
}

func TestManySideBySide(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			l := start(t, Options{ProviderPath: strings.Repeat("/realm", i)})
			for range 3 {
				if _, err := l.Login("bob"); err != nil {
					t.Error(err)
				}
			}
			if sessions, err := l.Sessions(); err != nil || len(sessions) != 3 {
				t.Errorf("%d sessions, %v; want 3", len(sessions), err)
			}
		})
	}
}

// TestOldCookieShadows shows the trap that a callback has to avoid: LuCI's own
// cookie has the longer path and hides one at /.
func TestOldCookieShadows(t *testing.T) {
	t.Parallel()
	l := start(t, Options{})
	session, err := l.Login("alice")
	if err != nil {
		t.Fatal(err)
	}
	browser := l.Browser()
	browser.SetCookie(&http.Cookie{Name: "sysauth_https", Value: session.ID, Path: "/", Secure: true})
	if page, err := browser.Get(LuCI); err != nil || page.Status != http.StatusOK {
		t.Fatalf("with the session's cookie at / LuCI answers %d, %v", page.Status, err)
	}
	browser.SetCookie(&http.Cookie{Name: "sysauth_https", Value: strings.Repeat("0", 32), Path: "/cgi-bin/luci/", Secure: true})
	if page, err := browser.Get(LuCI); err != nil || page.Status != http.StatusForbidden {
		t.Errorf("an old cookie at /cgi-bin/luci/ does not shadow the session's: LuCI answers %d, %v", page.Status, err)
	}
	// A whole login has to get past such a cookie.
	if _, err := browser.Login("alice"); err != nil {
		t.Errorf("a login over an old cookie: %v", err)
	}
}

func TestPasswordLogin(t *testing.T) {
	t.Parallel()
	l := start(t, Options{})
	browser := l.Browser()
	mark := l.Mark()
	if err := browser.PasswordLogin("root", "wrong"); err == nil {
		t.Error("a wrong password was accepted")
	}
	if err := browser.PasswordLogin("root", "router"); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, entry := range l.Entries(mark) {
		texts = append(texts, entry.Text)
	}
	if got := strings.Join(texts, "|"); !strings.Contains(got, "failed login on / for root") || !strings.Contains(got, "accepted login on / for root") {
		t.Errorf("LuCI logged %q", got)
	}
	page, err := browser.Get(LuCI + "admin/logout")
	if err != nil || page.Location != l.Router.URL+LuCI {
		t.Errorf("root's logout leads to %q, %v", page.Location, err)
	}
}

func TestCGI(t *testing.T) {
	t.Parallel()
	l := start(t, Options{})
	response, err := l.CGI(Request{Query: "action=enabled"})
	if err != nil || response.Status != 200 || !response.Valid || !strings.Contains(response.Body, "true") {
		t.Fatalf("the probe gives %+v, %v", response, err)
	}
	if response.Usage == nil || response.Usage.Maxrss == 0 {
		t.Error("no resource usage was measured")
	}
	response, err = l.CGI(Request{})
	if err != nil || response.Status != 302 || response.Cookie(HandshakeCookie) == nil {
		t.Fatalf("a start gives %+v, %v", response, err)
	}
	location, err := url.Parse(response.Header.Get("Location"))
	if err != nil || location.Query().Get("redirect_uri") != l.Router.URL+Callback {
		t.Errorf("the start leads to %v, %v", location, err)
	}
	defer l.IDP.Inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.Token: {Hang: true}}})()
	browser := l.Browser()
	authorize, err := browser.Begin()
	if err != nil {
		t.Fatal(err)
	}
	callback, err := browser.SignIn(authorize, "alice")
	if err != nil {
		t.Fatal(err)
	}
	_, query, _ := strings.Cut(callback, "?")
	began := time.Now()
	response, err = l.CGI(Request{Path: "/callback", Query: query, Cookie: HandshakeCookie + "=" + browser.Cookie("/", HandshakeCookie), KillAfter: 300 * time.Millisecond})
	if err != nil || !response.Killed || time.Since(began) > 5*time.Second {
		t.Errorf("a program to be killed after 0.3 s gave %+v after %v, %v", response, time.Since(began), err)
	}
}

func TestSetUCI(t *testing.T) {
	t.Parallel()
	l := start(t, Options{})
	if err := l.SetUCI("admin.email", "dave@example.com", "it's@example.com"); err != nil {
		t.Fatal(err)
	}
	if session, err := l.Login("dave"); err != nil || session.User != "sso:admin" {
		t.Errorf("Dave, now admin: %+v, %v", session, err)
	}
	if _, err := l.Login("alice"); err == nil {
		t.Error("Alice, no longer admin, was let in")
	}
	if err := l.SetUCI("client_id"); err != nil {
		t.Fatal(err)
	}
	mark := l.Mark()
	if _, err := l.Browser().Begin(); err == nil {
		t.Error("without client_id a login starts")
	}
	if lines := strings.Join(l.Log(mark), "|"); !strings.Contains(lines, "[503] CONFIG_ERROR") {
		t.Errorf("without client_id the log says %q", lines)
	}
}

func TestUbusFaults(t *testing.T) {
	t.Parallel()
	l := start(t, Options{})
	l.Router.Broker.Refuse("session", "grant", ubus.PermissionDenied)
	mark := l.Mark()
	_, err := l.Login("alice")
	if refusal, ok := AsRefusal(err); !ok || refusal.Status != 500 {
		t.Errorf("with a refused grant the login gives %v", err)
	}
	if lines := strings.Join(l.Log(mark), "|"); !strings.Contains(lines, "[500] UBUS_SESSION_FAILED|[500] UBUS_LOGIN_FAILED") {
		t.Errorf("the log says %q", lines)
	}
	l.Router.Broker.ClearFaults()
	if _, err := l.Login("alice"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	t.Parallel()
	dir := shortTempDir(t)
	if testing.Short() && os.Getenv(ProgramVariable) == "" {
		t.Skip("-short: building the router's program takes a while")
	}
	l, err := Start(Options{TempDir: dir, StandIns: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Login("alice"); err != nil {
		t.Error(err)
	}
	if err := os.Chmod(l.Router.At("/var/run"), 0o500); err != nil {
		t.Error(err)
	}
	l.Close()
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBusyPort(t *testing.T) {
	t.Parallel()
	l := start(t, Options{})
	_, port, _ := strings.Cut(l.Router.Host, ":")
	_, err := Start(Options{RouterAddr: "localhost:" + port, StandIns: true, TempDir: shortTempDir(t)})
	if part, ok := err.(*PartError); !ok || !part.Busy() || part.Part != "router" {
		t.Errorf("a second router on one port gives %v", err)
	}
}

func TestConfigText(t *testing.T) {
	t.Parallel()
	c := DefaultConfig("https://id.example.com", "id", "it's secret")
	c.Set("viewer.group")
	c.Set("scope", "openid")
	c.Remove("operator")
	want := `
config oidc 'default'
	option enabled '1'
	option issuer_url 'https://id.example.com'
	option client_id 'id'
	option client_secret 'it'\''s secret'
	option scope 'openid'
	option clock_tolerance '60'

config role 'admin'
	list email 'alice@example.com'
	list read '*'
	list write '*'

config role 'viewer'
	list read 'luci-base'
	list read 'luci-mod-status-*'

`
	if got := c.Text(); got != want {
		t.Errorf("the text is\n%s\nwant\n%s", got, want)
	}
}

func TestForgetProvider(t *testing.T) {
	t.Parallel()
	l := start(t, Options{})
	for want := 1; want <= 2; want++ {
		for range 2 {
			if _, err := l.Browser().Begin(); err != nil {
				t.Fatal(err)
			}
		}
		if got := l.IDP.Count(idp.Discovery); got != want {
			t.Errorf("discovery was asked for %d times, want %d", got, want)
		}
		if err := l.ForgetProvider(); err != nil {
			t.Fatal(err)
		}
	}
}
