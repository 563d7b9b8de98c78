// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assert checks a client's assertion (RFC 7523, 3). Its audience has to be the
// issuer and nothing else, as a provider wants that follows the advisory of
// January 2025; and it is good once.
func (p *Provider) assert(form url.Values) error {
	if got := form.Get("client_assertion_type"); got != assertionType {
		return fmt.Errorf("client_assertion_type is %q", got)
	}
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}), jwt.WithExpirationRequired(), jwt.WithIssuedAt())
	if _, err := parser.ParseWithClaims(form.Get("client_assertion"), claims, p.clientKey); err != nil {
		return err
	}
	expires, _ := claims.GetExpirationTime()
	jti, _ := claims["jti"].(string)
	switch {
	case claims["iss"] != p.Client.ID || claims["sub"] != p.Client.ID:
		return fmt.Errorf("iss and sub are not the client")
	case claims["aud"] != p.URL:
		return fmt.Errorf("aud is %v, not the issuer alone", claims["aud"])
	case time.Until(expires.Time) > time.Minute:
		return fmt.Errorf("exp is more than a minute away")
	case jti == "":
		return fmt.Errorf("jti is missing")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.assertions[jti] {
		return fmt.Errorf("jti was used already")
	}
	if p.assertions == nil {
		p.assertions = map[string]bool{}
	}
	p.assertions[jti] = true
	return nil
}

// clientKey finds the key of an assertion in the client's registered set.
func (p *Provider) clientKey(token *jwt.Token) (any, error) {
	var set struct {
		Keys []struct{ Kid, Crv, X, Y string }
	}
	if err := json.Unmarshal([]byte(p.Client.JWKS), &set); err != nil {
		return nil, err
	}
	number := func(text string) *big.Int {
		raw, _ := base64.RawURLEncoding.DecodeString(text)
		return new(big.Int).SetBytes(raw)
	}
	for _, key := range set.Keys {
		if key.Kid == token.Header["kid"] && key.Crv == "P-256" {
			return &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(key.X), Y: number(key.Y)}, nil
		}
	}
	return nil, fmt.Errorf("no key %v is registered", token.Header["kid"])
}
