// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Refreshing says how the provider treats refresh tokens (RFC 6749, 6).
type Refreshing struct {
	Always  bool // Given without the scope offline_access, too.
	Never   bool // Never given.
	Rotate  bool // Each use gives a new one and ends the old.
	NoID    bool // A refresh gives no ID token.
	Refused bool // Every refresh is refused with invalid_grant.
}

// SetRefreshing changes how refresh tokens are treated.
func (p *Provider) SetRefreshing(r Refreshing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refreshing = r
}

// Disable takes a person's account away, or gives it back: who is disabled
// can neither sign in nor refresh.
func (p *Provider) Disable(login string, disabled bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.disabled == nil {
		p.disabled = map[string]bool{}
	}
	p.disabled[login] = disabled
}

func (p *Provider) isDisabled(login string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.disabled[login]
}

// grantRefresh makes the refresh token of a sign-in, "" when it gets none.
func (p *Provider) grantRefresh(g *Grant) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refreshing.Never || !p.refreshing.Always && !has(g.Scopes, "offline_access") {
		return ""
	}
	if p.refreshes == nil {
		p.refreshes = map[string]*Grant{}
	}
	token := random()
	p.refreshes[token] = g
	return token
}

// refresh answers grant_type=refresh_token.
func (p *Provider) refresh(w http.ResponseWriter, form url.Values) {
	refused := OAuthError{Code: "invalid_grant"}
	token := form.Get("refresh_token")
	p.mu.Lock()
	old, rule := p.refreshes[token], p.refreshing
	p.mu.Unlock()
	switch {
	case old == nil:
		refused.Description = "Unknown refresh token."
	case rule.Refused:
		refused.Description = "No refresh token is accepted any more."
	case p.isDisabled(old.Person.Login):
		refused.Description = "The account is disabled."
	}
	if refused.Description != "" {
		writeError(w, refused)
		return
	}
	person, _ := p.Cast.Find(old.Person.Login) // As it is now: groups change.
	g := *old
	g.Person, g.Claims, g.AccessToken = person, person.StandardClaims(old.Scopes), random()
	for _, a := range p.current(&g) {
		if a.fault.Grant != nil {
			a.fault.Grant(&g)
		}
	}
	response, err := p.respond(&g)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if rule.NoID {
		delete(response, "id_token")
	}
	p.mu.Lock()
	p.tokens[g.AccessToken] = &g
	if rule.Rotate {
		delete(p.refreshes, token)
		token = random()
		p.refreshes[token] = &g
		response["refresh_token"] = token
	}
	p.mu.Unlock()
	writeJSON(w, http.StatusOK, response)
}

// revoke ends a token (RFC 7009); one that nobody knows is no error.
func (p *Provider) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || r.Method != http.MethodPost {
		writeError(w, OAuthError{Code: "invalid_request"})
		return
	}
	if problem := p.authenticate(r); problem != nil {
		writeError(w, *problem)
		return
	}
	p.mu.Lock()
	delete(p.refreshes, r.PostForm.Get("token"))
	delete(p.tokens, r.PostForm.Get("token"))
	p.mu.Unlock()
	w.WriteHeader(http.StatusOK)
}

// RefreshTokens are the ones that are valid now.
func (p *Provider) RefreshTokens() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var tokens []string
	for token := range p.refreshes {
		tokens = append(tokens, token)
	}
	slices.Sort(tokens)
	return tokens
}

// LogoutToken makes a logout token (Back-Channel Logout 1.0, 2.4) that names a
// subject, a session or both; change may spoil it.
func (p *Provider) LogoutToken(sub, sid string, change func(*IDToken)) (string, error) {
	key, err := p.signingKey()
	if err != nil {
		return "", err
	}
	now := time.Now()
	t := &IDToken{Key: key, Header: map[string]any{"alg": key.Alg, "typ": "logout+jwt"}, Claims: map[string]any{
		"iss": p.URL, "aud": p.Client.ID, "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "jti": random(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}}
	if key.ID != "" {
		t.Header["kid"] = key.ID
	}
	if sub != "" {
		t.Claims["sub"] = sub
	}
	if sid != "" {
		t.Claims["sid"] = sid
	}
	if change != nil {
		change(t)
	}
	return t.serialise()
}
