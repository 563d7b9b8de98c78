// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

// ErrOver is wrapped in the error of a provider's answer that says: this
// sign-in does not hold any more. Any other error says that the provider
// could not be asked.
var ErrOver = errors.New("the sign-in does not hold any more")

// Refresh asks whether a sign-in still holds (RFC 6749 §6).
func (p *Party) Refresh(ctx context.Context, m Metadata, refresh secret.Value) (Tokens, error) {
	p.Veil.Hide(refresh)
	response, err := p.askForTokens(ctx, m, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh.Reveal()}})
	if err != nil {
		return Tokens{}, err
	}
	tokens, err := p.readTokens(fault.Refresh, response, p.methodAdvice(m))
	if err == nil && tokens.Access.Empty() {
		err = fault.New(fault.MissingAccessToken, "the answer to a refresh token has no access_token")
	}
	if err != nil && over(response, err) {
		err = fault.Wrap(fault.SessionRevoked, ErrOver, fault.Plain(err))
	}
	return tokens, err
}

// over tells a refusal of the refresh token from one of the client, the
// request or the moment. For a token that is good no more the standard has
// invalid_grant. Some say invalid_request, some nothing but 400 (a page of HTML
// is a proxy's), some a sentence, and those that would have the person sign in
// anew say so in words of OIDC Core §3.1.2.6.
func over(response backchannel.Response, err error) bool {
	value, _ := errorOf(response.Body)
	if response.Status == 429 || response.Status >= 500 {
		return false // Of the moment, whatever word goes with it.
	}
	switch value {
	case "":
		return response.Status == 400 && (len(response.Body) == 0 || strings.HasSuffix(response.ContentType, "json"))
	case "invalid_request":
		return response.Status == 400
	case "invalid_grant":
		return true
	}
	// 401 is about the client (RFC 6749 §5.2), whatever word goes with it: a wrong
	// secret.
	return response.Status == 400 && fault.Is(err, fault.OIDCInvalidGrant) || response.Status != 401 && slices.Contains([]string{
		"access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required",
	}, value)
}

// VerifyRefreshed checks the ID token of a refresh as OIDC Core §12.2 requires
// against the one of the login, which was verified then and kept under seal.
// It need have neither nonce nor at_hash. The fault of one that is about
// another sign-in wraps ErrOver.
func (p *Party) VerifyRefreshed(ctx context.Context, m Metadata, token, login secret.Value) (Claims, error) {
	claims, err := p.authentic(ctx, m, idToken, token)
	if err != nil {
		return nil, err
	}
	if err := p.checkOurs(claims); err != nil {
		return nil, err
	}
	first := recall(login)
	for _, name := range []string{"sub", "auth_time", "nonce"} {
		if differs(name, first, claims) {
			return nil, fault.Wrap(fault.SessionRevoked, ErrOver, "the ID token that came with a refresh has another "+name+" than that of the login")
		}
	}
	return claims, nil
}

// differs: sub has to be there again, the others may be left out.
func differs(name string, first, now Claims) bool {
	if name == "auth_time" {
		was, _, known := first.seconds(name)
		is, there, ok := now.seconds(name)
		return known && there && (!ok || is != was)
	}
	was, known := first.Text(name)
	is, _ := now.Text(name)
	return known && is != was && (name == "sub" || now[name] != nil)
}

// recall reads the claims of an ID token that was verified before.
func recall(token secret.Value) Claims {
	_, rest, _ := strings.Cut(token.Reveal(), ".")
	payload, _, _ := strings.Cut(rest, ".")
	raw, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return nil
	}
	var claims Claims
	_ = decode(raw, &claims)
	return claims
}

// Revoke tells the provider that a refresh token is no longer needed (RFC 7009
// §2.1), where it announces a place for that. An answer of any kind ends the
// matter: nothing depends on it. done is false when there was none.
func (p *Party) Revoke(ctx context.Context, m Metadata, refresh secret.Value) (done bool) {
	p.Veil.Hide(refresh)
	if !secure(m.RevocationEndpoint) {
		return true
	}
	request := backchannel.Request{
		URL: m.RevocationEndpoint, Accept: "application/json",
		Form: url.Values{"token": {refresh.Reveal()}, "token_type_hint": {"refresh_token"}},
	}
	if p.authenticate(&request, m) != nil {
		return true
	}
	response, err := p.Channel.Do(ctx, request)
	return err == nil && response.Status < 500
}
