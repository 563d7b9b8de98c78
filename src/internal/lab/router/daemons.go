// SPDX-License-Identifier: Apache-2.0

package router

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"luci-sso/internal/lab/ubusd"
)

// ErrStandIn: only the daemons of a real router can be treated so.
var ErrStandIn = errors.New("there are no daemons of a real router")

// Signal sends a signal to a daemon of a real router: "rpcd", "ubusd".
func (r *Router) Signal(name string, signal syscall.Signal) error {
	for _, d := range r.daemons {
		if d.name == name {
			return syscall.Kill(d.pid, signal)
		}
	}
	return fmt.Errorf("%s: %w", name, ErrStandIn)
}

// RestartRPCD kills a real rpcd, as a crash would, and starts it anew, as
// procd would. Its sessions are gone.
func (r *Router) RestartRPCD() error {
	for i, d := range r.daemons {
		if d.name == "rpcd" {
			_ = syscall.Kill(d.pid, syscall.SIGKILL)
			<-d.done
			r.daemons = append(r.daemons[:i:i], r.daemons[i+1:]...)
			return r.startRPCD()
		}
	}
	return ErrStandIn
}

// Interpose puts a proxy between a real ubusd and whoever connects from now
// on, so that calls can fail on their way.
func (r *Router) Interpose() (*ubusd.Proxy, error) {
	if !r.Real {
		return nil, ErrStandIn
	}
	path := r.UbusSocket()
	if err := os.Rename(path, path+".real"); err != nil {
		return nil, err
	}
	p, err := ubusd.Interpose(path, path+".real")
	if err != nil {
		return nil, err
	}
	r.onStop(func() { _ = p.Close() })
	return p, nil
}
