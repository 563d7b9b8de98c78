// SPDX-License-Identifier: Apache-2.0

// Package config owns the meaning of /etc/config/luci-sso: the options, their
// defaults and what values they take. It is read fresh at each request and is
// either whole and valid or not there: there is no half a configuration.
package config

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/host"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
	"luci-sso/internal/uci"
)

// Section is the name of the section with the settings; Type is its type.
const (
	Section  = "default"
	Type     = "oidc"
	RoleType = "role"
)

// Config is a valid configuration with single sign-on enabled, unless it
// comes from Parse, which does not ask for that. Options are read by their
// names, as in c.Text("scope"); only what means more than its text has a field.
// One that was read from nowhere has every option's default.
type Config struct {
	Provider     string // Name of the section: default, or another.
	ClientSecret secret.Value
	InternalHost string      // Takes the place of the issuer's host[:port] behind the router; "" without split horizon.
	AuthParams   []AuthParam // Asked of the provider besides.
	Roles        []Role      // Those for people of this provider.
	AllRoles     []Role      // Those for people of others as well.
	Unknown      []Unknown   // What else the file has, and nothing reads.

	read   bool
	values [len(Options)]string // Of each row, set or not. An array: elsewhere it would take one more page of memory.
	lists  [][]string           // The same of lists; nil while none is set.
}

// Text is the value of an option that is a text, a choice, an address or a
// path. A name that has no row is a mistake in the program.
func (c *Config) Text(name string) string {
	i := place(name)
	if !c.read {
		return Options[i].unset()
	}
	return c.values[i]
}

// On reports whether a flag is set.
func (c *Config) On(name string) bool { return c.Text(name) == "1" }

// Number is the value of a number.
func (c *Config) Number(name string) int {
	n, _ := strconv.Atoi(c.Text(name)) // Its form was checked.
	return n
}

// Seconds is a number that counts seconds.
func (c *Config) Seconds(name string) time.Duration {
	return time.Duration(c.Number(name)) * time.Second
}

// List are the elements of a list, without empty ones.
func (c *Config) List(name string) []string {
	i := place(name)
	if c.lists == nil {
		return nil
	}
	return c.lists[i]
}

// Load reads the file at path for the provider default. Its faults are
// SSO_DISABLED, UCI_ERROR and those that end in CONFIG_ERROR.
func Load(path string) (*Config, error) { return LoadProvider(path, Section) }

// Parse is LoadProvider for a configuration that need not be enabled: for
// checks before it is switched on.
func Parse(path, provider string) (*Config, error) {
	pkg, err := read(path)
	if err != nil {
		return nil, err
	}
	return parse(pkg, settings(pkg, provider), settings(pkg, Section))
}

// With is Parse with some options of the settings replaced, as a form holds
// them before they are saved; "" unsets one. Without a file, the options are
// all there is.
func With(path, provider string, options map[string]string) (*Config, error) {
	pkg, err := read(path)
	if fault.Is(err, fault.SSODisabled) {
		pkg, err = &uci.Package{}, nil
	}
	if err != nil {
		return nil, err
	}
	global := *settings(pkg, Section)
	global.Options = slices.Clone(global.Options)
	section := &global
	if provider != Section {
		own := *settings(pkg, provider)
		own.Options = slices.Clone(own.Options)
		section = &own
	}
	for name, value := range options {
		into := section
		if Options[place(name)].Global {
			into = &global
		}
		option := uci.Option{Name: name, Values: []string{value}}
		if i := slices.IndexFunc(into.Options, func(o uci.Option) bool { return o.Name == name }); i >= 0 {
			into.Options[i] = option
		} else {
			into.Options = append(into.Options, option)
		}
	}
	return parse(pkg, section, &global)
}

func read(path string) (*uci.Package, error) {
	pkg, err := uci.Load(path)
	if err == nil {
		return pkg, nil
	}
	var syntax *uci.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, fault.Wrap(fault.ConfigError, err, path+", line "+strconv.Itoa(syntax.Line)+": "+syntax.Message)
	case errors.Is(err, fs.ErrNotExist) && isDir(filepath.Dir(path)):
		return nil, fault.Wrap(fault.SSODisabled, err, "there is no "+path)
	}
	detail := "cannot read " + path + ": " + syslog.Printable(err.Error(), 160)
	if errors.Is(err, fs.ErrPermission) && os.Geteuid() != 0 {
		detail += "; the program runs as user " + strconv.Itoa(os.Geteuid()) + " and has to run as root: the web server must not give that up before it starts scripts"
	}
	return nil, fault.Wrap(fault.UCIError, err, detail)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func settings(pkg *uci.Package, provider string) *uci.Section {
	if section, ok := pkg.Lookup(provider); ok && isProvider(section) {
		return section
	}
	return &uci.Section{Name: provider, Type: Type}
}

func parse(pkg *uci.Package, section, global *uci.Section) (*Config, error) {
	r := &reader{section: section, global: global}
	c := &Config{Provider: section.Name}
	r.options(c)
	c.AuthParams = r.authParams(c.List("auth_param"))
	c.splitHorizon(r)
	c.checkHosts(r)
	c.checkRedirect(r, pkg)
	c.AllRoles = roles(pkg)
	c.Roles = RolesFor(c.AllRoles, c.Provider)
	c.Unknown = unknown(pkg)
	r.misspelt(c.Unknown)
	if r.err != nil {
		return nil, r.err
	}
	return c, nil
}

// Roles returns the roles alone: rpcd's login entries follow them whether or
// not the settings are complete.
func Roles(path string) ([]Role, error) {
	pkg, err := read(path)
	if err != nil {
		return nil, err
	}
	return roles(pkg), nil
}

// splitHorizon reads option internal_issuer_url, of which only the host counts.
func (c *Config) splitHorizon(r *reader) {
	value, issuerURL := c.Text("internal_issuer_url"), c.Text("issuer_url")
	if value == "" || issuerURL == "" {
		return
	}
	internal, _ := url.Parse(value) // Both parse: their form was checked.
	issuer, _ := url.Parse(issuerURL)
	if path := strings.TrimSuffix(internal.Path, "/"); path != "" && path != strings.TrimSuffix(issuer.Path, "/") {
		r.fail(fault.ConfigError, "internal_issuer_url", "option internal_issuer_url is "+syslog.Quote(value)+", expected an origin such as https://id.lan: the paths come from issuer_url")
	}
	c.InternalHost = internal.Host
}

// checkHosts wants list host as a browser sends hosts.
func (c *Config) checkHosts(r *reader) {
	for _, name := range c.List("host") {
		if _, ok := host.Parse(name); !ok {
			r.fail(fault.ConfigError, "host", "list host has "+syslog.Quote(name)+", expected a host name or IP address such as router.example.com, with a port or without")
		}
	}
}
