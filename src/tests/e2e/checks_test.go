// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// named is a check that a fault of the lab's catalogue makes.
func named(names ...string) check { return check{setup: func(e *env) { e.named(names...) }} }

// claim is a check of one claim of the ID token; nil removes it.
func claim(name string, value any) check {
	return idToken(func(_ *env, t *idp.IDToken) {
		if t.Claims[name] = value; value == nil {
			delete(t.Claims, name)
		}
	})
}

// idToken is a check of the ID token.
func idToken(change func(*env, *idp.IDToken)) check {
	return check{setup: func(e *env) {
		e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { change(e, t) }})
	}}
}

// jwks is a check of the published keys.
func jwks(change func(keys []any) []any) check {
	return check{setup: func(e *env) {
		e.inject(idp.Fault{Keys: func(set map[string]any) { set["keys"] = change(set["keys"].([]any)) }})
	}}
}

// signing changes the published RSA key, which signs.
func signing(change func(key map[string]any)) check {
	return jwks(func(keys []any) []any {
		for _, key := range keys {
			if k := key.(map[string]any); k["kty"] == "RSA" {
				change(k)
			}
		}
		return keys
	})
}

func metadata(change func(e *env, d map[string]any)) check {
	return check{setup: func(e *env) {
		e.inject(idp.Fault{Metadata: func(d map[string]any) { change(e, d) }})
	}}
}

// es256 signs with ES256 and changes what comes out.
func es256(change func(e *env, t *idp.IDToken)) check {
	return check{setup: func(e *env) {
		e.IDP.SetAlgorithm("ES256")
		if change != nil {
			e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { change(e, t) }})
		}
	}}
}

// published finds the key of an algorithm.
func published(e *env, alg string) *idp.Key {
	for _, key := range e.IDP.KeysNow() {
		if key.Alg == alg {
			return key
		}
	}
	e.t.Fatal("the provider has no key for " + alg)
	return nil
}

// newKey makes one that the provider does not publish yet.
func newKey(e *env, id, alg string, bits int) *idp.Key {
	key, err := idp.NewKeyOfSize(id, alg, bits)
	e.must(err)
	return key
}

// otherRSA is a key that no provider publishes unless told to. RSA keys take
// long to make, on a 32-bit machine above all, so there is only one.
var otherRSA = sync.OnceValues(func() (*idp.Key, error) { return idp.NewKey("other", "RS256") })

func unpublished(e *env) *idp.Key {
	key, err := otherRSA()
	e.must(err)
	return key
}

func unix(d time.Duration) int64 { return time.Now().Add(d).Unix() }

func (c check) leaves(r refusal) check { c.left = r; return c }

// checks are all of them, by the name they have in testdata/conformance.tsv.
var checks = map[string]check{
	"iss-wrong":   claim("iss", "https://evil.example.com"),
	"iss-missing": claim("iss", nil),
	"iss-slash":   idToken(func(e *env, t *idp.IDToken) { t.Claims["iss"] = e.IDP.URL + "/" }),

	"aud-wrong":             claim("aud", "another-client"),
	"aud-missing":           claim("aud", nil),
	"aud-others":            claim("aud", []any{"a", "b"}),
	"aud-not-text":          claim("aud", 7),
	"aud-list-of-one":       idToken(func(e *env, t *idp.IDToken) { t.Claims["aud"] = []any{e.IDP.Client.ID} }),
	"aud-several-azp":       idToken(several(func(e *env) any { return e.IDP.Client.ID })),
	"aud-several-no-azp":    named("two-audiences"),
	"azp-wrong":             claim("azp", "another-client"),
	"aud-several-azp-wrong": idToken(several(func(*env) any { return "another-client" })),

	"sub-missing":  claim("sub", nil),
	"sub-empty":    claim("sub", ""),
	"sub-number":   claim("sub", 12345),
	"sub-too-long": claim("sub", strings.Repeat("s", 256)),

	"iat-missing":   claim("iat", nil),
	"iat-future":    idToken(func(_ *env, t *idp.IDToken) { t.Claims["iat"] = unix(75 * time.Second) }),
	"iat-tolerated": idToken(func(_ *env, t *idp.IDToken) { t.Claims["iat"] = unix(30 * time.Second) }),
	"iat-text":      idToken(func(_ *env, t *idp.IDToken) { t.Claims["iat"] = itoa(int(unix(0))) }),
	"exp-missing":   claim("exp", nil),
	"exp-past":      idToken(func(_ *env, t *idp.IDToken) { t.Claims["exp"] = unix(-61 * time.Second) }),
	"exp-tolerated": idToken(func(_ *env, t *idp.IDToken) { t.Claims["exp"] = unix(-30 * time.Second) }),
	"exp-text":      idToken(func(_ *env, t *idp.IDToken) { t.Claims["exp"] = itoa(int(unix(time.Hour))) }),
	"exp-fraction": idToken(func(_ *env, t *idp.IDToken) {
		t.Claims["exp"], t.Claims["iat"] = float64(unix(time.Hour))+0.5, float64(unix(0))+0.25
	}),
	"nbf-future": idToken(func(_ *env, t *idp.IDToken) { t.Claims["nbf"] = unix(75 * time.Second) }),

	"nonce-missing": claim("nonce", nil),
	"nonce-wrong":   claim("nonce", "somebody-elses"),

	"signature-wrong":   idToken(func(_ *env, t *idp.IDToken) { t.Tamper = spoilSignature }),
	"signature-missing": idToken(func(_ *env, t *idp.IDToken) { t.Sign = func([]byte) ([]byte, error) { return nil, nil } }),
	"claims-tampered": idToken(func(_ *env, t *idp.IDToken) {
		t.Tamper = func(token string) string {
			parts := strings.Split(token, ".")
			claims, _ := base64.RawURLEncoding.DecodeString(parts[1])
			parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(claims), `"email":"`, `"email":"x`, 1)))
			return strings.Join(parts, ".")
		}
	}),
	"signature-other-key": idToken(func(e *env, t *idp.IDToken) { t.SignWith(unpublished(e)) }),

	"alg-none":          idToken(func(_ *env, t *idp.IDToken) { t.SignNone() }),
	"alg-none-capitals": idToken(func(_ *env, t *idp.IDToken) { t.SignNone(); t.Header["alg"] = "nOnE" }),
	"alg-hs256-secret":  idToken(func(e *env, t *idp.IDToken) { t.SignHS256([]byte(e.IDP.Client.Secret)) }),
	"alg-hs256-public-key": idToken(func(e *env, t *idp.IDToken) {
		der, err := x509.MarshalPKIXPublicKey(published(e, "RS256").Private.Public())
		e.must(err)
		t.SignHS256(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}),
	"alg-rs512": idToken(func(e *env, t *idp.IDToken) { t.Header["alg"] = "RS512" }),
	"alg-ps256": idToken(func(e *env, t *idp.IDToken) { t.Header["alg"] = "PS256" }),
	"alg-missing": idToken(func(e *env, t *idp.IDToken) {
		key := t.Key
		delete(t.Header, "alg")
		t.Sign = func(input []byte) ([]byte, error) { return key.Sign("RS256", input) }
	}),
	"alg-es256": es256(nil),
	"rs256-with-ec-key": es256(func(e *env, t *idp.IDToken) {
		t.Header["alg"] = "RS256" // The key's own ES256 signature stays.
	}),
	"es256-with-rsa-key": idToken(func(_ *env, t *idp.IDToken) { t.Header["alg"] = "ES256" }),
	"es256-der-signature": es256(func(e *env, t *idp.IDToken) {
		private := t.Key.Private.(*ecdsa.PrivateKey)
		t.Sign = func(input []byte) ([]byte, error) {
			sum := sha256.Sum256(input)
			return ecdsa.SignASN1(rand.Reader, private, sum[:])
		}
	}),
	"es256-zero-signature": es256(func(_ *env, t *idp.IDToken) {
		t.Sign = func([]byte) ([]byte, error) { return make([]byte, 64), nil }
	}),

	"kid-absent-one-key": named("no-kid"),
	"kid-absent-several-keys": {setup: func(e *env) {
		e.IDP.SetKeys(append(e.IDP.KeysNow(), unpublished(e))...)
		e.named("no-kid")
	}},
	"kid-unknown": named("unknown-kid"),
	"kid-rotated": {send: func(e *env, client http.Header) *lab.Response {
		login(e, client) // Now the router keeps the keys of today.
		v := e.pending("alice")
		e.must(e.IDP.Rotate())
		return e.cgi(v.request(client))
	}},
	"key-use-enc":   signing(func(k map[string]any) { k["use"] = "enc" }),
	"key-ops":       signing(func(k map[string]any) { k["key_ops"] = []any{"encrypt"} }),
	"key-other-alg": signing(func(k map[string]any) { k["alg"] = "RS512" }),
	"key-unknown-beside": jwks(func(keys []any) []any {
		return append([]any{
			map[string]any{"kty": "AKP", "kid": "future", "alg": "ML-DSA-44", "pub": "AAAA"},
			map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
			map[string]any{},
		}, keys...)
	}),
	"key-rsa-1024":         {setup: func(e *env) { e.IDP.SetKeys(newKey(e, "small", "RS256", 1024)) }},
	"key-rsa-exponent-one": signing(func(k map[string]any) { k["e"] = "AQ" }),
	"key-ec-off-curve": {setup: func(e *env) {
		e.IDP.SetAlgorithm("ES256")
		e.inject(idp.Fault{Keys: func(set map[string]any) {
			for _, key := range set["keys"].([]any) {
				if k := key.(map[string]any); k["kty"] == "EC" {
					k["y"] = k["x"]
				}
			}
		}})
	}},
	"key-ec-other-curve": {setup: func(e *env) {
		key := newKey(e, "p384", "ES384", 0)
		key.NoAlg = true
		e.IDP.SetKeys(append(e.IDP.KeysNow(), key)...)
		e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { t.Key, t.Header["alg"], t.Header["kid"] = key, "ES256", "p384" }})
	}},
	"keys-empty": named("jwks-empty"),

	"token-encrypted":   idToken(func(_ *env, t *idp.IDToken) { t.Raw = "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d" }),
	"token-crit":        idToken(func(_ *env, t *idp.IDToken) { t.Header["crit"] = []any{"b64"}; t.Header["b64"] = true }),
	"token-type":        idToken(func(_ *env, t *idp.IDToken) { t.Header["typ"] = "at+jwt" }),
	"token-claims-list": idToken(func(_ *env, t *idp.IDToken) { t.RawClaims = []byte(`["iss"]`) }),

	"at-hash-missing":      claim("at_hash", nil),
	"at-hash-wrong":        claim("at_hash", base64.RawURLEncoding.EncodeToString(make([]byte, 16))),
	"at-hash-es256":        es256(nil),
	"id-token-missing":     named("no-id-token"),
	"access-token-missing": named("no-access-token"),

	"userinfo-other-sub": named("userinfo-other-sub"),
	"userinfo-no-sub": {setup: func(e *env) {
		e.named("userinfo-only")
		e.inject(idp.Fault{Claims: func(c map[string]any) { delete(c, "sub") }})
	}},
	"userinfo-only": named("userinfo-only"),
	"userinfo-not-needed": {
		setup: func(e *env) {
			e.inject(answer(idp.UserInfo, idp.Answer{Status: 500}))
			e.inject(idp.Fault{Grant: func(g *idp.Grant) { g.Claims["groups"] = []any{} }})
		},
		after: func(e *env) {
			if n := e.IDP.Count(idp.UserInfo); n != 0 {
				e.t.Errorf("UserInfo was asked %d times although nothing was missing", n)
			}
		},
	},
	"userinfo-unverified": check{setup: func(e *env) {
		e.named("userinfo-only")
		e.inject(idp.Fault{Claims: func(c map[string]any) { c["email_verified"] = false }})
	}},

	"discovery-other-issuer": named("discovery-other-issuer"),
	"discovery-no-issuer":    named("discovery-no-issuer"),
	"discovery-html":         named("discovery-not-json"),
	"discovery-redirect":     {setup: func(e *env) { e.inject(answer(idp.Discovery, idp.Answer{Location: "https://elsewhere.example/"})) }},
	"discovery-content-type": {setup: func(e *env) { e.inject(answer(idp.Discovery, idp.Answer{Header: contentType("text/plain")})) }},
	"discovery-path": {send: func(e *env, client http.Header) *lab.Response {
		inPath := newEnv(e.t, func(o *lab.Options) { o.ProviderPath = "/realms/lab" })
		if !strings.HasSuffix(inPath.IDP.URL, "/realms/lab") {
			e.t.Errorf("the issuer is %s", inPath.IDP.URL)
		}
		return login(inPath, client)
	}},
	"discovery-query": metadata(func(e *env, d map[string]any) {
		for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
			d[name] = d[name].(string) + "?tenant=a%20b"
		}
	}),
	"discovery-http": named("discovery-plain-http"),

	"auth-basic":   authMethod("client_secret_basic", "basic"),
	"auth-post":    authMethod("client_secret_post", "post"),
	"auth-special": {setup: func(e *env) { e.set("client_secret", awkward); e.IDP.Client.Secret = awkward }},
	"auth-request": {after: checkRequest},

	"rfc9207-missing":           check{send: changed(func(q url.Values) { q.Del("iss") })}.leaves(refusal{waiting: 1}),
	"rfc9207-wrong":             check{send: changed(func(q url.Values) { q.Set("iss", "https://evil.example.com") })}.leaves(refusal{waiting: 1}),
	"rfc9207-wrong-unannounced": check{setup: quiet, send: changed(func(q url.Values) { q.Set("iss", "https://evil.example.com") })}.leaves(refusal{waiting: 1}),
	"rfc9207-twice":             check{send: changed(func(q url.Values) { q.Add("iss", q.Get("iss")) })}.leaves(refusal{waiting: 1}),
	"rfc9207-unannounced":       {setup: quiet, send: changed(func(q url.Values) { q.Del("iss") })},

	"logout-hint": {after: checkLogout},
}

func several(azp func(*env) any) func(*env, *idp.IDToken) {
	return func(e *env, t *idp.IDToken) {
		t.Claims["aud"], t.Claims["azp"] = []any{"another-client", e.IDP.Client.ID}, azp(e)
	}
}

// awkward is a client secret of what an encoding could spoil.
const awkward = `a:b c+d%e&f=g"h'i/ü€`

func authMethod(offered, used string) check {
	return check{
		setup: func(e *env) { e.IDP.Client.AuthMethods = []string{offered} },
		after: func(e *env) {
			for _, r := range e.IDP.Requests(idp.Token) {
				if r.Authorization != used {
					e.t.Errorf("the client authenticated by %q, expected %q", r.Authorization, used)
				}
			}
		},
	}
}

// quiet is a provider that does not know RFC 9207.
func quiet(e *env) {
	e.inject(idp.Fault{Metadata: func(d map[string]any) { delete(d, "authorization_response_iss_parameter_supported") }})
}

// checkRequest looks at the authorization requests of two logins.
func checkRequest(e *env) {
	login(e, htmlClient)
	seen := map[string]bool{}
	for _, r := range e.IDP.Requests(idp.Authorize) {
		q := r.Query
		if r.Method != "GET" {
			continue
		}
		if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("client_id") != e.IDP.Client.ID ||
			!strings.Contains(" "+q.Get("scope")+" ", " openid ") || q.Get("redirect_uri") != e.Router.URL+lab.Callback {
			e.t.Errorf("the authorization request %v", q)
		}
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			if value := q.Get(name); len(value) != 43 || seen[value] {
				e.t.Errorf("%s is %q: not fresh, or not 256 bits", name, value)
			}
			seen[q.Get(name)] = true
		}
	}
	if len(seen) != 6 {
		e.t.Errorf("%d fresh values in two requests, expected 6", len(seen))
	}
}

// checkLogout signs Alice in and out and follows the browser to the provider.
func checkLogout(e *env) {
	b := e.Browser()
	session, err := b.Login("alice")
	e.must(err)
	page, err := b.Get(lab.Logout + "?stoken=" + session.Token)
	e.must(err)
	target, err := url.Parse(page.Location)
	e.must(err)
	hint := target.Query().Get("id_token_hint")
	if page.Status != 302 || !strings.HasPrefix(page.Location, e.IDP.EndpointURL(idp.EndSession)) || strings.Count(hint, ".") != 2 {
		e.t.Errorf("status %d, to %s", page.Status, page.Location)
	}
	if _, ok, err := e.Session(session.ID); ok || err != nil {
		e.t.Errorf("the session is still there (%v)", err)
	}
}
