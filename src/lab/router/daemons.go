// SPDX-License-Identifier: Apache-2.0

package router

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
)

// ErrStandIn: only the daemons of a real router can be treated so.
var ErrStandIn = errors.New("there are no daemons of a real router")

// Signal sends a signal to a daemon of a real router: "rpcd", "ubusd".
func (r *Router) Signal(name string, signal syscall.Signal) error {
	for _, d := range r.daemons {
		if d.name == name && d.alive() {
			return syscall.Kill(d.pid, signal)
		}
	}
	return fmt.Errorf("%s: %w", name, ErrStandIn)
}

// Alive reports whether a daemon of a real router still runs.
func (r *Router) Alive(name string) bool {
	for _, d := range r.daemons {
		if d.name == name {
			return d.alive()
		}
	}
	return false
}

func (d *daemon) alive() bool {
	select {
	case <-d.done:
		return false
	default:
		return true
	}
}

// RestartRPCD kills a real rpcd, as a crash would, and starts it anew, as
// procd would. Its sessions are gone.
func (r *Router) RestartRPCD() error {
	for i, d := range r.daemons {
		if d.name == "rpcd" {
			if d.alive() {
				_ = syscall.Kill(d.pid, syscall.SIGKILL)
			}
			<-d.done
			r.daemons = append(r.daemons[:i:i], r.daemons[i+1:]...)
			// Before ubusd has noticed, the new one would be refused.
			if err := r.wait("ubusd to miss rpcd", r.rpcdGone); err != nil {
				return err
			}
			return r.startRPCD()
		}
	}
	return ErrStandIn
}

func (r *Router) rpcdGone() error {
	_, err := r.Ubus("session", "list", ubus.Table{"ubus_rpc_session": "none"})
	var call *ubus.CallError
	if errors.As(err, &call) && call.Method == "" {
		return nil // The object is not found, not the session.
	}
	return errors.New("it is still on the bus")
}

// Interpose puts a proxy between a real ubusd and whoever connects from now
// on, so that calls can fail on their way. rpcd is started anew, past the
// proxy: what it says and hears is nobody's to delay.
func (r *Router) Interpose() (*ubusd.Proxy, error) {
	if !r.Real {
		return nil, ErrStandIn
	}
	path := r.UbusSocket()
	if err := os.Rename(path, path+behind); err != nil {
		return nil, err
	}
	p, err := ubusd.Interpose(path, path+behind)
	if err != nil {
		return nil, err
	}
	r.onStop(func() { _ = p.Close() })
	r.rpcdSocket = ubusSocket + behind
	return p, r.RestartRPCD()
}

// behind is what the name of the socket behind a proxy ends in.
const behind = ".real"
