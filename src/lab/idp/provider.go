// SPDX-License-Identifier: Apache-2.0

// Package idp is the lab's identity provider: a small OpenID provider over
// TLS that signs in the people of a cast without passwords, and misbehaves on
// demand at every endpoint. It owns its keys, codes and tokens; it knows
// nothing of the router that asks.
//
// Correct behaviour is in provider.go, authorize.go, token.go; what can be
// made to go wrong is a Fault (fault.go), and faults with a name are in
// catalogue.go.
package idp

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"luci-sso/lab/people"
)

// Options say where a provider listens and whom it serves.
type Options struct {
	Addr        string // "127.0.0.1:0" when empty.
	Certificate tls.Certificate
	Cast        *people.Cast // people.Default() when nil.

	// RedirectURIs are the registered callbacks. Empty: any https URL on this
	// machine that ends in /cgi-bin/luci-sso/callback.
	RedirectURIs []string
	// RedirectQuery is the query those have.
	RedirectQuery string
	// PostLogoutURIs are the registered targets after logout. Empty: any
	// https URL on this machine.
	PostLogoutURIs []string
	// Path is a prefix of all URLs, as some providers have
	// ("/realms/lab"); it becomes part of the issuer.
	Path string
	// Changed is called after somebody changed faults or keys on the web page.
	// May be nil.
	Changed func()
	// Log gets one line per noteworthy event, without secrets. May be nil.
	Log func(line string)
}

// Provider is a running identity provider.
type Provider struct {
	URL    string // The issuer, without trailing slash.
	Client Client
	Cast   *people.Cast

	options Options
	addr    string
	server  *http.Server
	ctx     context.Context
	cancel  context.CancelFunc

	mu        sync.Mutex
	cert      tls.Certificate
	faults    []*active
	keys      []*Key
	alg       string
	rotations int
	codes     map[string]*Grant
	tokens    map[string]*Grant
	sessions  map[string]string // Browser session → login.

	refreshes  map[string]*Grant
	refreshing Refreshing
	disabled   map[string]bool

	requests   map[Endpoint][]Request
	conns      int
	tls        func(*tls.Config)   // Changes what new connections are offered.
	elsewhere  map[Endpoint]string // Paths of endpoints that have moved.
	assertions map[string]bool     // By jti: used.
	pushing    Pushing
	pushed     map[string]url.Values // Requests by name.
	left       map[string]Answer     // What the paths that they had answer.
}

// Client is the one registered client.
type Client struct {
	ID, Secret string
	// AuthMethods are the accepted ways of authentication, also published.
	AuthMethods []string
	JWKS        string // Its public keys, for private_key_jwt.
}

// SetClient changes the registered client while the provider runs.
func (p *Provider) SetClient(change func(c *Client)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.Client)
}

// Request is what an endpoint was asked, for assertions.
type Request struct {
	Time          time.Time
	Method        string
	Header        http.Header
	Query, Form   url.Values // Form: of a POST body only.
	Authorization string     // "basic", "post", "assertion", "bearer" or "".
	Conn          string     // The client's address: the same for requests over one connection.
}

// AllowRedirect registers a callback in the place of those that were.
func (p *Provider) AllowRedirect(uri string) { p.options.RedirectURIs = []string{uri} }

// Start opens the listener and serves until Close.
func Start(options Options) (*Provider, error) {
	if options.Addr == "" {
		options.Addr = "127.0.0.1:0"
	}
	if options.Cast == nil {
		options.Cast = people.Default()
	}
	if err := options.Cast.CheckFaults(func(name string) bool { _, err := Named(name); return err == nil }); err != nil {
		return nil, err
	}
	p := &Provider{
		Client: Client{ID: options.Cast.Provider.ClientID, Secret: options.Cast.Provider.ClientSecret,
			AuthMethods: []string{"client_secret_basic", "client_secret_post"}},
		Cast:     options.Cast,
		options:  options,
		cert:     options.Certificate,
		alg:      options.Cast.Provider.Algorithm,
		codes:    map[string]*Grant{},
		tokens:   map[string]*Grant{},
		sessions: map[string]string{},
		requests: map[Endpoint][]Request{},
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for _, alg := range []string{"RS256", "ES256"} {
		key, err := sharedKey(alg, 0)
		if err != nil {
			return nil, err
		}
		p.keys = append(p.keys, key)
	}
	if err := p.SetNamed(options.Cast.Provider.Faults...); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", options.Addr)
	if err != nil {
		return nil, err
	}
	p.addr = listener.Addr().String()
	host, _, _ := net.SplitHostPort(options.Addr)
	_, port, _ := net.SplitHostPort(p.addr)
	p.URL = "https://" + net.JoinHostPort(host, port) + options.Path
	p.serve(listener)
	return p, nil
}

func (p *Provider) serve(listener net.Listener) {
	p.server = &http.Server{
		Handler:           http.HandlerFunc(p.handle),
		ReadHeaderTimeout: 30 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return p.ctx },
		ErrorLog:          log.New(io.Discard, "", 0), // Clients hang up on purpose here.
		TLSNextProto:      map[string]func(*http.Server, *tls.Conn, http.Handler){},
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				p.mu.Lock()
				p.conns++
				p.mu.Unlock()
			}
		},
		TLSConfig: &tls.Config{
			NextProtos: []string{"http/1.1"},
			GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
				p.mu.Lock()
				defer p.mu.Unlock()
				if p.tls == nil {
					return nil, nil
				}
				config := &tls.Config{NextProtos: []string{"http/1.1"}, Certificates: []tls.Certificate{p.cert}} // #nosec G402 -- what is tested
				p.tls(config)
				return config, nil
			},
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				p.mu.Lock()
				defer p.mu.Unlock()
				cert := p.cert
				return &cert, nil
			},
		},
	}
	server := p.server
	go func() { _ = server.ServeTLS(listener, "", "") }()
}

// Close stops the provider and ends everything that hangs.
func (p *Provider) Close() {
	p.cancel()
	_ = p.server.Close()
}

// Down closes the port, so that connections are refused; Up opens it again.
func (p *Provider) Down() { _ = p.server.Close() }

// Up opens the port that Down closed.
func (p *Provider) Up() error {
	listener, err := net.Listen("tcp", p.addr)
	if err != nil {
		return err
	}
	p.serve(listener)
	return nil
}

// SetCertificate changes what new connections are shown: expired, for another
// host, by an unknown authority.
func (p *Provider) SetCertificate(cert tls.Certificate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cert = cert
}

// SetTLS changes what new connections are offered; nil ends that.
func (p *Provider) SetTLS(change func(*tls.Config)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tls = change
}

// Count is how many requests an endpoint has had.
func (p *Provider) Count(at Endpoint) int { return len(p.Requests(at)) }

// Requests lists what an endpoint was asked, oldest first.
func (p *Provider) Requests(at Endpoint) []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Request(nil), p.requests[at]...)
}

// Connections is how many connections were opened since the start.
func (p *Provider) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns
}

// EndpointURL is where an endpoint is.
func (p *Provider) EndpointURL(at Endpoint) string { return p.URL + p.path(at) }

func (p *Provider) path(at Endpoint) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if path := p.elsewhere[at]; path != "" {
		return path
	}
	return endpointPaths[at]
}

// Move gives an endpoint another path, also in the discovery document. left is
// what the path that it had answers from now on: 404 when it is empty.
func (p *Provider) Move(at Endpoint, path string, left Answer) {
	old := p.path(at)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.elsewhere == nil {
		p.elsewhere, p.left = map[Endpoint]string{}, map[string]Answer{}
	}
	p.elsewhere[at], p.left[old] = path, left
	delete(p.left, path)
}

var endpointPaths = map[Endpoint]string{
	Discovery:  "/.well-known/openid-configuration",
	JWKS:       "/jwks",
	Authorize:  "/authorize",
	Token:      "/token",
	UserInfo:   "/userinfo",
	EndSession: "/logout",
	Revocation: "/revoke",
	Pushed:     "/par",
}

func (p *Provider) handle(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, p.options.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	handlers := map[Endpoint]func(http.ResponseWriter, *http.Request){
		Discovery: p.discovery, JWKS: p.jwks, Authorize: p.authorize,
		Token: p.token, UserInfo: p.userInfo, EndSession: p.endSession, Revocation: p.revoke, Pushed: p.push,
	}
	p.mu.Lock()
	left, abandoned := p.left[path]
	p.mu.Unlock()
	if abandoned {
		p.record(Abandoned, r)
		recorded := &recorder{header: http.Header{}, status: http.StatusNotFound}
		if left.Handler != nil {
			left.Handler(recorded, r)
		}
		p.send(w, r, left, recorded)
		return
	}
	for at := range endpointPaths {
		if path == p.path(at) {
			p.record(at, r)
			p.disturbed(at, w, r, handlers[at])
			return
		}
	}
	switch path {
	case "", "/":
		p.home(w, r)
	case "/style.css":
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = io.WriteString(w, styleSheet)
	default:
		http.NotFound(w, r)
	}
}

func (p *Provider) record(at Endpoint, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	form, _ := url.ParseQuery(string(body))
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	request := Request{Time: time.Now(), Method: r.Method, Header: r.Header.Clone(), Query: r.URL.Query(), Form: form, Conn: r.RemoteAddr}
	switch kind, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); {
	case strings.EqualFold(kind, "basic"):
		request.Authorization = "basic"
	case strings.EqualFold(kind, "bearer"):
		request.Authorization = "bearer"
	case form.Get("client_secret") != "":
		request.Authorization = "post"
	case form.Get("client_assertion") != "":
		request.Authorization = "assertion"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[at] = append(p.requests[at], request)
}

func (p *Provider) log(format string, args ...any) {
	if p.options.Log != nil {
		p.options.Log(fmt.Sprintf(format, args...))
	}
}

// random makes a token of 256 bits.
func random() string {
	var data [32]byte
	if _, err := rand.Read(data[:]); err != nil {
		panic(err) // The lab cannot run without randomness.
	}
	return b64(data[:])
}

var errUnknownFault = errors.New("unknown fault")
