// SPDX-License-Identifier: Apache-2.0

package ubus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

// window is how many bytes of requests may be unanswered at once. ubusd
// silently drops what exceeds 1 MB in the queue to one object's owner.
const window = 512 << 10

// forwarding is what ubusd may add to a message when it passes it on: the
// caller's user and group. An object whose owner gets more than MaxMessage
// loses track of its connection.
const forwarding = 4 << 10

// maxReplies bounds what CallAll collects, in bytes of messages.
const maxReplies = 16 << 20

// Conn is a connection to the broker. It is meant for one goroutine; any
// number of calls may be under way on it. A call given up because its context
// ended leaves the connection usable, unless a request was half written.
type Conn struct {
	nc      net.Conn
	id      uint32
	seq     uint16
	objects map[string]uint32 // Path → id, as looked up.
	calls   map[uint16]*Call  // By sequence number, without those answered.
	waiting int               // Bytes of the requests in calls.
	in      []byte            // Received, not yet processed.
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
	c := &Conn{nc: nc, objects: map[string]uint32{}, calls: map[uint16]*Call{}}
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
	c.id = m.Peer
	return nil
}

// Close closes the connection. Calls under way are lost.
func (c *Conn) Close() error {
	if c.broken == nil {
		c.broken = net.ErrClosed
	}
	return c.nc.Close()
}

// Request is a call for Batch.
type Request struct {
	Object, Method string
	Args           Table
}

// Call is a request under way. See [Conn.Start].
type Call struct {
	conn   *Conn
	object string
	method string
	seq    uint16
	peer   uint32 // Whom answers come from.
	size   int
	each   func(m *Message) error
	last   Table
	done   bool
	direct bool // The status came from the broker: the object never saw the call.
	err    error
	retry  func(ctx context.Context) error // Looks the object up anew and sends again.
}

// Call invokes a method and returns its reply, the last one if there are
// several, or nil if there is none. args may be nil. Errors are a *CallError
// with the Status the other side answered, or wrap the context's error,
// ErrProtocol, ErrTooLarge, or ConnectionFailed when the broker hung up.
//
// An object's id is looked up once per connection and again when the object
// has been registered anew, which happens when rpcd reloads. A call that is
// under way in that moment is never answered and ends with its context.
func (c *Conn) Call(ctx context.Context, object, method string, args Table) (Table, error) {
	call, err := c.Start(ctx, object, method, args)
	if err != nil {
		return nil, err
	}
	return call.Wait(ctx)
}

// CallAll is Call for methods that reply with several messages, in their
// order. It refuses, with ErrProtocol, more than 16 MB of them.
func (c *Conn) CallAll(ctx context.Context, object, method string, args Table) ([]Table, error) {
	var all []Table
	total := 0
	err := c.CallEach(ctx, object, method, args, func(payload []byte) error {
		if total += len(payload); total > maxReplies {
			return protocolError("too many replies")
		}
		t, err := Decode(payload)
		all = append(all, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// CallEach is Call with each reply handed to a function as it arrives: a
// payload for Decode or DecodeOrdered that is valid only during the call.
// The first error each returns is CallEach's, and each is not called again.
func (c *Conn) CallEach(ctx context.Context, object, method string, args Table, each func(payload []byte) error) error {
	call, err := c.prepare(ctx, object, method, args, each)
	if err == nil {
		_, err = call.Wait(ctx)
	}
	return err
}

// Start sends a call without waiting for its answer; the call's Wait does
// that. Calls to one object are carried out in the order they were started.
// The context bounds Start only: looking the object up where that is
// necessary, and writing.
func (c *Conn) Start(ctx context.Context, object, method string, args Table) (*Call, error) {
	return c.prepare(ctx, object, method, args, nil)
}

// Batch sends all requests at once and waits for all answers: one round trip.
// The requests are carried out in their order; one that fails does not stop
// the others. The replies are in the order of the requests, and the error is
// that of the first request that failed.
func (c *Conn) Batch(ctx context.Context, requests ...Request) ([]Table, error) {
	calls := make([]*Call, 0, len(requests))
	var failed error
	for _, r := range requests {
		call, err := c.Start(ctx, r.Object, r.Method, r.Args)
		if err != nil {
			failed = err
			break
		}
		calls = append(calls, call)
	}
	// When a request could not be sent, those before it were: see them through.
	replies := make([]Table, len(requests))
	answered := true
	for i, call := range calls {
		var err error
		if replies[i], err = call.Wait(ctx); err != nil && answered {
			failed, answered = err, false
		}
	}
	return replies, failed
}

func (c *Conn) prepare(ctx context.Context, object, method string, args Table, each func([]byte) error) (*Call, error) {
	data, err := Append(nil, args)
	if err != nil {
		return nil, err
	}
	if len(data) > MaxMessage-forwarding {
		return nil, ErrTooLarge
	}
	id, known := c.objects[object]
	if !known {
		if id, err = c.resolve(ctx, object); err != nil {
			return nil, err
		}
	}
	call := &Call{object: object, method: method}
	call.each = func(m *Message) (err error) {
		switch {
		case m.Has&HasData == 0:
			// libubus skips these too.
		case each != nil:
			err = each(m.Data)
		default:
			call.last, err = Decode(m.Data)
		}
		return err
	}
	m := Message{
		Type: MsgInvoke, Peer: id, Has: HasObjectID | HasMethod | HasData,
		ObjectID: id, Method: method, Data: data,
	}
	if err := c.send(ctx, call, &m); err != nil {
		return nil, err
	}
	if known {
		// The id may be that of a registration that is gone: remember how to
		// do it again.
		call.retry = func(ctx context.Context) error {
			id, err := c.resolve(ctx, object)
			if err != nil {
				return err
			}
			m.Peer, m.ObjectID = id, id
			return c.send(ctx, call, &m)
		}
	}
	return call, nil
}

func (c *Conn) resolve(ctx context.Context, path string) (uint32, error) {
	if path == "" || strings.HasSuffix(path, "*") { // Lookup would list several.
		return 0, &CallError{Object: path, Status: InvalidArgument}
	}
	objects, err := c.Lookup(ctx, path)
	if err != nil {
		return 0, err
	}
	for _, o := range objects {
		if o.Path == path {
			c.objects[path] = o.ID
			return o.ID, nil
		}
	}
	// ubusd says OK and nothing else about an object whose every method its
	// access lists hide from this user.
	return 0, &CallError{Object: path, Status: NotFound}
}

// Object is what Lookup tells of a registered object.
type Object struct {
	Path    string
	ID      uint32
	Methods Table // Method name → Table of argument name → int32, a Type.
}

// Lookup lists the objects a pattern names: a path, a prefix with a final
// "*", or "" for all. Nothing found is NotFound.
func (c *Conn) Lookup(ctx context.Context, pattern string) ([]Object, error) {
	var objects []Object
	call := &Call{object: pattern}
	call.each = func(m *Message) (err error) {
		if m.Has&HasObjectPath == 0 || m.Has&HasObjectID == 0 {
			return nil
		}
		if len(objects) >= 4096 {
			return protocolError("too many objects")
		}
		o := Object{Path: m.ObjectPath, ID: m.ObjectID}
		o.Methods, err = Decode(m.Signature)
		objects = append(objects, o)
		return err
	}
	m := Message{Type: MsgLookup, ObjectPath: pattern}
	if pattern != "" {
		m.Has = HasObjectPath
	}
	if err := c.send(ctx, call, &m); err != nil {
		return nil, err
	}
	if _, err := call.Wait(ctx); err != nil {
		return nil, err
	}
	return objects, nil
}

// send writes a request and enters it into the calls under way.
func (c *Conn) send(ctx context.Context, call *Call, m *Message) error {
	for m.Seq = c.seq + 1; m.Seq == 0 || c.calls[m.Seq] != nil; m.Seq++ {
		if len(c.calls) >= 1<<15 {
			return errors.New("ubus: too many calls under way")
		}
	}
	out, err := AppendMessage(nil, m)
	if err != nil {
		return err
	}
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

// Wait waits for the answer; see Conn.Call. When ctx ends first the call is
// given up: whether it was carried out is unknown.
func (call *Call) Wait(ctx context.Context) (Table, error) {
	c := call.conn
	c.await(ctx, call)
	if retry := call.retry; retry != nil && call.direct && call.err == error(NotFound) {
		call.retry = nil
		delete(c.objects, call.object)
		if err := retry(ctx); err != nil {
			return nil, err
		}
		c.await(ctx, call)
	}
	if status, ok := call.err.(Status); ok {
		return nil, &CallError{Object: call.object, Method: call.method, Status: status}
	}
	if call.err != nil {
		return nil, call.err
	}
	return call.last, nil
}

func (c *Conn) await(ctx context.Context, call *Call) {
	if call.done {
		return
	}
	defer c.arm(ctx)()
	for !call.done {
		if err := c.dispatch(ctx); err != nil {
			c.finish(call, err)
		}
	}
}

func (c *Conn) finish(call *Call, err error) {
	call.done = true
	if call.err == nil {
		call.err = err
	}
	if c.calls[call.seq] == call {
		delete(c.calls, call.seq)
		c.waiting -= call.size
	}
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
