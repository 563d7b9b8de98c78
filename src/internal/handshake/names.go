// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strconv"

	"luci-sso/internal/fault"
	"luci-sso/internal/random"
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
func clientTag(key []byte, client string) []byte {
	h := sha256.New()
	h.Write([]byte("luci-sso client\x00"))
	h.Write(key) // Of fixed length: key and client cannot run into each other.
	h.Write([]byte(client))
	return h.Sum(nil)[:tagSize]
}
