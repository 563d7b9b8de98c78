// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/idp"
	"luci-sso/tests/vague"
)

// TestTrustUnknownIsNotNo: a role that restricts somebody must not give way to
// a later, stronger one because the provider left open what the first one
// asks for. The stronger role is one that the person has beyond doubt.
func TestTrustUnknownIsNotNo(t *testing.T) {
	t.Parallel()
	for _, stronger := range []string{"sub", "other claim"} {
		for _, claim := range []string{"groups", "email"} {
			t.Run(claim+" and "+stronger, func(t *testing.T) {
				t.Parallel()
				e := newEnv(t)
				e.set("rate_limit", "100000")
				entries := map[string]string{"groups": "list group '" + vague.Group + "'", "email": "list email '" + vague.Address + "'"}
				restricting := entries[claim]
				delete(entries, claim)
				second := "list sub 'bob'"
				if stronger != "sub" {
					for _, second = range entries {
					}
				}
				roles := "config role 'restricting'\n\t" + restricting + "\n\tlist read 'luci-base'\n\n" +
					"config role 'stronger'\n\t" + second + "\n\tlist read '*'\n\tlist write '*'\n"
				for _, way := range vague.Ways() {
					if way.Claim == claim {
						e.leavesOpen(way, roles)
					}
				}
			})
		}
	}
}

// leavesOpen signs Bob in at a provider that leaves a claim open.
func (e *env) leavesOpen(way vague.Way, roles string) {
	e.t.Helper()
	required, asked := "0", "openid profile email groups"
	if way.Required {
		required = "1"
	}
	if way.NotAsked {
		asked = strings.ReplaceAll(asked, " "+way.Claim, "")
	}
	e.set("require_email_verified", required)
	e.set("scope", asked)
	e.onlyRoles(roles)
	change := func(claims map[string]any, way func(map[string]any), name string) {
		for _, claim := range []string{"groups", "email", "email_verified"} {
			delete(claims, claim)
		}
		if name == "groups" {
			claims["email"], claims["email_verified"] = vague.Address, true
		} else {
			claims["groups"] = []any{vague.Group}
		}
		if way != nil {
			way(claims)
		}
	}
	fault := idp.Fault{
		IDToken: func(t *idp.IDToken) { change(t.Claims, way.IDToken, way.Claim) },
		Claims:  func(claims map[string]any) { change(claims, way.UserInfo, way.Claim) },
		TokenResponse: func(response map[string]any) {
			if way.Scope != nil {
				response["scope"] = way.Scope
			}
		},
		Metadata: func(d map[string]any) {
			if way.NoUserInfo {
				delete(d, "userinfo_endpoint")
			}
			if way.VagueUserInfo {
				d["userinfo_endpoint"] = []any{d["userinfo_endpoint"]}
			}
			if way.VagueClaims {
				d["claims_supported"] = "sub email email_verified"
			}
			if way.Unannounced {
				d["claims_supported"] = []any{"sub", "email", "groups", "at_hash"}
			}
		},
	}
	if way.Down {
		fault.At = map[idp.Endpoint]idp.Answer{idp.UserInfo: {Status: 500}}
	}
	remove := e.IDP.Inject(fault)
	defer remove()
	e.must(e.ForgetProvider())
	mark := e.Mark()
	r := e.cgi(e.pending("bob").request(plainClient))
	log := e.logOf(r, mark)
	text := strings.Join(log, " | ")
	if way.No {
		if r.Status != 302 || !strings.Contains(text, `signed in: role "stronger"`) {
			e.t.Errorf("%s: status %d, expected 302: it is an ordinary no: %s", way.Name, r.Status, text)
		}
		return
	}
	if r.Status != 403 || strings.Contains(text, "signed in") || strings.Contains(text, "@") {
		e.t.Errorf("%s: status %d, expected 403, and no address: %s", way.Name, r.Status, text)
	}
	details := 0
	for _, line := range log {
		if !strings.HasPrefix(line, "[") {
			details++
		}
	}
	if !strings.Contains(text, `role "restricting"`) || !strings.Contains(text, `claim "`+way.Claim+`"`) || !strings.Contains(text, `would fit: "stronger"`) || details != 1 {
		e.t.Errorf("%s: not one line that names role and claim: %s", way.Name, text)
	}
}

// TestTrustOwnSubject: whoever no role fits reads their own sub, to send it
// to the administrator; on the page only, and nothing else of it.
func TestTrustOwnSubject(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	const subject = "<b>\"dave\"&'\u202e\n"
	const shown = "<code>&lt;b&gt;&#34;dave&#34;&amp;&#39;??</code>"
	for _, refused := range []bool{true, false} {
		remove := e.IDP.Inject(idp.Fault{
			IDToken: func(t *idp.IDToken) {
				t.Claims["sub"] = subject
				if !refused {
					t.Claims["aud"] = "another"
				}
			},
			Claims: func(claims map[string]any) { claims["sub"] = subject },
		})
		for _, client := range []http.Header{htmlClient, plainClient} {
			mark := e.Mark()
			r := e.cgi(e.pending("dave").request(client))
			html := client.Get("Accept") == htmlClient.Get("Accept")
			if got := strings.Contains(r.Body, shown); got != (refused && html) {
				t.Errorf("refused for want of a role: %v, as a page: %v; the sub is shown: %v\n%s", refused, html, got, r.Body)
			}
			if strings.Contains(r.Body, subject[:4]) || strings.Contains(strings.Join(e.Log(mark), "\n"), "dave") {
				t.Errorf("the sub is in the page unescaped, or in the log: %s", r.Body)
			}
			if !html && strings.Count(r.Body, "\n") != 1 {
				t.Errorf("the plain answer has more than its sentence: %q", r.Body)
			}
		}
		remove()
	}
}

// TestTrustIssuerTwice: a parameter sent twice is not one that was not sent.
func TestTrustIssuerTwice(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.inject(idp.Fault{Metadata: func(d map[string]any) { delete(d, "authorization_response_iss_parameter_supported") }})
	e.must(e.ForgetProvider())
	v := e.pending("alice")
	v.query["iss"] = []string{"https://evil.example", "https://evil.example"}
	if r := e.cgi(v.request(plainClient)); r.Status != 403 {
		t.Errorf("a foreign iss sent twice ends with status %d, expected 403", r.Status)
	}
}

// TestTrustEcho: a provider that repeats what it was sent does not bring it
// into the log.
func TestTrustEcho(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.Token: {Handler: func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		_, password, _ := r.BasicAuth()
		password, _ = url.QueryUnescape(password)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"secret %s of code %s is wrong"}`, password, r.PostForm.Get("code"))
	}}}})
	mark := e.Mark()
	v := e.pending("alice")
	e.cgi(v.request(plainClient))
	log := strings.Join(e.Log(mark), "\n")
	if !strings.Contains(log, "invalid_client") || strings.Contains(log, e.IDP.Client.Secret) || strings.Contains(log, v.query.Get("code")) {
		t.Errorf("the log has the secret or the code, or not the error: %s", log)
	}

	// Not every provider's code looks like a secret.
	const code = "spring-meadow-7"
	mixed := e.pending("alice")
	mixed.query.Set("code", code)
	mixed.query.Set("iss", "https://other.example/"+code)
	mark = e.Mark()
	e.cgi(mixed.request(plainClient))
	log = strings.Join(e.Log(mark), "\n")
	if !strings.Contains(log, "https://other.example/") || strings.Contains(log, code) {
		t.Errorf("the log has the code, or not the foreign iss: %s", log)
	}
}

// TestTrustRefusal: an error in the address ends a login, and is repeated in
// the log, only when the address is the browser's own; else the log says why
// it is not. RFC 9207 has iss in it only where the provider announces it.
func TestTrustRefusal(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.inject(idp.Fault{Metadata: func(d map[string]any) { delete(d, "authorization_response_iss_parameter_supported") }})
	e.must(e.ForgetProvider())
	for name, c := range map[string]struct {
		change func(v *visit)
		own    bool
		log    string
	}{
		"without iss":   {func(v *visit) { v.query.Del("iss") }, true, "access_denied"},
		"foreign iss":   {func(v *visit) { v.query.Set("iss", "https://other.example") }, false, "iss is not option issuer_url"},
		"no cookie":     {func(v *visit) { v.cookie = "" }, false, "no state cookie"},
		"another state": {func(v *visit) { v.query.Set("state", strings.Repeat("A", 43)) }, false, "not that of this browser's login"},
	} {
		v := e.pending("alice")
		again := v.request(plainClient)
		v.query.Del("code")
		v.query.Set("error", "access_denied")
		c.change(&v)
		mark := e.Mark()
		e.cgi(v.request(plainClient))
		log := strings.Join(e.Log(mark), "\n")
		if !strings.Contains(log, c.log) || strings.Contains(log, "access_denied") != c.own {
			t.Errorf("%s: the log should name %q: %s", name, c.log, log)
		}
		if r := e.cgi(again); (r.Status == 302) == c.own {
			t.Errorf("%s: the login itself ends with status %d afterwards", name, r.Status)
		}
	}
}

// TestTrustCrowdedCookies: cookies that another site of the same name has set
// do not hide the session that is to end.
func TestTrustCrowdedCookies(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	id := ""
	for _, cookie := range (&http.Response{Header: login(e, plainClient).Header}).Cookies() {
		if cookie.Name == "sysauth_https" && cookie.Value != "" {
			id = cookie.Value
		}
	}
	session, _, err := e.Session(id)
	e.must(err)
	var cookies []string
	for i := range 8 {
		cookies = append(cookies, fmt.Sprintf("sysauth_https=%032x", i+1))
	}
	cookies = append(cookies, "sysauth_https="+id)
	e.cgi(lab.Request{Path: "/logout", Query: "stoken=" + session.Token, Cookie: strings.Join(cookies, "; "), Header: plainClient})
	if _, alive, _ := e.Session(id); alive {
		t.Error("the session outlives a logout that looks done")
	}
}

// onlyRoles puts these roles in the place of the lab's.
func (e *env) onlyRoles(text string) {
	raw, err := os.ReadFile(e.Router.At("/etc/config/luci-sso"))
	e.must(err)
	head, _, _ := strings.Cut(string(raw), "config role")
	e.must(e.WriteConfig(head + text))
}

// TestTrustNobodysSession: the session that rpcd gives to whoever has none is
// nobody's, and so none to log out of.
func TestTrustNobodysSession(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	r := e.cgi(lab.Request{Path: "/logout", Cookie: "sysauth_https=" + strings.Repeat("0", 32), Header: plainClient})
	if location := r.Header.Get("Location"); r.Status != 302 || location != "/" {
		t.Errorf("status %d to %q, expected 302 to /, as for no session", r.Status, location)
	}
}
