// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"syscall"
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
	Refresh  secret.Value // Refresh token; empty when there is none.
	IDToken  secret.Value // That of the login, for the provider's logout and to compare later ones with.

	Began     Moment
	Deadline  Moment // When it ends in any case; zero for never.
	Confirmed Moment // When the provider last said that the sign-in holds: at first, the login.
	Doubt     Moment // Since when it cannot be asked; zero while it can.
	Blind     Moment // Since when the settings cannot be read; zero while they can.
}

// Moment is a time on the clock that counts the seconds since the router
// started. Nobody sets that clock, so that what is to end in an hour ends in
// an hour, whatever becomes of the date. Files do not outlive a start either.
type Moment int64

// Now is this moment, never zero.
func Now() Moment {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil || info.Uptime < 1 {
		return 1
	}
	return Moment(info.Uptime)
}

// Since is how long before m an earlier moment lies.
func (m Moment) Since(earlier Moment) time.Duration { return time.Duration(m-earlier) * time.Second }

// After is the moment that a time later is, counted in whole seconds.
func (m Moment) After(d time.Duration) Moment { return m + Moment(d/time.Second) }

// Date is what the date is at m, seen from a moment at which it is known.
func (m Moment) Date(now Moment, date time.Time) time.Time { return date.Add(m.Since(now)) }

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
	Refresh  string `json:"refresh,omitempty"`
	IDToken  string `json:"id_token,omitempty"`

	Began     Moment `json:"began,omitempty"`
	Deadline  Moment `json:"ends,omitempty"`
	Confirmed Moment `json:"confirmed,omitempty"`
	Doubt     Moment `json:"doubt,omitempty"`
	Blind     Moment `json:"blind,omitempty"`
}

var errContent = errors.New("its content is not that of a session")

func (r Record) encode() ([]byte, error) {
	return json.Marshal(content{
		ID: r.ID.Reveal(), Provider: r.Provider, Issuer: r.Issuer, Subject: r.Subject, SID: r.SID, Role: r.Role, Name: r.Name,
		Since: r.Since.UnixMilli(), Idle: int64(r.Idle / time.Second), Refresh: r.Refresh.Reveal(), IDToken: r.IDToken.Reveal(),
		Began: r.Began, Deadline: r.Deadline, Confirmed: r.Confirmed, Doubt: r.Doubt, Blind: r.Blind,
	})
}

// decode accepts what can be ended: without an id a file is good for nothing.
func decode(text []byte) (Record, error) {
	var c content
	if json.Unmarshal(text, &c) != nil || !validID(c.ID) {
		return Record{}, errContent
	}
	return Record{
		ID: secret.New(c.ID), Provider: c.Provider, Issuer: c.Issuer, Subject: c.Subject, SID: c.SID, Role: c.Role, Name: c.Name,
		Since: time.UnixMilli(c.Since), Idle: time.Duration(c.Idle) * time.Second,
		Refresh: secret.New(c.Refresh), IDToken: secret.New(c.IDToken),
		Began: c.Began, Deadline: c.Deadline, Confirmed: c.Confirmed, Doubt: c.Doubt, Blind: c.Blind,
	}, nil
}
