// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"luci-sso/internal/fault"
	"luci-sso/internal/random"
	"luci-sso/internal/seal"
	"luci-sso/internal/secret"
)

// fileNames are the names under which a handle's file may lie: with the tag
// of the client it ends in, or, when the clients were not told apart, without.
func fileNames(handle string) ([2]string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(handle)
	// Strictness about the length, because only that was ever issued; the
	// decoder skips line ends, hence the look at both lengths.
	if err != nil || len(raw) != sha256.Size || len(handle) != random.TokenLen {
		return [2]string{}, fault.New(fault.MalformedStateCookie,
			"the cookie __Host-luci_sso_state is not 43 characters of base64url ("+strconv.Itoa(len(handle))+" came): it was changed on the way")
	}
	return [2]string{
		fileName(handle, ""),
		fileName(handle, hex.EncodeToString(raw[len(raw)-tagSize:])),
	}, nil
}

// MaxHandles is how many logins in progress a browser's cookie remembers: two
// tabs, and one that was given up.
const MaxHandles = 3

// Handles are those in a cookie, the newest first. They stand there without
// anything in between, as all have one length. A cookie of another shape is
// one malformed handle.
func Handles(cookie secret.Value) []secret.Value {
	text := cookie.Reveal()
	if n := len(text) / random.TokenLen; n < 2 || n > MaxHandles || len(text)%random.TokenLen != 0 {
		return []secret.Value{cookie}
	}
	var list []secret.Value
	for ; text != ""; text = text[random.TokenLen:] {
		list = append(list, secret.New(text[:random.TokenLen]))
	}
	return list
}

// Remember is the cookie of a new login in a browser that had another cookie:
// the logins of it that can still be finished stay, as far as there is room. With an empty
// handle it is the cookie without those that are over.
func (s *Store) Remember(handle, cookie secret.Value) secret.Value {
	text, n := handle.Reveal(), 1
	for _, earlier := range Handles(cookie) {
		if n == MaxHandles {
			break
		}
		if _, err := s.Load(earlier); err == nil {
			text += earlier.Reveal()
			n++
		}
	}
	return secret.New(text)
}

func fileName(handle, tag string) string {
	sum := sha256.Sum256([]byte(handle))
	name := hex.EncodeToString(sum[:])
	if tag != "" {
		name += "-" + tag
	}
	return name
}

func isName(name string) bool {
	if len(name) != nameLen && (len(name) != nameLen+1+2*tagSize || name[nameLen] != '-') {
		return false
	}
	for i := 0; i < len(name); i++ {
		c := name[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && i != nameLen {
			return false
		}
	}
	return true
}

// clientTag names a client towards the file system only. It is keyed, so that
// a directory listing does not tell who is logging in.
func clientTag(key seal.Key, client string) []byte {
	tag := key.Tag(tagPurpose, client)
	return tag[:tagSize]
}
