// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// TestClientEncoded: a secret that form-encoding changes goes in the body
// where the provider offers that, because some do not undo the encoding of
// Basic; where it does not, the advice names the option.
func TestClientEncoded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret, option string
		offered        []string
		way            string
		works          bool
	}{
		"plain":                {"plain-secret_1.2~3", "", []string{"client_secret_basic", "client_secret_post"}, "basic", true},
		"encoded":              {"a+b/c%d=", "", []string{"client_secret_basic", "client_secret_post"}, "post", true},
		"a blank":              {"a b", "", []string{"client_secret_post", "client_secret_basic"}, "post", true},
		"post is not offered":  {"a+b/c%d=", "", []string{"client_secret_basic"}, "basic", false},
		"nothing is offered":   {"a+b/c%d=", "", nil, "basic", false},
		"the option says so":   {"a+b/c%d=", "client_secret_basic", []string{"client_secret_basic", "client_secret_post"}, "basic", false},
		"the option says post": {"a+b/c%d=", "client_secret_post", nil, "post", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			e.IDP.Client.Secret = c.secret
			e.set("client_secret", c.secret)
			if c.option != "" {
				e.set("token_auth_method", c.option)
			}
			e.inject(idp.Fault{Metadata: func(d map[string]any) {
				delete(d, "token_endpoint_auth_methods_supported")
				if c.offered != nil {
					d["token_endpoint_auth_methods_supported"] = c.offered
				}
			}})
			// A provider that takes Basic's halves as they come.
			if !c.works {
				e.inject(answer(idp.Token, idp.Answer{Handler: func(w http.ResponseWriter, r *http.Request) {
					raw, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "))
					if strings.HasSuffix(string(raw), ":"+c.secret) {
						t.Error("the secret came as it is, so nothing is tried")
					}
					w.WriteHeader(http.StatusUnauthorized)
					_, _ = w.Write([]byte(`{"error":"invalid_client"}`))
				}}))
			}
			mark := e.Mark()
			r := login(e, htmlClient)
			log := strings.Join(e.logOf(r, mark), "\n")
			if works := r.Status == 302; works != c.works {
				t.Errorf("%s\n%s", r.Raw, log)
			}
			requests := e.IDP.Requests(idp.Token)
			if got := requests[len(requests)-1].Authorization; got != c.way {
				t.Errorf("the client came by %s, expected %s", got, c.way)
			}
			if !c.works && (!strings.Contains(log, "option token_auth_method") || !strings.Contains(log, "client_secret_post") || strings.Contains(log, c.secret)) {
				t.Errorf("the advice does not name the option:\n%s", log)
			}
		})
	}
}

// TestClientMethodAdvice: a refused client is told of the other way, too.
func TestClientMethodAdvice(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.inject(idp.Fault{TokenError: &idp.OAuthError{Status: 401, Code: "invalid_client",
		Description: "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."}})
	e.refused(ends(t, facts("copy option client_id and option client_secret", "option token_auth_method"), "TOKEN_EXCHANGE_FAILED"))
}

// TestSplitHorizonEndpoints: a provider that builds its endpoints from the
// host that it is asked at does not send the browser to the inner one.
func TestSplitHorizonEndpoints(t *testing.T) {
	t.Parallel()
	const public = "https://id.example.com"
	for name, inner := range map[string]func(at string) string{
		"inner": func(at string) string { return at },
		"upper case and port of its own": func(at string) string {
			return strings.Replace(at, "https://127.0.0.1", "HTTPS://127.0.0.1", 1)
		},
		"public already": func(at string) string { return public + at[strings.Index(at[8:], "/")+8:] },
		"another host":   func(at string) string { return "https://login.example.com" + at[strings.Index(at[8:], "/")+8:] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, func(o *lab.Options) { o.Issuer = public })
			e.set("internal_issuer_url", e.IDP.URL)
			e.inject(idp.Fault{
				Metadata: func(d map[string]any) {
					d["issuer"] = public
					for _, endpoint := range []string{"authorization_endpoint", "end_session_endpoint"} {
						d[endpoint] = inner(d[endpoint].(string))
					}
				},
				IDToken:  func(t *idp.IDToken) { t.Claims["iss"] = public },
				Callback: func(q url.Values) { q.Set("iss", public) },
			})
			want := public
			if name == "another host" {
				want = "https://login.example.com"
			}
			started := start(e, htmlClient)
			location := started.Header.Get("Location")
			if !strings.HasPrefix(location, want+"/authorize?") {
				t.Fatalf("the browser is sent to %s", location)
			}
			callback, err := e.Browser().SignIn(strings.Replace(location, want, e.IDP.URL, 1), "alice")
			e.must(err)
			target, err := url.Parse(callback)
			e.must(err)
			r := e.cgi(visit{target.Query(), started.Cookie(lab.HandshakeCookie).Value}.request(htmlClient))
			id := ""
			for _, cookie := range (&http.Response{Header: r.Header}).Cookies() {
				if cookie.Name == "sysauth_https" && cookie.Value != "" {
					id = cookie.Value
				}
			}
			session, _, err := e.Session(id)
			e.must(err)
			out := e.cgi(lab.Request{Path: "/logout", Query: "stoken=" + session.Token, Cookie: "sysauth_https=" + id, Header: htmlClient})
			if got := out.Header.Get("Location"); !strings.HasPrefix(got, want+"/logout?") {
				t.Errorf("logging out leads to %s\n%s", got, r.Raw)
			}
		})
	}
}

// TestPublicClient: a client that is public by name sends no secret, and one
// that is not named so never becomes public, whatever the provider offers.
func TestPublicClient(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.IDP.SetClient(func(c *idp.Client) { c.AuthMethods = []string{"none"} })
	e.refused(ends(t, facts("The client has to use none"), "TOKEN_EXCHANGE_FAILED"))
	e.set("token_auth_method", "none")
	if r := login(e, htmlClient); r.Status != 302 {
		t.Fatalf("with a secret that is not asked for: %s", r.Raw)
	}
	e.set("client_secret")
	if r := login(e, htmlClient); r.Status != 302 {
		t.Fatalf("without a secret: %s", r.Raw)
	}
	requests := e.IDP.Requests(idp.Token)
	for _, r := range requests[len(requests)-2:] {
		if r.Authorization != "" || r.Form.Get("client_id") != e.IDP.Client.ID || r.Form.Has("client_secret") || r.Form.Get("code_verifier") == "" {
			t.Errorf("a public client sent %v, %v", r.Authorization, r.Form)
		}
	}
	e.IDP.SetClient(func(c *idp.Client) { c.AuthMethods = []string{"client_secret_basic"} })
	e.refused(ends(t, facts("option token_auth_method"), "TOKEN_EXCHANGE_FAILED"))
	e.set("token_auth_method", "auto")
	e.provoke(ends(t, facts("option client_secret"), "CONFIG_ERROR"), start)
}
