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

// paste gives the row this command in the place of the usual one.
func (c *Check) paste(command string) *Check {
	c.Command = command
	return c
}

// shellWord makes one word of text for the shell. A value in UCI's files is
// written alike, but that is for another reader, with rules of its own: see
// package uci.
func shellWord(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// set changes an option. value is ours or of the configuration.
func set(option, value string) string {
	return "uci set luci-sso." + config.Section + "." + option + "=" + shellWord(value) + commit
}

func allowRebind(name string) string {
	return "uci add_list 'dhcp.@dnsmasq[0].rebind_domain'=" + shellWord(name) + "; uci commit dhcp; /etc/init.d/dnsmasq restart"
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

// usual is the command for a row of this kind that has no better one.
func usual(id string) string {
	switch id {
	case "config", "settings":
		return "uci show luci-sso.default; logread -e luci-sso"
	case "people", "rights", "saving":
		return "luci-sso roles; uci show luci-sso"
	case "options":
		return "uci show luci-sso"
	case "button", "roles":
		return "/etc/init.d/luci-sso restart"
	case "https":
		return "opkg install luci-ssl || apk add luci-ssl; /etc/init.d/uhttpd restart"
	case "discovery", "certificate", "issuer", "endpoints", "keys", "algorithms", "pkce", "scopes", "email", "groups":
		return `uclient-fetch -O - "$(uci get luci-sso.default.issuer_url)/.well-known/openid-configuration"`
	case "clock":
		return syncClock
	case "credentials", "offers":
		return "uci show luci-sso | grep -e client_id -e token_auth_method; logread -e luci-sso"
	case "redirect_uri":
		return "uci show luci-sso | grep redirect_uri"
	}
	return ""
}
