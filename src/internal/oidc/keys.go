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
	"strings"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/syslog"
)

// MinRSABits is the smallest RSA key that may sign an ID token (RFC 7518 §3.3).
const MinRSABits = 2048

// keySet is a provider's JWK Set (RFC 7517 §5).
type keySet struct {
	Keys []jwk
	odd  []string // Why entries were left out.
}

type jwk struct {
	Type       string
	ID         string
	Use        string
	Algorithm  string
	Operations []string
	N          string
	E          string
	Curve      string
	X          string
	Y          string
}

// readKeys reads a JWK Set. Its entries are read one by one: one that is not
// a key, or whose members have another form than the standard's, is left out
// and says nothing against the others.
func readKeys(body []byte) (set keySet, err error) {
	o, err := readObject(body)
	if err != nil {
		return set, err
	}
	entries, ok := o.members["keys"].([]any)
	if !ok {
		return set, errNoKeys
	}
	objects := 0
	for i, entry := range entries {
		members, ok := entry.(map[string]any)
		if !ok {
			set.odd = append(set.odd, "entry "+strconv.Itoa(i+1)+" is "+formOf(entry))
			continue
		}
		objects++
		o := object{members: members}
		key := jwk{
			Type: o.text("kty"), ID: o.text("kid"), Use: o.text("use"), Algorithm: o.text("alg"), Operations: o.texts("key_ops"),
			N: o.text("n"), E: o.text("e"), Curve: o.text("crv"), X: o.text("x"), Y: o.text("y"),
		}
		if odd := o.oddities(); odd != "" {
			set.odd = append(set.odd, "entry "+strconv.Itoa(i+1)+": "+odd)
			continue
		}
		set.Keys = append(set.Keys, key)
	}
	if objects == 0 && len(entries) > 0 {
		return set, errNoKeys
	}
	return set, nil
}

// leftOut says which entries were left out, for a diagnostic; "" for none.
func (s keySet) leftOut() string {
	if s.odd == nil {
		return ""
	}
	shown := s.odd[:min(len(s.odd), 3)]
	text := "entries of the JWK Set that have another form than the standard's are left out: " + strings.Join(shown, "; ")
	if more := len(s.odd) - len(shown); more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return text
}

// keys returns the provider's JWK Set. Its faults end in JWKS_FETCH_FAILED,
// or are PROVIDER_AWAITED.
func (p *Party) keys(ctx context.Context, m Metadata, refresh bool, of kind) (keySet, error) {
	m = p.latest(m)
	set, err := p.keysAt(ctx, m.JWKSURI, refresh, of)
	if errors.Is(err, errMoved) {
		if fresh, ok := p.renew(ctx, m, func(m *Metadata) string { return m.JWKSURI }); ok {
			return p.keysAt(ctx, fresh.JWKSURI, true, of)
		}
	}
	return set, err
}

func (p *Party) keysAt(ctx context.Context, at string, refresh bool, of kind) (keySet, error) {
	var set keySet
	atLeast := time.Duration(0)
	if of == logoutToken {
		atLeast = time.Minute
	}
	if !secure(at) {
		return set, fault.New(fault.InsecureJWKSURI, "the provider's jwks_uri is "+p.Veil.Address(at)+", it must begin with https://")
	}
	_, err := p.load(ctx, document{
		what: "JWK Set",
		kind: kindKeys,
		url:  at,
		codes: codes{
			network:  fault.JWKSNetworkError,
			insecure: fault.InsecureJWKSURI,
			tooLarge: fault.JWKSFetchFailed,
			outcome:  fault.JWKSFetchFailed,
		},
		status: fault.JWKSFetchFailed,
		// The person has signed in already and would have to do so again.
		patience: 5 * time.Second,
		// Anybody can send a logout token with a kid that nobody knows.
		atLeast: atLeast,
		check: func(body []byte, _ bool) error {
			var err error
			set, err = readKeys(body)
			switch {
			case errors.Is(err, errNoKeys):
				return fault.New(fault.InvalidJWKSFormat, "the JWK Set "+p.Veil.Address(at)+" has no keys array, or no key in it")
			case err != nil:
				return fault.Wrap(fault.InvalidJWKSFormat, err, "the JWK Set "+p.Veil.Address(at)+" is not a JSON object of the expected form")
			}
			return nil
		},
	}, refresh)
	return set, err
}

// Errors of choosing a key.
var (
	errNoKey     = errors.New("no published key fits")
	errNoKeys    = errors.New("there is no array of keys")
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
	rsa := k.Type == "RSA"
	if !rsa && k.Curve != "P-256" {
		return nil, errors.New("the key is on curve " + syslog.Name(k.Curve) + " instead of P-256")
	}
	members := [2]struct{ name, text string }{{"x", k.X}, {"y", k.Y}}
	if rsa {
		members = [2]struct{ name, text string }{{"n", k.N}, {"e", k.E}}
	}
	var numbers [2][]byte
	for i, member := range members {
		var err error
		if numbers[i], err = unbase64(member.text); err != nil {
			return nil, errors.New("the key's " + member.name + " " + err.Error())
		}
	}
	if rsa {
		return RSAKey(numbers[0], numbers[1])
	}
	// Some leave the leading zeros out, which one key in 128 has.
	return P256Key(padded(numbers[0]), padded(numbers[1]))
}

// padded is a number with the leading zeros of a P-256 coordinate.
func padded(number []byte) []byte {
	if len(number) == 0 || len(number) >= 32 {
		return number
	}
	return append(make([]byte, 32-len(number), 32), number...)
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

// unbase64 decodes a Base64urlUInt or an octet sequence (RFC 7515 §2). The
// error ends a sentence that begins with the member's name.
func unbase64(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	switch {
	case text == "":
		return nil, errors.New("is missing")
	case err == nil:
		return raw, nil
	case strings.ContainsAny(text, "+/"):
		return nil, errors.New("is in the standard alphabet of base64 (+ and /) instead of base64url (- and _)")
	case strings.HasSuffix(text, "="):
		return nil, errors.New("is base64url with padding (=), which the standard does not allow")
	}
	return nil, errors.New("is not base64url")
}
