// SPDX-License-Identifier: Apache-2.0

package cgi

import (
	"bytes"
	"io"
	"strconv"
	"strings"
)

// securityHeaders are on every response and cannot be suppressed.
const securityHeaders = "Content-Security-Policy: default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; style-src 'self'; frame-ancestors 'none';\r\n" +
	"X-Content-Type-Options: nosniff\r\n" +
	"X-Frame-Options: DENY\r\n" +
	"Cache-Control: no-store\r\n" +
	"Referrer-Policy: no-referrer\r\n"

// Response is what goes back to the browser. The zero Status is 200.
type Response struct {
	Status      int
	Location    string   // For a redirect.
	Cookies     []Cookie // Set in this order.
	RetryAfter  int      // Seconds; 0 sends none.
	Allow       string   // For 405.
	ContentType string   // With Body.
	Body        string
}

// SameSite values of a cookie.
const (
	Strict = "Strict"
	Lax    = "Lax"
)

// Cookie is a Set-Cookie line. Every cookie of ours is Secure. A cookie
// without a MaxAge lives as long as the browser; Expire makes it end at once.
type Cookie struct {
	Name, Value string
	Path        string
	SameSite    string // Strict or Lax.
	MaxAge      int    // Seconds; 0 sends none.
	Expire      bool
	Script      bool // Readable by the page's scripts: not HttpOnly.
}

// Redirect is a 302 to location.
func Redirect(location string, cookies ...Cookie) Response {
	return Response{Status: 302, Location: location, Cookies: cookies}
}

var reasons = map[int]string{
	200: "OK", 302: "Found", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
	404: "Not Found", 405: "Method Not Allowed", 429: "Too Many Requests",
	431: "Request Header Fields Too Large", 500: "Internal Server Error", 503: "Service Unavailable",
}

// Reason is the reason phrase of a status: uhttpd ignores a Status header
// that has none.
func Reason(status int) string {
	if reason, ok := reasons[status]; ok {
		return reason
	}
	return "Status"
}

// Write sends the response in one piece, without the body for HEAD.
func (r Response) Write(w io.Writer, method string) error {
	status := r.Status
	if status == 0 {
		status = 200
	}
	var b bytes.Buffer
	b.WriteString("Status: " + strconv.Itoa(status) + " " + Reason(status) + "\r\n")
	b.WriteString(securityHeaders)
	if r.Location != "" {
		field(&b, "Location", r.Location)
	}
	for _, c := range r.Cookies {
		field(&b, "Set-Cookie", c.String())
	}
	if r.RetryAfter > 0 {
		field(&b, "Retry-After", strconv.Itoa(r.RetryAfter))
	}
	if r.Allow != "" {
		field(&b, "Allow", r.Allow)
	}
	if r.Body != "" {
		field(&b, "Content-Type", r.ContentType)
		field(&b, "Content-Length", strconv.Itoa(len(r.Body)))
	}
	b.WriteString("\r\n")
	if method != "HEAD" {
		b.WriteString(r.Body)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// field writes one header line. Whatever could end the line early is dropped
// here, so that no value can add a header of its own.
func field(b *bytes.Buffer, name, value string) {
	b.WriteString(name)
	b.WriteString(": ")
	for i := 0; i < len(value); i++ {
		if c := value[i]; c >= 0x20 && c != 0x7f {
			b.WriteByte(c)
		}
	}
	b.WriteString("\r\n")
}

// String is the value of the Set-Cookie header.
func (c Cookie) String() string {
	var b strings.Builder
	b.WriteString(c.Name + "=" + c.Value + "; Path=" + c.Path)
	switch {
	case c.Expire:
		b.WriteString("; Max-Age=0")
	case c.MaxAge > 0:
		b.WriteString("; Max-Age=" + strconv.Itoa(c.MaxAge))
	}
	b.WriteString("; Secure")
	if !c.Script {
		b.WriteString("; HttpOnly")
	}
	b.WriteString("; SameSite=" + c.SameSite)
	return b.String()
}

// EscapeHTML makes text safe in an element or a quoted attribute.
func EscapeHTML(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(text)
}
