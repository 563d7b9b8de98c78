// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"context"
	"encoding/json"
	"errors"

	"luci-sso/internal/config"
	"luci-sso/internal/doctor"
	"luci-sso/internal/fault"
	"luci-sso/internal/host"
	"luci-sso/internal/login"
	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
	"luci-sso/internal/secret"
	"luci-sso/internal/trial"
)

// TryReply is the answer to the wish to try a login.
type TryReply struct {
	ID string `json:"id"` // Opens the trial, in a cookie of the browser that asks; "" when there is none.
	// Why there is none: rows as those of a test.
	Checks []*doctor.Check `json:"checks"`
	// Origin is where the page has to be open for it; "" when it is.
	Origin string `json:"origin"`
}

// TryLogin prepares a sign-in that is only tried, with these options in the
// place of the saved ones, and these roles unless nil. caller is the session
// that asks, and here the host at which its page is open: the browser comes
// back with a cookie of that host.
func TryLogin(ctx context.Context, provider string, options map[string]string, here string, roles []config.Role, caller string) (TryReply, error) {
	reply := TryReply{Checks: []*doctor.Check{}}
	if caller == "" {
		return reply, bad("a login can be tried from the page only: there is no session to show it to")
	}
	savedSecret(options)
	if provider == "" {
		provider = config.Section
	}
	settings := trial.Settings{Provider: provider, Options: options, Roles: roles}
	c, err := settings.Config()
	if err != nil {
		reply.Checks = doctor.SettingsFault(err)
		return reply, nil
	}
	place, err := host.Decide(ctx, host.Settings{Host: here, RedirectURI: c.Text("redirect_uri"), Listed: c.List("host")}, host.OnRouter())
	switch {
	case err != nil:
		reply.Checks = doctor.HostFault(here)
	case place.First != "":
		reply.Origin = place.First
	default:
		reply.ID, err = trial.Wish(caller, settings)
		return reply, err
	}
	return reply, nil
}

// TrialReply is what came of a trial.
type TrialReply struct {
	State     string       `json:"state"` // waiting or done.
	Code      string       `json:"code"`  // What a login would end in; "" when it would get in.
	Codes     []fault.Code `json:"codes"` // The same, cause first.
	Detail    string       `json:"detail"`
	IDToken   oidc.Claims  `json:"id_token"`
	UserInfo  oidc.Claims  `json:"userinfo"`
	NoAnswer  string       `json:"no_answer"` // Why UserInfo did not answer.
	Needed    bool         `json:"needed"`    // A login asks UserInfo, too.
	Algorithm string       `json:"algorithm"`
	AtHash    bool         `json:"at_hash"`  // It came, and is right.
	Lifetime  int64        `json:"lifetime"` // Seconds.
	Refresh   bool         `json:"refresh"`
	Used      Used         `json:"used"`
	Match     MatchReply   `json:"match"`
	Others    []string     `json:"others"` // Roles that would have fitted as well.
	Notes     []string     `json:"notes"`
}

// Used is what the roles were compared with.
type Used struct {
	Subject string   `json:"sub"`
	Email   string   `json:"email"`
	Counts  bool     `json:"email_counts"`
	Groups  []string `json:"groups"`
}

// Trial makes the reply of what came of a trial, for its page.
func Trial(c *config.Config, t login.Trial, err error, notes []string) ([]byte, error) {
	reply := TrialReply{
		State: "done", Codes: []fault.Code{}, IDToken: bounded(t.Claims), UserInfo: bounded(t.UserInfo), NoAnswer: t.NoAnswer, Needed: t.Needed,
		Algorithm: t.Algorithm, Refresh: t.Refresh, Others: []string{}, Notes: some(notes),
		Used: Used{Groups: some(t.Identity.Groups)},
	}
	if f, ok := fault.As(err); ok {
		reply.Code, reply.Codes, reply.Detail = string(f.Ends().Code), f.Chain(), f.Detail
	} else if err != nil {
		reply.Code, reply.Detail = "internal", err.Error()
	}
	if _, came := t.Claims["at_hash"]; came {
		reply.AtHash = true // Verify refuses a wrong one.
	}
	reply.Lifetime = t.Claims.Lifetime()
	var roles []config.Role
	if c != nil && t.Identity.Subject != "" {
		roles = c.Roles
		reply.Used.Subject, reply.Used.Email = t.Identity.Subject, t.Identity.Email
		reply.Used.Counts = role.EmailCounts(t.Identity, role.Rules{RequireEmailVerified: c.On("require_email_verified")})
	} else {
		c = &config.Config{}
	}
	reply.Match = matchOf(t.Identity, roles, c)
	for _, trace := range reply.Match.Trace {
		if trace.Matched && trace.Role != reply.Match.Role {
			reply.Others = append(reply.Others, trace.Role)
		}
	}
	return json.Marshal(reply)
}

// maxShown is how many bytes of claims a page gets.
const maxShown = 48 << 10

// bounded are claims for the page, as far as rpcd can carry them.
func bounded(claims oidc.Claims) oidc.Claims {
	if text, err := json.Marshal(claims); claims == nil || err != nil || len(text) > maxShown {
		return oidc.Claims{}
	}
	return claims
}

// TryResult is what came of a trial, for the session that asked for it, once.
func TryResult(id, caller string) (any, error) {
	result, ok, err := trial.Fetch(secret.New(id), caller)
	if err != nil {
		return nil, errors.New("what came of the trial cannot be removed, so it is not shown")
	}
	if !ok {
		return reply{"state": "waiting"}, nil
	}
	return json.RawMessage(result), nil
}
