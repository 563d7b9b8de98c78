// SPDX-License-Identifier: Apache-2.0

package ubus

import (
	"context"
	"strings"
)

// forwarding is what ubusd may add to a message when it passes it on: the
// caller's user and group. An object whose owner gets more than MaxMessage
// loses track of its connection.
const forwarding = 4 << 10

// maxReplies bounds what CallAll collects, in bytes of messages.
const maxReplies = 16 << 20

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
// necessary, and writing. The arguments must stay as they are until the call
// has its answer: it may be sent once more.
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
	data, err := c.encode(args)
	if err != nil {
		return nil, err
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
			if m.Data, err = c.encode(args); err != nil {
				return err
			}
			return c.send(ctx, call, &m)
		}
	}
	return call, nil
}

// encode returns the arguments in a buffer that the next call overwrites.
func (c *Conn) encode(args Table) ([]byte, error) {
	data, err := Append(c.args[:0], args)
	if err != nil {
		return nil, err
	}
	c.args = data
	if len(data) > MaxMessage-forwarding {
		return nil, ErrTooLarge
	}
	return data, nil
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
	return 0, &CallError{Object: path, Status: NotFound, Absent: true}
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
		return nil, &CallError{Object: call.object, Method: call.method, Status: status, Absent: call.direct && status == NotFound}
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
