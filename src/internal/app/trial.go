// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"time"

	"luci-sso/internal/cgi"
	"luci-sso/internal/fault"
	"luci-sso/internal/host"
	"luci-sso/internal/login"
	"luci-sso/internal/methods"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
	"luci-sso/internal/trial"
)

// This file takes a sign-in through that is only tried. Its cookies, its files
// and its way through here are its own: where a login ends in a session, it
// ends in a sentence. Without a trial the addresses are what they are for
// everybody else.

// tryPath begins a trial.
const tryPath = "/try"

// tries sends a browser to the provider that its page has given a ticket.
func (r *request) tries(ctx context.Context) (cgi.Response, error) {
	none := func(err error) (cgi.Response, error) {
		return cgi.Response{}, fault.Wrap(fault.NotFound, err, "there is no page "+syslog.Quote(r.Path)+": "+err.Error())
	}
	if r.Method != "GET" || !r.Secure {
		return none(trial.ErrNone)
	}
	t, err := trial.Depart(secret.New(r.Cookie(ticketCookieName)))
	if err != nil {
		return none(err)
	}
	r.undo = append(r.undo, cgi.Cookie{Name: ticketCookieName, Path: "/", SameSite: cgi.Strict, Expire: true})
	if _, alive, err := r.sessions().Find(ctx, t.Session); err != nil || !alive {
		// Nobody could see what comes of it.
		return none(trial.ErrNone)
	}
	flow, err := r.trialFlow(t)
	if err != nil {
		return r.tried(t, flow, login.Trial{}, err), nil
	}
	place, err := host.Decide(ctx, host.Settings{Host: r.Host, RedirectURI: r.config.Text("redirect_uri"), Listed: r.config.List("host")}, host.OnRouter())
	if err != nil {
		return r.tried(t, flow, login.Trial{}, fault.Wrap(fault.ConfigError, err, "a login at the Host "+syslog.Quote(r.Host)+" is refused: "+err.Error())), nil
	}
	location, pending, err := flow.BeginTrial(ctx, r.config.Callback(place.RedirectURI))
	if err != nil {
		return r.tried(t, flow, login.Trial{}, err), nil
	}
	t.RedirectURI = pending.RedirectURI
	t.State, t.Nonce, t.Verifier = pending.State.Reveal(), pending.Nonce.Reveal(), pending.Verifier.Reveal()
	cookie, err := trial.Away(t)
	if err != nil {
		return r.tried(t, flow, login.Trial{}, err), nil
	}
	return cgi.Redirect(location, append(r.undo, tryCookie(cookie))...), nil
}

// returned is the trial of this browser that a callback belongs to.
func (r *request) returned() (t trial.Trial, ok bool) {
	state, _ := r.Param("state")
	cookie := secret.New(r.Cookie(tryCookieName))
	if r.Method != "GET" || !r.Secure || cookie.Empty() {
		return t, false
	}
	t, err := trial.Return(cookie, secret.New(state))
	return t, err == nil
}

// comesBack ends a trial.
func (r *request) comesBack(ctx context.Context, t trial.Trial) (cgi.Response, error) {
	r.undo = append(r.undo, tryCookie(secret.Value{}))
	flow, err := r.trialFlow(t)
	if err != nil {
		return r.tried(t, flow, login.Trial{}, err), nil
	}
	result, err := flow.Try(ctx, t.Pending(), r.callbackParams())
	return r.tried(t, flow, result, err), nil
}

// trialFlow is a flow that can find out everything and make nothing: it has
// neither sessions nor the store of pending logins, and keeps no document.
func (r *request) trialFlow(t trial.Trial) (*login.Flow, error) {
	c, err := t.Settings.Config()
	if err != nil {
		return nil, err
	}
	r.config = c
	r.party = login.RelyingParty(c, "", r.notice)
	r.party.Channel.Within(BackchannelTime)
	return &login.Flow{
		Config: c, Party: r.party, Now: time.Now,
		Note: func(f *fault.Fault) { r.notice(f.Detail + " (" + string(f.Code) + ")") },
	}, nil
}

// tried gives the page what came of its trial, and the window a sentence. The
// log has a line of it, and no code: no login has failed.
func (r *request) tried(t trial.Trial, flow *login.Flow, result login.Trial, err error) cgi.Response {
	said := r.said
	r.said, r.config = nil, nil
	var reply []byte
	var failed error
	if flow != nil {
		reply, failed = methods.Trial(flow.Config, result, err, said)
	} else {
		reply, failed = methods.Trial(nil, result, err, said)
	}
	if failed == nil {
		failed = trial.Came(t, reply)
	}
	line := "a login was tried from the settings page, for subject " + secret.Fingerprint(result.Identity.Subject) + ": it would get in"
	if f, ok := fault.As(err); ok {
		line = "a login was tried from the settings page: it would end in " + string(f.Ends().Code) + "; " + f.Detail
	}
	if failed != nil {
		line += "; the page cannot show it: " + failed.Error()
	}
	r.log.Line(syslog.Info, line)
	r.closing = true
	return r.page(cgi.Response{Status: 200, Cookies: r.undo}, sentenceTried)
}

// tryCookie carries a trial; an empty handle ends the cookie.
func tryCookie(handle secret.Value) cgi.Cookie {
	return cgi.Cookie{
		Name: tryCookieName, Value: handle.Reveal(), Path: "/", SameSite: cgi.Lax,
		MaxAge: int(trial.Lifetime.Seconds()), Expire: handle.Empty(),
	}
}
