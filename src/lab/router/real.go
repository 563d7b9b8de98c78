// SPDX-License-Identifier: Apache-2.0

package router

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/lab/certs"
	"luci-sso/lab/syslogd"
)

// ubusSocket is the socket as the daemons see it.
const ubusSocket = "/var/run/ubus/ubus.sock"

// passwordHash is Password as crypt(3) has it in /etc/shadow.
const passwordHash = "$1$luciLab1$jn7rvL/j3c0umFtotaz5M1"

// daemon is a running program of a real router.
type daemon struct {
	name string
	pid  int
	done chan struct{}
	said *lineWriter
}

// startReal starts the router's own programs in its root: what procd would
// start, with the arguments of the init scripts. There is no /proc in it.
func (r *Router) startReal(listeners []net.Listener) error {
	if os.Geteuid() != 0 {
		return errors.New("the programs of a real router run in a root directory of their own, which needs root; run this as root")
	}
	// What our packages do at installation, before rpcd starts.
	for _, args := range [][]string{{"login-button", "install"}, {"sync"}} {
		if output, err := r.Run("/www/cgi-bin/luci-sso", args...); err != nil {
			return fmt.Errorf("luci-sso %s: %w\n%s", strings.Join(args, " "), err, output)
		}
	}
	if err := r.startDaemon("ubusd", "/sbin/ubusd", "-s", ubusSocket); err != nil {
		return err
	}
	if err := r.wait("ubusd", func() error { _, err := r.Ubus("", "", nil); return dialled(err) }); err != nil {
		return err
	}
	// LuCI's themes ask procd for the board's name; it does not manage
	// anything here.
	if _, err := os.Stat(r.At("/sbin/procd")); err == nil {
		if err := r.startDaemon("procd", "/sbin/procd", "-S", "-s", ubusSocket); err != nil {
			return err
		}
		if err := r.waitObject("system"); err != nil {
			return err
		}
	}
	if err := r.startRPCD(); err != nil {
		return err
	}
	return r.startRealWeb(listeners)
}

func (r *Router) startRPCD() error {
	socket := ubusSocket
	if r.rpcdSocket != "" {
		socket = r.rpcdSocket
	}
	if err := r.startDaemon("rpcd", "/sbin/rpcd", "-s", socket, "-t", "30"); err != nil {
		return err
	}
	return r.waitObject("session")
}

func (r *Router) startRealWeb(listeners []net.Listener) error {
	certPEM, keyPEM, err := certs.Encode(r.options.Certificate)
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(r.At("/etc/uhttpd.crt"), certPEM, 0o644), os.WriteFile(r.At("/etc/uhttpd.key"), keyPEM, 0o600)); err != nil {
		return err
	}
	args := []string{"-f", "-h", "/www", "-r", "OpenWrt", "-x", "/cgi-bin", "-u", "/ubus"}
	if _, err := os.Stat(r.At("/usr/share/ucode/luci/uhttpd.uc")); err == nil && !r.options.LuCIAsCGI {
		args = append(args, "-o", "/cgi-bin/luci", "-O", "/usr/share/ucode/luci/uhttpd.uc")
	}
	args = append(args, "-t", "60", "-T", "30", "-k", "20", "-A", "1", "-n", "3", "-N", "100", "-R", "-C", "/etc/uhttpd.crt", "-K", "/etc/uhttpd.key")
	for _, listener := range listeners {
		// The port was only kept free until now.
		args = append(args, "-s", listener.Addr().String())
		_ = listener.Close()
	}
	if err := r.startDaemon("uhttpd", "/usr/sbin/uhttpd", args...); err != nil {
		return err
	}
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}} //nolint:gosec // Only asks whether it runs.
	_, port, _ := net.SplitHostPort(r.Host)
	return r.wait("uhttpd with LuCI", func() error {
		response, err := client.Get("https://" + net.JoinHostPort("127.0.0.1", port) + "/cgi-bin/luci/")
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusForbidden {
			return fmt.Errorf("LuCI's login page has status %d instead of 403", response.StatusCode)
		}
		return nil
	})
}

// Run runs a program of a real router in its root to its end.
func (r *Router) Run(program string, args ...string) (output string, err error) {
	cmd := r.command(program, args...)
	data, err := cmd.CombinedOutput()
	return string(data), err
}

func (r *Router) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: r.Root}
	return cmd
}

// startDaemon starts a program that ends with the router, or with this
// process should it be killed.
func (r *Router) startDaemon(name, program string, args ...string) error {
	cmd := r.command(program, args...)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	said := &lineWriter{emit: func(line string) {
		r.Log.Add(syslogd.Entry{Time: time.Now(), Facility: 3, Severity: 3, Tag: name, Text: line, Raw: line})
	}}
	cmd.Stderr = said
	cmd.WaitDelay = time.Second
	started := make(chan error, 1)
	d := &daemon{name: name, done: make(chan struct{}), said: said}
	go func() {
		// The signal comes when the thread that started the program ends.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(d.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			ended := name + " ended: " + cmd.ProcessState.String()
			r.Log.Add(syslogd.Entry{Time: time.Now(), Facility: 3, Severity: 3, Tag: name, Text: ended, Raw: ended})
		}
	}()
	if err := <-started; err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w; if the file is there, its loader (ld-musl-*.so.1 or ld-linux-*.so) or a library is not", err)
		}
		return fmt.Errorf("starting the router's %s: %w", name, err)
	}
	d.pid = cmd.Process.Pid
	r.daemons = append(r.daemons, d)
	r.onStop(d.stop)
	return nil
}

func (d *daemon) stop() {
	if !d.alive() {
		return // Its number may be somebody else's by now.
	}
	_ = syscall.Kill(d.pid, syscall.SIGTERM)
	select {
	case <-d.done:
	case <-time.After(2 * time.Second):
		_ = syscall.Kill(d.pid, syscall.SIGKILL)
		<-d.done
	}
}

// ReloadRPCD is `/etc/init.d/rpcd reload`, which any package's installation
// does: sessions stay, their rights are built anew.
func (r *Router) ReloadRPCD() error {
	if !r.Real {
		r.RPCD.Reload()
		return nil
	}
	for _, d := range r.daemons {
		if d.name == "rpcd" {
			if err := syscall.Kill(d.pid, syscall.SIGHUP); err != nil {
				return err
			}
			time.Sleep(200 * time.Millisecond) // It starts anew and says nothing.
			return r.waitObject("session")
		}
	}
	return errors.New("rpcd does not run")
}

// waitObject waits until an object is on the bus.
func (r *Router) waitObject(name string) error {
	return r.wait("the ubus object "+name, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		conn, err := ubus.Dial(ctx, r.UbusSocket())
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close() }()
		found, err := conn.Lookup(ctx, name)
		if err == nil && len(found) == 0 {
			err = errors.New("it is not there")
		}
		return err
	})
}

func (r *Router) wait(what string, try func() error) error {
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if err = try(); err == nil {
			return nil
		}
		// Who has ended will not answer any more.
		for _, d := range r.daemons {
			if !d.alive() {
				return fmt.Errorf("%s did not come: %s has ended, and said %q", what, d.name, d.said.lines())
			}
		}
	}
	return fmt.Errorf("waited in vain for %s: %w", what, err)
}

// dialled tells whether the socket was there, whatever the call gave.
func dialled(err error) error {
	var netErr *net.OpError
	if errors.As(err, &netErr) && netErr.Op == "dial" {
		return err
	}
	return nil
}

// installReal does what installing our packages does with files.
func (r *Router) installReal() error {
	for _, dir := range r.options.Packaged {
		if err := copyTree(dir, r.Root); err != nil {
			return err
		}
	}
	for link, target := range map[string]string{
		"/usr/libexec/rpcd/luci-sso": "../../../www/cgi-bin/luci-sso",
		"/usr/sbin/luci-sso":         "../../www/cgi-bin/luci-sso",
	} {
		_ = os.Remove(r.At(link))
		if err := errors.Join(os.MkdirAll(filepath.Dir(r.At(link)), 0o755), os.Symlink(target, r.At(link))); err != nil {
			return err
		}
	}
	return r.setPassword()
}

// setPassword gives root the lab's password.
func (r *Router) setPassword() error {
	data, err := os.ReadFile(r.At("/etc/shadow"))
	if err != nil {
		return err
	}
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		if fields := strings.Split(line, ":"); fields[0] == "root" && len(fields) > 2 {
			fields[1] = passwordHash
			lines[i] = strings.Join(fields, ":")
		}
	}
	return os.WriteFile(r.At("/etc/shadow"), []byte(strings.Join(lines, "\n")), 0o600)
}

// lineWriter gives each complete line to emit.
type lineWriter struct {
	emit func(string)
	rest []byte

	mu   sync.Mutex
	last []string
}

// lines are the last few.
func (w *lineWriter) lines() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.last, " / ")
}

func (w *lineWriter) Write(data []byte) (int, error) {
	w.rest = append(w.rest, data...)
	for {
		end := bytes.IndexByte(w.rest, '\n')
		if end < 0 {
			return len(data), nil
		}
		line := string(w.rest[:end])
		w.emit(line)
		w.mu.Lock()
		w.last = append(w.last, line)
		w.last = w.last[max(0, len(w.last)-3):]
		w.mu.Unlock()
		w.rest = w.rest[end+1:]
	}
}
