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
	"unicode/utf8"

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
// comes from Parse, which does not ask for that.
type Config struct {
	Provider              string // Name of the section: default, or another.
	Enabled               bool
	Label                 string // Of the button; "" for the usual one.
	AutoLogin             bool   // The login page goes there by itself.
	IssuerURL             string
	InternalHost          string // Takes the place of the issuer's host[:port] behind the router; "" without split horizon.
	ClientID              string
	ClientSecret          secret.Value
	RedirectURI           string   // "": from the request's host.
	Hosts                 []string // Names of this router that it cannot know of itself.
	ProviderLogout        bool     // A logout ends the session at the provider, too.
	PostLogoutRedirectURI string   // "": none is sent.
	Scope                 string
	AuthParams            []AuthParam // Asked of the provider besides.
	ClockTolerance        time.Duration
	CAFile                string // "": the system's store.
	GroupsClaim           string
	RequireAtHash         string // auto, 1 or 0.
	RequireEmailVerified  bool
	TokenAuthMethod       string // One of the option's values.
	PAR                   string // auto, 1 or 0.
	SessionCookiePath     string // "/" or "/cgi-bin".
	RateLimit             int    // Requests per window.
	RateWindow            time.Duration
	RateLimitPerClient    int       // 0: off.
	Roles                 []Role    // Those for people of this provider.
	AllRoles              []Role    // Those for people of others as well.
	Unknown               []Unknown // What else the file has, and nothing reads.
	Ends
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
		if row(name).Global {
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

// reader takes options out of a section and keeps the first thing wrong.
type reader struct {
	section *uci.Section
	global  *uci.Section // Where those options stand that are for all providers.
	err     error
}

// lookup finds an option where it belongs.
func (r *reader) lookup(name string) (*uci.Option, bool) {
	if row(name).Global {
		return r.global.Lookup(name)
	}
	return r.section.Lookup(name)
}

func (r *reader) fail(code fault.Code, name, detail string) {
	r.failed(code, &OptionError{Option: name, Detail: detail}, detail)
}

func (r *reader) failed(code fault.Code, err *OptionError, detail string) {
	var first *OptionError
	switch {
	case r.err == nil:
		r.err = fault.Wrap(code, err, detail)
	case err.Missing && errors.As(r.err, &first) && first.Missing && first.Option != err.Option && !slices.Contains(first.Also, err.Option):
		first.Also = append(first.Also, err.Option)
	}
}

// OptionError says which option a configuration fails by. It is wrapped in
// the fault.
type OptionError struct {
	Option  string
	Missing bool     // It is required and not set.
	Also    []string // The further ones that are missing then.
	Detail  string   // As in the fault.
}

func (e *OptionError) Error() string { return e.Detail }

// text returns an option, or its default when it is unset or empty.
func (r *reader) text(name, otherwise string) string {
	option, ok := r.lookup(name)
	if !ok {
		return otherwise
	}
	if option.List {
		r.fail(fault.ConfigError, name, "option "+name+" (line "+strconv.Itoa(option.Line)+") is a list where one value belongs")
		return ""
	}
	if value := option.Values[len(option.Values)-1]; value != "" {
		return value
	}
	return otherwise
}

// value returns an option, or its default; one without a default is required.
func (r *reader) value(name string) string {
	o := row(name)
	otherwise := o.Default
	if o.Required {
		otherwise = ""
	}
	value := r.text(name, otherwise)
	if value == "" && o.Required {
		section := r.section.Name
		if o.Global {
			section = Section
		}
		detail := "option " + name + " is missing: uci set luci-sso." + section + "." + name + "=…"
		r.failed(fault.ConfigError, &OptionError{Option: name, Missing: true, Detail: detail}, detail)
	}
	return value
}

// secret returns the client's secret. Only a method that is named and does
// without excuses its absence.
func (r *reader) secret() secret.Value {
	if method, _ := r.section.Get("token_auth_method"); method == "none" || method == "private_key_jwt" {
		return secret.New(r.text("client_secret", ""))
	}
	return secret.New(r.value("client_secret"))
}

// list returns the elements of a list, without empty ones.
func (r *reader) list(name string) []string {
	var values []string
	option, ok := r.lookup(name)
	if !ok {
		return nil
	}
	for _, value := range option.Values {
		if value != "" {
			values = append(values, value)
		}
	}
	return values
}

// words returns an option in which each of its values has to be a word.
func (r *reader) words(name string) string {
	value := r.value(name)
	for _, word := range row(name).Values {
		if !slices.Contains(strings.Fields(value), word) {
			r.fail(fault.ConfigError, name, "option "+name+" is "+syslog.Quote(value)+", it must contain "+word)
		}
	}
	return value
}

// choice returns one of an option's values, the first when it is unset.
func (r *reader) choice(name string) string {
	values := row(name).Values
	value := r.text(name, values[0])
	if slices.Contains(values, value) {
		return value
	}
	r.fail(fault.ConfigError, name, "option "+name+" is "+syslog.Quote(value)+", expected one of "+strings.Join(values, ", "))
	return ""
}

// number returns a whole number within an option's bounds.
func (r *reader) number(name string) int {
	o := row(name)
	value := r.value(name)
	n, err := strconv.Atoi(value)
	if err != nil || n < o.Low || n > o.High {
		r.fail(fault.ConfigError, name, "option "+name+" is "+syslog.Quote(value)+", expected a whole number from "+strconv.Itoa(o.Low)+" to "+strconv.Itoa(o.High))
		return 0
	}
	return n
}

// url returns an absolute https URL without user and fragment; insecure is
// the code for one that is not https.
func (r *reader) url(name string, insecure fault.Code) string {
	value := r.text(name, "")
	if value == "" {
		return ""
	}
	if !strings.HasPrefix(value, "https://") {
		r.fail(insecure, name, "option "+name+" is "+syslog.Quote(value)+", it must begin with https://")
		return ""
	}
	query := row(name).Kind == QueryURL
	parsed, err := url.Parse(value)
	if err != nil || parsed.Host == "" || parsed.User != nil || strings.Contains(value, "#") || !query && strings.Contains(value, "?") || strings.ContainsAny(value, " \t\r\n") {
		r.fail(fault.ConfigError, name, "option "+name+" "+syslog.Quote(value)+" is not a plain URL: no user, query or fragment belongs there")
		return ""
	}
	return value
}

func parse(pkg *uci.Package, section, global *uci.Section) (*Config, error) {
	r := &reader{section: section, global: global}
	c := &Config{
		Provider:              section.Name,
		Enabled:               on(section),
		Label:                 r.value("label"),
		AutoLogin:             r.choice("auto_login") == "1",
		IssuerURL:             r.url("issuer_url", fault.InsecureIssuerURL),
		ClientID:              r.value("client_id"),
		ClientSecret:          r.secret(),
		RedirectURI:           r.url("redirect_uri", fault.ConfigError),
		Hosts:                 r.list("host"),
		ProviderLogout:        r.choice("provider_logout") == "1",
		PostLogoutRedirectURI: r.url("post_logout_redirect_uri", fault.ConfigError),
		Scope:                 r.words("scope"),
		AuthParams:            r.authParams(),
		ClockTolerance:        time.Duration(r.number("clock_tolerance")) * time.Second,
		CAFile:                r.value("ca_file"),
		GroupsClaim:           r.value("groups_claim"),
		RequireAtHash:         r.choice("require_at_hash"),
		RequireEmailVerified:  r.choice("require_email_verified") == "1",
		TokenAuthMethod:       r.choice("token_auth_method"),
		PAR:                   r.choice("par"),
		SessionCookiePath:     r.choice("session_cookie_path"),
		RateLimit:             r.number("rate_limit"),
		RateWindow:            time.Duration(r.number("rate_window")) * time.Second,
		RateLimitPerClient:    r.number("rate_limit_per_client"),
		Ends:                  r.ends(),
	}
	r.value("issuer_url")
	r.choice("serve_jwks") // Its form alone: ServesKeys reads it.
	c.splitHorizon(r)
	c.check(r)
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

// check is for what concerns more than one option or more than form.
func (c *Config) check(r *reader) {
	if n := utf8.RuneCountInString(c.Label); n > MaxLabel {
		r.fail(fault.ConfigError, "label", "option label has "+strconv.Itoa(n)+" characters, expected at most "+strconv.Itoa(MaxLabel))
	}
	if c.CAFile != "" && !filepath.IsAbs(c.CAFile) {
		r.fail(fault.ConfigError, "ca_file", "option ca_file is "+syslog.Quote(c.CAFile)+", expected an absolute path")
	}
}

// splitHorizon reads option internal_issuer_url, of which only the host counts.
func (c *Config) splitHorizon(r *reader) {
	value := r.url("internal_issuer_url", fault.InsecureFetchURL)
	if value == "" || c.IssuerURL == "" {
		return
	}
	internal, _ := url.Parse(value) // Both parse: r.url has seen to it.
	issuer, _ := url.Parse(c.IssuerURL)
	if path := strings.TrimSuffix(internal.Path, "/"); path != "" && path != strings.TrimSuffix(issuer.Path, "/") {
		r.fail(fault.ConfigError, "internal_issuer_url", "option internal_issuer_url is "+syslog.Quote(value)+", expected an origin such as https://id.lan: the paths come from issuer_url")
	}
	c.InternalHost = internal.Host
}

// checkHosts wants list host as a browser sends hosts.
func (c *Config) checkHosts(r *reader) {
	for _, name := range c.Hosts {
		if _, ok := host.Parse(name); !ok {
			r.fail(fault.ConfigError, "host", "list host has "+syslog.Quote(name)+", expected a host name or IP address such as router.example.com, with a port or without")
		}
	}
}
