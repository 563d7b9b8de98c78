// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/secret"
)

// testKeys are made once: an RSA key takes long.
var testKeys = sync.OnceValue(func() (k struct {
	rsa, other, small *rsa.PrivateKey
	ec                *ecdsa.PrivateKey
}) {
	must := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	var err error
	k.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	k.other, err = rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	k.small, err = rsa.GenerateKey(rand.Reader, 1024)
	must(err)
	k.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	return k
})

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func rsaJWK(kid string, key *rsa.PrivateKey) map[string]any {
	return map[string]any{"kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}
}

func ecJWK(kid string, key *ecdsa.PrivateKey) map[string]any {
	return map[string]any{"kty": "EC", "kid": kid, "crv": "P-256", "x": b64(key.X.FillBytes(make([]byte, 32))), "y": b64(key.Y.FillBytes(make([]byte, 32)))}
}

// signed makes a JWS in compact form.
func signed(header, claims map[string]any, key crypto.Signer) string {
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return b64(data)
	}
	input := part(header) + "." + part(claims)
	sum := sha256.Sum256([]byte(input))
	switch key := key.(type) {
	case *rsa.PrivateKey:
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
		if err != nil {
			panic(err)
		}
		return input + "." + b64(signature)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			panic(err)
		}
		return input + "." + b64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
	}
	return input + "."
}

// testProvider is a TLS server whose answers a test sets, with a party that
// trusts it.
type testProvider struct {
	*httptest.Server
	party   *Party
	notices []string

	mu       sync.Mutex
	answers  map[string]http.HandlerFunc
	requests map[string]int
}

func newProvider(t *testing.T) *testProvider {
	t.Helper()
	p := &testProvider{answers: map[string]http.HandlerFunc{}, requests: map[string]int{}}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests[r.URL.Path]++
		answer := p.answers[r.URL.Path]
		p.mu.Unlock()
		if answer == nil {
			http.NotFound(w, r)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(p.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	channel := backchannel.New(backchannel.Trust{CAFile: ca}, "", "test")
	t.Cleanup(channel.Close)
	p.party = &Party{
		Issuer: p.URL, ClientID: "router", ClientSecret: secret.New("s3cret"), AuthMethod: AuthAuto, Tolerance: time.Minute,
		Channel: channel, CacheDir: t.TempDir(), Now: time.Now, Notice: func(text string) { p.notices = append(p.notices, text) },
	}
	p.json("/.well-known/openid-configuration", p.document())
	return p
}

func (p *testProvider) document() map[string]any {
	return map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/jwks", "userinfo_endpoint": p.URL + "/userinfo"}
}

func (p *testProvider) handle(path string, handler http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers[path] = handler
}

// answer sets what a path answers with.
func (p *testProvider) answer(path string, status int, body string) {
	p.handle(path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	})
}

func (p *testProvider) json(path string, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	p.answer(path, 200, string(data))
}

func (p *testProvider) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests[path]
}

func (p *testProvider) metadata() Metadata {
	return Metadata{Issuer: p.URL, AuthorizationEndpoint: p.URL + "/authorize", TokenEndpoint: p.URL + "/token", JWKSURI: p.URL + "/jwks", UserInfoEndpoint: p.URL + "/userinfo"}
}

// idToken is a valid one, changed.
func (p *testProvider) claims(change map[string]any) map[string]any {
	sum := sha256.Sum256([]byte("access"))
	claims := map[string]any{"iss": p.URL, "aud": "router", "sub": "alice", "nonce": "nonce", "at_hash": b64(sum[:16]),
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix()}
	maps.Copy(claims, change)
	for name, value := range change {
		if value == nil {
			delete(claims, name)
		}
	}
	return claims
}

func background(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func noticed(p *testProvider, text string) bool {
	return strings.Contains(strings.Join(p.notices, "\n"), text)
}
