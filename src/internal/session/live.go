// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"io/fs"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/store"
)

// ubusd keeps a megabyte for whoever is slow to read, and drops what comes on
// top. rpcd sends the sessions faster than anybody reads them.
const busKeeps = 1 << 20

// list returns the sessions that rpcd has, of ours and of others. cut says
// that there may be more: a missing one may be alive. The list restarts
// nobody's idle time, which asking for one session would.
func (m *Manager) list(ctx context.Context) (sessions []Live, cut bool, err error) {
	if err := m.connect(ctx); err != nil {
		return nil, false, err
	}
	err = again(ctx, func(ctx context.Context) error {
		total, largest := 0, 0
		sessions = nil
		err := m.conn.CallEach(ctx, object, "list", nil, func(payload []byte) error {
			total, largest = total+len(payload), max(largest, len(payload))
			reply, err := ubus.Decode(payload)
			if err == nil {
				sessions = append(sessions, fromReply(reply))
			}
			return err
		})
		// What was dropped did not fit behind what came: that was nearly all
		// there is room for.
		cut = total+4*largest >= busKeeps
		if cut && errors.Is(err, context.DeadlineExceeded) {
			return nil // The end of the list was dropped, too.
		}
		return err
	})
	if err != nil {
		return nil, false, callFault("list", err)
	}
	return sessions, cut, nil
}

func fromReply(reply ubus.Table) Live {
	id, _ := reply["ubus_rpc_session"].(string)
	values, _ := reply["data"].(ubus.Table)
	live := fromValues(id, values)
	switch expires := reply["expires"].(type) {
	case int32:
		live.Expires = time.Duration(expires) * time.Second
	case int64:
		live.Expires = time.Duration(expires) * time.Second
	}
	return live
}

func handles(sessions []Live) map[string]bool {
	set := make(map[string]bool, len(sessions))
	for i := range sessions {
		set[sessions[i].Handle()] = true
	}
	return set
}

// List returns the live sessions of ours. Where rpcd's list is cut, those that
// are missing from it come from their files, and cut says that some of them
// may have ended.
func (m *Manager) List(ctx context.Context) (sessions []Live, cut bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	// The files first: a session that is made meanwhile is in rpcd's list.
	kept, _ := m.files.list()
	all, cut, err := m.list(ctx)
	if err != nil {
		return nil, false, err
	}
	listed := handles(all)
	for _, live := range all {
		if live.SSO() {
			sessions = append(sessions, live)
		}
	}
	if !cut {
		return sessions, false, nil
	}
	for _, f := range kept {
		if listed[f.handle] || f.begun || f.over {
			continue
		}
		if r, err := m.files.read(f); err == nil {
			sessions = append(sessions, Live{
				Provider: r.Provider, ID: r.ID, User: Username(r.Role), Role: r.Role, Name: r.Name, Subject: r.Subject, Issuer: r.Issuer,
				Login: r.Since, IDToken: r.IDToken, Expires: -1,
			})
		}
	}
	return sessions, true, nil
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
	if f, ok, err := m.files.find(Handle(id.Reveal())); ok && err == nil {
		_ = m.files.end(f) // The cleanup does it otherwise.
	}
	return nil
}

// End ends the session with this handle; false when it has ended already. It
// needs no list: only a session without a file is looked for in rpcd's.
func (m *Manager) End(ctx context.Context, handle string) (ended bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	f, ok, err := m.files.find(handle)
	if ok && err == nil {
		ended, err = m.endFile(ctx, f)
		if err == nil || !unreadable(err) {
			return ended, err
		}
	}
	sessions, cut, err := m.list(ctx)
	if err != nil {
		return false, err
	}
	for _, live := range sessions {
		if live.SSO() && live.Handle() == handle {
			return true, m.Destroy(ctx, live.ID)
		}
	}
	if cut {
		return false, fault.New(fault.UbusError, "rpcd has more sessions than its list can show, and none that it shows has this id; end others first")
	}
	return false, nil
}

// Record is what is kept of the session with this handle. Where nothing is,
// the error satisfies errors.Is(err, fs.ErrNotExist).
func (m *Manager) Record(handle string) (Record, error) {
	f, ok, err := m.files.find(handle)
	if err == nil && !ok {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Record{}, err
	}
	return m.files.read(f)
}

// Kept is what is kept of one session, with its place.
type Kept struct {
	Record
	Over bool // It has ended, and its refresh token is to be revoked.
	file file
}

// Kept returns what is kept of all sessions that are whole. It asks nobody.
func (m *Manager) Kept() (all []Kept, err error) {
	list, err := m.files.list()
	for _, f := range list {
		if f.begun {
			continue
		}
		if r, err := m.files.read(f); err == nil {
			all = append(all, Kept{r, f.over, f})
		}
	}
	return all, err
}

// EndKept ends a session; false when it had ended before.
func (m *Manager) EndKept(ctx context.Context, k Kept) (ended bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return m.endFile(ctx, k.file)
}

// Keep replaces what is kept of a session.
func (m *Manager) Keep(k Kept) error { return m.files.rewrite(k.file, k.Record) }

// Forget removes what is kept of a session that has ended.
func (m *Manager) Forget(k Kept) { _ = m.files.remove(k.file) }

// Leave is Forget for a session whose refresh token nobody could be told of
// yet, which is tried again for a while.
func (m *Manager) Leave(k Kept) {
	if !k.Over {
		_ = m.files.end(k.file)
	} else if m.files.older(k.file, time.Now(), patience) {
		_ = m.files.remove(k.file)
	}
}

// Alive reports which sessions of these live. One that rpcd's list does not
// show where it is cut may live.
func (m *Manager) Alive(ctx context.Context) (alive func(Kept) bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	all, cut, err := m.list(ctx)
	listed := handles(all)
	return func(k Kept) bool { return cut || listed[k.file.handle] }, err
}

// Lock keeps other processes from looking after the sessions at the same time;
// store.ErrBusy when one does so.
func (m *Manager) Lock() (unlock func(), err error) { return store.LockDir(m.files.dir, 0) }

type unreadableError struct{ error }

func unreadable(err error) bool {
	var u unreadableError
	return errors.As(err, &u)
}

// endFile ends the session of a file, and then removes the file.
func (m *Manager) endFile(ctx context.Context, f file) (ended bool, err error) {
	r, err := m.files.read(f)
	if err != nil {
		return false, unreadableError{err}
	}
	if err := m.connect(ctx); err != nil {
		return false, err
	}
	_, err = m.call(ctx, "destroy", ubus.Table{"ubus_rpc_session": r.ID.Reveal()})
	if err != nil && !gone(err) {
		return false, callFault("destroy", err)
	}
	return err == nil, m.files.end(f)
}

// EndWhere ends the sessions of ours that the function names, those that are
// being made included, and returns what it ended. Trouble with one does not
// keep the others.
func (m *Manager) EndWhere(ctx context.Context, doomed func(Record) bool) (ended []Record, err error) {
	ctx, cancel := context.WithTimeout(ctx, manyTimeout)
	defer cancel()
	kept, err := m.files.list()
	known := make(map[string]bool, len(kept))
	for _, f := range kept {
		if f.over {
			continue
		}
		r, rerr := m.files.read(f)
		if rerr != nil {
			continue // rpcd's list has it, if it lives.
		}
		known[f.handle] = true
		if !doomed(r) {
			continue
		}
		did, derr := m.endFile(ctx, f)
		switch {
		case derr != nil:
			err = derr
		case did:
			ended = append(ended, r)
		}
	}
	// Those without a file.
	sessions, _, lerr := m.list(ctx)
	if lerr != nil {
		return ended, lerr
	}
	for _, live := range sessions {
		r := live.record()
		if !live.SSO() || known[live.Handle()] || !doomed(r) {
			continue
		}
		if derr := m.destroy(ctx, live.ID.Reveal()); derr != nil {
			err = callFault("destroy", derr)
			continue
		}
		ended = append(ended, r)
	}
	return ended, err
}

// record is what rpcd itself tells of a session.
func (s Live) record() Record {
	return Record{ID: s.ID, Provider: s.Provider, Issuer: s.Issuer, Subject: s.Subject, Role: s.Role, Name: s.Name, Since: s.Login}
}

// Any reports whether there is a file of a session. It asks nobody.
func (m *Manager) Any() bool {
	kept, err := m.files.list()
	return err != nil || len(kept) > 0
}

// askSinglyAfter is the age from which a file whose session a cut list does
// not show is asked for by itself. That restarts the idle time of a session
// that lives: no more than once for each of the daily cleanups, and not where
// it would keep a session for ever.
const (
	askSinglyAfter = 24 * time.Hour
	askSinglyIdle  = 12 * time.Hour
)

// Reap ends what killed logins have begun and removes the files of sessions
// that have ended. It returns how many files went.
func (m *Manager) Reap(ctx context.Context, now time.Time) (removed int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*callTimeout)
	defer cancel()
	if _, err := store.ReapTemp(m.files.dir, now); err != nil {
		return 0, err
	}
	kept, err := m.files.list()
	if err != nil || len(kept) == 0 {
		return 0, err
	}
	all, cut, err := m.list(ctx)
	if err != nil {
		return 0, err
	}
	listed := handles(all)
	for _, f := range kept {
		switch {
		case f.over:
			if m.files.older(f, now, patience) && m.files.remove(f) == nil {
				removed++
			}
		case m.files.abandoned(f, now):
			_, err := m.endFile(ctx, f)
			if unreadable(err) && !cut && !listed[f.handle] {
				err = m.files.remove(f)
			}
			if err == nil {
				removed++
			}
		case f.begun, listed[f.handle]:
		case !cut || m.endedSingly(ctx, f, now):
			if m.files.end(f) == nil {
				removed++
			}
		}
	}
	return removed, nil
}

func (m *Manager) endedSingly(ctx context.Context, f file, now time.Time) bool {
	r, err := m.files.read(f)
	if err != nil || now.Sub(r.Since) < askSinglyAfter || r.Idle > askSinglyIdle {
		return false
	}
	_, err = m.call(ctx, "get", ubus.Table{"ubus_rpc_session": r.ID.Reveal(), "keys": []any{}})
	return gone(err)
}
