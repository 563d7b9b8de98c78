// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// disturbed runs the handler and sends its answer, changed by the faults that
// are on for this endpoint.
func (p *Provider) disturbed(at Endpoint, w http.ResponseWriter, r *http.Request, handler func(http.ResponseWriter, *http.Request)) {
	fault, on := p.answer(at, p.current(p.grantOf(at, r)))
	if !on {
		handler(w, r)
		return
	}
	if fault.Delay > 0 && !p.pause(r, fault.Delay) {
		return
	}
	if fault.Hang {
		select {
		case <-r.Context().Done():
		case <-p.ctx.Done():
		}
		return
	}
	if fault.Reset {
		reset(w)
		return
	}
	if fault.Handler != nil {
		handler = fault.Handler
	}
	recorded := &recorder{header: http.Header{}, status: http.StatusOK}
	handler(recorded, r)
	p.send(w, r, fault, recorded)
}

// send applies what a fault changes in an answer that was made.
func (p *Provider) send(w http.ResponseWriter, r *http.Request, fault Answer, answer *recorder) {
	if fault.Location != "" {
		answer.status = http.StatusFound
		answer.header.Set("Location", fault.Location)
	}
	if fault.Status != 0 {
		answer.status = fault.Status
	}
	for name, values := range fault.Header {
		answer.header[http.CanonicalHeaderKey(name)] = values
	}
	body := answer.body.Bytes()
	if fault.Body != nil {
		body = fault.Body
	}
	if fault.Rewrite != nil {
		body = fault.Rewrite(body)
	}
	if missing := fault.PadTo - len(body); missing > 0 {
		body = append(append([]byte(nil), body...), bytes.Repeat([]byte{' '}, missing)...)
	}
	if fault.CutAfter == 0 && fault.Drip == 0 && fault.StatusText == "" {
		for name, values := range answer.header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(answer.status)
		_, _ = w.Write(body)
		return
	}
	p.sendRaw(w, r, fault, answer, body)
}

// sendRaw writes the answer to the connection by itself, where net/http would
// not allow what the fault wants.
func (p *Provider) sendRaw(w http.ResponseWriter, r *http.Request, fault Answer, answer *recorder, body []byte) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	text := fault.StatusText
	if text == "" {
		text = http.StatusText(answer.status)
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", answer.status, text)
	answer.header.Set("Content-Length", strconv.Itoa(len(body)))
	answer.header.Set("Connection", "close")
	_ = answer.header.Write(&head)
	head.WriteString("\r\n")
	if _, err := conn.Write(head.Bytes()); err != nil {
		return
	}
	cut := fault.CutAfter != 0
	if fault.CutAfter == CutAtOnce {
		body = nil
	} else if cut && fault.CutAfter < len(body) {
		body = body[:fault.CutAfter]
	}
	if fault.Drip == 0 {
		_, _ = conn.Write(body)
	}
	for i := 0; fault.Drip > 0 && i < len(body); i++ {
		if _, err := conn.Write(body[i : i+1]); err != nil || !p.pause(nil, fault.Drip) {
			return
		}
	}
	if cut {
		resetConn(conn)
	}
}

// pause waits and reports whether anybody is still interested.
func (p *Provider) pause(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	var gone <-chan struct{}
	if r != nil {
		gone = r.Context().Done()
	}
	select {
	case <-timer.C:
		return true
	case <-gone:
	case <-p.ctx.Done():
	}
	return false
}

func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		resetConn(conn)
	}
}

// resetConn closes the TCP connection below TLS with a reset.
func resetConn(conn net.Conn) {
	if inner, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = inner.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// recorder keeps an answer until it is known how to send it.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header            { return r.header }
func (r *recorder) WriteHeader(status int)         { r.status = status }
func (r *recorder) Write(data []byte) (int, error) { return r.body.Write(data) }
