// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/acl"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

func TestOnePersonHasFewSessions(t *testing.T) {
	t.Parallel()
	_, daemon, manager := router(t)
	ctx := context.Background()
	other := create(t, manager, func(l *Login) { l.Subject = "somebody else" })
	namesake := create(t, manager, func(l *Login) { l.Issuer = "https://other.example" })
	var ids []secret.Value
	next := func() {
		t.Helper()
		time.Sleep(2 * time.Millisecond) // Times are in milliseconds.
		ids = append(ids, create(t, manager, nil))
	}
	for range PerPerson {
		next()
	}
	if n := made(daemon); n != PerPerson+2 {
		t.Fatalf("rpcd has %d sessions after %d logins of one person and two of others", n, PerPerson)
	}
	next()
	if lives(t, daemon, ids[0]) || !lives(t, daemon, ids[1]) || made(daemon) != PerPerson+2 {
		t.Errorf("one login more left %d sessions; the first lives: %t", made(daemon), lives(t, daemon, ids[0]))
	}
	if len(names(t, manager)) != PerPerson+2 {
		t.Errorf("the files are %q", names(t, manager))
	}
	// Those that have ended do not count: the oldest stays.
	for _, id := range ids[3:6] {
		if _, err := manager.call(ctx, "destroy", ubus.Table{"ubus_rpc_session": id.Reveal()}); err != nil {
			t.Fatal(err)
		}
	}
	next()
	if !lives(t, daemon, ids[1]) || made(daemon) != PerPerson {
		t.Errorf("sessions that have ended counted: %d are left", made(daemon))
	}
	if !lives(t, daemon, other) || !lives(t, daemon, namesake) {
		t.Error("another person's session was ended")
	}
}

// Logins that were under way together do not end one another, however many.
func TestManyLoginsAtOnce(t *testing.T) {
	t.Parallel()
	_, daemon, manager := router(t)
	began := time.Now()
	time.Sleep(2 * time.Millisecond)
	for range 2 * PerPerson {
		create(t, manager, func(l *Login) { l.Began = began })
	}
	if n := made(daemon); n != 2*PerPerson {
		t.Errorf("%d sessions, want all %d", n, 2*PerPerson)
	}
	time.Sleep(2 * time.Millisecond)
	create(t, manager, nil)
	if n := made(daemon); n != PerPerson {
		t.Errorf("%d sessions after the next login, want %d", n, PerPerson)
	}
}

func TestEndNeedsNoList(t *testing.T) {
	t.Parallel()
	broker, daemon, manager := router(t)
	id := create(t, manager, nil)
	broker.Refuse(object, "list", ubus.UnknownError)
	if ended, err := manager.End(context.Background(), Handle(id.Reveal())); !ended || err != nil || lives(t, daemon, id) {
		t.Errorf("End = %t, %v", ended, err)
	}
	broker.ClearFaults()
	if ended, err := manager.End(context.Background(), Handle(id.Reveal())); ended || err != nil {
		t.Errorf("End of one that has ended = %t, %v", ended, err)
	}
	if n := broker.Calls(object, "get"); n != 0 {
		t.Errorf("%d sessions were asked for, which restarts their idle time", n)
	}
}

// A session from before there were files, or whose file was lost.
func TestSessionWithoutAFile(t *testing.T) {
	t.Parallel()
	_, daemon, manager := router(t)
	id := create(t, manager, nil)
	for _, name := range names(t, manager) {
		if err := os.Remove(filepath.Join(manager.files.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	list, cut, err := manager.List(context.Background())
	if err != nil || cut || len(list) != 1 || list[0].Name != "n" {
		t.Fatalf("List = %+v, %t, %v", list, cut, err)
	}
	if ended, err := manager.End(context.Background(), list[0].Handle()); !ended || err != nil || lives(t, daemon, id) {
		t.Errorf("End = %t, %v", ended, err)
	}
}

func TestReapFollowsRPCD(t *testing.T) {
	t.Parallel()
	broker, _, manager := router(t)
	ctx := context.Background()
	gone, stays := create(t, manager, nil), create(t, manager, nil)
	if _, err := manager.call(ctx, "destroy", ubus.Table{"ubus_rpc_session": gone.Reveal()}); err != nil {
		t.Fatal(err)
	}
	if n, err := manager.Reap(ctx, time.Now()); n != 1 || err != nil {
		t.Errorf("Reap = %d, %v", n, err)
	}
	if list := names(t, manager); len(list) != 1 || !strings.HasPrefix(list[0], Handle(stays.Reveal())) {
		t.Errorf("the files are %q", list)
	}
	if n := broker.Calls(object, "get"); n != 0 {
		t.Errorf("%d sessions were asked for, which restarts their idle time", n)
	}
	broker.Refuse(object, "list", ubus.UnknownError)
	if _, err := manager.Reap(ctx, time.Now()); err == nil || len(names(t, manager)) != 1 {
		t.Errorf("without rpcd's word Reap says %v and leaves %q", err, names(t, manager))
	}
}

// TestThousandSessions: rpcd's list is cut; nothing is lost, and whatever
// lives can be seen and ended.
func TestThousandSessions(t *testing.T) {
	t.Parallel()
	broker, daemon, manager := router(t)
	ctx := context.Background()
	daemon.CutList(broker, 1<<20)
	grants := acl.Grants{}
	for i := range 60 {
		grants["ubus"] = append(grants["ubus"], acl.Pair{Object: fmt.Sprintf("some.object.of.a.router.%d", i), Function: "some_method"})
	}
	const n = 1000
	ids := map[string]bool{}
	var dead secret.Value
	for i := range n {
		id := create(t, manager, func(l *Login) { l.Subject, l.Grants = fmt.Sprint("person ", i), grants })
		ids[Handle(id.Reveal())] = true
		dead = id
	}
	if all, cut, err := manager.list(ctx); err != nil || !cut || len(all) >= n {
		t.Fatalf("rpcd's own list has %d sessions, cut %t, %v: this test needs one that is cut", len(all), cut, err)
	}
	list, cut, err := manager.List(ctx)
	if err != nil || !cut || len(list) != n {
		t.Fatalf("List has %d sessions, cut %t, %v, want all %d and that it is cut", len(list), cut, err, n)
	}
	for i := range list {
		if !ids[list[i].Handle()] || list[i].Name != "n" || list[i].Role != "admin" {
			t.Fatalf("List shows %+v", list[i])
		}
	}
	if removed, err := manager.Reap(ctx, time.Now()); removed != 0 || err != nil || len(names(t, manager)) != n {
		t.Errorf("Reap removed %d files of living sessions (%v)", removed, err)
	}
	// One has ended: a day later its file goes, too, and nobody's else.
	if _, err := manager.call(ctx, "destroy", ubus.Table{"ubus_rpc_session": dead.Reveal()}); err != nil {
		t.Fatal(err)
	}
	if removed, err := manager.Reap(ctx, time.Now().Add(25*time.Hour)); err != nil || removed > 1 || len(names(t, manager)) < n-1 {
		t.Errorf("a day later Reap removed %d, %v", removed, err)
	}
	for handle := range ids {
		if handle == Handle(dead.Reveal()) {
			continue
		}
		if ended, err := manager.End(ctx, handle); !ended || err != nil {
			t.Fatalf("End(%s) = %t, %v", handle, ended, err)
		}
	}
	if left := made(daemon); left != 0 {
		t.Errorf("%d sessions are left", left)
	}
	// Without a file, and not on the list: that it ended nobody may say.
	for i := range n / 2 {
		create(t, manager, func(l *Login) { l.Subject, l.Grants = fmt.Sprint("person ", i), grants })
	}
	if ended, err := manager.End(ctx, "0123456789abcdef"); ended || !fault.Is(err, fault.UbusError) {
		t.Errorf("End of a session that a cut list does not show = %t, %v", ended, err)
	}
}

// Sessions are ended by what is kept of them, and by what rpcd tells where
// nothing is.
func TestEndWhere(t *testing.T) {
	t.Parallel()
	_, daemon, manager := router(t)
	gone := create(t, manager, func(l *Login) { l.Role, l.SID = "old", "1" })
	bare := create(t, manager, func(l *Login) { l.Role = "old" })
	stays := create(t, manager, nil)
	f, ok, err := manager.files.find(Handle(bare.Reveal()))
	if err != nil || !ok || manager.files.remove(f) != nil {
		t.Fatal(ok, err)
	}
	ended, err := manager.EndWhere(context.Background(), func(r Record) bool { return r.Role == "old" })
	if len(ended) != 2 || err != nil || lives(t, daemon, gone) || lives(t, daemon, bare) || !lives(t, daemon, stays) {
		t.Fatalf("EndWhere = %+v, %v", ended, err)
	}
	if ended[0].SID != "1" || ended[1].Subject != "s" {
		t.Errorf("EndWhere = %+v", ended)
	}
}

// A refresh token is kept beyond the end of its session until somebody has
// told the provider, or an hour.
func TestEndKeepsRefreshTokenForRevocation(t *testing.T) {
	t.Parallel()
	_, _, manager := router(t)
	ctx := context.Background()
	id := create(t, manager, func(l *Login) { l.Refresh = secret.New("refresh") })
	if err := manager.Destroy(ctx, id); err != nil {
		t.Fatal(err)
	}
	list := names(t, manager)
	if len(list) != 1 || !strings.HasSuffix(list[0], overSuffix) {
		t.Fatalf("the files are %q", list)
	}
	if _, err := manager.Record(Handle(id.Reveal())); err == nil {
		t.Error("an ended session has a record")
	}
	if ended, err := manager.EndWhere(ctx, func(Record) bool { return true }); len(ended) != 0 || err != nil {
		t.Errorf("EndWhere = %+v, %v", ended, err)
	}
	if n, err := manager.Reap(ctx, time.Now()); n != 0 || err != nil {
		t.Errorf("Reap = %d, %v", n, err)
	}
	if n, err := manager.Reap(ctx, time.Now().Add(2*time.Hour)); n != 1 || err != nil || len(names(t, manager)) != 0 {
		t.Errorf("Reap = %d, %v, left %q", n, err, names(t, manager))
	}
}

// rpcd is not on the bus for a moment while it reloads. Nothing is known then
// about anybody's session.
func TestRPCDAway(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for what, call := range map[string]func(m *Manager, id secret.Value) error{
		"Find": func(m *Manager, id secret.Value) error {
			_, ok, err := m.Find(ctx, id.Reveal())
			if err == nil && !ok {
				return fmt.Errorf("no session was found")
			}
			return err
		},
		"Destroy": func(m *Manager, id secret.Value) error { return m.Destroy(ctx, id) },
		"Create":  func(m *Manager, _ secret.Value) error { _, err := m.Create(ctx, someone()); return err },
		"List": func(m *Manager, _ secret.Value) error {
			list, _, err := m.List(ctx)
			if err == nil && len(list) != 1 {
				return fmt.Errorf("%d sessions", len(list))
			}
			return err
		},
	} {
		for _, known := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, object known before: %t", what, known), func(t *testing.T) {
				t.Parallel()
				broker, daemon, manager := router(t)
				id := create(t, manager, nil)
				if !known {
					manager.Close()
				}
				broker.Remove(object)
				go func() {
					time.Sleep(300 * time.Millisecond)
					broker.Add(daemon.Objects()...)
				}()
				if err := call(manager, id); err != nil {
					t.Error(err)
				}
			})
		}
	}
	t.Run("for good", func(t *testing.T) {
		t.Parallel()
		broker, _, manager := router(t)
		id := create(t, manager, nil)
		broker.Remove(object)
		start := time.Now()
		_, ok, err := manager.Find(ctx, id.Reveal())
		if f, isFault := fault.As(err); ok || !isFault || f.Code != fault.UbusError || !strings.Contains(f.Detail, "not on the bus") {
			t.Errorf("Find = %t, %v", ok, err)
		}
		if took := time.Since(start); took < 4*time.Second || took > 8*time.Second {
			t.Errorf("it took %v, want the 5 s that are allowed", took)
		}
	})
}
