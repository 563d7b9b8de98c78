// SPDX-License-Identifier: Apache-2.0

package ubus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// window is how many bytes of requests may be unanswered at once. ubusd
// silently drops what exceeds 1 MB in the queue to one object's owner.
const window = 512 << 10

// Conn is a connection to the broker. It is meant for one goroutine; any
// number of calls may be under way on it. A call given up because its context
// ended leaves the connection usable, unless a request was half written.
type Conn struct {
	nc      net.Conn
	seq     uint16
	objects map[string]uint32 // Path → id, as looked up.
	calls   map[uint16]*Call  // By sequence number, without those answered.
	waiting int               // Bytes of the requests in calls.
	in      []byte            // Received, not yet processed.
	args    []byte            // Room for the arguments of a call,
	out     []byte            // and for a message.
	broken  error             // Why the connection cannot be used any more.
}

// Dial connects to the broker's unix socket and waits for its greeting.
// ctx bounds the two together. Errors wrap the net package's, the context's,
// or ErrProtocol.
func Dial(ctx context.Context, socketPath string) (*Conn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "unix", socketPath)
	if err != nil {
		return nil, fmt.Errorf("ubus: %w", err)
	}
	room := make([]byte, 8192)
	c := &Conn{nc: nc, objects: map[string]uint32{}, calls: map[uint16]*Call{}, args: room[:0:4096], out: room[4096:4096]}
	if err := c.greet(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) greet(ctx context.Context) error {
	defer c.arm(ctx)()
	m, size, err := c.receive(ctx)
	if err != nil {
		return err
	}
	c.consume(size)
	// Ids up to 1 are reserved, as in libubus.
	if m.Type != MsgHello || m.Peer <= 1 {
		return protocolError("the broker does not begin with a greeting")
	}
	return nil
}

// Close closes the connection. Calls under way are lost.
func (c *Conn) Close() error {
	if c.broken == nil {
		c.broken = net.ErrClosed
	}
	return c.nc.Close()
}

// send writes a request and enters it into the calls under way.
func (c *Conn) send(ctx context.Context, call *Call, m *Message) error {
	for m.Seq = c.seq + 1; m.Seq == 0 || c.calls[m.Seq] != nil; m.Seq++ {
		if len(c.calls) >= 1<<15 {
			return errors.New("ubus: too many calls under way")
		}
	}
	out, err := AppendMessage(c.out[:0], m)
	if err != nil {
		return err
	}
	c.out = out
	defer c.arm(ctx)()
	for c.waiting > 0 && c.waiting+len(out) > window {
		if err := c.dispatch(ctx); err != nil {
			return err
		}
	}
	if c.broken != nil {
		return c.broken
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ubus: request not sent: %w", err)
	}
	c.seq = m.Seq
	if n, err := c.nc.Write(out); err != nil {
		err = c.ioError(ctx, "request not sent", err)
		if n > 0 || !isTimeout(err) {
			c.broken = err
		}
		return err
	}
	call.conn, call.seq, call.peer, call.size = c, m.Seq, m.Peer, len(out)
	call.done, call.direct, call.err = false, false, nil
	c.calls[m.Seq] = call
	c.waiting += call.size
	return nil
}

// dispatch takes one message from the broker to the call it answers.
// Messages nobody waits for are dropped: answers to calls given up, and
// whatever else a broker may send.
func (c *Conn) dispatch(ctx context.Context) error {
	m, size, err := c.receive(ctx)
	if err != nil {
		return err
	}
	defer c.consume(size)
	call := c.calls[m.Seq]
	if call == nil || call.peer != m.Peer {
		return nil
	}
	switch m.Type {
	case MsgData:
		if call.err == nil {
			call.err = call.each(&m)
		}
	case MsgStatus:
		call.direct = m.Has&HasObjectID == 0
		switch {
		case m.Has&HasStatus == 0:
			c.finish(call, protocolError("status message without a status"))
		case m.Status == OK:
			c.finish(call, nil)
		default:
			c.finish(call, m.Status)
		}
	}
	return nil
}

// receive returns the next message, which lies in the first size bytes of
// c.in. What arrived of a message stays there when the context ends.
func (c *Conn) receive(ctx context.Context) (m Message, size int, err error) {
	for c.broken == nil {
		if size, err = MessageLength(c.in); err == nil && size > 0 && len(c.in) >= size {
			if m, err = ParseMessage(c.in[:size]); err == nil {
				return m, size, nil
			}
		}
		if err != nil {
			c.broken = err // There is no finding the next message.
			break
		}
		if err := c.fill(ctx, size); err != nil {
			return Message{}, 0, err
		}
	}
	return Message{}, 0, c.broken
}

func (c *Conn) consume(size int) {
	c.in = c.in[:copy(c.in, c.in[size:])]
}

// fill reads once. The buffer grows with what has really arrived, not with
// what a header announces.
func (c *Conn) fill(ctx context.Context, want int) error {
	if len(c.in) == cap(c.in) {
		room := 4096
		if want > len(c.in) {
			room = min(want-len(c.in), len(c.in)+room)
		}
		grown := make([]byte, len(c.in), len(c.in)+room)
		copy(grown, c.in)
		c.in = grown
	}
	n, err := c.nc.Read(c.in[len(c.in):cap(c.in)])
	c.in = c.in[:len(c.in)+n]
	switch {
	case n > 0 || err == nil:
		return nil
	case errors.Is(err, io.EOF) && len(c.in) > 0:
		c.broken = protocolError("connection closed within a message")
	case errors.Is(err, io.EOF):
		c.broken = fmt.Errorf("%w: the broker closed the connection", ConnectionFailed)
	default:
		err = c.ioError(ctx, "no answer", err)
		if isTimeout(err) {
			return err
		}
		c.broken = err
	}
	return c.broken
}

// arm makes reads and writes end when ctx does. The function it returns ends
// that; after it, nothing of ctx can touch the connection any more.
func (c *Conn) arm(ctx context.Context) (disarm func()) {
	deadline, _ := ctx.Deadline() // None is the zero time, which means none here too.
	_ = c.nc.SetDeadline(deadline)
	if ctx.Done() == nil {
		return func() {}
	}
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = c.nc.SetDeadline(time.Unix(1, 0))
		close(fired)
	})
	return func() {
		if !stop() {
			<-fired
		}
	}
}

// ioError says it with the context's error where the context is the reason.
func (c *Conn) ioError(ctx context.Context, what string, err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		// The socket's clock may be ahead of the context's.
		if err = ctx.Err(); err == nil {
			err = context.DeadlineExceeded
		}
		return fmt.Errorf("ubus: %s: %w", what, err)
	}
	return fmt.Errorf("%w: %s: %w", ConnectionFailed, what, err)
}

func isTimeout(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}
