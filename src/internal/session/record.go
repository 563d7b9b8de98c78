// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"luci-sso/internal/secret"
)

// Record is what the router remembers of a session besides rpcd: how to end
// it, whose it is, and until when it may live.
type Record struct {
	ID       secret.Value // rpcd's session id.
	Provider string       // Section of the configuration that the person came by.
	Issuer   string
	Subject  string
	SID      string // The provider's own session, claim sid; "" when it names none.
	Role     string
	Name     string    // What to call the person: e-mail or subject.
	Since    time.Time // In milliseconds.
	Idle     time.Duration
	Deadline time.Time    // When it ends in any case; zero for never.
	Refresh  secret.Value // Refresh token; empty when there is none.
	IDToken  secret.Value // For the provider's logout.
}

// Handle names a session to people and to the file system: 16 hexadecimal
// digits of its id's sum, from which nobody gets back to the id.
func Handle(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:handleSize])
}

const handleSize = 8

// maxSealed bounds a file: an ID token and a refresh token of 16 KB each, and
// what else there is.
const maxSealed = 64 << 10

// content is a Record in its file. What a later version adds is left out by
// an earlier one, and what an earlier one left out is zero.
type content struct {
	ID       string `json:"id"`
	Provider string `json:"provider"`
	Issuer   string `json:"issuer"`
	Subject  string `json:"sub"`
	SID      string `json:"sid,omitempty"`
	Role     string `json:"role"`
	Name     string `json:"name"`
	Since    int64  `json:"since"` // Unix milliseconds.
	Idle     int64  `json:"idle"`  // Seconds.
	Deadline int64  `json:"deadline,omitempty"`
	Refresh  string `json:"refresh,omitempty"`
	IDToken  string `json:"id_token,omitempty"`
}

var errContent = errors.New("its content is not that of a session")

func (r Record) encode() ([]byte, error) {
	c := content{
		ID: r.ID.Reveal(), Provider: r.Provider, Issuer: r.Issuer, Subject: r.Subject, SID: r.SID, Role: r.Role, Name: r.Name,
		Since: r.Since.UnixMilli(), Idle: int64(r.Idle / time.Second), Refresh: r.Refresh.Reveal(), IDToken: r.IDToken.Reveal(),
	}
	if !r.Deadline.IsZero() {
		c.Deadline = r.Deadline.UnixMilli()
	}
	return json.Marshal(c)
}

// decode accepts what can be ended: without an id a file is good for nothing.
func decode(text []byte) (Record, error) {
	var c content
	if json.Unmarshal(text, &c) != nil || !validID(c.ID) {
		return Record{}, errContent
	}
	r := Record{
		ID: secret.New(c.ID), Provider: c.Provider, Issuer: c.Issuer, Subject: c.Subject, SID: c.SID, Role: c.Role, Name: c.Name,
		Since: time.UnixMilli(c.Since), Idle: time.Duration(c.Idle) * time.Second,
		Refresh: secret.New(c.Refresh), IDToken: secret.New(c.IDToken),
	}
	if c.Deadline != 0 {
		r.Deadline = time.UnixMilli(c.Deadline)
	}
	return r, nil
}
