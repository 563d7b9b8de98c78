// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"encoding/json"
	"strings"
)

// Claims is a decoded set of claims; numbers are json.Number.
type Claims map[string]any

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

// Verified says what a provider says of an e-mail address.
type Verified uint8

// Unstated: the provider says nothing of the address.
const (
	Unstated Verified = iota
	VerifiedYes
	VerifiedNo
)

// Email returns the address with the flag of the same set of claims. Some
// providers send the flag as a string; anything but a clear yes is a no.
func (c Claims) Email() (address string, verified Verified, ok bool) {
	address, ok = c.Text("email")
	flag, stated := c["email_verified"]
	switch {
	case !stated || flag == nil:
		verified = Unstated
	case flag == true || flag == "true":
		verified = VerifiedYes
	default:
		verified = VerifiedNo
	}
	return address, verified, ok
}

// Groups returns the names in the claim at path: a name with dots leads into
// nested objects unless a claim has that very name. A single string is one
// group. ok is false when there is no such claim.
func (c Claims) Groups(path string) (names []string, ok bool) {
	value, found := c[path]
	if !found {
		var node any = map[string]any(c)
		for _, part := range strings.Split(path, ".") {
			object, isObject := node.(map[string]any)
			if !isObject {
				return nil, false
			}
			if node, found = object[part]; !found {
				return nil, false
			}
		}
		value = node
	}
	switch value := value.(type) {
	case string:
		return []string{value}, true
	case []any:
		for _, element := range value {
			if name, isText := element.(string); isText {
				names = append(names, name)
			}
		}
		return names, true
	}
	return nil, false
}
