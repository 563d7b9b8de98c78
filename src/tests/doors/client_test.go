// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"luci-sso/internal/doctor"
	"luci-sso/internal/methods"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// said is what a token endpoint answers.
type said struct {
	status             int
	value, description string
}

// asks is what it was asked.
type asks struct {
	basic, post bool // By which method credentials came.
	right       bool // They are the client's; what is decoded is up to raw.
	raw         bool // Basic's two halves as they came are the client's.
	redirectURI string
}

// tokenEndpoint answers requests with codes that nobody has given out in the
// way of a provider.
func tokenEndpoint(l *lab.Lab, answer func(asks) said) idp.Fault {
	return idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.Token: {Handler: func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		client := l.IDP.Client
		a := asks{redirectURI: r.PostForm.Get("redirect_uri")}
		if user, password, ok := r.BasicAuth(); ok {
			a.basic = true
			id, _ := url.QueryUnescape(user)
			secret, _ := url.QueryUnescape(password)
			a.right = id == client.ID && secret == client.Secret
			a.raw = user == client.ID && password == client.Secret
		} else if r.PostForm.Has("client_secret") {
			a.post = true
			a.right = r.PostForm.Get("client_id") == client.ID && r.PostForm.Get("client_secret") == client.Secret
			a.raw = a.right
		}
		s := answer(a)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(s.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": s.value, "error_description": s.description})
	}}}}
}

var (
	invalidClient = said{401, "invalid_client", "Client authentication failed."}
	invalidGrant  = said{400, "invalid_grant", "The code is not valid."}
)

// TestConnectionCredentials: what the test says of right and of wrong
// credentials, at providers that answer as these were seen to. It never calls
// accepted what it cannot know.
func TestConnectionCredentials(t *testing.T) {
	t.Parallel()
	var counter atomic.Int64
	const unknown = doctor.Warn
	for name, c := range map[string]struct {
		answer       func(asks) said
		right, wrong string
	}{
		"as the standard says": {func(a asks) said {
			if !a.right {
				return invalidClient
			}
			return invalidGrant
		}, doctor.Pass, doctor.Fail},
		"Gitea": {func(a asks) said {
			if !a.right {
				return said{400, "unauthorized_client", "invalid client secret"}
			}
			return said{400, "unauthorized_client", "client is not authorized"}
		}, doctor.Pass, doctor.Fail},
		"Casdoor, zitadel/oidc, better-auth": {func(asks) said { return invalidGrant }, unknown, unknown},
		"Glewlwyd": {func(a asks) said {
			if !a.raw {
				return said{403, "unauthorized_client", ""}
			}
			return said{403, "invalid_code", ""}
		}, doctor.Pass, unknown},
		"Pocket ID": {func(a asks) said {
			if !a.right {
				return said{400, "Invalid client secret", ""}
			}
			return said{400, "Invalid authorization code", ""}
		}, doctor.Pass, doctor.Fail},
		"mockoidc": {func(a asks) said {
			switch {
			case !a.post:
				return said{400, "invalid_request", "The request is missing the required parameter: client_id"}
			case !a.right:
				return said{401, "invalid_client", "Invalid client secret"}
			}
			return said{401, "invalid_grant", "Invalid code"}
		}, doctor.Fail, unknown},
		"Doorkeeper": {func(a asks) said {
			switch {
			case !a.right:
				return said{401, "invalid_client", "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."}
			case a.redirectURI == "":
				return said{400, "invalid_request", "Missing required parameter: redirect_uri."}
			}
			return said{400, "invalid_grant", "The provided authorization grant is invalid."}
		}, doctor.Pass, doctor.Fail},
		"code first, redirect_uri before it": {func(a asks) said {
			if a.redirectURI == "" {
				return said{400, "invalid_request", ""}
			}
			return invalidGrant
		}, unknown, unknown},
		"something new in every sentence": {func(asks) said {
			n := counter.Add(1)
			return said{400, "invalid_request", fmt.Sprintf("Request %d failed%s", n, []string{"", " today", " again"}[n%3])}
		}, unknown, unknown},
		"a number in every sentence": {func(a asks) said {
			n := counter.Add(1)
			if !a.right {
				return said{400, "invalid_request", fmt.Sprintf("AADSTS: wrong password. Trace ID: %d-a", n)}
			}
			return said{400, "invalid_request", fmt.Sprintf("AADSTS: unknown code. Trace ID: %d-a", n)}
		}, doctor.Pass, unknown},
		"may not use the flow": {func(a asks) said {
			if !a.right {
				return invalidClient
			}
			return said{400, "unauthorized_client", "The client is not allowed this grant type."}
		}, doctor.Fail, doctor.Fail},
		"known and disabled": {func(a asks) said {
			if !a.right {
				return invalidClient
			}
			return said{401, "invalid_client", "The client is disabled."}
		}, doctor.Fail, doctor.Fail},
		"every second one fails": {func(asks) said {
			if counter.Add(1)%2 == 0 {
				return said{500, "server_error", ""}
			}
			return invalidGrant
		}, unknown, unknown},
		"too many": {func(a asks) said {
			if a.right {
				return invalidGrant
			}
			return said{429, "slow_down", ""}
		}, unknown, unknown},
		"bare 401": {func(asks) said { return said{401, "", ""} }, doctor.Fail, doctor.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			l.IDP.Inject(tokenEndpoint(l, c.answer))
			for secret, want := range map[string]string{"": c.right, "wrong": c.wrong} {
				reply, checks := connection(t, l, map[string]string{"client_secret": secret})
				got := checks["credentials"]
				if got.Status != want {
					t.Errorf("secret %q: %s, expected %s: %s", secret, got.Status, want, got.Text())
				}
				if want == doctor.Warn && reply.Status == doctor.Pass {
					t.Errorf("secret %q: the test as a whole passes: %s", secret, got.Text())
				}
			}
			for _, r := range l.IDP.Requests(idp.Token) {
				if r.Form.Get("redirect_uri") == "" {
					t.Errorf("an empty redirect_uri was sent")
				}
			}
		})
	}
}

// TestConnectionPublicClient: a client without a secret is told apart from one
// that the provider does not know.
func TestConnectionPublicClient(t *testing.T) {
	t.Parallel()
	l := start(t)
	l.IDP.SetClient(func(c *idp.Client) { c.AuthMethods = []string{"none"} })
	public := map[string]string{"token_auth_method": "none", "client_secret": ""}
	if _, checks := connection(t, l, public); checks["credentials"].Status != doctor.Pass {
		t.Errorf("a public client: %s", checks["credentials"].Text())
	}
	public["client_id"] = "somebody"
	if _, checks := connection(t, l, public); checks["credentials"].Status != doctor.Fail {
		t.Errorf("a client that is not known: %s", checks["credentials"].Text())
	}
	l.IDP.SetClient(func(c *idp.Client) { c.AuthMethods = []string{"client_secret_basic"} })
	delete(public, "client_id")
	_, checks := connection(t, l, public)
	if got := checks["credentials"]; got.Status != doctor.Fail || !strings.Contains(got.Command, "client_secret_basic") {
		t.Errorf("a client that is not public there: %s, %s", got.Text(), got.Command)
	}
}

// TestConnectionUnknownClient: a Client ID that the provider does not know is
// told as such where its own words say so, whatever the status; where they do
// not, nobody is told that it will work.
func TestConnectionUnknownClient(t *testing.T) {
	t.Parallel()
	notFound := func(status int, value, description string) func(bool) said {
		return func(known bool) said {
			if !known {
				return said{status, value, description}
			}
			return said{400, "Invalid authorization code", ""}
		}
	}
	for name, c := range map[string]struct {
		answer         func(known bool) said
		known, unknown string // The public client that is right, and one that is not there.
	}{
		"Pocket ID":                    {notFound(404, "Client not found", ""), doctor.Pass, doctor.Fail},
		"zitadel/oidc, of assertions":  {notFound(500, "server_error", "client not found"), doctor.Pass, doctor.Fail},
		"no such page":                 {func(bool) said { return said{404, "Not found", ""} }, doctor.Warn, doctor.Warn},
		"a failure that names no one":  {notFound(500, "server_error", "something went wrong"), doctor.Warn, doctor.Warn},
		"a client that was not looked": {func(bool) said { return invalidGrant }, doctor.Warn, doctor.Warn},
		"mockoidc": {func(bool) said {
			return said{400, "invalid_request", "The request is missing the required parameter: client_secret"}
		}, doctor.Fail, doctor.Fail},
		"TinyAuth": {func(bool) said { return said{400, "invalid_client", ""} }, doctor.Fail, doctor.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			l.IDP.Inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.Token: {Handler: func(w http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				s := c.answer(r.PostForm.Get("client_id") == l.IDP.Client.ID)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(s.status)
				_ = json.NewEncoder(w).Encode(map[string]string{"error": s.value, "error_description": s.description})
			}}}})
			for id, want := range map[string]string{l.IDP.Client.ID: c.known, "somebody": c.unknown} {
				_, checks := connection(t, l, map[string]string{"token_auth_method": "none", "client_secret": "", "client_id": id})
				if got := checks["credentials"]; got.Status != want {
					t.Errorf("%s: %s, want %s: %s", id, got.Status, want, got.Text())
				}
			}
		})
	}
}

// TestConnectionPushed: where requests can be pushed, the test learns whether
// client and redirect URI are right, in the provider's own words.
func TestConnectionPushed(t *testing.T) {
	t.Parallel()
	l := start(t)
	l.IDP.SetPushing(idp.Pushing{Announced: true, Required: true})
	// Its authorization endpoint tells nothing, as with many.
	l.IDP.Inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.Authorize: {Status: 200, Body: []byte("a page")}}})
	const here = "https://localhost/cgi-bin/luci-sso/callback"
	for name, c := range map[string]struct {
		values map[string]string
		status string
		says   string
	}{
		"right":           {map[string]string{"redirect_uri": here}, doctor.Pass, here},
		"another address": {map[string]string{"redirect_uri": "https://other.example.com/cgi-bin/luci-sso/callback"}, doctor.Fail, "redirect_uri is not registered"},
		"always pushed":   {map[string]string{"redirect_uri": here, "par": "1"}, doctor.Pass, here},
	} {
		_, checks := connection(t, l, c.values)
		if got := checks["redirect_uri"]; got.Status != c.status || !strings.Contains(got.Text(), c.says) {
			t.Errorf("%s: %s: %s", name, got.Status, got.Text())
		}
	}
	// A token endpoint that looks at the code first leaves the secret open; what
	// is pushed does not.
	l.IDP.Inject(tokenEndpoint(l, func(asks) said { return said{400, "invalid_grant", ""} }))
	for secret, want := range map[string]string{"": doctor.Pass, "wrong": doctor.Warn} {
		_, checks := connection(t, l, map[string]string{"redirect_uri": here, "client_secret": secret})
		if got := checks["credentials"]; got.Status != want {
			t.Errorf("secret %q: %s: %s", secret, got.Status, got.Text())
		}
		if got := checks["redirect_uri"]; secret == "wrong" && (got.Status != doctor.Fail || !strings.Contains(got.Text(), "invalid_client")) {
			t.Errorf("a wrong secret: %s: %s", got.Status, got.Text())
		}
	}
	// Pocket ID 2.9 looks for a secret in the form alone: that tells nothing of
	// a login that goes through the browser.
	l.IDP.SetPushing(idp.Pushing{Announced: true})
	remove := l.IDP.Inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.Pushed: {Status: 400, Body: []byte(`{"error":"Client id or secret not provided"}`)}}})
	for par, refused := range map[string]bool{"auto": false, "1": true} {
		_, checks := connection(t, l, map[string]string{"redirect_uri": here, "par": par})
		if got := checks["redirect_uri"]; (got.Status == doctor.Fail) != refused {
			t.Errorf("the form alone, par %s: redirect_uri is %s: %s", par, got.Status, got.Text())
		}
	}
	remove()
	l.IDP.SetPushing(idp.Pushing{})
	if _, checks := connection(t, l, map[string]string{"par": "1"}); checks["endpoints"].Code != "PUSHED_REQUEST_FAILED" {
		t.Errorf("par is 1 and nothing is announced: %s", checks["endpoints"].Text())
	}
}

// TestConnectionHost: with redirect_uri unset the test tries the address that
// a login from the page would use.
func TestConnectionHost(t *testing.T) {
	t.Parallel()
	l := start(t)
	if err := l.SetUCI("redirect_uri"); err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]struct{ status, uri string }{
		"127.0.0.1:8443":        {doctor.Pass, "https://127.0.0.1:8443/cgi-bin/luci-sso/callback"},
		"localhost":             {doctor.Pass, "https://localhost/cgi-bin/luci-sso/callback"},
		"elsewhere.example.com": {doctor.Fail, ""},
		"<script>":              {doctor.Fail, ""},
		"":                      {doctor.Skip, ""},
	} {
		before := len(l.IDP.Requests(idp.Token))
		_, checks := connectionAt(t, l, nil, host)
		if got := checks["redirect_uri"]; got.Status != want.status {
			t.Errorf("%q: %s: %s", host, got.Status, got.Text())
		}
		if got := checks["credentials"]; got.Status != doctor.Pass {
			t.Errorf("%q: %s: %s", host, got.Status, got.Text())
		}
		for _, r := range l.IDP.Requests(idp.Token)[before:] {
			if uri := r.Form.Get("redirect_uri"); uri == "" || want.uri != "" && uri != want.uri {
				t.Errorf("%q: redirect_uri %q was sent", host, uri)
			}
		}
	}
}

// TestKeysChangeThroughTheMethod: what the command does, the page can do.
func TestKeysChangeThroughTheMethod(t *testing.T) {
	t.Parallel()
	l := start(t)
	key := func(args map[string]any) (reply methods.ClientKeyReply) {
		t.Helper()
		call(t, l, "client_key", args, &reply)
		return reply
	}
	first := key(nil)
	second := key(map[string]any{"change": "rotate"})
	if first.ID == "" || second.ID != first.ID || second.Next == nil || second.Next.ID == first.ID || !strings.Contains(string(second.JWKS), second.Next.ID) {
		t.Fatalf("after rotate: %+v, before: %+v", second, first)
	}
	if again := key(map[string]any{"change": "rotate"}); again.Next == nil || again.Next.ID != second.Next.ID {
		t.Errorf("a second rotate makes another key: %+v", again)
	}
	if used := key(map[string]any{"change": "use"}); used.ID != second.Next.ID || used.Next != nil || strings.Contains(string(used.JWKS), first.ID) {
		t.Errorf("after use: %+v", used)
	}
	for _, bad := range []string{`{"change": "use"}`, `{"change": "remove"}`, `{"change": 1}`} {
		if o := run(t, l, bad, "call", "client_key"); o.exit == 0 {
			t.Errorf("%s is taken: %+v", bad, o)
		}
	}
	if now := key(nil); now.ID != second.Next.ID || now.Next != nil {
		t.Errorf("a change that cannot be has changed something: %+v", now)
	}
}
