// SPDX-License-Identifier: Apache-2.0

// Package rpcd is the lab's stand-in for OpenWrt's rpcd: the `session` object
// with rpcd's rules to the letter, so that a login that works here works on a
// router, and rights that come out wrong come out wrong here too. What a
// settings page needs besides is there as well: of the `uci` object the methods
// LuCI uses, and the plugins in /usr/libexec/rpcd.
//
// It owns sessions, their rights and what a reload does to them. It reads
// /etc/config/rpcd and the access groups below its root by its own means: it
// must not use the packages that compute rights for the router binary, because
// tests hold those against this one. Where the two differ from rpcd on
// purpose: a password in the configuration is compared as plain text, or, as
// `$p$<user>`, with what SetPassword says. There is no crypt here.
package rpcd

import (
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"sort"
	"sync"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
)

const (
	defaultTimeout = 300 // Seconds.
	defaultSession = "00000000000000000000000000000000"
)

// RPCD holds the sessions. It is safe for concurrent use; like rpcd it carries
// out one call at a time.
type RPCD struct {
	root string

	mu        sync.Mutex
	sessions  map[string]*session
	passwords map[string]string
	now       func() time.Time
	hook      func(method string, args ubus.Table) ubus.Status
	brokers   []*ubusd.Broker

	edits       map[string]map[string][]edit // Of UCI, by session and configuration.
	unconfirmed string                       // The session whose apply waits for its confirm.
}

type session struct {
	id      string
	timeout int32     // Seconds; 0 and less: never ends.
	ends    time.Time // Zero: no timer is running.
	data    map[string]any
	rights  map[string]rights // By scope.
}

// New starts with no session but the default one. root is the router's root
// directory; "" is this machine's. It is read at New, login and Reload.
func New(root string) *RPCD {
	r := &RPCD{root: root, sessions: map[string]*session{}, passwords: map[string]string{}, now: time.Now,
		edits: map[string]map[string][]edit{}}
	r.addDefault()
	return r
}

func (r *RPCD) addDefault() {
	s := newSession(defaultSession, 0)
	r.setupRights(s, nil)
	r.sessions[s.id] = s
}

func newSession(id string, timeout int32) *session {
	return &session{id: id, timeout: timeout, data: map[string]any{}, rights: map[string]rights{}}
}

// SetClock replaces the clock that ends sessions.
func (r *RPCD) SetClock(now func() time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = now
}

// SetPassword says what the system's user database would: the password that
// `option password '$p$<user>'` asks for. "" accepts every password, as an
// empty entry in /etc/shadow does.
func (r *RPCD) SetPassword(user, password string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.passwords[user] = password
}

// SetHook has f decide over every call before it is carried out: any status
// but ubus.OK is the answer. nil takes it back.
func (r *RPCD) SetHook(f func(method string, args ubus.Table) ubus.Status) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hook = f
}

// Register puts the objects on a broker. Reload registers them anew there, as
// rpcd does, which changes their ids.
func (r *RPCD) Register(b *ubusd.Broker) {
	b.Add(r.Objects()...)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.brokers = append(r.brokers, b)
}

// Reload is what SIGHUP does: the sessions stay with their data, without the
// default session's; the time they have left is cut to whole seconds, and one
// that would never have ended ends at once. Their rights are built anew from
// the login entry of /etc/config/rpcd whose username is theirs; without one
// they have none.
func (r *RPCD) Reload() {
	r.mu.Lock()
	r.expire()
	logins := r.readLogins()
	old := r.sessions
	r.sessions = map[string]*session{}
	r.addDefault()
	for id, s := range old {
		left := s.left(r.now())
		if id == defaultSession || left <= 0 {
			continue
		}
		s.ends = r.now().Add(time.Duration(left) * time.Second)
		s.rights = map[string]rights{}
		if user, ok := s.data["username"].(string); ok {
			if l := logins.find(user, nil); l != nil {
				r.setupRights(s, l)
			}
		}
		r.sessions[id] = s
	}
	brokers := append([]*ubusd.Broker(nil), r.brokers...)
	r.mu.Unlock()
	for _, b := range brokers {
		b.Add(r.Objects()...)
	}
}

// expire drops the sessions whose time is up.
func (r *RPCD) expire() {
	now := r.now()
	for id, s := range r.sessions {
		if !s.ends.IsZero() && !now.Before(s.ends) {
			delete(r.sessions, id)
		}
	}
}

// use finds a session and gives it its full time again.
func (r *RPCD) use(id string) *session {
	s := r.sessions[id]
	if s != nil {
		r.touch(s)
	}
	return s
}

func (r *RPCD) touch(s *session) {
	if s.timeout > 0 {
		// The timer counts milliseconds in an int.
		ms := min(int64(s.timeout)*1000, 1<<31-1)
		s.ends = r.now().Add(time.Duration(ms) * time.Millisecond)
	}
}

func (r *RPCD) create(timeout int32) *session {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil
	}
	s := newSession(hex.EncodeToString(id[:]), timeout)
	r.sessions[s.id] = s
	r.touch(s)
	return s
}

// left is the time a session has, in whole seconds; 0 when it has no end. The
// timer counts milliseconds: a session just created has all its time.
func (s *session) left(now time.Time) int64 {
	if s.ends.IsZero() {
		return 0
	}
	ms := (s.ends.Sub(now) + time.Millisecond - 1) / time.Millisecond
	return int64(ms / 1000)
}

func (r *RPCD) sorted() []*session {
	all := make([]*session, 0, len(r.sessions))
	for _, s := range r.sessions {
		all = append(all, s)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].id < all[j].id })
	return all
}

// Session is a copy of a session for tests to look at.
type Session struct {
	ID      string
	Timeout int           // Seconds, as created.
	Expires time.Duration // 0 when it never ends.
	Default bool          // The session of everybody who is not signed in.
	ACLs    map[string][][2]string
	Data    ubus.Table
}

// Snapshot copies all sessions, in the order of their ids. ACLs has, by scope,
// the pairs of object and function, sorted and without repetition. Looking
// does not count as use.
func (r *RPCD) Snapshot() []Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.expire()
	var all []Session
	for _, s := range r.sorted() {
		c := Session{
			ID: s.id, Timeout: int(s.timeout), Default: s.id == defaultSession,
			ACLs: map[string][][2]string{}, Data: ubus.Table{},
		}
		if !s.ends.IsZero() {
			c.Expires = s.ends.Sub(r.now())
		}
		for name, v := range s.data {
			c.Data[name] = v
		}
		for scope, list := range s.rights {
			c.ACLs[scope] = list.pairs()
		}
		all = append(all, c)
	}
	return all
}

func (r *RPCD) path(p string) string { return filepath.Join(r.root, filepath.FromSlash(p)) }
