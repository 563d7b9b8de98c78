// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/lab"
)

// nobody is the session of whoever is not logged in, which rpcd always has.
var nobody = strings.Repeat("0", 32)

// rpcd treats a real rpcd as a router does: it stops for a while, crashes and
// is started anew, and is reloaded by somebody's package, in the middle of
// logins. The stand-in is part of this process and can only be reloaded.
func (s *soak) rpcd() error {
	type treatment struct {
		name string
		do   func() error
		died bool // Sessions may be gone.
	}
	treatments := []treatment{
		{"a stop", s.pauseRPCD, false},
		{"a crash", s.lab.Router.RestartRPCD, true},
		{"a reload", func() error { return s.lab.Router.Signal("rpcd", syscall.SIGHUP) }, true},
	}
	if !s.lab.Router.Real {
		treatments = []treatment{{"a reload", s.lab.Router.ReloadRPCD, true}}
	}
	rounds, through := s.many(60, 5), 0
	for range rounds {
		for _, t := range treatments {
			r, p, err := s.callbackDuring(t.do)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			switch {
			case r.Status == 302:
				through++
			case !r.Valid || r.Status < 500 && !(t.died && r.Status == 403):
				s.lose("during %s of rpcd the callback answers %d; the log says %q", t.name, r.Status, tail(s.lab.Log(0), 3))
			}
			if again, err := s.cgi(p.request); err != nil || again.Status == 302 {
				s.lose("during %s of rpcd one callback was accepted twice (%v)", t.name, err)
			}
			if status, err := s.finish(); err != nil || status != 302 {
				s.lose("a login after %s of rpcd: status %d, %v; the log says %q", t.name, status, err, tail(s.lab.Log(0), 3))
			}
		}
	}
	s.healthy("what became of rpcd")
	if s.lab.Router.Real {
		s.did("rpcd was stopped for 300 ms, killed and started anew, or reloaded at a random moment of %d callbacks (%d went through; of %d reloads rpcd crashed in %d by itself)",
			rounds*len(treatments), through, rounds, s.crashes)
	} else {
		s.did("rpcd was reloaded at a random moment of %d callbacks (%d went through; only a real one can be stopped or killed)", rounds, through)
	}
	return nil
}

// callbackDuring runs a callback and does something at a random moment of it.
func (s *soak) callbackDuring(do func() error) (*lab.Response, *pendingLogin, error) {
	p, err := s.begin()
	if err != nil {
		return nil, nil, err
	}
	done := make(chan error, 1)
	go func() {
		time.Sleep(s.moment(12 * time.Millisecond))
		done <- do()
	}()
	r, err := s.cgi(p.request)
	if failed := <-done; err == nil {
		err = failed
	}
	if err == nil {
		err = s.rpcdBack()
	}
	return r, p, err
}

// rpcdBack waits until rpcd answers again. A call that a reload overtakes is
// never answered, so each gets little time. Where it crashed, which the real
// one at times does when a reload overtakes calls, it is started anew, as
// procd would.
func (s *soak) rpcdBack() error {
	if !s.lab.Router.Real {
		return nil // It is never away.
	}
	ask := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		conn, err := ubus.Dial(ctx, s.lab.Router.UbusSocket())
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		_, err = conn.Call(ctx, "session", "list", ubus.Table{"ubus_rpc_session": nobody})
		return err
	}
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = ask(); err == nil {
			return nil
		}
		if !s.lab.Router.Alive("rpcd") {
			s.crashes++
			if err := s.lab.Router.RestartRPCD(); err != nil {
				return err
			}
		}
	}
	return fmt.Errorf("rpcd does not come back: %w", err)
}

func (s *soak) pauseRPCD() error {
	if err := s.lab.Router.Signal("rpcd", syscall.SIGSTOP); err != nil {
		return err
	}
	time.Sleep(300 * time.Millisecond)
	return s.lab.Router.Signal("rpcd", syscall.SIGCONT)
}
