// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

// AuthorizationRequest holds the values of one authorization request that
// differ from login to login.
type AuthorizationRequest struct {
	RedirectURI string
	Scope       string
	State       secret.Value
	Nonce       secret.Value
	Challenge   string // Of Challenge.
	// Ask is what this sign-in asks for besides: acr_values, max_age, prompt.
	// It stands above the Party's AuthParams.
	Ask url.Values
}

// Challenge is the S256 code challenge of a PKCE verifier (RFC 7636 §4.2).
func Challenge(verifier secret.Value) string {
	if verifier.Empty() {
		return ""
	}
	sum := sha256.Sum256([]byte(verifier.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// SignInURL is where the browser goes to sign in: with the whole request, or
// with the name of one that was pushed.
func (p *Party) SignInURL(ctx context.Context, m Metadata, r AuthorizationRequest) (string, error) {
	if !p.pushes(m) {
		return p.AuthorizationURL(m, r)
	}
	parameters, err := p.parameters(m, r)
	if err == nil {
		parameters, err = p.push(ctx, m, parameters)
	}
	if err != nil {
		return "", err
	}
	return p.location(m, parameters)
}

// AuthorizationURL is where the browser goes to sign in (OIDC Core §3.1.2.1).
// Query parameters of the endpoint itself are kept (RFC 6749 §3.1).
func (p *Party) AuthorizationURL(m Metadata, r AuthorizationRequest) (string, error) {
	parameters, err := p.parameters(m, r)
	if err != nil {
		return "", err
	}
	return p.location(m, parameters)
}

func (p *Party) parameters(m Metadata, r AuthorizationRequest) (url.Values, error) {
	switch {
	case !secure(m.AuthorizationEndpoint):
		return nil, fault.New(fault.InsecureAuthEndpoint,
			"the provider's authorization_endpoint is "+p.Veil.Address(m.AuthorizationEndpoint)+", it must begin with https://")
	case strings.Contains(m.AuthorizationEndpoint, "#"):
		return nil, fault.New(fault.InvalidAuthEndpoint,
			"the provider's authorization_endpoint "+p.Veil.Address(m.AuthorizationEndpoint)+" has a fragment")
	case r.State.Empty():
		return nil, fault.New(fault.MissingStateParameter, "the authorization request has no state")
	case r.Nonce.Empty():
		return nil, fault.New(fault.MissingNonceParameter, "the authorization request has no nonce")
	case r.Challenge == "":
		return nil, fault.New(fault.MissingPKCEChallenge, "the authorization request has no code_challenge")
	}
	query := url.Values{}
	maps.Copy(query, p.AuthParams)
	maps.Copy(query, r.Ask)
	// The protocol's own come last: nothing takes their place.
	for name, value := range map[string]string{
		"response_type":         "code",
		"client_id":             p.ClientID,
		"redirect_uri":          r.RedirectURI,
		"scope":                 r.Scope,
		"state":                 r.State.Reveal(),
		"nonce":                 r.Nonce.Reveal(),
		"code_challenge":        r.Challenge,
		"code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	return query, nil
}

func (p *Party) location(m Metadata, parameters url.Values) (string, error) {
	location := withQuery(p.forBrowser(m.AuthorizationEndpoint), parameters)
	if len(location) > maxLocation {
		return "", fault.New(fault.InvalidAuthEndpoint, "the address to sign in at would have "+strconv.Itoa(len(location))+
			" bytes and "+strconv.Itoa(maxLocation)+" reach the browser: the provider's authorization_endpoint, option scope or list auth_param is too long")
	}
	return location, nil
}

// EndSessionURL is where the browser goes to end the provider's session
// (RP-Initiated Logout 1.0 §2), or "" when the provider has no such place.
func (p *Party) EndSessionURL(m Metadata, idToken secret.Value, postLogoutRedirectURI string) string {
	if m.EndSessionEndpoint == "" {
		return ""
	}
	if !secure(m.EndSessionEndpoint) || strings.Contains(m.EndSessionEndpoint, "#") {
		p.Notice("the provider's end_session_endpoint " + p.Veil.Address(m.EndSessionEndpoint) + " is not usable: it must begin with https:// and have no fragment")
		return ""
	}
	endpoint := p.forBrowser(m.EndSessionEndpoint)
	query := url.Values{"client_id": {p.ClientID}}
	if postLogoutRedirectURI != "" {
		query.Set("post_logout_redirect_uri", postLogoutRedirectURI)
	}
	if !idToken.Empty() {
		hinted := maps.Clone(query)
		hinted.Set("id_token_hint", idToken.Reveal())
		if location := withQuery(endpoint, hinted); len(location) <= maxLocation {
			return location
		}
	}
	location := withQuery(endpoint, query)
	if len(location) > maxLocation {
		p.Notice("the provider's end_session_endpoint is not usable: it is too long to reach the browser")
		return ""
	}
	return location
}

// forBrowser is an endpoint as the browser reaches it. Behind a split horizon
// some providers announce their endpoints at the host that the router asked;
// the browser is sent to the issuer's instead, where it belongs.
func (p *Party) forBrowser(endpoint string) string {
	if p.InternalHost == "" {
		return endpoint
	}
	target, err := url.Parse(endpoint)
	issuer, issuerErr := url.Parse(p.Issuer)
	if err != nil || issuerErr != nil || origin(target) != origin(&url.URL{Host: p.InternalHost}) {
		return endpoint
	}
	target.Host = issuer.Host
	return target.String()
}

// maxLocation is the longest address that surely reaches the browser: uhttpd
// waits for ever for the end of a header line over 4096 bytes. The hint is
// what makes one long, when the ID token names many groups; client_id alone
// identifies the relying party (RP-Initiated Logout 1.0 §2).
const maxLocation = 4000

func withQuery(endpoint string, query url.Values) string {
	separator := "?"
	if strings.Contains(endpoint, "?") {
		separator = "&"
	}
	return endpoint + separator + query.Encode()
}
