// SPDX-License-Identifier: Apache-2.0

// Package backchannel owns the router's own requests to the identity
// provider: HTTP/1.1 over verified TLS, one connection per host, within one
// deadline and fixed limits. It follows no redirect, keeps no cookie, uses no
// proxy and asks for no compression. It knows nothing of OpenID Connect.
//
// It is not net/http because that client alone is 0.4 MB of a router's flash
// (docs/explanation/decisions/http-client.md).
package backchannel

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/url"
	"strconv"
	"time"
)

// Limits of a response.
const (
	MaxBody   = 256 << 10 // bytes of a body
	maxHeader = 64 << 10  // bytes of status line and header
	maxLine   = 16 << 10  // bytes of one of their lines
)

// Errors a request can end in; each is wrapped with the facts.
var (
	// ErrTrust: there is no usable set of CA certificates, so nothing was sent.
	ErrTrust = errors.New("no usable CA certificates")
	// ErrInsecure: the URL is not https, so nothing was sent.
	ErrInsecure = errors.New("not an https URL")
	// ErrTooLarge: the body is over MaxBody.
	ErrTooLarge = errors.New("response too large")
	// ErrNetwork: name resolution, connection, TLS or HTTP framing failed.
	ErrNetwork = errors.New("network failure")
)

// Client sends requests. It is for one CGI request and not for concurrent use.
type Client struct {
	trust    Trust
	store    store
	usable   bool // The store was seen to hold a certificate.
	internal string
	agent    string
	conns    map[string]*conn
	limit    time.Duration // Of all requests together; 0 for none.
	spent    time.Duration
}

type conn struct {
	*tls.Conn
	reader *bufio.Reader
	used   bool
	last   time.Time // When its last response ended.
}

// New returns a client that trusts what trust says. internal, unless empty,
// replaces the host[:port] of every URL: the split horizon. agent is the
// User-Agent.
func New(trust Trust, internal, agent string) *Client {
	return &Client{trust: trust, internal: internal, agent: agent, conns: make(map[string]*conn)}
}

// Within bounds the time that all requests may take together. What goes by
// between them does not count: a slow disk is not the provider's fault.
func (c *Client) Within(limit time.Duration) { c.limit = limit }

// Close ends all connections.
func (c *Client) Close() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	clear(c.conns)
}

// Request is one request to the provider. Authorization is a header's value
// and secret; Form is sent as application/x-www-form-urlencoded by POST.
type Request struct {
	URL           string
	Accept        string
	Authorization string
	Form          url.Values // nil: GET
}

// Response is a provider's answer, whatever its status.
type Response struct {
	Status      int
	ContentType string    // Lower-case media type without parameters.
	Location    string    // Of a redirect, which is not followed.
	Date        time.Time // The provider's clock; zero when it sent none.
	Body        []byte
	Peer        *tls.ConnectionState
}

// Basic is an Authorization value for the Basic scheme with both parts
// form-encoded first, as RFC 6749 §2.3.1 wants.
func Basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(user)+":"+url.QueryEscape(password)))
}

// Do sends the request and reads the whole response. Its errors wrap one of
// the Err values above, and their text is fit for a diagnostic line.
func (c *Client) Do(ctx context.Context, request Request) (Response, error) {
	if c.limit > 0 {
		began := time.Now()
		limited, cancel := context.WithTimeout(ctx, c.limit-c.spent)
		defer func() {
			cancel()
			c.spent += time.Since(began)
		}()
		ctx = limited
	}
	return c.do(ctx, request)
}

func (c *Client) do(ctx context.Context, request Request) (Response, error) {
	target, err := url.Parse(request.URL)
	if err != nil || target.Scheme != "https" || target.Host == "" {
		return Response{}, ErrInsecure
	}
	if c.internal != "" {
		target.Host = c.internal
	}
	target.Fragment, target.User = "", nil
	if !isFieldValue(request.Authorization) {
		return Response{}, network(ctx, errors.New("the token to send with the request has characters that no header can carry"))
	}
	message := c.message(target, request)

	if conn := c.conns[target.Host]; conn != nil && request.Form != nil && !conn.alive() {
		c.drop(target)
	}
	conn, err := c.connection(ctx, target)
	if err != nil {
		return Response{}, err
	}
	response, err := conn.exchange(ctx, message)
	if err != nil && conn.used && request.Form == nil && ctx.Err() == nil && !errors.Is(err, ErrTooLarge) {
		// The provider may have closed the connection between two
		// requests. Only a GET is safe to send again.
		c.drop(target)
		if conn, err = c.connection(ctx, target); err != nil {
			return Response{}, err
		}
		response, err = conn.exchange(ctx, message)
	}
	if err != nil {
		c.drop(target)
		return Response{}, err
	}
	conn.used, conn.last = true, time.Now()
	if response.close {
		c.drop(target)
	}
	return response.Response, nil
}

// isFieldValue reports whether text is visible ASCII and blanks. Part of it is
// the provider's, and a line end in it would begin a request of its making.
func isFieldValue(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < 0x20 || text[i] > 0x7e {
			return false
		}
	}
	return true
}

func (c *Client) message(target *url.URL, request Request) []byte {
	b := make([]byte, 0, 2048) // Enough with a code and a verifier in the form.
	add := func(texts ...string) {
		for _, text := range texts {
			b = append(b, text...)
		}
	}
	method, body := "GET", ""
	if request.Form != nil {
		method, body = "POST", request.Form.Encode()
	}
	add(method, " ", target.RequestURI(), " HTTP/1.1\r\nHost: ", target.Host, "\r\nUser-Agent: ", c.agent, "\r\nAccept-Encoding: identity\r\n")
	if request.Accept != "" {
		add("Accept: ", request.Accept, "\r\n")
	}
	if request.Authorization != "" {
		add("Authorization: ", request.Authorization, "\r\n")
	}
	if request.Form != nil {
		add("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ", strconv.Itoa(len(body)), "\r\n")
	}
	add("\r\n", body)
	return b
}

func (c *Client) connection(ctx context.Context, target *url.URL) (*conn, error) {
	if existing := c.conns[target.Host]; existing != nil {
		return existing, nil
	}
	if !c.usable {
		if err := c.trust.usable(&c.store); err != nil {
			return nil, err
		}
		c.usable = true
	}
	address := target.Host
	if target.Port() == "" {
		address = net.JoinHostPort(target.Hostname(), "443")
	}
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, network(ctx, err)
	}
	secure, err := c.trust.secure(ctx, &c.store, raw, target.Hostname())
	if err != nil {
		return nil, network(ctx, err)
	}
	made := &conn{Conn: secure, reader: bufio.NewReaderSize(secure, maxLine)}
	c.conns[target.Host] = made
	return made, nil
}

func (c *Client) drop(target *url.URL) {
	if conn := c.conns[target.Host]; conn != nil {
		_ = conn.Close()
		delete(c.conns, target.Host)
	}
}

type answer struct {
	Response
	close bool
}

func (c *conn) exchange(ctx context.Context, message []byte) (answer, error) {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(10 * time.Second)
	}
	if err := c.SetDeadline(deadline); err != nil {
		return answer{}, network(ctx, err)
	}
	if _, err := c.Write(message); err != nil {
		return answer{}, network(ctx, err)
	}
	response, err := readAnswer(c.reader)
	if err != nil {
		return answer{}, network(ctx, err)
	}
	if c.reader.Buffered() > 0 {
		response.close = true // Nobody asked for what comes now; it answers nothing.
	}
	state := c.ConnectionState()
	response.Peer = &state
	return response, nil
}
