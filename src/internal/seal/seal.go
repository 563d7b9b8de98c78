// SPDX-License-Identifier: Apache-2.0

// Package seal owns the secret key of the router and what is sealed with it:
// the files on tmpfs that must tell nothing to who gets a copy of them. It
// knows neither what they hold nor where they lie.
//
// A seal is XChaCha20-Poly1305 under a key of its own: HMAC-SHA256, under the
// secret key, of the purpose and of the name that the content is for. So a
// file opens for its purpose and its name alone, and files cannot be exchanged
// for one another. Routers have no instructions for AES, and Go's is then a
// table in the cache, neither fast nor constant in time; this cipher is both.
// Its nonce of 192 bits can be drawn at random for as long as a router lives.
package seal

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"errors"

	"golang.org/x/crypto/chacha20poly1305"

	"luci-sso/internal/fault"
	"luci-sso/internal/random"
)

// Purpose keeps apart what different parts of the program seal. It must not
// contain a zero byte.
type Purpose string

// Overhead is by how many bytes a seal is longer than its content.
const Overhead = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// Why a seal does not open.
var (
	ErrShort  = errors.New("it is cut short")
	ErrBroken = errors.New("its seal is broken")
)

// Key is the secret key. The zero Key seals nothing.
type Key struct{ raw []byte }

// Seal closes plain for a purpose and a name. Its faults are CRYPTO_ERROR and
// CRYPTO_INIT_FAILED.
func (k Key) Seal(purpose Purpose, name string, plain []byte) ([]byte, error) {
	aead, err := k.sealer(purpose, name)
	if err != nil {
		return nil, fault.Wrap(fault.CryptoError, err, "nothing can be sealed: "+err.Error())
	}
	nonce, err := random.Bytes(chacha20poly1305.NonceSizeX)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, plain, nil), nil
}

// Open returns what Seal closed for the same purpose and name.
func (k Key) Open(purpose Purpose, name string, sealed []byte) ([]byte, error) {
	aead, err := k.sealer(purpose, name)
	if err != nil {
		return nil, err
	}
	if len(sealed) < Overhead {
		return nil, ErrShort
	}
	nonce, text := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	plain, err := aead.Open(nil, nonce, text, nil)
	if err != nil {
		return nil, ErrBroken
	}
	return plain, nil
}

// Tag is a keyed hash: it names a text towards the file system without telling
// it.
func (k Key) Tag(purpose Purpose, text string) [sha256.Size]byte {
	return [sha256.Size]byte(k.hash(purpose, text))
}

func (k Key) hash(purpose Purpose, text string) []byte {
	mac := hmac.New(sha256.New, k.raw)
	_, _ = mac.Write([]byte("luci-sso " + purpose + "\x00" + Purpose(text)))
	return mac.Sum(nil)
}

func (k Key) sealer(purpose Purpose, name string) (cipher.AEAD, error) {
	if len(k.raw) != keySize {
		return nil, errors.New("there is no secret key")
	}
	return chacha20poly1305.NewX(k.hash(purpose, name))
}
