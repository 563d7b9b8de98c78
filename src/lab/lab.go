// SPDX-License-Identifier: Apache-2.0

// Package lab is a router and an identity provider on this machine, for
// trying single sign-on and for tests from outside: the compiled CGI program,
// run as a router runs it, against a provider that misbehaves on demand.
//
// Start gives a lab; Login does what a browser does; Lab.IDP and the stand-ins
// of Lab.Router are where faults are switched on; Log says what the router
// logged. Any number of labs can run side by side. Nothing here is linked
// into the router's binary.
//
//	l, err := lab.Start(lab.Options{})
//	defer l.Close()
//	session, err := l.Login("alice")
//	remove := l.IDP.Inject(idp.Fault{IDToken: func(t *idp.IDToken) { delete(t.Claims, "nonce") }})
//	mark := l.Mark()
//	_, err = l.Login("alice")   // *lab.Refusal: status, header, body
//	lines := l.Log(mark)        // "[401] MISSING_NONCE", "[401] ID_TOKEN_VERIFICATION_FAILED"
package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"syscall"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/lab/certs"
	"luci-sso/lab/idp"
	"luci-sso/lab/people"
	"luci-sso/lab/router"
	"luci-sso/lab/syslogd"
)

// RealRootVariable names the environment variable with the root file system
// of a real router. When it is set, Start uses it unless told otherwise.
const RealRootVariable = "LUCI_SSO_ROUTER_ROOT"

// Options of a lab. The zero value is what most tests want.
type Options struct {
	RouterAddr   string // "localhost:0" when empty.
	ProviderAddr string // "127.0.0.1:0" when empty.
	ProviderPath string // A path in the issuer, "/realms/lab".
	IPv6         bool   // The router listens on ::1 too.

	Cast *people.Cast // people.Default() when nil.

	// Program is a CGI program built with the root beside the executable.
	// Empty: the one of this repository, built once per process.
	Program string
	// RealRoot is the root file system of a real router; StandIns refuses one
	// that the environment names.
	RealRoot string
	StandIns bool
	// LuCIAsCGI lets a real router serve more than one page of LuCI at a time.
	LuCIAsCGI bool

	// Issuer is the issuer_url of the configuration; the provider of the lab
	// when empty.
	Issuer string
	// Config, when set, makes the text of /etc/config/luci-sso.
	Config func(*Config)
	// Fresh leaves the configuration as the package ships it.
	Fresh bool

	TempDir string
	Keep    bool // Close leaves the router's root directory behind.
	OnLog   func(syslogd.Entry)
	OnIDP   func(line string) // What the provider has to say.
}

// Lab is a running router with its provider.
type Lab struct {
	Router *router.Router
	IDP    *idp.Provider
	CA     *certs.Authority

	mu     sync.Mutex
	config *Config
	more   []*idp.Provider
}

// AddProvider starts one more identity provider and enables it as a `config
// oidc` section of the router's. Its client is another one, and it knows the
// callback alone that names the section.
func (l *Lab) AddProvider(section string) (*idp.Provider, error) {
	cert, err := l.CA.Issue("127.0.0.1", "localhost")
	if err != nil {
		return nil, err
	}
	p, err := idp.Start(idp.Options{
		Certificate: cert, RedirectQuery: "provider=" + section,
		Changed: func() { _ = l.ForgetProvider() },
	})
	if err != nil {
		return nil, err
	}
	p.Client.ID, p.Client.Secret = p.Client.ID+"-"+section, "the-secret-of-"+section
	l.mu.Lock()
	defer l.mu.Unlock()
	l.more = append(l.more, p)
	l.config.AddProvider(section, p.URL, p.Client.ID, p.Client.Secret)
	return p, l.Router.WriteConfig(l.config.Text())
}

// Start makes a lab. It needs Go to build the program, unless Options name
// one.
func Start(options Options) (l *Lab, err error) {
	l = &Lab{}
	defer func() {
		if err != nil {
			l.Close()
			l = nil
		}
	}()
	if options.RealRoot == "" && !options.StandIns {
		options.RealRoot = os.Getenv(RealRootVariable)
	}
	program, err := loadProgram(options.Program, options.RealRoot != "")
	if err != nil {
		return l, err
	}
	if l.CA, err = certs.New("luci-sso lab"); err != nil {
		return l, err
	}
	providerCert, err := l.CA.Issue("127.0.0.1", "localhost")
	if err != nil {
		return l, err
	}
	routerCert, err := l.CA.Issue("localhost", "127.0.0.1", "::1")
	if err != nil {
		return l, err
	}
	started := l // l is nil for who asks while a failed start is being undone.
	if l.IDP, err = idp.Start(idp.Options{
		Addr: options.ProviderAddr, Path: options.ProviderPath, Certificate: providerCert, Cast: options.Cast, Log: options.OnIDP,
		Changed: func() { _ = started.ForgetProvider() },
	}); err != nil {
		return l, &PartError{Part: "identity provider", Addr: options.ProviderAddr, Err: err}
	}
	if options.Issuer == "" {
		options.Issuer = l.IDP.URL
	}
	l.config = DefaultConfig(options.Issuer, l.IDP.Client.ID, l.IDP.Client.Secret)
	if options.Config != nil {
		options.Config(l.config)
	}
	text := l.config.Text()
	if options.Fresh {
		if text, err = shipped(); err != nil {
			return l, err
		}
	}
	app := ""
	var resources, packaged []string
	if repo, err := Repository(); err == nil {
		app = existing(repo, "package/luci-app-sso/root")
		for _, dir := range []string{"htdocs/luci-static/resources", "package/luci-sso/files/www/luci-static/resources"} {
			if dir = existing(repo, dir); dir != "" {
				resources = append(resources, dir)
			}
		}
		for _, dir := range []string{"package/luci-sso/files", "package/luci-app-sso/root"} {
			if dir = existing(repo, dir); dir != "" {
				packaged = append(packaged, dir)
			}
		}
	}
	l.Router, err = router.Start(router.Options{
		Addr: options.RouterAddr, IPv6: options.IPv6, Certificate: routerCert, Trust: l.CA.PEM(),
		Program: program, Resources: resources, Packaged: packaged, App: app, Config: text,
		RealRoot: options.RealRoot, LuCIAsCGI: options.LuCIAsCGI, TempDir: options.TempDir, Keep: options.Keep, Log: options.OnLog,
	})
	if err != nil {
		return l, &PartError{Part: "router", Addr: options.RouterAddr, Err: err}
	}
	return l, nil
}

// PartError says which part of a lab could not be started.
type PartError struct {
	Part string // "router" or "identity provider".
	Addr string // Where it should have listened.
	Err  error
}

func (e *PartError) Error() string { return "starting the " + e.Part + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *PartError) Unwrap() error { return e.Err }

// Busy reports whether somebody else has the port.
func (e *PartError) Busy() bool { return errors.Is(e.Err, syscall.EADDRINUSE) }

// Close stops everything and removes what was made.
func (l *Lab) Close() {
	if l.Router != nil {
		l.Router.Close()
	}
	if l.IDP != nil {
		l.IDP.Close()
	}
	for _, p := range l.more {
		p.Close()
	}
}

// Mark is the present end of the router's log.
func (l *Lab) Mark() int { return l.Router.Log.Mark() }

// Log returns what luci-sso wrote to the router's log since a mark, without
// tag and date.
func (l *Lab) Log(mark int) []string { return l.Router.Log.Texts(mark, "luci-sso") }

// Entries returns every line of the router's log since a mark.
func (l *Lab) Entries(mark int) []syslogd.Entry { return l.Router.Log.Since(mark) }

// SetUCI sets an option and writes the file: "client_secret" and
// "default.client_secret" are the same option, "admin.email" is one of a role.
// No value deletes the option; a value for a missing section makes a role.
func (l *Lab) SetUCI(option string, values ...string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.config.Set(option, values...)
	return l.Router.WriteConfig(l.config.Text())
}

// shipped is the configuration as the package has it.
func shipped() (string, error) {
	repo, err := Repository()
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(repo, "package/luci-sso/files/etc/config/luci-sso"))
	return string(text), err
}

// WriteConfig replaces the text of /etc/config/luci-sso, whatever it is. The
// next SetUCI starts from what the lab itself wrote last.
func (l *Lab) WriteConfig(text string) error { return l.Router.WriteConfig(text) }

// ForgetProvider empties the router's cache of discovery document and keys.
func (l *Lab) ForgetProvider() error {
	if l.Router == nil {
		return nil
	}
	return os.RemoveAll(l.Router.At("/var/run/luci-sso/cache"))
}

// Session is a session of the router as rpcd knows it.
type Session struct {
	ID     string
	User   string // "sso:admin", "root".
	Role   string // luci_sso_role.
	Token  string
	Values ubus.Table
	Rights map[string]map[string][]string // Scope → object → functions.
}

// Sessions lists the sessions that belong to somebody. The real ubusd has a
// megabyte for what a client has not read yet and drops the rest, so of some
// eighty sessions with all rights not every one need be in the list.
func (l *Lab) Sessions() ([]Session, error) { return l.sessions(nil) }

func (l *Lab) sessions(args ubus.Table) ([]Session, error) {
	replies, err := l.Router.Ubus("session", "list", args)
	if err != nil {
		return nil, err
	}
	var sessions []Session
	for _, reply := range replies {
		values, _ := reply["data"].(ubus.Table)
		s := Session{ID: text(reply, "ubus_rpc_session"), User: text(values, "username"), Role: text(values, "luci_sso_role"),
			Token: text(values, "token"), Values: values, Rights: rights(reply["acls"])}
		if s.User != "" || len(values) > 0 {
			sessions = append(sessions, s)
		}
	}
	return sessions, nil
}

// Session finds one session; ok is false when there is none.
func (l *Lab) Session(id string) (s Session, ok bool, err error) {
	sessions, err := l.sessions(ubus.Table{"ubus_rpc_session": id})
	if errors.Is(err, ubus.NotFound) {
		return Session{}, false, nil
	}
	if err != nil || len(sessions) != 1 {
		return Session{}, false, err
	}
	return sessions[0], true, nil
}

func text(t ubus.Table, name string) string {
	value, _ := t[name].(string)
	return value
}

func rights(value any) map[string]map[string][]string {
	scopes := map[string]map[string][]string{}
	table, _ := value.(ubus.Table)
	for scope, objects := range table {
		scopes[scope] = map[string][]string{}
		table, _ := objects.(ubus.Table)
		for object, functions := range table {
			list, _ := functions.([]any)
			for _, function := range list {
				scopes[scope][object] = append(scopes[scope][object], fmt.Sprint(function))
			}
			// rpcd keeps them in the order in which they were granted.
			sort.Strings(scopes[scope][object])
		}
	}
	return scopes
}

func existing(repo, dir string) string {
	dir = filepath.Join(repo, dir)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}
