// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"luci-sso/lab"
)

// TestNotRoot: a web server that gives up its rights leaves a program that
// cannot read its configuration. It has to say so: the button just goes.
func TestNotRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can start a program as somebody else")
	}
	e := newEnv(t)
	e.must(os.MkdirAll(e.Router.At("/tmp"), 0o777))
	e.must(os.Chmod(e.Router.At("/tmp"), 0o1777))
	for dir := e.Router.At("/dev"); len(dir) > len(filepath.Clean(os.TempDir())); dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		e.must(err)
		e.must(os.Chmod(dir, info.Mode()|0o055))
	}
	e.must(os.Chmod(e.Router.At("/dev/log"), 0o666))
	asNobody := func(r lab.Request) string {
		t.Helper()
		command := e.Command(r)
		command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 456, Gid: 456}}
		out, err := command.Output()
		e.must(err)
		return string(out)
	}
	for range 3 {
		if out := asNobody(lab.Request{Query: "action=enabled"}); !strings.HasSuffix(out, `{"enabled": false}`) {
			t.Errorf("the probe: %s", out)
		}
	}
	log := e.Log(0)
	if len(log) != 1 || !strings.Contains(log[0], "user 456") || !strings.Contains(log[0], "root") {
		t.Errorf("after three probes the log has %q, expected one line that says who it runs as", log)
	}
	mark := e.Mark()
	if out := asNobody(lab.Request{}); !strings.HasPrefix(out, "Status: 500 ") {
		t.Errorf("a start: %s", out)
	}
	if log := e.Log(mark); len(log) != 2 || !strings.Contains(log[0], "user 456") || log[1] != "[500] UCI_ERROR" {
		t.Errorf("a start logs %q", log)
	}

	// The doctor is asked by root, and looks at the server.
	e.must(os.MkdirAll(e.Router.At("/proc/77"), 0o755))
	for uid, want := range map[string]string{"456": "uhttpd runs as user 456", "0": "The program runs as root."} {
		e.must(os.WriteFile(e.Router.At("/proc/77/status"), []byte("Name:\tuhttpd\nState:\tS\nUid:\t0\t"+uid+"\t0\t0\n"), 0o644))
		out, _ := exec.Command(e.Router.CGI(), "doctor").CombinedOutput()
		if !strings.Contains(string(out), want) {
			t.Errorf("uhttpd's user is %s; the doctor:\n%s", uid, out)
		}
	}
}

// TestErrorPageCanBeQuoted: the page has a time and the number that the lines
// in the log have; the plain text stays as it is.
func TestErrorPageCanBeQuoted(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	mark := e.Mark()
	r := e.cgi(lab.Request{Path: "/callback", Header: htmlClient})
	number := ""
	for _, entry := range e.Entries(mark) {
		if entry.Tag == "luci-sso" && entry.Text == "[400] MISSING_CODE" {
			number = "luci-sso[" + strconv.Itoa(entry.PID) + "]"
		}
	}
	if number == "" || !strings.Contains(r.Body, " UTC, "+number+"<") {
		t.Errorf("the log says %q, the page\n%s", number, r.Body)
	}
	if strings.Contains(r.Body, "Login with SSO") {
		t.Error("the page of an error is called like the button")
	}
}
