// SPDX-License-Identifier: Apache-2.0

// Package host owns one decision: which host a login belongs to. It knows
// nothing of requests, cookies or providers, and what it has to know of the
// router comes in as Facts.
//
// The host matters because the provider sends the code of a login to it, and
// one client at the provider may serve several routers. If whoever starts a
// login could name another of them, the code of somebody else's login would go
// there, and could be brought back to the router where it was started. To
// compare the hosts of start and callback would not help: both headers are
// written by the one who starts.
package host

import (
	"context"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// CallbackPath is where the provider sends people back to.
const CallbackPath = "/cgi-bin/luci-sso/callback"

// Settings are the two options that decide, and the header.
type Settings struct {
	Host        string   // Of the request, as it was sent.
	RedirectURI string   // Option redirect_uri, "" when unset.
	Listed      []string // List host.
}

// Facts are what the router knows about itself. Each is asked for only when
// the ones before did not decide.
type Facts struct {
	// Local reports whether an interface of this router has the address.
	Local func(netip.Addr) bool
	// Names are those of the system, with and without the local domain.
	Names func() []string
	// Resolve looks a full name up, within a bounded time.
	Resolve func(ctx context.Context, name string) []netip.Addr
}

// Place is where a login belongs.
type Place struct {
	RedirectURI string
	// First is the origin where the login has to start instead, because the
	// browser will come back there and its cookie has to be there by then. It
	// is "" when the request came there.
	First string
}

// The reasons why a host is nobody's to log in at.
var (
	ErrNoHost = errors.New("it is no host name")
	ErrNotOwn = errors.New("it is not known as this router's own")
)

// Decide is the decision.
func Decide(ctx context.Context, s Settings, facts Facts) (Place, error) {
	here, ok := Parse(s.Host)
	if s.RedirectURI != "" {
		place := Place{RedirectURI: s.RedirectURI}
		if there, known := of(s.RedirectURI); known && !(ok && here == there) {
			place.First = there.Origin()
		}
		return place, nil
	}
	if !ok {
		return Place{}, ErrNoHost
	}
	if !Own(ctx, here, s.Listed, facts) {
		return Place{}, ErrNotOwn
	}
	// To a browser a name with a final dot is another host, but nobody
	// registers it at a provider.
	plain := here.Plain()
	place := Place{RedirectURI: plain.Origin() + CallbackPath}
	if plain != here {
		place.First = plain.Origin()
	}
	return place, nil
}

// of is the address of a URL.
func of(address string) (Address, bool) {
	parsed, err := url.Parse(address)
	if err != nil {
		return Address{}, false
	}
	return Parse(parsed.Host)
}

// Own reports whether an address is this router's own. That an attacker's name
// can resolve to one of the router's addresses does not matter: the provider
// would have to have it on its list.
func Own(ctx context.Context, a Address, listed []string, facts Facts) bool {
	a = a.Plain()
	for _, entry := range listed {
		// One without a port stands for any.
		if e, ok := Parse(entry); ok && e.Plain().Name == a.Name && (e.Port == "" || e.Port == a.Port) {
			return true
		}
	}
	if ip, ok := a.IP(); ok {
		return facts.Local(ip)
	}
	if a.Name == "localhost" || slices.ContainsFunc(facts.Names(), func(name string) bool { return strings.EqualFold(name, a.Name) }) {
		return true // RFC 6761 §6.3: localhost is always here.
	}
	return slices.ContainsFunc(facts.Resolve(ctx, a.Name), func(ip netip.Addr) bool { return facts.Local(ip.Unmap()) })
}

// Lead reports whether a redirect URI leads to this router, as far as it can
// tell: through a proxy it does without looking so, unless it is listed.
func Lead(ctx context.Context, redirectURI string, listed []string, facts Facts) (name string, own bool) {
	there, ok := of(redirectURI)
	return there.String(), ok && Own(ctx, there, listed, facts)
}
