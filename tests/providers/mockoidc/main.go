// SPDX-License-Identifier: Apache-2.0

// mockoidc with the people of the tests, as told on the command line in JSON.
// A line of input is who signs in next; "rotate" makes it sign with a new key.
// It ends with its input.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/oauth2-proxy/mockoidc"
)

type settings struct {
	Listen, Cert, Key string
	People            map[string]struct {
		Email         string
		EmailVerified bool `json:"email_verified"`
		Groups        []string
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	var s settings
	if err := json.Unmarshal([]byte(os.Args[1]), &s); err != nil {
		panic(err)
	}
	m := must(mockoidc.NewServer(nil))
	m.Keypair = must(mockoidc.RandomKeypair(2048))
	m.ClientID, m.ClientSecret = "router", "a secret of the tests"

	var lock sync.Mutex
	person := ""
	_ = m.AddMiddleware(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			lock.Lock()
			defer lock.Unlock()
			if r.URL.Path == mockoidc.AuthorizationEndpoint {
				one := s.People[person]
				m.QueueUser(&mockoidc.MockUser{Subject: "sub-" + person, PreferredUsername: person,
					Email: one.Email, EmailVerified: one.EmailVerified, Groups: one.Groups})
			}
			next.ServeHTTP(w, r)
		})
	})
	config := &tls.Config{Certificates: []tls.Certificate{must(tls.X509KeyPair([]byte(s.Cert), []byte(s.Key)))}}
	if err := m.Start(tls.NewListener(must(net.Listen("tcp", s.Listen)), config), config); err != nil {
		panic(err)
	}
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		lock.Lock()
		if line := strings.TrimSpace(input.Text()); line == "rotate" {
			m.Keypair = must(mockoidc.RandomKeypair(2048))
		} else {
			person = line
		}
		lock.Unlock()
		os.Stdout.WriteString("ok\n")
	}
}
