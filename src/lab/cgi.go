// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bufio"

	"luci-sso/lab/uhttpd"
)

// Request is one execution of the CGI program without a web server in
// between.
type Request struct {
	Method     string // "GET" when empty.
	Path       string // PATH_INFO as it arrives: "/callback"; "" sets none.
	Query      string // Raw.
	Cookie     string // The Cookie header; "" sets none.
	Header     http.Header
	Host       string // The router's when empty.
	RemoteAddr string // "192.0.2.10:50000" when empty.
	Plain      bool   // Over http: HTTPS is not set.
	Body       []byte

	Env   []string // Added last, so that they replace: "NAME=value".
	Unset []string // Names that are taken out.

	KillAfter time.Duration // SIGKILL after so long; 0: after 60 s.
	Wrapper   []string      // Command that runs the program: qemu, prlimit, strace.
	Program   string        // Another program than the router's, as the router sees its path.
	Dir       string        // Working directory; the router's /www when empty.
}

// Response is what the program said.
type Response struct {
	Status int    // 200 when the program names none, as the web server takes it.
	Reason string // Phrase of the Status line.
	Header http.Header
	Body   string
	Raw    []byte // All of standard output.
	Stderr string

	Valid    bool // The header was complete.
	Killed   bool // By KillAfter.
	ExitCode int
	Duration time.Duration
	Usage    *syscall.Rusage
	PID      int
}

// Command is the process that CGI would execute for a request: not started,
// and connected to nothing.
func (l *Lab) Command(request Request) *exec.Cmd {
	root, program := "", l.Router.CGI()
	if l.Router.Real {
		root = l.Router.Root
		program = strings.TrimPrefix(program, root)
	}
	if request.Program != "" {
		program = request.Program
	}
	argv := append(append([]string(nil), request.Wrapper...), program)
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = request.Dir
	if cmd.Dir == "" {
		cmd.Dir = strings.TrimPrefix(l.Router.At("/www"), root)
	}
	if root != "" {
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	}
	cmd.Env = l.environ(request, program, cmd.Dir)
	return cmd
}

// Shell is the program as somebody at the router's shell starts it, or cron.
func (l *Lab) Shell(args ...string) *exec.Cmd {
	program, root := l.Router.CGI(), ""
	if l.Router.Real {
		root = l.Router.Root
		program = strings.TrimPrefix(program, root)
	}
	cmd := exec.Command(program, args...) // #nosec G204 -- the lab's own program
	if root != "" {
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	}
	return cmd
}

// CGI executes the program with uhttpd's environment and parses its output as
// uhttpd does. The error is one of starting it.
func (l *Lab) CGI(request Request) (*Response, error) {
	cmd := l.Command(request)
	cmd.Stdin = bytes.NewReader(request.Body)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second

	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if request.KillAfter == 0 {
		request.KillAfter = 60 * time.Second
	}
	killed := false
	timer := time.AfterFunc(request.KillAfter, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	if !timer.Stop() {
		killed = true
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return nil, err
	}
	response := parseOutput(stdout.Bytes())
	response.Stderr, response.Killed, response.Duration = stderr.String(), killed, time.Since(began)
	response.PID, response.ExitCode = cmd.Process.Pid, cmd.ProcessState.ExitCode()
	response.Usage, _ = cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return response, nil
}

func (l *Lab) environ(request Request, program, docroot string) []string {
	r := &uhttpd.Request{Method: request.Method, Proto: "HTTP/1.1", TLS: !request.Plain, Body: request.Body,
		Local: tcpAddr("127.0.0.1:443"), Remote: tcpAddr(request.RemoteAddr)}
	if r.Method == "" {
		r.Method = "GET"
	}
	if request.RemoteAddr == "" {
		r.Remote = tcpAddr("192.0.2.10:50000")
	}
	host := request.Host
	if host == "" {
		host = l.Router.Host
	}
	r.Header = append(r.Header, uhttpd.Field{Name: "host", Value: host})
	if request.Cookie != "" {
		r.Header = append(r.Header, uhttpd.Field{Name: "cookie", Value: request.Cookie})
	}
	for name, values := range request.Header {
		for _, value := range values {
			r.Header = append(r.Header, uhttpd.Field{Name: strings.ToLower(name), Value: value})
		}
	}
	if len(request.Body) > 0 {
		r.Header = append(r.Header, uhttpd.Field{Name: "content-length", Value: strconv.Itoa(len(request.Body))})
	}
	const script = "/cgi-bin/luci-sso"
	r.Target = script + request.Path
	if request.Query != "" {
		r.Target += "?" + request.Query
	}
	environ := uhttpd.Environ(r, uhttpd.Script{Name: script, File: program, Docroot: docroot, PathInfo: request.Path, Query: request.Query})
	for _, name := range request.Unset {
		kept := environ[:0]
		for _, variable := range environ {
			if !strings.HasPrefix(variable, name+"=") {
				kept = append(kept, variable)
			}
		}
		environ = kept
	}
	return append(environ, request.Env...)
}

// parseOutput reads a program's output by the rules of uhttpd.
func parseOutput(raw []byte) *Response {
	response := &Response{Status: 200, Reason: "OK", Header: http.Header{}, Raw: raw}
	reader := bufio.NewReader(bytes.NewReader(raw))
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return response
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return response
		}
		value = strings.TrimLeft(value, " \t")
		if name == "Status" {
			if strings.IndexByte(value, ' ') == 3 {
				response.Status, _ = strconv.Atoi(value[:3])
				response.Reason = value[4:]
			}
			continue
		}
		response.Header.Add(textproto.CanonicalMIMEHeaderKey(name), value)
	}
	response.Valid = true
	rest := new(bytes.Buffer)
	_, _ = rest.ReadFrom(reader)
	response.Body = rest.String()
	return response
}

// Cookies are the cookies the response sets.
func (r *Response) Cookies() []*http.Cookie {
	return (&http.Response{Header: r.Header}).Cookies()
}

// Cookie finds a cookie the response sets; nil when it sets none of the name.
func (r *Response) Cookie(name string) *http.Cookie {
	for _, cookie := range r.Cookies() {
		if cookie.Name == name {
			return cookie
		}
	}
	return nil
}

func tcpAddr(addr string) net.Addr {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = addr, "50000"
	}
	number, _ := strconv.Atoi(port)
	return &net.TCPAddr{IP: net.ParseIP(host), Port: number}
}

// InspectFile reads a file of the router.
func (l *Lab) InspectFile(path string) ([]byte, error) { return os.ReadFile(l.Router.At(path)) }
