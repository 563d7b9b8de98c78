// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"net/http"
	"net/url"
)

// Pushing says how the provider treats pushed requests (RFC 9126).
type Pushing struct {
	Announced bool
	Required  bool // A request that was not pushed is refused.
}

// SetPushing changes how pushed requests are treated.
func (p *Provider) SetPushing(pushing Pushing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pushing = pushing
}

func (p *Provider) pushingNow() Pushing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pushing
}

// push takes a request from an authenticated client and names it.
func (p *Provider) push(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
		writeError(w, OAuthError{Code: "invalid_request"})
		return
	}
	if problem := p.authenticate(r); problem != nil {
		writeError(w, *problem)
		return
	}
	query := url.Values{}
	for name, values := range r.PostForm {
		switch name {
		case "client_secret", "client_assertion", "client_assertion_type":
		default:
			query[name] = values
		}
	}
	problem := check(query)
	switch {
	case query.Get("client_id") != p.Client.ID:
		problem = &OAuthError{Code: "invalid_request", Description: "client_id is not that of the client."}
	case query.Has("request_uri"):
		problem = &OAuthError{Code: "invalid_request", Description: "request_uri cannot be pushed."}
	case !p.redirectAllowed(query.Get("redirect_uri")):
		problem = &OAuthError{Code: "invalid_request", Description: "redirect_uri is not registered."}
	}
	if problem != nil {
		writeError(w, *problem)
		return
	}
	name := "urn:ietf:params:oauth:request_uri:" + random()
	p.mu.Lock()
	if p.pushed == nil {
		p.pushed = map[string]url.Values{}
	}
	p.pushed[name] = query
	p.mu.Unlock()
	writeJSON(w, http.StatusCreated, map[string]any{"request_uri": name, "expires_in": 60})
}

// requested is the request that a query makes or names; ok is false when it
// may not be made so.
func (p *Provider) requested(query url.Values) (request url.Values, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !query.Has("request_uri") {
		return query, !p.pushing.Required
	}
	request = p.pushed[query.Get("request_uri")]
	return request, request != nil && query.Get("client_id") == request.Get("client_id")
}
