// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/paths"
	"luci-sso/internal/uci"
)

// Commands to paste. One that changes something heals what its row says is
// wrong, which a test shows for each; where that cannot be known, the command
// shows more instead. Nothing a provider says becomes part of one.

const (
	syncClock = "/etc/init.d/sysntpd restart; date"
	commit    = "; uci commit luci-sso"
)

// paste adds the command that mends it.
func (c *Check) paste(command string) *Check {
	c.Command = command
	return c
}

// quote makes one word of text for the shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// set changes an option. value is ours or of the configuration.
func set(option, value string) string {
	return "uci set luci-sso." + config.Section + "." + option + "=" + quote(value) + commit
}

func allowRebind(name string) string {
	return "uci add_list 'dhcp.@dnsmasq[0].rebind_domain'=" + quote(name) + "; uci commit dhcp; /etc/init.d/dnsmasq restart"
}

// rebindProtected reports whether dnsmasq would hide a private address of this
// name: OpenWrt's default.
func rebindProtected(name string) bool {
	pkg, err := uci.Load(paths.DHCPConfig())
	if err != nil || name == "" {
		return false
	}
	for i := range pkg.Sections {
		s := &pkg.Sections[i]
		if s.Type != "dnsmasq" {
			continue
		}
		if value, ok := s.Get("rebind_protection"); ok && value != "1" {
			return false
		}
		for _, domain := range s.List("rebind_domain") {
			if domain = strings.Trim(domain, "/."); domain != "" && (name == domain || strings.HasSuffix(name, "."+domain)) {
				return false
			}
		}
		return true
	}
	return false
}

// WithCommands fills in what to paste for the checks that have it by their
// nature.
func WithCommands(checks []*Check) []*Check {
	for i := range checks {
		c := checks[i]
		if c.Command != "" || c.Status == Pass || c.Status == Skip {
			continue
		}
		switch c.ID {
		case "config", "settings":
			c.Command = "uci show luci-sso.default; logread -e luci-sso"
		case "people", "rights", "saving":
			c.Command = "luci-sso roles; uci show luci-sso"
		case "options":
			c.Command = "uci show luci-sso"
		case "button", "roles":
			c.Command = "/etc/init.d/luci-sso restart"
		case "https":
			c.Command = "opkg install luci-ssl || apk add luci-ssl; /etc/init.d/uhttpd restart"
		case "discovery", "certificate", "issuer", "endpoints", "keys", "algorithms", "pkce", "scopes", "email", "groups":
			c.Command = `uclient-fetch -O - "$(uci get luci-sso.default.issuer_url)/.well-known/openid-configuration"`
		case "clock":
			c.Command = syncClock
		case "credentials":
			c.Command = "uci show luci-sso | grep -e client_id -e token_auth_method; logread -e luci-sso"
		case "redirect_uri":
			c.Command = "uci show luci-sso | grep redirect_uri"
		}
	}
	return checks
}
