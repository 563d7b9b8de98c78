// SPDX-License-Identifier: Apache-2.0

// Package secret owns the one type for values that must never be printed:
// client secrets, authorization codes, tokens, cookies, PKCE verifiers.
// Whatever formats, logs or marshals a Value gets a placeholder; the content
// leaves only through Reveal, so that a reader can find every such place.
package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
)

const placeholder = "[secret]"

// Value holds a secret string. The zero Value is empty.
type Value struct{ content string }

// New makes a Value of s.
func New(s string) Value { return Value{s} }

// Reveal returns the content, for the one place that has to send or store it.
func (v Value) Reveal() string { return v.content }

// Empty reports whether there is no content.
func (v Value) Empty() bool { return v.content == "" }

// Len is the content's length in bytes.
func (v Value) Len() int { return len(v.content) }

// Equal compares in constant time. Two empty values are not equal: an absent
// secret never matches anything. The lengths are not hidden.
func (v Value) Equal(other Value) bool {
	return v.content != "" && subtle.ConstantTimeCompare([]byte(v.content), []byte(other.content)) == 1
}

// Fingerprint is the first eight hexadecimal digits of the SHA-256 of s: how
// a log names an identity or a token without telling it.
func Fingerprint(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// String, GoString, Format and MarshalText keep the content out of every
// formatting verb and encoder.
func (v Value) String() string               { return placeholder }
func (v Value) GoString() string             { return placeholder }
func (v Value) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(placeholder)) }
func (v Value) MarshalText() ([]byte, error) { return []byte(placeholder), nil }
