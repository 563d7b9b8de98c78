// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"encoding/json"
	"net/http"
)

// document is the correct discovery document (OIDC Discovery 3).
func (p *Provider) document() map[string]any {
	return map[string]any{
		"issuer":                                         p.URL,
		"authorization_endpoint":                         p.EndpointURL(Authorize),
		"token_endpoint":                                 p.EndpointURL(Token),
		"userinfo_endpoint":                              p.EndpointURL(UserInfo),
		"jwks_uri":                                       p.EndpointURL(JWKS),
		"end_session_endpoint":                           p.EndpointURL(EndSession),
		"revocation_endpoint":                            p.EndpointURL(Revocation),
		"scopes_supported":                               []any{"openid", "profile", "email", "groups", "offline_access"},
		"response_types_supported":                       []any{"code"},
		"response_modes_supported":                       []any{"query"},
		"grant_types_supported":                          []any{"authorization_code", "refresh_token"},
		"subject_types_supported":                        []any{"public"},
		"id_token_signing_alg_values_supported":          []any{"RS256", "ES256"},
		"token_endpoint_auth_methods_supported":          anys(p.Client.AuthMethods),
		"code_challenge_methods_supported":               []any{"S256"},
		"claims_supported":                               []any{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "azp", "name", "preferred_username", "email", "email_verified", "groups"},
		"authorization_response_iss_parameter_supported": true,
		"backchannel_logout_supported":                   true,
		"backchannel_logout_session_supported":           true,
	}
}

func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	doc := p.document()
	if pushing := p.pushingNow(); pushing.Announced {
		doc["pushed_authorization_request_endpoint"] = p.EndpointURL(Pushed)
		doc["require_pushed_authorization_requests"] = pushing.Required
	}
	for _, a := range p.current(nil) {
		if a.fault.Metadata != nil {
			a.fault.Metadata(doc)
		}
	}
	writeJSON(w, http.StatusOK, doc)
}

func (p *Provider) jwks(w http.ResponseWriter, r *http.Request) {
	keys := []any{}
	for _, key := range p.KeysNow() {
		keys = append(keys, key.JWK())
	}
	set := map[string]any{"keys": keys}
	for _, a := range p.current(nil) {
		if a.fault.Keys != nil {
			a.fault.Keys(set)
		}
	}
	writeJSON(w, http.StatusOK, set)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func anys(list []string) []any {
	out := []any{}
	for _, item := range list {
		out = append(out, item)
	}
	return out
}
