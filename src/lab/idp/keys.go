// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"math/big"
	"sync"
)

// Key is a signing key of the provider.
type Key struct {
	ID      string        // kid; "" publishes none.
	Alg     string        // RS256, ES256, …: what it signs with and, unless NoAlg, publishes.
	NoAlg   bool          // Leaves alg out of the published key.
	Use     string        // Published use; "" leaves it out.
	Private crypto.Signer // *rsa.PrivateKey, *ecdsa.PrivateKey or ed25519.PrivateKey.
}

// NewKey makes a key for RS*/PS* (2048 bits), ES256, ES384 or EdDSA.
func NewKey(id, alg string) (*Key, error) {
	return NewKeyOfSize(id, alg, 2048)
}

// NewKeyOfSize is NewKey with a number of RSA bits, for keys nobody should
// use.
func NewKeyOfSize(id, alg string, bits int) (*Key, error) {
	var private crypto.Signer
	var err error
	switch alg {
	case "RS256", "RS384", "RS512", "PS256":
		private, err = rsa.GenerateKey(rand.Reader, bits)
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "EdDSA":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = fmt.Errorf("no key for algorithm %q", alg)
	}
	if err != nil {
		return nil, err
	}
	return &Key{ID: id, Alg: alg, Use: "sig", Private: private}, nil
}

// JWK is the published form (RFC 7517).
func (k *Key) JWK() map[string]any {
	jwk := map[string]any{}
	if k.ID != "" {
		jwk["kid"] = k.ID
	}
	if k.Use != "" {
		jwk["use"] = k.Use
	}
	if k.Alg != "" && !k.NoAlg {
		jwk["alg"] = k.Alg
	}
	switch public := k.Private.Public().(type) {
	case *rsa.PublicKey:
		jwk["kty"] = "RSA"
		jwk["n"] = b64(public.N.Bytes())
		jwk["e"] = b64(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		size := (public.Curve.Params().BitSize + 7) / 8
		jwk["kty"] = "EC"
		jwk["crv"] = public.Curve.Params().Name
		jwk["x"] = b64(public.X.FillBytes(make([]byte, size)))
		jwk["y"] = b64(public.Y.FillBytes(make([]byte, size)))
	case ed25519.PublicKey:
		jwk["kty"] = "OKP"
		jwk["crv"] = "Ed25519"
		jwk["x"] = b64(public)
	}
	return jwk
}

// Sign makes the signature of a JWS with this key and algorithm.
func (k *Key) Sign(alg string, input []byte) ([]byte, error) {
	switch private := k.Private.(type) {
	case *rsa.PrivateKey:
		hash, ok := map[string]crypto.Hash{"RS256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512, "PS256": crypto.SHA256}[alg]
		if !ok {
			return nil, fmt.Errorf("an RSA key cannot sign %s", alg)
		}
		if alg == "PS256" {
			return rsa.SignPSS(rand.Reader, private, hash, digest(hash, input), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		}
		return rsa.SignPKCS1v15(nil, private, hash, digest(hash, input))
	case *ecdsa.PrivateKey:
		hash := crypto.SHA256
		if private.Curve == elliptic.P384() {
			hash = crypto.SHA384
		}
		r, s, err := ecdsa.Sign(rand.Reader, private, digest(hash, input))
		if err != nil {
			return nil, err
		}
		size := (private.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...), nil
	case ed25519.PrivateKey:
		return ed25519.Sign(private, input), nil
	}
	return nil, fmt.Errorf("no way to sign with a %T", k.Private)
}

func digest(hash crypto.Hash, input []byte) []byte {
	h := hash.New()
	h.Write(input)
	return h.Sum(nil)
}

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// RSA keys take long to make, and a test process has many providers: the
// first few of each algorithm are made once and shared.
var shared struct {
	sync.Mutex
	keys map[string][]*Key
}

func sharedKey(alg string, index int) (*Key, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.keys == nil {
		shared.keys = map[string][]*Key{}
	}
	for len(shared.keys[alg]) <= index {
		key, err := NewKey(fmt.Sprintf("lab-%s-%d", alg, len(shared.keys[alg])+1), alg)
		if err != nil {
			return nil, err
		}
		shared.keys[alg] = append(shared.keys[alg], key)
	}
	copied := *shared.keys[alg][index]
	return &copied, nil
}
