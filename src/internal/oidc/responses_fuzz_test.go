// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"testing"
	"time"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/store"
)

// Whatever the token endpoint answers, it gives tokens or a fault of the
// catalogue.
func FuzzTokenResponse(f *testing.F) {
	f.Add(200, []byte(`{"id_token":"a.b.c","access_token":"x","token_type":"Bearer","expires_in":3600}`))
	f.Add(200, []byte(`{"error":"invalid_grant"}`))
	f.Add(200, []byte(`{"id_token":1}`))
	f.Add(400, []byte(`{"error":{"code":"x","message":[]}}`))
	f.Add(200, []byte(`[] {}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		tokens, err := (&Party{}).readTokens(fault.TokenEndpoint, backchannel.Response{Status: status, Body: body}, "")
		if _, ok := fault.As(err); err != nil && !ok {
			t.Errorf("%v is no fault", err)
		}
		if err == nil && status != 200 || err != nil && (!tokens.ID.Empty() || !tokens.Access.Empty()) {
			t.Errorf("status %d gave tokens, error %v", status, err)
		}
	})
}

// UserInfo is accepted about the verified subject only.
func FuzzUserInfo(f *testing.F) {
	f.Add(200, []byte(`{"sub":"alice","email":"a@example.com"}`), "alice")
	f.Add(200, []byte(`{"sub":"mallory"}`), "alice")
	f.Add(200, []byte(`null`), "")
	f.Add(401, []byte(`{"error":"invalid_token"}`), "alice")
	f.Fuzz(func(t *testing.T, status int, body []byte, subject string) {
		claims, err := (&Party{}).readUserInfo(backchannel.Response{Status: status, Body: body}, subject)
		if _, ok := fault.As(err); err != nil && !ok {
			t.Errorf("%v is no fault", err)
		}
		if got, _ := claims.Text("sub"); err == nil && (status != 200 || got != subject) {
			t.Errorf("status %d about %q was accepted for %q", status, got, subject)
		}
	})
}

// A well-signed token with any header and claims is accepted only when issuer,
// audience, nonce and times are those of the login.
func FuzzIDToken(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	public, err := key.PublicKey.ECDH()
	if err != nil {
		f.Fatal(err)
	}
	point := public.Bytes()
	set := `{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"` + b64(point[1:33]) + `","y":"` + b64(point[33:]) + `"}]}`
	now := time.Unix(1_800_000_000, 0)
	const nonce = "0123456789012345678901234567890123456789012"
	p := &Party{Issuer: "https://id.example", ClientID: "router", Tolerance: time.Minute, CacheDir: f.TempDir(),
		AtHash:  AtHashAuto,
		Channel: backchannel.New(backchannel.Trust{}, "", "fuzz"), Now: func() time.Time { return now }, Notice: func(string) {}}
	if err := store.WriteFileAt(p.CacheDir+"/"+p.cacheName("jwks"), []byte(set), now); err != nil {
		f.Fatal(err)
	}
	m := Metadata{Issuer: p.Issuer, JWKSURI: "https://id.example/jwks", Claims: []string{"sub"}}
	header := []byte(`{"alg":"ES256","kid":"1"}`)
	f.Add(header, []byte(`{"iss":"https://id.example","aud":["router","x"],"azp":"router","sub":"alice","nonce":"`+nonce+`","iat":1.8e9,"exp":1e300}`))
	f.Add(header, []byte(`{"iss":"https://id.example","aud":["router"],"sub":1,"nonce":["`+nonce+`"],"iat":"x","exp":-1}`))
	f.Add([]byte(`{"alg":"none"}`), []byte(`{}`))
	f.Add([]byte(`{"alg":"ES256","kid":"1","crit":["b64"],"b64":false}`), []byte(`null`))
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // Nothing is fetched.
	verify := func(t testing.TB, header, body []byte) (Claims, error) {
		input := b64(header) + "." + b64(body)
		sum := sha256.Sum256([]byte(input))
		r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
		return p.Verify(ctx, m, Tokens{ID: secret.New(input + "." + b64(signature)), Access: secret.New("access")}, secret.New(nonce))
	}
	good := []byte(`{"iss":"https://id.example","aud":"router","sub":"alice","nonce":"` + nonce + `","iat":1800000000,"exp":1800000300}`)
	if _, err := verify(f, header, good); err != nil {
		f.Fatalf("a good token is refused, so nothing would be tried: %v", err)
	}
	f.Add(header, good)
	f.Fuzz(func(t *testing.T, header, body []byte) {
		claims, err := verify(t, header, body)
		if err != nil {
			if _, ok := fault.As(err); !ok {
				t.Errorf("%v is no fault", err)
			}
			return
		}
		if claims["iss"] != p.Issuer || claims["nonce"] != nonce || !bytes.Contains(body, []byte("router")) {
			t.Errorf("accepted: %s", body)
		}
		if expires, _, ok := claims.seconds("exp"); !ok || big.NewInt(expires).Cmp(big.NewInt(now.Add(-p.Tolerance).Unix())) < 0 {
			t.Errorf("accepted although expired: %s", body)
		}
	})
}
