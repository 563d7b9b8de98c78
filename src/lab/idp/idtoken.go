// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"crypto"
	"crypto/hmac"
	_ "crypto/sha256" // for digest
	_ "crypto/sha512" // for digest
	"encoding/json"
	"fmt"
	"strings"
)

// IDToken is an ID token before it is serialised. Hooks change any of it.
type IDToken struct {
	Header map[string]any // alg, kid, typ
	Claims map[string]any
	Key    *Key // Signs according to Header["alg"].

	// Sign, when set, makes the signature instead of Key.
	Sign func(signingInput []byte) ([]byte, error)
	// Raw, when set, is the whole token and nothing else matters.
	Raw string
	// RawClaims, when set, is the payload instead of Claims: duplicate
	// members, arrays, invalid UTF-8, …
	RawClaims []byte
	// Tamper, when set, changes the serialised token.
	Tamper func(token string) string
}

// SignNone makes it an unsecured token (alg none, RFC 7519, 6).
func (t *IDToken) SignNone() {
	t.Header["alg"] = "none"
	t.Sign = func([]byte) ([]byte, error) { return nil, nil }
}

// SignHS256 signs with a shared secret, such as the client secret or the
// provider's public key (the classic confusion of algorithms).
func (t *IDToken) SignHS256(secret []byte) {
	t.Header["alg"] = "HS256"
	t.Sign = func(input []byte) ([]byte, error) {
		mac := hmac.New(crypto.SHA256.New, secret)
		mac.Write(input)
		return mac.Sum(nil), nil
	}
}

// SignWith signs with another key; the header's kid stays as it is.
func (t *IDToken) SignWith(key *Key) { t.Key, t.Header["alg"] = key, key.Alg }

func (t *IDToken) serialise() (string, error) {
	if t.Raw != "" {
		return t.Raw, nil
	}
	header, err := json.Marshal(t.Header)
	if err != nil {
		return "", err
	}
	claims := t.RawClaims
	if claims == nil {
		if claims, err = json.Marshal(t.Claims); err != nil {
			return "", err
		}
	}
	input := b64(header) + "." + b64(claims)
	sign := t.Sign
	if sign == nil {
		alg, _ := t.Header["alg"].(string)
		sign = func(data []byte) ([]byte, error) { return t.Key.Sign(alg, data) }
		// A header that names an algorithm the key does not have is still
		// sent, with a signature of the key's own.
		if _, err := t.Key.Sign(alg, nil); err != nil {
			sign = func(data []byte) ([]byte, error) { return t.Key.Sign(t.Key.Alg, data) }
		}
	}
	signature, err := sign([]byte(input))
	if err != nil {
		return "", fmt.Errorf("signing the ID token: %w", err)
	}
	token := input + "." + b64(signature)
	if t.Tamper != nil {
		token = t.Tamper(token)
	}
	return token, nil
}

// atHash is the at_hash of an access token (OIDC Core 3.1.3.6).
func atHash(alg, accessToken string) string {
	hash := crypto.SHA256
	switch {
	case strings.HasSuffix(alg, "384"):
		hash = crypto.SHA384
	case strings.HasSuffix(alg, "512"), alg == "EdDSA":
		hash = crypto.SHA512
	}
	sum := digest(hash, []byte(accessToken))
	return b64(sum[:len(sum)/2])
}
