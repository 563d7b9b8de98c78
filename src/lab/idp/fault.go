// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"net/http"
	"net/url"
	"time"
)

// Endpoint names one of the provider's URLs.
type Endpoint string

// The provider's endpoints.
const (
	Discovery  Endpoint = "discovery"
	JWKS       Endpoint = "jwks"
	Authorize  Endpoint = "authorize"
	Token      Endpoint = "token"
	UserInfo   Endpoint = "userinfo"
	EndSession Endpoint = "end_session"
	Revocation Endpoint = "revocation"
	Pushed     Endpoint = "pushed"
	// Abandoned counts what is asked of an endpoint's earlier path.
	Abandoned Endpoint = "abandoned"
)

// Fault is one way in which the provider misbehaves. Every field is optional;
// the hooks get the correct value and change it in place. Faults that are on
// at the same time apply in the order in which they were switched on.
type Fault struct {
	Name    string // For the web page and the command line; "" for one made in a test.
	Summary string // What it does, one line.

	// At replaces or disturbs whole answers.
	At map[Endpoint]Answer

	// Metadata changes the discovery document.
	Metadata func(doc map[string]any)
	// Keys changes the JSON Web Key Set ("keys" is a []any of map[string]any).
	Keys func(set map[string]any)
	// AccessToken, when not empty, is handed out instead of a fresh one.
	AccessToken string
	// Grant changes what is being granted before tokens are made: the
	// person's claims, the nonce, the client.
	Grant func(g *Grant)
	// IDToken changes header, claims and signature.
	IDToken func(t *IDToken)
	// TokenResponse changes the token endpoint's JSON object.
	TokenResponse func(response map[string]any)
	// TokenError makes the token endpoint refuse every exchange.
	TokenError *OAuthError
	// Claims changes the UserInfo response.
	Claims func(claims map[string]any)
	// AuthorizeError sends the browser back with an error instead of a code.
	AuthorizeError *OAuthError
	// Callback changes the parameters with which the browser is sent back,
	// errors included: code, state, iss, error, …
	Callback func(query url.Values)
}

// OAuthError is an error response (RFC 6749, 4.1.2.1 and 5.2).
type OAuthError struct {
	Status      int // Token endpoint only; 0 means 400.
	Code        string
	Description string
	URI         string
}

// Answer says how an endpoint answers. The correct answer is made first, then
// changed from top to bottom.
type Answer struct {
	Times int // Only the first so many requests since the fault was switched on; 0: all.

	Delay time.Duration // Before anything is sent.
	Hang  bool          // Nothing is ever sent; ends when the client or the provider gives up.
	Reset bool          // The connection is reset without an answer.

	Handler http.HandlerFunc // Answers instead of the provider.

	Status     int         // Replaces the status; the body stays.
	StatusText string      // With Status: an unusual reason phrase.
	Header     http.Header // Replaces headers of these names; a nil value removes one.
	Location   string      // Redirects there (302 unless Status says otherwise).
	Body       []byte      // Replaces the body; NoBody for an empty one.
	Rewrite    func([]byte) []byte
	PadTo      int // Spaces are appended until the body has this many bytes.

	CutAfter int           // The full length is announced, so many bytes are sent, then the connection is reset; 0: off, CutAtOnce: only headers.
	Drip     time.Duration // Pause after every byte of the body.
}

// NoBody, as an Answer's Body, empties it.
var NoBody = []byte{}

// CutAtOnce, as CutAfter, stops after the headers.
const CutAtOnce = -1

// Inject switches faults on and returns a function that switches exactly
// these off again.
func (p *Provider) Inject(faults ...Fault) (remove func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var mine []*active
	for _, fault := range faults {
		a := newActive(fault)
		mine = append(mine, a)
		p.faults = append(p.faults, a)
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		kept := p.faults[:0:0]
		for _, a := range p.faults {
			if !contains(mine, a) {
				kept = append(kept, a)
			}
		}
		p.faults = kept
	}
}

// SetNamed makes exactly the named faults the ones that are on, beside those
// that Inject switched on without a name.
func (p *Provider) SetNamed(names ...string) error {
	var chosen []*active
	for _, name := range names {
		fault, err := Named(name)
		if err != nil {
			return err
		}
		chosen = append(chosen, newActive(fault))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.faults[:0:0]
	for _, a := range p.faults {
		if a.fault.Name == "" {
			kept = append(kept, a)
		}
	}
	p.faults = append(kept, chosen...)
	return nil
}

// ActiveNames lists the named faults that are on for everybody.
func (p *Provider) ActiveNames() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for _, a := range p.faults {
		if a.fault.Name != "" {
			names = append(names, a.fault.Name)
		}
	}
	return names
}

// Clear switches every fault off.
func (p *Provider) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

// active is a fault that is on, with how often each endpoint met it.
type active struct {
	fault Fault
	met   map[Endpoint]int
}

func newActive(fault Fault) *active { return &active{fault: fault, met: map[Endpoint]int{}} }

func contains(list []*active, a *active) bool {
	for _, item := range list {
		if item == a {
			return true
		}
	}
	return false
}

// current returns the faults that are on now, those of a grant after the
// general ones.
func (p *Provider) current(g *Grant) []*active {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := append([]*active(nil), p.faults...)
	if g != nil {
		all = append(all, g.faults...)
	}
	return all
}

// answer returns the disturbance of this request, if any, and counts it.
// When several faults disturb the same endpoint the last one wins.
func (p *Provider) answer(at Endpoint, faults []*active) (Answer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(faults) - 1; i >= 0; i-- {
		answer, ok := faults[i].fault.At[at]
		if !ok {
			continue
		}
		faults[i].met[at]++
		if answer.Times == 0 || faults[i].met[at] <= answer.Times {
			return answer, true
		}
	}
	return Answer{}, false
}
