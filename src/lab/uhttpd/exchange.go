// SPDX-License-Identifier: Apache-2.0

package uhttpd

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"mime"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"time"
)

// exchange is one request and its answer on a connection.
type exchange struct {
	server  *Server
	conn    net.Conn
	request *Request
	close   bool // The connection ends after this answer.

	chunked bool
	started bool // The status line is out.
}

// handle finds out who answers, and lets them.
func (x *exchange) handle(ctx context.Context) {
	for prefix, handler := range x.server.config.Scripts {
		if under(prefix, x.request.Target) {
			if x.server.slots.acquire(ctx) {
				x.runHandler(ctx, handler)
				x.server.slots.release()
			}
			return
		}
	}
	for prefix, handler := range x.server.config.Plugins {
		if under(prefix, x.request.Target) {
			x.runHandler(ctx, handler)
			return
		}
	}
	found, ok := locate(x.server.config.Docroot, x.request.Target)
	switch {
	case !ok:
		x.fail(404, "Not Found", "The requested URL "+x.request.Target+" was not found on this server.")
	case under("/cgi-bin", found.name):
		if !found.mode.IsRegular() || found.mode&0o001 == 0 {
			x.fail(403, "Forbidden", "You don't have permission to access "+x.request.Target+" on this server.")
			return
		}
		x.runProgram(ctx, found)
	default:
		x.sendFile(found)
	}
}

// runHandler runs a handler of this process as what it stands for.
func (x *exchange) runHandler(ctx context.Context, handler http.Handler) {
	request, err := x.request.standard()
	if err != nil {
		x.fail(400, "Bad Request", "")
		return
	}
	w := &buffered{header: http.Header{}, status: http.StatusOK}
	handler.ServeHTTP(w, request.WithContext(ctx))
	var fields []Field
	for name, values := range w.header {
		for _, value := range values {
			fields = append(fields, Field{name, value})
		}
	}
	x.start(w.status, http.StatusText(w.status), fields)
	x.body(w.body.Bytes())
	x.end()
}

func (x *exchange) sendFile(found located) {
	data, err := os.ReadFile(found.file)
	if err != nil {
		x.fail(403, "Forbidden", "You don't have permission to access "+x.request.Target+" on this server.")
		return
	}
	kind := mime.TypeByExtension(path.Ext(found.file))
	if kind == "" {
		kind = "application/octet-stream"
	}
	fields := []Field{{"Content-Type", kind}, {"Content-Length", strconv.Itoa(len(data))}}
	// The original sends the time of every file, from which browsers work out
	// how long to keep it. Here a developer's change has to show at once; only
	// a file without a time, as newer packages bring them, is kept as there.
	if info, err := os.Stat(found.file); err == nil && info.ModTime().Unix() == 0 {
		fields = append(fields, Field{"Last-Modified", "Thu, 01 Jan 1970 00:00:00 GMT"},
			Field{"Date", time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")})
	}
	x.start(200, "OK", fields)
	x.body(data)
	x.end()
}

// start sends status line and headers.
func (x *exchange) start(status int, reason string, fields []Field) {
	r := x.request
	x.started = true
	x.chunked = r.Proto == "HTTP/1.1" && r.Method != "HEAD" && r.Method != "OPTIONS" && status != 204 && status != 304
	for _, field := range fields {
		if equalFold(field.Name, "Content-Length") || equalFold(field.Name, "Transfer-Encoding") {
			x.chunked = false
		}
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %03d %s\r\n", r.Proto, status, reason)
	if x.close {
		head.WriteString("Connection: close\r\n")
	} else {
		head.WriteString("Connection: Keep-Alive\r\n")
	}
	if x.chunked {
		head.WriteString("Transfer-Encoding: chunked\r\n")
	}
	if !x.close {
		fmt.Fprintf(&head, "Keep-Alive: timeout=%d\r\n", int(x.server.config.KeepAlive.Seconds()))
	}
	for _, field := range fields {
		head.WriteString(field.Name + ": " + field.Value + "\r\n")
	}
	head.WriteString("\r\n")
	x.write(head.Bytes())
}

// body sends a piece of the body.
func (x *exchange) body(data []byte) {
	if len(data) == 0 || x.request.Method == "HEAD" {
		return
	}
	if !x.chunked {
		x.write(data)
		return
	}
	x.write(append(append([]byte(fmt.Sprintf("%X\r\n", len(data))), data...), "\r\n"...))
}

func (x *exchange) end() {
	if x.chunked {
		x.write([]byte("0\r\n\r\n"))
	}
}

// fail answers with the server's own error page.
func (x *exchange) fail(status int, reason, text string) {
	if len(x.request.Body) > 0 {
		x.close = true
	}
	x.start(status, reason, []Field{{"Content-Type", "text/html"}})
	x.body([]byte("<h1>" + reason + "</h1>" + html.EscapeString(text)))
	x.end()
}

func (x *exchange) write(data []byte) {
	if _, err := x.conn.Write(data); err != nil {
		x.close = true
	}
}

func equalFold(a, b string) bool { return http.CanonicalHeaderKey(a) == b }

// buffered collects a handler's answer.
type buffered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffered) Header() http.Header            { return b.header }
func (b *buffered) WriteHeader(status int)         { b.status = status }
func (b *buffered) Write(data []byte) (int, error) { return b.body.Write(data) }
