// SPDX-License-Identifier: Apache-2.0

// The example server of zitadel/oidc with people and clients of the tests:
// what it is told on its command line, as JSON. It ends with its input.
package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"
)

type settings struct {
	Issuer, Listen, Callback, After string
	Wrapped                         bool // The library's server wrapper instead of its plain handlers.
	Keys                            jose.JSONWebKeySet
	People                          map[string]struct {
		Email         string
		EmailVerified bool `json:"email_verified"`
	}
}

type people map[string]*storage.User

func (p people) GetUserByID(id string) *storage.User { return p[id] }
func (p people) ExampleClientID() string             { return storage.ServiceUserID }

func (p people) GetUserByUsername(name string) *storage.User { return p[name] }

// client is one of the example's, with an address to come back to after a
// logout and, if it has one, a key instead of a secret.
type client struct {
	op.Client
	after string
}

func (c client) PostLogoutRedirectURIs() []string { return []string{c.after} }

func (c client) AuthMethod() oidc.AuthMethod {
	switch c.GetID() {
	case "router-key":
		return oidc.AuthMethodPrivateKeyJWT
	case "router-public":
		return oidc.AuthMethodNone
	}
	return c.Client.AuthMethod()
}

type store struct {
	*storage.Storage
	keys  jose.JSONWebKeySet
	after string
}

func (s store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	one, err := s.Storage.GetClientByClientID(ctx, id)
	if err != nil {
		return nil, err
	}
	return client{one, s.after}, nil
}

func (s store) GetKeyByIDAndClientID(_ context.Context, kid, _ string) (*jose.JSONWebKey, error) {
	for _, key := range s.keys.Key(kid) {
		return &key, nil
	}
	return nil, oidc.ErrInvalidClient()
}

func main() {
	var s settings
	if err := json.Unmarshal([]byte(os.Args[1]), &s); err != nil {
		panic(err)
	}
	users := people{}
	for name, one := range s.People {
		users["sub-"+name] = &storage.User{ID: "sub-" + name, Username: name, Password: "verysecure", FirstName: name, LastName: "Person",
			Email: one.Email, EmailVerified: one.EmailVerified, PreferredLanguage: language.English}
		users[name] = users["sub-"+name]
	}
	storage.RegisterClients(storage.WebClient("router", "a secret of the tests", s.Callback), storage.WebClient("router-key", "", s.Callback),
		storage.WebClient("router-public", "", s.Callback))
	held := store{storage.NewStorage(users), s.Keys, s.After}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	handler := exampleop.SetupServer(s.Issuer, held, slog.New(slog.NewTextHandler(io.Discard, nil)), s.Wrapped)
	panic(http.ListenAndServe(s.Listen, handler))
}
