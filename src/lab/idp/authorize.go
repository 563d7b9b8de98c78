// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"luci-sso/lab/people"
)

// Grant is one sign-in, from the person's choice to the last use of its
// tokens. Hooks may change it before tokens are made.
type Grant struct {
	Person      people.Person
	Claims      map[string]any // What the scopes ask for, for ID token and UserInfo.
	Scopes      []string
	ClientID    string
	RedirectURI string
	Nonce       string
	Challenge   string // PKCE S256; "" when the request had none.
	AuthTime    time.Time
	Code        string
	AccessToken string
	SessionID   string // sid: of the browser's session at the provider.

	faults []*active // The person's own faults and those ticked for this sign-in.
	used   bool
}

const sessionCookie = "lab_idp_session"

// authorizationRequest is a checked authorization request (OIDC Core 3.1.2.1).
type authorizationRequest struct {
	query       url.Values
	redirectURI string
	state       string
}

// authorize shows the people (GET) and sends the browser back as the chosen
// one (POST). A request whose client or redirect_uri is wrong is answered
// here; every other mistake goes back to the client (RFC 6749, 4.1.2.1).
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	query, ok := p.requested(r.URL.Query())
	if !ok {
		p.errorPage(w, http.StatusBadRequest, "Not a pushed request", "This provider wants the request pushed first, and knows none of this name.")
		return
	}
	request := authorizationRequest{query: query, redirectURI: query.Get("redirect_uri"), state: query.Get("state")}
	switch {
	case query.Get("client_id") != p.Client.ID:
		p.errorPage(w, http.StatusBadRequest, "Unknown client", "The router asked as client_id “"+query.Get("client_id")+"”; this provider knows “"+p.Client.ID+"”.")
		return
	case !p.redirectAllowed(request.redirectURI):
		p.errorPage(w, http.StatusBadRequest, "redirect_uri is not registered", "“"+request.redirectURI+"” is not among the callbacks of this client.")
		return
	}
	if problem := check(query); problem != nil {
		p.sendBack(w, r, request, errorQuery(*problem))
		return
	}
	for _, a := range p.current(nil) {
		if a.fault.AuthorizeError != nil {
			p.sendBack(w, r, request, errorQuery(*a.fault.AuthorizeError))
			return
		}
	}
	signedIn := p.signedIn(r)
	if query.Get("prompt") == "none" {
		if signedIn == "" {
			p.sendBack(w, r, request, errorQuery(OAuthError{Code: "login_required", Description: "Nobody is signed in at the lab's provider."}))
			return
		}
		p.approve(w, r, request, signedIn, nil)
		return
	}
	if r.Method == http.MethodGet {
		p.peoplePage(w, query, signedIn)
		return
	}
	if err := r.ParseForm(); err != nil {
		p.errorPage(w, http.StatusBadRequest, "Bad form", err.Error())
		return
	}
	if r.PostForm.Has("cancel") {
		p.sendBack(w, r, request, errorQuery(OAuthError{Code: "access_denied", Description: "The person pressed Cancel."}))
		return
	}
	p.approve(w, r, request, r.PostForm.Get("person"), r.PostForm["fault"])
}

// approve signs a person in and sends the browser back with a code.
func (p *Provider) approve(w http.ResponseWriter, r *http.Request, request authorizationRequest, login string, faultNames []string) {
	person, ok := p.Cast.Find(login)
	if !ok {
		p.errorPage(w, http.StatusBadRequest, "Nobody called “"+login+"”", "Choose one of the people, or add a section ["+login+"] to the people file and start the lab again.")
		return
	}
	if p.isDisabled(login) {
		p.sendBack(w, r, request, errorQuery(OAuthError{Code: "access_denied", Description: "The account is disabled."}))
		return
	}
	g := &Grant{
		SessionID: random(), Person: person, Scopes: strings.Fields(request.query.Get("scope")), ClientID: p.Client.ID,
		RedirectURI: request.redirectURI, Nonce: request.query.Get("nonce"), Challenge: request.query.Get("code_challenge"),
		AuthTime: time.Now(), Code: random(), AccessToken: random(),
	}
	g.Claims = person.StandardClaims(g.Scopes)
	if kinds := strings.Fields(request.query.Get("acr_values")); len(kinds) > 0 {
		// Nobody is asked for anything here: whatever sign-in is wanted, it was.
		g.Claims["acr"], g.Claims["amr"] = kinds[0], []any{"pwd", "hwk", "mfa"}
	}
	for _, name := range append(append([]string(nil), person.Faults...), faultNames...) {
		fault, err := Named(name)
		if err != nil {
			p.errorPage(w, http.StatusBadRequest, "Unknown fault", err.Error())
			return
		}
		g.faults = append(g.faults, newActive(fault))
	}
	for _, a := range p.current(g) {
		if a.fault.AccessToken != "" {
			g.AccessToken = a.fault.AccessToken
		}
		if a.fault.Grant != nil {
			a.fault.Grant(g)
		}
	}
	session := random()
	p.mu.Lock()
	p.codes[g.Code] = g
	p.sessions[session] = login
	p.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: session, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode})
	p.log("%s signed in", login)
	p.sendBackGrant(w, r, request, g)
}

func (p *Provider) sendBackGrant(w http.ResponseWriter, r *http.Request, request authorizationRequest, g *Grant) {
	for _, a := range g.faults {
		if a.fault.AuthorizeError != nil {
			p.sendBackWith(w, r, request, errorQuery(*a.fault.AuthorizeError), p.current(g))
			return
		}
	}
	p.sendBackWith(w, r, request, url.Values{"code": {g.Code}}, p.current(g))
}

func (p *Provider) sendBack(w http.ResponseWriter, r *http.Request, request authorizationRequest, answer url.Values) {
	p.sendBackWith(w, r, request, answer, p.current(nil))
}

// sendBackWith adds state and iss (RFC 9207) and lets faults change it all.
func (p *Provider) sendBackWith(w http.ResponseWriter, r *http.Request, request authorizationRequest, answer url.Values, faults []*active) {
	if request.state != "" {
		answer.Set("state", request.state)
	}
	answer.Set("iss", p.URL)
	for _, a := range faults {
		if a.fault.Callback != nil {
			a.fault.Callback(answer)
		}
	}
	target := request.redirectURI
	if strings.Contains(target, "?") {
		target += "&" + answer.Encode()
	} else {
		target += "?" + answer.Encode()
	}
	// 303: a POST must not be repeated at the router.
	http.Redirect(w, r, target, http.StatusSeeOther)
}

func errorQuery(e OAuthError) url.Values {
	query := url.Values{"error": {e.Code}}
	if e.Description != "" {
		query.Set("error_description", e.Description)
	}
	if e.URI != "" {
		query.Set("error_uri", e.URI)
	}
	return query
}

// check finds the mistakes that go back to the client.
func check(query url.Values) *OAuthError {
	for name, values := range query {
		if len(values) > 1 {
			return &OAuthError{Code: "invalid_request", Description: "The parameter " + name + " is there more than once."}
		}
	}
	scopes := strings.Fields(query.Get("scope"))
	switch {
	case query.Get("response_type") != "code":
		return &OAuthError{Code: "unsupported_response_type", Description: "Only response_type=code is offered."}
	case query.Has("request"):
		return &OAuthError{Code: "request_not_supported"}
	case !has(scopes, "openid"):
		return &OAuthError{Code: "invalid_scope", Description: "The scope openid is missing."}
	case query.Get("code_challenge") == "":
		return &OAuthError{Code: "invalid_request", Description: "This provider requires PKCE: code_challenge is missing."}
	case query.Get("code_challenge_method") != "S256":
		return &OAuthError{Code: "invalid_request", Description: "code_challenge_method has to be S256."}
	case len(query.Get("code_challenge")) != 43:
		return &OAuthError{Code: "invalid_request", Description: "An S256 code_challenge has 43 characters."}
	}
	return nil
}

func (p *Provider) redirectAllowed(uri string) bool {
	if len(p.options.RedirectURIs) > 0 {
		return has(p.options.RedirectURIs, uri)
	}
	u, ok := local(uri)
	return ok && u.RawQuery == p.options.RedirectQuery && u.Path == "/cgi-bin/luci-sso/callback"
}

func (p *Provider) postLogoutAllowed(uri string) bool {
	if len(p.options.PostLogoutURIs) > 0 {
		return has(p.options.PostLogoutURIs, uri)
	}
	_, ok := local(uri)
	return ok
}

// local accepts https URLs of this machine.
func local(uri string) (*url.URL, bool) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" || u.Fragment != "" || u.User != nil {
		return nil, false
	}
	ip := net.ParseIP(u.Hostname())
	return u, u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || ip != nil && ip.IsLoopback()
}

// signedIn is who the browser is signed in as here; "" when nobody.
func (p *Provider) signedIn(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sessions[cookie.Value]
}

func has(list []string, item string) bool {
	for _, s := range list {
		if s == item {
			return true
		}
	}
	return false
}
