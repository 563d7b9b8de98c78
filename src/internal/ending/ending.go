// SPDX-License-Identifier: Apache-2.0

// Package ending owns the sessions that end without their owner: because
// their role is gone, their time is over, the provider does not stand by the
// sign-in any more, or the provider says that the person signed out there. It
// decides when, sees to it, and tells why in the log and the last events. How
// a session is ended is package session's, whether the provider's word is true
// package oidc's, and who gets which role is decided as at a login.
package ending

import (
	"context"
	"slices"
	"strconv"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/events"
	"luci-sso/internal/fault"
	"luci-sso/internal/paths"
	"luci-sso/internal/secret"
	"luci-sso/internal/session"
	"luci-sso/internal/syslog"
)

// tell writes why a session has ended into the log and the last events.
func tell(log *syslog.Logger, r session.Record, f *fault.Fault) {
	log.Line(syslog.Warning, "ended a session: role "+syslog.Quote(r.Role)+", subject "+secret.Fingerprint(r.Subject)+": "+f.Detail)
	log.Line(syslog.Warning, "["+strconv.Itoa(f.Ends().Status)+"] "+string(f.Code))
	Remember(r, f, "")
}

// Remember adds the end of a session to the last events.
func Remember(r session.Record, f *fault.Fault, client string) {
	_ = events.Add(paths.Events(), events.Event{
		Time: time.Now().Unix(), Kind: events.Ended, Status: f.Ends().Status, Codes: []string{string(f.Code)},
		Role: r.Role, Name: secret.Fingerprint(r.Subject), Client: client, Detail: f.Detail, Provider: r.Provider,
	})
}

// RolesGone ends the sessions whose role is none of these, or is not for
// people of their provider any more, and those whose provider is none of
// these. The one of section default always is.
func RolesGone(ctx context.Context, m *session.Manager, log *syslog.Logger, roles []config.Role, providers []string) error {
	gone := func(r session.Record) string {
		if r.Provider != config.Section && !slices.Contains(providers, r.Provider) {
			return "provider" // A role may go on listing it.
		}
		for i := range roles {
			if roles[i].Name == r.Role && roles[i].Takes(r.Provider) {
				return ""
			}
		}
		return "role"
	}
	ended, err := m.EndWhere(ctx, func(r session.Record) bool { return gone(r) != "" })
	for _, r := range ended {
		tell(log, r, fault.New(fault.SessionRoleGone, "its "+gone(r)+" is not configured any more"))
	}
	return err
}
