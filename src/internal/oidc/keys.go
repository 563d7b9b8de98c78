// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"slices"
	"strconv"

	"luci-sso/internal/fault"
	"luci-sso/internal/syslog"
)

// MinRSABits is the smallest RSA key that may sign an ID token (RFC 7518 §3.3).
const MinRSABits = 2048

// keySet is a provider's JWK Set (RFC 7517 §5).
type keySet struct {
	Keys []jwk `json:"keys"`
}

type jwk struct {
	Type       string   `json:"kty"`
	ID         string   `json:"kid"`
	Use        string   `json:"use"`
	Algorithm  string   `json:"alg"`
	Operations []string `json:"key_ops"`
	N          string   `json:"n"`
	E          string   `json:"e"`
	Curve      string   `json:"crv"`
	X          string   `json:"x"`
	Y          string   `json:"y"`
}

// keys returns the provider's JWK Set. Its faults end in JWKS_FETCH_FAILED.
func (p *Party) keys(ctx context.Context, m Metadata, refresh bool) (keySet, error) {
	var set keySet
	if !secure(m.JWKSURI) {
		return set, fault.New(fault.InsecureJWKSURI, "the provider's jwks_uri is "+syslog.Quote(m.JWKSURI)+", it must begin with https://")
	}
	err := p.load(ctx, document{
		what: "JWK Set",
		name: p.cacheName("jwks"),
		url:  m.JWKSURI,
		codes: codes{
			network:  fault.JWKSNetworkError,
			insecure: fault.InsecureJWKSURI,
			tooLarge: fault.JWKSFetchFailed,
			outcome:  fault.JWKSFetchFailed,
		},
		status: fault.JWKSFetchFailed,
		check: func(body []byte, _ bool) error {
			set = keySet{}
			if err := decode(body, &set); err != nil {
				return fault.Wrap(fault.InvalidJWKSFormat, err, "the JWK Set "+syslog.Quote(m.JWKSURI)+" is not a JSON object of the expected form")
			}
			if set.Keys == nil {
				return fault.New(fault.InvalidJWKSFormat, "the JWK Set "+syslog.Quote(m.JWKSURI)+" has no keys array")
			}
			return nil
		},
	}, refresh)
	return set, err
}

// Errors of choosing a key.
var (
	errNoKey     = errors.New("no published key fits")
	errAmbiguous = errors.New("the token names no key and several fit")
)

// find chooses the key for a token: by kid, or without one the only key that
// fits the algorithm (OIDC Core §10.1).
func (s keySet) find(algorithm, kid string) (crypto.PublicKey, error) {
	var found *jwk
	for i := range s.Keys {
		key := &s.Keys[i]
		if !key.fits(algorithm) || kid != "" && key.ID != kid {
			continue
		}
		if found != nil && kid == "" {
			return nil, errAmbiguous
		}
		if found == nil {
			found = key
		}
	}
	if found == nil {
		return nil, errNoKey
	}
	return found.public()
}

// fits reports whether the key is meant for verifying this algorithm.
func (k *jwk) fits(algorithm string) bool {
	kind := map[string]string{RS256: "RSA", ES256: "EC"}[algorithm]
	return kind != "" && k.Type == kind &&
		(k.Use == "" || k.Use == "sig") &&
		(k.Algorithm == "" || k.Algorithm == algorithm) &&
		(k.Operations == nil || slices.Contains(k.Operations, "verify"))
}

// public builds the key (RFC 7518 §6.2.1, §6.3.1) or says what is wrong with it.
func (k *jwk) public() (crypto.PublicKey, error) {
	if k.Type == "RSA" {
		return RSAKey(unbase64(k.N), unbase64(k.E))
	}
	if k.Curve != "P-256" {
		return nil, errors.New("the key is on curve " + syslog.Quote(k.Curve) + " instead of P-256")
	}
	return P256Key(unbase64(k.X), unbase64(k.Y))
}

// RSAKey builds a public key from the big-endian modulus and exponent. The
// modulus has MinRSABits to 8192 bits, the exponent is odd and 3 to 2³¹−1.
func RSAKey(n, e []byte) (*rsa.PublicKey, error) {
	modulus, exponent := new(big.Int).SetBytes(n), new(big.Int).SetBytes(e)
	if bits := modulus.BitLen(); bits < MinRSABits || bits > 8192 {
		return nil, errors.New("the RSA key has " + strconv.Itoa(bits) + " bits, " + strconv.Itoa(MinRSABits) + " to 8192 are accepted")
	}
	if modulus.Bit(0) == 0 {
		return nil, errors.New("the RSA modulus is even")
	}
	if exponent.BitLen() > 31 || exponent.Bit(0) == 0 || exponent.Cmp(big.NewInt(3)) < 0 {
		return nil, errors.New("the RSA exponent is not an odd number from 3 to 2^31-1")
	}
	return &rsa.PublicKey{N: modulus, E: int(exponent.Int64())}, nil
}

// P256Key builds a public key from the 32-byte big-endian coordinates of a
// point on the curve.
func P256Key(x, y []byte) (*ecdsa.PublicKey, error) {
	if len(x) != 32 || len(y) != 32 {
		return nil, errors.New("the coordinates of a P-256 key have 32 bytes each")
	}
	if _, err := ecdh.P256().NewPublicKey(slices.Concat([]byte{4}, x, y)); err != nil {
		return nil, errors.New("the point is not on the curve P-256")
	}
	return &ecdsa.PublicKey{Curve: elliptic.P256(), X: new(big.Int).SetBytes(x), Y: new(big.Int).SetBytes(y)}, nil
}

// unbase64 decodes a Base64urlUInt or an octet sequence; nil when malformed.
func unbase64(text string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}
