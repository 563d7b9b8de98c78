// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"luci-sso/lab"
)

// flood sends starts, a scanner's paths, oversized headers and slow requests
// from many addresses of the loopback network while ten people log in and
// root uses the password; once with the limits as shipped, once with the
// limit for each client.
func (s *soak) flood() error {
	for _, f := range []struct {
		name     string
		options  map[string]string
		everyone bool // The ten must get in.
	}{
		{"with the limits as shipped", map[string]string{"rate_limit": "50"}, false},
		{"with rate_limit_per_client 10", map[string]string{"rate_limit": "50", "rate_limit_per_client": "10"}, true},
	} {
		if err := s.floodOnce(f.name, f.options, f.everyone); err != nil {
			return err
		}
	}
	s.healthy("the flood")
	return nil
}

// attackers is how many addresses the flood comes from.
const attackers = 20

func (s *soak) floodOnce(name string, options map[string]string, everyone bool) error {
	for option, value := range options {
		if err := s.lab.SetUCI(option, value); err != nil {
			return err
		}
	}
	defer func() {
		_ = s.lab.SetUCI("rate_limit", "100000")
		_ = s.lab.SetUCI("rate_limit_per_client")
		_ = os.RemoveAll(s.at("/var/run/luci-sso/handshakes"))
		_ = os.Remove(s.at("/var/run/luci-sso/ratelimit"))
	}()
	_ = os.Remove(s.at("/var/run/luci-sso/ratelimit"))
	total := s.many(10000, 300)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var sent atomic.Int64
	var mu sync.Mutex
	answers := map[int]int{}
	var group sync.WaitGroup
	slow := s.slowClients(ctx, &group)
	const senders = 4
	for sender := range senders {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := sender; i < total; i += senders {
				status := s.strike(ctx, i)
				sent.Add(1)
				mu.Lock()
				answers[status]++
				mu.Unlock()
			}
		}()
	}
	// Into the middle of it.
	for sent.Load() < int64(total/10) {
		time.Sleep(5 * time.Millisecond)
	}
	in, largest := s.visitors(everyone, name)
	slowest := time.Duration(0)
	for range s.many(5, 2) {
		began := time.Now()
		if err := s.lab.Browser().PasswordLogin("root", "router"); err != nil {
			s.lose("%s the password login fails in the flood: %v", name, err)
		}
		slowest = max(slowest, time.Since(began))
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	for waiting := true; waiting; {
		select {
		case <-done:
			waiting = false
		case <-time.After(50 * time.Millisecond):
			largest = max(largest, s.stateSize())
			if sent.Load() >= int64(total) {
				cancel() // The slow clients have had their time.
			}
		}
	}
	if everyone && in < 10 {
		s.lose("%s only %d of ten people got in", name, in)
	}
	if limit := int64(4 << 20); largest > limit {
		s.lose("%s the state grew to %d bytes, more than %d", name, largest, limit)
	}
	s.did("a flood of %d requests from %d addresses and %d slow clients %s (answers by status: %s; the state took %d KB at most): %d of ten people got in, password logins took %d ms at most",
		total, attackers, slow, name, byStatus(answers), largest/1000, in, slowest.Milliseconds())
	return nil
}

// strike is the i-th request of the flood.
func (s *soak) strike(ctx context.Context, i int) int {
	paths := []string{lab.SSO, lab.SSO, lab.SSO, lab.SSO, lab.SSO, lab.SSO + "/callback?code=x&state=y", lab.SSO + "/../../etc/passwd",
		lab.SSO + "/.env", lab.SSO + "/wp-login.php", lab.SSO + "?action=" + strings.Repeat("a", 3000), lab.SSO + "/logout?stoken=" + strings.Repeat("0", 32)}
	path := paths[i%len(paths)]
	header := http.Header{}
	if i%len(paths) == 5 {
		header.Set("Cookie", lab.HandshakeCookie+"="+strings.Repeat("A", 43))
	}
	if i%17 == 0 {
		for n := range 5 {
			header.Set(fmt.Sprintf("X-Padding-%d", n), strings.Repeat("x", 3300))
		}
	}
	client := s.clientFrom(net.IPv4(127, 66, 0, byte(1+i%attackers)))
	defer client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.lab.Router.URL+path, nil)
	if err != nil {
		return 0
	}
	request.Header = header
	response, err := client.Do(request)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	_ = response.Body.Close()
	return response.StatusCode
}

func (s *soak) clientFrom(address net.IP) *http.Client {
	return &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: s.tls(),
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				return s.dial(ctx, address, addr)
			}},
	}
}

func (s *soak) tls() *tls.Config {
	return &tls.Config{RootCAs: s.lab.CA.Pool(), ServerName: "localhost", MinVersion: tls.VersionTLS12}
}

func (s *soak) dial(ctx context.Context, address net.IP, target string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(target)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: address}}
	return dialer.DialContext(ctx, "tcp4", "127.0.0.1:"+port)
}

// slowClients open connections and send a byte of a request now and then.
func (s *soak) slowClients(ctx context.Context, group *sync.WaitGroup) int {
	const number = 30
	for i := range number {
		group.Add(1)
		go func() {
			defer group.Done()
			raw, err := s.dial(ctx, net.IPv4(127, 67, 0, byte(1+i)), s.lab.Router.Host)
			if err != nil {
				return
			}
			conn := tls.Client(raw, s.tls())
			defer func() { _ = conn.Close() }()
			for _, b := range []byte("GET " + lab.SSO + " HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 200)) {
				if _, err := conn.Write([]byte{b}); err != nil {
					return
				}
				select {
				case <-ctx.Done():
					return
				case <-time.After(100 * time.Millisecond):
				}
			}
		}()
	}
	return number
}

// visitors are ten people, each from an address of their own, who try again
// like people do; it returns how many got in and the most that the state took.
func (s *soak) visitors(patient bool, name string) (in int, largest int64) {
	tries := 1
	if patient {
		tries = 3
	}
	var count atomic.Int64
	var group sync.WaitGroup
	for i := range 10 {
		group.Add(1)
		go func() {
			defer group.Done()
			browser := s.lab.Browser()
			if transport, ok := browser.HTTP.Transport.(*http.Transport); ok {
				provider := transport.DialContext
				transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					if strings.HasPrefix(addr, "localhost:") {
						return s.dial(ctx, net.IPv4(127, 68, 0, byte(1+i)), addr)
					}
					return provider(ctx, network, addr)
				}
			}
			for range tries {
				if _, err := browser.Login("alice"); err == nil {
					count.Add(1)
					return
				} else if refusal, ok := lab.AsRefusal(err); !ok || refusal.Status != http.StatusTooManyRequests && refusal.Status != http.StatusServiceUnavailable {
					s.lose("%s a visitor in the flood meets %v", name, err)
				}
			}
		}()
	}
	group.Wait()
	return int(count.Load()), s.stateSize()
}

func (s *soak) stateSize() (total int64) {
	for _, dir := range []string{"", "/handshakes", "/tokens", "/cache"} {
		entries, _ := os.ReadDir(s.at("/var/run/luci-sso" + dir))
		for _, entry := range entries {
			if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
				total += info.Size()
			}
		}
	}
	return total
}

func byStatus(answers map[int]int) string {
	codes := make([]int, 0, len(answers))
	for code := range answers {
		codes = append(codes, code)
	}
	sort.Ints(codes)
	var parts []string
	for _, code := range codes {
		name := fmt.Sprint(code)
		if code == 0 {
			name = "connection closed"
		}
		parts = append(parts, fmt.Sprintf("%s %d times", name, answers[code]))
	}
	return strings.Join(parts, ", ")
}
