// SPDX-License-Identifier: Apache-2.0

// Package openwrt owns how a test uses the real programs of a router: it
// copies a root file system that has them, runs them there under chroot and
// ends them with the test. Where there is none, the test is skipped and says
// so in one line.
//
// It knows nothing of this project; what to run and what to expect is the
// test's business.
package openwrt

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Variable names the environment variable with the root file system: a
// directory with OpenWrt's /sbin/uci, /sbin/ubusd, /sbin/rpcd, /bin/ubus and
// their libraries. It is copied, never changed.
const Variable = "LUCI_SSO_ROUTER_ROOT"

// Root is a copy of a router's root file system.
type Root struct {
	Dir string // Its place here.
	t   testing.TB
}

// Copy makes a copy for the test, or skips the test.
func Copy(t testing.TB) *Root {
	t.Helper()
	source := os.Getenv(Variable)
	if source == "" {
		t.Skip("not compared with the real router's programs: " + Variable + " names no root file system")
	}
	if os.Geteuid() != 0 {
		t.Skip("not compared with the real router's programs: chroot needs root")
	}
	// As a line of its own, so that the test's report shows it.
	fmt.Println("note: " + t.Name() + " ran against the real router's programs")
	dir := filepath.Join(t.TempDir(), "root")
	if out, err := exec.Command("cp", "-a", source, dir).CombinedOutput(); err != nil {
		t.Fatalf("copying %s: %v\n%s", source, err, out)
	}
	return &Root{Dir: dir, t: t}
}

// Path is where a router's path lies here. Symbolic links on the way must be
// relative ones.
func (r *Root) Path(path string) string { return filepath.Join(r.Dir, path) }

// WriteFile writes a file of the router.
func (r *Root) WriteFile(path, text string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.Path(path)), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.Path(path), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *Root) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.Dir, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// Run runs a program of the router and returns what it prints. The error has
// what it prints on standard error.
func (r *Root) Run(program string, args ...string) (string, error) {
	cmd := r.command(program, args...)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w: %s", program, err, bytes.TrimSpace(errors.Bytes()))
	}
	return out.String(), nil
}

// Start starts a daemon of the router, which ends with the test.
func (r *Root) Start(program string, args ...string) *os.Process {
	r.t.Helper()
	cmd := r.command(program, args...)
	// A daemon must end with the test, not with the thread that started it.
	cmd.SysProcAttr.Pdeathsig = 0
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process
}

// socket is ubusd's, as seen inside.
const socket = "/var/run/ubus/ubus.sock"

// StartBus starts ubusd and rpcd and returns rpcd and the path of the bus's
// socket here.
func (r *Root) StartBus() (rpcd *os.Process, path string) {
	r.t.Helper()
	// /var is an absolute link on some routers; resolve it inside.
	if _, err := r.Run("/bin/mkdir", "-p", filepath.Dir(socket)); err != nil {
		r.t.Fatal(err)
	}
	path = filepath.Join(r.Dir, "tmp/run/ubus/ubus.sock")
	if info, err := os.Lstat(filepath.Join(r.Dir, "var")); err == nil && info.IsDir() {
		path = filepath.Join(r.Dir, socket)
	}
	r.Start("/sbin/ubusd", "-s", socket)
	r.wait("ubusd's socket", func() bool {
		conn, err := net.Dial("unix", path)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	rpcd = r.Start("/sbin/rpcd", "-s", socket, "-t", "30")
	r.WaitObject("session")
	return rpcd, path
}

// WaitObject waits until an object is on the bus.
func (r *Root) WaitObject(name string) {
	r.t.Helper()
	r.wait("the object "+name, func() bool {
		_, err := r.Run("/bin/ubus", "list", name)
		return err == nil
	})
}

func (r *Root) wait(what string, there func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !there(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}
