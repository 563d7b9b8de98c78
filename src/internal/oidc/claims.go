// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"encoding/json"
	"time"
)

// Claims is a decoded set of claims; numbers are json.Number.
type Claims map[string]any

// ReadClaims reads exactly one JSON object as a set of claims that nobody has
// verified: for trying what they would do.
func ReadClaims(text []byte) (Claims, error) {
	o, err := readObject(text)
	return o.members, err
}

// Text returns a claim that is a string and not empty.
func (c Claims) Text(name string) (string, bool) {
	value, ok := c[name].(string)
	return value, ok && value != ""
}

// seconds returns a claim that is a number, cut to whole seconds: NumericDate
// of RFC 7519 §2. present tells an absent claim from one of another type.
func (c Claims) seconds(name string) (value int64, present, ok bool) {
	raw, present := c[name]
	number, isNumber := raw.(json.Number)
	if !isNumber {
		return 0, present && raw != nil, false
	}
	if whole, err := number.Int64(); err == nil {
		return whole, true, true
	}
	float, err := number.Float64()
	if err != nil || float < -1<<53 || float > 1<<53 {
		return 0, true, false
	}
	return int64(float), true, true
}

// Lifetime is from iat to exp of a verified ID token, in seconds.
func (c Claims) Lifetime() int64 {
	from, _, _ := c.seconds("iat")
	to, _, _ := c.seconds("exp")
	return to - from
}

// Expires is exp of a verified ID token.
func (c Claims) Expires() time.Time {
	seconds, _, _ := c.seconds("exp")
	return time.Unix(seconds, 0)
}

// SessionLeft is for how long the provider lets a session last, by the claim
// session_expiry (OpenID IPSIE, session lifecycle). It counts from the moment
// at which the token was issued, by the provider's clock alone.
func (c Claims) SessionLeft() (left time.Duration, stated bool, err error) {
	end, present, ok := c.seconds("session_expiry")
	if !present {
		return 0, false, nil
	}
	issued, _, dated := c.seconds("iat")
	switch {
	case !ok || !dated:
		return 0, true, invalid("the ID token's session_expiry is not a number")
	case end <= issued:
		return 0, true, invalid("the ID token's session_expiry lies before its iat: the provider's session is over")
	}
	return time.Duration(min(end-issued, longestSession)) * time.Second, true, nil
}

// longestSession bounds a time that is counted in nanoseconds: a hundred years.
const longestSession = 100 * 365 * 24 * 3600
