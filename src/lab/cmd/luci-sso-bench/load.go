// SPDX-License-Identifier: Apache-2.0

package main

import (
	"sync"
	"sync/atomic"
	"time"

	"luci-sso/lab"
)

// throughput counts what the web server, which runs three programs at a time,
// answers to six clients in a few seconds. Clients, provider and web server
// share the machine with the programs, so these numbers are a lower bound.
func (b *bench) throughput(r *report) error {
	const clients, span = 6, 4 * time.Second
	for _, t := range []struct {
		what string
		once func() error
	}{
		{"probes", func() error { _, err := b.lab.Browser().Get(lab.SSO + "?action=enabled"); return err }},
		{"whole logins", func() error { _, err := b.lab.Login("alice"); return err }},
	} {
		var done, failed atomic.Int64
		var group sync.WaitGroup
		end := time.Now().Add(span)
		began := time.Now()
		for range clients {
			group.Add(1)
			go func() {
				defer group.Done()
				for time.Now().Before(end) {
					if t.once() == nil {
						done.Add(1)
					} else {
						failed.Add(1)
					}
				}
			}()
		}
		group.Wait()
		r.Throughput = append(r.Throughput, Rate{
			What: t.what, PerSecond: float64(done.Load()) / time.Since(began).Seconds(), Failed: failed.Load(), Clients: clients, AtATime: 3,
		})
	}
	return nil
}
