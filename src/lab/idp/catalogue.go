// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Catalogue lists the faults that have a name, in the order in which a login
// meets them.
func Catalogue() []Fault { return append([]Fault(nil), catalogue...) }

// Named finds a fault of the catalogue.
func Named(name string) (Fault, error) {
	for _, fault := range catalogue {
		if fault.Name == name {
			return fault, nil
		}
	}
	return Fault{}, fmt.Errorf("%w %q; --list-faults prints them", errUnknownFault, name)
}

func at(endpoint Endpoint, answer Answer) map[Endpoint]Answer {
	return map[Endpoint]Answer{endpoint: answer}
}

func everywhere(answer Answer) map[Endpoint]Answer {
	return map[Endpoint]Answer{Discovery: answer, JWKS: answer, Token: answer, UserInfo: answer}
}

func plain(rawURL any) string {
	return strings.Replace(fmt.Sprint(rawURL), "https://", "http://", 1)
}

func setClaim(name string, value any) func(*IDToken) {
	return func(t *IDToken) { t.Claims[name] = value }
}

func dropClaim(names ...string) func(*IDToken) {
	return func(t *IDToken) {
		for _, name := range names {
			delete(t.Claims, name)
		}
	}
}

var serverError = Answer{Status: http.StatusInternalServerError, Body: []byte("database is locked\n"), Header: http.Header{"Content-Type": {"text/plain"}}}

var catalogue = []Fault{
	// Everything at once.
	{Name: "slow", Summary: "every answer to the router takes 3 s", At: everywhere(Answer{Delay: 3 * time.Second})},
	{Name: "hang", Summary: "no answer to the router ever comes", At: everywhere(Answer{Hang: true})},
	{Name: "reset", Summary: "every connection of the router is reset", At: everywhere(Answer{Reset: true})},

	// Discovery. The router keeps a good document for a day: these show only
	// when it has none.
	{Name: "discovery-500", Summary: "discovery answers 500", At: at(Discovery, serverError)},
	{Name: "discovery-hang", Summary: "discovery never answers", At: at(Discovery, Answer{Hang: true})},
	{Name: "discovery-not-json", Summary: "discovery answers with a web page", At: at(Discovery, Answer{Body: []byte("<!doctype html><title>Welcome</title>"), Header: http.Header{"Content-Type": {"text/html"}}})},
	{Name: "discovery-huge", Summary: "the discovery document has 300 KB", At: at(Discovery, Answer{PadTo: 300 << 10})},
	{Name: "discovery-no-issuer", Summary: "the discovery document has no issuer", Metadata: func(d map[string]any) { delete(d, "issuer") }},
	{Name: "discovery-other-issuer", Summary: "the discovery document has another issuer", Metadata: func(d map[string]any) { d["issuer"] = "https://id.example.com" }},
	{Name: "discovery-no-token-endpoint", Summary: "the discovery document has no token_endpoint", Metadata: func(d map[string]any) { delete(d, "token_endpoint") }},
	{Name: "discovery-plain-http", Summary: "the authorization endpoint is http", Metadata: func(d map[string]any) { d["authorization_endpoint"] = plain(d["authorization_endpoint"]) }},
	{Name: "no-end-session", Summary: "no end_session_endpoint: logout stays on the router", Metadata: func(d map[string]any) { delete(d, "end_session_endpoint") }},
	{Name: "basic-only", Summary: "only client_secret_basic is offered", Metadata: func(d map[string]any) {
		d["token_endpoint_auth_methods_supported"] = []any{"client_secret_basic"}
	}},

	// Keys.
	{Name: "jwks-500", Summary: "the key set answers 500", At: at(JWKS, serverError)},
	{Name: "jwks-reset", Summary: "the key set's connection is reset", At: at(JWKS, Answer{Reset: true})},
	{Name: "jwks-not-json", Summary: "the key set is a web page", At: at(JWKS, Answer{Body: []byte("<html></html>")})},
	{Name: "jwks-empty", Summary: "the key set has no keys", Keys: func(s map[string]any) { s["keys"] = []any{} }},

	// The authorization response.
	{Name: "access-denied", Summary: "the provider refuses with access_denied", AuthorizeError: &OAuthError{Code: "access_denied", Description: "You are not in a group that may use this client."}},
	{Name: "server-error", Summary: "the provider refuses with server_error", AuthorizeError: &OAuthError{Code: "server_error", Description: "Something broke."}},
	{Name: "login-required", Summary: "the provider refuses with login_required", AuthorizeError: &OAuthError{Code: "login_required"}},
	{Name: "no-code", Summary: "the browser comes back without a code", Callback: func(q url.Values) { q.Del("code") }},
	{Name: "wrong-state", Summary: "the browser comes back with another state", Callback: func(q url.Values) { q.Set("state", random()) }},
	{Name: "no-iss", Summary: "iss is announced (RFC 9207) and left out", Callback: func(q url.Values) { q.Del("iss") }},
	{Name: "wrong-iss", Summary: "iss names another provider (mix-up attack)", Callback: func(q url.Values) { q.Set("iss", "https://evil.example.com") }},

	// The token endpoint.
	{Name: "token-500", Summary: "the token endpoint answers 500", At: at(Token, serverError)},
	{Name: "token-hang", Summary: "the token endpoint never answers", At: at(Token, Answer{Hang: true})},
	{Name: "token-reset", Summary: "the token endpoint's connection is reset", At: at(Token, Answer{Reset: true})},
	{Name: "token-half", Summary: "the token response breaks off", At: at(Token, Answer{CutAfter: 40})},
	{Name: "token-drip", Summary: "the token response comes byte by byte", At: at(Token, Answer{Drip: 100 * time.Millisecond})},
	{Name: "token-not-json", Summary: "the token endpoint answers with a web page", At: at(Token, Answer{Body: []byte("<html>ok</html>")})},
	{Name: "token-redirect", Summary: "the token endpoint redirects", At: at(Token, Answer{Location: "/somewhere-else"})},
	{Name: "invalid-grant", Summary: "the token endpoint refuses the code", TokenError: &OAuthError{Code: "invalid_grant", Description: "The code has expired."}},
	{Name: "invalid-client", Summary: "the token endpoint refuses the client", TokenError: &OAuthError{Status: http.StatusUnauthorized, Code: "invalid_client", Description: "Wrong client secret."}},
	{Name: "pocketid-secret", Summary: "the client is refused the way Pocket ID does it", TokenError: &OAuthError{Status: http.StatusUnauthorized, Code: "Invalid client secret"}},
	{Name: "no-id-token", Summary: "the token response has no id_token", TokenResponse: func(r map[string]any) { delete(r, "id_token") }},
	{Name: "no-access-token", Summary: "the token response has no access_token", TokenResponse: func(r map[string]any) { delete(r, "access_token") }},
	{Name: "same-access-token", Summary: "every login gets the same access token", AccessToken: "the-same-access-token-every-time"},

	// The ID token.
	{Name: "wrong-nonce", Summary: "the ID token has another nonce", IDToken: setClaim("nonce", "somebody-elses-nonce")},
	{Name: "no-nonce", Summary: "the ID token has no nonce", IDToken: dropClaim("nonce")},
	{Name: "expired", Summary: "the ID token expired an hour ago", IDToken: func(t *IDToken) {
		t.Claims["iat"], t.Claims["exp"] = time.Now().Add(-2*time.Hour).Unix(), time.Now().Add(-time.Hour).Unix()
	}},
	{Name: "future", Summary: "the ID token was issued an hour from now (wrong clock)", IDToken: func(t *IDToken) {
		t.Claims["iat"], t.Claims["exp"] = time.Now().Add(time.Hour).Unix(), time.Now().Add(2*time.Hour).Unix()
	}},
	{Name: "no-sub", Summary: "the ID token has no sub", IDToken: dropClaim("sub")},
	{Name: "no-exp", Summary: "the ID token has no exp", IDToken: dropClaim("exp")},
	{Name: "no-iat", Summary: "the ID token has no iat", IDToken: dropClaim("iat")},
	{Name: "wrong-issuer", Summary: "the ID token has another iss", IDToken: setClaim("iss", "https://evil.example.com")},
	{Name: "wrong-audience", Summary: "the ID token is for another client", IDToken: setClaim("aud", "another-client")},
	{Name: "two-audiences", Summary: "two audiences and no azp", IDToken: func(t *IDToken) { t.Claims["aud"] = []any{t.Claims["aud"], "another-client"} }},
	{Name: "wrong-azp", Summary: "azp names another client", IDToken: setClaim("azp", "another-client")},
	{Name: "no-at-hash", Summary: "the ID token has no at_hash", IDToken: dropClaim("at_hash")},
	{Name: "wrong-at-hash", Summary: "at_hash belongs to another access token", IDToken: setClaim("at_hash", atHash("RS256", "another"))},
	{Name: "no-at-hash-announced", Summary: "no at_hash, and discovery does not list it", IDToken: dropClaim("at_hash"), Metadata: func(d map[string]any) {
		d["claims_supported"] = []any{"iss", "sub", "aud", "exp", "iat", "nonce", "email", "email_verified", "name", "groups"}
	}},
	{Name: "bad-signature", Summary: "the signature is wrong", IDToken: func(t *IDToken) {
		t.Tamper = func(token string) string {
			cut := strings.LastIndexByte(token, '.') + 1
			return token[:cut] + flip(token[cut:])
		}
	}},
	{Name: "alg-none", Summary: "the ID token is not signed (alg none)", IDToken: (*IDToken).SignNone},
	{Name: "alg-hs256", Summary: "the ID token is signed with a shared secret", IDToken: func(t *IDToken) { t.SignHS256([]byte("lab-secret")) }},
	{Name: "unknown-kid", Summary: "the ID token's key is not in the key set", IDToken: func(t *IDToken) { t.Header["kid"] = "nobody-knows-me" }},
	{Name: "no-kid", Summary: "the ID token names no key", IDToken: func(t *IDToken) { delete(t.Header, "kid") }},
	{Name: "huge-id-token", Summary: "the ID token has more than 16 KB", IDToken: setClaim("padding", strings.Repeat("x", 20<<10))},

	// UserInfo.
	{Name: "userinfo-only", Summary: "e-mail and groups come from UserInfo alone", IDToken: dropClaim("email", "email_verified", "name", "groups")},
	{Name: "userinfo-500", Summary: "UserInfo is needed and answers 500", IDToken: dropClaim("email", "email_verified", "name", "groups"), At: at(UserInfo, serverError)},
	{Name: "userinfo-reset", Summary: "UserInfo is needed and resets the connection", IDToken: dropClaim("email", "email_verified", "name", "groups"), At: at(UserInfo, Answer{Reset: true})},
	{Name: "userinfo-not-json", Summary: "UserInfo is needed and is a web page", IDToken: dropClaim("email", "email_verified", "name", "groups"), At: at(UserInfo, Answer{Body: []byte("<html></html>")})},
	{Name: "userinfo-other-sub", Summary: "UserInfo is needed and talks about somebody else", IDToken: dropClaim("email", "email_verified", "name", "groups"), Claims: func(c map[string]any) { c["sub"] = "somebody-else" }},
	{Name: "userinfo-plain-http", Summary: "UserInfo is needed and its URL is http", IDToken: dropClaim("email", "email_verified", "name", "groups"), Metadata: func(d map[string]any) { d["userinfo_endpoint"] = plain(d["userinfo_endpoint"]) }},

	// Logout.
	{Name: "logout-500", Summary: "the provider's logout answers 500", At: at(EndSession, serverError)},
}

// flip changes the first character of a signature to another one.
func flip(signature string) string {
	if strings.HasPrefix(signature, "A") {
		return "B" + signature[1:]
	}
	return "A" + signature[1:]
}
