// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"luci-sso/lab/certs"
)

const redirect = "https://localhost:8443/cgi-bin/luci-sso/callback"

// visitor is a client and a browser in one.
type visitor struct {
	t    *testing.T
	idp  *Provider
	http *http.Client
}

func newVisitor(t *testing.T) *visitor {
	t.Helper()
	ca, err := certs.New("test")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Issue("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(Options{Certificate: cert})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	jar, _ := cookiejar.New(nil)
	return &visitor{t: t, idp: p, http: &http.Client{
		Jar: jar, Timeout: 10 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool()}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return b64(sum[:])
}

func (v *visitor) authorizeURL(change func(url.Values)) string {
	query := url.Values{"client_id": {"luci-router"}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"openid profile email groups"},
		"state": {"the-state"}, "nonce": {"the-nonce"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"}}
	if change != nil {
		change(query)
	}
	return v.idp.EndpointURL(Authorize) + "?" + query.Encode()
}

// choose signs a person in and returns what comes back to the client.
func (v *visitor) choose(person string, change func(url.Values)) url.Values {
	v.t.Helper()
	response, err := v.http.PostForm(v.authorizeURL(change), url.Values{"person": {person}})
	if err != nil {
		v.t.Fatal(err)
	}
	_ = response.Body.Close()
	location, err := response.Location()
	if err != nil {
		v.t.Fatalf("status %d and no way back", response.StatusCode)
	}
	return location.Query()
}

func (v *visitor) exchange(code string, change func(url.Values, *http.Request)) tokenResponse {
	v.t.Helper()
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirect}, "code_verifier": {verifier}}
	request, _ := http.NewRequest(http.MethodPost, v.idp.EndpointURL(Token), nil)
	request.SetBasicAuth("luci-router", "lab-secret")
	if change != nil {
		change(form, request)
	}
	request.Body = io.NopCloser(strings.NewReader(form.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := v.http.Do(request)
	if err != nil {
		v.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	result := tokenResponse{Status: response.StatusCode}
	if err := json.NewDecoder(response.Body).Decode(&result); err != nil {
		v.t.Fatalf("the token response: %v", err)
	}
	return result
}

// verify checks an ID token with a library that is not the provider's own
// code.
func (v *visitor) verify(token string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(t *jwt.Token) (any, error) {
		for _, key := range v.idp.KeysNow() {
			if key.ID == t.Header["kid"] {
				return key.Private.Public(), nil
			}
		}
		return nil, errors.New("no such key")
	}, jwt.WithValidMethods([]string{"RS256", "ES256"}), jwt.WithIssuer(v.idp.URL), jwt.WithAudience("luci-router"), jwt.WithExpirationRequired())
	return claims, err
}
