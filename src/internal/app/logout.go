// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"luci-sso/internal/cgi"
	"luci-sso/internal/config"
	"luci-sso/internal/events"
	"luci-sso/internal/fault"
	"luci-sso/internal/paths"
	"luci-sso/internal/secret"
	"luci-sso/internal/session"
	"luci-sso/internal/syslog"
)

// logout ends the session at the router and then at the provider.
func (r *request) logout(ctx context.Context) (cgi.Response, error) { return r.endSession(ctx, nil) }

// endSession destroys the session that the request's token proves to be its
// own. It does so without a configuration as well, as somebody signed in must
// be able to leave; unconfigured is what the request then ends in.
func (r *request) endSession(ctx context.Context, unconfigured error) (cgi.Response, error) {
	live, found, err := r.ownSession(ctx)
	if err != nil {
		if unconfigured != nil {
			err = unconfigured
		}
		return cgi.Response{}, err
	}
	if r.hasSessionCookie() {
		r.undo = append(r.undo, signOut()...)
		if straightIn() {
			r.undo = append(r.undo, stay())
		}
	}
	if found {
		if err := r.sessions().Destroy(ctx, live.ID); err != nil {
			r.undo = nil
			return cgi.Response{}, err
		}
		r.event = events.Event{Kind: events.Logout, Role: live.Role, Name: secret.Fingerprint(live.Subject), Provider: live.Provider}
		r.log.Line(syslog.Info, "signed out: user "+syslog.Quote(live.User)+", subject "+secret.Fingerprint(live.Subject)+by(live.Provider))
	}
	if unconfigured != nil {
		return cgi.Response{}, unconfigured
	}
	location := "/"
	if live.SSO() {
		location = r.providerLogout(ctx, live)
	}
	return cgi.Redirect(location, r.undo...), nil
}

// hasSessionCookie reports whether the browser sent a session along. Another
// site's link comes without, as the cookies are Strict. Ending them all the
// same would let that link log people out, past the check of the token.
func (r *request) hasSessionCookie() bool {
	for _, name := range sessionCookieNames {
		if len(r.Cookies(name)) > 0 {
			return true
		}
	}
	return false
}

// ownSession finds the session of the request's cookies. The stoken must be
// its CSRF token, or anybody's link could log people out.
func (r *request) ownSession(ctx context.Context) (live session.Live, found bool, err error) {
	stoken, _ := r.Param("stoken")
	for _, name := range sessionCookieNames {
		for _, id := range r.Cookies(name) {
			candidate, ok, err := r.sessions().Find(ctx, id)
			if err != nil {
				return session.Live{}, false, err
			}
			if ok && candidate.Token.Equal(secret.New(stoken)) {
				return candidate, true, nil
			}
			found = found || ok
		}
	}
	if found {
		return session.Live{}, false, fault.New(fault.CSRFCheckFailed, "the logout request's stoken is missing or not that of the session")
	}
	return session.Live{}, false, nil
}

// by says in a line of the log which provider somebody came by, where that is
// not the usual one.
func by(provider string) string {
	if provider == config.Section {
		return ""
	}
	return ", provider " + syslog.Quote(provider)
}

// providerLogout is where the browser ends the provider's session, or "/".
// The router's own session is over by now, so nothing here is a failure.
func (r *request) providerLogout(ctx context.Context, live session.Live) string {
	if live.Provider != r.config.Provider {
		c, err := config.LoadProvider(paths.Config(), live.Provider)
		if err != nil {
			r.notice("signed out of the router only: " + err.Error())
			return "/"
		}
		r.config = c
	}
	if live.Issuer != r.config.Text("issuer_url") || !r.config.On("provider_logout") {
		return "/"
	}
	party := r.relyingParty()
	metadata, err := party.Discover(ctx)
	if err != nil {
		if f, ok := fault.As(err); ok {
			r.notice("signed out of the router only: " + f.Detail)
		}
		return "/"
	}
	if location := party.EndSessionURL(metadata, live.IDToken, r.config.Text("post_logout_redirect_uri")); location != "" {
		return location
	}
	return "/"
}

// signedIn reports whether the browser has a session that lives. It did not
// have to send it: the cookie is Strict.
func (r *request) signedIn(ctx context.Context) bool {
	for _, name := range sessionCookieNames {
		for _, id := range r.Cookies(name) {
			if _, ok, err := r.sessions().Find(ctx, id); ok && err == nil {
				return true
			}
		}
	}
	return false
}
