// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/syslog"
)

// Metadata is what the provider publishes of itself (OpenID Connect Discovery
// 1.0 §3). Every member is the provider's word; endpoints are checked where
// they are used.
type Metadata struct {
	Issuer                string
	AuthorizationEndpoint string
	TokenEndpoint         string
	JWKSURI               string
	UserInfoEndpoint      string
	EndSessionEndpoint    string
	RevocationEndpoint    string
	PushedEndpoint        string // RFC 9126 §5.
	RequiresPushed        bool
	TokenAuthMethods      []string
	SigningAlgorithms     []string
	Scopes                []string
	Claims                []string
	ChallengeMethods      []string
	ACRValues             []string
	// ResponseIssuer: authorization responses carry iss (RFC 9207 §3).
	ResponseIssuer bool

	// Vague are the members that were there in a form nobody can read.
	Vague []string

	kept bool // It is a copy of an earlier day.
}

// readMetadata reads a discovery document. What a login needs must have the
// standard's form; any other member that has not counts as absent and is
// named in odd.
func readMetadata(body []byte) (m Metadata, odd string, err error) {
	o, err := readObject(body)
	if err != nil {
		return m, "", err
	}
	for _, member := range []struct {
		name string
		into *string
	}{
		{"issuer", &m.Issuer},
		{"authorization_endpoint", &m.AuthorizationEndpoint},
		{"token_endpoint", &m.TokenEndpoint},
		{"jwks_uri", &m.JWKSURI},
	} {
		if *member.into, err = o.needed(member.name); err != nil {
			return Metadata{}, "", err
		}
	}
	m.UserInfoEndpoint = o.text("userinfo_endpoint")
	m.EndSessionEndpoint = o.text("end_session_endpoint")
	m.RevocationEndpoint = o.text("revocation_endpoint")
	m.PushedEndpoint = o.text("pushed_authorization_request_endpoint")
	m.RequiresPushed = o.flag("require_pushed_authorization_requests")
	m.TokenAuthMethods = o.texts("token_endpoint_auth_methods_supported")
	m.SigningAlgorithms = o.texts("id_token_signing_alg_values_supported")
	m.Scopes = o.texts("scopes_supported")
	m.Claims = o.texts("claims_supported")
	m.ChallengeMethods = o.texts("code_challenge_methods_supported")
	m.ACRValues = o.texts("acr_values_supported")
	m.ResponseIssuer = o.flag("authorization_response_iss_parameter_supported")
	m.Vague = o.vague
	return m, o.oddities(), nil
}

// Announces reports whether the provider says that it sends a claim. What
// cannot be read may say so.
func (m Metadata) Announces(claim string) bool {
	return slices.Contains(m.Claims, claim) || slices.Contains(m.Vague, "claims_supported")
}

// DiscoveryURL is where an issuer publishes its metadata (Discovery §4.1).
func DiscoveryURL(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
}

// Discover returns the provider's metadata, fetched at most once in
// CacheLifetime. Its faults end in OIDC_DISCOVERY_FAILED, or are
// PROVIDER_AWAITED.
func (p *Party) Discover(ctx context.Context) (Metadata, error) { return p.discover(ctx, false) }

func (p *Party) discover(ctx context.Context, force bool) (Metadata, error) {
	var metadata, old Metadata
	d := p.discovery()
	d.check = func(body []byte, cached bool) error {
		m, odd, err := readMetadata(body)
		if err != nil {
			return fault.Wrap(fault.InvalidDiscoveryDoc, err,
				"the discovery document "+p.Veil.Address(DiscoveryURL(p.Issuer))+" is not a JSON object of the expected form: "+p.Veil.Name(err.Error()))
		}
		if err := m.check(p.Issuer, cached, &p.Veil); err != nil {
			return err
		}
		if cached {
			old = m
		} else if odd != "" {
			p.Notice("members of the discovery document that have another form than the standard's count as absent: " + odd)
		}
		metadata = m
		return nil
	}
	kept, err := p.load(ctx, d, force)
	if err != nil {
		return Metadata{}, err
	}
	metadata.kept = kept
	if !kept && old.JWKSURI != "" && old.JWKSURI != metadata.JWKSURI {
		// Keys of an address that the provider has left.
		_ = os.Remove(p.CacheDir + "/" + p.cacheName(kindKeys))
	}
	return metadata, nil
}

// lately is for how long an answer says that the provider is there.
const lately = 30 * time.Second

// Answers reports whether the provider gives its discovery document, or did so
// a moment ago. It is asked before somebody is sent there who did not ask for
// it, and waits for no longer than they would.
func (p *Party) Answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, staleTime)
	defer cancel()
	d := p.discovery()
	d.lifetime = lately
	d.check = func(body []byte, cached bool) error {
		m, _, err := readMetadata(body)
		if err == nil {
			err = m.check(p.Issuer, cached, &p.Veil)
		}
		return err
	}
	kept, err := p.load(ctx, d, false)
	if err != nil || !kept {
		return err == nil
	}
	age, usable := p.keptAge(p.CacheDir+"/"+p.cacheName(kindDiscovery), d)
	return usable && age >= 0 && age < lately
}

// discovery describes the document, without its check.
func (p *Party) discovery() document {
	return document{
		what: "discovery document",
		kind: kindDiscovery,
		url:  DiscoveryURL(p.Issuer),
		codes: codes{
			network:  fault.DiscoveryNetworkError,
			insecure: fault.InsecureIssuerURL,
			tooLarge: fault.OIDCDiscoveryFailed,
			outcome:  fault.OIDCDiscoveryFailed,
		},
		status: fault.DiscoveryFailed,
		// Nobody has signed in yet: who comes again loses nothing.
		patience: 2 * time.Second,
	}
}

// The kinds of kept documents.
const (
	kindDiscovery = "discovery"
	kindKeys      = "jwks"
)

// latest is m, or what was fetched in its place during this request.
func (p *Party) latest(m Metadata) Metadata {
	if p.renewed != nil {
		return *p.renewed
	}
	return m
}

// renew fetches the discovery document again, once in a request, after an
// endpoint of a kept one (which names it) answered as if it were not there.
// ok reports that the provider now names another address for it. That may
// be asked: it was named by the issuer, over the same trust as the old one.
func (p *Party) renew(ctx context.Context, m Metadata, endpoint func(*Metadata) string) (fresh Metadata, ok bool) {
	if !m.kept || p.asked {
		return m, false
	}
	p.asked = true
	fresh, err := p.discover(ctx, true)
	if err != nil || fresh.kept {
		return m, false // What the endpoint said is what went wrong.
	}
	p.renewed = &fresh
	was, is := endpoint(&m), endpoint(&fresh)
	if is == was || !secure(is) {
		return m, false
	}
	p.Notice("the provider has moved " + p.Veil.Address(was) + " to " + p.Veil.Address(is) + "; its discovery document was fetched again")
	return fresh, true
}

// check refuses a document of another issuer (Discovery §4.3) and one without
// what a login needs. The endpoints of a kept copy are checked at their use.
func (m Metadata) check(issuer string, cached bool, veil *syslog.Veil) error {
	switch {
	case m.Issuer == "":
		return fault.New(fault.DiscoveryMissingIssuer, "the discovery document has no issuer")
	case m.Issuer != issuer:
		return fault.New(fault.DiscoveryIssuerMismatch,
			"the provider calls itself "+veil.Name(m.Issuer)+" but option issuer_url is "+syslog.Quote(issuer)+"; they must be equal to the last character")
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
			return fault.New(fault.InsecureEndpoint, "the provider's "+endpoint.name+" is "+veil.Address(endpoint.url)+", it must begin with https://")
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
