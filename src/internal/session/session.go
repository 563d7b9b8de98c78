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

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/paths"
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
	// Only of providers other than default.
	valueProvider = "luci_sso_provider"
)

const userPrefix = "sso:"

// Username is the user name of a role's sessions. It is never that of an
// account of the router: a role called root does not become root.
func Username(role string) string { return userPrefix + role }

const object = "session"

// callTimeout bounds the whole talk with rpcd in one request, answerTimeout
// the wait for one answer before the call is made once more, pause the time
// between two looks for rpcd. Any package installation reloads it: it never
// answers what its reload overtakes, and is not on the bus until it is back.
const (
	callTimeout   = 5 * time.Second
	answerTimeout = 2 * time.Second
	pause         = 50 * time.Millisecond
	// manyTimeout bounds the talk about any number of sessions.
	manyTimeout = 30 * time.Second
)

// again runs a call that can be made twice: once more when the first gets no
// answer, and until rpcd is there while it is not.
func again(ctx context.Context, call func(context.Context) error) error {
	silent := false
	var absent error // What the look before found.
	for {
		one, cancel := ctx, context.CancelFunc(func() {})
		if !silent {
			one, cancel = context.WithTimeout(ctx, answerTimeout)
		}
		err := call(one)
		cancel()
		switch {
		case away(err):
			absent = err
		case absent != nil && (ctx.Err() != nil || silent && errors.Is(err, context.DeadlineExceeded)):
			// The time was over in the middle of one more look. The connection
			// may know it a moment before the context does.
			return absent
		case errors.Is(err, context.DeadlineExceeded) && !silent && ctx.Err() == nil:
			silent = true
			continue
		default:
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// away reports whether rpcd itself is not on the bus. That says nothing about
// a session.
func away(err error) bool {
	var call *ubus.CallError
	return errors.As(err, &call) && call.Absent
}

// gone reports whether rpcd said that it has no such session.
func gone(err error) bool { return errors.Is(err, ubus.NotFound) && !away(err) }

// Live is a session that rpcd has.
type Live struct {
	ID       secret.Value
	Provider string // Section of the configuration that the person came by.
	User     string
	Role     string // "" when the session is not of ours.
	Name     string
	Subject  string
	Issuer   string
	Login    time.Time
	Token    secret.Value
	IDToken  secret.Value
	Expires  time.Duration // Unknown when it is negative.
}

// Handle names the session to people.
func (s Live) Handle() string { return Handle(s.ID.Reveal()) }

// SSO reports whether the session is of ours.
func (s Live) SSO() bool { return s.User == Username(s.Role) && s.Role != "" }

// Manager talks to rpcd and keeps the sessions' files. Close it.
type Manager struct {
	socket string
	files  files
	conn   *ubus.Conn
}

// NewManager returns a manager for the ubus socket, the directory of the
// sessions' files, which is made when it is missing, and the secret key that
// seals them. It connects at the first call.
func NewManager(socket, dir, keyFile string) *Manager {
	return &Manager{socket: socket, files: files{dir, keyFile}}
}

// OnRouter is the manager of this router's sessions.
func OnRouter() *Manager {
	return NewManager(paths.UbusSocket(), paths.Sessions(), paths.SecretKey())
}

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

func (m *Manager) call(ctx context.Context, method string, args ubus.Table) (reply ubus.Table, err error) {
	err = again(ctx, func(ctx context.Context) error {
		reply, err = m.conn.Call(ctx, object, method, args)
		return err
	})
	return reply, err
}

// callFault tells a refusal by rpcd from a call that never got an answer.
func callFault(method string, err error) error {
	detail := "ubus call session " + method + ": " + syslog.Printable(err.Error(), 160) + "; is rpcd running"
	if away(err) {
		detail = "ubus call session " + method + ": rpcd is not on the bus and did not come back within " +
			strconv.Itoa(int(callTimeout/time.Second)) + " s; is rpcd running"
	}
	var status ubus.Status
	if errors.As(err, &status) && status != ubus.NotFound && status != ubus.ConnectionFailed && status != ubus.Timeout {
		return fault.Wrap(fault.UbusLoginFailed, err, detail)
	}
	return fault.Wrap(fault.UbusError, err, detail)
}

func (m *Manager) destroy(ctx context.Context, id string) error {
	_, err := m.call(ctx, "destroy", ubus.Table{"ubus_rpc_session": id})
	if gone(err) {
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
	if gone(err) {
		return Live{}, false, nil
	}
	if err != nil {
		return Live{}, false, callFault("get", err)
	}
	values, _ := reply["values"].(ubus.Table)
	live = fromValues(id, values)
	if live.SSO() && live.IDToken.Empty() {
		// Only for the provider's logout, which goes on without.
		if r, err := m.Record(Handle(id)); err == nil {
			live.IDToken = r.IDToken
		}
	}
	return live, true, nil
}

func fromValues(id string, values ubus.Table) Live {
	text := func(name string) string {
		value, _ := values[name].(string)
		return value
	}
	seconds, _ := strconv.ParseInt(text(valueLogin), 10, 64)
	provider := text(valueProvider)
	if provider == "" {
		provider = config.Section
	}
	return Live{
		Provider: provider,
		ID:       secret.New(id), User: text(valueUser), Role: text(valueRole),
		Name: text(valueName), Subject: text(valueSubject), Issuer: text(valueIssuer),
		Login: time.Unix(seconds, 0), Token: secret.New(text(valueToken)), IDToken: secret.New(text(valueIDToken)),
	}
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
