// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"crypto"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

// TestVerify goes through every check of an ID token at its boundary. The
// same checks from outside are in package e2e.
func TestVerify(t *testing.T) {
	t.Parallel()
	k := testKeys()
	now := time.Now().Truncate(time.Second)
	at := func(seconds int) int64 { return now.Add(time.Duration(seconds) * time.Second).Unix() }
	const good = fault.Code("")
	rs := map[string]any{"alg": "RS256", "kid": "r", "typ": "JWT"}
	with := func(name string, value any) map[string]any {
		h := map[string]any{"alg": "RS256", "kid": "r", "typ": "JWT"}
		if h[name] = value; value == nil {
			delete(h, name)
		}
		return h
	}
	for name, c := range map[string]struct {
		header map[string]any // RS256 with kid r when nil.
		claims map[string]any // Changes; nil removes.
		key    crypto.Signer  // The RSA key when nil.
		want   fault.Code
	}{
		"valid":                  {want: good},
		"ES256":                  {header: map[string]any{"alg": "ES256", "kid": "e"}, key: k.ec, want: good},
		"a number as a fraction": {claims: map[string]any{"exp": float64(at(100)) + 0.5}, want: good},

		"another issuer":       {claims: map[string]any{"iss": "https://evil.example"}, want: fault.IDTokenVerificationFailed},
		"no issuer":            {claims: map[string]any{"iss": nil}, want: fault.IDTokenVerificationFailed},
		"another audience":     {claims: map[string]any{"aud": "other"}, want: fault.IDTokenVerificationFailed},
		"no audience":          {claims: map[string]any{"aud": nil}, want: fault.IDTokenVerificationFailed},
		"audience of one":      {claims: map[string]any{"aud": []any{"router"}}, want: good},
		"several and no azp":   {claims: map[string]any{"aud": []any{"router", "other"}}, want: fault.MissingAzpClaim},
		"several and azp":      {claims: map[string]any{"aud": []any{"other", "router"}, "azp": "router"}, want: good},
		"another azp":          {claims: map[string]any{"azp": "other"}, want: fault.AzpMismatch},
		"an azp of null":       {claims: map[string]any{"azp": []any{}}, want: fault.AzpMismatch},
		"one and right azp":    {claims: map[string]any{"azp": "router"}, want: good},
		"no exp":               {claims: map[string]any{"exp": nil}, want: fault.MissingExpClaim},
		"exp is a text":        {claims: map[string]any{"exp": "1"}, want: fault.IDTokenVerificationFailed},
		"exp beyond numbers":   {claims: map[string]any{"exp": 1e300}, want: fault.IDTokenVerificationFailed},
		"exp below numbers":    {claims: map[string]any{"exp": -1e300}, want: fault.IDTokenVerificationFailed},
		"expired at the limit": {claims: map[string]any{"exp": at(-60)}, want: fault.IDTokenVerificationFailed},
		"expired, tolerated":   {claims: map[string]any{"exp": at(-59)}, want: good},
		"no iat":               {claims: map[string]any{"iat": nil}, want: fault.MissingIatClaim},
		"iat is a text":        {claims: map[string]any{"iat": "1"}, want: fault.IDTokenVerificationFailed},
		"issued too late":      {claims: map[string]any{"iat": at(61)}, want: fault.IDTokenVerificationFailed},
		"issued late":          {claims: map[string]any{"iat": at(60)}, want: good},
		"not before":           {claims: map[string]any{"nbf": at(61)}, want: fault.IDTokenVerificationFailed},
		"not before, passed":   {claims: map[string]any{"nbf": at(60)}, want: good},
		"nbf is a text":        {claims: map[string]any{"nbf": "1"}, want: fault.IDTokenVerificationFailed},
		"no nonce":             {claims: map[string]any{"nonce": nil}, want: fault.MissingNonce},
		"another nonce":        {claims: map[string]any{"nonce": "n"}, want: fault.NonceMismatch},
		"no sub":               {claims: map[string]any{"sub": nil}, want: fault.MissingSubClaim},
		"longest sub":          {claims: map[string]any{"sub": strings.Repeat("s", 255)}, want: good},
		"sub too long":         {claims: map[string]any{"sub": strings.Repeat("s", 256)}, want: fault.IDTokenVerificationFailed},
		"no at_hash":           {claims: map[string]any{"at_hash": nil}, want: fault.MissingAtHash},
		"another at_hash":      {claims: map[string]any{"at_hash": "x"}, want: fault.AtHashMismatch},
		"at_hash of null":      {claims: map[string]any{"at_hash": 1}, want: fault.AtHashMismatch},

		"another key":          {key: k.other, want: fault.InvalidSignature},
		"EC with RS256":        {header: with("kid", "e"), key: k.ec, want: fault.InvalidSignature},
		"RSA with ES256":       {header: map[string]any{"alg": "ES256", "kid": "r"}, want: fault.InvalidSignature},
		"unknown kid":          {header: with("kid", "x"), want: fault.InvalidSignature},
		"no kid, one key fits": {header: map[string]any{"alg": "ES256"}, key: k.ec, want: good},
		"no kid, two keys fit": {header: with("kid", nil), want: fault.InvalidSignature},
		"small key":            {header: with("kid", "small"), key: k.small, want: fault.InvalidSignature},
		"encryption key":       {header: with("kid", "enc"), key: k.other, want: fault.InvalidSignature},
		"second key by kid":    {header: with("kid", "o"), key: k.other, want: good},
		"RS512":                {header: with("alg", "RS512"), want: fault.UnsupportedAlgorithm},
		"none":                 {header: with("alg", "none"), want: fault.UnsupportedAlgorithm},
		"no alg":               {header: with("alg", nil), want: fault.UnsupportedAlgorithm},
		"crit":                 {header: with("crit", []any{"b64"}), want: fault.IDTokenVerificationFailed},
		"typ of access tokens": {header: with("typ", "AT+JWT"), want: fault.IDTokenVerificationFailed},
		"no typ":               {header: with("typ", nil), want: good},
		"16 KB and more":       {claims: map[string]any{"x": strings.Repeat("x", MaxIDToken)}, want: fault.IDTokenVerificationFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			p.party.Now = func() time.Time { return now }
			encryption := rsaJWK("enc", k.other)
			encryption["use"] = "enc"
			p.json("/jwks", map[string]any{"keys": []any{rsaJWK("r", k.rsa), ecJWK("e", k.ec), rsaJWK("o", k.other), rsaJWK("small", k.small), encryption, map[string]any{"kty": "oct", "k": "AAAA"}}})
			if c.header == nil {
				c.header = rs
			}
			if c.key == nil {
				c.key = k.rsa
			}
			claims := p.claims(c.claims)
			got, err := p.party.Verify(background(t), p.metadata(), Tokens{ID: secret.New(signed(c.header, claims, c.key)), Access: secret.New("access")}, secret.New("nonce"))
			if c.want == good {
				if err != nil || got["sub"] != claims["sub"] {
					t.Errorf("%v, %v", got, err)
				}
				return
			}
			if !fault.Is(err, c.want) || got != nil {
				t.Errorf("%v, %v; expected %s", got, err, c.want)
			}
		})
	}
}

// TestVerifyTokens: what comes beside the ID token, and what is none.
func TestVerifyTokens(t *testing.T) {
	t.Parallel()
	k := testKeys()
	p := newProvider(t)
	p.json("/jwks", map[string]any{"keys": []any{rsaJWK("r", k.rsa)}})
	valid := signed(map[string]any{"alg": "RS256", "kid": "r"}, p.claims(nil), k.rsa)
	silent := signed(map[string]any{"alg": "RS256", "kid": "r"}, p.claims(map[string]any{"at_hash": nil}), k.rsa)
	wrong := signed(map[string]any{"alg": "RS256", "kid": "r"}, p.claims(map[string]any{"at_hash": "x"}), k.rsa)
	announces := func(claims ...string) Metadata {
		m := p.metadata()
		m.Claims = claims
		return m
	}
	list := b64([]byte(`["a"]`))
	header, _, _ := strings.Cut(valid, ".")
	for name, c := range map[string]struct {
		id, access, nonce string
		metadata          Metadata
		hash              AtHash
		want              fault.Code
	}{
		"no ID token":               {"", "access", "nonce", p.metadata(), AtHashAuto, fault.MissingIDToken},
		"no access token":           {valid, "", "nonce", p.metadata(), AtHashAuto, fault.MissingAccessToken},
		"no access token, optional": {valid, "", "nonce", p.metadata(), AtHashOptional, fault.MissingAccessToken},
		"no nonce in the login":     {valid, "access", "", p.metadata(), AtHashAuto, fault.MissingNonce},
		"another access token":      {valid, "other", "nonce", p.metadata(), AtHashAuto, fault.AtHashMismatch},
		"two parts":                 {"a.b", "access", "nonce", p.metadata(), AtHashAuto, fault.IDTokenVerificationFailed},
		"five parts":                {"a.b.c.d.e", "access", "nonce", p.metadata(), AtHashAuto, fault.IDTokenVerificationFailed},
		"no base64":                 {"ä.b.c", "access", "nonce", p.metadata(), AtHashAuto, fault.IDTokenVerificationFailed},
		"no JSON":                   {"YWJj.b.c", "access", "nonce", p.metadata(), AtHashAuto, fault.IDTokenVerificationFailed},
		"a list of claims":          {header + "." + list + ".AAAA", "access", "nonce", p.metadata(), AtHashAuto, fault.IDTokenVerificationFailed},
		"silent, announced":         {silent, "access", "nonce", announces("sub", "at_hash"), AtHashAuto, fault.MissingAtHash},
		"silent, not announced":     {silent, "access", "nonce", announces("sub"), AtHashAuto, ""},
		"silent, no list":           {silent, "access", "nonce", announces(), AtHashAuto, fault.MissingAtHash},
		"silent, but required":      {silent, "access", "nonce", announces("sub"), AtHashRequired, fault.MissingAtHash},
		"silent and optional":       {silent, "access", "nonce", announces("at_hash"), AtHashOptional, ""},
		"optional is not unchecked": {wrong, "access", "nonce", p.metadata(), AtHashOptional, fault.AtHashMismatch},
		"not announced, but wrong":  {wrong, "access", "nonce", announces("sub"), AtHashAuto, fault.AtHashMismatch},
		"keys over plain http":      {valid, "access", "nonce", Metadata{JWKSURI: "http://id.example/jwks"}, AtHashAuto, fault.InsecureJWKSURI},
		"longest":                   {signed(map[string]any{"alg": "RS256", "kid": "r"}, p.claims(map[string]any{"at_hash": nil}), k.rsa) + strings.Repeat("A", MaxIDToken), "access", "nonce", p.metadata(), AtHashAuto, fault.IDTokenVerificationFailed},
	} {
		p.party.AtHash = c.hash
		_, err := p.party.Verify(background(t), c.metadata, Tokens{ID: secret.New(c.id), Access: secret.New(c.access)}, secret.New(c.nonce))
		if c.want == "" && err != nil || c.want != "" && !fault.Is(err, c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}

// TestKeysAreRefreshedOnce: only a token with a kid gives reason to.
func TestKeysAreRefreshedOnce(t *testing.T) {
	t.Parallel()
	k := testKeys()
	for name, c := range map[string]struct {
		header map[string]any
		want   int
	}{
		"with a kid":    {map[string]any{"alg": "RS256", "kid": "r"}, 2},
		"unknown kid":   {map[string]any{"alg": "RS256", "kid": "x"}, 2},
		"without a kid": {map[string]any{"alg": "RS256"}, 1},
	} {
		p := newProvider(t)
		p.json("/jwks", map[string]any{"keys": []any{rsaJWK("r", k.rsa)}})
		token := signed(c.header, p.claims(nil), k.other)
		_, err := p.party.Verify(background(t), p.metadata(), Tokens{ID: secret.New(token), Access: secret.New("access")}, secret.New("nonce"))
		if !fault.Is(err, fault.InvalidSignature) || p.count("/jwks") != c.want {
			t.Errorf("%s: %v after %d fetches, expected %d", name, err, p.count("/jwks"), c.want)
		}
		// The new keys count: a rotation between two logins is no failure.
		p.json("/jwks", map[string]any{"keys": []any{rsaJWK("r", k.other)}})
		if c.header["kid"] == "r" {
			if _, err := p.party.Verify(background(t), p.metadata(), Tokens{ID: secret.New(token), Access: secret.New("access")}, secret.New("nonce")); err != nil {
				t.Errorf("%s: after a rotation: %v", name, err)
			}
		}
	}
}

// TestLongestIDToken: the limit itself is let through.
func TestLongestIDToken(t *testing.T) {
	t.Parallel()
	k := testKeys()
	p := newProvider(t)
	p.json("/jwks", map[string]any{"keys": []any{rsaJWK("r", k.rsa)}})
	for length, want := range map[int]fault.Code{MaxIDToken: "", MaxIDToken + 1: fault.IDTokenVerificationFailed} {
		token := tokenOfLength(p, length)
		if len(token) != length {
			t.Fatalf("a token of %d bytes instead of %d", len(token), length)
		}
		_, err := p.party.Verify(background(t), p.metadata(), Tokens{ID: secret.New(token), Access: secret.New("access")}, secret.New("nonce"))
		if want == "" && err != nil || want != "" && !fault.Is(err, want) {
			t.Errorf("%d bytes: %v, expected %q", length, err, want)
		}
	}
}

// tokenOfLength makes a valid token of exactly so many bytes. Base64 leaves
// lengths out, so header and claims are both tried.
func tokenOfLength(p *testProvider, length int) string {
	for inHeader := range 4 {
		header := map[string]any{"alg": "RS256", "kid": "r", "x": strings.Repeat("x", inHeader)}
		for inClaims := length * 2 / 3; inClaims < length; inClaims++ {
			claims := p.claims(map[string]any{"x": strings.Repeat("x", inClaims)})
			if len(signed(header, claims, nil))+342 == length { // 342: an RSA signature of 2048 bits.
				return signed(header, claims, testKeys().rsa)
			}
		}
	}
	return ""
}

// TestVerifySays: what an administrator reads of clocks and formats.
func TestVerifySays(t *testing.T) {
	t.Parallel()
	k := testKeys()
	p := newProvider(t)
	p.json("/jwks", map[string]any{"keys": []any{rsaJWK("r", k.rsa)}})
	header := map[string]any{"alg": "RS256", "kid": "r"}
	valid := signed(header, p.claims(nil), k.rsa)
	for _, c := range []struct{ token, says string }{
		{signed(header, p.claims(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}), k.rsa), "s ago"},
		{signed(header, p.claims(map[string]any{"iat": time.Now().Add(time.Hour).Unix()}), k.rsa), "s in the future"},
		{valid + ".d.e", "not a JWS in compact form"},
		{valid + "AAAA", "key \"r\""},
	} {
		_, err := p.party.Verify(background(t), p.metadata(), Tokens{ID: secret.New(c.token), Access: secret.New("access")}, secret.New("nonce"))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v, expected to say %q", err, c.says)
		}
	}
	// A refreshed key set is judged by itself, not by what was kept.
	p.json("/jwks", map[string]any{})
	if _, err := p.party.Verify(background(t), p.metadata(), Tokens{ID: secret.New(valid + "AAAA"), Access: secret.New("access")}, secret.New("nonce")); !fault.Is(err, fault.InvalidJWKSFormat) {
		t.Errorf("a refreshed key set without keys: %v", err)
	}
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	var claims Claims
	if err := decode([]byte(`{"whole":12,"fraction":12.9,"negative":-3,"text":"12","null":null,"huge":1e300,"deep":-1e300,"edge":9007199254740993.5,"exponent":1.2e1,"object":{}}`), &claims); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		value       int64
		present, ok bool
	}{
		"whole": {12, true, true}, "fraction": {12, true, true}, "negative": {-3, true, true}, "exponent": {12, true, true},
		"text": {0, true, false}, "null": {0, false, false}, "absent": {0, false, false}, "huge": {0, true, false}, "deep": {0, true, false},
		"edge": {0, true, false}, "object": {0, true, false},
	} {
		value, present, ok := claims.seconds(name)
		if value != c.value || present != c.present || ok != c.ok {
			t.Errorf("%s: %d, %t, %t; expected %+v", name, value, present, ok, c)
		}
	}
}
