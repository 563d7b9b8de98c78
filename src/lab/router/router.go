// SPDX-License-Identifier: Apache-2.0

// Package router assembles the lab's router: a root directory like a router's
// with our CGI program in it, the log, ubus with the session object, LuCI's
// pages and the web server in front. It owns the directory and removes it.
// What each part does is in the packages it uses.
package router

import (
	"context"
	"crypto/tls"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"

	"luci-sso/internal/uci"
	"luci-sso/lab/luci"
	"luci-sso/lab/rpcd"
	"luci-sso/lab/syslogd"
	"luci-sso/lab/ubushttp"
	"luci-sso/lab/uhttpd"
)

// Password is root's in the stand-in.
const Password = "router"

//go:embed all:files
var files embed.FS

// Options say what the router consists of.
type Options struct {
	Addr        string // "localhost:0" when empty.
	IPv6        bool   // Listen on ::1 too, where possible, when Addr says localhost.
	Certificate tls.Certificate
	Trust       []byte   // PEM: the router's certificate store.
	Program     []byte   // The CGI program.
	Resources   []string // What each package has in luci-static/resources.
	Config      string   // Text of /etc/config/luci-sso.

	// RealRoot is the root file system of a real router. It is copied, and
	// its own ubusd, rpcd and uhttpd are started in the copy.
	RealRoot string
	// LuCIAsCGI runs a real LuCI as a program for each page, as on a router
	// without uhttpd-mod-ucode. With that module all pages speak to ubus over
	// the one connection that uhttpd opened before it forked, take each
	// other's answers, and two at a time wait until uhttpd kills them.
	LuCIAsCGI bool
	// Packaged are directories whose files are installed over a real root,
	// as our packages would; App is the one of the settings page, whose menu
	// and rights the stand-ins get too.
	Packaged []string
	App      string

	TempDir string // Where the root is made; the system's when empty.
	Keep    bool   // Close leaves the root behind.
	Log     func(syslogd.Entry)
}

// Router is a running router.
type Router struct {
	URL  string // "https://localhost:8443", without trailing slash.
	Host string // What a browser sends as Host.
	Root string // The root directory on this machine.
	Real bool   // Real daemons run instead of stand-ins.

	Log *syslogd.Log
	// The stand-ins, nil with real daemons.
	Broker *ubusd.Broker
	RPCD   *rpcd.RPCD
	Web    *uhttpd.Server
	LuCI   *luci.Handler

	options Options
	daemons []*daemon
	// rpcdSocket is where rpcd finds ubusd, when that is not ubusSocket.
	rpcdSocket string
	stops      []func()
}

// Start makes the root directory and starts everything.
func Start(options Options) (r *Router, err error) {
	if options.Addr == "" {
		options.Addr = "localhost:0"
	}
	r = &Router{options: options, Real: options.RealRoot != ""}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	if err := r.makeRoot(); err != nil {
		return r, err
	}
	listeners, err := r.listen()
	if err != nil {
		return r, err
	}
	if r.Log, err = syslogd.Start(r.At("/dev/log"), options.Log); err != nil {
		return r, err
	}
	r.onStop(r.Log.Close)
	if r.Real {
		return r, r.startReal(listeners)
	}
	return r, r.startStandIns(listeners)
}

func (r *Router) startStandIns(listeners []net.Listener) (err error) {
	if r.Broker, err = ubusd.Start(r.UbusSocket()); err != nil {
		return err
	}
	r.onStop(func() { _ = r.Broker.Close() })
	r.RPCD = rpcd.New(r.Root)
	r.RPCD.SetPassword("root", Password)
	r.RPCD.Register(r.Broker)
	r.LuCI = &luci.Handler{
		Socket:      r.UbusSocket(),
		Root:        r.Root,
		Timeout:     r.sessionTime,
		AnyProvider: r.anyProvider,
		Log: func(warning bool, text string) {
			severity := 6
			if warning {
				severity = 4
			}
			r.Log.Add(syslogd.Entry{Time: time.Now(), Facility: 10, Severity: severity, Tag: "dispatcher.uc", Text: text, Raw: text})
		},
	}
	r.Web = uhttpd.New(uhttpd.Config{
		Docroot: r.At("/www"),
		Scripts: map[string]http.Handler{luci.Base: r.LuCI},
		Plugins: map[string]http.Handler{ubushttp.Prefix: &ubushttp.Handler{Socket: r.UbusSocket()}},
		Log: func(line string) {
			r.Log.Add(syslogd.Entry{Time: time.Now(), Facility: 3, Severity: 3, Tag: "uhttpd", Text: line, Raw: line})
		},
	})
	r.onStop(r.Web.Close)
	for _, listener := range listeners {
		r.Web.Serve(listener, &r.options.Certificate)
	}
	return nil
}

// At is where a path of the router lies on this machine.
func (r *Router) At(path string) string { return filepath.Join(r.Root, path) }

// UbusSocket is the socket's place on this machine.
func (r *Router) UbusSocket() string { return r.At("/var/run/ubus/ubus.sock") }

// CGI is the program's place on this machine.
func (r *Router) CGI() string { return r.At("/www/cgi-bin/luci-sso") }

// Ubus calls a method of rpcd's session object, as root.
func (r *Router) Ubus(object, method string, args ubus.Table) ([]ubus.Table, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := ubus.Dial(ctx, r.UbusSocket())
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	return conn.CallAll(ctx, object, method, args)
}

// listen opens the port first of all, so that a busy one is noticed before
// anything else has been made.
func (r *Router) listen() ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(r.options.Addr)
	if err != nil {
		return nil, err
	}
	bind := host
	if host == "localhost" {
		bind = "127.0.0.1"
	}
	first, err := net.Listen("tcp", net.JoinHostPort(bind, port))
	if err != nil {
		return nil, err
	}
	r.onStop(func() { _ = first.Close() })
	_, port, _ = net.SplitHostPort(first.Addr().String())
	r.Host = net.JoinHostPort(host, port)
	r.URL = "https://" + r.Host
	listeners := []net.Listener{first}
	if r.options.IPv6 && host == "localhost" {
		// Browsers try ::1 first and fall back; it is only quicker this way.
		if second, err := net.Listen("tcp", net.JoinHostPort("::1", port)); err == nil {
			r.onStop(func() { _ = second.Close() })
			listeners = append(listeners, second)
		}
	}
	return listeners, nil
}

func (r *Router) makeRoot() error {
	root, err := os.MkdirTemp(r.options.TempDir, "luci-sso-")
	if err != nil {
		return err
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return err
	}
	r.Root = root
	if !r.options.Keep {
		r.onStop(func() { removeAll(root) })
	}
	if len(r.UbusSocket()) > 107 {
		return fmt.Errorf("%s: %w", r.UbusSocket(), syslogd.ErrTooLong)
	}
	// A router's directories can be read by everybody.
	if err := os.Chmod(root, 0o755); err != nil {
		return err
	}
	if r.Real {
		if err := lacking(r.options.RealRoot); err != nil {
			return err
		}
		if err := copyTree(r.options.RealRoot, root); err != nil {
			return fmt.Errorf("copying %s: %w", r.options.RealRoot, err)
		}
		// An absolute link would lead out of the copy when followed from here.
		if link, err := os.Readlink(r.At("/var")); err == nil && filepath.IsAbs(link) {
			if err := errors.Join(os.Remove(r.At("/var")), os.Symlink(link[1:], r.At("/var"))); err != nil {
				return err
			}
		}
	} else if err := r.writeFiles(); err != nil {
		return err
	}
	for _, dir := range []string{"/dev", "/tmp", "/etc/config", "/etc/ssl/certs", "/var/run/ubus", "/www/cgi-bin", "/www/luci-static/resources"} {
		if err := os.MkdirAll(r.At(dir), 0o755); err != nil {
			return err
		}
	}
	return r.install()
}

func (r *Router) writeFiles() error {
	return fs.WalkDir(files, "files", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := r.At(name[len("files"):])
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
}

// sessionTime is LuCI's session lifetime in seconds, 3600 when unset.
func (r *Router) sessionTime() int {
	if pkg, err := uci.Load(r.At("/etc/config/luci")); err == nil {
		if section, ok := pkg.Lookup("sauth"); ok {
			if value, ok := section.Get("sessiontime"); ok {
				if seconds, err := strconv.Atoi(value); err == nil {
					return seconds
				}
			}
		}
	}
	return 3600
}

// anyProvider reports whether an option is on for an enabled provider.
func (r *Router) anyProvider(option string) bool {
	pkg, err := uci.Load(r.At("/etc/config/luci-sso"))
	if err != nil {
		return false
	}
	for _, section := range pkg.Sections {
		enabled, _ := section.Get("enabled")
		value, _ := section.Get(option)
		if section.Type == "oidc" && enabled == "1" && value == "1" {
			return true
		}
	}
	return false
}

func (r *Router) onStop(stop func()) { r.stops = append(r.stops, stop) }

// Close stops everything, newest first, and removes the root.
func (r *Router) Close() {
	for i := len(r.stops) - 1; i >= 0; i-- {
		r.stops[i]()
	}
	r.stops = nil
}

// removeAll removes a root even where a test took rights away.
func removeAll(root string) {
	_ = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(root)
}
