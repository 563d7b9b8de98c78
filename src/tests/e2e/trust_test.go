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
)

// TestTrustUnknownGroups: a role that limits somebody by group must not give
// way to a later one because the provider did not say which groups they have.
func TestTrustUnknownGroups(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.onlyRoles(`
config role 'limited'
	list group 'contractors'
	list read 'luci-base'

config role 'admin'
	list email 'bob@example.com'
	list read '*'
	list write '*'
`)
	for name, c := range map[string]struct {
		answer idp.Answer
		status int
	}{
		"known":         {idp.Answer{}, 302},
		"failing":       {idp.Answer{Status: 500}, 403},
		"over its size": {idp.Answer{PadTo: 300 << 10}, 403},
	} {
		e.inject(idp.Fault{
			At: map[idp.Endpoint]idp.Answer{idp.UserInfo: c.answer},
			IDToken: func(t *idp.IDToken) {
				t.Claims["email"], t.Claims["email_verified"] = "bob@example.com", true
				delete(t.Claims, "groups")
			},
			Claims: func(claims map[string]any) { claims["groups"] = []any{"contractors"} },
		})
		mark := e.Mark()
		r := e.cgi(e.pending("bob").request(plainClient))
		log := strings.Join(e.Log(mark), " | ")
		if r.Status != c.status || strings.Contains(log, `role "admin"`) {
			t.Errorf("UserInfo %s: status %d, expected %d and never the role of all rights: %s", name, r.Status, c.status, log)
		}
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
