// SPDX-License-Identifier: Apache-2.0

// Package methods owns what LuCI and rpcd call: the methods of the ubus object
// luci-sso, one function each, and the door by which rpcd comes to them (see
// Plugin). A person at a shell gets the same answers: the commands call the
// same functions.
//
// What comes through the door is hostile until it has been checked against the
// table of methods. No reply carries the client secret or the id of a live
// session.
package methods

import (
	"context"

	"luci-sso/internal/config"
	"luci-sso/internal/doctor"
	"luci-sso/internal/events"
	"luci-sso/internal/paths"
	"luci-sso/internal/uci"
	"luci-sso/internal/version"
)

// StatusReply says how things stand.
type StatusReply struct {
	Version   string          `json:"version"`
	Enabled   bool            `json:"enabled"` // option enabled is 1.
	Ready     bool            `json:"ready"`   // And the configuration can be used.
	Issuer    string          `json:"issuer"`
	Providers []string        `json:"providers"` // Those that are enabled.
	Button    bool            `json:"button"`    // In the login page of every theme.
	Checks    []*doctor.Check `json:"checks"`
	Sessions  int             `json:"sessions"`
	LastLogin int64           `json:"last_login"` // Unix seconds; 0 for never.
	LastError int64           `json:"last_error"`
}

// Status asks nobody but rpcd, whose silence it survives.
func Status(ctx context.Context) StatusReply {
	reply := StatusReply{Version: version.Version, Button: true, Checks: doctor.Router()}
	reply.Providers = some(config.Enabled(paths.Config()))
	if pkg, err := uci.Load(paths.Config()); err == nil {
		if section, ok := pkg.Lookup(config.Section); ok {
			enabled, _ := section.Get("enabled")
			reply.Enabled = enabled == "1"
			reply.Issuer, _ = section.Get("issuer_url")
		}
	}
	for _, check := range reply.Checks {
		switch {
		case check.ID == "config" && check.Provider == "":
			reply.Ready = check.Status == doctor.Pass
		case check.ID == "button" && check.Status != doctor.Pass:
			reply.Button = false
		}
	}
	if sessions, _, err := Sessions(ctx, ""); err == nil {
		reply.Sessions = len(sessions)
	}
	for _, e := range events.List(paths.Events()) {
		switch {
		case e.Kind == events.Login && reply.LastLogin == 0:
			reply.LastLogin = e.Time
		case e.Kind == events.Error && reply.LastError == 0:
			reply.LastError = e.Time
		}
	}
	return reply
}

// some makes a list that JSON writes as [] when it is empty.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
