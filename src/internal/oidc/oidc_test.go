// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

func party(t *testing.T) *Party {
	t.Helper()
	return &Party{
		Issuer: "https://id.example", ClientID: "router", ClientSecret: secret.New("s3cret"),
		Notice: func(text string) { t.Log("notice:", text) },
	}
}

// Three of these codes cannot be provoked from outside: the values are made by
// the program itself just before. So they are provoked here, at the boundary
// that would notice. INVALID_AUTH_ENDPOINT and INSECURE_AUTH_ENDPOINT are also
// provoked through the compiled program.
func TestAuthorizationURL(t *testing.T) {
	t.Parallel()
	whole := AuthorizationRequest{
		RedirectURI: "https://router/cgi-bin/luci-sso/callback", Scope: "openid email",
		State: secret.New("st&ate"), Nonce: secret.New("nonce"), Challenge: "challenge",
	}
	for name, c := range map[string]struct {
		endpoint string
		change   func(*AuthorizationRequest)
		want     fault.Code
	}{
		"whole":        {endpoint: "https://id.example/authorize"},
		"own query":    {endpoint: "https://id.example/authorize?tenant=1"},
		"upper case":   {endpoint: "HTTPS://id.example/authorize"},
		"http":         {endpoint: "http://id.example/authorize", want: fault.InsecureAuthEndpoint},
		"no scheme":    {endpoint: "//id.example/authorize", want: fault.InsecureAuthEndpoint},
		"script":       {endpoint: "javascript:alert(1)", want: fault.InsecureAuthEndpoint},
		"empty":        {endpoint: "", want: fault.InsecureAuthEndpoint},
		"fragment":     {endpoint: "https://id.example/authorize#x", want: fault.InvalidAuthEndpoint},
		"long":         {endpoint: "https://id.example/" + strings.Repeat("a", maxLocation), want: fault.InvalidAuthEndpoint},
		"long scope":   {endpoint: "https://id.example/authorize", change: func(r *AuthorizationRequest) { r.Scope += strings.Repeat(" a", maxLocation) }, want: fault.InvalidAuthEndpoint},
		"no state":     {endpoint: "https://id.example/authorize", change: func(r *AuthorizationRequest) { r.State = secret.Value{} }, want: fault.MissingStateParameter},
		"no nonce":     {endpoint: "https://id.example/authorize", change: func(r *AuthorizationRequest) { r.Nonce = secret.Value{} }, want: fault.MissingNonceParameter},
		"no challenge": {endpoint: "https://id.example/authorize", change: func(r *AuthorizationRequest) { r.Challenge = Challenge(secret.Value{}) }, want: fault.MissingPKCEChallenge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := whole
			if c.change != nil {
				c.change(&request)
			}
			got, err := party(t).AuthorizationURL(Metadata{AuthorizationEndpoint: c.endpoint}, request)
			if c.want != "" {
				if !fault.Is(err, c.want) || got != "" {
					t.Errorf("got %q, %v, want %s", got, err, c.want)
				}
				return
			}
			if err != nil || !strings.HasPrefix(got, c.endpoint) {
				t.Fatalf("got %q, %v", got, err)
			}
			parsed, err := url.Parse(got)
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range map[string]string{
				"response_type": "code", "client_id": "router", "redirect_uri": whole.RedirectURI, "scope": "openid email",
				"state": "st&ate", "nonce": "nonce", "code_challenge": "challenge", "code_challenge_method": "S256",
			} {
				if values := parsed.Query()[name]; !slices.Equal(values, []string{want}) {
					t.Errorf("%s = %q, want %q", name, values, want)
				}
			}
		})
	}
}

// The example of RFC 7636, appendix B.
func TestChallenge(t *testing.T) {
	t.Parallel()
	if got, want := Challenge(secret.New("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; got != want {
		t.Errorf("Challenge = %q, want %q", got, want)
	}
}

func TestEndSessionURL(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ endpoint, back, want string }{
		"none":       {"", "", ""},
		"http":       {"http://id.example/logout", "", ""},
		"fragment":   {"https://id.example/logout#x", "", ""},
		"long":       {"https://id.example/" + strings.Repeat("a", maxLocation), "", ""},
		"plain":      {"https://id.example/logout", "", "https://id.example/logout?client_id=router&id_token_hint=hint"},
		"with query": {"https://id.example/logout?a=1", "https://router/", "https://id.example/logout?a=1&client_id=router&id_token_hint=hint&post_logout_redirect_uri=https%3A%2F%2Frouter%2F"},
	} {
		if got := party(t).EndSessionURL(Metadata{EndSessionEndpoint: c.endpoint}, secret.New("hint"), c.back); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestClientAuthentication(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		option  string
		offered []string
		post    bool
	}{
		"nothing offered is basic": {AuthAuto, nil, false},
		"both offered is basic":    {AuthAuto, []string{AuthPost, AuthBasic}, false},
		"only post offered":        {AuthAuto, []string{"private_key_jwt", AuthPost}, true},
		"neither offered":          {AuthAuto, []string{"private_key_jwt"}, false},
		"forced post":              {AuthPost, []string{AuthBasic}, true},
		"forced basic":             {AuthBasic, []string{AuthPost}, false},
	} {
		request := backchannel.Request{Form: url.Values{}}
		p := party(t)
		p.AuthMethod = c.option
		p.authenticate(&request, Metadata{TokenAuthMethods: c.offered})
		inBody := request.Form.Get("client_secret") == "s3cret" && request.Form.Get("client_id") == "router"
		if inBody != c.post || (request.Authorization == "") != c.post {
			t.Errorf("%s: in the body = %t, Authorization %q; want in the body = %t, and never both", name, inBody, request.Authorization, c.post)
		}
	}
}

func TestKeyRules(t *testing.T) {
	t.Parallel()
	odd := func(bytes int) []byte {
		n := make([]byte, bytes)
		n[0], n[bytes-1] = 0x80, 1
		return n
	}
	for name, c := range map[string]struct {
		n, e []byte
		ok   bool
	}{
		"2048 bits":         {odd(256), []byte{1, 0, 1}, true},
		"8192 bits":         {odd(1024), []byte{3}, true},
		"2047 bits":         {append([]byte{0x7f}, odd(256)[1:]...), []byte{1, 0, 1}, false},
		"leading zeros":     {append([]byte{0, 0}, odd(254)...), []byte{1, 0, 1}, false},
		"8200 bits":         {odd(1025), []byte{1, 0, 1}, false},
		"even modulus":      {append(odd(256)[:255], 2), []byte{1, 0, 1}, false},
		"exponent 1":        {odd(256), []byte{1}, false},
		"even exponent":     {odd(256), []byte{1, 0, 0}, false},
		"exponent 2^31-1":   {odd(256), []byte{0x7f, 0xff, 0xff, 0xff}, true},
		"exponent too long": {odd(256), []byte{0x80, 0, 0, 1}, false},
		"nothing":           {nil, nil, false},
	} {
		if _, err := RSAKey(c.n, c.e); (err == nil) != c.ok {
			t.Errorf("RSA, %s: %v, want accepted = %t", name, err, c.ok)
		}
	}
	// The point of RFC 7515, appendix A.3.
	x, _ := unbase64("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")
	y, _ := unbase64("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")
	if _, err := P256Key(x, y); err != nil {
		t.Errorf("P-256: the example of RFC 7515 is refused: %v", err)
	}
	for name, xy := range map[string][2][]byte{"not on the curve": {x, x}, "short": {x[1:], y}, "long": {append([]byte{0}, x...), y}, "zero": {make([]byte, 32), make([]byte, 32)}, "none": {nil, nil}} {
		if _, err := P256Key(xy[0], xy[1]); err == nil {
			t.Errorf("P-256, %s: accepted", name)
		}
	}
}

func TestDiscoveryURL(t *testing.T) {
	t.Parallel()
	for issuer, want := range map[string]string{
		"https://id.example":               "https://id.example/.well-known/openid-configuration",
		"https://id.example/":              "https://id.example/.well-known/openid-configuration",
		"https://id.example:8443/realms/a": "https://id.example:8443/realms/a/.well-known/openid-configuration",
	} {
		if got := DiscoveryURL(issuer); got != want {
			t.Errorf("DiscoveryURL(%q) = %q, want %q", issuer, got, want)
		}
	}
}

func TestAnnouncesNoAtHash(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		claims []string
		want   bool
	}{"unpublished": {nil, false}, "empty": {[]string{}, false}, "without": {[]string{"sub"}, true}, "with": {[]string{"sub", "at_hash"}, false}} {
		if got := (Metadata{Claims: c.claims}).AnnouncesNoAtHash(); got != c.want {
			t.Errorf("%s: %t, want %t", name, got, c.want)
		}
	}
}

func FuzzHeader(f *testing.F) {
	for _, header := range []string{`{"alg":"RS256","kid":"1"}`, `{"alg":"none"}`, `{"alg":"ES256","crit":["x"]}`, `{"alg":"RS256","typ":"at+jwt"}`, `[]`, ``} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(header)) + ".e30.c2ln")
	}
	f.Add("....")
	f.Fuzz(func(t *testing.T, token string) {
		if h, err := (&Party{}).readHeader(idToken, token); err == nil && h.Algorithm != RS256 && h.Algorithm != ES256 {
			t.Errorf("algorithm %q was accepted", h.Algorithm)
		}
	})
}

func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"1"}]}`), "1")
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`), "")
	f.Add([]byte(`{"keys":null}`), "")
	f.Fuzz(func(_ *testing.T, body []byte, kid string) {
		set, err := readKeys(body)
		if err == nil {
			_, _ = set.find(RS256, kid)
			_, _ = set.find(ES256, kid)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte(`{"issuer":"https://id.example","authorization_endpoint":"https://id.example/a","token_endpoint":"https://id.example/t","jwks_uri":"https://id.example/j"}`))
	f.Add([]byte(`{"issuer":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, _, err := readMetadata(body)
		if err != nil || m.check("https://id.example", false, nil) != nil {
			return
		}
		for _, endpoint := range []string{m.AuthorizationEndpoint, m.TokenEndpoint, m.JWKSURI} {
			if !secure(endpoint) {
				t.Errorf("endpoint %q was accepted", endpoint)
			}
		}
	})
}

func FuzzClaims(f *testing.F) {
	f.Add([]byte(`{"sub":"1","exp":1e9,"email":"a","email_verified":"x","groups":["a"],"realm_access":{"roles":["b"]}}`), "realm_access.roles")
	f.Add([]byte(`{"exp":1e999,"iat":-1.5}`), "")
	f.Fuzz(func(_ *testing.T, body []byte, path string) {
		var claims Claims
		if decode(body, &claims) == nil {
			claims.Groups(path, FromIDToken)
			claims.Email(FromIDToken)
			claims.Text("sub")
			claims.seconds("exp")
			claims.seconds("iat")
		}
	})
}

func FuzzTokenError(f *testing.F) {
	f.Add(400, []byte(`{"error":"invalid_grant","error_description":"x\ny"}`))
	f.Add(401, []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		err := (&Party{}).tokenError(fault.TokenEndpoint, backchannel.Response{Status: status, Body: body}, "")
		if !fault.Is(err, fault.OIDCInvalidGrant) && !fault.Is(err, fault.TokenExchangeFailed) {
			t.Errorf("got %v", err)
		}
	})
}
