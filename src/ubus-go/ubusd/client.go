// SPDX-License-Identifier: Apache-2.0

package ubusd

import (
	"context"
	"io"
	"net"
	"time"

	ubus "github.com/openwrt/ubus-go"
)

// client is the broker's side of one connection.
type client struct {
	broker *Broker
	nc     net.Conn
	id     uint32
	ctx    context.Context
	stop   context.CancelFunc
	out    chan []byte
	mute   bool // Nothing is sent. Only the reading goroutine uses it.
}

// serve greets a client and answers it until it leaves or breaks the rules.
func (b *Broker) serve(nc net.Conn) {
	c := &client{broker: b, nc: nc, id: randomID(), out: make(chan []byte, 1024)}
	c.ctx, c.stop = context.WithCancel(b.ctx)
	defer context.AfterFunc(c.ctx, func() { _ = nc.Close() })()
	defer c.stop()
	b.mu.Lock()
	b.clients++
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		b.clients--
		b.mu.Unlock()
	}()

	// Writing has its own goroutine: a client may send many requests before
	// it reads the first answer.
	written := make(chan struct{})
	go func() {
		defer close(written)
		c.write()
	}()
	c.send(&ubus.Message{Type: ubus.MsgHello, Peer: c.id})
	c.read()
	close(c.out)
	<-written
}

func (c *client) write() {
	for b := range c.out {
		if _, err := c.nc.Write(b); err != nil {
			c.stop()
			break
		}
	}
	for range c.out {
		// Let the reader go on until it notices.
	}
}

func (c *client) send(m *ubus.Message) {
	b, err := ubus.AppendMessage(nil, m)
	if err != nil {
		return // As the real one drops a reply that does not fit.
	}
	c.sendRaw(b)
}

func (c *client) sendRaw(b []byte) {
	if c.mute {
		return
	}
	select {
	case c.out <- b:
	case <-c.ctx.Done():
	}
}

func (c *client) read() {
	head := make([]byte, 12)
	for {
		if _, err := io.ReadFull(c.nc, head); err != nil {
			return
		}
		length, err := ubus.MessageLength(head)
		if err != nil {
			return
		}
		b := make([]byte, length)
		copy(b, head)
		if _, err := io.ReadFull(c.nc, b[len(head):]); err != nil {
			return
		}
		m, err := ubus.ParseMessage(b)
		if err != nil {
			return
		}
		if !c.handle(&m) {
			return
		}
	}
}

// handle answers one message and reports whether to go on.
func (c *client) handle(m *ubus.Message) bool {
	switch m.Type {
	case ubus.MsgPing:
		c.send(&ubus.Message{Type: ubus.MsgData, Seq: m.Seq, Peer: m.Peer})
		c.end(m, ubus.OK)
	case ubus.MsgLookup:
		return c.withFault(m, m.ObjectPath, Lookup, func() ubus.Status { return c.lookup(m) })
	case ubus.MsgInvoke:
		return c.invoke(m)
	default:
		c.end(m, ubus.InvalidCommand)
	}
	return true
}

// end sends the broker's own status.
func (c *client) end(m *ubus.Message, status ubus.Status) {
	c.send(&ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasStatus, Status: status})
}

func (c *client) lookup(m *ubus.Message) ubus.Status {
	if m.Has&ubus.HasObjectPath != 0 && m.ObjectPath == "" {
		return ubus.InvalidArgument
	}
	found := c.broker.find(m.ObjectPath)
	if len(found) == 0 && m.ObjectPath != "" {
		return ubus.NotFound
	}
	for _, o := range found {
		c.send(&ubus.Message{
			Type: ubus.MsgData, Seq: m.Seq, Peer: m.Peer,
			Has:        ubus.HasObjectPath | ubus.HasObjectID | ubus.HasObjectType | ubus.HasSignature,
			ObjectPath: o.Name, ObjectID: o.id, ObjectType: o.kind, Signature: o.answer,
		})
	}
	return ubus.OK
}

func (c *client) invoke(m *ubus.Message) bool {
	if m.Has&ubus.HasMethod == 0 || m.Has&ubus.HasObjectID == 0 {
		c.end(m, ubus.InvalidArgument)
		return true
	}
	o := c.broker.byID(m.ObjectID)
	if o == nil {
		c.end(m, ubus.NotFound)
		return true
	}
	// From here on the object answers, and an object's answers carry its id.
	m.Peer = o.id
	return c.withFault(m, o.Name, m.Method, func() ubus.Status { return c.call(m, o) })
}

func (c *client) call(m *ubus.Message, o *registered) ubus.Status {
	var handle OrderedHandler
	for _, method := range o.Methods {
		if method.Name == m.Method {
			handle = method.Handle
		}
	}
	if handle == nil {
		return ubus.MethodNotFound
	}
	args, err := ubus.Decode(m.Data)
	if m.Has&ubus.HasData == 0 || err != nil {
		return ubus.InvalidArgument
	}
	replies, status := handle(c.ctx, args)
	for _, reply := range replies {
		data, err := ubus.Append(nil, reply)
		if err != nil {
			return ubus.UnknownError
		}
		c.send(&ubus.Message{
			Type: ubus.MsgData, Seq: m.Seq, Peer: m.Peer,
			Has: ubus.HasObjectID | ubus.HasData, ObjectID: o.id, Data: data,
		})
	}
	return status
}

// pause waits for as long as the fault delays, and reports false when ctx ends
// before that.
func (f Fault) pause(ctx context.Context) bool {
	if f.Delay <= 0 {
		return true
	}
	select {
	case <-time.After(f.Delay):
		return true
	case <-ctx.Done():
		return false
	}
}

// withFault carries a request out, or whatever a fault says instead.
func (c *client) withFault(m *ubus.Message, object, method string, run func() ubus.Status) bool {
	f := c.broker.fault(object, method)
	if !f.pause(c.ctx) {
		return false
	}
	switch {
	case f.Lose:
		c.mute = true
		run()
		c.mute = false
		return true
	case f.Hang:
		return true
	case f.Drop:
		return false
	case f.Raw != nil:
		c.sendRaw(f.Raw)
		return true
	}
	status := f.Status
	if status == ubus.OK {
		status = run()
	}
	reply := ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasStatus, Status: status}
	if m.Type == ubus.MsgInvoke {
		reply.Has |= ubus.HasObjectID
		reply.ObjectID = m.Peer
	}
	c.send(&reply)
	return true
}
