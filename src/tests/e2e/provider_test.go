// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/certs"
	"luci-sso/lab/idp"
)

// TestProviderCertificates: what can be wrong with the provider's certificate is
// a failure of the network with the reason in words.
func TestProviderCertificates(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	right, err := e.CA.Issue("127.0.0.1")
	e.must(err)
	foreign, err := certs.New("another authority")
	e.must(err)
	unknown, err := foreign.Issue("127.0.0.1")
	e.must(err)
	other, err := e.CA.Issue("id.example.com")
	e.must(err)
	e.IDP.SetCertificate(unknown)
	e.provoke(ends(t, facts("an authority this router does not know", "ca_file"), "DISCOVERY_NETWORK_ERROR"), start)
	e.IDP.SetCertificate(other)
	e.provoke(ends(t, facts("for another name than 127.0.0.1"), "DISCOVERY_NETWORK_ERROR"), start)

	expired, err := e.CA.IssueFor(time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour), "127.0.0.1")
	e.must(err)
	e.IDP.SetCertificate(expired)
	e.provoke(ends(t, facts("expired or not yet valid", "clock"), "DISCOVERY_NETWORK_ERROR"), start)

	// Pinned to one authority, no other counts, the system's among them.
	pinned := filepath.Join(t.TempDir(), "ca.pem")
	e.must(os.WriteFile(pinned, foreign.PEM(), 0o644))
	e.set("ca_file", pinned)
	e.IDP.SetCertificate(right)
	e.provoke(ends(t, facts("an authority this router does not know"), "DISCOVERY_NETWORK_ERROR"), start)
	e.IDP.SetCertificate(unknown)
	if r := start(e, htmlClient); r.Status != 302 {
		t.Errorf("with option ca_file: %s", r.Raw)
	}
}

// TestDocumentsKept: documents are kept for a day, used longer while the provider
// is down, and never kept when they are wrong.
func TestDocumentsKept(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for range 3 {
		if r := login(e, htmlClient); r.Status != 302 {
			t.Fatalf("%s", r.Raw)
		}
	}
	if d, k := e.IDP.Count(idp.Discovery), e.IDP.Count(idp.JWKS); d != 1 || k != 1 {
		t.Errorf("three logins fetched the discovery document %d times and the keys %d times, expected 1 and 1", d, k)
	}
	age := func(by time.Duration) {
		names, _ := filepath.Glob(e.Router.At("/var/run/luci-sso/cache/*.json"))
		for _, name := range names {
			at := time.Now().Add(-by)
			e.must(os.Chtimes(name, at, at))
		}
	}
	age(25 * time.Hour)
	login(e, htmlClient)
	if d, k := e.IDP.Count(idp.Discovery), e.IDP.Count(idp.JWKS); d != 2 || k != 2 {
		t.Errorf("after a day: %d and %d fetches, expected 2 and 2", d, k)
	}
	// From the future, as after the clock was set back.
	age(-time.Hour)
	login(e, htmlClient)
	if d := e.IDP.Count(idp.Discovery); d != 3 {
		t.Errorf("a copy from the future: %d fetches, expected 3", d)
	}
	for _, broken := range []idp.Answer{{Status: 503}, {Reset: true}} {
		age(25 * time.Hour)
		remove := e.IDP.Inject(answer(idp.Discovery, broken))
		mark := e.Mark()
		if r := start(e, htmlClient); r.Status != 302 || !strings.Contains(strings.Join(e.logOf(r, mark), "\n"), "using the kept discovery document") {
			t.Errorf("a provider that is down: %s\n%s", r.Raw, strings.Join(e.logOf(r, mark), "\n"))
		}
		remove()
	}
	// One that answers something wrong is not down.
	for _, wrong := range []idp.Answer{{Status: 404}, {Body: []byte("[]")}} {
		age(25 * time.Hour)
		remove := e.IDP.Inject(answer(idp.Discovery, wrong))
		if r := start(e, htmlClient); r.Status != 500 {
			t.Errorf("%+v: %s", wrong, r.Raw)
		}
		remove()
	}
	// A damaged copy is fetched again.
	names, _ := filepath.Glob(e.Router.At("/var/run/luci-sso/cache/*.json"))
	for _, name := range names {
		e.must(os.WriteFile(name, []byte(`{"issuer":`), 0o600))
	}
	if r := login(e, htmlClient); r.Status != 302 {
		t.Errorf("a damaged copy: %s", r.Raw)
	}
	// Nothing can be kept: the login works, and the log says so.
	e.forget()
	e.must(os.WriteFile(e.Router.At("/var/run/luci-sso/cache"), nil, 0o600))
	mark := e.Mark()
	if r := login(e, htmlClient); r.Status != 302 || !strings.Contains(strings.Join(e.logOf(r, mark), "\n"), "nothing can be kept") {
		t.Errorf("without room for copies: %s\n%s", r.Raw, strings.Join(e.logOf(r, mark), "\n"))
	}
	// A directory that may be somebody else's: copies there are not read.
	e.forget()
	login(e, htmlClient)
	cache := e.Router.At("/var/run/luci-sso/cache")
	e.must(os.Rename(cache, cache+"-elsewhere"))
	e.must(os.Symlink(cache+"-elsewhere", cache))
	d, k := e.IDP.Count(idp.Discovery), e.IDP.Count(idp.JWKS)
	if r := login(e, htmlClient); r.Status != 302 || e.IDP.Count(idp.Discovery) == d || e.IDP.Count(idp.JWKS) == k {
		t.Errorf("copies behind a link were used: %s", r.Raw)
	}
}

// TestSplitHorizonHost: internal_issuer_url replaces the host of what the
// router asks, and nothing else.
func TestSplitHorizonHost(t *testing.T) {
	t.Parallel()
	const public = "https://id.example.com"
	e := newEnv(t, func(o *lab.Options) { o.Issuer = public })
	e.set("internal_issuer_url", e.IDP.URL)
	e.inject(idp.Fault{
		Metadata: func(d map[string]any) {
			for name, value := range d {
				if text, ok := value.(string); ok {
					d[name] = strings.Replace(text, e.IDP.URL, public, 1)
				}
			}
		},
		IDToken:  func(t *idp.IDToken) { t.Claims["iss"] = public },
		Callback: func(q url.Values) { q.Set("iss", public) },
	})
	send := func() *lab.Response {
		started := start(e, htmlClient)
		location := started.Header.Get("Location")
		if !strings.HasPrefix(location, public+"/authorize?") {
			t.Fatalf("the browser is sent to %s", location)
		}
		callback, err := e.Browser().SignIn(strings.Replace(location, public, e.IDP.URL, 1), "alice")
		e.must(err)
		target, err := url.Parse(callback)
		e.must(err)
		return e.cgi(visit{target.Query(), started.Cookie(lab.HandshakeCookie).Value}.request(htmlClient))
	}
	if r := send(); r.Status != 302 {
		t.Errorf("%s\n%s", r.Raw, strings.Join(e.Log(0), "\n"))
	}
	// The internal address is no issuer.
	e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { t.Claims["iss"] = e.IDP.URL }})
	if r := send(); r.Status != 401 {
		t.Errorf("an ID token of the internal address: %s", r.Raw)
	}
}
