// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"encoding/json"

	"luci-sso/internal/clientkey"
)

// PublicKey is a key of this router in the forms that providers take.
type PublicKey struct {
	ID  string          `json:"kid"`
	JWK json.RawMessage `json:"jwk"`
	PEM string          `json:"pem"`
}

// ClientKeyReply is what to give to a provider that is to know this router by
// its key.
type ClientKeyReply struct {
	PublicKey
	Next *PublicKey      `json:"next,omitempty"` // Published, and not yet in use.
	JWKS json.RawMessage `json:"jwks"`           // Of both.
}

// ClientKey shows the public keys, after a change where one is named. A router
// without a key makes one.
func ClientKey(change string) (ClientKeyReply, error) {
	var reply ClientKeyReply
	var err error
	switch change {
	case "":
	case "rotate":
		_, err = clientkey.Rotate()
	case "use":
		err = clientkey.Use()
	default:
		return reply, bad("change is neither rotate nor use")
	}
	if err != nil {
		return reply, err
	}
	key, err := clientkey.Make()
	if err != nil {
		return reply, err
	}
	reply.PublicKey = public(key)
	next, ok, err := clientkey.Next()
	if err != nil {
		return reply, err
	}
	if ok {
		shown := public(next)
		reply.Next = &shown
	}
	set, err := clientkey.JWKS()
	reply.JWKS = json.RawMessage(set)
	return reply, err
}

func public(key clientkey.Key) PublicKey {
	return PublicKey{key.ID(), json.RawMessage(key.JWK()), key.PEM()}
}
