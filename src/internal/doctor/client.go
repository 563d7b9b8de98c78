// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"slices"

	"luci-sso/internal/fault"
	"luci-sso/internal/host"
	"luci-sso/internal/oidc"
	"luci-sso/internal/syslog"
	"luci-sso/internal/words"
)

// This file asks whether the provider knows this client: its credentials and
// its callback address.

// redirectURI is the callback address that a login would use. sure is false
// when that depends on the address in a browser that is not here; the address
// is never empty, which counts as left out (RFC 6749 §3.1).
func (c *connection) redirectURI() (uri string, sure bool, err error) {
	facts := host.OnRouter()
	if c.config.Text("redirect_uri") != "" {
		return c.config.Text("redirect_uri"), true, nil
	}
	if c.here != "" {
		place, err := host.Decide(c.ctx, host.Settings{Host: c.here, Listed: c.config.List("host")}, facts)
		if err == nil {
			return c.config.Callback(place.RedirectURI), true, nil
		}
		return c.config.Callback("https://localhost" + host.CallbackPath), false, err
	}
	name := "localhost"
	for _, own := range facts.Names() {
		if a, ok := host.Parse(own); ok {
			name = a.String()
		}
	}
	return c.config.Callback("https://" + name + host.CallbackPath), false, nil
}

func (c *connection) credentials() string {
	method := c.party.Method(c.metadata)
	var check *Check
	uri, _, _ := c.redirectURI()
	c.within(func(ctx context.Context) {
		found := c.party.TryCredentials(ctx, c.metadata, uri)
		if (found.Verdict == oidc.Alike || found.Verdict == oidc.Unknown) && c.pushed(ctx, uri).Verdict == oidc.Accepted &&
			c.party.PushTells(ctx, c.metadata, uri, c.config.Text("scope")) {
			found.Verdict = oidc.Accepted
		}
		reason := c.shown(found.Reason)
		good, bad, alike, unknown := words.CredentialsGood, words.CredentialsBad, words.CredentialsAlike, words.CredentialsUnknown
		copied := words.CopyCredentials
		if !oidc.BySecret(method) {
			good, bad, alike, unknown = words.ClientGood, words.ClientBad, words.ClientUnknown, words.ClientUnknown
			copied = words.ChooseAuthMethod
		}
		switch {
		case found.Verdict == oidc.Accepted:
			check = row("credentials", Pass, good, method)
		case found.Other != "":
			check = row("credentials", Fail, words.CredentialsOther, method, found.Other).do(words.ChooseAuthMethod).paste(set("token_auth_method", found.Other))
		case found.Verdict == oidc.Refused:
			check = row("credentials", Fail, bad, reason).do(copied)
		case found.Verdict == oidc.Alike:
			check = row("credentials", Warn, alike, reason).do(words.TryLogin)
		default:
			check = row("credentials", Warn, unknown, reason).do(words.TryLogin)
		}
		if check.Status == Fail {
			check.code(string(fault.TokenExchangeFailed))
		}
		c.add(check)
		offered := c.metadata.TokenAuthMethods
		if found.Verdict != oidc.Accepted && found.Other == "" && len(offered) > 0 && !slices.Contains(offered, method) {
			c.add(row("offers", Warn, words.AuthMethodBad, method).do(words.ChooseAuthMethod))
		}
	})
	if offers := c.offers(); offers != nil {
		c.add(row("offers", Pass, words.ClientOffers, list(offers)))
	}
	return check.Status
}

// offers are the ways of this program's that the provider announces for a
// client to prove who it is, and whether it takes pushed requests.
func (c *connection) offers() (ways []string) {
	for _, way := range []string{oidc.AuthBasic, oidc.AuthPost, oidc.AuthKey, oidc.AuthNone} {
		if slices.Contains(c.metadata.TokenAuthMethods, way) {
			ways = append(ways, way)
		}
	}
	if ways != nil && c.metadata.PushedEndpoint != "" {
		ways = append(ways, "PAR")
	}
	return ways
}

// pushed is what the provider says to a pushed request of this client, where
// it takes such requests. It is asked once.
func (c *connection) pushed(ctx context.Context, uri string) oidc.Pushed {
	if c.push == nil {
		pushed := c.party.TryPush(ctx, c.metadata, uri, c.config.Text("scope"))
		c.push = &pushed
	}
	return *c.push
}

// HostFault is the row of a host at which no login may start.
func HostFault(here string) []*Check {
	return []*Check{row("redirect_uri", Fail, words.HostNotOwn, syslog.Printable(here, 100)).do(words.CheckHost).code(string(fault.ConfigError))}
}

func (c *connection) redirect() {
	uri, sure, err := c.redirectURI()
	switch {
	case err != nil:
		c.checks = append(c.checks, HostFault(c.here)...)
		return
	case !sure:
		// It follows the address in the browser, which is not known here.
		c.add(row("redirect_uri", Skip, words.RedirectUnknown, "https://…"+host.CallbackPath))
		return
	}
	c.within(func(ctx context.Context) {
		switch pushed := c.pushed(ctx, uri); {
		case pushed.Verdict == oidc.Accepted:
			c.add(row("redirect_uri", Pass, words.RedirectGood, uri))
			return
		case pushed.Verdict == oidc.Refused:
			check := row("redirect_uri", Fail, words.RedirectRefused, uri, c.shown(pushed.Reason)).do(words.RegisterRedirect).code(string(fault.IdPError))
			switch {
			case pushed.Client:
				check.do(words.CopyCredentials)
			case pushed.Scope:
				check.do(words.CheckScopes)
			}
			c.add(check)
			return
		}
		switch c.party.TryRedirect(ctx, c.metadata, uri, c.config.Text("scope")) {
		case oidc.Accepted:
			c.add(row("redirect_uri", Pass, words.RedirectGood, uri))
		case oidc.Refused:
			c.add(row("redirect_uri", Fail, words.RedirectBad, uri).do(words.RegisterRedirect).code(string(fault.IdPError)))
		default:
			c.add(row("redirect_uri", Skip, words.RedirectUnknown, uri).do(words.TryLogin))
		}
	})
}
