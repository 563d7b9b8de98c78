// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TokenLifetime is how long ID tokens and access tokens are valid.
const TokenLifetime = 10 * time.Minute

// token exchanges a code (OIDC Core 3.1.3).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", "POST")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if err := r.ParseForm(); err != nil {
		writeError(w, OAuthError{Code: "invalid_request", Description: "The body is no form."})
		return
	}
	g := p.grantOf(Token, r)
	for _, a := range p.current(g) {
		if a.fault.TokenError != nil {
			writeError(w, *a.fault.TokenError)
			return
		}
	}
	if problem := p.authenticate(r); problem != nil {
		if problem.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="lab"`)
		}
		writeError(w, *problem)
		return
	}
	if r.PostForm.Get("grant_type") == "refresh_token" {
		p.refresh(w, r.PostForm)
		return
	}
	if problem := p.redeem(g, r.PostForm); problem != nil {
		writeError(w, *problem)
		return
	}
	response, err := p.respond(g)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if token := p.grantRefresh(g); token != "" {
		if _, set := response["refresh_token"]; !set {
			response["refresh_token"] = token
		}
	}
	writeJSON(w, http.StatusOK, response)
}

// authenticate checks the client (RFC 6749, 2.3.1): exactly one method, and
// one that is offered.
func (p *Provider) authenticate(r *http.Request) *OAuthError {
	id, secret, method := r.PostForm.Get("client_id"), r.PostForm.Get("client_secret"), "client_secret_post"
	if user, password, ok := r.BasicAuth(); ok {
		if secret != "" {
			return &OAuthError{Code: "invalid_request", Description: "More than one way of client authentication."}
		}
		// Both halves are form-encoded before they are joined.
		id, _ = url.QueryUnescape(user)
		secret, _ = url.QueryUnescape(password)
		method = "client_secret_basic"
	} else if r.PostForm.Has("client_assertion") {
		method = "private_key_jwt"
	} else if secret == "" {
		method = "none"
	}
	refused := &OAuthError{Status: http.StatusUnauthorized, Code: "invalid_client"}
	switch {
	case !has(p.Client.AuthMethods, method):
		refused.Description = "The client has to use " + strings.Join(p.Client.AuthMethods, " or ") + "."
		return refused
	case id != p.Client.ID:
		refused.Description = "Unknown client."
		return refused
	case method == "private_key_jwt":
		if err := p.assert(r.PostForm); err != nil {
			refused.Description = "The client's assertion is not valid: " + err.Error()
			return refused
		}
	case method == "none": // A public client: PKCE has to do.
	case subtle.ConstantTimeCompare([]byte(secret), []byte(p.Client.Secret)) != 1:
		refused.Description = "Wrong client secret."
		return refused
	}
	return nil
}

// redeem checks the code and everything bound to it, and uses it up.
func (p *Provider) redeem(g *Grant, form url.Values) *OAuthError {
	if form.Get("grant_type") != "authorization_code" {
		return &OAuthError{Code: "unsupported_grant_type", Description: "Only authorization_code is offered."}
	}
	if g == nil {
		return &OAuthError{Code: "invalid_grant", Description: "Unknown code."}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	verifier := sha256.Sum256([]byte(form.Get("code_verifier")))
	switch {
	case g.used:
		return &OAuthError{Code: "invalid_grant", Description: "The code was used already."}
	case time.Since(g.AuthTime) > time.Minute:
		return &OAuthError{Code: "invalid_grant", Description: "The code has expired."}
	case form.Get("redirect_uri") != g.RedirectURI:
		return &OAuthError{Code: "invalid_grant", Description: "redirect_uri is not the one of the authorization request."}
	case g.Challenge != base64.RawURLEncoding.EncodeToString(verifier[:]):
		return &OAuthError{Code: "invalid_grant", Description: "code_verifier does not belong to the code_challenge."}
	}
	g.used = true
	p.tokens[g.AccessToken] = g
	return nil
}

// respond makes the token response with everything the faults want of it.
func (p *Provider) respond(g *Grant) (map[string]any, error) {
	faults := p.current(g)
	key, err := p.signingKey()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	t := &IDToken{Key: key, Header: map[string]any{"alg": key.Alg, "typ": "JWT"}, Claims: map[string]any{
		"iss": p.URL, "sub": g.Person.Subject, "aud": g.ClientID,
		"iat": now.Unix(), "exp": now.Add(TokenLifetime).Unix(), "auth_time": g.AuthTime.Unix(),
		"at_hash": atHash(key.Alg, g.AccessToken),
	}}
	if key.ID != "" {
		t.Header["kid"] = key.ID
	}
	if g.SessionID != "" {
		t.Claims["sid"] = g.SessionID
	}
	if g.Nonce != "" {
		t.Claims["nonce"] = g.Nonce
	}
	for name, value := range g.Claims {
		t.Claims[name] = value
	}
	for _, a := range faults {
		if a.fault.IDToken != nil {
			a.fault.IDToken(t)
		}
	}
	idToken, err := t.serialise()
	if err != nil {
		return nil, err
	}
	response := map[string]any{
		"access_token": g.AccessToken, "token_type": "Bearer", "expires_in": int(TokenLifetime.Seconds()),
		"scope": strings.Join(g.Scopes, " "), "id_token": idToken,
	}
	for _, a := range faults {
		if a.fault.TokenResponse != nil {
			a.fault.TokenResponse(response)
		}
	}
	return response, nil
}

// userInfo answers for a bearer token (OIDC Core 5.3).
func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	g := p.grantOf(UserInfo, r)
	if g == nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeError(w, OAuthError{Status: http.StatusUnauthorized, Code: "invalid_token", Description: "Unknown access token."})
		return
	}
	claims := map[string]any{"sub": g.Person.Subject}
	for name, value := range g.Claims {
		claims[name] = value
	}
	for _, a := range p.current(g) {
		if a.fault.Claims != nil {
			a.fault.Claims(claims)
		}
	}
	writeJSON(w, http.StatusOK, claims)
}

// grantOf finds the sign-in a back-channel request belongs to; nil when it
// belongs to none.
func (p *Provider) grantOf(at Endpoint, r *http.Request) *Grant {
	switch at {
	case Token:
		_ = r.ParseForm()
		p.mu.Lock()
		defer p.mu.Unlock()
		if g := p.refreshes[r.PostForm.Get("refresh_token")]; g != nil {
			return g
		}
		return p.codes[r.PostForm.Get("code")]
	case UserInfo:
		kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		if !strings.EqualFold(kind, "Bearer") {
			return nil
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.tokens[token]
	}
	return nil
}

func writeError(w http.ResponseWriter, e OAuthError) {
	if e.Status == 0 {
		e.Status = http.StatusBadRequest
	}
	body := map[string]any{"error": e.Code}
	if e.Description != "" {
		body["error_description"] = e.Description
	}
	if e.URI != "" {
		body["error_uri"] = e.URI
	}
	writeJSON(w, e.Status, body)
}
