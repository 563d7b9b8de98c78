// SPDX-License-Identifier: Apache-2.0

package uhttpd

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"
)

// site is a server over a docroot with shell scripts as programs.
type site struct {
	t       *testing.T
	server  *Server
	docroot string
	addr    string
}

func newSite(t *testing.T, config Config) *site {
	t.Helper()
	s := &site{t: t, docroot: filepath.Join(t.TempDir(), "www")}
	if err := os.MkdirAll(filepath.Join(s.docroot, "cgi-bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	config.Docroot = s.docroot
	s.server = New(config)
	s.server.Serve(listener, nil)
	t.Cleanup(s.server.Close)
	return s
}

func (s *site) script(name, text string) {
	s.t.Helper()
	// Other tests fork at the same time; see exec(2), ETXTBSY.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(filepath.Join(s.docroot, "cgi-bin", name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// raw sends bytes and returns the answer to the first request.
func (s *site) raw(text string) (*http.Response, string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, text); err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	method, _, _ := strings.Cut(text, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		s.t.Fatalf("no answer to %.60q: %v", text, err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil && response.StatusCode < 400 { // The rest of a refused request is not read, and the reset can overtake the page.
		s.t.Fatalf("the body of the answer to %.60q: %v", text, err)
	}
	return response, string(body)
}

func (s *site) get(target string) (*http.Response, string) {
	s.t.Helper()
	return s.raw("GET " + target + " HTTP/1.1\r\nHost: router\r\nConnection: close\r\n\r\n")
}

func TestEnvironmentIsUhttpdsAndNothingMore(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{})
	s.script("env", "printf 'Content-Type: text/plain\\r\\n\\r\\n'\n/usr/bin/env\npwd")
	_, body := s.raw("GET /cgi-bin/env/call%62ack/%2e%2e./x?a=%20b&c HTTP/1.1\r\nHost: router:8443\r\nCookie: a=1\r\nCookie: b=2\r\n" +
		"Accept: text/html\r\nX-Forwarded-For: 1.2.3.4\r\nProxy: evil\r\nUser-Agent: test\r\nConnection: close\r\n\r\n")
	var names []string
	values := map[string]string{}
	lines := strings.Split(strings.TrimSpace(body), "\n")
	for _, line := range lines[:len(lines)-1] {
		name, value, _ := strings.Cut(line, "=")
		if name == "_" || name == "PWD" || name == "OLDPWD" || name == "SHLVL" {
			continue // The shell's own.
		}
		names = append(names, name)
		values[name] = value
	}
	sort.Strings(names)
	want := "DOCUMENT_ROOT GATEWAY_INTERFACE HTTP_ACCEPT HTTP_CONNECTION HTTP_COOKIE HTTP_HOST HTTP_USER_AGENT PATH PATH_INFO QUERY_STRING REDIRECT_STATUS " +
		"REMOTE_ADDR REMOTE_HOST REMOTE_PORT REQUEST_METHOD REQUEST_URI SCRIPT_FILENAME SCRIPT_NAME SERVER_ADDR SERVER_NAME SERVER_PORT SERVER_PROTOCOL SERVER_SOFTWARE"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the program's environment has\n%s\nbut uhttpd gives\n%s", got, want)
	}
	for name, value := range map[string]string{
		"PATH_INFO": "/callback/.../x", "QUERY_STRING": "a=%20b&c", "REQUEST_URI": "/cgi-bin/env/call%62ack/%2e%2e./x?a=%20b&c",
		"SCRIPT_NAME": "/cgi-bin/env", "HTTP_COOKIE": "a=1", "PATH": "/sbin:/usr/sbin:/bin:/usr/bin", "REMOTE_ADDR": "127.0.0.1",
		"SERVER_SOFTWARE": "uhttpd", "GATEWAY_INTERFACE": "CGI/1.1", "REDIRECT_STATUS": "200",
	} {
		if values[name] != value {
			t.Errorf("%s is %q, uhttpd says %q", name, values[name], value)
		}
	}
	if dir := lines[len(lines)-1]; dir != s.docroot {
		t.Errorf("the program runs in %s instead of the docroot %s", dir, s.docroot)
	}
}

func TestPathInfo(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{})
	s.script("p", "printf 'A: b\\n\\n'\necho \"${PATH_INFO-unset}|$SCRIPT_NAME\"")
	for target, want := range map[string]string{
		"/cgi-bin/p":            "unset|/cgi-bin/p",
		"/cgi-bin/p?x":          "unset|/cgi-bin/p",
		"/cgi-bin/p/":           "unset|/cgi-bin/p",
		"/cgi-bin/p//":          "unset|/cgi-bin/p",
		"/cgi-bin/p/callback":   "/callback|/cgi-bin/p",
		"/cgi-bin/p//callback/": "/callback/|/cgi-bin/p",
		"/cgi-bin/p/a%2fb":      "/a/b|/cgi-bin/p",
		"/cgi-bin/p/a%00b":      "/a|/cgi-bin/p",
		"/cgi-bin/../cgi-bin/p": "unset|/cgi-bin/p",
		"/cgi-bin/p/a/../b":     "/b|/cgi-bin/p",
	} {
		if _, body := s.get(target); strings.TrimSpace(body) != want {
			t.Errorf("%s: PATH_INFO and SCRIPT_NAME are %q, want %q", target, strings.TrimSpace(body), want)
		}
	}
	for _, target := range []string{"/cgi-bin/none", "/cgi-bin/p%zz", "/../etc/passwd"} {
		if response, _ := s.get(target); response.StatusCode != 404 {
			t.Errorf("%s: status %d, want 404", target, response.StatusCode)
		}
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{})
	for _, test := range []struct {
		name, script string
		status       int
		reason       string
	}{
		{"redirect", `printf 'Status: 302 Found\r\nLocation: /x\r\n\r\n'`, 302, "302 Found"},
		{"no phrase", `printf 'Status: 302\r\nLocation: /x\r\n\r\n'`, 200, "200 OK"},
		{"wrong case", `printf 'status: 404 Not Found\r\n\r\n'`, 200, "200 OK"},
		{"four digits", `printf 'Status: 4040 Not Found\r\n\r\n'`, 200, "200 OK"},
		{"nothing", `exit 0`, 502, "502 Bad Gateway"},
		{"no end of header", `printf 'A: b\r\n'`, 502, "502 Bad Gateway"},
		{"no colon", `printf 'hello\r\n\r\n'`, 502, "502 Bad Gateway"},
		{"long header", `printf 'A: '; head -c 5000 /dev/zero | tr '\0' x; printf '\r\n\r\n'`, 502, "502 Bad Gateway"},
		{"bare newlines", `printf 'Status: 418 Teapot\n\nx'`, 418, "418 Teapot"},
		{"killed itself", `kill -9 $$`, 502, "502 Bad Gateway"},
		{"background", `printf 'A: b\n\n'; sleep 30 &`, 200, "200 OK"},
	} {
		s.script("x", test.script)
		began := time.Now()
		response, _ := s.get("/cgi-bin/x")
		if response.StatusCode != test.status || response.Status != test.reason {
			t.Errorf("%s: %q, uhttpd answers %q", test.name, response.Status, test.reason)
		}
		if time.Since(began) > 5*time.Second {
			t.Errorf("%s: took %v", test.name, time.Since(began))
		}
	}
}

func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{})
	s.script("x", `printf 'Content-Length: 5\r\n\r\nhello'`)
	response, body := s.raw("HEAD /cgi-bin/x HTTP/1.1\r\nHost: r\r\n\r\n")
	if body != "" || response.ContentLength != 5 {
		t.Errorf("HEAD: length %d and body %q, want 5 and none", response.ContentLength, body)
	}
}

func TestKeepAlive(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{})
	s.script("x", "printf 'A: b\\n\\n'\ncat; echo \"$QUERY_STRING\"")
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReader(conn)
	for i := 0; i < 3; i++ {
		fmt.Fprintf(conn, "POST /cgi-bin/x?%d HTTP/1.1\r\nHost: r\r\nContent-Length: 4\r\n\r\nbody", i)
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatalf("request %d on one connection: %v", i, err)
		}
		body, _ := io.ReadAll(response.Body)
		if string(body) != fmt.Sprintf("body%d\n", i) {
			t.Errorf("request %d: %q", i, body)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{})
	s.script("x", "printf 'A: b\\n\\n'")
	header := func(n, size int) string {
		return strings.Repeat("X-A: "+strings.Repeat("a", size)+"\r\n", n)
	}
	for _, test := range []struct {
		name, request string
		status        int
	}{
		{"fits", "GET /cgi-bin/x HTTP/1.1\r\n" + header(4, 3900) + "\r\n", 200},
		{"long line", "GET /cgi-bin/x?" + strings.Repeat("a", 5000) + " HTTP/1.1\r\n\r\n", 413},
		{"long header", "GET /cgi-bin/x HTTP/1.1\r\n" + header(1, 5000) + "\r\n", 413},
		{"many headers", "GET /cgi-bin/x HTTP/1.1\r\n" + header(101, 1) + "\r\n", 431},
		{"much header", "GET /cgi-bin/x HTTP/1.1\r\n" + header(5, 3900) + "\r\n", 431},
		{"method", "BREW /cgi-bin/x HTTP/1.1\r\n\r\n", 400},
		{"two lengths", "POST /cgi-bin/x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	} {
		if response, _ := s.raw(test.request); response.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", test.name, response.StatusCode, test.status)
		}
	}
}

func TestThreeAtATimeNewestWaitingFirst(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{})
	order := filepath.Join(s.docroot, "order")
	s.script("slow", "echo \"$QUERY_STRING\" >>"+order+"\nwhile [ ! -e "+s.docroot+"/go ]; do sleep 0.02; done\nprintf 'A: b\\n\\n'")
	done := make(chan struct{}, 8)
	ask := func(i int) {
		go func() {
			conn, err := net.Dial("tcp", s.addr)
			if err == nil {
				fmt.Fprintf(conn, "GET /cgi-bin/slow?%d HTTP/1.0\r\n\r\n", i)
				_, _ = io.ReadAll(conn)
				_ = conn.Close()
			}
			done <- struct{}{}
		}()
	}
	waitFor := func(running, waiting int) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			r, w := s.server.Running()
			if r == running && w == waiting {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d scripts run and %d wait, want %d and %d", r, w, running, waiting)
			}
		}
	}
	for i := 1; i <= 5; i++ {
		ask(i)
		waitFor(min(i, 3), max(0, i-3))
	}
	if err := os.WriteFile(filepath.Join(s.docroot, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < 5; i++ {
		<-done
	}
	waitFor(0, 0)
	data, err := os.ReadFile(order)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(string(data)); len(got) != 5 || got[3] == got[4] {
		t.Errorf("the scripts ran in the order %v, want five of them", got)
	}
}

func TestDisconnectAndTimeoutKill(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{ScriptTimeout: 300 * time.Millisecond})
	s.script("hang", "trap '' TERM INT HUP\necho $$ >"+s.docroot+"/pid.$QUERY_STRING\nexec sleep 60")
	gone := func(what string) {
		t.Helper()
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			data, _ := os.ReadFile(filepath.Join(s.docroot, "pid."+what))
			var pid int
			if _, err := fmt.Sscan(string(data), &pid); err == nil && syscall.Kill(pid, 0) != nil {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: the program still runs", what)
			}
		}
	}
	if response, _ := s.get("/cgi-bin/hang?timeout"); response.StatusCode != 502 {
		t.Errorf("after the script's time: status %d, want 502", response.StatusCode)
	}
	gone("timeout")

	patient := newSite(t, Config{})
	s.docroot = patient.docroot
	patient.script("hang", "trap '' TERM INT HUP\necho $$ >"+s.docroot+"/pid.$QUERY_STRING\nexec sleep 60")
	conn, err := net.Dial("tcp", patient.addr)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /cgi-bin/hang?left HTTP/1.1\r\nHost: r\r\n\r\n")
	for {
		// Only when the number is in it: the program is killed at any moment.
		if data, _ := os.ReadFile(filepath.Join(s.docroot, "pid.left")); len(data) > 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	_ = conn.Close()
	gone("left")
}

func TestStderrGoesToTheLog(t *testing.T) {
	t.Parallel()
	lines := make(chan string, 4)
	s := newSite(t, Config{Log: func(line string) { lines <- line }})
	s.script("x", "echo oops >&2\nprintf 'A: b\\n\\n'")
	s.get("/cgi-bin/x")
	select {
	case line := <-lines:
		if line != "oops" {
			t.Errorf("logged %q", line)
		}
	case <-time.After(5 * time.Second):
		t.Error("what the program wrote to stderr was not logged")
	}
}

func TestScriptsOfThisProcess(t *testing.T) {
	t.Parallel()
	s := newSite(t, Config{Scripts: map[string]http.Handler{"/cgi-bin/luci": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "%s %s", r.URL.Path, r.PostForm.Get("a"))
	})}})
	s.script("luci-sso", "printf 'A: b\\n\\nprogram'")
	response, body := s.raw("POST /cgi-bin/luci/x HTTP/1.1\r\nHost: r\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1")
	if response.StatusCode != 403 || body != "/cgi-bin/luci/x 1" {
		t.Errorf("the handler answered %d %q", response.StatusCode, body)
	}
	if _, body := s.get("/cgi-bin/luci-sso"); body != "program" {
		t.Errorf("/cgi-bin/luci-sso went to %q instead of the program", body)
	}
}
