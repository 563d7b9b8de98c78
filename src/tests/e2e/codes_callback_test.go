// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/handshake"
	"luci-sso/internal/paths"
	"luci-sso/internal/secret"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Codes of the browser's return, up to the exchange of the code.

var callbackCases = []codeCase{
	{"IDP_ERROR", func(e *env) {
		e.named("access-denied")
		e.refused(ends(e.t, facts("the provider refused the sign-in", `"access_denied"`, "You are not in a group", "for the provider's admin"), "IDP_ERROR"))
		e.named()
		strangers(e)
	}},
	{"MISSING_CODE", func(e *env) {
		for _, change := range []func(q url.Values){
			func(q url.Values) { q.Del("code") },
			func(q url.Values) { q.Set("code", "") },
			func(q url.Values) { q.Add("code", "another") },
		} {
			e.provoke(ends(e.t, facts("no code"), "MISSING_CODE").andWaiting(), changed(change))
		}
	}},
	{"MISSING_HANDSHAKE_COOKIE", func(e *env) {
		e.provoke(ends(e.t, facts("no state cookie", "5 minutes"), "MISSING_HANDSHAKE_COOKIE").andWaiting(), func(e *env, client http.Header) *lab.Response {
			v := e.pending("alice")
			v.cookie = ""
			return e.cgi(v.request(client))
		})
	}},
	{"STATE_PARAMETER_MISMATCH", func(e *env) {
		for _, change := range []func(q url.Values){
			func(q url.Values) { q.Set("state", "another") },
			func(q url.Values) { q.Del("state") },
			func(q url.Values) { q.Set("state", q.Get("state")+"x") },
			func(q url.Values) { q.Add("state", q.Get("state")) },
		} {
			e.provoke(ends(e.t, facts("state is not that of this browser's login"), "STATE_PARAMETER_MISMATCH").andWaiting(), changed(change))
		}
		// A forged callback has not cancelled the login in progress.
		v := e.pending("alice")
		forged := visit{url.Values{"code": {"x"}, "state": {"forged"}, "iss": {e.IDP.URL}}, v.cookie}
		e.cgi(forged.request(htmlClient))
		if r := e.cgi(v.request(htmlClient)); r.Status != 302 {
			e.t.Errorf("after a forged callback the real one has status %d", r.Status)
		}
	}},
	{"STATE_NOT_FOUND", func(e *env) {
		// A cookie of the right form that no file belongs to.
		e.provoke(ends(e.t, facts("no pending login"), "STATE_NOT_FOUND").andSpent(), func(e *env, client http.Header) *lab.Response {
			return e.cgi(visit{url.Values{"code": {"c"}, "state": {"s"}}, strings.Repeat("A", 43)}.request(client))
		})
		// The same callback twice.
		v := e.pending("alice")
		if r := e.cgi(v.request(htmlClient)); r.Status != 302 {
			e.t.Fatalf("the first callback: %s", r.Raw)
		}
		e.provoke(ends(e.t, facts("no pending login"), "STATE_NOT_FOUND").andSpent(), func(e *env, client http.Header) *lab.Response {
			return e.cgi(v.request(client))
		})
	}},
	{"STATE_CORRUPTED", func(e *env) {
		for name, damage := range map[string]func(file string){
			"cut short": func(file string) { e.must(os.Truncate(file, 10)) },
			"damaged":   func(file string) { flipByte(e, file) },
			"empty":     func(file string) { e.must(os.Truncate(file, 0)) },
			"huge":      func(file string) { e.must(os.Truncate(file, 1<<20)) },
		} {
			e.provoke(ends(e.t, nil, "STATE_CORRUPTED").andSpent().andWaiting(), func(e *env, client http.Header) *lab.Response {
				v := e.pending("alice")
				damage(newest(e, "/var/run/luci-sso/handshakes"))
				r := e.cgi(v.request(client))
				if r.Status != 401 {
					e.t.Logf("with a file that is %s", name)
				}
				return r
			})
		}
	}},
	{"STATE_SAVE_FAILED", func(e *env) {
		start(e, plainClient)
		how := e.fill("/var/run/luci-sso/handshakes")
		e.t.Log("no pending login can be stored:", how)
		e.provoke(ends(e.t, facts("the pending login cannot be kept"), "STATE_SAVE_FAILED"), start)
	}},
	{"MALFORMED_STATE_COOKIE", func(e *env) {
		for _, cookie := range []string{"x", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("A", 42) + "+", strings.Repeat("A", 42) + "%", "../../../../etc/passwd", strings.Repeat("A", 10000)} {
			e.provoke(ends(e.t, facts("43 characters of base64url"), "MALFORMED_STATE_COOKIE").andSpent(), func(e *env, client http.Header) *lab.Response {
				return e.cgi(visit{url.Values{"code": {"c"}, "state": {"s"}}, cookie}.request(client))
			})
		}
	}},
	{"HANDSHAKE_EXPIRED", func(e *env) {
		e.provoke(ends(e.t, facts("300", "option clock_tolerance", "60"), "HANDSHAKE_EXPIRED").andSpent().andWaiting(),
			e.sealed(func(p *handshake.Pending) { p.Issued = time.Now().Add(-362 * time.Second) }))
		// Within the tolerance it is still good.
		if r := e.sealed(func(p *handshake.Pending) { p.Issued = time.Now().Add(-355 * time.Second) })(e, htmlClient); r.Status != 302 {
			e.t.Errorf("a login of 355 s: %s", r.Raw)
		}
	}},
	{"HANDSHAKE_NOT_YET_VALID", func(e *env) {
		e.provoke(ends(e.t, facts("clock", "option clock_tolerance"), "HANDSHAKE_NOT_YET_VALID").andWaiting(),
			e.sealed(func(p *handshake.Pending) { p.Issued = time.Now().Add(65 * time.Second) }))
		if r := e.sealed(func(p *handshake.Pending) { p.Issued = time.Now().Add(50 * time.Second) })(e, htmlClient); r.Status != 302 {
			e.t.Errorf("a login from 50 s in the future, within the tolerance: %s", r.Raw)
		}
	}},
	{"HANDSHAKE_CAPACITY_EXCEEDED", func(e *env) {
		e.set("rate_limit", "1000")
		for range handshake.DefaultCapacity {
			if r := start(e, plainClient); r.Status != 302 {
				e.t.Fatalf("before the store is full: %s", r.Raw)
			}
		}
		e.provoke(ends(e.t, facts("100 logins are in progress"), "HANDSHAKE_CAPACITY_EXCEEDED"), start)
		// Expired ones make room.
		files, _ := filepath.Glob(e.Router.At("/var/run/luci-sso/handshakes/*"))
		old := time.Now().Add(-time.Hour)
		e.must(os.Chtimes(files[0], old, old))
		if r := start(e, plainClient); r.Status != 302 {
			e.t.Errorf("with one expired: %s", r.Raw)
		}
	}},
}

var tokenCases = []codeCase{
	{"INSECURE_TOKEN_ENDPOINT", func(e *env) {
		e.provoke(ends(e.t, facts("token endpoint", "http://id.example.com", "https://"), "INSECURE_TOKEN_ENDPOINT").andSpent(), func(e *env, client http.Header) *lab.Response {
			v := e.pending("alice")
			e.keptDocument(func(d map[string]any) { d["token_endpoint"] = "http://id.example.com/token" })
			defer e.forget()
			return e.cgi(v.request(client))
		})
	}},
	{"INVALID_PKCE_VERIFIER", func(e *env) {
		for _, length := range []int{1, 42, 129} {
			e.provoke(ends(e.t, facts("PKCE verifier has "+itoa(length)), "INVALID_PKCE_VERIFIER").andSpent(),
				e.sealed(func(p *handshake.Pending) { p.Verifier = secret.New(strings.Repeat("v", length)) }))
		}
	}},
	{"TOKEN_ENDPOINT_NETWORK_ERROR", func(e *env) {
		for fact, a := range map[string]idp.Answer{
			"reset the connection": {Reset: true},
			"/token":               {CutAfter: 40},
			"262144":               {PadTo: 300 << 10},
			"compressed":           {Header: http.Header{"Content-Encoding": {"gzip"}}},
		} {
			remove := e.IDP.Inject(answer(idp.Token, a))
			e.refused(ends(e.t, facts("token endpoint", fact), "TOKEN_ENDPOINT_NETWORK_ERROR"))
			remove()
		}
	}},
	{"OIDC_INVALID_GRANT", func(e *env) {
		e.named("invalid-grant")
		e.refused(ends(e.t, facts("HTTP status 400", `"invalid_grant"`, "The code has expired"), "OIDC_INVALID_GRANT"))
	}},
	{"TOKEN_EXCHANGE_FAILED", func(e *env) {
		for name, fact := range map[string]string{
			"token-500":       "HTTP status 500",
			"token-redirect":  "not followed",
			"invalid-client":  `"invalid_client"`,
			"pocketid-secret": `"Invalid client secret"`,
		} {
			e.named(name)
			e.refused(ends(e.t, facts("the token endpoint answered", fact), "TOKEN_EXCHANGE_FAILED"))
		}
	}},
	{"TOKEN_RESPONSE_INVALID_JSON", func(e *env) {
		for _, body := range []string{"<html>ok</html>", "", "[]", `{"id_token":`, `{"id_token":1}`, "null null", "{}\n{}"} {
			remove := e.IDP.Inject(answer(idp.Token, idp.Answer{Body: []byte(body)}))
			e.refused(ends(e.t, facts("token response"), "TOKEN_RESPONSE_INVALID_JSON"))
			remove()
		}
	}},
}

// changed is a login whose callback's parameters are changed on the way.
func changed(change func(url.Values)) func(*env, http.Header) *lab.Response {
	return func(e *env, client http.Header) *lab.Response {
		e.t.Helper()
		v := e.pending("alice")
		change(v.query)
		return e.cgi(v.request(client))
	}
}

// sealed is a login whose stored state is replaced by one that was sealed
// with the router's own key, as time passing or a defect would have left it.
func (e *env) sealed(change func(*handshake.Pending)) func(*env, http.Header) *lab.Response {
	return func(e *env, client http.Header) *lab.Response {
		e.t.Helper()
		v := e.pending("alice")
		at := func(path string) string { return e.Router.At(strings.TrimPrefix(path, paths.Root())) }
		pendings := handshake.Open(handshake.Options{Dir: at(paths.Handshakes()), KeyFile: at(paths.SecretKey())})
		p, err := pendings.Load(secret.New(v.cookie))
		e.must(err)
		e.must(pendings.Consume(secret.New(v.cookie)))
		change(&p)
		handle, err := pendings.Save(p)
		e.must(err)
		v.cookie = handle.Reveal()
		return e.cgi(v.request(client))
	}
}

// newest is the file that was changed last in a directory of the router.
func newest(e *env, dir string) string {
	e.t.Helper()
	entries, err := os.ReadDir(e.Router.At(dir))
	e.must(err)
	var name string
	var latest time.Time
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && !info.ModTime().Before(latest) {
			name, latest = entry.Name(), info.ModTime()
		}
	}
	return filepath.Join(e.Router.At(dir), name)
}

func flipByte(e *env, file string) {
	e.t.Helper()
	data, err := os.ReadFile(file)
	e.must(err)
	data[len(data)/2] ^= 1
	e.must(os.WriteFile(file, data, 0o600))
}
