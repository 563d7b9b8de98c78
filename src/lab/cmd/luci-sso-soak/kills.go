// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"luci-sso/lab"
)

// kills sends SIGKILL at random moments of starts and callbacks, and lets
// browsers hang up, at which uhttpd does the same, while other logins go on.
func (s *soak) kills() error {
	total := s.many(2000, 120)
	var killed, died, left, accepted, refused atomic.Int64
	stop := make(chan struct{})
	var load sync.WaitGroup
	load.Add(1)
	go func() {
		defer load.Done()
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := s.lab.Login("bob"); err != nil {
				s.lose("a login beside the kills failed: %v", err)
			}
		}
	}()
	var group sync.WaitGroup
	for worker := range 2 {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := range total / 2 {
				var err error
				switch (i + worker) % 3 {
				case 0:
					err = s.killStart(&killed, &died)
				case 1:
					err = s.killCallback(&killed, &died, &accepted, &refused)
				default:
					err = s.leaveCallback(&left, &accepted, &refused)
				}
				if err != nil {
					s.lose("after %d kills: %v", killed.Load(), err)
					return
				}
			}
		}()
	}
	group.Wait()
	close(stop)
	load.Wait()
	s.healthy("the kills")
	s.did("%d starts and callbacks got SIGKILL at a random moment under load (%d died of it, the others had just ended), in %d callbacks the browser hung up on the web server, and of the callbacks repeated afterwards %d went through and %d were refused as used, none twice",
		killed.Load(), died.Load(), left.Load(), accepted.Load(), refused.Load())
	return nil
}

func (s *soak) moment(longest time.Duration) time.Duration {
	return time.Duration(s.intn(int(longest/time.Microsecond))) * time.Microsecond
}

func (s *soak) killStart(killed, died *atomic.Int64) error {
	r, err := s.cgi(lab.Request{KillAfter: s.moment(6*time.Millisecond) + 100*time.Microsecond})
	if err != nil {
		return err
	}
	killed.Add(1)
	if r.ExitCode == -1 {
		died.Add(1)
	}
	// What it pends is nobody's; it must not keep others out.
	return s.thin()
}

// thin removes pending logins, as five minutes would: their number is bounded,
// and the kills are quicker than any crowd.
func (s *soak) thin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries, err := os.ReadDir(s.at("/var/run/luci-sso/handshakes"))
	if err != nil || len(entries) < 60 {
		return err
	}
	old := time.Now().Add(-time.Second)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.ModTime().Before(old) {
			_ = os.Remove(s.at("/var/run/luci-sso/handshakes/" + entry.Name()))
		}
	}
	return nil
}

func (s *soak) killCallback(killed, died, accepted, refused *atomic.Int64) error {
	p, err := s.begin()
	if err != nil {
		return fmt.Errorf("%w: %w", errStart, err)
	}
	request := p.request
	request.KillAfter = s.moment(16*time.Millisecond) + 100*time.Microsecond
	first, err := s.cgi(request)
	if err != nil {
		return err
	}
	killed.Add(1)
	if first.ExitCode == -1 {
		died.Add(1)
	}
	return s.repeat(p, first.Status == 302 && first.Valid, accepted, refused)
}

// leaveCallback visits a callback and hangs up at a random moment of it.
func (s *soak) leaveCallback(left, accepted, refused *atomic.Int64) error {
	p, err := s.begin()
	if err != nil {
		return fmt.Errorf("%w: %w", errStart, err)
	}
	ctx, hangUp := context.WithTimeout(context.Background(), s.moment(25*time.Millisecond)+time.Millisecond)
	defer hangUp()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.lab.Router.URL+lab.Callback+"?"+p.request.Query, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Cookie", p.request.Cookie)
	client := s.clientFrom(net.IPv4(127, 0, 0, 1))
	defer client.CloseIdleConnections()
	response, err := client.Do(request)
	went := err == nil && response.StatusCode == http.StatusFound
	if err == nil {
		_ = response.Body.Close()
	} else {
		left.Add(1)
	}
	return s.repeat(p, went, accepted, refused)
}

// repeat visits a callback again, of which the first visit was seen to go
// through, or not. Whether one that nobody saw did, the sessions tell later.
func (s *soak) repeat(p *pendingLogin, went bool, accepted, refused *atomic.Int64) error {
	again, err := s.cgi(p.request)
	if err != nil {
		return err
	}
	switch {
	case again.Status == 302 && went:
		s.lose("one callback was accepted twice")
	case again.Status == 302:
		accepted.Add(1)
	case again.Status == 401:
		refused.Add(1) // It died after it had consumed the login.
	default:
		s.lose("a callback repeated after a kill answers %d: %s", again.Status, strings.TrimSpace(again.Body))
	}
	return nil
}

// stall stops programs for a while at random moments, holding whatever they
// hold: what a slow disk looks like to everybody else.
func (s *soak) stall(n int) error {
	var group sync.WaitGroup
	for range n {
		cmd := s.lab.Command(lab.Request{})
		if err := cmd.Start(); err != nil {
			return err
		}
		group.Add(1)
		go func() {
			defer group.Done()
			time.Sleep(s.moment(4 * time.Millisecond))
			_ = cmd.Process.Signal(syscall.SIGSTOP)
			time.Sleep(300 * time.Millisecond)
			_ = cmd.Process.Signal(syscall.SIGCONT)
			if err := cmd.Wait(); err != nil {
				s.lose("a start that was stopped for 300 ms fails: %v", err)
			}
		}()
		if status, err := s.finish(); err != nil || status != 302 {
			s.lose("a login beside a program that hangs on its disk: status %d, %v", status, err)
		}
		if err := s.thin(); err != nil {
			return err
		}
	}
	group.Wait()
	return s.thin()
}
