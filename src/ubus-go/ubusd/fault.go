// SPDX-License-Identifier: Apache-2.0

package ubusd

import (
	"time"

	ubus "github.com/openwrt/ubus-go"
)

// Lookup, as a method in SetFault, means the lookup of the object.
const Lookup = "(lookup)"

// Fault is what goes wrong with a call. The zero Fault is none. Of Lose,
// Hang, Drop, Raw and Status the first that is set applies.
type Fault struct {
	After int // So many calls still succeed.
	Times int // So many calls fail after that; 0 means all.

	Delay  time.Duration // Waits first; alone, it only makes the call slow.
	Lose   bool          // The call is carried out and never answered.
	Hang   bool          // The call is neither carried out nor answered.
	Drop   bool          // The connection is closed instead.
	Raw    []byte        // These bytes are sent instead of an answer.
	Status ubus.Status   // The call is answered with this instead.
}

type target struct{ object, method string }

// SetFault makes calls of a method fail from now on. "" as object or method
// means every one; a fault of a particular method comes before that of its
// object, and that before a fault of everything. The zero Fault takes it back.
func (b *Broker) SetFault(object, method string, f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults[target{object, method}] = &f
}

// ClearFaults takes every fault back.
func (b *Broker) ClearFaults() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.faults)
}

// Hang makes calls of a method go unanswered.
func (b *Broker) Hang(object, method string) { b.SetFault(object, method, Fault{Hang: true}) }

// Refuse makes calls of a method end with a status.
func (b *Broker) Refuse(object, method string, status ubus.Status) {
	b.SetFault(object, method, Fault{Status: status})
}

// DropAfter lets n calls of a method succeed and closes the connection of
// whoever calls next.
func (b *Broker) DropAfter(object, method string, n int) {
	b.SetFault(object, method, Fault{Drop: true, After: n})
}

// Calls tells how often a method was called, failed calls included.
func (b *Broker) Calls(object, method string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.calls[target{object, method}]
}

// fault counts a call and tells what goes wrong with it.
func (b *Broker) fault(object, method string) Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls[target{object, method}]++
	for _, t := range []target{{object, method}, {object, ""}, {"", method}, {"", ""}} {
		f := b.faults[t]
		switch {
		case f == nil:
			continue
		case f.After > 0:
			f.After--
			return Fault{}
		case f.Times == 1:
			delete(b.faults, t)
		case f.Times > 1:
			f.Times--
		}
		return *f
	}
	return Fault{}
}
