// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/certs"
	"luci-sso/lab/idp"
)

// TestMovedEndpoints: a provider that moves an endpoint is asked for its
// discovery document again, once, and not a day later.
func TestMovedEndpoints(t *testing.T) {
	t.Parallel()
	for _, at := range []idp.Endpoint{idp.Token, idp.JWKS, idp.UserInfo, idp.Pushed} {
		for name, left := range map[string]idp.Answer{
			"404":                   {},
			"405":                   {Status: 405},
			"410":                   {Status: 410},
			"a redirect":            {Status: 308, Location: "/elsewhere"},
			"a redirect to a thief": {Status: 307, Location: "https://127.0.0.1:1/steal"},
		} {
			t.Run(string(at)+" "+name, func(t *testing.T) {
				t.Parallel()
				e := newEnv(t)
				e.IDP.SetPushing(idp.Pushing{Announced: at == idp.Pushed, Required: at == idp.Pushed})
				e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { delete(t.Claims, "groups"); delete(t.Claims, "email") }})
				e.signsIn("before")
				before := e.IDP.Count(idp.Discovery)
				e.IDP.Move(at, "/v2/"+string(at), left)
				if at == idp.JWKS {
					e.must(e.IDP.Rotate()) // Else the kept keys serve.
				}
				log := strings.Join(e.signsIn("after the endpoint has moved"), "\n")
				if got := e.IDP.Count(idp.Discovery) - before; got != 1 {
					t.Errorf("the discovery document was fetched %d times, expected 1", got)
				}
				if !strings.Contains(log, "/v2/"+string(at)) {
					t.Errorf("the log does not say what moved:\n%s", log)
				}
				if n := e.IDP.Count(idp.Abandoned); n != 1 {
					t.Errorf("the old address was asked %d times", n)
				}
				e.signsIn("the day after")
				if e.IDP.Count(idp.Discovery)-before != 1 || e.IDP.Count(idp.Abandoned) != 1 {
					t.Error("what was learned is not kept")
				}
			})
		}
	}
}

// TestMovedTokenEndpointStays: an endpoint that just fails is asked once, and
// the code goes nowhere else.
func TestMovedTokenEndpointStays(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]idp.Answer{
		"404": {Status: 404}, "410": {Status: 410}, "a redirect": {Location: "/elsewhere"}, "401": {Status: 401}, "500": {Status: 500}, "reset": {Reset: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			e.signsIn("before")
			e.inject(answer(idp.Token, a))
			v := e.pending("alice")
			r := e.cgi(v.request(htmlClient))
			code, sent := v.query.Get("code"), 0
			for _, request := range e.IDP.Requests(idp.Token) {
				if request.Form.Get("code") == code {
					sent++
				}
			}
			if r.Status < 400 || sent != 1 {
				t.Errorf("the code was sent %d times; %s", sent, r.Raw)
			}
			discovered := e.IDP.Count(idp.Discovery)
			if want := map[bool]int{true: 2, false: 1}[name == "404" || name == "410" || name == "a redirect"]; discovered != want {
				t.Errorf("the discovery document was fetched %d times, expected %d", discovered, want)
			}
			if again := e.cgi(v.request(htmlClient)); again.Status < 400 {
				t.Errorf("the callback works twice: %s", again.Raw)
			}
		})
	}
}

// TestMovedToPlainHTTP: a new address that is not https gets nothing.
func TestMovedToPlainHTTP(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.signsIn("before")
	e.IDP.Move(idp.Token, "/v2/token", idp.Answer{})
	e.inject(idp.Fault{Metadata: func(d map[string]any) {
		d["token_endpoint"] = strings.Replace(d["token_endpoint"].(string), "https:", "http:", 1)
	}})
	r := login(e, htmlClient)
	if n := e.IDP.Count(idp.Abandoned); r.Status != 401 || n != 1 || e.IDP.Count(idp.Token) != 1 {
		t.Errorf("%d requests to the old address, %d to the new; %s", n, e.IDP.Count(idp.Token), r.Raw)
	}
}

// TestMovedTrust: documents that were fetched under another ca_file, or from
// another host, are fetched again.
func TestMovedTrust(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	fetched := func(what string, want int) {
		t.Helper()
		e.signsIn(what)
		if d, k := e.IDP.Count(idp.Discovery), e.IDP.Count(idp.JWKS); d != want || k != want {
			t.Errorf("%s: %d and %d documents fetched, expected %d", what, d, k, want)
		}
	}
	fetched("with the system's store", 1)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	e.must(os.WriteFile(ca, e.CA.PEM(), 0o600))
	e.set("ca_file", ca)
	fetched("with ca_file", 2)
	fetched("with the same ca_file", 2)
	other, err := certs.New("another authority")
	e.must(err)
	e.must(os.WriteFile(ca, append(e.CA.PEM(), other.PEM()...), 0o600))
	fetched("with another certificate in it", 3)
	e.set("internal_issuer_url", strings.Replace(e.IDP.URL, "127.0.0.1", "localhost", 1))
	fetched("by another host", 4)
	e.set("internal_issuer_url")
	fetched("back again", 4)
	// An authority that is not trusted any more vouches for nothing.
	e.must(os.WriteFile(ca, other.PEM(), 0o600))
	if r := start(e, htmlClient); r.Status != 500 {
		t.Errorf("documents of an authority that is not trusted any more serve: %s", r.Raw)
	}
}

// TestMovedDiscovery: documents are found through redirects within the host.
func TestMovedDiscovery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		location func(e *env) string
		status   int
		want     int
	}{
		"another path": {func(*env) string { return "/index.php/.well-known/openid-configuration" }, 301, 302},
		"a whole URL":  {func(e *env) string { return e.IDP.URL + "/index.php/.well-known/openid-configuration" }, 308, 302},
		"relative":     {func(*env) string { return "../index.php/.well-known/openid-configuration" }, 307, 302},
		"another host": {func(e *env) string { return strings.Replace(e.IDP.URL, "127.0.0.1", "localhost", 1) + "/x" }, 302, 500},
		"another port": {func(*env) string { return "https://127.0.0.1:1/x" }, 302, 500},
		"plain http": {func(e *env) string {
			return strings.Replace(e.IDP.URL, "https:", "http:", 1) + "/index.php/.well-known/openid-configuration"
		}, 302, 500},
		"with a user": {func(e *env) string {
			return strings.Replace(e.IDP.URL, "https://", "https://a:b@", 1) + "/index.php/.well-known/openid-configuration"
		}, 302, 500},
		"itself":         {func(*env) string { return "/.well-known/openid-configuration" }, 302, 500},
		"a choice":       {func(*env) string { return "/index.php/.well-known/openid-configuration" }, 300, 500},
		"no place":       {func(*env) string { return "" }, 302, 500},
		"a broken place": {func(*env) string { return "https://[::1/" }, 302, 500},
	} {
		for _, at := range []idp.Endpoint{idp.Discovery, idp.JWKS} {
			t.Run(string(at)+" "+name, func(t *testing.T) {
				t.Parallel()
				e := newEnv(t)
				location := c.location(e)
				if at == idp.JWKS {
					location = strings.NewReplacer("/index.php/.well-known/openid-configuration", "/index.php/jwks", "/.well-known/openid-configuration", "/jwks").Replace(location)
				}
				left := func(w http.ResponseWriter, _ *http.Request) {
					if location != "" {
						w.Header().Set("Location", location)
					}
					w.WriteHeader(c.status)
				}
				real := map[idp.Endpoint]string{idp.Discovery: "/index.php/.well-known/openid-configuration", idp.JWKS: "/index.php/jwks"}[at]
				e.IDP.Move(at, real, idp.Answer{Handler: left})
				if at == idp.JWKS {
					// The document goes on naming the old address.
					e.inject(idp.Fault{Metadata: func(d map[string]any) { d["jwks_uri"] = e.IDP.URL + "/jwks" }})
				}
				r := login2(e)
				if r.Status != c.want {
					t.Errorf("%s\n%s", r.Raw, strings.Join(e.Log(0), "\n"))
				}
				if n := e.IDP.Count(idp.Abandoned); n > 4 {
					t.Errorf("%d requests", n)
				}
			})
		}
	}
}

// TestCompressed: a provider that compresses its answers unasked is understood
// at every endpoint, within the limit of the expanded body.
func TestCompressed(t *testing.T) {
	t.Parallel()
	zip := func(body []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(body)
		_ = w.Close()
		return b.Bytes()
	}
	e := newEnv(t)
	e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { delete(t.Claims, "groups"); delete(t.Claims, "email") }})
	zipped := idp.Answer{Rewrite: zip, Header: http.Header{"Content-Encoding": {"gzip"}}}
	for _, at := range []idp.Endpoint{idp.Discovery, idp.JWKS, idp.Token, idp.UserInfo} {
		e.inject(answer(at, zipped))
	}
	e.signsIn("everything compressed")
	for _, at := range []idp.Endpoint{idp.Discovery, idp.JWKS, idp.Token, idp.UserInfo} {
		if e.IDP.Count(at) == 0 {
			t.Errorf("%s was not asked", at)
		}
	}
	// A few KB that expand to a hundred MB.
	e.forget()
	bomb := zip(make([]byte, 100<<20))
	e.inject(answer(idp.Discovery, idp.Answer{Rewrite: func([]byte) []byte { return bomb }, Header: http.Header{"Content-Encoding": {"gzip"}}}))
	mark := e.Mark()
	r := start(e, htmlClient)
	log := strings.Join(e.logOf(r, mark), "\n")
	// Pages it touched: its peak of memory would be that of this process, which
	// a child has until it becomes another program.
	if r.Status != 500 || !strings.Contains(log, "262144") || r.Usage.Minflt > 5000 {
		t.Errorf("a bomb: %d, %d page faults\n%s", r.Status, r.Usage.Minflt, log)
	}
}

// login2 is a login that may fail at its start.
func login2(e *env) *lab.Response {
	e.t.Helper()
	if r := start(e, htmlClient); r.Status != 302 {
		return r
	}
	return login(e, htmlClient)
}
