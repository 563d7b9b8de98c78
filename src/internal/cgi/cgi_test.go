// SPDX-License-Identifier: Apache-2.0

package cgi

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/fault"
)

func read(t *testing.T, env map[string]string) Request {
	t.Helper()
	r, err := Read(func(name string) string { return env[name] })
	if err != nil {
		t.Fatalf("Read(%v) = %v, want a request", env, err)
	}
	return r
}

func TestLimits(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("a", n) }
	for name, c := range map[string]struct {
		variable, value string
		refused         bool
	}{
		"longest query":        {"QUERY_STRING", long(MaxInput), false},
		"too long a query":     {"QUERY_STRING", long(MaxInput + 1), true},
		"longest cookies":      {"HTTP_COOKIE", long(MaxInput), false},
		"too long cookies":     {"HTTP_COOKIE", long(MaxInput + 1), true},
		"too long a path":      {"PATH_INFO", "/" + long(MaxInput), true},
		"too long a host":      {"HTTP_HOST", long(MaxInput + 1), true},
		"too long an accept":   {"HTTP_ACCEPT", long(MaxInput + 1), true},
		"most parameters":      {"QUERY_STRING", strings.Repeat("a=1&", MaxParams-1) + "a=1", false},
		"too many parameters":  {"QUERY_STRING", strings.Repeat("a=1&", MaxParams) + "a=1", true},
		"most cookies":         {"HTTP_COOKIE", strings.Repeat("a=1; ", MaxCookies-1) + "a=1", false},
		"too many cookies":     {"HTTP_COOKIE", strings.Repeat("a=1; ", MaxCookies) + "a=1", true},
		"unread variable long": {"HTTP_USER_AGENT", long(MaxInput + 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Read(func(v string) string {
				if v == c.variable {
					return c.value
				}
				return ""
			})
			if got := fault.Is(err, fault.InputTooLarge); got != c.refused {
				t.Errorf("refused = %t (%v), want %t", got, err, c.refused)
			}
		})
	}
}

func TestParams(t *testing.T) {
	t.Parallel()
	r := read(t, map[string]string{"QUERY_STRING": "code=a%2Bb+c&state=1&state=1&bad=%zz&empty=&=x&&n%61me=v&lone"})
	for name, want := range map[string]struct {
		value string
		ok    bool
	}{
		"code": {"a+b c", true}, "state": {"", false}, "bad": {"", false}, "empty": {"", true}, "name": {"v", true}, "lone": {"", true}, "none": {"", false},
	} {
		if value, ok := r.Param(name); value != want.value || ok != want.ok {
			t.Errorf("Param(%q) = %q, %t, want %q, %t", name, value, ok, want.value, want.ok)
		}
	}
}

func TestCookies(t *testing.T) {
	t.Parallel()
	r := read(t, map[string]string{"HTTP_COOKIE": `a=1; b="two";c=x=y;  a=3 ; broken; =nameless`})
	if got := r.Cookies("a"); !slices.Equal(got, []string{"1", "3"}) {
		t.Errorf("Cookies(a) = %q, want both values in the browser's order", got)
	}
	for name, want := range map[string]string{"a": "1", "b": "two", "c": "x=y", "broken": "", "": ""} {
		if got := r.Cookie(name); got != want {
			t.Errorf("Cookie(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{"": "", "/": "", "///": "", "/callback": "/callback", "/callback/": "/callback", "//callback": "//callback", "/logout//": "/logout"} {
		if got := read(t, map[string]string{"PATH_INFO": given}).Path; got != want {
			t.Errorf("PATH_INFO %q gives %q, want %q", given, got, want)
		}
	}
}

func TestFromHere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host, referer string
		want          bool
	}{
		{"router.lan", "https://router.lan/cgi-bin/luci/", true},
		{"Router.lan:8443", "http://router.LAN/", true},
		{"[fd00::1]:8443", "https://[FD00:0::1]/", true},
		{"router.lan", "", false},
		{"router.lan", "https://evil.example/router.lan", false},
		{"router.lan", "https://router.lan@evil.example/", false},
		{"", "https:///", false},
		{"a b", "https://a b/", false},
	} {
		if got := read(t, map[string]string{"HTTP_HOST": c.host, "HTTP_REFERER": c.referer}).FromHere(); got != c.want {
			t.Errorf("Host %q, Referer %q: from here = %t, want %t", c.host, c.referer, got, c.want)
		}
	}
}

func TestQueryWithout(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"": "", "a=1&b=2&c=3": "a=1&c=3", "b=2": "", "a=%26%0d%0a%3d": "a=%26%0D%0A%3D", "a=" + strings.Repeat("x", maxForwarded): "",
	} {
		if got := read(t, map[string]string{"QUERY_STRING": query}).Query("b"); got != want {
			t.Errorf("Query without b of %q = %q, want %q", query, got, want)
		}
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "fe80::1%eth0": "fe80::1%eth0", "nonsense": "invalid IP", "": "invalid IP"} {
		if got := read(t, map[string]string{"REMOTE_ADDR": text}).Client; got.String() != want {
			t.Errorf("REMOTE_ADDR %q gives %v, want %s", text, got, want)
		}
	}
}

func TestAcceptsHTML(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"text/html,application/xhtml+xml": true, "application/json, text/html;q=0.9": true, "TEXT/HTML": true,
		"*/*": false, "": false, "text/plain": false, "text/html; q=0": false, "text/htmlx": false,
	} {
		if got := read(t, map[string]string{"HTTP_ACCEPT": accept}).WantsHTML; got != want {
			t.Errorf("Accept %q: HTML = %t, want %t", accept, got, want)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	response := Response{
		Status: 302, Location: "https://id.example/?a=1\r\nSet-Cookie: evil=1", RetryAfter: 5, Allow: "GET",
		Cookies: []Cookie{{Name: "n", Value: "v", Path: "/", SameSite: Strict}, {Name: "m", Path: "/x", SameSite: Lax, MaxAge: 300, Script: true}, {Name: "o", Path: "/", SameSite: Strict, Expire: true}},
		Body:    "body", ContentType: "text/plain",
	}
	var out bytes.Buffer
	if err := response.Write(&out, "GET"); err != nil {
		t.Fatal(err)
	}
	head, body, _ := strings.Cut(out.String(), "\r\n\r\n")
	if body != "body" {
		t.Errorf("body = %q", body)
	}
	lines := strings.Split(head, "\r\n")
	for _, want := range []string{
		"Status: 302 Found",
		"Content-Security-Policy: default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; style-src 'self'; frame-ancestors 'none';",
		"X-Content-Type-Options: nosniff", "X-Frame-Options: DENY", "Cache-Control: no-store", "Referrer-Policy: no-referrer",
		"Location: https://id.example/?a=1Set-Cookie: evil=1",
		"Set-Cookie: n=v; Path=/; Secure; HttpOnly; SameSite=Strict",
		"Set-Cookie: m=; Path=/x; Max-Age=300; Secure; SameSite=Lax",
		"Set-Cookie: o=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict",
		"Retry-After: 5", "Allow: GET", "Content-Type: text/plain", "Content-Length: 4",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("the header has no line %q:\n%s", want, head)
		}
	}
	if len(lines) != 14 {
		t.Errorf("the header has %d lines, want 14: a value added one\n%s", len(lines), head)
	}
	out.Reset()
	_ = response.Write(&out, "HEAD")
	if !strings.HasSuffix(out.String(), "\r\n\r\n") || !strings.Contains(out.String(), "Content-Length: 4") {
		t.Errorf("HEAD must have GET's header and no body, got %q", out.String())
	}
}

// A request is built from any environment without a panic, and what it says
// stays within the limits.
func FuzzRead(f *testing.F) {
	f.Add("/callback", "code=a&state=b", "__Host-luci_sso_state=x; a=\"b\"", "router:443", "text/html;q=0.1", "de-DE,de;q=0.9")
	f.Add("", "%", "=;=", "[::1]:1", ",", ";,")
	f.Add("/a/../b//", "a=%00&&&=", "\"", ":", "*/*", "")
	f.Fuzz(func(t *testing.T, path, query, cookie, host, accept, language string) {
		env := map[string]string{"PATH_INFO": path, "QUERY_STRING": query, "HTTP_COOKIE": cookie, "HTTP_HOST": host, "HTTP_ACCEPT": accept, "HTTP_ACCEPT_LANGUAGE": language}
		r, err := Read(func(name string) string { return env[name] })
		if err != nil {
			return
		}
		if len(r.params) > MaxParams || len(r.cookies) > MaxCookies || len(r.Languages) > 8 {
			t.Errorf("over the limits: %d parameters, %d cookies, %d languages", len(r.params), len(r.cookies), len(r.Languages))
		}
		r.FromHere()
		if forwarded := r.Query(); strings.ContainsAny(forwarded, " \r\n\x00#") {
			t.Errorf("Query = %q is none", forwarded)
		}
		r.Param("code")
		r.Cookie("a")
	})
}
