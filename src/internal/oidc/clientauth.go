// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"net/url"
	"slices"
	"strings"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/clientkey"
	"luci-sso/internal/secret"
)

// This file is how the client proves to the provider who it is.

// Client authentication methods at the token endpoint (OIDC Core §9).
const (
	AuthAuto  = "auto"
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
	// AuthNone is a public client: PKCE alone ties the code to this login.
	AuthNone = "none"
	// AuthKey is an assertion signed by the router's own key (RFC 7523).
	AuthKey = "private_key_jwt"
)

// Ready makes sure that the client has what it will have to present, before
// anybody is sent to the provider.
func (p *Party) Ready() error {
	if p.AuthMethod != AuthKey {
		return nil
	}
	_, err := clientkey.Make()
	return err
}

// BySecret reports whether a method presents the client's secret.
func BySecret(method string) bool { return method == AuthBasic || method == AuthPost }

// credential is what a client presents, by whatever method.
type credential struct {
	id     string
	secret secret.Value
	key    func() (clientkey.Key, error)
}

func (p *Party) credential() credential {
	return credential{p.ClientID, p.ClientSecret, clientkey.Make}
}

// authenticate adds the client's credentials in the form the provider offers.
func (p *Party) authenticate(request *backchannel.Request, m Metadata) error {
	return p.present(request, p.Method(m), p.credential())
}

func (p *Party) present(request *backchannel.Request, method string, c credential) error {
	switch method {
	case AuthKey:
		key, err := c.key()
		if err != nil {
			return err
		}
		assertion, err := key.Assertion(c.id, p.Issuer, p.Now())
		if err != nil {
			return err
		}
		request.Form.Set("client_id", c.id)
		request.Form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		request.Form.Set("client_assertion", assertion.Reveal())
		p.Veil.Hide(assertion)
	case AuthPost:
		request.Form.Set("client_id", c.id)
		request.Form.Set("client_secret", c.secret.Reveal())
		p.Veil.Hide(c.secret)
	case AuthNone:
		request.Form.Set("client_id", c.id)
	default:
		request.Authorization = backchannel.Basic(c.id, c.secret.Reveal())
		_, credentials, _ := strings.Cut(request.Authorization, " ")
		p.Veil.Hide(c.secret, secret.New(credentials))
	}
	return nil
}

// Method is how the client presents its credentials: as option
// token_auth_method says, else by its secret. Nothing that a provider offers
// makes a client without one. Without a word from the provider
// client_secret_basic is the standard's default (Discovery §3). Where form-encoding, which Basic wants (RFC 6749
// §2.3.1), changes id or secret, post is taken if it is offered: some
// providers do not undo that.
func (p *Party) Method(m Metadata) string {
	if p.AuthMethod != "" && p.AuthMethod != AuthAuto {
		return p.AuthMethod
	}
	return p.secretMethod(m)
}

func (p *Party) secretMethod(m Metadata) string {
	if slices.Contains(m.TokenAuthMethods, AuthPost) && (!slices.Contains(m.TokenAuthMethods, AuthBasic) || p.Encoded()) {
		return AuthPost
	}
	return AuthBasic
}

// Encoded reports whether form-encoding changes the client's id or secret.
func (p *Party) Encoded() bool { return encodes(p.ClientID) || encodes(p.ClientSecret.Reveal()) }

// encodes reports whether form-encoding changes a text: a blank becomes "+",
// anything else three characters.
func encodes(text string) bool {
	return url.QueryEscape(strings.ReplaceAll(text, " ", "%")) != text
}

// methodAdvice is what to add when a provider refuses the client: the way in
// which it presents itself may be the reason.
func (p *Party) methodAdvice(m Metadata) string {
	method := p.Method(p.latest(m))
	switch {
	case method == AuthKey:
		return "; or option token_auth_method: the client came with an assertion of its own key, for which luci-sso client-key shows the public one to register at the provider, and whose aud is option issuer_url"
	case method == AuthNone:
		return "; or option token_auth_method: the client came without a secret, most providers want one unless the client is public there"
	case method == AuthBasic && p.Encoded():
		return "; or option token_auth_method: client_id or client_secret has characters that " + AuthBasic + " encodes, which some providers do not undo: set it to " + AuthPost
	}
	return "; or option token_auth_method: the client came by " + method + ", some providers want " + p.otherMethod(m, method)
}

// otherMethod is the next to try when one is refused.
func (p *Party) otherMethod(m Metadata, method string) string {
	switch method {
	case AuthPost:
		return AuthBasic
	case AuthBasic:
		return AuthPost
	}
	return p.secretMethod(m)
}
