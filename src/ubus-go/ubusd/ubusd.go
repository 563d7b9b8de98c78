// SPDX-License-Identifier: Apache-2.0

// Package ubusd is a stand-in for OpenWrt's message broker, for tests: it
// listens on a unix socket, greets clients, answers lookups and carries calls
// to objects that live in this process. It speaks the wire protocol well
// enough for the real `ubus list -v` and `ubus call`.
//
// It owns the broker's behaviour and the faults a test can switch on. It
// knows no object. There are no access lists, no subscriptions and no events,
// and it belongs into no program that runs on a router.
package ubusd

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	ubus "github.com/openwrt/ubus-go"
)

// Handler carries out a method: it returns the replies, usually one or none,
// and the status that ends the call. ctx ends when the client goes away.
// Calls from one client arrive one after the other, in the client's order;
// those of different clients arrive at the same time.
type Handler func(ctx context.Context, args ubus.Table) ([]ubus.Table, ubus.Status)

// OrderedHandler is a Handler whose replies keep the order of their entries.
type OrderedHandler func(ctx context.Context, args ubus.Table) ([]ubus.Ordered, ubus.Status)

// Method is a method of an Object. Args is its signature; a broker does not
// check calls against it.
type Method struct {
	Name   string
	Args   []Arg
	Handle OrderedHandler
}

// Arg is an argument of a Method.
type Arg struct {
	Name string
	Type ubus.Type
}

// Object is what a client can look up.
type Object struct {
	Name    string
	Methods []Method
}

// Broker is a running broker.
type Broker struct {
	listener net.Listener
	ctx      context.Context
	stop     context.CancelFunc
	running  sync.WaitGroup

	mu      sync.Mutex
	objects map[string]*registered
	faults  map[target]*Fault
	calls   map[target]int
	clients int
}

type registered struct {
	Object
	id     uint32
	kind   uint32
	answer []byte // The signature, encoded.
}

// Start listens on socketPath, replacing a socket left there and creating the
// directory where necessary.
func Start(socketPath string) (*Broker, error) {
	if err := os.MkdirAll(filepath.Dir(socketPath), 0o755); err != nil {
		return nil, err
	}
	if info, err := os.Lstat(socketPath); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("ubusd: %s is there and is no socket", socketPath)
		}
		if err := os.Remove(socketPath); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", socketPath)
	if err != nil {
		return nil, fmt.Errorf("ubusd: %w", err)
	}
	// As on a router: access is a matter of access lists, not of the socket.
	if err := os.Chmod(socketPath, 0o666); err != nil {
		_ = l.Close()
		return nil, err
	}
	b := &Broker{
		listener: l,
		objects:  map[string]*registered{},
		faults:   map[target]*Fault{},
		calls:    map[target]int{},
	}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.running.Add(1)
	go b.accept()
	return b, nil
}

// Close disconnects everybody, removes the socket and waits for handlers that
// are at work.
func (b *Broker) Close() error {
	b.stop()
	err := b.listener.Close()
	b.running.Wait()
	return err
}

// Register adds an object with methods that have no signature, or replaces
// the object of that name.
func (b *Broker) Register(name string, methods map[string]Handler) {
	o := Object{Name: name}
	for method, handle := range methods {
		o.Methods = append(o.Methods, Method{Name: method, Handle: ordered(handle)})
	}
	sort.Slice(o.Methods, func(i, j int) bool { return o.Methods[i].Name < o.Methods[j].Name })
	b.Add(o)
}

func ordered(h Handler) OrderedHandler {
	return func(ctx context.Context, args ubus.Table) ([]ubus.Ordered, ubus.Status) {
		replies, status := h(ctx, args)
		out := make([]ubus.Ordered, len(replies))
		for i, reply := range replies {
			names := make([]string, 0, len(reply))
			for name := range reply {
				names = append(names, name)
			}
			sort.Strings(names)
			for _, name := range names {
				out[i] = append(out[i], ubus.Pair{Name: name, Value: reply[name]})
			}
		}
		return out, status
	}
}

// Add registers objects. An object of the same name is replaced and gets a
// new id, as when its owner restarts.
func (b *Broker) Add(objects ...Object) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range objects {
		var signature ubus.Ordered
		for _, m := range o.Methods {
			args := ubus.Ordered{}
			for _, a := range m.Args {
				args = append(args, ubus.Pair{Name: a.Name, Value: int32(a.Type)})
			}
			signature = append(signature, ubus.Pair{Name: m.Name, Value: args})
		}
		answer, err := ubus.Append(nil, signature)
		if err != nil {
			panic("ubusd: signature of " + o.Name + ": " + err.Error())
		}
		b.objects[o.Name] = &registered{Object: o, id: randomID(), kind: randomID(), answer: answer}
	}
}

// Remove takes an object away, as when its owner ends.
func (b *Broker) Remove(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.objects, name)
}

// Clients is the number of connected clients.
func (b *Broker) Clients() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.clients
}

// randomID is an id above those reserved for the broker itself.
func randomID() uint32 {
	var id [4]byte
	for {
		if _, err := rand.Read(id[:]); err != nil {
			panic("ubusd: no randomness: " + err.Error())
		}
		if n := binary.BigEndian.Uint32(id[:]); n >= 1024 {
			return n
		}
	}
}

func (b *Broker) accept() {
	defer b.running.Done()
	for {
		nc, err := b.listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				continue
			}
			return
		}
		b.running.Add(1)
		go func() {
			defer b.running.Done()
			b.serve(nc)
		}()
	}
}

// find returns the objects of a lookup in the order of their names.
func (b *Broker) find(pattern string) []*registered {
	b.mu.Lock()
	defer b.mu.Unlock()
	prefix, wild := strings.CutSuffix(pattern, "*")
	var found []*registered
	for name, o := range b.objects {
		if pattern == "" || name == pattern || wild && strings.HasPrefix(name, prefix) {
			found = append(found, o)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Name < found[j].Name })
	return found
}

func (b *Broker) byID(id uint32) *registered {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.objects {
		if o.id == id {
			return o
		}
	}
	return nil
}
