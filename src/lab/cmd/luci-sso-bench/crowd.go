// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"sync"

	"luci-sso/lab"
)

// Crowd is what became of many callbacks at the same moment.
type Crowd struct {
	Callbacks int `json:"callbacks"`
	Sessions  int `json:"sessions"` // Different ones that rpcd has.
	Lost      int `json:"lost"`     // Callbacks that made none.
	Reused    int `json:"reused"`   // Accepted a second time.
}

// crowd begins as many logins as may be pending, sends all callbacks at once,
// and then each of them again.
func (b *bench) crowd(r *report) error {
	const number = 100
	if err := os.RemoveAll(b.at("/var/run/luci-sso/handshakes")); err != nil {
		return err
	}
	var requests []lab.Request
	for i := range number {
		v := &visitor{bench: b, hidden: true}
		if err := v.start(); err != nil {
			return fmt.Errorf("start %d of %d: %w", i+1, number, err)
		}
		requests = append(requests, v.request)
	}
	c := &Crowd{Callbacks: number}
	sessions := map[string]bool{}
	all := func(each func(id string, ok bool)) {
		var group sync.WaitGroup
		var mu sync.Mutex
		for _, request := range requests {
			group.Add(1)
			go func() {
				defer group.Done()
				answer, err := b.lab.CGI(request)
				id := ""
				if err == nil {
					id = parseAnswer(answer.Raw).cookie("sysauth_https")
				}
				mu.Lock()
				defer mu.Unlock()
				each(id, err == nil && answer.Status == 302)
			}()
		}
		group.Wait()
	}
	all(func(id string, ok bool) {
		if !ok || id == "" {
			c.Lost++
			return
		}
		sessions[id] = true
	})
	all(func(_ string, ok bool) {
		if ok {
			c.Reused++
		}
	})
	for id := range sessions {
		_, ok, err := b.lab.Session(id)
		if err != nil {
			return err
		}
		if ok {
			c.Sessions++
		}
		if _, err := b.lab.Router.Ubus("session", "destroy", map[string]any{"ubus_rpc_session": id}); err != nil {
			return err
		}
	}
	r.Crowd = c
	return nil
}
