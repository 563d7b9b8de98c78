// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"luci-sso/internal/fault"
	"luci-sso/internal/syslog"
)

// Metadata is what the provider publishes of itself (OpenID Connect Discovery
// 1.0 §3). Every member is the provider's word; endpoints are checked where
// they are used.
type Metadata struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	UserInfoEndpoint      string   `json:"userinfo_endpoint"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	SigningAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	Scopes                []string `json:"scopes_supported"`
	Claims                []string `json:"claims_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	// ResponseIssuer: authorization responses carry iss (RFC 9207 §3).
	ResponseIssuer bool `json:"authorization_response_iss_parameter_supported"`
}

// DiscoveryURL is where an issuer publishes its metadata (Discovery §4.1).
func DiscoveryURL(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
}

// Discover returns the provider's metadata, fetched at most once in
// CacheLifetime. Its faults end in OIDC_DISCOVERY_FAILED.
func (p *Party) Discover(ctx context.Context) (Metadata, error) {
	var metadata Metadata
	err := p.load(ctx, document{
		what: "discovery document",
		name: p.cacheName("discovery"),
		url:  DiscoveryURL(p.Issuer),
		codes: codes{
			network:  fault.DiscoveryNetworkError,
			insecure: fault.InsecureIssuerURL,
			tooLarge: fault.OIDCDiscoveryFailed,
			outcome:  fault.OIDCDiscoveryFailed,
		},
		status: fault.DiscoveryFailed,
		check: func(body []byte, cached bool) error {
			metadata = Metadata{}
			if err := decode(body, &metadata); err != nil {
				return fault.Wrap(fault.InvalidDiscoveryDoc, err,
					"the discovery document "+syslog.Quote(DiscoveryURL(p.Issuer))+" is not a JSON object of the expected form: "+syslog.Quote(err.Error()))
			}
			return metadata.check(p.Issuer, cached)
		},
	}, false)
	return metadata, err
}

// cacheName is the file name of a kept document. It depends on the issuer, so
// that another provider never meets this one's keys.
func (p *Party) cacheName(kind string) string {
	sum := sha256.Sum256([]byte(p.Issuer))
	return hex.EncodeToString(sum[:8]) + "." + kind + ".json"
}

// check refuses a document of another issuer (Discovery §4.3) and one without
// what a login needs. The endpoints of a kept copy are checked at their use.
func (m Metadata) check(issuer string, cached bool) error {
	switch {
	case m.Issuer == "":
		return fault.New(fault.DiscoveryMissingIssuer, "the discovery document has no issuer")
	case m.Issuer != issuer:
		return fault.New(fault.DiscoveryIssuerMismatch,
			"the provider calls itself "+syslog.Quote(m.Issuer)+" but option issuer_url is "+syslog.Quote(issuer)+"; they must be equal to the last character")
	}
	for _, endpoint := range []struct{ name, url string }{
		{"authorization_endpoint", m.AuthorizationEndpoint},
		{"token_endpoint", m.TokenEndpoint},
		{"jwks_uri", m.JWKSURI},
	} {
		if endpoint.url == "" {
			return fault.New(fault.DiscoveryMissingEndpoint, "the discovery document has no "+endpoint.name)
		}
		if !cached && !secure(endpoint.url) {
			return fault.New(fault.InsecureEndpoint, "the provider's "+endpoint.name+" is "+syslog.Quote(endpoint.url)+", it must begin with https://")
		}
	}
	return nil
}

// AnnouncesNoAtHash reports whether the provider itself says that its ID
// tokens have no at_hash: it publishes claims_supported without it.
func (m Metadata) AnnouncesNoAtHash() bool {
	return len(m.Claims) > 0 && !slices.Contains(m.Claims, "at_hash")
}

// secure reports whether a URL is https. It is the one test of that question.
func secure(url string) bool {
	return len(url) > len("https://") && strings.EqualFold(url[:len("https://")], "https://")
}
