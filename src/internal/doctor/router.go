// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/host"
	"luci-sso/internal/loginbutton"
	"luci-sso/internal/paths"
	"luci-sso/internal/session"
	"luci-sso/internal/syslog"
	"luci-sso/internal/uci"
	"luci-sso/internal/words"
)

// Router checks this router's side without asking anybody: ids config,
// button, roles, people, rights, saving, options, host and https.
func Router() []*Check {
	checks := []*Check{Config()}
	for _, name := range config.Enabled(paths.Config()) {
		if name != config.Section {
			checks = append(checks, further(name))
		}
	}
	checks = append(checks, Buttons()...)
	checks = append(checks, roles())
	checks = append(checks, rolesAndRights()...)
	return append(checks, unknownOptions(), hosts(), https())
}

// Config says whether the configuration can be used.
func Config() *Check {
	_, err := config.Load(paths.Config())
	return configCheck(err)
}

// further is Config for another provider that is enabled.
func further(name string) *Check {
	_, err := config.LoadProvider(paths.Config(), name)
	check := configCheck(err)
	check.Provider = name
	return check
}

func configCheck(err error) *Check {
	if err == nil {
		return row("config", Pass, words.ConfigGood)
	}
	f, _ := fault.As(err)
	if f == nil {
		return row("config", Fail, words.ConfigBad, syslog.Printable(err.Error(), 200))
	}
	if f.Code == fault.SSODisabled {
		return row("config", Skip, words.SSODisabled).code(string(f.Code))
	}
	return row("config", Fail, words.ConfigBad, syslog.Printable(f.Detail, 300)).code(string(f.Code))
}

// Buttons says of each theme's login page whether it carries the button.
func Buttons() []*Check {
	templates, err := loginbutton.OnRouter().Status()
	var checks []*Check
	for _, template := range templates {
		theme := "LuCI"
		if dir := filepath.Dir(template.Path); filepath.Base(filepath.Dir(dir)) == "themes" {
			theme = filepath.Base(dir)
		}
		if template.State == loginbutton.Present {
			checks = append(checks, row("button", Pass, words.ButtonThere, theme))
		} else {
			checks = append(checks, row("button", Warn, words.ButtonMissing, theme).do(words.RunService))
		}
	}
	if err != nil || len(checks) == 0 {
		reason := "LuCI's login template was not found."
		if err != nil {
			reason = syslog.Printable(err.Error(), 200)
		}
		checks = append(checks, row("button", Warn, reason).do(words.RunService))
	}
	return checks
}

func roles() *Check {
	list, err := config.Roles(paths.Config())
	if err != nil {
		return row("roles", Skip, words.NotRun)
	}
	drift, err := session.Drift(paths.RPCDConfig(), list)
	if err != nil {
		return row("roles", Warn, syslog.Printable(err.Error(), 200))
	}
	var names []string
	for _, d := range drift {
		name := d.Role
		if name == "" {
			name = d.Section
		}
		names = append(names, name)
	}
	if names != nil {
		return row("roles", Warn, words.RolesDiffer, strings.Join(names, ", ")).do(words.RunService)
	}
	return row("roles", Pass, words.RolesSynced)
}

// hosts says where a login may start, and where it goes if the configuration
// names another host than this router knows as its own.
func hosts() *Check {
	c, err := config.Parse(paths.Config(), config.Section)
	if err != nil {
		return row("host", Skip, words.NotRun)
	}
	facts := host.OnRouter()
	if c.Text("redirect_uri") != "" {
		name, own := host.Lead(context.Background(), c.Text("redirect_uri"), c.List("host"), facts)
		if own {
			return row("host", Pass, words.HostLeads, name)
		}
		return row("host", Warn, words.HostForeign, syslog.Printable(name, 80)).do(words.CheckHost)
	}
	names := slices.Concat(c.List("host"), facts.Names())
	for _, ip := range host.Addresses() {
		if !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			names = append(names, ip.String())
		}
	}
	slices.Sort(names)
	return row("host", Pass, words.HostOwn, list(slices.Compact(names)))
}

func https() *Check {
	pkg, err := uci.Load(paths.UhttpdConfig())
	if err != nil {
		// Another web server may be in uhttpd's place.
		return row("https", Skip, "The configuration of uhttpd could not be read, so HTTPS was not checked.")
	}
	for i := range pkg.Sections {
		s := &pkg.Sections[i]
		if s.Type == "uhttpd" && len(s.List("listen_https")) > 0 {
			return row("https", Pass, "The router's web server has an HTTPS listener.")
		}
	}
	return row("https", Fail, words.NoHTTPS).do(words.EnableHTTPS)
}
