// SPDX-License-Identifier: Apache-2.0

// Package session owns the sessions that LuCI accepts, in rpcd and for as long
// as they live: it creates them over ubus with exactly the rights a role has,
// finds and ends them. It knows neither the provider nor the browser. A session
// is whole or destroyed.
//
// It owns the sections luci_sso_* of rpcd's configuration as well. When rpcd
// is told to reload, it keeps the sessions and builds their rights anew from
// the `config login` section with the session's user name. So each role has
// one, derived from it: with the user name its sessions carry, the role's
// lists, and no password, for which rpcd never accepts a login. The role in
// this program's own configuration is what a person edits; the sections
// follow. All other sections of the file belong to others and are never
// touched.
package session

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/acl"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
	"luci-sso/internal/uci"
)

// Names of a session's values. LuCI itself reads the first two.
const (
	valueUser    = "username"
	valueToken   = "token"
	valueRole    = "luci_sso_role"
	valueSubject = "luci_sso_sub"
	valueName    = "luci_sso_name"
	valueIssuer  = "luci_sso_issuer"
	valueLogin   = "luci_sso_login"
	valueIDToken = "luci_sso_id_token"
)

const userPrefix = "sso:"

// Username is the user name of a role's sessions. It is never that of an
// account of the router: a role called root does not become root.
func Username(role string) string { return userPrefix + role }

const object = "session"

// callTimeout bounds the whole talk with rpcd in one request, answerTimeout
// the wait for one answer before the call is made once more: rpcd never
// answers what its reload overtakes, and any package installation reloads it.
const (
	callTimeout   = 5 * time.Second
	answerTimeout = 2 * time.Second
)

// again runs a call that can be made twice, and does so when the first gets
// no answer.
func again(ctx context.Context, call func(context.Context) error) error {
	first, cancel := context.WithTimeout(ctx, answerTimeout)
	err := call(first)
	cancel()
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = call(ctx)
	}
	return err
}

// Login is what a session is created from.
type Login struct {
	Role    string
	Grants  acl.Grants
	Timeout time.Duration // Idle time after which rpcd ends the session.
	Subject string
	Name    string // What to call the person: e-mail or subject.
	Issuer  string
	IDToken secret.Value // For the provider's logout.
	Token   secret.Value // LuCI's CSRF token.
	At      time.Time
}

// Live is a session that rpcd has.
type Live struct {
	ID      secret.Value
	User    string
	Role    string // "" when the session is not of ours.
	Name    string
	Subject string
	Issuer  string
	Login   time.Time
	Token   secret.Value
	IDToken secret.Value
	Expires time.Duration
}

// SSO reports whether the session is of ours.
func (s Live) SSO() bool { return s.User == Username(s.Role) && s.Role != "" }

// Manager talks to rpcd. Close it.
type Manager struct {
	socket string
	conn   *ubus.Conn
}

// NewManager returns a manager for the ubus socket at path. It connects at
// the first call.
func NewManager(path string) *Manager { return &Manager{socket: path} }

// Close ends the connection.
func (m *Manager) Close() {
	if m.conn != nil {
		_ = m.conn.Close()
		m.conn = nil
	}
}

func (m *Manager) connect(ctx context.Context) error {
	if m.conn != nil {
		return nil
	}
	conn, err := ubus.Dial(ctx, m.socket)
	if err != nil {
		return fault.Wrap(fault.UbusConnectFailed, err, "cannot connect to "+m.socket+": "+syslog.Printable(err.Error(), 160)+"; is ubusd running")
	}
	m.conn = conn
	return nil
}

// Create makes a session with the login's rights and values and returns its
// id. When anything fails after rpcd created it, it is destroyed again.
func (m *Manager) Create(ctx context.Context, login Login) (secret.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := m.connect(ctx); err != nil {
		return secret.Value{}, err
	}
	reply, err := m.call(ctx, "create", ubus.Table{"timeout": int32(login.Timeout / time.Second)})
	if err != nil {
		return secret.Value{}, callFault("create", err)
	}
	id, _ := reply["ubus_rpc_session"].(string)
	if !validID(id) {
		return secret.Value{}, fault.New(fault.UbusError, "session create returned no session id")
	}
	whole := false
	defer func() {
		if !whole {
			m.abandon(id)
		}
	}()
	// The values go first: whatever interrupts this, there is no session
	// with rights but without a name. One round trip for all.
	requests := make([]ubus.Request, 0, len(login.Grants)+1)
	requests = append(requests, request("set", ubus.Table{"ubus_rpc_session": id, "values": login.values()}))
	for scope, pairs := range login.Grants {
		objects := make([]any, 0, len(pairs))
		for _, pair := range pairs {
			objects = append(objects, []any{pair.Object, pair.Function})
		}
		requests = append(requests, request("grant", ubus.Table{"ubus_rpc_session": id, "scope": scope, "objects": objects}))
	}
	err = again(ctx, func(ctx context.Context) error {
		_, err := m.conn.Batch(ctx, requests...)
		return err
	})
	if err != nil {
		return secret.Value{}, fault.Wrap(fault.UbusSessionFailed, err,
			"a session was created but its rights could not be set, so it was destroyed: "+syslog.Printable(err.Error(), 160))
	}
	whole = true
	return secret.New(id), nil
}

func (m *Manager) call(ctx context.Context, method string, args ubus.Table) (reply ubus.Table, err error) {
	err = again(ctx, func(ctx context.Context) error {
		reply, err = m.conn.Call(ctx, object, method, args)
		return err
	})
	return reply, err
}

func request(method string, args ubus.Table) ubus.Request {
	return ubus.Request{Object: object, Method: method, Args: args}
}

func (l Login) values() ubus.Table {
	return ubus.Table{
		valueUser: Username(l.Role), valueToken: l.Token.Reveal(),
		valueRole: l.Role, valueSubject: l.Subject, valueName: l.Name, valueIssuer: l.Issuer,
		valueLogin: strconv.FormatInt(l.At.Unix(), 10), valueIDToken: l.IDToken.Reveal(),
	}
}

// callFault tells a refusal by rpcd from a call that never got an answer.
func callFault(method string, err error) error {
	detail := "ubus call session " + method + ": " + syslog.Printable(err.Error(), 160) + "; is rpcd running"
	var status ubus.Status
	if errors.As(err, &status) && status != ubus.NotFound && status != ubus.ConnectionFailed && status != ubus.Timeout {
		return fault.Wrap(fault.UbusLoginFailed, err, detail)
	}
	return fault.Wrap(fault.UbusError, err, detail)
}

// abandon destroys a half-made session on a connection and a clock of its
// own, since those at hand may be what failed.
func (m *Manager) abandon(id string) {
	m.Close()
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	if m.connect(ctx) == nil {
		_ = m.destroy(ctx, id)
	}
}

func (m *Manager) destroy(ctx context.Context, id string) error {
	_, err := m.call(ctx, "destroy", ubus.Table{"ubus_rpc_session": id})
	if errors.Is(err, ubus.NotFound) {
		return nil
	}
	return err
}

// Find returns the session with this id; ok is false when there is none.
func (m *Manager) Find(ctx context.Context, id string) (live Live, ok bool, err error) {
	if !validID(id) {
		return Live{}, false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := m.connect(ctx); err != nil {
		return Live{}, false, err
	}
	reply, err := m.call(ctx, "get", ubus.Table{"ubus_rpc_session": id})
	if errors.Is(err, ubus.NotFound) {
		return Live{}, false, nil
	}
	if err != nil {
		return Live{}, false, callFault("get", err)
	}
	values, _ := reply["values"].(ubus.Table)
	return fromValues(id, values), true, nil
}

func fromValues(id string, values ubus.Table) Live {
	text := func(name string) string {
		value, _ := values[name].(string)
		return value
	}
	seconds, _ := strconv.ParseInt(text(valueLogin), 10, 64)
	return Live{
		ID: secret.New(id), User: text(valueUser), Role: text(valueRole),
		Name: text(valueName), Subject: text(valueSubject), Issuer: text(valueIssuer),
		Login: time.Unix(seconds, 0), Token: secret.New(text(valueToken)), IDToken: secret.New(text(valueIDToken)),
	}
}

// Destroy ends a session. One that is gone already is no error.
func (m *Manager) Destroy(ctx context.Context, id secret.Value) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := m.connect(ctx); err != nil {
		return err
	}
	if err := m.destroy(ctx, id.Reveal()); err != nil {
		return callFault("destroy", err)
	}
	return nil
}

// List returns the live sessions of ours.
func (m *Manager) List(ctx context.Context) ([]Live, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := m.connect(ctx); err != nil {
		return nil, err
	}
	replies, err := m.conn.CallAll(ctx, object, "list", nil)
	if err != nil {
		return nil, callFault("list", err)
	}
	var sessions []Live
	for _, reply := range replies {
		id, _ := reply["ubus_rpc_session"].(string)
		values, _ := reply["data"].(ubus.Table)
		session := fromValues(id, values)
		if !session.SSO() {
			continue
		}
		switch expires := reply["expires"].(type) {
		case int32:
			session.Expires = time.Duration(expires) * time.Second
		case int64:
			session.Expires = time.Duration(expires) * time.Second
		}
		sessions = append(sessions, session)
	}
	return sessions, nil
}

// validID reports whether text has the form of rpcd's session ids. All zeros
// is the one that rpcd gives to whoever has none.
func validID(text string) bool {
	if len(text) != 32 || strings.Trim(text, "0") == "" {
		return false
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

// LongestIdle is the longest session time that every rpcd takes. It counts in
// milliseconds; those before April 2026 did so in 32 bits, and refuse more.
const LongestIdle = (1<<31 - 1) / 1000 * time.Second

// IdleTimeout is LuCI's own session time, luci.sauth.sessiontime in the
// configuration at path, at most LongestIdle: 3600 s when it is unset or
// senseless.
func IdleTimeout(path string) time.Duration { return min(ConfiguredIdle(path), LongestIdle) }

// ConfiguredIdle is IdleTimeout without its bound, as LuCI uses it for
// password logins.
func ConfiguredIdle(path string) time.Duration {
	const usual = 3600 * time.Second
	pkg, err := uci.Load(path)
	if err != nil {
		return usual
	}
	section, ok := pkg.Lookup("sauth")
	if !ok {
		return usual
	}
	text, _ := section.Get("sessiontime")
	seconds, err := strconv.ParseInt(text, 10, 32)
	if err != nil || seconds <= 0 {
		return usual
	}
	return time.Duration(seconds) * time.Second
}
