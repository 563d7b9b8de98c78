// SPDX-License-Identifier: Apache-2.0

package ubus_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
	"github.com/openwrt/ubus-go/ubusd/ubustest"
)

func startBroker(t *testing.T) (*ubusd.Broker, string) {
	t.Helper()
	path := ubustest.Socket(t)
	b, err := ubusd.Start(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	b.Register("echo", map[string]ubusd.Handler{
		"say": func(_ context.Context, args ubus.Table) ([]ubus.Table, ubus.Status) {
			return []ubus.Table{args}, ubus.OK
		},
		"many": func(_ context.Context, args ubus.Table) ([]ubus.Table, ubus.Status) {
			n, _ := args["n"].(int32)
			text, _ := args["text"].(string)
			var all []ubus.Table
			for i := range n {
				all = append(all, ubus.Table{"i": i, "text": text})
			}
			return all, ubus.OK
		},
		"none": func(context.Context, ubus.Table) ([]ubus.Table, ubus.Status) { return nil, ubus.OK },
		"deny": func(context.Context, ubus.Table) ([]ubus.Table, ubus.Status) { return nil, ubus.PermissionDenied },
		"half": func(context.Context, ubus.Table) ([]ubus.Table, ubus.Status) {
			return []ubus.Table{{"a": "b"}}, ubus.NotFound
		},
	})
	return b, path
}

func TestCall(t *testing.T) {
	t.Parallel()
	_, path := startBroker(t)
	c := ubustest.Dial(t, path)
	ctx := ubustest.Within(t, 10*time.Second)
	big := ubus.Table{"l": []any{strings.Repeat("x", 300<<10), ubus.Table{"n": int32(1)}}}
	tests := []struct {
		object, method string
		args, want     ubus.Table
		status         ubus.Status
	}{
		{"echo", "say", ubus.Table{"a": "b"}, ubus.Table{"a": "b"}, ubus.OK},
		{"echo", "say", nil, ubus.Table{}, ubus.OK},
		{"echo", "say", big, big, ubus.OK},
		{"echo", "none", nil, nil, ubus.OK},
		{"echo", "many", ubus.Table{"n": int32(3)}, ubus.Table{"i": int32(2), "text": ""}, ubus.OK},
		{"echo", "deny", nil, nil, ubus.PermissionDenied},
		{"echo", "half", nil, nil, ubus.NotFound},
		{"echo", "unknown", nil, nil, ubus.MethodNotFound},
		{"unknown", "say", nil, nil, ubus.NotFound},
		{"", "say", nil, nil, ubus.InvalidArgument},
		{"ech*", "say", nil, nil, ubus.InvalidArgument},
		{"echo", "say", ubus.Table{"still": "alive"}, ubus.Table{"still": "alive"}, ubus.OK},
	}
	for _, tt := range tests {
		got, err := c.Call(ctx, tt.object, tt.method, tt.args)
		if tt.status == ubus.OK && err != nil || tt.status != ubus.OK && !errors.Is(err, tt.status) {
			t.Errorf("%s %s: got error %v, want %v", tt.object, tt.method, err, tt.status)
		}
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s %s: got %.200v, want %.200v", tt.object, tt.method, got, tt.want)
		}
	}
}

func TestCallErrorNamesTheCall(t *testing.T) {
	t.Parallel()
	_, path := startBroker(t)
	c := ubustest.Dial(t, path)
	_, err := c.Call(ubustest.Within(t, 10*time.Second), "echo", "deny", nil)
	if want := "echo deny: ubus: permission denied (6)"; err == nil || err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if got, want := ubus.Status(99).Error(), "ubus: unknown status (99)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCallAll(t *testing.T) {
	t.Parallel()
	_, path := startBroker(t)
	c := ubustest.Dial(t, path)
	ctx := ubustest.Within(t, 30*time.Second)
	all, err := c.CallAll(ctx, "echo", "many", ubus.Table{"n": int32(500), "text": strings.Repeat("y", 3000)})
	if err != nil || len(all) != 500 {
		t.Fatalf("got %d replies, %v, want 500", len(all), err)
	}
	for i, reply := range all {
		if reply["i"] != int32(i) {
			t.Fatalf("reply %d is %v; replies must keep their order", i, reply["i"])
		}
	}
	_, err = c.CallAll(ctx, "echo", "many", ubus.Table{"n": int32(40), "text": strings.Repeat("y", 1000000)})
	if !errors.Is(err, ubus.ErrProtocol) {
		t.Errorf("40 MB of replies: got %v, want an error that wraps ErrProtocol", err)
	}
	stop := errors.New("enough")
	seen := 0
	err = c.CallEach(ctx, "echo", "many", ubus.Table{"n": int32(9)}, func([]byte) error {
		seen++
		return stop
	})
	if !errors.Is(err, stop) || seen != 1 {
		t.Errorf("got error %v after %d replies, want %v after one", err, seen, stop)
	}
	if _, err := c.Call(ctx, "echo", "say", nil); err != nil {
		t.Errorf("the connection must stay usable: %v", err)
	}
}

func TestLookupIsCached(t *testing.T) {
	t.Parallel()
	b, path := startBroker(t)
	c := ubustest.Dial(t, path)
	for range 5 {
		if _, err := c.Call(ubustest.Within(t, 10*time.Second), "echo", "say", nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.Calls("echo", ubusd.Lookup); n != 1 {
		t.Errorf("%d lookups for five calls, want one", n)
	}
}

// rpcd gets a new id when it reloads. A client must not see that.
func TestObjectRegisteredAnew(t *testing.T) {
	t.Parallel()
	b, path := startBroker(t)
	c := ubustest.Dial(t, path)
	ctx := ubustest.Within(t, 10*time.Second)
	if _, err := c.Call(ctx, "echo", "say", nil); err != nil {
		t.Fatal(err)
	}
	b.Register("echo", map[string]ubusd.Handler{"say": func(context.Context, ubus.Table) ([]ubus.Table, ubus.Status) {
		return []ubus.Table{{"new": true}}, ubus.OK
	}})
	if got, err := c.Call(ctx, "echo", "say", nil); err != nil || got["new"] != true {
		t.Errorf("got %v, %v, want the new object's reply", got, err)
	}
	b.Remove("echo")
	if _, err := c.Call(ctx, "echo", "say", nil); !errors.Is(err, ubus.NotFound) {
		t.Errorf("after the object is gone: got %v, want NotFound", err)
	}
	// An object's own NotFound is no reason to call again.
	b.Register("echo", map[string]ubusd.Handler{"say": func(context.Context, ubus.Table) ([]ubus.Table, ubus.Status) {
		return nil, ubus.NotFound
	}})
	before := b.Calls("echo", "say")
	for range 2 {
		if _, err := c.Call(ctx, "echo", "say", nil); !errors.Is(err, ubus.NotFound) {
			t.Errorf("got %v, want NotFound", err)
		}
	}
	if n := b.Calls("echo", "say") - before; n != 2 {
		t.Errorf("the object was called %d times, want 2", n)
	}
}

// A call that is made once more has its own arguments, not those of a call that
// was started meanwhile.
func TestArgumentsOfACallMadeOnceMore(t *testing.T) {
	t.Parallel()
	b, path := startBroker(t)
	c := ubustest.Dial(t, path)
	ctx := ubustest.Within(t, 10*time.Second)
	if _, err := c.Call(ctx, "echo", "say", nil); err != nil {
		t.Fatal(err)
	}
	b.Register("echo", map[string]ubusd.Handler{"say": func(_ context.Context, args ubus.Table) ([]ubus.Table, ubus.Status) {
		return []ubus.Table{{"heard": args["word"]}}, ubus.OK
	}})
	replies, err := c.Batch(ctx,
		ubus.Request{Object: "echo", Method: "say", Args: ubus.Table{"word": "first"}},
		ubus.Request{Object: "echo", Method: "say", Args: ubus.Table{"word": "second"}})
	if err != nil || replies[0]["heard"] != "first" || replies[1]["heard"] != "second" {
		t.Errorf("got %v, %v, want each call's own argument", replies, err)
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	b, path := startBroker(t)
	var mu sync.Mutex
	var order []int32
	add := map[string]ubusd.Handler{"add": func(_ context.Context, args ubus.Table) ([]ubus.Table, ubus.Status) {
		mu.Lock()
		defer mu.Unlock()
		n, _ := args["n"].(int32)
		order = append(order, n)
		if n < 0 {
			return nil, ubus.Status(-n)
		}
		return []ubus.Table{{"n": n}}, ubus.OK
	}}
	b.Register("list", add)
	c := ubustest.Dial(t, path)
	ctx := ubustest.Within(t, 30*time.Second)
	var requests []ubus.Request
	var want []int32
	for i := range int32(60) { // 3.6 MB: more than may wait at once.
		requests = append(requests, ubus.Request{Object: "list", Method: "add", Args: ubus.Table{"n": i, "pad": strings.Repeat("p", 60000)}})
		want = append(want, i)
	}
	replies, err := c.Batch(ctx, requests...)
	if err != nil || len(replies) != 60 || !reflect.DeepEqual(order, want) {
		t.Fatalf("%d replies, %v, carried out in the order %v", len(replies), err, order)
	}
	for i, reply := range replies {
		if reply["n"] != int32(i) {
			t.Errorf("reply %d is %v", i, reply)
		}
	}

	// The registration changes under calls in the cache: none is lost, and the
	// order stays.
	b.Register("list", add)
	mu.Lock()
	order = nil
	mu.Unlock()
	replies, err = c.Batch(ctx,
		ubus.Request{Object: "list", Method: "add", Args: ubus.Table{"n": int32(1)}},
		ubus.Request{Object: "list", Method: "add", Args: ubus.Table{"n": int32(-6)}},
		ubus.Request{Object: "list", Method: "add", Args: ubus.Table{"n": int32(-2)}},
		ubus.Request{Object: "list", Method: "add", Args: ubus.Table{"n": int32(2)}},
		ubus.Request{Object: "missing", Method: "add"},
		ubus.Request{Object: "list", Method: "add", Args: ubus.Table{"n": int32(3)}},
	)
	if !errors.Is(err, ubus.PermissionDenied) {
		t.Errorf("got error %v, want that of the first request that failed", err)
	}
	if len(replies) != 6 || replies[0] == nil || replies[1] != nil || replies[3] == nil || replies[4] != nil {
		t.Errorf("replies %v", replies)
	}
	if !reflect.DeepEqual(order, []int32{1, -6, -2, 2}) {
		t.Errorf("carried out %v", order)
	}
}

// A call that ran into its deadline must not confuse those after it.
func TestDeadlineLeavesTheConnectionUsable(t *testing.T) {
	t.Parallel()
	b, path := startBroker(t)
	c := ubustest.Dial(t, path)
	if _, err := c.Call(ubustest.Within(t, 10*time.Second), "echo", "say", nil); err != nil {
		t.Fatal(err)
	}
	b.SetFault("echo", "say", ubusd.Fault{Delay: 100 * time.Millisecond, Times: 1})
	_, err := c.Call(ubustest.Within(t, 20*time.Millisecond), "echo", "say", ubus.Table{"call": "late"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
	got, err := c.Call(ubustest.Within(t, 10*time.Second), "echo", "say", ubus.Table{"call": "next"})
	if err != nil || got["call"] != "next" {
		t.Errorf("got %v, %v, want the reply to the second call", got, err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	b, path := startBroker(t)
	b.Hang("echo", "say")
	c := ubustest.Dial(t, path)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	if _, err := c.Call(ctx, "echo", "say", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
	if _, err := c.Call(ctx, "echo", "none", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: got %v, want Canceled", err)
	}
	b.ClearFaults()
	if _, err := c.Call(context.Background(), "echo", "say", nil); err != nil {
		t.Errorf("without a deadline: %v", err)
	}
	if _, err := ubus.Dial(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("Dial with a context that has ended: got %v, want Canceled", err)
	}
}

func TestTooLargeIsNotSent(t *testing.T) {
	t.Parallel()
	_, path := startBroker(t)
	c := ubustest.Dial(t, path)
	ctx := ubustest.Within(t, 10*time.Second)
	for _, n := range []int{ubus.MaxMessage - 4096, ubus.MaxMessage, 3 * ubus.MaxMessage} {
		if _, err := c.Call(ctx, "echo", "none", ubus.Table{"x": strings.Repeat("x", n)}); !errors.Is(err, ubus.ErrTooLarge) {
			t.Errorf("%d bytes: got %v, want ErrTooLarge", n, err)
		}
	}
	if _, err := c.Call(ctx, "echo", "none", ubus.Table{"x": strings.Repeat("x", ubus.MaxMessage-8192)}); err != nil {
		t.Errorf("just small enough: %v", err)
	}
}

func TestBrokerHangsUp(t *testing.T) {
	t.Parallel()
	b, path := startBroker(t)
	b.DropAfter("echo", "say", 2)
	c := ubustest.Dial(t, path)
	ctx := ubustest.Within(t, 10*time.Second)
	for range 2 {
		if _, err := c.Call(ctx, "echo", "say", nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := c.Call(ctx, "echo", "say", nil); !errors.Is(err, ubus.ConnectionFailed) {
			t.Errorf("got %v, want ConnectionFailed", err)
		}
	}
}

func TestDialFails(t *testing.T) {
	t.Parallel()
	ctx := ubustest.Within(t, 10*time.Second)
	if _, err := ubus.Dial(ctx, ubustest.Socket(t)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no socket: got %v, want fs.ErrNotExist", err)
	}
	path := ubustest.Socket(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	// It listens and never accepts.
	if _, err := ubus.Dial(ubustest.Within(t, 50*time.Millisecond), path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silent broker: got %v, want DeadlineExceeded", err)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	_, path := startBroker(t)
	c := ubustest.Dial(t, path)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(ubustest.Within(t, 10*time.Second), "echo", "say", nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want net.ErrClosed", err)
	}
}

func TestManyClients(t *testing.T) {
	t.Parallel()
	b, path := startBroker(t)
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, err := ubus.Dial(ubustest.Within(t, 30*time.Second), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			for j := range 20 {
				want := ubus.Table{"who": fmt.Sprint(i, " ", j)}
				got, err := c.Call(ubustest.Within(t, 30*time.Second), "echo", "say", want)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("got %v, %v, want %v", got, err, want)
				}
			}
		}()
	}
	wg.Wait()
	for end := time.Now().Add(5 * time.Second); b.Clients() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d clients left connected", b.Clients())
		}
	}
}
