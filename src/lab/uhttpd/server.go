// SPDX-License-Identifier: Apache-2.0

// Package uhttpd stands in for OpenWrt's web server. It owns how requests
// reach a CGI program and how its output becomes a response, and keeps to the
// original where a program can tell the difference: the environment, the
// decoded PATH_INFO, three scripts at a time with the newest waiting request
// served first, SIGKILL on disconnect and timeout, `Status:` that needs a
// reason phrase, the limits of lines and headers. It knows nothing of LuCI or
// single sign-on.
//
// One difference is deliberate: a request body is read whole before the
// program starts.
package uhttpd

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of the original; OpenWrt's default configuration.
const (
	bufferSize     = 4096 // One line of a request, or of a program's headers, in bytes.
	maxHeaders     = 100
	maxHeaderBytes = 16384
	maxBody        = 1 << 20 // Ours: bodies are held in memory.
)

// Config says what a server serves.
type Config struct {
	// Docroot is the directory of static files; programs lie below its
	// cgi-bin and run with Docroot as working directory.
	Docroot string
	// Scripts are URL prefixes served by a handler in this process instead of
	// a program, as ucode scripts are. They count as running scripts.
	Scripts map[string]http.Handler
	// Plugins are URL prefixes that a plugin of the web server serves: they
	// do not count as running scripts.
	Plugins map[string]http.Handler
	// Root, when not empty, is where a program's root directory is changed
	// to; Docroot is then below it.
	Root string

	MaxScripts     int           // 3 when 0.
	ScriptTimeout  time.Duration // 60 s when 0.
	NetworkTimeout time.Duration // 30 s when 0: for a request to arrive.
	KeepAlive      time.Duration // 20 s when 0: between requests.
	MaxConnections int           // 100 when 0.

	// Log gets what programs write to stderr, line by line. May be nil.
	Log func(line string)
}

// Server is a running web server.
type Server struct {
	config Config
	slots  *slots
	ctx    context.Context
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu        sync.Mutex
	listeners []net.Listener
	conns     map[net.Conn]struct{}
	free      chan struct{} // One token per connection that may still be accepted.
}

// New makes a server that does not listen yet.
func New(config Config) *Server {
	def := func(value *time.Duration, standard time.Duration) {
		if *value == 0 {
			*value = standard
		}
	}
	if config.MaxScripts == 0 {
		config.MaxScripts = 3
	}
	if config.MaxConnections == 0 {
		config.MaxConnections = 100
	}
	def(&config.ScriptTimeout, 60*time.Second)
	def(&config.NetworkTimeout, 30*time.Second)
	def(&config.KeepAlive, 20*time.Second)
	s := &Server{config: config, slots: newSlots(config.MaxScripts), conns: map[net.Conn]struct{}{}, free: make(chan struct{}, config.MaxConnections)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Serve accepts connections until Close; with a certificate it speaks TLS.
// It returns at once.
func (s *Server) Serve(listener net.Listener, cert *tls.Certificate) {
	s.mu.Lock()
	s.listeners = append(s.listeners, listener)
	s.mu.Unlock()
	var config *tls.Config
	if cert != nil {
		config = &tls.Config{Certificates: []tls.Certificate{*cert}, NextProtos: []string{"http/1.1"}}
	}
	s.done.Add(1)
	go func() {
		defer s.done.Done()
		for {
			// The original stops accepting when it has enough clients; the
			// kernel's queue holds the others.
			select {
			case s.free <- struct{}{}:
			case <-s.ctx.Done():
				return
			}
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if !s.track(conn) {
				return
			}
			s.done.Add(1)
			go func() {
				defer s.done.Done()
				defer s.untrack(conn)
				s.serveConn(conn, config)
			}()
		}
	}()
}

func (s *Server) track(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		_ = conn.Close()
		return false
	}
	s.conns[conn] = struct{}{}
	return true
}

func (s *Server) untrack(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	delete(s.conns, conn)
	s.mu.Unlock()
	<-s.free
}

// Close stops listening, kills running programs and waits for them.
func (s *Server) Close() {
	s.cancel()
	s.mu.Lock()
	for _, listener := range s.listeners {
		_ = listener.Close()
	}
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.done.Wait()
}

// Running is how many scripts run now, and how many requests wait for one to
// end.
func (s *Server) Running() (running, waiting int) { return s.slots.count() }

// serveConn handles the requests of one connection, one after the other.
func (s *Server) serveConn(raw net.Conn, config *tls.Config) {
	conn := raw
	if config != nil {
		server := tls.Server(raw, config)
		_ = raw.SetDeadline(time.Now().Add(s.config.NetworkTimeout))
		if err := server.HandshakeContext(s.ctx); err != nil {
			return
		}
		_ = raw.SetDeadline(time.Time{})
		conn = server
	}
	reader := bufio.NewReaderSize(conn, bufferSize)
	wait := s.config.NetworkTimeout
	for {
		_ = conn.SetReadDeadline(time.Now().Add(wait))
		request, problem := readRequest(reader)
		if request == nil && problem == nil {
			return // The client left.
		}
		if problem != nil {
			x := &exchange{conn: conn, request: &Request{Method: "GET", Proto: "HTTP/1.0"}, close: true}
			x.fail(problem.status, problem.text, "")
			return
		}
		_ = conn.SetReadDeadline(time.Time{})
		request.TLS = config != nil
		request.Local, request.Remote = conn.LocalAddr(), conn.RemoteAddr()
		x := &exchange{server: s, conn: conn, request: request, close: request.close}

		ctx, cancel := context.WithCancel(s.ctx)
		watched := watch(conn, reader, cancel)
		x.handle(ctx)
		stopWatching(conn, watched)
		gone := ctx.Err() != nil
		cancel()
		if gone || x.close {
			return
		}
		wait = s.config.KeepAlive
	}
}

// watch cancels when the client closes its side while its request is being
// answered.
func watch(conn net.Conn, reader *bufio.Reader, cancel context.CancelFunc) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := reader.Peek(1); err != nil {
			if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() {
				cancel()
			}
		}
	}()
	return done
}

func stopWatching(conn net.Conn, watched <-chan struct{}) {
	_ = conn.SetReadDeadline(time.Unix(1, 0))
	<-watched
	_ = conn.SetReadDeadline(time.Time{})
}
