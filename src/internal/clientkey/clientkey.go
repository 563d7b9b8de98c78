// SPDX-License-Identifier: Apache-2.0

// Package clientkey owns the key by which this router proves to a provider
// who it is, where no secret is shared (private_key_jwt of OpenID Connect Core
// §9, RFC 7523): where it lies, its public part in the forms that providers
// take, and the assertions that it signs.
//
// The private key is a P-256 scalar, 32 random bytes like the secret key. A
// second one is published beside it for a while before it takes its place, so
// that the provider knows it by then.
package clientkey

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/paths"
	"luci-sso/internal/random"
	"luci-sso/internal/seal"
	"luci-sso/internal/secret"
)

// Algorithm is what assertions are signed with (RFC 7518 §3.4).
const Algorithm = "ES256"

// Lifetime is how long an assertion is good for.
const Lifetime = time.Minute

// Key is a private key. The zero Key signs nothing.
type Key struct {
	raw   []byte
	point []byte // The public key: 4, x and y (SEC 1 §2.3.3).
}

func file(path string) seal.File {
	return seal.File{Path: path, Name: "the client key",
		After: "luci-sso client-key makes a new one, which the provider then has to be given",
		Fits:  func(raw []byte) bool { _, err := ecdh.P256().NewPrivateKey(raw); return err == nil }}
}

// Make returns the key in use, which is made when there is none. Its faults
// are SYSTEM_INIT_FAILED.
func Make() (Key, error) { return keyOf(file(paths.ClientKey()).Make()) }

// Next returns the key that will follow; ok is false when there is none.
func Next() (key Key, ok bool, err error) {
	key, err = keyOf(file(paths.NextKey()).Load())
	if errors.Is(err, fs.ErrNotExist) {
		return key, false, nil
	}
	return key, err == nil, err
}

// Rotate makes the key that will follow, or returns the one that was made.
// From then on it is published.
func Rotate() (Key, error) { return keyOf(file(paths.NextKey()).Make()) }

// Use puts the key that was to follow in the place of the one in use.
func Use() error {
	if _, ok, err := Next(); err != nil || !ok {
		return errors.Join(err, errors.New("there is no second key: luci-sso client-key rotate makes one"))
	}
	return os.Rename(paths.NextKey(), paths.ClientKey())
}

func keyOf(raw []byte, err error) (Key, error) {
	if err != nil {
		return Key{}, err
	}
	private, err := ecdh.P256().NewPrivateKey(raw)
	if err != nil {
		return Key{}, err // file has seen to it.
	}
	return Key{raw, private.PublicKey().Bytes()}, nil
}

// Throwaway is a key that nobody knows, and that is kept nowhere.
func Throwaway() (Key, error) {
	for {
		raw, err := random.Bytes(32)
		if err != nil {
			return Key{}, err
		}
		if key, err := keyOf(raw, nil); err == nil {
			return key, nil
		}
	}
}

// ID names the key: its thumbprint (RFC 7638).
func (k Key) ID() string {
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + k.coordinate(0) + `","y":"` + k.coordinate(1) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (k Key) coordinate(n int) string {
	return base64.RawURLEncoding.EncodeToString(k.point[1+32*n : 33+32*n])
}

// JWK is the public key as RFC 7517 writes it.
func (k Key) JWK() string {
	return `{"kty":"EC","crv":"P-256","x":"` + k.coordinate(0) + `","y":"` + k.coordinate(1) +
		`","use":"sig","alg":"` + Algorithm + `","kid":"` + k.ID() + `"}`
}

// PEM is the public key as RFC 7468 §13 writes it.
func (k Key) PEM() string {
	// SubjectPublicKeyInfo for a point of P-256 is this and the point (RFC 5480 §2).
	const prefix = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00"
	text := base64.StdEncoding.EncodeToString(append([]byte(prefix), k.point...))
	return "-----BEGIN PUBLIC KEY-----\n" + text[:64] + "\n" + text[64:] + "\n-----END PUBLIC KEY-----\n"
}

// JWKS is the set of the keys that are published: the one in use, and the one
// that will follow.
func JWKS() (string, error) {
	key, err := Make()
	if err != nil {
		return "", err
	}
	set := key.JWK()
	next, ok, err := Next()
	if ok {
		set += "," + next.JWK()
	}
	return `{"keys":[` + set + `]}`, err
}

// Assertion proves to an issuer that a client is who it is (RFC 7523 §3). Its
// audience is the issuer alone, so that it is of no use anywhere else.
func (k Key) Assertion(client, issuer string, now time.Time) (secret.Value, error) {
	id, err := random.Token()
	if err != nil {
		return secret.Value{}, err
	}
	claims, err := json.Marshal(map[string]any{
		"iss": client, "sub": client, "aud": issuer, "jti": id, "iat": now.Unix(), "exp": now.Add(Lifetime).Unix(),
	})
	if err != nil {
		return secret.Value{}, fault.Wrap(fault.CryptoError, err, "no assertion can be made: "+err.Error())
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"`+Algorithm+`","kid":"`+k.ID()+`","typ":"JWT"}`)) +
		"." + base64.RawURLEncoding.EncodeToString(claims)
	private := ecdsa.PrivateKey{D: new(big.Int).SetBytes(k.raw), PublicKey: ecdsa.PublicKey{
		Curve: elliptic.P256(), X: new(big.Int).SetBytes(k.point[1:33]), Y: new(big.Int).SetBytes(k.point[33:]),
	}}
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, &private, sum[:])
	if err != nil {
		return secret.Value{}, fault.Wrap(fault.CryptoError, err, "no assertion can be signed: "+err.Error())
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return secret.New(text + "." + base64.RawURLEncoding.EncodeToString(signature[:])), nil
}
