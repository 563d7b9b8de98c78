// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/random"
	"luci-sso/internal/secret"
)

// The content of a sealed file: a version, the issue time in milliseconds
// since 1970 as 64 bits, and five strings, each behind its length in 16 bits.
// Numbers are big-endian, so that a file means the same on every router.
const (
	version    = 1
	headerSize = 1 + 8
	fields     = 5

	// MaxField bounds each string of a Pending, in bytes.
	MaxField = 4096

	// AES-GCM's own sizes.
	nonceSize = 12
	overhead  = 16

	maxSealed = nonceSize + headerSize + fields*(2+MaxField) + overhead
)

var errContent = errors.New("its content is not that of a pending login")

func encode(p Pending) ([]byte, error) {
	b := make([]byte, 0, 512)
	b = append(b, version)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Issued.UnixMilli())) // #nosec G115 -- read back as signed
	for _, s := range [fields]string{p.State.Reveal(), p.Nonce.Reveal(), p.Verifier.Reveal(), p.RedirectURI, p.ReturnTo} {
		if len(s) > MaxField {
			return nil, errors.New("one of its values has " + strconv.Itoa(len(s)) + " bytes, at most " + strconv.Itoa(MaxField) + " fit")
		}
		b = binary.BigEndian.AppendUint16(b, uint16(len(s))) // #nosec G115 -- bounded above
		b = append(b, s...)
	}
	return b, nil
}

// decode accepts exactly what encode writes.
func decode(b []byte) (Pending, error) {
	if len(b) < headerSize || b[0] != version {
		return Pending{}, errContent
	}
	issued := int64(binary.BigEndian.Uint64(b[1:])) // #nosec G115 -- written as signed
	b = b[headerSize:]
	var s [fields]string
	for i := range s {
		if len(b) < 2 {
			return Pending{}, errContent
		}
		n := int(binary.BigEndian.Uint16(b))
		b = b[2:]
		if n > MaxField || n > len(b) {
			return Pending{}, errContent
		}
		s[i], b = string(b[:n]), b[n:]
	}
	// Without one of these a comparison later on would be with nothing.
	if len(b) != 0 || s[0] == "" || s[1] == "" || s[2] == "" {
		return Pending{}, errContent
	}
	return Pending{
		State: secret.New(s[0]), Nonce: secret.New(s[1]), Verifier: secret.New(s[2]),
		RedirectURI: s[3], ReturnTo: s[4],
		Issued: time.UnixMilli(issued),
	}, nil
}

// seal and open are AES-256-GCM under a key of the file's own: HMAC-SHA256 of
// the handle, at least 224 random bits, under the secret key. With one message for each
// key, 96 bits of nonce are enough however many logins a router sees. TLS has
// this cipher in the program anyway.

func seal(key []byte, handle string, plain []byte) ([]byte, error) {
	aead, err := sealer(key, handle)
	if err != nil {
		return nil, fault.Wrap(fault.CryptoError, err, "the pending login cannot be sealed: "+err.Error())
	}
	nonce, err := random.Bytes(nonceSize)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, plain, nil), nil
}

func open(key []byte, handle string, sealed []byte) (Pending, error) {
	aead, err := sealer(key, handle)
	if err != nil {
		return Pending{}, err
	}
	if len(sealed) < nonceSize+overhead {
		return Pending{}, errors.New("it is cut short")
	}
	plain, err := aead.Open(nil, sealed[:nonceSize], sealed[nonceSize:], nil)
	if err != nil {
		return Pending{}, errors.New("its seal is broken")
	}
	return decode(plain)
}

func sealer(key []byte, handle string) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, errors.New("the secret key has " + strconv.Itoa(len(key)) + " bytes instead of " + strconv.Itoa(keySize))
	}
	mac := hmac.New(sha256.New, key)
	_, _ = mac.Write([]byte("luci-sso pending login 1\x00" + handle))
	block, err := aes.NewCipher(mac.Sum(nil))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
