// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"net/url"
	"strings"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/random"
	"luci-sso/internal/secret"
)

// This file asks a provider questions before anybody logs in. Nothing of it
// is part of a login, and no answer opens one.

// Secure reports whether a URL is https.
func Secure(address string) bool { return secure(address) }

// FetchMetadata fetches the discovery document past every cache. The document
// is not checked: err is about having and reading it. The response is there
// when the provider answered at all; at is where it was found.
func (p *Party) FetchMetadata(ctx context.Context) (m Metadata, response backchannel.Response, at string, err error) {
	d := p.discovery()
	at = d.url
	for hop := 0; ; hop++ {
		response, err = p.Channel.Do(ctx, backchannel.Request{URL: at, Accept: "application/json"})
		next := p.redirect(at, response)
		if err != nil || next == "" || hop == maxRedirects {
			break
		}
		at = next
	}
	if err == nil && response.Status == 200 {
		m, _, err = readMetadata(response.Body)
		if err == nil && m.check(p.Issuer, false, &p.Veil) == nil {
			p.fetched = map[string][]byte{d.kind: response.Body}
		}
	}
	return m, response, at, err
}

// UsableKeys counts the published keys that could verify an ID token. odd says
// which entries are of no use although they look as if they were, "" for none.
func (p *Party) UsableKeys(ctx context.Context, m Metadata) (n int, odd string, err error) {
	set, err := p.keys(ctx, m, true, idToken)
	notes := set.odd
	for i := range set.Keys {
		key := &set.Keys[i]
		if key.fits(RS256) || key.fits(ES256) {
			if _, err := key.public(); err == nil {
				n++
			} else if key.Curve == "" || key.Curve == "P-256" {
				notes = append(notes, "key "+p.Veil.Name(key.ID)+": "+err.Error())
			}
		}
	}
	return n, strings.Join(notes[:min(len(notes), 3)], "; "), err
}

// TryRedirect sends the authorization request of a login that must not show
// a page (prompt=none), and does not follow where it leads. A provider that
// sends the browser back to the redirect URI, with whatever error, knows it;
// one that answers with an error page does not.
func (p *Party) TryRedirect(ctx context.Context, m Metadata, redirectURI, scope string) Verdict {
	request, err := p.question(redirectURI, scope)
	if err != nil {
		return Unknown
	}
	request.Ask = url.Values{"prompt": {"none"}}
	location, err := p.AuthorizationURL(m, request)
	if err != nil {
		return Unknown
	}
	response, err := p.Channel.Do(ctx, backchannel.Request{URL: location, Accept: "text/html"})
	if err != nil {
		return Unknown
	}
	if response.Location != "" {
		path, _, _ := strings.Cut(response.Location, "?")
		wanted, _, _ := strings.Cut(redirectURI, "?")
		switch {
		case path == wanted:
			return Accepted
		case strings.Contains(path, "/error"):
			return Refused
		}
		return Unknown
	}
	body := strings.ToLower(string(response.Body[:min(len(response.Body), 64<<10)]))
	if response.Status >= 400 && response.Status < 500 && response.Status != 429 && (strings.Contains(body, "redirect") || strings.Contains(body, "callback")) {
		return Refused
	}
	return Unknown
}

// question is an authorization request that nobody will follow.
func (p *Party) question(redirectURI, scope string) (AuthorizationRequest, error) {
	made, err := p.questionValues()
	return AuthorizationRequest{
		RedirectURI: redirectURI, Scope: scope,
		State: secret.New(made[0]), Nonce: secret.New(made[1]), Challenge: Challenge(secret.New(made[0])),
	}, err
}

func (p *Party) questionValues() (made [2]string, err error) {
	for i := range made {
		if made[i], err = random.Token(); err != nil {
			return made, err
		}
	}
	return made, nil
}
