#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# zitadel/oidc 3.52.0 (Go), its example server behind the library's server
# wrapper, a client that authenticates by private_key_jwt.
#
# Guess:  an assertion has to be signed with what discovery announces, which is
#         RS256 alone; another one, or another audience, is 401 invalid_client.
# Seen:   a client whose registered key is for P-256 signs in with ES256, which
#         nobody announced. The audience has to name the issuer: with the address
#         of the token endpoint, as OpenID Connect Core 9 has it, the answer is 400
#         invalid_grant, as if the code were wrong, and speaks of a client_id.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/zitadel-oidc-assertions-by-es256-and-audience.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

go mod init probe 2>/dev/null
go get github.com/zitadel/oidc/v3@v3.52.0 2>/dev/null

cat >main.go <<'EOF'
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const back = "https://client.example/back"

// The example's storage, with a client that has keys instead of a secret.
type client struct{ op.Client }

func (client) AuthMethod() oidc.AuthMethod { return oidc.AuthMethodPrivateKeyJWT }

type store struct {
	*storage.Storage
	keys map[string]any
}

func (s store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	one, err := s.Storage.GetClientByClientID(ctx, id)
	return client{one}, err
}

func (s store) GetKeyByIDAndClientID(_ context.Context, kid, _ string) (*jose.JSONWebKey, error) {
	return &jose.JSONWebKey{KeyID: kid, Use: "sig", Key: s.keys[kid]}, nil
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	ecKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	server := httptest.NewServer(nil)
	storage.RegisterClients(storage.WebClient("client", "", back))
	users := storage.NewUserStore(server.URL)
	held := store{storage.NewStorage(users), map[string]any{"RS256": &rsaKey.PublicKey, "ES256": &ecKey.PublicKey}}
	server.Config.Handler = exampleop.SetupServer(server.URL, held, slog.New(slog.NewTextHandler(io.Discard, nil)), true)

	var meta struct {
		Authorization string   `json:"authorization_endpoint"`
		Token         string   `json:"token_endpoint"`
		Algorithms    []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	}
	answer := must(http.Get(server.URL + "/.well-known/openid-configuration"))
	if err := json.NewDecoder(answer.Body).Decode(&meta); err != nil {
		panic(err)
	}
	fmt.Println("announced for assertions:", strings.Join(meta.Algorithms, ", "))

	still := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	next := func(response *http.Response, err error) *url.URL { return must(must(response, err).Location()) }
	signIn := func(algorithm string, key any, audience string) {
		page := next(still.Get(meta.Authorization + "?" + url.Values{
			"client_id": {"client"}, "redirect_uri": {back}, "response_type": {"code"}, "scope": {"openid"}, "state": {"state"}, "nonce": {"nonce"}}.Encode()))
		to := next(still.PostForm(server.URL+"/login/username", url.Values{
			"id": {page.Query().Get("authRequestID")}, "username": {"test-user2"}, "password": {"verysecure"}}))
		to = next(still.Get(to.String()))

		signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: key}, (&jose.SignerOptions{}).WithHeader("kid", algorithm)))
		assertion := must(jwt.Signed(signer).Claims(jwt.Claims{
			Issuer: "client", Subject: "client", Audience: jwt.Audience{audience}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(time.Now()), Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute))}).Serialize())
		response := must(http.PostForm(meta.Token, url.Values{
			"grant_type": {"authorization_code"}, "code": {to.Query().Get("code")}, "redirect_uri": {back}, "client_id": {"client"},
			"client_assertion_type": {oidc.ClientAssertionTypeJWTAssertion}, "client_assertion": {assertion}}))
		var body struct {
			IDToken     string `json:"id_token"`
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
			panic(err)
		}
		to, _ = url.Parse(audience)
		fmt.Printf("%s, for the %s: %d, an ID token: %v %s %s\n", algorithm, map[bool]string{true: "issuer", false: "token endpoint"}[to.Path == ""],
			response.StatusCode, body.IDToken != "", body.Error, strings.ReplaceAll(body.Description, server.URL, "ISSUER"))
	}
	for _, audience := range []string{server.URL, meta.Token} {
		signIn("RS256", rsaKey, audience)
		signIn("ES256", ecKey, audience)
	}
}
EOF

go mod tidy 2>/dev/null
go run . | sed 's/ *$//' | tee seen
cat >expected <<'EOF'
announced for assertions: RS256
RS256, for the issuer: 200, an ID token: true
ES256, for the issuer: 200, an ID token: true
RS256, for the token endpoint: 400, an ID token: false invalid_grant audience is not valid: Audience must contain client_id "ISSUER"
ES256, for the token endpoint: 400, an ID token: false invalid_grant audience is not valid: Audience must contain client_id "ISSUER"
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
