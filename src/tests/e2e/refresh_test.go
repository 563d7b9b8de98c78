// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"luci-sso/lab/idp"
)

// What a provider's answers mean: only those about this sign-in end it.
func TestAnswersToARefresh(t *testing.T) {
	t.Parallel()
	fail := func(status int, kind, body string) idp.Answer {
		return idp.Answer{Status: status, Header: http.Header{"Content-Type": {kind}}, Body: []byte(body)}
	}
	for name, c := range map[string]struct {
		answer idp.Answer
		ends   bool
	}{
		"invalid_grant":               {fail(400, "application/json", `{"error":"invalid_grant"}`), true},
		"invalid_grant with 401":      {fail(401, "application/json", `{"error":"invalid_grant"}`), true},
		"invalid_grant with 403":      {fail(403, "application/json", `{"error":"invalid_grant"}`), true},
		"invalid_request":             {fail(400, "application/json", `{"error":"invalid_request"}`), true},
		"invalid_request with 401":    {fail(401, "application/json", `{"error":"invalid_request"}`), false},
		"a sentence (Pocket ID)":      {fail(400, "application/json", `{"error":"Refresh token is invalid or expired"}`), true},
		"a sentence with 500":         {fail(500, "application/json", `{"error":"Refresh token is invalid or expired"}`), false},
		"a sentence on the client":    {fail(400, "application/json", `{"error":"Client id or secret not provided"}`), false},
		"interaction_required":        {fail(400, "application/json", `{"error":"interaction_required"}`), true},
		"access_denied":               {fail(400, "application/json", `{"error":"access_denied"}`), true},
		"access_denied with 403":      {fail(403, "application/json", `{"error":"access_denied"}`), true},
		"access_denied with 401":      {fail(401, "application/json", `{"error":"access_denied","error_description":"Unauthorized"}`), false}, // About the client.
		"access_denied with 429":      {fail(429, "application/json", `{"error":"access_denied"}`), false},
		"login_required with 503":     {fail(503, "application/json", `{"error":"login_required"}`), false},
		"invalid_grant with 500":      {fail(500, "application/json", `{"error":"invalid_grant"}`), false},
		"invalid_client with 400":     {fail(400, "application/json", `{"error":"invalid_client","error_description":"Invalid client or refresh token is invalid"}`), false},
		"nothing but 400":             {fail(400, "", ""), true},
		"a page with 400":             {fail(400, "text/html", "<h1>Bad Request</h1>"), false},
		"invalid_client":              {fail(401, "application/json", `{"error":"invalid_client"}`), false},
		"unauthorized_client":         {fail(400, "application/json", `{"error":"unauthorized_client"}`), false},
		"unsupported_grant_type":      {fail(400, "application/json", `{"error":"unsupported_grant_type"}`), false},
		"invalid_scope":               {fail(400, "application/json", `{"error":"invalid_scope"}`), false},
		"nothing but 401":             {fail(401, "", ""), false},
		"too many requests":           {fail(429, "application/json", `{"error":"slow_down"}`), false},
		"not found":                   {fail(404, "text/html", "not found"), false},
		"out of order":                {fail(503, "text/html", "maintenance"), false},
		"an answer without tokens":    {fail(200, "application/json", `{}`), false},
		"a captive portal":            {fail(200, "text/html", "<h1>Welcome</h1>"), false},
		"an answer that is no object": {fail(200, "application/json", `[]`), false},
		"the connection is cut":       {idp.Answer{Reset: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAsking(t, idp.Refreshing{Always: true})
			s := a.signedIn("alice")
			a.With(func() { a.after(graceTime) }, answer(idp.Token, c.answer))
			if a.lives(s) == c.ends {
				t.Fatalf("the session lives: %t\n%s", a.lives(s), strings.Join(a.Log(0), "\n"))
			}
			if c.ends {
				return
			}
			// It answers again before the time is over, and later does not for longer.
			a.after(time.Minute)
			if r := a.record(s); !a.lives(s) || r.Doubt != 0 {
				t.Fatalf("confirmed again, the session lives: %t, in doubt since %d", a.lives(s), r.Doubt)
			}
			a.With(func() { a.after(everyTime + graceTime + time.Minute) }, answer(idp.Token, c.answer))
			if a.lives(s) {
				t.Error("the session outlives the patience with the provider")
			}
		})
	}
}

// The roles are matched anew: groups that went, groups that came, and an
// address that counts no more.
func TestRolesMatchedAgain(t *testing.T) {
	t.Parallel()
	for _, noID := range []bool{false, true} {
		for name, c := range map[string]struct {
			change map[string]any
			ends   bool
		}{
			"as before":                        {map[string]any{}, false},
			"no address any more":              {map[string]any{"email": nil}, true},
			"another address":                  {map[string]any{"email": "nobody@example.com"}, true},
			"another role":                     {map[string]any{"email": "second@example.com"}, true},
			"an address that no longer counts": {map[string]any{"email_verified": false}, true},
			"the same as a text":               {map[string]any{"email_verified": "false"}, true},
			// Undecided: it is given time.
			"a flag that says nothing clear": {map[string]any{"email_verified": map[string]any{}}, false},
			"no flag any more":               {map[string]any{"email_verified": nil}, false},
		} {
			t.Run(name+", no ID token: "+strconv.FormatBool(noID), func(t *testing.T) {
				t.Parallel()
				a := newAsking(t, idp.Refreshing{Always: true, NoID: noID})
				a.set("second.email", "second@example.com")
				a.set("second.read", "luci-base")
				s := a.signedIn("alice")
				change := func(claims map[string]any) {
					for name, value := range c.change {
						if value == nil {
							delete(claims, name)
						} else {
							claims[name] = value
						}
					}
				}
				a.inject(idp.Fault{IDToken: func(token *idp.IDToken) { change(token.Claims) }, Claims: change})
				mark := a.Mark()
				a.after(everyTime + 2*time.Minute)
				if a.lives(s) == c.ends {
					t.Fatalf("the session lives: %t\n%s", a.lives(s), strings.Join(a.Log(0), "\n"))
				}
				if c.ends && !strings.Contains(strings.Join(a.Log(mark), "\n"), "[403] SESSION_ROLE_GONE") {
					t.Errorf("the log is %q", a.Log(mark))
				}
			})
		}
	}
}

// A new ID token has to be about the same sign-in (OIDC Core §12.2).
func TestRefreshedIDToken(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*idp.IDToken)
		ends   bool // At once: else it is a token that confirms nothing.
		good   bool
	}{
		"without nonce and at_hash": {func(token *idp.IDToken) { delete(token.Claims, "nonce"); delete(token.Claims, "at_hash") }, false, true},
		"the login's nonce":         {func(*idp.IDToken) {}, false, true},
		"another nonce":             {func(token *idp.IDToken) { token.Claims["nonce"] = "other" }, true, false},
		"another person":            {func(token *idp.IDToken) { token.Claims["sub"] = "other" }, true, false},
		"sub is an object":          {func(token *idp.IDToken) { token.Claims["sub"] = map[string]any{} }, true, false},
		"another auth_time":         {func(token *idp.IDToken) { token.Claims["auth_time"] = 1700000000 }, true, false},
		"no auth_time":              {func(token *idp.IDToken) { delete(token.Claims, "auth_time") }, false, true},
		"another issuer":            {func(token *idp.IDToken) { token.Claims["iss"] = "https://evil.example" }, false, false},
		"another audience":          {func(token *idp.IDToken) { token.Claims["aud"] = "other" }, false, false},
		"expired":                   {func(token *idp.IDToken) { token.Claims["exp"] = 1700000000 }, false, false},
		"of another type":           {func(token *idp.IDToken) { token.Header["typ"] = "logout+jwt" }, false, false},
		"over at the provider":      {func(token *idp.IDToken) { token.Claims["session_expiry"] = 1700000000 }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAsking(t, idp.Refreshing{Always: true})
			s := a.signedIn("alice")
			a.inject(idp.Fault{IDToken: c.change})
			a.after(everyTime + time.Minute)
			if a.lives(s) == c.ends {
				t.Fatalf("the session lives: %t\n%s", a.lives(s), strings.Join(a.Log(0), "\n"))
			}
			if c.ends {
				return
			}
			if r := a.record(s); (r.Doubt == 0) != c.good {
				t.Errorf("in doubt since %d", r.Doubt)
			}
		})
	}
}
