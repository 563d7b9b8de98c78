// SPDX-License-Identifier: Apache-2.0

package rpcd_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
	"github.com/openwrt/ubus-go/ubusd/ubustest"

	"luci-sso/lab/rpcd"
)

// bench is a stand-in on a broker, over a root with the tricky files.
type bench struct {
	*rpcd.RPCD
	root   string
	broker *ubusd.Broker
	conn   *ubus.Conn

	mu    sync.Mutex
	clock time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	root, err := os.MkdirTemp("", "rpcd") // t.TempDir can be too long for a socket.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	writeTricky(t, root)
	b := &bench{RPCD: rpcd.New(root), root: root, clock: time.Unix(1_800_000_000, 0)}
	b.SetClock(func() time.Time {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.clock
	})
	b.SetPassword("root", "router")
	socket := filepath.Join(root, "ubus.sock")
	if b.broker, err = ubusd.Start(socket); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.broker.Close() })
	b.Register(b.broker)
	b.conn = ubustest.Dial(t, socket)
	return b
}

func (b *bench) wait(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock = b.clock.Add(d)
}

func (b *bench) try(t *testing.T, method string, args ubus.Table) (ubus.Table, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return b.conn.Call(ctx, "session", method, args)
}

func (b *bench) do(t *testing.T, method string, args ubus.Table) ubus.Table {
	t.Helper()
	reply, err := b.try(t, method, args)
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func (b *bench) create(t *testing.T, timeout any) ubus.Table {
	t.Helper()
	reply := b.do(t, "create", ubus.Table{"timeout": timeout})
	return ubus.Table{"ubus_rpc_session": reply["ubus_rpc_session"]}
}

func (b *bench) login(t *testing.T, user string) ubus.Table {
	t.Helper()
	reply := b.do(t, "login", ubus.Table{"username": user, "password": "router"})
	return ubus.Table{"ubus_rpc_session": reply["ubus_rpc_session"]}
}

func (b *bench) snapshot(t *testing.T, sid ubus.Table) rpcd.Session {
	t.Helper()
	for _, s := range b.Snapshot() {
		if s.ID == sid["ubus_rpc_session"] {
			return s
		}
	}
	t.Fatalf("session %v is gone", sid)
	return rpcd.Session{}
}

func more(sid ubus.Table, args ubus.Table) ubus.Table {
	out := ubus.Table{}
	for _, t := range []ubus.Table{sid, args} {
		for name, v := range t {
			out[name] = v
		}
	}
	return out
}
