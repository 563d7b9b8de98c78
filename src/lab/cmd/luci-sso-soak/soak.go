// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"

	"luci-sso/internal/session"
	"luci-sso/lab"
)

// soak is a lab that is being worn down.
type soak struct {
	lab   *lab.Lab
	short bool
	out   io.Writer

	mu     sync.Mutex
	random *rand.Rand
	tried  []string // What the closing paragraph says was tried.
	lost   []string
	work   string
	key    []byte // The secret key as it was first.
	mark   int    // How far the log has been read.

	bus      bus // Where calls to ubus can be made to fail.
	realRoot string
	crashes  int // Of a real rpcd.
}

// bus is the stand-in for ubusd, or a proxy in front of a real one.
type bus interface {
	SetFault(object, method string, f ubusd.Fault)
	ClearFaults()
}

func newSoak(short bool, seed int64, realRoot string, out io.Writer) (*soak, error) {
	s := &soak{short: short, out: out, realRoot: realRoot, random: rand.New(rand.NewSource(seed))} // #nosec G404 -- to be repeated, not to be secret
	var err error
	if s.work, err = os.MkdirTemp("", "luci-sso-soak-"); err != nil {
		return nil, err
	}
	program, err := s.build()
	if err != nil {
		s.close()
		return nil, err
	}
	if s.lab, err = lab.Start(lab.Options{StandIns: realRoot == "", RealRoot: realRoot, LuCIAsCGI: true, Program: program, Config: func(c *lab.Config) {
		c.Set("rate_limit", "100000")
	}}); err != nil {
		s.close()
		return nil, err
	}
	if s.bus = s.lab.Router.Broker; s.lab.Router.Real {
		if s.bus, err = s.lab.Router.Interpose(); err != nil {
			s.close()
			return nil, err
		}
	}
	if _, err := s.lab.Login("alice"); err != nil {
		s.close()
		return nil, fmt.Errorf("the login before anything was tried: %w", err)
	}
	s.key, err = os.ReadFile(s.at("/etc/luci-sso/secret.key"))
	return s, err
}

func (s *soak) close() {
	if s.lab != nil {
		s.lab.Close()
	}
	_ = os.RemoveAll(s.work)
}

// ground is what the run is on, in words.
func (s *soak) ground() string {
	if s.realRoot != "" {
		return "the real ubusd, rpcd, uhttpd and LuCI of an OpenWrt root file system"
	}
	return "the lab's stand-ins for ubusd, rpcd and uhttpd"
}

func (s *soak) at(path string) string { return s.lab.Router.At(path) }

// many is a number of the long run, or of the short one.
func (s *soak) many(long, short int) int {
	if s.short {
		return short
	}
	return long
}

func (s *soak) intn(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.Intn(n)
}

func (s *soak) lose(format string, values ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lost) < 40 {
		s.lost = append(s.lost, fmt.Sprintf(format, values...))
	}
}

func (s *soak) did(format string, values ...any) {
	s.tried = append(s.tried, fmt.Sprintf(format, values...))
}

// healthy is what must be true after each phase.
func (s *soak) healthy(after string) {
	for i := range 3 {
		if _, err := s.lab.Login("alice"); err != nil {
			s.lose("after %s login %d of 3 fails: %v; the log says %q", after, i+1, err, tail(s.lab.Log(0), 4))
			break
		}
	}
	if key, err := os.ReadFile(s.at("/etc/luci-sso/secret.key")); err != nil || !bytes.Equal(key, s.key) {
		s.lose("after %s the secret key is another one or unreadable: %v", after, err)
	}
	s.sessions(after)
	s.files(after)
	s.complaints(after)
}

// complaints looks for what programs wrote to standard error: nothing but a
// crash of the runtime does. Of a real uhttpd's scripts it goes nowhere.
func (s *soak) complaints(after string) {
	for _, entry := range s.lab.Entries(s.mark) {
		if entry.Tag == "uhttpd" && s.realRoot == "" || strings.Contains(entry.Text, "CRITICAL") {
			s.lose("after %s the log has %q", after, entry.Text)
		}
	}
	s.mark = s.lab.Mark()
}

// cgi executes the program without the web server.
func (s *soak) cgi(request lab.Request) (*lab.Response, error) {
	r, err := s.lab.CGI(request)
	if err == nil && r.Stderr != "" {
		s.lose("the program crashed: %q", r.Stderr)
	}
	return r, err
}

// sessions looks for what a kill may leave in rpcd: a session with rights and
// without an owner, or two sessions from one ID token. It ends those it has
// seen and looks again until none are left, as the real ubusd has room for a
// megabyte of a list and drops the rest.
func (s *soak) sessions(after string) {
	seen := map[string]bool{}
	for range 1000 {
		replies, err := s.lab.Router.Ubus("session", "list", nil)
		if err != nil {
			s.lose("after %s the sessions cannot be listed: %v", after, err)
			return
		}
		more := false
		for _, reply := range replies {
			id, _ := reply["ubus_rpc_session"].(string)
			if id == nobody {
				continue
			}
			more = true
			s.session(after, reply, seen)
			if _, err := s.lab.Router.Ubus("session", "destroy", ubus.Table{"ubus_rpc_session": id}); err != nil {
				s.lose("after %s a session cannot be ended: %v", after, err)
				return
			}
		}
		if !more {
			return
		}
	}
	s.lose("after %s there is no end of sessions", after)
}

func (s *soak) session(after string, reply ubus.Table, seen map[string]bool) {
	values, _ := reply["data"].(ubus.Table)
	rights, _ := reply["acls"].(ubus.Table)
	if user, _ := values["username"].(string); user == "" && len(rights) > 0 {
		s.lose("after %s a session without an owner has rights: %v", after, rights)
	}
	id, _ := reply["ubus_rpc_session"].(string)
	manager := session.NewManager(s.at("/var/run/ubus/ubus.sock"), s.at("/var/run/luci-sso/sessions"), s.at("/etc/luci-sso/secret.key"))
	defer manager.Close()
	record, err := manager.Record(session.Handle(id))
	if user, _ := values["username"].(string); err != nil && strings.HasPrefix(user, session.Username("")) {
		s.lose("after %s a session has no file to end it by: %v", after, err)
	}
	token := record.IDToken.Reveal()
	if token != "" && seen[token] {
		s.lose("after %s two sessions came from one code", after)
	}
	seen[token] = true
}

// files looks for files that nobody needs and that will not go away.
func (s *soak) files(after string) {
	if _, err := s.cleanup(); err != nil {
		s.lose("after %s the cleanup fails: %v", after, err)
	}
	count, size := 0, int64(0)
	err := filepath.WalkDir(s.at("/var/run/luci-sso"), func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			count++
			size += info.Size()
		}
		return nil
	})
	if err != nil {
		s.lose("after %s the state directory cannot be read: %v", after, err)
	}
	// 100 pending logins, the tokens of a day's logins in this run, caches.
	if limit := int64(8 << 20); size > limit {
		s.lose("after %s the state has %d bytes in %d files, more than %d", after, size, count, limit)
	}
	info, err := os.Stat(s.at("/var/run/luci-sso/ratelimit"))
	if err == nil && info.Size() > 1<<20 {
		s.lose("after %s the request count has %d bytes", after, info.Size())
	}
}

// cleanup is what cron runs.
func (s *soak) cleanup() (string, error) {
	cmd := s.lab.Command(lab.Request{})
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Args = append(cmd.Args[:1], "cleanup")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// pendingLogin is a login that has come to its callback.
type pendingLogin struct {
	browser *lab.Browser
	request lab.Request
}

// begin starts a login up to its callback, without the web server.
func (s *soak) begin() (*pendingLogin, error) {
	start, err := s.cgi(lab.Request{})
	if err != nil {
		return nil, err
	}
	cookie := start.Cookie(lab.HandshakeCookie)
	if start.Status != 302 || cookie == nil {
		return nil, fmt.Errorf("the start answers %d: %s", start.Status, strings.TrimSpace(start.Body))
	}
	p := &pendingLogin{browser: s.lab.Browser()}
	callback, err := p.browser.SignIn(start.Header.Get("Location"), "alice")
	if err != nil {
		return nil, err
	}
	parsed, err := url.Parse(callback)
	if err != nil {
		return nil, err
	}
	p.request = lab.Request{Path: "/callback", Query: parsed.RawQuery, Cookie: lab.HandshakeCookie + "=" + cookie.Value}
	return p, nil
}

// finish visits the callback of a fresh login and reports its status.
func (s *soak) finish() (int, error) {
	p, err := s.begin()
	if err != nil {
		return 0, err
	}
	r, err := s.cgi(p.request)
	if err != nil {
		return 0, err
	}
	return r.Status, nil
}

func tail(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }

var errStart = errors.New("no login could be started")
