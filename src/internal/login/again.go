// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/handshake"
	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
	"luci-sso/internal/secret"
)

// Again is what a person needs whom a role fits and whose sign-in does not do
// for it: they are refused there, and may try once more.
type Again struct {
	Lacks []role.Lack
	// Location is where to sign in again; "" when this was the second try, or
	// another one could not be begun. Cookie is its pending login's.
	Location string
	Cookie   secret.Value
}

// lacking says what a sign-in lacks for a role, and begins another one that
// asks the provider for it. That has to happen here, where the person is known
// to have the role: an address that begins such a sign-in would be for anybody
// to put into a link. nil when nothing is lacking.
func (f *Flow) lacking(ctx context.Context, metadata oidc.Metadata, pending handshake.Pending, r *config.Role, s oidc.SignIn) *Again {
	lacks := role.Lacks(r, s, f.rules())
	if lacks == nil {
		return nil
	}
	again := &Again{Lacks: lacks}
	if pending.Again {
		return again
	}
	// The new one takes the place of the one that has just ended.
	next := handshake.Pending{Provider: pending.Provider, RedirectURI: pending.RedirectURI, ReturnTo: pending.ReturnTo, Client: f.Client, Own: true, Again: true}
	location, cookie, err := f.begin(ctx, metadata, next, asks(r))
	if err != nil {
		f.Party.Notice("another sign-in could not be begun: " + err.Error())
		return again
	}
	again.Location, again.Cookie = location, cookie
	return again
}

// asks is how a sign-in asks for what a role wants (OIDC Core §3.1.2.1). There
// is no parameter for amr: the provider has to ask for it by itself, or for an
// acr.
func asks(r *config.Role) url.Values {
	ask := url.Values{"prompt": {"login"}}
	if len(r.ACR) > 0 {
		ask.Set("acr_values", strings.Join(r.ACR, " "))
	}
	if r.MaxAge > 0 {
		ask.Set("max_age", strconv.Itoa(int(r.MaxAge/time.Second)))
	}
	return ask
}

// lackOf is for the log: what was wanted, and what came.
func (f *Flow) lackOf(r *config.Role, s oidc.SignIn, lacks []role.Lack) string {
	said := ""
	for i, lack := range lacks {
		came, want := s.ACR, "one of "+strings.Join(lack.Want, " ")
		switch lack.Option {
		case "amr":
			came, want = strings.Join(s.AMR, " "), strings.Join(lack.Want, " ")+" besides"
		case "max_age":
			came, want = "", strconv.Itoa(int(r.MaxAge/time.Second))+" s at most"
			if s.At != 0 {
				came = strconv.FormatInt(f.Now().Unix()-s.At, 10) + " s"
			}
		}
		if i > 0 {
			said += "; "
		}
		said += lack.Option + " is " + f.Party.Veil.Name(came) + " and has to be " + want
	}
	return said
}

// tries says how often this has been.
func tries(pending handshake.Pending) string {
	if pending.Again {
		return "; it was the second try"
	}
	return ""
}
