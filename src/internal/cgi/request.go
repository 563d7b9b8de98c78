// SPDX-License-Identifier: Apache-2.0

// Package cgi owns the border to the web server: it turns the environment of
// a CGI/1.1 script (RFC 3875) into a Request within fixed limits, and a
// Response into what uhttpd expects on standard output. It knows no routes
// and no errors beyond "too large"; everything in a Request is still
// untrusted.
package cgi

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"luci-sso/internal/fault"
	"luci-sso/internal/host"
)

// Limits of a request, as the HTTP API states them.
const (
	MaxInput   = 16384 // bytes of the query string, of the cookies, of any other variable
	MaxParams  = 100   // query parameters
	MaxCookies = 100   // cookies

	// maxForwarded bounds a query that is sent on to another host.
	maxForwarded = 1024
)

// Request is one HTTP request.
type Request struct {
	Method    string
	Path      string // PATH_INFO without trailing slashes: "", "/callback", …
	Host      string // Host header as sent; package host judges it.
	Secure    bool   // The browser's connection is TLS.
	WantsHTML bool   // The client names text/html in Accept: a browser's page load.
	Languages []string
	Client    netip.Addr // The peer's address; the zero Addr when the server gave none.

	referer string
	params  []pair
	cookies []pair

	contentType, contentLength string
}

type pair struct{ name, value string }

// variables are the ones read; each is held to MaxInput.
var variables = [...]string{
	"REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_COOKIE", "HTTP_HOST",
	"HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_REFERER", "HTTPS", "REMOTE_ADDR",
	"CONTENT_TYPE", "CONTENT_LENGTH",
}

// Read builds the request from getenv. The request is usable for an error
// page even when the fault INPUT_TOO_LARGE comes with it.
func Read(getenv func(string) string) (Request, error) {
	env := make(map[string]string, len(variables))
	var tooLarge string
	for _, name := range variables {
		value := getenv(name)
		if len(value) > MaxInput {
			tooLarge = name + " has " + strconv.Itoa(len(value)) + " bytes, the limit is " + strconv.Itoa(MaxInput)
			value = ""
		}
		env[name] = value
	}

	r := Request{
		Method:    env["REQUEST_METHOD"],
		Path:      strings.TrimRight(env["PATH_INFO"], "/"),
		Host:      env["HTTP_HOST"],
		Secure:    env["HTTPS"] == "on",
		WantsHTML: acceptsHTML(env["HTTP_ACCEPT"]),
		Languages: languages(env["HTTP_ACCEPT_LANGUAGE"]),
		referer:   env["HTTP_REFERER"],

		contentType: env["CONTENT_TYPE"], contentLength: env["CONTENT_LENGTH"],
	}
	r.Client, _ = netip.ParseAddr(env["REMOTE_ADDR"])
	r.Client = r.Client.Unmap()

	if tooLarge != "" {
		return r, fault.New(fault.InputTooLarge, tooLarge)
	}
	if n := strings.Count(env["QUERY_STRING"], "&") + 1; n > MaxParams {
		return r, fault.New(fault.InputTooLarge, "the query has "+strconv.Itoa(n)+" parameters, the limit is "+strconv.Itoa(MaxParams))
	}
	if n := strings.Count(env["HTTP_COOKIE"], ";") + 1; n > MaxCookies {
		return r, fault.New(fault.InputTooLarge, "the request has "+strconv.Itoa(n)+" cookies, the limit is "+strconv.Itoa(MaxCookies))
	}
	r.params = parseQuery(env["QUERY_STRING"])
	r.cookies = parseCookies(env["HTTP_COOKIE"])
	return r, nil
}

// Param returns a query parameter. One that is absent, malformed or sent more
// than once (which RFC 6749 §3.1 forbids) is "", false: nobody may choose
// between two values.
func (r Request) Param(name string) (string, bool) { return single(r.params, name) }

func single(pairs []pair, name string) (string, bool) {
	value, found := "", false
	for _, p := range pairs {
		if p.name != name {
			continue
		}
		if found {
			return "", false
		}
		value, found = p.value, true
	}
	return value, found
}

// HasParam reports whether a query parameter was sent at all, however often.
func (r Request) HasParam(name string) bool {
	return slices.ContainsFunc(r.params, func(p pair) bool { return p.name == name })
}

// Cookies returns every value sent under a name, in the browser's order: the
// longest path first (RFC 6265 §5.4).
func (r Request) Cookies(name string) []string {
	var values []string
	for _, c := range r.cookies {
		if c.name == name {
			values = append(values, c.value)
		}
	}
	return values
}

// Cookie returns the first value sent under a name, or "".
func (r Request) Cookie(name string) string {
	for _, c := range r.cookies {
		if c.name == name {
			return c.value
		}
	}
	return ""
}

// FromHere reports whether a page of this host, on whatever port, led here.
// Another site cannot make a browser say so; one that says nothing is not
// believed.
func (r Request) FromHere() bool {
	here, ok := host.Parse(r.Host)
	from, err := url.Parse(r.referer)
	if !ok || err != nil {
		return false
	}
	page, ok := host.Parse(from.Host)
	return ok && page.Name == here.Name
}

// Query is the query, encoded anew, without some parameters; "" when it is
// more than belongs into an address.
func (r Request) Query(without ...string) string {
	var b strings.Builder
	for _, p := range r.params {
		if slices.Contains(without, p.name) {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p.name) + "=" + url.QueryEscape(p.value))
	}
	if b.Len() > maxForwarded {
		return ""
	}
	return b.String()
}

func parseQuery(raw string) []pair {
	var params []pair
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, "&")
		if part == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil {
			continue
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			continue
		}
		params = append(params, pair{name, value})
	}
	return params
}

func parseCookies(raw string) []pair {
	var cookies []pair
	for raw != "" {
		var part string
		part, raw, _ = strings.Cut(raw, ";")
		name, value, ok := strings.Cut(strings.Trim(part, " \t"), "=")
		if !ok || name == "" {
			continue
		}
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		cookies = append(cookies, pair{name, value})
	}
	return cookies
}

// acceptsHTML reports whether text/html is named. "*/*" alone is what scripts
// send, and they get plain text.
func acceptsHTML(accept string) bool {
	for accept != "" {
		var part string
		part, accept, _ = strings.Cut(accept, ",")
		kind, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(kind), "text/html") {
			return strings.ReplaceAll(params, " ", "") != "q=0"
		}
	}
	return false
}

// languages lists the tags of Accept-Language in the order sent, which is the
// browser's order of preference, lower-cased and at most eight.
func languages(header string) []string {
	var tags []string
	for header != "" && len(tags) < 8 {
		var part string
		part, header, _ = strings.Cut(header, ",")
		tag, _, _ := strings.Cut(part, ";")
		tag = strings.ToLower(strings.TrimSpace(tag))
		if tag != "" && len(tag) <= 35 {
			tags = append(tags, tag)
		}
	}
	return tags
}
