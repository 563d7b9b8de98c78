// SPDX-License-Identifier: Apache-2.0

package rpcd_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd/ubustest"
)

// The client does against the real ubusd and rpcd what a login does, and
// what would break if they were not what it takes them for.
func TestClientAgainstRealBus(t *testing.T) {
	r := realRouter(t)
	r.startRPCD(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	t.Run("the client's own live test", func(t *testing.T) {
		command := exec.CommandContext(ctx, "go", "test", "-count=1", "-v", "-run", "^TestLive$", ".")
		command.Dir = "../../ubus-go"
		command.Env = append(os.Environ(), "UBUS_SOCKET="+r.socket)
		out, err := command.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: TestLive") {
			t.Errorf("%v\n%s", err, out)
		}
	})

	t.Run("logins at the same time", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Add(1)
			c := ubustest.Dial(t, r.socket)
			go func() {
				defer wg.Done()
				if err := signIn(ctx, c, fmt.Sprintf("sso:%d", i)); err != nil {
					t.Error(err)
				}
			}()
		}
		wg.Wait()
		all, err := ubustest.Dial(t, r.socket).CallAll(ctx, "session", "list", nil)
		if err != nil || len(all) != 21 {
			t.Errorf("listed %d sessions, %v, want the 20 and the default one", len(all), err)
		}
	})

	t.Run("a batch larger than the queue of ubusd", func(t *testing.T) {
		c := ubustest.Dial(t, r.socket)
		created, err := c.Call(ctx, "session", "create", ubus.Table{"timeout": int32(60)})
		if err != nil {
			t.Fatal(err)
		}
		id := created["ubus_rpc_session"]
		var requests []ubus.Request
		for i := range 20 {
			objects := []any{[]any{fmt.Sprint("object ", i), strings.Repeat("f", 300)}}
			pad := strings.Repeat("x", 200<<10)
			requests = append(requests, ubus.Request{Object: "session", Method: "grant", Args: ubus.Table{
				"ubus_rpc_session": id, "objects": objects, "pad": pad,
			}})
		}
		// While rpcd sleeps everything waits in that queue.
		if err := r.rpcd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(300*time.Millisecond, func() { _ = r.rpcd.Process.Signal(syscall.SIGCONT) })
		if _, err := c.Batch(ctx, requests...); err != nil {
			t.Fatal(err)
		}
		rights, err := c.Call(ctx, "session", "access", ubus.Table{"ubus_rpc_session": id})
		if granted, _ := rights["ubus"].(ubus.Table); err != nil || len(granted) != 20 {
			t.Errorf("%d of 20 grants arrived, %v", len(granted), err)
		}
	})

	t.Run("the largest message", func(t *testing.T) {
		c := ubustest.Dial(t, r.socket)
		created, err := c.Call(ctx, "session", "create", nil)
		if err != nil {
			t.Fatal(err)
		}
		sid := ubus.Table{"ubus_rpc_session": created["ubus_rpc_session"]}
		want := ubus.Table{"long": strings.Repeat("l", ubus.MaxMessage-4300)}
		if _, err := c.Call(ctx, "session", "set", more(sid, ubus.Table{"values": want})); err != nil {
			t.Fatal(err)
		}
		got, err := c.Call(ctx, "session", "get", sid)
		if err != nil || !reflect.DeepEqual(got["values"], want) {
			t.Errorf("the value did not come back: %v", err)
		}
		if _, err := c.Call(ctx, "session", "destroy", sid); err != nil {
			t.Error(err)
		}
	})

	t.Run("a reload between two calls", func(t *testing.T) {
		c := ubustest.Dial(t, r.socket)
		created, err := c.Call(ctx, "session", "create", ubus.Table{"timeout": int32(60)})
		if err != nil {
			t.Fatal(err)
		}
		r.reload(t)
		if _, err := c.Call(ctx, "session", "get", ubus.Table{"ubus_rpc_session": created["ubus_rpc_session"]}); err != nil {
			t.Error(err)
		}
	})

	t.Run("rpcd stops answering, then ends", func(t *testing.T) {
		c := ubustest.Dial(t, r.socket)
		if _, err := c.Call(ctx, "session", "create", nil); err != nil {
			t.Fatal(err)
		}
		if err := r.rpcd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		if _, err := c.Call(short, "session", "create", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
		if err := r.rpcd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		r.waitFor(t, "the end of rpcd", func() bool { _, ok := sessionID(r.socket); return !ok })
		if _, err := c.Call(ctx, "session", "create", nil); !errors.Is(err, ubus.NotFound) {
			t.Errorf("got %v, want NotFound", err)
		}
	})
}

// signIn is a login's work: three round trips.
func signIn(ctx context.Context, c *ubus.Conn, user string) error {
	created, err := c.Call(ctx, "session", "create", ubus.Table{"timeout": int32(3600)})
	if err != nil {
		return err
	}
	sid := ubus.Table{"ubus_rpc_session": created["ubus_rpc_session"]}
	values := ubus.Table{"username": user, "token": strings.Repeat("0", 32)}
	if _, err := c.Batch(ctx,
		ubus.Request{Object: "session", Method: "grant", Args: more(sid, ubus.Table{"scope": "ubus", "objects": []any{[]any{"a", "b"}}})},
		ubus.Request{Object: "session", Method: "grant", Args: more(sid, ubus.Table{"scope": "uci", "objects": []any{[]any{"*", "read"}}})},
		ubus.Request{Object: "session", Method: "set", Args: more(sid, ubus.Table{"values": values})},
	); err != nil {
		return err
	}
	got, err := c.Call(ctx, "session", "list", sid)
	if err != nil {
		return err
	}
	want := ubus.Table{"ubus": ubus.Table{"a": []any{"b"}}, "uci": ubus.Table{"*": []any{"read"}}}
	if !reflect.DeepEqual(got["data"], values) || !reflect.DeepEqual(got["acls"], want) {
		return fmt.Errorf("the session is %v", got)
	}
	return nil
}
