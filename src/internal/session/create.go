// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"strconv"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
)

// PerPerson is how many sessions one person has at a time: one login more
// ends the oldest. Each takes 30 KB of rpcd's memory.
const PerPerson = 8

// Login is what a session is created from.
type Login struct {
	Provider string // Section of the configuration that the person came by.
	Role     string
	Grants   acl.Grants
	Timeout  time.Duration // Idle time after which rpcd ends the session.
	Subject  string
	SID      string // The provider's own session, "" when it names none.
	Name     string // What to call the person: e-mail or subject.
	Issuer   string
	IDToken  secret.Value  // For the provider's logout.
	Refresh  secret.Value  // To ask later whether the sign-in still holds; empty when nobody will.
	Longest  time.Duration // After what time it ends in any case; 0 for never.
	Token    secret.Value  // LuCI's CSRF token.
	At       time.Time
	Began    time.Time // When the browser was sent to the provider.
}

func (l Login) record(id string) Record {
	now := Now()
	r := Record{
		ID: secret.New(id), Provider: l.Provider, Issuer: l.Issuer, Subject: l.Subject, SID: l.SID, Role: l.Role, Name: l.Name,
		Since: l.At, Idle: l.Timeout, IDToken: l.IDToken,
		Refresh: l.Refresh, Began: now, Confirmed: now,
	}
	if l.Longest > 0 {
		r.Deadline = now.After(l.Longest)
	}
	return r
}

// idle is the time without use after which rpcd ends the session. It ends by
// itself before its deadline when nobody uses it, whoever looks after that.
func (l Login) idle() time.Duration {
	if l.Longest > 0 && l.Longest < l.Timeout {
		return max(l.Longest, time.Second)
	}
	return l.Timeout
}

// Create makes a session with the login's rights and values and returns its
// id. When anything fails after rpcd created it, it is destroyed again.
//
// Wherever a kill interrupts it, nothing is left that nobody can end. First
// there is a session without a name or a right, whose id nobody knows; then a
// file that says how to end it; then what makes it a session, in one batch.
func (m *Manager) Create(ctx context.Context, login Login) (secret.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := m.connect(ctx); err != nil {
		return secret.Value{}, err
	}
	reply, err := m.call(ctx, "create", ubus.Table{"timeout": int32(login.idle() / time.Second)})
	if err != nil {
		return secret.Value{}, callFault("create", err)
	}
	id, _ := reply["ubus_rpc_session"].(string)
	if !validID(id) {
		return secret.Value{}, fault.New(fault.UbusError, "session create returned no session id")
	}
	record := login.record(id)
	var kept file
	whole := false
	defer func() {
		if !whole {
			m.abandon(record, kept)
		}
	}()
	if kept, err = m.files.write(record); err != nil {
		return secret.Value{}, err
	}
	// The name goes first: should rpcd reload in the middle of this, it gives
	// a session with a name all rights of its role.
	requests := make([]ubus.Request, 0, len(login.Grants)+1)
	requests = append(requests, request("set", ubus.Table{"ubus_rpc_session": id, "values": login.values()}))
	n := 0
	for _, pairs := range login.Grants {
		n += len(pairs)
	}
	// Two pieces of memory for all of them: each size begins pages of its own.
	texts, all := make([]string, 0, 2*n), make([]any, 0, n)
	for scope, pairs := range login.Grants {
		begin := len(all)
		for _, pair := range pairs {
			texts = append(texts, pair.Object, pair.Function)
			all = append(all, texts[len(texts)-2:])
		}
		requests = append(requests, request("grant", ubus.Table{"ubus_rpc_session": id, "scope": scope, "objects": all[begin:]}))
	}
	err = again(ctx, func(ctx context.Context) error {
		_, err := m.conn.Batch(ctx, requests...)
		return err
	})
	if err != nil {
		return secret.Value{}, fault.Wrap(fault.UbusSessionFailed, err,
			"a session was created but its rights could not be set, so it was destroyed: "+syslog.Printable(err.Error(), 160))
	}
	if kept, err = m.files.finish(kept); err != nil {
		return secret.Value{}, err
	}
	whole = true
	m.tidy(ctx, record, kept, login.Began)
	return record.ID, nil
}

func request(method string, args ubus.Table) ubus.Request {
	return ubus.Request{Object: object, Method: method, Args: args}
}

func (l Login) values() ubus.Table {
	values := ubus.Table{
		valueUser: Username(l.Role), valueToken: l.Token.Reveal(),
		valueRole: l.Role, valueSubject: l.Subject, valueName: l.Name, valueIssuer: l.Issuer,
		valueLogin: strconv.FormatInt(l.At.Unix(), 10),
	}
	if l.Provider != config.Section {
		values[valueProvider] = l.Provider
	}
	return values
}

// abandon destroys a half-made session on a connection and a clock of its
// own, since those at hand may be what failed. Its file goes with it, and
// stays when it cannot be destroyed: the next login tries again.
func (m *Manager) abandon(record Record, kept file) {
	m.Close()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	if m.connect(ctx) == nil && m.destroy(ctx, record.ID.Reveal()) == nil && kept.name != "" {
		_ = m.files.end(kept)
	}
}

// tidy ends what logins that were killed have begun, and the oldest sessions of
// a person who has too many. It cannot fail a login: the next one, or the
// cleanup, does what is left.
func (m *Manager) tidy(ctx context.Context, record Record, kept file, began time.Time) {
	list, _ := m.files.list()
	var same []file
	for _, f := range list {
		switch {
		case m.files.abandoned(f, time.Now()):
			_, _ = m.endFile(ctx, f)
		case f.person == kept.person && f.handle != kept.handle && !f.begun && !f.over:
			same = append(same, f)
		}
	}
	if len(same) < PerPerson {
		return
	}
	// Files of sessions that have ended do not count.
	live, cut, err := m.list(ctx)
	if err != nil {
		return
	}
	listed := handles(live)
	var older []Record
	for _, f := range same {
		if !cut && !listed[f.handle] {
			_ = m.files.end(f)
			continue
		}
		r, err := m.files.read(f)
		if err == nil && r.Provider == record.Provider && r.Issuer == record.Issuer && r.Subject == record.Subject {
			older = append(older, r)
		}
	}
	for n := len(older); n >= PerPerson; n-- {
		oldest := 0
		for i := range older[:n] {
			if older[i].Since.Before(older[oldest].Since) {
				oldest = i
			}
		}
		// Logins under way at the same time do not end one another.
		if older[oldest].Since.After(began) {
			return
		}
		_, _ = m.End(ctx, Handle(older[oldest].ID.Reveal()))
		older[oldest] = older[n-1]
	}
}
