// SPDX-License-Identifier: Apache-2.0

package rpcd_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"

	"luci-sso/lab/rpcd"
)

// router is a copy of a real root file system with the real ubusd and rpcd
// running in it.
type router struct {
	root, socket string
	rpcd         *exec.Cmd
}

// realRouter starts one or skips the test.
func realRouter(t *testing.T) *router {
	t.Helper()
	source := os.Getenv("LUCI_SSO_ROUTER_ROOT")
	if source == "" {
		t.Skip("not compared with the real ubusd and rpcd: LUCI_SSO_ROUTER_ROOT names no OpenWrt root file system")
	}
	if os.Getuid() != 0 {
		t.Skip("not compared with the real ubusd and rpcd: chroot needs root")
	}
	root, err := os.MkdirTemp("", "router") // t.TempDir can be too long for a socket.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	if out, err := exec.Command("cp", "-a", source+"/.", root).CombinedOutput(); err != nil {
		t.Fatalf("copying %s: %v: %s", source, err, out)
	}
	// On a router /var is a link to /tmp; spelled out, it works from outside.
	run := filepath.Join(root, "tmp/run/ubus")
	if err := os.MkdirAll(run, 0o755); err != nil {
		t.Fatal(err)
	}
	r := &router{root: root, socket: filepath.Join(run, "ubus.sock")}
	r.start(t, "/sbin/ubusd", "-s", "/tmp/run/ubus/ubus.sock")
	r.waitFor(t, "the socket of ubusd", func() bool { _, err := os.Stat(r.socket); return err == nil })
	return r
}

func (r *router) startRPCD(t *testing.T) {
	t.Helper()
	r.rpcd = r.start(t, "/sbin/rpcd", "-s", "/tmp/run/ubus/ubus.sock", "-t", "30")
	r.waitFor(t, "the object session", func() bool { _, ok := sessionID(r.socket); return ok })
}

func (r *router) start(t *testing.T, path string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.root, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s in %s: %v", path, r.root, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

func (r *router) waitFor(t *testing.T, what string, there func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !there(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not appear", what)
		}
	}
}

// reload sends SIGHUP and waits until the object is back, under a new id.
func (r *router) reload(t *testing.T) {
	t.Helper()
	before, _ := sessionID(r.socket)
	if err := r.rpcd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	r.waitFor(t, "the object session after SIGHUP", func() bool {
		id, ok := sessionID(r.socket)
		return ok && id != before
	})
}

func sessionID(socket string) (uint32, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := ubus.Dial(ctx, socket)
	if err != nil {
		return 0, false
	}
	defer func() { _ = c.Close() }()
	objects, err := c.Lookup(ctx, "session")
	if err != nil || len(objects) != 1 {
		return 0, false
	}
	return objects[0].ID, true
}

func TestAgainstRealRPCD(t *testing.T) {
	r := realRouter(t)
	writeTricky(t, r.root)
	r.startRPCD(t)
	standIn := rpcd.New(r.root)
	standIn.SetPassword("root", "router")
	b, err := ubusd.Start(filepath.Join(r.root, "tmp/standin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	standIn.Register(b)
	p := &pair{newSide(t, "rpcd", r.socket), newSide(t, "stand-in", filepath.Join(r.root, "tmp/standin.sock"))}
	for _, s := range []*side{p.real, p.standIn} {
		const zero = "00000000000000000000000000000000"
		s.label[zero], s.id["default"] = "default", zero
	}
	sid := func(label string) ubus.Table { return ubus.Table{"ubus_rpc_session": label} }
	with := func(label string, more ubus.Table) ubus.Table {
		more["ubus_rpc_session"] = label
		return more
	}

	p.do(t, "", "list", nil)
	p.do(t, "a", "create", nil)
	p.do(t, "b", "create", ubus.Table{"timeout": int32(3600)})
	p.do(t, "c", "create", ubus.Table{"timeout": "3600"})
	p.do(t, "d", "create", ubus.Table{"timeout": int64(3600)})
	p.do(t, "e", "create", ubus.Table{"timeout": int32(0)})
	p.do(t, "f", "create", ubus.Table{"timeout": int32(-1)})
	p.do(t, "g", "create", ubus.Table{"timeout": int32(2147483647), "more": "ignored"})
	p.do(t, "", "list", nil)
	p.do(t, "", "list", sid("b"))
	p.do(t, "", "list", sid("nobody"))
	p.do(t, "", "list", ubus.Table{"ubus_rpc_session": int32(1)})
	p.do(t, "", "nothing", nil)

	p.do(t, "", "grant", ubus.Table{"scope": "ubus"})
	p.do(t, "", "grant", with("nobody", ubus.Table{"objects": objects()}))
	p.do(t, "", "grant", sid("a"))
	p.do(t, "", "grant", with("a", ubus.Table{"objects": "x"}))
	p.do(t, "", "grant", with("a", ubus.Table{"objects": objects()}))
	p.do(t, "", "list", sid("a"))
	p.do(t, "", "grant", with("a", ubus.Table{"objects": objects(
		objects("one"), objects("system", "board"), objects(int32(1), "uci", nil, "get", "third"), "word", objects(),
		ubus.Table{"x": "uci", "y": "set"}, objects("", ""), objects("system", "board"), objects("system", "info"),
	)}))
	p.do(t, "", "grant", with("a", ubus.Table{"scope": "file", "objects": objects(
		objects("/etc/*", "read"), objects("/etc/?", "read"), objects("/etc/*", "write"), objects("/etc/[a-c]*", "list"),
		objects("/", "read"), objects("*", "exec"), objects("/etc/passwd", "read"), objects("/etc/\\*", "read"),
	)}))
	p.do(t, "", "list", sid("a"))
	for _, args := range []ubus.Table{
		{}, {"object": "system"}, {"object": "system", "function": "board"}, {"object": "system", "function": "reboot"},
		{"scope": "file", "object": "/etc/a/b", "function": "write"}, {"scope": "file", "object": "/etc/.x", "function": "read"},
		{"scope": "file", "object": "/etc/b", "function": "list"}, {"scope": "file", "object": "/etc/z", "function": "list"},
		{"scope": "file", "object": "anything", "function": "exec"}, {"scope": "none", "object": "x", "function": "y"},
		{"scope": "file", "object": "/etc/\\x", "function": "read"}, {"scope": int32(1), "object": "uci", "function": "get"},
	} {
		p.do(t, "", "access", with("a", args))
	}
	p.do(t, "", "access", ubus.Table{"object": "a", "function": "b"})
	p.do(t, "", "access", with("nobody", ubus.Table{}))
	p.do(t, "", "revoke", with("a", ubus.Table{"scope": "file", "objects": objects(objects("/etc/*", "read"), objects("/", "none"))}))
	p.do(t, "", "access", sid("a"))
	p.do(t, "", "revoke", with("a", ubus.Table{"objects": objects(objects("system", "board"), objects("system", "info"), objects("uci", "get"), objects("", ""))}))
	p.do(t, "", "revoke", with("a", ubus.Table{"scope": "unknown"}))
	p.do(t, "", "revoke", with("a", ubus.Table{"scope": "file"}))
	p.do(t, "", "access", sid("a"))

	p.do(t, "", "set", sid("a"))
	p.do(t, "", "set", with("a", ubus.Table{"values": objects("x")}))
	p.do(t, "", "set", with("nobody", ubus.Table{"values": ubus.Table{}}))
	p.do(t, "", "set", with("a", ubus.Table{"values": ubus.Table{
		"username": "sso:admin", "token": "0123", "": "nameless", "n": int32(-5), "big": int64(1) << 40, "half": 0.5,
		"yes": true, "nothing": nil, "list": objects("x", int32(1), objects(), ubus.Table{"k": "v"}), "table": ubus.Table{"b": "1", "a": ubus.Table{}},
		"umlaut": "Jürgen ✓", "empty": "", "long": strings.Repeat("x", 4096),
	}}))
	p.do(t, "", "get", sid("a"))
	p.do(t, "", "get", with("a", ubus.Table{"keys": objects("token", "missing", int32(1), "", "username", "token")}))
	p.do(t, "", "get", with("a", ubus.Table{"keys": "token"}))
	p.do(t, "", "get", ubus.Table{"keys": objects("token")})
	p.do(t, "", "get", sid("b"))
	p.do(t, "", "set", with("a", ubus.Table{"values": ubus.Table{"token": int32(7)}}))
	p.do(t, "", "unset", with("a", ubus.Table{"keys": objects("n", "missing", nil)}))
	p.do(t, "", "list", sid("a"))
	p.do(t, "", "set", with("b", ubus.Table{"values": ubus.Table{"x": "y"}}))
	p.do(t, "", "unset", sid("b"))
	p.do(t, "", "unset", ubus.Table{"keys": objects("token")})
	p.do(t, "", "list", sid("b"))
	p.do(t, "", "set", with("default", ubus.Table{"values": ubus.Table{"x": "y"}}))
	p.do(t, "", "grant", with("default", ubus.Table{"objects": objects(objects("x", "y"))}))
	p.do(t, "", "list", sid("default"))

	big := objects()
	for i := range 4000 {
		big = append(big, objects(fmt.Sprintf("/usr/share/some/where/%04d/%s", i, strings.Repeat("d", 40)), "read"))
	}
	p.do(t, "", "grant", with("b", ubus.Table{"scope": "file", "objects": big}))
	p.do(t, "", "list", sid("b"))
	p.do(t, "", "list", nil)

	for _, user := range []string{"root", "nobody", "none", "empty", "plain", "all", "not", "write", "class", "twice", "kept", "rest", ""} {
		label := user
		if user == "nobody" {
			label = ""
		}
		p.do(t, label, "login", ubus.Table{"username": user, "password": "router"})
		p.do(t, "", "login", ubus.Table{"username": user, "password": "wrong", "timeout": int32(60)})
	}
	p.do(t, "", "login", ubus.Table{"username": "root"})
	p.do(t, "", "login", ubus.Table{"password": "router"})
	p.do(t, "h", "login", ubus.Table{"username": "root", "password": "router", "timeout": int32(900)})
	p.do(t, "i", "create", ubus.Table{"timeout": int32(900)})
	p.do(t, "", "grant", with("i", ubus.Table{"objects": objects(objects("*", "*"))}))
	p.do(t, "", "set", with("i", ubus.Table{"values": ubus.Table{"username": "all"}}))
	p.do(t, "j", "create", ubus.Table{"timeout": int32(900)})
	p.do(t, "", "grant", with("j", ubus.Table{"objects": objects(objects("*", "*"))}))
	p.do(t, "", "set", with("j", ubus.Table{"values": ubus.Table{"username": "sso:gone"}}))
	p.do(t, "k", "create", ubus.Table{"timeout": int32(900)})
	p.do(t, "", "set", with("k", ubus.Table{"values": ubus.Table{"username": int32(1)}}))

	p.do(t, "", "destroy", nil)
	p.do(t, "", "destroy", sid("default"))
	p.do(t, "", "destroy", sid("nobody"))
	p.do(t, "", "destroy", sid("c"))
	p.do(t, "", "list", sid("c"))

	r.reload(t)
	standIn.Reload()
	p.do(t, "", "list", nil)
	for _, label := range []string{"a", "b", "d", "e", "f", "g", "h", "i", "j", "k", "default"} {
		p.do(t, "", "list", sid(label))
	}
	if left := len(standIn.Snapshot()); left < 10 {
		t.Errorf("only %d sessions were left to compare after the reload", left)
	}

	compareSignatures(t, p)
	compareCLI(t, r)
}

func compareSignatures(t *testing.T, p *pair) {
	t.Helper()
	ctx := context.Background()
	want, err := p.real.conn.Lookup(ctx, "session")
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.standIn.conn.Lookup(ctx, "sess*")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(want[0].Methods, got[0].Methods) {
		t.Errorf("signatures of session: rpcd %v, stand-in %v", want[0].Methods, got[0].Methods)
	}
}

// compareCLI has the real `ubus` talk to the stand-in.
func compareCLI(t *testing.T, r *router) {
	t.Helper()
	volatile := regexp.MustCompile(`@[0-9a-f]{8}|[0-9a-f]{32}`)
	for _, args := range [][]string{
		{"-v", "list", "session"},
		{"list", "sess*"},
		{"list", "nothing"},
		{"call", "session", "create", `{"timeout": 60}`},
		{"call", "session", "get", `{"ubus_rpc_session": "none"}`},
		{"call", "session", "list", `{"ubus_rpc_session": "00000000000000000000000000000000"}`},
		{"call", "nothing", "get"},
		{"call", "session", "nothing"},
	} {
		run := func(socket string) string {
			out, err := r.command("/bin/ubus", append([]string{"-s", socket}, args...)...).CombinedOutput()
			text := strings.ReplaceAll(volatile.ReplaceAllString(string(out), "…"), socket, "SOCKET")
			return fmt.Sprintf("%s(%v)", text, err)
		}
		want, got := run("/tmp/run/ubus/ubus.sock"), run("/tmp/standin.sock")
		if want != got {
			t.Errorf("ubus %s:\n with the real broker: %s\n with the stand-in:    %s", strings.Join(args, " "), want, got)
		}
	}
}

func (r *router) command(path string, args ...string) *exec.Cmd {
	cmd := exec.Command(path, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.root}
	return cmd
}
