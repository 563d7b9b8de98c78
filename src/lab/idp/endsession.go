// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// endSession is RP-Initiated Logout 1.0: the browser's session at the
// provider ends; with a registered post_logout_redirect_uri, and an ID token
// or client_id that says whose it is, the browser goes back.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	hint, target := r.Form.Get("id_token_hint"), r.Form.Get("post_logout_redirect_uri")
	client := r.Form.Get("client_id")
	if hint != "" {
		audience, ok := audienceOf(hint)
		if !ok || client != "" && client != audience {
			p.errorPage(w, http.StatusBadRequest, "id_token_hint is not ours", "The router sent an ID token that this provider did not make for it.")
			return
		}
		client = audience
	}
	if client != "" && client != p.Client.ID {
		p.errorPage(w, http.StatusBadRequest, "Unknown client", "Nobody is registered as “"+client+"”.")
		return
	}
	if target != "" && (client == "" || !p.postLogoutAllowed(target)) {
		p.errorPage(w, http.StatusBadRequest, "post_logout_redirect_uri is not registered", "“"+target+"” is not among the addresses of this client.")
		return
	}
	who := p.signedIn(r)
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		p.mu.Lock()
		delete(p.sessions, cookie.Value)
		p.mu.Unlock()
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteNoneMode})
	if who != "" {
		p.log("%s signed out", who)
	}
	if target == "" {
		p.messagePage(w, http.StatusOK, "Signed out", "You are signed out at the identity provider.")
		return
	}
	if state := r.Form.Get("state"); state != "" {
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		target += separator + "state=" + state
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// audienceOf reads the audience of a token of ours. The hint may be expired
// and its key may have been rotated out, so the signature is not asked for.
func audienceOf(token string) (string, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", false
	}
	data, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", false
	}
	var claims struct {
		Audience any `json:"aud"`
	}
	if json.Unmarshal(data, &claims) != nil {
		return "", false
	}
	if list, ok := claims.Audience.([]any); ok && len(list) > 0 {
		claims.Audience = list[0]
	}
	audience, ok := claims.Audience.(string)
	return audience, ok
}

// SignedIn counts the browsers that are signed in at the provider.
func (p *Provider) SignedIn() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sessions)
}
