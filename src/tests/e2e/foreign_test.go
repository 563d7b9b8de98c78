// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// strangers: an error that belongs to no login of this browser ends none, and
// the log does not say that the provider said it.
func strangers(e *env) {
	const words = `signed in: role "admin" by email`
	query := func(v visit, state, iss string) url.Values {
		q := url.Values{"error": {words}, "error_description": {words}}
		if state == "own" {
			state = v.query.Get("state")
		}
		if state != "" {
			q.Set("state", state)
		}
		if iss != "" {
			q.Set("iss", iss)
		}
		return q
	}
	for name, c := range map[string]struct {
		cookie, state, iss string
		waiting            int
	}{
		"without cookie or state":     {"", "", "", 1},
		"without a cookie":            {"", "own", "", 1},
		"without a state":             {"own", "", "", 1},
		"with another state":          {"own", "another", "", 1},
		"with a cookie of no login":   {strings.Repeat("A", 43), "own", "", 1},
		"with a malformed cookie":     {"x", "own", "", 1},
		"with another provider's iss": {"own", "own", "https://evil.example.com", 1},
	} {
		e.t.Log(name)
		want := ends(e.t, facts("belongs to no login of this browser"), "IDP_ERROR").andWaiting()
		for _, client := range []http.Header{plainClient, htmlClient} {
			before, mark := e.snapshot(), e.Mark()
			v := e.pending("alice")
			cookie := c.cookie
			if cookie == "own" {
				cookie = v.cookie
			}
			r := e.cgi(visit{query(v, c.state, c.iss), cookie}.request(client))
			log := e.logOf(r, mark)
			e.check(want, r, client, log, before)
			if text := strings.Join(log, "\n") + r.Body; strings.Contains(text, "signed in") || strings.Contains(text, "evil.example") {
				e.t.Errorf("%s: a stranger's words are repeated: %s", name, text)
			}
			// The real answer is still awaited.
			if r := e.cgi(v.request(client)); r.Status != 302 {
				e.t.Errorf("%s: the login afterwards has status %d", name, r.Status)
			}
		}
	}
	events, err := os.ReadFile(e.Router.At("/var/run/luci-sso/events"))
	e.must(err)
	if !strings.Contains(string(events), "belongs to no login") || strings.Contains(string(events), "signed in: role") {
		e.t.Errorf("the page's events repeat a stranger's words, or lack the reason: %q", events)
	}
	// What the provider says is cited, and no quotation mark ends it.
	v := e.pending("alice")
	mark := e.Mark()
	e.cgi(visit{query(v, "own", e.IDP.URL), v.cookie}.request(plainClient))
	if log := strings.Join(e.Log(mark), "\n"); !strings.Contains(log, `role \"admin\" by email`) || strings.Contains(log, words) {
		e.t.Errorf("the provider's words are not cited with their quotation marks escaped: %s", log)
	}
}

// TestTrustForeignText: a provider that repeats what it was sent, or names a
// person, in any member of any answer, does not bring it into the log, the
// events or a row of the doctor.
func TestTrustForeignText(t *testing.T) {
	t.Parallel()
	const (
		address  = "somebody@example.net"
		encoded  = "somebody%40example.net"
		password = "pa:ss+w%r/d" // Too short to be taken for a token.
		jwt      = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ."
	)
	e := newEnv(t)
	e.set("rate_limit", "100000")
	e.set("client_secret", password)
	e.IDP.Client.Secret = password
	e.onlyRoles("config role 'group'\n\tlist group 'none'\n\tlist read '*'\n")
	// echo answers with everything the request had, as a sentence or in an
	// address.
	var mu sync.Mutex
	var sent []string
	remember := func(r *http.Request) []string {
		mu.Lock()
		defer mu.Unlock()
		_ = r.ParseForm()
		_, given, _ := r.BasicAuth()
		_, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		plain, _ := url.QueryUnescape(given)
		sent = []string{given, plain, credentials, url.QueryEscape(plain), url.PathEscape(plain), r.PostForm.Get("code"), r.PostForm.Get("code_verifier")}
		return append(sent, address, encoded, jwt)
	}
	echo := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			body, _ := json.Marshal(map[string]any{"error": "oops " + strings.Join(remember(r), " "), "error_description": strings.Join(remember(r), ", ")})
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write(body)
		}
	}
	redirect := func(make func(secrets string) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			secrets := remember(r)
			w.Header()["Location"] = []string{make(url.PathEscape(strings.Join(secrets, "~")))}
			w.WriteHeader(http.StatusFound)
		}
	}
	header := func(change func(h map[string]any)) idp.Fault {
		return idp.Fault{IDToken: func(t *idp.IDToken) { change(t.Header) }}
	}
	claims := func(change func(c map[string]any)) idp.Fault {
		return idp.Fault{IDToken: func(t *idp.IDToken) { change(t.Claims) }}
	}
	at := func(where idp.Endpoint, handler http.HandlerFunc) idp.Fault {
		return idp.Fault{
			At:      map[idp.Endpoint]idp.Answer{where: {Handler: handler}},
			IDToken: func(t *idp.IDToken) { delete(t.Claims, "groups") },
		}
	}
	for name, fault := range map[string]idp.Fault{
		"an error of the token endpoint":     at(idp.Token, echo(400)),
		"an error with status 200":           at(idp.Token, echo(200)),
		"an error of UserInfo":               at(idp.UserInfo, echo(401)),
		"a redirect with it in the query":    at(idp.Token, redirect(func(s string) string { return "https://other.example.com/x?y=" + s })),
		"a redirect with it in the path":     at(idp.Token, redirect(func(s string) string { return "https://other.example.com/" + s })),
		"a redirect with it in the fragment": at(idp.Token, redirect(func(s string) string { return "https://other.example.com/#" + s })),
		"a redirect with it as user":         at(idp.Token, redirect(func(s string) string { return "https://" + s + "@other.example.com/" })),
		"a redirect of UserInfo":             at(idp.UserInfo, redirect(func(s string) string { return "/login?token=" + s })),
		"a content type": at(idp.Token, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = []string{strings.Join(remember(r), " ")}
			_, _ = w.Write([]byte("x"))
		}),
		"kid":                                  header(func(h map[string]any) { h["kid"] = address + " " + password + " " + jwt }),
		"typ":                                  header(func(h map[string]any) { h["typ"] = address + password + "+jwt" }),
		"alg":                                  header(func(h map[string]any) { h["alg"] = address + password }),
		"iss":                                  claims(func(c map[string]any) { c["iss"] = "https://" + address + "/" + password }),
		"azp":                                  claims(func(c map[string]any) { c["azp"] = address + " " + password }),
		"aud":                                  claims(func(c map[string]any) { c["aud"] = address + password }),
		"a group":                              claims(func(c map[string]any) { c["groups"] = []any{password, "alice", "ALICE@example.com"} }),
		"an endpoint":                          {Metadata: func(d map[string]any) { d["token_endpoint"] = "http://" + address + "/?" + password }},
		"the issuer":                           {Metadata: func(d map[string]any) { d["issuer"] = "https://" + address + "/" + password }},
		"a member of the discovery document":   {Metadata: func(d map[string]any) { d["jwks_uri"] = []any{address + password} }},
		"a redirect of the discovery document": at(idp.Discovery, redirect(func(string) string { return "https://other.example.com/" + encoded + "?" + jwt })),
		"an error that the browser brings back": {Callback: func(q url.Values) {
			q.Set("error", address)
			q.Set("error_description", "state "+q.Get("state")+" "+q.Get("code")+" "+password)
			q.Del("code")
		}},
	} {
		remove := e.IDP.Inject(fault)
		e.must(e.ForgetProvider())
		mark := e.Mark()
		started := start(e, plainClient)
		secrets := []string{password, url.QueryEscape(password), url.PathEscape(password), address, encoded, jwt, "alice@example.com", "ALICE@example.com"}
		if started.Status == 302 {
			callback, err := e.Browser().SignIn(started.Header.Get("Location"), "alice")
			e.must(err)
			target, err := url.Parse(callback)
			e.must(err)
			mu.Lock()
			sent = nil
			mu.Unlock()
			v := visit{target.Query(), started.Cookie(lab.HandshakeCookie).Value}
			if r := e.cgi(v.request(plainClient)); r.Status == 302 {
				t.Errorf("%s: the login succeeds", name)
			}
			mu.Lock()
			secrets = append(append(secrets, sent...), v.query.Get("code"), v.query.Get("state"), v.cookie)
			mu.Unlock()
		}
		log := strings.Join(e.Log(mark), "\n")
		if !strings.Contains(log, "[") {
			t.Errorf("%s: nothing was logged", name)
		}
		for _, text := range secrets {
			if len(text) > 3 && strings.Contains(log, text) {
				t.Errorf("%s: the log has %q:\n%s", name, text, log)
			}
		}
		if name == "a group" && (strings.Contains(log, `"alice"`) || !strings.Contains(log, `groups "`)) {
			t.Errorf("%s: a group named like the person is shown, or no groups: %s", name, log)
		}
		doctor, _ := exec.Command(e.Router.CGI(), "doctor").CombinedOutput()
		for _, text := range secrets {
			if len(text) > 3 && strings.Contains(string(doctor), text) {
				t.Errorf("%s: doctor has %q:\n%s", name, text, doctor)
			}
		}
		remove()
	}
	events, err := os.ReadFile(e.Router.At("/var/run/luci-sso/events"))
	e.must(err)
	if slices.ContainsFunc([]string{address, encoded, jwt}, func(text string) bool { return strings.Contains(string(events), text) }) {
		t.Errorf("the events have it: %s", events)
	}
}
