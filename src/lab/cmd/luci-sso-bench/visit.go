// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"luci-sso/lab"
)

// The requests that are measured, in the order of a visit. A callback finds
// the provider's documents on disk; the first one fetches them.
var requestNames = []string{"probe", "start", "callback", "logout", firstCallback}

const (
	firstCallback    = "first callback"
	pinnedCallback   = "callback, ca_file"
	besideCallback   = "callback, beside that" // The usual one, in turn with the one above.
	thousandCallback = "callback, 1000 certificates"
)

// program is an implementation of the pages.
type program struct {
	name, path string // "" is the router's own program.
	rounds     int
	cache      string // What it keeps of the provider: a pattern inside the root.
	upTo       string // The request that it does not have, "" for none.
	same       bool   // It keeps of the provider what ours does, where ours does.
}

// stepError says at which request a visit ended.
type stepError struct {
	step string
	err  error
}

func (e *stepError) Error() string { return e.step + ": " + e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

// runner executes a request; its output feeds the next.
type runner func(name string, cmd *exec.Cmd) ([]byte, error)

// visit makes the requests of one visit with a program, up to the one that it
// does not have.
func (b *bench) visit(p program, run runner) error {
	v := &visitor{bench: b, program: p, run: run, mark: b.lab.Mark()}
	for _, step := range []struct {
		name string
		do   func() error
	}{{"probe", v.probe}, {"start", v.start}, {"callback", v.callback}, {"logout", v.logout}, {firstCallback, v.first}} {
		if step.name == p.upTo {
			return nil
		}
		if err := step.do(); err != nil {
			return &stepError{step.name, fmt.Errorf("%w; the log ends with %q", err, v.logged())}
		}
	}
	return nil
}

// visitor is somebody on the way through a visit.
type visitor struct {
	*bench
	program program
	run     runner
	mark    int
	request lab.Request // The callback that the provider sends the browser to.
	sysauth string
	hidden  bool // The next requests are not measured.
}

func (v *visitor) do(name string, request lab.Request) (*answer, error) {
	request.Program = v.program.path
	if v.hidden {
		s, err := execute(v.lab.Command(request))
		return parseAnswer(s.output), err
	}
	output, err := v.run(name, v.lab.Command(request))
	return parseAnswer(output), err
}

func (v *visitor) probe() error {
	a, err := v.do("probe", lab.Request{Query: "action=enabled"})
	if err == nil && !strings.Contains(a.body, "true") {
		err = fmt.Errorf("it says %q, so single sign-on is not enabled", firstLine(a.body))
	}
	return err
}

func (v *visitor) start() error {
	a, err := v.do("start", lab.Request{})
	if err != nil {
		return err
	}
	cookie := a.cookie(lab.HandshakeCookie)
	if a.location == "" || cookie == "" {
		return fmt.Errorf("it leads nowhere: %s", firstLine(a.body))
	}
	callback, err := v.lab.Browser().SignIn(a.location, "alice")
	if err != nil {
		return err
	}
	parsed, err := url.Parse(callback)
	if err != nil {
		return err
	}
	v.request = lab.Request{Path: "/callback", Query: parsed.RawQuery, Cookie: lab.HandshakeCookie + "=" + cookie}
	return nil
}

func (v *visitor) callback() error { return v.back("callback") }

func (v *visitor) back(name string) error {
	a, err := v.do(name, v.request)
	if err != nil {
		return err
	}
	v.sysauth = a.cookie("sysauth_https")
	_, ok, err := v.lab.Session(v.sysauth)
	if err == nil && (v.sysauth == "" || !ok) {
		err = fmt.Errorf("it made no session: %s", firstLine(a.body))
	}
	return err
}

func (v *visitor) logout() error {
	session, _, err := v.lab.Session(v.sysauth)
	if err != nil {
		return err
	}
	if _, err = v.do("logout", lab.Request{Path: "/logout", Query: "stoken=" + session.Token, Cookie: "sysauth_https=" + v.sysauth}); err != nil {
		return err
	}
	if _, ok, _ := v.lab.Session(v.sysauth); ok {
		return errors.New("it left the session behind")
	}
	return nil
}

// first is a callback that must fetch everything. What it needs and leaves is
// not measured again.
func (v *visitor) first() error {
	if v.program.path != "" && v.program.cache == "" && !v.program.same {
		return errors.New("--other-cache names no files to remove")
	}
	v.hidden = true
	if err := v.start(); err != nil {
		return err
	}
	if err := v.forget(v.program.cache); err != nil {
		return err
	}
	v.hidden = false
	if err := v.back(firstCallback); err != nil {
		return err
	}
	v.hidden = true
	return v.logout()
}

// forget removes what is kept of the provider.
func (b *bench) forget(pattern string) error {
	if pattern == "" {
		return b.lab.ForgetProvider()
	}
	names, err := filepath.Glob(b.at(pattern))
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// logged is the end of what was logged since the visit began.
func (v *visitor) logged() []string {
	lines := v.lab.Log(v.mark)
	return lines[max(0, len(lines)-3):]
}

// answer is a program's output, as far as a visit needs it.
type answer struct {
	header         []string
	location, body string
}

func parseAnswer(output []byte) *answer {
	head, body, ok := bytes.Cut(output, []byte("\r\n\r\n"))
	if !ok {
		head, body, _ = bytes.Cut(output, []byte("\n\n"))
	}
	a := &answer{body: string(body)}
	for _, line := range strings.Split(string(head), "\n") {
		line = strings.TrimRight(line, "\r")
		a.header = append(a.header, line)
		if value, ok := strings.CutPrefix(line, "Location: "); ok {
			a.location = value
		}
	}
	return a
}

// cookie is the value that the answer sets for a name, "" for none.
func (a *answer) cookie(name string) string {
	for _, line := range a.header {
		if value, ok := strings.CutPrefix(line, "Set-Cookie: "+name+"="); ok {
			value, _, _ = strings.Cut(value, ";")
			if value != "" {
				return value
			}
		}
	}
	return ""
}

// fill writes a file of the router.
func (b *bench) fill(path string, data []byte) error {
	return os.WriteFile(b.lab.Router.At(path), data, 0o600)
}
