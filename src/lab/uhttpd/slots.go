// SPDX-License-Identifier: Apache-2.0

package uhttpd

import (
	"context"
	"sync"
)

// slots lets so many scripts run at a time. As in the original, the request
// that began to wait last gets the next free place.
type slots struct {
	mu      sync.Mutex
	free    int
	total   int
	waiting []chan struct{}
}

func newSlots(n int) *slots { return &slots{free: n, total: n} }

// acquire waits for a place and reports false when ctx ended first.
func (s *slots) acquire(ctx context.Context) bool {
	s.mu.Lock()
	if s.free > 0 {
		s.free--
		s.mu.Unlock()
		return true
	}
	turn := make(chan struct{})
	s.waiting = append(s.waiting, turn)
	s.mu.Unlock()
	select {
	case <-turn:
		return true
	case <-ctx.Done():
	}
	s.mu.Lock()
	for i, other := range s.waiting {
		if other == turn {
			s.waiting = append(s.waiting[:i], s.waiting[i+1:]...)
			s.mu.Unlock()
			return false
		}
	}
	s.mu.Unlock()
	s.release() // The turn came while the client left.
	return false
}

func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.waiting); n > 0 {
		close(s.waiting[n-1])
		s.waiting = s.waiting[:n-1]
		return
	}
	s.free++
}

func (s *slots) count() (running, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total - s.free, len(s.waiting)
}
