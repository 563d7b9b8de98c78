// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/url"
	"slices"
	"strconv"

	"luci-sso/internal/fault"
	"luci-sso/internal/syslog"
	"luci-sso/internal/uci"
)

// MaxProviders is how many providers can be enabled at a time. Further ones in
// the file are not there; the one of section default always is.
const MaxProviders = 8

// ProviderParam is in the redirect URI of every provider but default: by it
// the callback proves to come from there (RFC 9700 §4.4.2). A start has it
// too, to say at which provider.
const ProviderParam = "provider"

// LoadProvider is Load for the provider of one section. One that is not
// enabled, or not there, is SSO_DISABLED.
func LoadProvider(path, name string) (*Config, error) {
	pkg, err := read(path)
	if err != nil {
		return nil, err
	}
	if slices.Contains(enabled(pkg), name) {
		return parse(pkg, settings(pkg, name), settings(pkg, Section))
	}
	if name == Section {
		return nil, fault.New(fault.SSODisabled, "single sign-on is off: option enabled is not 1 in "+path)
	}
	return nil, fault.New(fault.SSODisabled, "there is no provider "+syslog.Quote(name)+": "+path+
		" has no config oidc section of this name with option enabled 1 among the first "+strconv.Itoa(MaxProviders))
}

// Usable are the providers that somebody can log in with, in the order of the
// file: enabled, and with settings that are complete.
func Usable(path string) []*Config {
	pkg, err := read(path)
	if err != nil {
		return nil
	}
	var list []*Config
	for _, name := range enabled(pkg) {
		if c, err := parse(pkg, settings(pkg, name), settings(pkg, Section)); err == nil {
			list = append(list, c)
		}
	}
	return list
}

// Enabled names the enabled providers in the order of the file, whether or not
// their settings are complete. A file that cannot be read has none.
func Enabled(path string) []string {
	pkg, err := read(path)
	if err != nil {
		return nil
	}
	return enabled(pkg)
}

func enabled(pkg *uci.Package) []string {
	var names []string
	room := MaxProviders
	if on(settings(pkg, Section)) {
		room--
	}
	for i := range pkg.Sections {
		s := &pkg.Sections[i]
		switch {
		case !on(s):
		case s.Name == Section:
			names = append(names, s.Name)
		case isProvider(s) && room > 0:
			names = append(names, s.Name)
			room--
		}
	}
	return names
}

// ServesKeys reads option serve_jwks, whatever the other settings are: the key
// is one for all providers, and they are set up one by one.
func ServesKeys(path string) bool {
	pkg, err := read(path)
	if err != nil {
		return false
	}
	value, _ := settings(pkg, Section).Get("serve_jwks")
	return value == "1"
}

// isProvider: a section without a name is called by its place in the file, and
// would be another provider when one above it goes.
func isProvider(s *uci.Section) bool { return s.Name == Section || s.Type == Type && !s.Anonymous }

func on(s *uci.Section) bool {
	value, _ := s.Get("enabled")
	return value == "1"
}

// Timed reports whether an option asks for something that has to happen in
// time, without anybody's request.
func (c *Config) Timed() bool {
	return c.Seconds("session_lifetime") > 0 || c.Seconds("revalidate") > 0
}

// Timed reports whether that goes for any of the providers in the file.
func Timed(path string) bool {
	for _, name := range Sections(path) {
		if c, err := Parse(path, name); err == nil && c.Timed() {
			return true
		}
	}
	return false
}

// Sections names all providers of the file, enabled or not, in its order.
func Sections(path string) []string {
	pkg, err := read(path)
	if err != nil {
		return nil
	}
	return providers(pkg)
}

func providers(pkg *uci.Package) []string {
	var names []string
	for i := range pkg.Sections {
		if isProvider(&pkg.Sections[i]) {
			names = append(names, pkg.Sections[i].Name)
		}
	}
	return names
}

// LoadAny is LoadProvider of default, or of the first one that is enabled: for
// what concerns no provider, or nobody knows which.
func LoadAny(path string) (*Config, error) {
	name := Section
	if names := Enabled(path); len(names) > 0 && !slices.Contains(names, Section) {
		name = names[0]
	}
	return LoadProvider(path, name)
}

// Callback is the redirect URI of this provider where address is that of the
// router: with the provider's name in it, unless the administrator has chosen
// another, or there is only one provider.
func (c *Config) Callback(address string) string {
	if c.Provider == Section || c.Text("redirect_uri") != "" {
		return address
	}
	return address + "?" + ProviderParam + "=" + c.Provider
}

// Proves reports whether a redirect URI is this provider's alone.
func (c *Config) Proves(redirectURI string) bool {
	return c.Provider == Section || NamedBy(redirectURI) == c.Provider
}

// NamedBy is the provider that a redirect URI names, "" for none.
func NamedBy(redirectURI string) string {
	parsed, err := url.Parse(redirectURI)
	if err != nil {
		return ""
	}
	return parsed.Query().Get(ProviderParam)
}

// checkRedirect: no two providers have one redirect URI, as far as it names one.
func (c *Config) checkRedirect(r *reader, pkg *uci.Package) {
	name := NamedBy(c.Text("redirect_uri"))
	if name == "" || name == c.Provider {
		return
	}
	if other, ok := pkg.Lookup(name); c.Provider != Section || ok && isProvider(other) {
		r.fail(fault.ConfigError, "redirect_uri", "option redirect_uri of "+syslog.Quote(c.Provider)+" is that of the provider "+syslog.Quote(name)+": each has its own")
	}
}

// RolesFor are those of some roles that are for people of a provider.
func RolesFor(all []Role, provider string) []Role {
	var list []Role
	for i := range all {
		if all[i].Takes(provider) {
			list = append(list, all[i])
		}
	}
	return list
}

// Takes reports whether a role is for people of a provider: of those it lists,
// or of default when it lists none.
//
// One in which it is not clear may be for anybody's: it gives nothing, and
// nobody goes on from it to the next.
func (r *Role) Takes(provider string) bool {
	if r.FaultOf("provider", "") != "" {
		return true
	}
	if !slices.ContainsFunc(r.Providers, func(name string) bool { return name != "" }) {
		return provider == Section
	}
	return slices.Contains(r.Providers, provider)
}
