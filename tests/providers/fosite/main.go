// SPDX-License-Identifier: Apache-2.0

// A provider made of ory/fosite, the library under Hydra and Authelia: its
// handlers, its storage in memory, and a site around them that does no more
// than it has to. What it is told comes on its command line, as JSON. Whoever
// the request names as "person" has signed in. "rotate" on its input makes it
// sign with a new key; it ends with its input.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v3"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/openid"
	"github.com/ory/fosite/storage"
	"github.com/ory/fosite/token/jwt"
	"golang.org/x/crypto/bcrypt"
)

type settings struct {
	Issuer, Listen, Callback, Secret string
	Keys                             *jose.JSONWebKeySet
	People                           map[string]struct {
		Email         string
		EmailVerified bool `json:"email_verified"`
		Groups        []string
	}
}

type site struct {
	settings
	oauth fosite.OAuth2Provider
	lock  sync.Mutex
	key   jose.JSONWebKey
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func (s *site) rotate() {
	s.lock.Lock()
	defer s.lock.Unlock()
	id := make([]byte, 8)
	_, _ = rand.Read(id)
	s.key = jose.JSONWebKey{Key: must(rsa.GenerateKey(rand.Reader, 2048)), KeyID: hex.EncodeToString(id), Algorithm: "RS256", Use: "sig"}
}

func (s *site) signs() jose.JSONWebKey {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.key
}

func (s *site) client(id, method string, keys *jose.JSONWebKeySet) fosite.Client {
	return &fosite.DefaultOpenIDConnectClient{
		DefaultClient: &fosite.DefaultClient{ID: id, Secret: must(bcrypt.GenerateFromPassword([]byte(s.Secret), 4)), RedirectURIs: []string{s.Callback}, Public: method == "none",
			GrantTypes: fosite.Arguments{"authorization_code", "refresh_token"}, ResponseTypes: fosite.Arguments{"code"}, Scopes: fosite.Arguments{"openid", "profile", "email", "groups", "offline_access"}},
		JSONWebKeys: keys, TokenEndpointAuthMethod: method, TokenEndpointAuthSigningAlgorithm: "ES256",
	}
}

func (s *site) session(person string) *openid.DefaultSession {
	one, now := s.People[person], time.Now().UTC()
	return &openid.DefaultSession{
		Claims: &jwt.IDTokenClaims{Issuer: s.Issuer, Subject: "sub-" + person, RequestedAt: now, AuthTime: now,
			Extra: map[string]interface{}{"email": one.Email, "email_verified": one.EmailVerified, "groups": one.Groups}},
		Headers: &jwt.Headers{Extra: map[string]interface{}{"kid": s.signs().KeyID}}, Subject: "sub-" + person, Username: person,
	}
}

func (s *site) authorize(w http.ResponseWriter, r *http.Request) {
	person := r.URL.Query().Get("person")
	if person == "" {
		fmt.Fprint(w, "who are you?")
		return
	}
	request, err := s.oauth.NewAuthorizeRequest(r.Context(), r)
	if err != nil {
		s.oauth.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	for _, scope := range request.GetRequestedScopes() {
		request.GrantScope(scope)
	}
	response, err := s.oauth.NewAuthorizeResponse(r.Context(), request, s.session(person))
	if err != nil {
		s.oauth.WriteAuthorizeError(r.Context(), w, request, err)
		return
	}
	s.oauth.WriteAuthorizeResponse(r.Context(), w, request, response)
}

func (s *site) token(w http.ResponseWriter, r *http.Request) {
	request, err := s.oauth.NewAccessRequest(r.Context(), r, s.session(""))
	if err == nil {
		var response fosite.AccessResponder
		if response, err = s.oauth.NewAccessResponse(r.Context(), request); err == nil {
			s.oauth.WriteAccessResponse(r.Context(), w, request, response)
			return
		}
	}
	s.oauth.WriteAccessError(r.Context(), w, request, err)
}

func (s *site) push(w http.ResponseWriter, r *http.Request) {
	request, err := s.oauth.NewPushedAuthorizeRequest(r.Context(), r)
	if err == nil {
		var response fosite.PushedAuthorizeResponder
		if response, err = s.oauth.NewPushedAuthorizeResponse(r.Context(), request, s.session("")); err == nil {
			s.oauth.WritePushedAuthorizeResponse(r.Context(), w, request, response)
			return
		}
	}
	s.oauth.WritePushedAuthorizeError(r.Context(), w, request, err)
}

func (s *site) userinfo(w http.ResponseWriter, r *http.Request) {
	_, request, err := s.oauth.IntrospectToken(r.Context(), fosite.AccessTokenFromRequest(r), fosite.AccessToken, s.session(""))
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	claims := request.GetSession().(*openid.DefaultSession).Claims
	answer(w, map[string]interface{}{"sub": claims.Subject, "email": claims.Extra["email"], "email_verified": claims.Extra["email_verified"], "groups": claims.Extra["groups"]})
}

func answer(w http.ResponseWriter, body interface{}) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func main() {
	s := &site{}
	if err := json.Unmarshal([]byte(os.Args[1]), &s.settings); err != nil {
		panic(err)
	}
	s.rotate()
	store := storage.NewMemoryStore()
	for id, method := range map[string]string{"router": "client_secret_basic", "router-key": "private_key_jwt", "router-public": "none"} {
		store.Clients[id] = s.client(id, method, s.Keys)
	}
	config := &fosite.Config{IDTokenIssuer: s.Issuer, TokenURL: s.Issuer + "/token", EnforcePKCE: true, GlobalSecret: []byte("thirty-two bytes that are no key"),
		ScopeStrategy: fosite.ExactScopeStrategy, PushedAuthorizeContextLifespan: time.Minute}
	key := func(context.Context) (interface{}, error) { one := s.signs(); return &one, nil }
	s.oauth = compose.Compose(config, store, &compose.CommonStrategy{
		CoreStrategy: compose.NewOAuth2HMACStrategy(config), OpenIDConnectTokenStrategy: compose.NewOpenIDConnectStrategy(key, config), Signer: &jwt.DefaultSigner{GetPrivateKey: key},
	}, compose.OAuth2AuthorizeExplicitFactory, compose.OAuth2RefreshTokenGrantFactory, compose.OpenIDConnectExplicitFactory, compose.OpenIDConnectRefreshFactory,
		compose.OAuth2PKCEFactory, compose.OAuth2TokenIntrospectionFactory, compose.OAuth2TokenRevocationFactory, compose.PushedAuthorizeHandlerFactory)

	http.HandleFunc("/authorize", s.authorize)
	http.HandleFunc("/token", s.token)
	http.HandleFunc("/par", s.push)
	http.HandleFunc("/userinfo", s.userinfo)
	http.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		one := s.signs()
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{one.Public()}})
	})
	http.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]interface{}{
			"issuer": s.Issuer, "authorization_endpoint": s.Issuer + "/authorize", "token_endpoint": s.Issuer + "/token", "userinfo_endpoint": s.Issuer + "/userinfo",
			"jwks_uri": s.Issuer + "/keys", "pushed_authorization_request_endpoint": s.Issuer + "/par", "response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
			"id_token_signing_alg_values_supported": []string{"RS256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"},
			"scopes_supported": []string{"openid", "profile", "email", "groups", "offline_access"}, "claims_supported": []string{"sub", "email", "email_verified", "groups"},
			"code_challenge_methods_supported": []string{"S256"},
		})
	})
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			s.rotate()
			fmt.Println("ok")
		}
		os.Exit(0)
	}()
	panic(http.ListenAndServe(s.Listen, nil))
}
