// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

// TestDiscoverIsKept: how long, and what stands in for a provider that is down.
func TestDiscoverIsKept(t *testing.T) {
	t.Parallel()
	const path = "/.well-known/openid-configuration"
	p := newProvider(t)
	now := time.Now()
	p.party.Now = func() time.Time { return now }
	discover := func(what string, fetches int, want fault.Code) {
		t.Helper()
		m, err := p.party.Discover(background(t))
		if want == "" && (err != nil || m.TokenEndpoint != p.URL+"/token") || want != "" && !fault.Is(err, want) {
			t.Errorf("%s: %+v, %v, expected %q", what, m, err, want)
		}
		if got := p.count(path); got != fetches {
			t.Errorf("%s: %d fetches so far, expected %d", what, got, fetches)
		}
	}
	stamp := func(age time.Duration) {
		files, _ := filepath.Glob(p.party.CacheDir + "/*")
		for _, file := range files {
			if err := os.Chtimes(file, now.Add(-age), now.Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
	}
	discover("first", 1, "")
	stamp(0) // The file system's clock is not quite ours.
	discover("kept", 1, "")
	stamp(CacheLifetime - time.Second)
	discover("kept for almost a day", 1, "")
	stamp(CacheLifetime)
	discover("a day old", 2, "")
	stamp(0) // Exactly now is not the future.
	discover("of this moment", 2, "")
	stamp(-time.Second)
	discover("from the future", 3, "")

	stamp(100 * CacheLifetime)
	p.answer(path, 500, "")
	discover("old, provider fails", 4, "")
	if !noticed(p, "using the kept discovery document because the provider does not answer") {
		t.Errorf("notices: %q", p.notices)
	}
	p.answer(path, 499, "")
	discover("old, provider refuses", 5, fault.DiscoveryFailed)
	p.answer(path, 200, "{}")
	discover("old, provider talks nonsense", 6, fault.DiscoveryMissingIssuer)
	p.answer(path, 200, strings.Repeat(" ", 300<<10))
	discover("old, provider sends too much", 7, fault.OIDCDiscoveryFailed)
	if strings.Contains(strings.Join(p.notices, ""), "DISCOVERY_FAILED") {
		t.Errorf("a notice names a code: %q", p.notices)
	}
	p.handle(path, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if m, err := p.party.Discover(background(t)); err != nil || m.Issuer != p.URL {
		t.Errorf("old, provider hangs up: %v", err)
	}
	// The provider's words are not kept when they are wrong.
	p.json(path, p.document())
	if err := os.RemoveAll(p.party.CacheDir); err != nil {
		t.Fatal(err)
	}
	if _, err := p.party.Discover(background(t)); err != nil {
		t.Errorf("without a place to keep it: %v", err)
	}
	if !noticed(p, "cannot keep the discovery document") {
		t.Errorf("notices: %q", p.notices)
	}
	p.answer(path, 503, "")
	if _, err := p.party.Discover(background(t)); !fault.Is(err, fault.DiscoveryFailed) {
		t.Errorf("down and nothing kept: %v", err)
	}
	p.handle(path, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusMovedPermanently)
	})
	if _, err := p.party.Discover(background(t)); !fault.Is(err, fault.DiscoveryFailed) || !strings.Contains(err.Error(), "elsewhere.example") {
		t.Errorf("a redirect: %v", err)
	}
}

// TestKeptDocumentsBelongToTheirIssuer: another provider never meets them.
func TestKeptDocumentsBelongToTheirIssuer(t *testing.T) {
	t.Parallel()
	a, b := newProvider(t), newProvider(t)
	b.party.CacheDir = a.party.CacheDir
	for _, p := range []*testProvider{a, b} {
		if m, err := p.party.Discover(background(t)); err != nil || m.Issuer != p.URL {
			t.Errorf("%v, %v", m, err)
		}
	}
	if a.party.cacheName("jwks") == a.party.cacheName("discovery") {
		t.Error("keys and metadata share a file")
	}
}

// TestDiscoverRefuses: a fresh document is checked whole, a kept one where it
// is used.
func TestDiscoverRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(d map[string]any)
		want   fault.Code
	}{
		"no issuer":      {func(d map[string]any) { delete(d, "issuer") }, fault.DiscoveryMissingIssuer},
		"another issuer": {func(d map[string]any) { d["issuer"] = "https://id.example" }, fault.DiscoveryIssuerMismatch},
		"a slash more":   {func(d map[string]any) { d["issuer"] = d["issuer"].(string) + "/" }, fault.DiscoveryIssuerMismatch},
		"no keys":        {func(d map[string]any) { delete(d, "jwks_uri") }, fault.DiscoveryMissingEndpoint},
		"no token":       {func(d map[string]any) { d["token_endpoint"] = "" }, fault.DiscoveryMissingEndpoint},
		"http":           {func(d map[string]any) { d["jwks_uri"] = "http://id.example/jwks" }, fault.InsecureEndpoint},
		"no host":        {func(d map[string]any) { d["token_endpoint"] = "https://" }, fault.InsecureEndpoint},
		"another type":   {func(d map[string]any) { d["issuer"] = 1 }, fault.InvalidDiscoveryDoc},
	} {
		p := newProvider(t)
		d := p.document()
		c.change(d)
		p.json("/.well-known/openid-configuration", d)
		if _, err := p.party.Discover(background(t)); !fault.Is(err, c.want) {
			t.Errorf("%s: %v, expected %s", name, err, c.want)
		}
		if files, _ := filepath.Glob(p.party.CacheDir + "/*.json"); len(files) != 0 {
			t.Errorf("%s: kept as %q", name, files)
		}
	}
}

func TestExchange(t *testing.T) {
	t.Parallel()
	verifier := strings.Repeat("v", 43)
	for name, c := range map[string]struct {
		status   int
		body     string
		verifier string
		want     fault.Code
		says     string
	}{
		"tokens":            {200, `{"id_token":"i","access_token":"a","expires_in":"1"}`, verifier, "", ""},
		"longest verifier":  {200, `{"id_token":"i","access_token":"a"}`, strings.Repeat("v", 128), "", ""},
		"verifier short":    {200, `{}`, verifier[1:], fault.InvalidPKCEVerifier, "has 42 characters"},
		"verifier long":     {200, `{}`, strings.Repeat("v", 129), fault.InvalidPKCEVerifier, "has 129 characters"},
		"no JSON":           {200, `<html>`, verifier, fault.TokenResponseInvalidJSON, `"application/json", 6 bytes`},
		"empty":             {200, ``, verifier, fault.TokenResponseInvalidJSON, "an empty body"},
		"two values":        {200, `{}{}`, verifier, fault.TokenResponseInvalidJSON, ""},
		"refused with 200":  {200, `{"error":"invalid_grant","error_description":"old"}`, verifier, fault.MissingIDToken, `error "invalid_grant" (old)`},
		"error beside them": {200, `{"id_token":"i","access_token":"a","error":"x"}`, verifier, "", ""},
		"nothing":           {200, `{"access_token":"a"}`, verifier, "", ""},
		"201":               {201, `{"id_token":"i","access_token":"a"}`, verifier, fault.TokenExchangeFailed, "HTTP status 201"},
		"invalid_grant":     {400, `{"error":"invalid_grant","error_description":"used"}`, verifier, fault.OIDCInvalidGrant, `error "invalid_grant" (used)`},
		"invalid_client":    {401, `{"error":"invalid_client"}`, verifier, fault.TokenExchangeFailed, "for the router's admin"},
		"nested":            {401, `{"error":{"code":"invalid_client","message":"wrong"}}`, verifier, fault.TokenExchangeFailed, `error "invalid_client" (wrong)`},
		"a number":          {400, `{"error":7}`, verifier, fault.TokenExchangeFailed, `error "7"`},
		"a list":            {400, `[]`, verifier, fault.TokenExchangeFailed, "names no error"},
		"an empty refusal":  {500, ``, verifier, fault.TokenExchangeFailed, "names no error (an empty body)"},
	} {
		p := newProvider(t)
		p.answer("/token", c.status, c.body)
		tokens, err := p.party.Exchange(background(t), p.metadata(), secret.New("code"), secret.New(c.verifier), "https://router/callback")
		if c.want == "" {
			if err != nil || strings.Contains(c.body, "id_token") && (tokens.ID.Reveal() != "i" || tokens.Access.Reveal() != "a") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !fault.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, expected %s saying %q", name, err, c.want, c.says)
		}
		if c.want == fault.InvalidPKCEVerifier && p.count("/token") != 0 {
			t.Errorf("%s: the code was sent all the same", name)
		}
	}
	p := newProvider(t)
	if _, err := p.party.Exchange(background(t), Metadata{TokenEndpoint: "http://id.example/token"}, secret.New("code"), secret.New(verifier), ""); !fault.Is(err, fault.InsecureTokenEndpoint) {
		t.Errorf("plain http: %v", err)
	}
	p.handle("/token", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	_, err := p.party.Exchange(background(t), p.metadata(), secret.New("code"), secret.New(verifier), "")
	if !fault.Is(err, fault.TokenExchangeFailed) || !strings.Contains(err.Error(), `a redirect to "/elsewhere" that is not followed`) || strings.Contains(err.Error(), "names no error") || p.count("/elsewhere") != 0 {
		t.Errorf("a redirect: %v", err)
	}
}

// TestExchangeSends: the request itself, by either way of authentication.
func TestExchangeSends(t *testing.T) {
	t.Parallel()
	for _, method := range []string{AuthBasic, AuthPost} {
		p := newProvider(t)
		p.party.AuthMethod = method
		seen := false
		p.handle("/token", func(w http.ResponseWriter, r *http.Request) {
			seen = true
			user, password, basic := r.BasicAuth()
			if basic != (method == AuthBasic) || basic && (user != "router" || password != "s3cret") {
				t.Errorf("%s: %q, %t", method, user, basic)
			}
			for name, want := range map[string]string{"grant_type": "authorization_code", "code": "the code", "redirect_uri": "https://router/callback", "code_verifier": strings.Repeat("v", 43)} {
				if got := r.PostFormValue(name); got != want {
					t.Errorf("%s: %s is %q", method, name, got)
				}
			}
			if got := r.PostFormValue("client_secret"); (got == "s3cret") != (method == AuthPost) {
				t.Errorf("%s: client_secret is %q", method, got)
			}
			_, _ = w.Write([]byte(`{"id_token":"i"}`))
		})
		if _, err := p.party.Exchange(background(t), p.metadata(), secret.New("the code"), secret.New(strings.Repeat("v", 43)), "https://router/callback"); err != nil || !seen {
			t.Errorf("%s: %v", method, err)
		}
	}
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		want   fault.Code
		says   string
	}{
		"claims":          {200, `{"sub":"alice","email":"a@example.com"}`, "", ""},
		"somebody else":   {200, `{"sub":"bob"}`, fault.IdentityMismatch, ""},
		"nobody":          {200, `{}`, fault.IdentityMismatch, ""},
		"null":            {200, `null`, fault.UserInfoInvalidJSON, ""},
		"a JWT":           {200, `eyJhbGciOiJSUzI1NiJ9.e30.x`, fault.UserInfoInvalidJSON, ""},
		"a list":          {200, `[]`, fault.UserInfoInvalidJSON, ""},
		"refused":         {401, `{"error":"invalid_token"}`, fault.UserInfoFetchFailed, `error "invalid_token"`},
		"another success": {202, `{"sub":"alice"}`, fault.UserInfoFetchFailed, "HTTP status 202"},
	} {
		p := newProvider(t)
		p.handle("/userinfo", func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Authorization"); got != "Bearer access" {
				t.Errorf("%s: Authorization is %q", name, got)
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		})
		claims, err := p.party.UserInfo(background(t), p.metadata(), secret.New("access"), "alice")
		switch {
		case c.want == "" && (err != nil || claims["email"] != "a@example.com"):
			t.Errorf("%s: %v, %v", name, claims, err)
		case c.want != "" && (!fault.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || claims != nil):
			t.Errorf("%s: %v, %v, expected %s", name, claims, err, c.want)
		}
	}
	p := newProvider(t)
	if _, err := p.party.UserInfo(background(t), Metadata{UserInfoEndpoint: "http://id.example/userinfo"}, secret.New("access"), "alice"); !fault.Is(err, fault.InsecureUserInfoEndpoint) {
		t.Errorf("plain http: %v", err)
	}
}

// TestTransportFaults: which code a failing request gets depends on what it
// was for.
func TestTransportFaults(t *testing.T) {
	t.Parallel()
	k := testKeys()
	verify := func(p *testProvider) error {
		token := signed(map[string]any{"alg": "RS256", "kid": "r"}, p.claims(nil), k.rsa)
		_, err := p.party.Verify(background(t), p.metadata(), Tokens{ID: secret.New(token), Access: secret.New("access")}, secret.New("nonce"))
		return err
	}
	exchange := func(p *testProvider) error {
		_, err := p.party.Exchange(background(t), p.metadata(), secret.New("code"), secret.New(strings.Repeat("v", 43)), "")
		return err
	}
	userInfo := func(p *testProvider) error {
		_, err := p.party.UserInfo(background(t), p.metadata(), secret.New("access"), "alice")
		return err
	}
	discover := func(p *testProvider) error { _, err := p.party.Discover(background(t)); return err }
	for name, c := range map[string]struct {
		path            string
		do              func(*testProvider) error
		aborted, tooBig fault.Code
	}{
		"discovery": {"/.well-known/openid-configuration", discover, fault.DiscoveryNetworkError, fault.OIDCDiscoveryFailed},
		"keys":      {"/jwks", verify, fault.JWKSNetworkError, fault.JWKSFetchFailed},
		"token":     {"/token", exchange, fault.TokenEndpointNetworkError, fault.TokenEndpointNetworkError},
		"userinfo":  {"/userinfo", userInfo, fault.UserInfoNetworkError, fault.UserInfoNetworkError},
	} {
		p := newProvider(t)
		p.handle(c.path, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		if err := c.do(p); !fault.Is(err, c.aborted) {
			t.Errorf("%s, hung up: %v, expected %s", name, err, c.aborted)
		}
		p.answer(c.path, 200, strings.Repeat(" ", 300<<10))
		if err := c.do(p); !fault.Is(err, c.tooBig) {
			t.Errorf("%s, too big: %v, expected %s", name, err, c.tooBig)
		}
	}
	p := newProvider(t)
	for body, want := range map[string]fault.Code{`{"keys":{}}`: fault.InvalidJWKSFormat, `{}`: fault.InvalidJWKSFormat, `{"keys":[]}`: fault.InvalidSignature} {
		p.answer("/jwks", 200, body)
		if err := verify(p); !fault.Is(err, want) {
			t.Errorf("keys %s: %v, expected %s", body, err, want)
		}
	}
	p = newProvider(t)
	p.answer("/jwks", 404, "")
	if err := verify(p); !fault.Is(err, fault.JWKSFetchFailed) {
		t.Errorf("keys, 404: %v", err)
	}
}

// TestAddressesThatReachTheBrowser: to the last byte, with the hint or, when
// that is what is too much, without.
func TestAddressesThatReachTheBrowser(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	endpoint := func(n int) string { return "https://id.example/" + strings.Repeat("x", n) }
	request := AuthorizationRequest{RedirectURI: "https://router/callback", Scope: "openid", State: secret.New("s"), Nonce: secret.New("n"), Challenge: "c"}
	short, err := p.party.AuthorizationURL(Metadata{AuthorizationEndpoint: endpoint(0)}, request)
	if err != nil {
		t.Fatal(err)
	}
	room := maxLocation - len(short)
	if got, err := p.party.AuthorizationURL(Metadata{AuthorizationEndpoint: endpoint(room)}, request); err != nil || len(got) != maxLocation {
		t.Errorf("the longest address: %d bytes, %v", len(got), err)
	}
	if _, err := p.party.AuthorizationURL(Metadata{AuthorizationEndpoint: endpoint(room + 1)}, request); !fault.Is(err, fault.InvalidAuthEndpoint) {
		t.Errorf("a byte more: %v", err)
	}

	logout := func(n int, hint string) string {
		return p.party.EndSessionURL(Metadata{EndSessionEndpoint: endpoint(n)}, secret.New(hint), "")
	}
	hinted, plain := logout(0, "hint"), logout(0, "")
	if got := logout(maxLocation-len(hinted), "hint"); len(got) != maxLocation || !strings.Contains(got, "id_token_hint=hint") {
		t.Errorf("the longest address with a hint has %d bytes: %s", len(got), got)
	}
	if got := logout(maxLocation-len(hinted)+1, "hint"); got == "" || strings.Contains(got, "id_token_hint") {
		t.Errorf("a byte too many for the hint: %s", got)
	}
	if got := logout(maxLocation-len(plain), ""); len(got) != maxLocation || len(p.notices) != 0 {
		t.Errorf("the longest address has %d bytes, notices %q", len(got), p.notices)
	}
	if got := logout(maxLocation-len(plain)+1, ""); got != "" || !noticed(p, "too long to reach the browser") {
		t.Errorf("a byte more: %q, notices %q", got, p.notices)
	}
	if got := p.party.EndSessionURL(Metadata{EndSessionEndpoint: "http://id.example/"}, secret.Value{}, ""); got != "" || !noticed(p, `"http://id.example/" is not usable`) {
		t.Errorf("plain http: %q, notices %q", got, p.notices)
	}
}
