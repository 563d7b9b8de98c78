// SPDX-License-Identifier: Apache-2.0

package ubusd

import (
	"context"
	"io"
	"net"
	"os"
	"sync"

	ubus "github.com/openwrt/ubus-go"
)

// Proxy stands between programs and a real ubusd and has the faults of a
// Broker: what a call reaches, and what comes back of it, is its choice.
type Proxy struct {
	broker   *Broker // For its faults and its listener; it serves nobody.
	upstream string
}

// Interpose listens on path and passes everything on to the ubusd that
// listens on upstream, until Close.
func Interpose(path, upstream string) (*Proxy, error) {
	_ = os.Remove(path)
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	b := &Broker{listener: listener, faults: map[target]*Fault{}, calls: map[target]int{}}
	b.ctx, b.stop = context.WithCancel(context.Background())
	p := &Proxy{broker: b, upstream: upstream}
	b.running.Add(1)
	go func() {
		defer b.running.Done()
		for {
			nc, err := listener.Accept()
			if err != nil {
				return
			}
			b.running.Add(1)
			go func() {
				defer b.running.Done()
				p.pass(nc)
			}()
		}
	}()
	return p, nil
}

// SetFault makes calls of a method fail from now on, as a Broker's does.
func (p *Proxy) SetFault(object, method string, f Fault) { p.broker.SetFault(object, method, f) }

// ClearFaults takes every fault back.
func (p *Proxy) ClearFaults() { p.broker.ClearFaults() }

// Close disconnects everybody who came through it.
func (p *Proxy) Close() error { return p.broker.Close() }

// passage is one connection through a proxy.
type passage struct {
	proxy            *Proxy
	client, upstream net.Conn
	ctx              context.Context

	mu      sync.Mutex // Guards what follows, and writing to the client.
	objects map[uint32]string
	muted   map[uint16]bool // Requests whose answers are lost.
}

func (p *Proxy) pass(client net.Conn) {
	upstream, err := net.Dial("unix", p.upstream)
	if err != nil {
		_ = client.Close()
		return
	}
	ctx, stop := context.WithCancel(p.broker.ctx)
	c := &passage{proxy: p, client: client, upstream: upstream, ctx: ctx, objects: map[uint32]string{}, muted: map[uint16]bool{}}
	defer context.AfterFunc(ctx, func() { _ = client.Close(); _ = upstream.Close() })()
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer stop()
		_ = messages(upstream, c.back)
	}()
	_ = messages(client, c.forth)
	stop()
	_ = client.Close()
	_ = upstream.Close()
	<-done
}

// messages hands each message of a connection to handle until that says no.
func messages(from io.Reader, handle func(raw []byte, m *ubus.Message) bool) error {
	head := make([]byte, 12)
	for {
		if _, err := io.ReadFull(from, head); err != nil {
			return err
		}
		length, err := ubus.MessageLength(head)
		if err != nil {
			return err
		}
		raw := make([]byte, length)
		copy(raw, head)
		if _, err := io.ReadFull(from, raw[len(head):]); err != nil {
			return err
		}
		// What this package does not understand is passed on as it is.
		m, err := ubus.ParseMessage(raw)
		if err != nil {
			m = ubus.Message{Type: ubus.MsgPing}
		}
		if !handle(raw, &m) {
			return nil
		}
	}
}

// back passes an answer on, and remembers which object has which id.
func (c *passage) back(raw []byte, m *ubus.Message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Type == ubus.MsgData && m.Has&ubus.HasObjectPath != 0 && m.Has&ubus.HasObjectID != 0 {
		c.objects[m.ObjectID] = m.ObjectPath
	}
	if c.muted[m.Seq] {
		return true
	}
	_, err := c.client.Write(raw)
	return err == nil
}

// forth passes a request on, or does what a fault says.
func (c *passage) forth(raw []byte, m *ubus.Message) bool {
	f := Fault{}
	switch {
	case m.Type == ubus.MsgLookup:
		f = c.proxy.broker.fault(m.ObjectPath, Lookup)
	case m.Type == ubus.MsgInvoke && m.Has&ubus.HasMethod != 0:
		c.mu.Lock()
		object := c.objects[m.ObjectID]
		c.mu.Unlock()
		f = c.proxy.broker.fault(object, m.Method)
	}
	if !f.pause(c.ctx) {
		return false
	}
	switch {
	case f.Lose:
		c.mu.Lock()
		c.muted[m.Seq] = true
		c.mu.Unlock()
	case f.Hang:
		return true
	case f.Drop:
		return false
	case f.Raw != nil:
		return c.answer(f.Raw)
	case f.Status != ubus.OK:
		return c.refuse(m, f.Status)
	}
	_, err := c.upstream.Write(raw)
	return err == nil
}

func (c *passage) refuse(m *ubus.Message, status ubus.Status) bool {
	reply := ubus.Message{Type: ubus.MsgStatus, Seq: m.Seq, Peer: m.Peer, Has: ubus.HasStatus, Status: status}
	if m.Type == ubus.MsgInvoke {
		reply.Has |= ubus.HasObjectID
		reply.ObjectID, reply.Peer = m.ObjectID, m.ObjectID
	}
	raw, err := ubus.AppendMessage(nil, &reply)
	return err == nil && c.answer(raw)
}

func (c *passage) answer(raw []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.client.Write(raw)
	return err == nil
}
