// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"strconv"

	"luci-sso/internal/cgi"
	"luci-sso/internal/ending"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
	"luci-sso/internal/paths"
	"luci-sso/internal/ratelimit"
	"luci-sso/internal/replay"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
)

// The provider's requests have a window of their own: a flood of logins takes
// nothing of it, nor the other way round. It is wide, because a provider that
// ends many sessions at once sends a request for each and tries none again,
// and no client has all of it.
const (
	logoutShare  = 4 // Times option rate_limit.
	logoutClient = 3
)

// providerSays answers the provider's own request to end sessions (OpenID
// Connect Back-Channel Logout 1.0). No browser sees it.
func (r *request) providerSays(ctx context.Context) cgi.Response {
	if r.Method != "POST" {
		return refusal(cgi.Response{Status: 405, Allow: "POST"}, "only POST is answered here")
	}
	if !r.Secure {
		return refusal(cgi.Response{Status: 403}, "only https is answered here")
	}
	limiter := ratelimit.Open(paths.LogoutLimit(), ratelimit.Options{
		Limit: logoutShare * r.config.Number("rate_limit"), Window: r.config.Seconds("rate_window"), PerClient: logoutClient * r.config.Number("rate_limit"),
	})
	decision, err := limiter.Admit(r.Client.String(), nil)
	if decision.Diagnostic != "" {
		r.notice(decision.Diagnostic)
	}
	if err == nil {
		err = r.signOut(ctx)
	}
	f, ok := fault.As(err)
	switch {
	case err == nil:
		r.logNotes(200)
		return cgi.Response{Status: 200}
	case !ok:
		f = fault.New(fault.BackchannelLogoutFailed, "internal error; please report it")
	}
	response := r.fail(cgi.Response{RetryAfter: decision.RetryAfter}, f)
	return refusal(response, "the logout token was not accepted or the logout failed; the router's log says why")
}

// refusal is an error as the standard wants it (§2.8).
func refusal(response cgi.Response, why string) cgi.Response {
	response.ContentType = "application/json"
	response.Body = `{"error": "invalid_request", "error_description": "` + why + `"}`
	return response
}

func (r *request) signOut(ctx context.Context) error {
	form, err := r.ReadForm(r.body)
	if err != nil {
		return fault.Wrap(fault.LogoutTokenInvalid, err, "a request to end sessions brings no logout token: "+err.Error())
	}
	text, _ := form.Value("logout_token")
	if text == "" {
		return fault.New(fault.LogoutTokenInvalid, "a request to end sessions brings no logout token: the form has no field logout_token, or several")
	}
	party := r.relyingParty()
	token := secret.New(text)
	party.Veil.Hide(token)
	metadata, err := party.Discover(ctx)
	if err != nil {
		return notDone("the provider's documents cannot be had", err)
	}
	out, err := party.VerifyLogout(ctx, metadata, token)
	if err != nil {
		return err
	}
	party.Veil.HidePerson(secret.New(out.Subject))
	return r.endNamed(ctx, out)
}

// endNamed ends the sessions that a logout token names. The token counts as
// used when that is done: a provider that comes again after a kill in between
// has to find nothing in its way.
func (r *request) endNamed(ctx context.Context, out oidc.SignedOut) error {
	used := replay.Open(paths.Tokens())
	name := secret.New("logout token\x00" + r.config.Text("issuer_url") + "\x00" + out.ID)
	if used.Known(name) {
		return fault.New(fault.LogoutTokenInvalid, "the logout token is refused: its jti came before")
	}
	ended, err := ending.SignedOut(ctx, r.sessions(), r.config.Provider, r.config.Text("issuer_url"), out)
	reason := fault.New(fault.SessionEndedByProvider, "the provider says that the person signed out there")
	// A token that ends nothing is worth a line as well: somebody may wonder
	// why they are still in.
	r.log.Line(syslog.Info, "the provider signed out subject "+secret.Fingerprint(out.Subject)+"; sessions ended: "+strconv.Itoa(len(ended)))
	for _, record := range ended {
		ending.Remember(record, reason, r.Client.String())
	}
	if len(ended) > 0 {
		r.log.Line(syslog.Info, "["+strconv.Itoa(reason.Ends().Status)+"] "+string(reason.Code))
	}
	if err != nil {
		return notDone("a session could not be ended", err)
	}
	if err := used.Register(name, out.Expires.Add(r.config.Seconds("clock_tolerance"))); err != nil && !fault.Is(err, fault.TokenReplayed) {
		r.notice("the logout token can be used again: " + err.Error())
	}
	return nil
}

func notDone(why string, err error) error {
	return fault.Wrap(fault.BackchannelLogoutFailed, err, why+": "+err.Error())
}
