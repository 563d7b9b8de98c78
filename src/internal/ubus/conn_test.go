// SPDX-License-Identifier: Apache-2.0

package ubus_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"luci-sso/internal/lab/ubusd"
	"luci-sso/internal/ubus"
)

// socketPath is short enough for a socket, which t.TempDir is not always.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ubus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "sock")
}

func startBroker(t *testing.T) (*ubusd.Broker, string) {
	t.Helper()
	path := socketPath(t)
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

func ctxFor(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T, path string) *ubus.Conn {
	t.Helper()
	c, err := ubus.Dial(ctxFor(t, 10*time.Second), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCall(t *testing.T) {
	t.Parallel()
	_, path := startBroker(t)
	c := dial(t, path)
	ctx := ctxFor(t, 10*time.Second)
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
	c := dial(t, path)
	_, err := c.Call(ctxFor(t, 10*time.Second), "echo", "deny", nil)
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
	c := dial(t, path)
	ctx := ctxFor(t, 30*time.Second)
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
	c := dial(t, path)
	for range 5 {
		if _, err := c.Call(ctxFor(t, 10*time.Second), "echo", "say", nil); err != nil {
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
	c := dial(t, path)
	ctx := ctxFor(t, 10*time.Second)
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
	c := dial(t, path)
	ctx := ctxFor(t, 30*time.Second)
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
	c := dial(t, path)
	if _, err := c.Call(ctxFor(t, 10*time.Second), "echo", "say", nil); err != nil {
		t.Fatal(err)
	}
	b.SetFault("echo", "say", ubusd.Fault{Delay: 100 * time.Millisecond, Times: 1})
	_, err := c.Call(ctxFor(t, 20*time.Millisecond), "echo", "say", ubus.Table{"call": "late"})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want DeadlineExceeded", err)
	}
	got, err := c.Call(ctxFor(t, 10*time.Second), "echo", "say", ubus.Table{"call": "next"})
	if err != nil || got["call"] != "next" {
		t.Errorf("got %v, %v, want the reply to the second call", got, err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	b, path := startBroker(t)
	b.Hang("echo", "say")
	c := dial(t, path)
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
	c := dial(t, path)
	ctx := ctxFor(t, 10*time.Second)
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
	c := dial(t, path)
	ctx := ctxFor(t, 10*time.Second)
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
	ctx := ctxFor(t, 10*time.Second)
	if _, err := ubus.Dial(ctx, socketPath(t)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no socket: got %v, want fs.ErrNotExist", err)
	}
	path := socketPath(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	// It listens and never accepts.
	if _, err := ubus.Dial(ctxFor(t, 50*time.Millisecond), path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silent broker: got %v, want DeadlineExceeded", err)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	_, path := startBroker(t)
	c := dial(t, path)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Call(ctxFor(t, 10*time.Second), "echo", "say", nil); !errors.Is(err, net.ErrClosed) {
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
			c, err := ubus.Dial(ctxFor(t, 30*time.Second), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = c.Close() }()
			for j := range 20 {
				want := ubus.Table{"who": fmt.Sprint(i, " ", j)}
				got, err := c.Call(ctxFor(t, 30*time.Second), "echo", "say", want)
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

// hostile serves one client with script and returns the socket.
func hostile(t *testing.T, script func(nc net.Conn)) string {
	t.Helper()
	path := socketPath(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = nc.Close() }()
		script(nc)
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return path
}

func put(nc net.Conn, m ubus.Message) {
	b, err := ubus.AppendMessage(nil, &m)
	if err == nil {
		_, _ = nc.Write(b)
	}
}

func take(nc net.Conn) (ubus.Message, bool) {
	b := make([]byte, 12)
	if _, err := io.ReadFull(nc, b); err != nil {
		return ubus.Message{}, false
	}
	n, err := ubus.MessageLength(b)
	if err != nil {
		return ubus.Message{}, false
	}
	b = append(b, make([]byte, n-12)...)
	if _, err := io.ReadFull(nc, b[12:]); err != nil {
		return ubus.Message{}, false
	}
	m, err := ubus.ParseMessage(b)
	return m, err == nil
}

var hello = ubus.Message{Type: ubus.MsgHello, Peer: 77}

func TestHostileGreeting(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]func(nc net.Conn){
		"hangs up":            func(nc net.Conn) {},
		"half a header":       func(nc net.Conn) { _, _ = nc.Write([]byte{0, 0, 0}) },
		"no greeting":         func(nc net.Conn) { put(nc, ubus.Message{Type: ubus.MsgStatus, Peer: 77}) },
		"reserved id":         func(nc net.Conn) { put(nc, ubus.Message{Type: ubus.MsgHello, Peer: 1}) },
		"a web server":        func(nc net.Conn) { _, _ = io.WriteString(nc, "HTTP/1.1 400 Bad Request\r\n\r\n") },
		"claims a large body": func(nc net.Conn) { _, _ = nc.Write([]byte{0, 0, 0, 0, 0, 0, 0, 7, 0, 0xff, 0xff, 0xff}) },
	} {
		_, err := ubus.Dial(ctxFor(t, 10*time.Second), hostile(t, script))
		if !errors.Is(err, ubus.ErrProtocol) && (name != "hangs up" || !errors.Is(err, ubus.ConnectionFailed)) {
			t.Errorf("%s: got %v, want an error that wraps ErrProtocol", name, err)
		}
	}
}

// answerLookup greets and answers the lookup that a first call begins with,
// then hands the invocation to next.
func answerLookup(next func(nc net.Conn, invoke ubus.Message)) func(nc net.Conn) {
	return func(nc net.Conn) {
		put(nc, hello)
		m, ok := take(nc)
		if !ok {
			return
		}
		put(nc, ubus.Message{
			Type: ubus.MsgData, Seq: m.Seq, Has: ubus.HasObjectPath | ubus.HasObjectID,
			ObjectPath: m.ObjectPath, ObjectID: 1234,
		})
		put(nc, ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Has: ubus.HasStatus})
		if m, ok = take(nc); ok {
			next(nc, m)
			_, _ = io.Copy(io.Discard, nc) // Until the client leaves.
		}
	}
}

func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	data := func(m ubus.Message, payload []byte) ubus.Message {
		return ubus.Message{Type: ubus.MsgData, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasObjectID | ubus.HasData, ObjectID: m.Peer, Data: payload}
	}
	status := func(m ubus.Message, s ubus.Status) ubus.Message {
		return ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasObjectID | ubus.HasStatus, ObjectID: m.Peer, Status: s}
	}
	good, err := ubus.Append(nil, ubus.Table{"a": "good"})
	if err != nil {
		t.Fatal(err)
	}
	evil, err := ubus.Append(nil, ubus.Table{"a": "evil"})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		answer func(nc net.Conn, m ubus.Message)
		want   error // nil: the reply {"a": "good"}.
	}{
		{"messages for somebody else are passed over", func(nc net.Conn, m ubus.Message) {
			other := m
			other.Seq++
			put(nc, data(other, evil))
			put(nc, status(other, ubus.SystemError))
			other = m
			other.Peer++
			put(nc, data(other, evil))
			put(nc, status(other, ubus.SystemError))
			put(nc, ubus.Message{Type: ubus.MsgInvoke, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasData, Data: evil})
			put(nc, ubus.Message{Type: 200, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasStatus, Status: 9})
			put(nc, hello)
			put(nc, data(m, good))
			put(nc, status(m, 0))
		}, nil},
		{"data without data is passed over", func(nc net.Conn, m ubus.Message) {
			put(nc, data(m, good))
			put(nc, ubus.Message{Type: ubus.MsgData, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasObjectID, ObjectID: m.Peer})
			put(nc, status(m, 0))
		}, nil},
		{"byte by byte", func(nc net.Conn, m ubus.Message) {
			for _, message := range []ubus.Message{data(m, good), status(m, 0)} {
				b, _ := ubus.AppendMessage(nil, &message)
				for i := range b {
					_, _ = nc.Write(b[i : i+1])
					runtime.Gosched()
				}
			}
		}, nil},
		{"broken payload", func(nc net.Conn, m ubus.Message) {
			put(nc, data(m, []byte{0x83, 0, 0, 8, 0, 0, 0, 0}))
			put(nc, status(m, 0))
		}, ubus.ErrProtocol},
		{"status without a status", func(nc net.Conn, m ubus.Message) {
			put(nc, ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Peer: m.Peer})
		}, ubus.ErrProtocol},
		{"cut off in the header", func(nc net.Conn, m ubus.Message) {
			_, _ = nc.Write([]byte{0, 2, 0, 2, 0, 0})
			_ = nc.Close()
		}, ubus.ErrProtocol},
		{"cut off in the body", func(nc net.Conn, m ubus.Message) {
			b, _ := ubus.AppendMessage(nil, &ubus.Message{Type: ubus.MsgData, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasData, Data: good})
			_, _ = nc.Write(b[:len(b)-4])
			_ = nc.Close()
		}, ubus.ErrProtocol},
		{"hangs up", func(nc net.Conn, _ ubus.Message) { _ = nc.Close() }, ubus.ConnectionFailed},
		{"oversized", func(nc net.Conn, m ubus.Message) {
			_, _ = nc.Write([]byte{0, 2, 0, 2, 0, 0, 4, 0xd2, 0, 0xff, 0xff, 0xfc})
		}, ubus.ErrProtocol},
		{"another version", func(nc net.Conn, m ubus.Message) {
			_, _ = nc.Write([]byte{9, 2, 0, 2, 0, 0, 4, 0xd2, 0, 0, 0, 4})
		}, ubus.ErrProtocol},
		{"announces a megabyte and stops", func(nc net.Conn, m ubus.Message) {
			_, _ = nc.Write([]byte{0, 2, 0, 2, 0, 0, 4, 0xd2, 0, 0x10, 0, 0})
		}, context.DeadlineExceeded},
		{"talks without an end", func(nc net.Conn, m ubus.Message) {
			for {
				b, _ := ubus.AppendMessage(nil, &ubus.Message{Type: ubus.MsgData, Seq: m.Seq + 1, Peer: m.Peer, Has: ubus.HasData, Data: evil})
				if _, err := nc.Write(b); err != nil {
					return
				}
			}
		}, context.DeadlineExceeded},
		{"negative status", func(nc net.Conn, m ubus.Message) { put(nc, status(m, -5)) }, ubus.Status(-5)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, hostile(t, answerLookup(tt.answer)))
			limit := 10 * time.Second
			if tt.want == context.DeadlineExceeded {
				limit = 100 * time.Millisecond
			}
			got, err := c.Call(ctxFor(t, limit), "echo", "say", nil)
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, %v, want error %v", got, err, tt.want)
			}
			if tt.want == nil && got["a"] != "good" {
				t.Errorf("got %v, want the reply that was meant for the call", got)
			}
			_ = c.Close()
		})
	}
}

// A lookup may answer with another object, or with none and status OK, as
// ubusd does for an object the user may not see.
func TestHostileLookup(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"another object": "other", "nothing": ""} {
		c := dial(t, hostile(t, func(nc net.Conn) {
			put(nc, hello)
			m, _ := take(nc)
			if path != "" {
				put(nc, ubus.Message{
					Type: ubus.MsgData, Seq: m.Seq, Has: ubus.HasObjectPath | ubus.HasObjectID, ObjectPath: path, ObjectID: 9,
				})
			}
			put(nc, ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Has: ubus.HasStatus})
		}))
		if _, err := c.Call(ctxFor(t, 10*time.Second), "echo", "say", nil); !errors.Is(err, ubus.NotFound) {
			t.Errorf("%s: got %v, want NotFound", name, err)
		}
	}
}

// A broker that does not read must not hold a caller beyond its deadline.
func TestWriteDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	c := dial(t, hostile(t, answerLookup(func(nc net.Conn, _ ubus.Message) { <-release })))
	defer close(release)
	defer func() { _ = c.Close() }()
	ctx := ctxFor(t, 200*time.Millisecond)
	big := ubus.Table{"x": strings.Repeat("x", 900<<10)}
	_, err := c.Call(ctx, "echo", "say", nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want DeadlineExceeded", err)
	}
	start := time.Now()
	for range 3 {
		_, err = c.Call(ctxFor(t, 100*time.Millisecond), "echo", "say", big)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

// ubusd drops what exceeds 1 MB in the queue to an object: a batch must not
// have more than half of that under way.
func TestBatchKeepsToTheWindow(t *testing.T) {
	t.Parallel()
	var most atomic.Int64
	script := func(nc net.Conn, m ubus.Message) {
		var unanswered []ubus.Message
		size := 0
		for ok := true; ok; {
			unanswered = append(unanswered, m)
			size += len(m.Data)
			most.Store(max(most.Load(), int64(size)))
			// Answer only when the client waits for it.
			_ = nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			if m, ok = take(nc); ok {
				continue
			}
			for _, m := range unanswered {
				put(nc, ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasObjectID | ubus.HasStatus})
			}
			unanswered, size = nil, 0
			_ = nc.SetReadDeadline(time.Time{})
			m, ok = take(nc)
		}
	}
	c := dial(t, hostile(t, answerLookup(script)))
	var requests []ubus.Request
	for range 50 {
		requests = append(requests, ubus.Request{Object: "x", Method: "y", Args: ubus.Table{"pad": strings.Repeat("p", 50000)}})
	}
	if _, err := c.Batch(ctxFor(t, 30*time.Second), requests...); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if most := most.Load(); most > 512<<10 || most < 256<<10 {
		t.Errorf("%d bytes were under way at once, want less than 512 KB and not much less", most)
	}
}
