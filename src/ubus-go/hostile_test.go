// SPDX-License-Identifier: Apache-2.0

package ubus_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd/ubustest"
)

// hostile serves one client with script and returns the socket.
func hostile(t *testing.T, script func(nc net.Conn)) string {
	t.Helper()
	path := ubustest.Socket(t)
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
		_, err := ubus.Dial(ubustest.Within(t, 10*time.Second), hostile(t, script))
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
			c := ubustest.Dial(t, hostile(t, answerLookup(tt.answer)))
			limit := 10 * time.Second
			if tt.want == context.DeadlineExceeded {
				limit = 100 * time.Millisecond
			}
			got, err := c.Call(ubustest.Within(t, limit), "echo", "say", nil)
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
		c := ubustest.Dial(t, hostile(t, func(nc net.Conn) {
			put(nc, hello)
			m, _ := take(nc)
			if path != "" {
				put(nc, ubus.Message{
					Type: ubus.MsgData, Seq: m.Seq, Has: ubus.HasObjectPath | ubus.HasObjectID, ObjectPath: path, ObjectID: 9,
				})
			}
			put(nc, ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Has: ubus.HasStatus})
		}))
		if _, err := c.Call(ubustest.Within(t, 10*time.Second), "echo", "say", nil); !errors.Is(err, ubus.NotFound) {
			t.Errorf("%s: got %v, want NotFound", name, err)
		}
	}
}

// A broker that does not read must not hold a caller beyond its deadline.
func TestWriteDeadline(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	c := ubustest.Dial(t, hostile(t, answerLookup(func(nc net.Conn, _ ubus.Message) { <-release })))
	defer close(release)
	defer func() { _ = c.Close() }()
	ctx := ubustest.Within(t, 200*time.Millisecond)
	big := ubus.Table{"x": strings.Repeat("x", 900<<10)}
	_, err := c.Call(ctx, "echo", "say", nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want DeadlineExceeded", err)
	}
	start := time.Now()
	for range 3 {
		_, err = c.Call(ubustest.Within(t, 100*time.Millisecond), "echo", "say", big)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

// buffered is a connection whose next byte can be waited for and left there.
type buffered struct {
	net.Conn
	reader *bufio.Reader
}

func (b buffered) Read(p []byte) (int, error) { return b.reader.Read(p) }

// ubusd drops what exceeds 1 MB in the queue to an object: a batch must not
// have more than half of that under way.
func TestBatchKeepsToTheWindow(t *testing.T) {
	t.Parallel()
	var most atomic.Int64
	script := func(nc net.Conn, m ubus.Message) {
		var unanswered []ubus.Message
		size := 0
		in := buffered{nc, bufio.NewReader(nc)}
		for ok := true; ok; m, ok = take(in) {
			unanswered = append(unanswered, m)
			size += len(m.Data)
			most.Store(max(most.Load(), int64(size)))
			// Answer only when the client waits for it. Only the first byte of
			// a message is waited for in haste: a slow client may be in its middle.
			_ = nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			_, err := in.reader.Peek(1)
			_ = nc.SetReadDeadline(time.Time{})
			if err == nil {
				continue
			}
			for _, m := range unanswered {
				put(nc, ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasObjectID | ubus.HasStatus})
			}
			unanswered, size = nil, 0
		}
	}
	c := ubustest.Dial(t, hostile(t, answerLookup(script)))
	var requests []ubus.Request
	for range 50 {
		requests = append(requests, ubus.Request{Object: "x", Method: "y", Args: ubus.Table{"pad": strings.Repeat("p", 50000)}})
	}
	if _, err := c.Batch(ubustest.Within(t, 30*time.Second), requests...); err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if most := most.Load(); most > 512<<10 || most < 256<<10 {
		t.Errorf("%d bytes were under way at once, want less than 512 KB and not much less", most)
	}
}
