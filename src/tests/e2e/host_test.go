// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luci-sso/lab"
)

// TestHostForeign: a stranger who starts a login under another router's name
// would have the code of whoever follows his link sent there.
func TestHostForeign(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for _, host := range []string{"router-b.example.com", "192.0.2.77", "[2001:db8::77]:8443", "router-b", "openwrt.evil.example"} {
		e.provoke(refusal{
			status: 503, lines: []string{"[503] CONFIG_ERROR", "[503] SSO_DISABLED"}, retry: true,
			facts: []string{`"` + host + `"`, "option redirect_uri", "list host"},
		}, func(e *env, client http.Header) *lab.Response { return e.cgi(lab.Request{Host: host, Header: client}) })
	}
	e.set("host", "router-b.example.com")
	e.startsAt("router-b.example.com:8443", "https://router-b.example.com:8443")
}

// startsAt expects a login under a name to begin, for this address.
func (e *env) startsAt(host, origin string) {
	e.t.Helper()
	r := e.cgi(lab.Request{Host: host, Header: plainClient})
	location, _ := url.Parse(r.Header.Get("Location"))
	if r.Status != 302 || location == nil || location.Query().Get("redirect_uri") != origin+lab.Callback {
		e.t.Errorf("Host %s: status %d, to %v; expected a login for %s\n%s", host, r.Status, location, origin, strings.Join(e.Log(0), "\n"))
	}
}

// TestHostOwn: the guide's shell steps set no redirect_uri, so a router just
// set up has to let people in under each of its own names and addresses.
func TestHostOwn(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.must(os.MkdirAll(e.Router.At("/etc/config"), 0o755))
	e.must(os.WriteFile(e.Router.At("/etc/config/system"), []byte("config system\n\toption hostname 'OfficeRouter'\n"), 0o644))
	e.must(os.WriteFile(e.Router.At("/etc/config/dhcp"), []byte("config dnsmasq\n\toption domain 'home.arpa'\n"), 0o644))
	names := map[string]string{
		"localhost": "https://localhost", "127.0.0.1:8443": "https://127.0.0.1:8443",
		"officerouter": "https://officerouter", "OfficeRouter.home.arpa:443": "https://officerouter.home.arpa",
	}
	addresses, err := net.InterfaceAddrs()
	e.must(err)
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok {
			host := n.IP.String()
			if n.IP.To4() == nil {
				host = "[" + host + "]"
			}
			names[host] = "https://" + host
		}
	}
	for host, origin := range names {
		e.startsAt(host, origin)
	}
}

// TestHostMoves: a login started under another name than the redirect URI's
// goes there first, so that its cookie is where the provider sends people.
func TestHostMoves(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("redirect_uri", e.Router.URL+lab.Callback)
	other := strings.Replace(e.Router.URL, "localhost", "127.0.0.1", 1)
	b := e.Browser()
	page, err := b.Get(other + lab.SSO)
	e.must(err)
	if page.Status != 302 || page.Location != e.Router.URL+lab.SSO+"?moved=1" || len(page.Cookies) > 0 {
		t.Fatalf("a start at %s: status %d, to %q, cookies %v", other, page.Status, page.Location, page.Cookies)
	}
	page, err = b.Get(page.Location)
	e.must(err)
	callback, err := b.SignIn(page.Location, "alice")
	e.must(err)
	page, err = b.Get(callback)
	e.must(err)
	if page.Status != 302 || !strings.HasSuffix(page.Location, lab.LuCI) {
		t.Errorf("the login ends with %d, %s", page.Status, page.Body)
	}
}

// TestHostMovesOnce: behind a proxy that keeps the browser's Host to itself,
// every start looks as if it were under another name.
func TestHostMovesOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("redirect_uri", "https://router.example.com"+lab.Callback)
	for _, host := range []string{"192.168.1.1", "", "evil\"><script>"} {
		r := e.cgi(lab.Request{Host: host, Query: "moved=1", Header: plainClient})
		if location := r.Header.Get("Location"); r.Status != 302 || !strings.HasPrefix(location, e.IDP.URL) {
			t.Errorf("a start that was sent on already, Host %q: status %d, to %q; expected the provider", host, r.Status, location)
		}
	}
	names, _ := filepath.Glob(e.Router.At("/var/run/luci-sso/handshakes/*"))
	if len(names) != 3 {
		t.Errorf("%d pending logins, expected 3", len(names))
	}
}

// TestHostMovesWithThePage: the wanted page goes along as LuCI's own address,
// and only when a page of this host asked for it. As a parameter that the
// other host believes, any site could put it into a link.
func TestHostMovesWithThePage(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("redirect_uri", "https://router.example.com"+lab.Callback)
	const wanted = "/cgi-bin/luci/admin/network/wireless?x=1"
	query := "return=" + url.QueryEscape(wanted) + "&other=%26%0a"
	for referer, want := range map[string]string{
		"https://192.168.1.1" + wanted: "https://router.example.com" + wanted,
		"https://evil.example/":        "https://router.example.com/cgi-bin/luci-sso?other=%26%0A&moved=1",
		"":                             "https://router.example.com/cgi-bin/luci-sso?other=%26%0A&moved=1",
	} {
		header := http.Header{"Accept": {"text/html"}}
		if referer != "" {
			header.Set("Referer", referer)
		}
		r := e.cgi(lab.Request{Host: "192.168.1.1", Query: query, Header: header})
		if got := r.Header.Get("Location"); r.Status != 302 || got != want {
			t.Errorf("Referer %q: status %d, to %q, expected %q", referer, r.Status, got, want)
		}
	}
	// A link of another site to what a move looks like.
	header := http.Header{"Accept": {"text/html"}, "Referer": {"https://evil.example/"}}
	e.set("redirect_uri", e.Router.URL+lab.Callback)
	r := e.cgi(lab.Request{Query: "moved=1&return=" + url.QueryEscape(wanted), Header: header})
	cookie := r.Cookie(lab.HandshakeCookie)
	callback, err := e.Browser().SignIn(r.Header.Get("Location"), "alice")
	e.must(err)
	target, err := url.Parse(callback)
	e.must(err)
	r = e.cgi(visit{target.Query(), cookie.Value}.request(htmlClient))
	if got := r.Header.Get("Location"); r.Status != 302 || got != lab.LuCI {
		t.Errorf("another site's link leads to %q, expected %s", got, lab.LuCI)
	}
}

// TestHostDoctor: the doctor says where logins may start, and that they leave
// for a host that is not known here.
func TestHostDoctor(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	row := func() string {
		t.Helper()
		out, _ := exec.Command(e.Router.CGI(), "doctor").CombinedOutput()
		for _, line := range strings.Split(string(out), "\n") {
			if strings.Contains(line, "Redirect URI leads") || strings.Contains(line, "Redirect URI names") || strings.Contains(line, "Logins may start") {
				return line
			}
		}
		t.Fatalf("the doctor says nothing of hosts:\n%s", out)
		return ""
	}
	e.set("host", "router.example.com")
	if got := row(); !strings.Contains(got, "Logins may start") || !strings.Contains(got, "router.example.com") {
		t.Errorf("without redirect_uri: %s", got)
	}
	e.set("redirect_uri", "https://127.0.0.1"+lab.Callback)
	if got := row(); !strings.Contains(got, "leads to this router: 127.0.0.1") {
		t.Errorf("with its own address: %s", got)
	}
	e.set("redirect_uri", "https://192.0.2.7"+lab.Callback)
	if got := row(); !strings.Contains(got, "names 192.0.2.7") {
		t.Errorf("with a foreign address: %s", got)
	}
	e.set("redirect_uri", "https://router.example.com"+lab.Callback)
	if got := row(); !strings.Contains(got, "leads to this router: router.example.com") {
		t.Errorf("with a listed name: %s", got)
	}
}
