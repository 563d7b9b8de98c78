// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"luci-sso/internal/seal"
	"luci-sso/internal/secret"
)

// The content of a sealed file: a version, the issue time in milliseconds
// since 1970 as 64 bits, a byte of flags, and six strings, each behind its
// length in 16 bits.
// Numbers are big-endian, so that a file means the same on every router.
const (
	version    = 3
	headerSize = 1 + 8 + 1
	fields     = 6

	// MaxField bounds each string of a Pending, in bytes.
	MaxField = 4096

	flagAgain = 1

	maxSealed = headerSize + fields*(2+MaxField) + seal.Overhead
)

var errContent = errors.New("its content is not that of a pending login")

func encode(p Pending) ([]byte, error) {
	b := make([]byte, 0, 512)
	b = append(b, version)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Issued.UnixMilli())) // #nosec G115 -- read back as signed
	flags := byte(0)
	if p.Again {
		flags |= flagAgain
	}
	b = append(b, flags)
	for _, s := range [fields]string{p.State.Reveal(), p.Nonce.Reveal(), p.Verifier.Reveal(), p.RedirectURI, p.ReturnTo, p.Provider} {
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
	if len(b) < headerSize || b[0] != version || b[9]&^flagAgain != 0 {
		return Pending{}, errContent
	}
	issued := int64(binary.BigEndian.Uint64(b[1:])) // #nosec G115 -- written as signed
	flags := b[9]
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
		RedirectURI: s[3], ReturnTo: s[4], Provider: s[5],
		Issued: time.UnixMilli(issued), Again: flags&flagAgain != 0,
	}, nil
}
