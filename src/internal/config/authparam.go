// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strings"

	"luci-sso/internal/fault"
	"luci-sso/internal/syslog"
)

// AuthParam is an entry of list auth_param: what is asked of the provider
// besides, each time that somebody signs in.
type AuthParam struct{ Name, Value string }

// ProtocolParams belong to the protocol: with one of these from the outside, a
// login would not be the one that was begun, or would say what has to stay
// here. Some providers make no difference between capitals and others.
var ProtocolParams = []string{
	"client_id", "client_secret", "client_assertion", "client_assertion_type", "redirect_uri", "response_type", "response_mode",
	"scope", "state", "nonce", "code", "code_challenge", "code_challenge_method", "code_verifier", "grant_type",
	"request", "request_uri", "registration", "id_token_hint", "iss", "dpop_jkt",
}

// authParams are those of its entries.
func (r *reader) authParams(entries []string) []AuthParam {
	var list []AuthParam
	for _, entry := range entries {
		name, value, found := strings.Cut(entry, "=")
		problem := ""
		switch {
		case !found || name == "" || value == "":
			problem = "expected a name, = and a value, such as prompt=login"
		case strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune("&?#+%\"'<>\\", c) }):
			problem = "this is no name of a parameter"
		case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }):
			problem = "control characters are not allowed"
		case slices.Contains(ProtocolParams, strings.ToLower(name)):
			problem = name + " belongs to the protocol and is set by the router"
		case name != "resource" && slices.ContainsFunc(list, func(p AuthParam) bool { return strings.EqualFold(p.Name, name) }):
			problem = name + " is there twice" // RFC 6749 §3.1; RFC 8707 allows several resources.
		}
		if problem != "" {
			r.fail(fault.ConfigError, "auth_param", "list auth_param has "+syslog.Quote(name)+": "+problem)
			continue
		}
		list = append(list, AuthParam{name, value})
	}
	return list
}
