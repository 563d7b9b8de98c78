// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"

	"luci-sso/internal/fault"
	"luci-sso/internal/handshake"
	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
	"luci-sso/internal/syslog"
)

// This file is a sign-in that is only tried. What decides is the login's own
// code; what makes a session is not called from here, and a Flow for a trial
// has nothing to make one with.

// Trial is what came of one. Tokens are not in it.
type Trial struct {
	Claims    oidc.Claims // Of the ID token; nil when it did not come that far.
	UserInfo  oidc.Claims // nil when it was not asked, or did not answer.
	NoAnswer  string      // Why UserInfo did not answer; "" when it did, or was not asked.
	Needed    bool        // A login asks UserInfo, too.
	Algorithm string
	Refresh   bool // A refresh token came.
	Identity  role.Identity
}

// BeginTrial returns where to send the browser, and what has to be known when
// it comes back.
func (f *Flow) BeginTrial(ctx context.Context, redirectURI string) (location string, pending handshake.Pending, err error) {
	metadata, err := f.provider(ctx, redirectURI)
	if err != nil {
		return "", pending, err
	}
	pending = handshake.Pending{Provider: f.Config.Provider, RedirectURI: redirectURI}
	location, err = f.request(ctx, metadata, &pending, nil)
	return location, pending, err
}

// Try does with a callback what a login does, up to the role. That the state
// is the trial's has been seen to.
func (f *Flow) Try(ctx context.Context, pending handshake.Pending, c Callback) (t Trial, err error) {
	f.Party.Veil.Hide(c.Code, c.State, c.Cookie)
	switch {
	case c.Error != "":
		return t, f.refusal(c)
	case c.Code.Empty():
		return t, fault.New(fault.MissingCode, "the callback has no code, or more than one")
	}
	metadata, err := f.checkOrigin(ctx, pending, c)
	if err != nil {
		return t, err
	}
	var v verified
	err = f.verify(ctx, metadata, pending, c.Code, &v)
	t = Trial{
		Claims: v.claims, UserInfo: v.more, Needed: v.asked, Algorithm: f.Party.Algorithm(v.tokens.ID),
		Refresh: !v.tokens.Refresh.Empty(), Identity: v.identity,
	}
	if t.Claims != nil && !v.asked && metadata.UserInfoEndpoint != "" {
		// A login does not need it, and whoever sets this up wants to see it.
		subject, _ := t.Claims.Text("sub")
		more, failed := f.Party.UserInfo(ctx, metadata, v.tokens.Access, subject)
		t.UserInfo = more
		if note, ok := fault.As(failed); ok {
			t.NoAnswer = note.Detail
		}
	}
	if err != nil {
		return t, err
	}
	if lacks := role.Lacks(v.match.Role, v.identity.SignIn, f.rules()); lacks != nil {
		err = fault.New(fault.SignInInsufficient, "role "+syslog.Quote(v.match.Role.Name)+" fits by "+v.match.By+
			", but not this sign-in: "+f.lackOf(v.match.Role, v.identity.SignIn, lacks))
	}
	return t, err
}
