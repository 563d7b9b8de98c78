// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"strings"
	"testing"
	"unicode/utf8"
)

var whos = map[string]Who{"user": User, "router": RouterAdmin, "provider": ProviderAdmin}

func checkAdvice(t *testing.T, a Advice, value, who, begins string) {
	t.Helper()
	if !a.Known {
		t.Errorf("%q is not recognized", value)
	}
	if a.Who != whos[who] {
		t.Errorf("%q is for %s, expected %s: %s", value, a.Who, whos[who], a.Do)
	}
	if !strings.HasPrefix(a.Do, begins) && !strings.HasPrefix(a.Do, unused+begins) {
		t.Errorf("advice on %q is %q, expected %q …", value, a.Do, begins)
	}
	for _, part := range []string{`error "` + value + `"`, a.Who.String(), a.Do} {
		if !strings.Contains(a.Text, part) {
			t.Errorf("the diagnostic %q does not contain %q", a.Text, part)
		}
	}
	if len(a.Text) > 600 {
		t.Errorf("the diagnostic on %q has %d bytes: too long for a log line", value, len(a.Text))
	}
}

// TestVendors: every error of the vendors' lists, at either place.
func TestVendors(t *testing.T) {
	t.Parallel()
	okta := rows(t, "okta.tsv", 6)
	if len(okta) != 124 {
		t.Errorf("%d of Okta's errors, expected 124", len(okta))
	}
	for _, row := range okta {
		at := ProviderError(Callback, row[1], row[3], 0)
		checkAdvice(t, at, row[1], row[4], row[5])
		if at.Code != IdPError {
			t.Errorf("%s at the callback is %s", row[2], at.Code)
		}
		if code := ProviderError(TokenEndpoint, row[1], row[3], 400).Code; code != TokenExchangeFailed {
			t.Errorf("%s at the token endpoint is %s", row[2], code)
		}
	}
	scalekit := rows(t, "scalekit.tsv", 4)
	if len(scalekit) != 22 {
		t.Errorf("%d of Scalekit's errors, expected 22", len(scalekit))
	}
	for _, row := range scalekit {
		checkAdvice(t, ProviderError(Callback, row[0], row[1], 0), row[0], row[2], row[3])
		checkAdvice(t, ProviderError(Callback, row[0], "", 0), row[0], row[2], row[3])
	}
}

// TestStandards: every value of the standards, at the places where it comes.
func TestStandards(t *testing.T) {
	t.Parallel()
	places := map[string]Place{"callback": Callback, "token": TokenEndpoint, "userinfo": UserInfo}
	for _, row := range rows(t, "standard.tsv", 5) {
		for _, name := range strings.Fields(row[1]) {
			a := ProviderError(places[name], row[0], "", 400)
			checkAdvice(t, a, row[0], row[3], row[4])
			want := map[string]Code{"callback": IdPError, "token": TokenExchangeFailed, "userinfo": UserInfoFetchFailed}[name]
			if name == "token" && row[0] == "invalid_grant" {
				want = OIDCInvalidGrant
			}
			if a.Code != want {
				t.Errorf("%s at %s is %s, expected %s", row[0], name, a.Code, want)
			}
		}
	}
}

// TestRefresh: the remedies are for a code, but a refused client is one here, too.
func TestRefresh(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value, description string
		status             int
		text               string
	}{
		{"invalid_grant", "", 400, `error "invalid_grant"`},
		{"invalid_grant", "refresh token is expired", 400, `error "invalid_grant" (refresh token is expired)`},
		{"invalid_grant", "The account is disabled", 400, `error "invalid_grant" (The account is disabled); for the provider's admin: activate or unlock this person's account`},
		{"invalid_request", "", 500, `error "invalid_request"`},
		{"server_error", "", 400, `error "server_error"`},
		{"unauthorized_client", "no refresh tokens", 400, `error "unauthorized_client" (no refresh tokens)`},
		{"invalid_client", "", 401, `error "invalid_client"; for the router's admin: ` + secretText},
		{"", "", 502, "for the provider's admin: the provider itself failed (HTTP status 502), its log tells the reason"},
	} {
		if a := ProviderError(Refresh, c.value, c.description, c.status); a.Text != c.text {
			t.Errorf("%+v: %q", c, a.Text)
		}
	}
}

// TestUnusualProviders: what comes from those that do not follow RFC 6749.
func TestUnusualProviders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value, description string
		status             int
		code               Code
		who, begins        string
		unknown            bool
	}{
		{"Invalid client secret", "", 401, TokenExchangeFailed, "router", secretText, false},
		{"Invalid authorization code", "", 400, OIDCInvalidGrant, "user", "start again: the code is used up", false},
		{"Invalid code verifier", "", 400, OIDCInvalidGrant, "user", "start again from the router's login page", false},
		{"Client not found", "", 404, TokenExchangeFailed, "router", "the provider knows no client", false},
		{"INVALID_CLIENT", "", 401, TokenExchangeFailed, "router", secretText, false},
		{"invalid_grant", "PKCE verification failed", 400, OIDCInvalidGrant, "user", "start again from the router's login page", false},
		{"invalid_grant", "Client authentication failed.", 400, OIDCInvalidGrant, "router", secretText, false},
		{"invalid_client", "AADSTS7000222: The provided client secret keys are expired.", 401, TokenExchangeFailed, "router", secretText, false},
		{"", "", 401, TokenExchangeFailed, "router", secretText, true},
		{"", "", 429, TokenExchangeFailed, "provider", "raise its rate limit", true},
		{"", "", 502, TokenExchangeFailed, "provider", "the provider itself failed (HTTP status 502)", true},
		{"", "", 302, TokenExchangeFailed, "router", "the endpoint must answer by itself", true},
		{"", "", 404, TokenExchangeFailed, "router", "there is no such endpoint", true},
		{"something_new", "", 400, TokenExchangeFailed, "provider", "the provider's log tells the reason", true},
	} {
		a := ProviderError(TokenEndpoint, c.value, c.description, c.status)
		if a.Known == c.unknown {
			t.Errorf("%q, %q: known is %v", c.value, c.description, a.Known)
		}
		if a.Code != c.code || a.Who != whos[c.who] || !strings.HasPrefix(a.Do, c.begins) {
			t.Errorf("%q, %q, %d: %s, for %s: %s", c.value, c.description, c.status, a.Code, a.Who, a.Do)
		}
	}
	if a := ProviderError(Callback, "something_new", "", 0); a.Code != IdPError || a.Known || a.Do == "" {
		t.Errorf("an unknown error at the callback: %+v", a)
	}
}

// TestUntrusted: the diagnostic repeats nothing that must not reach the log.
func TestUntrusted(t *testing.T) {
	t.Parallel()
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9"
	for in, want := range map[string]string{
		"User alice@example.com is unknown":              "User <address> is unknown",
		"code='" + token + "'":                           "code='<token>'",
		`signed in: role "admin" by email`:               `signed in: role \"admin\" by email`,
		"invalid_dpop_proof_invalid_signature_algorithm": "invalid_dpop_proof_invalid_signature_algorithm",
	} {
		if a := ProviderError(Callback, in, "", 0); !strings.Contains(a.Text, `error "`+want+`"`) {
			t.Errorf("%q is cited in %q, expected %s", in, a.Text, want)
		}
		if a := ProviderError(Callback, "x", in, 0); !strings.Contains(a.Text, `error "x" (`+want+`)`) {
			t.Errorf("%q is cited in %q, expected %s", in, a.Text, want)
		}
	}
	a := ProviderError(Callback, "x\r\n[200] FORGED", strings.Repeat("\xff\u202e\n", 5000)+token, 0)
	if !utf8.ValidString(a.Text) || strings.ContainsAny(a.Text, "\r\n\u202e") || len(a.Text) > 600 {
		t.Errorf("the diagnostic is not fit for the log: %q", a.Text)
	}
}

func FuzzProviderError(f *testing.F) {
	f.Add("access_denied", "User is not assigned to the client application.", 400)
	f.Add("Invalid client secret", "", 401)
	f.Add("\xff\n", "a@b "+strings.Repeat("9", 5000), 0)
	f.Fuzz(func(t *testing.T, value, description string, status int) {
		for _, place := range []Place{Callback, TokenEndpoint, UserInfo} {
			a := ProviderError(place, value, description, status)
			if a.Do == "" || len(a.Text) > 900 || !utf8.ValidString(a.Text) {
				t.Errorf("%q %q: %+v", value, description, a)
			}
			for _, r := range a.Text {
				if r < ' ' {
					t.Errorf("a control character in %q", a.Text)
				}
			}
			if (a.Code == OIDCInvalidGrant) && place != TokenEndpoint {
				t.Errorf("%s at place %d", a.Code, place)
			}
		}
	})
}

// TestRemediesAreReachable: a row that no value or phrase of its own leads to
// is dead weight in the router's flash.
func TestRemediesAreReachable(t *testing.T) {
	t.Parallel()
	for _, r := range Remedies() {
		for _, value := range r.Values {
			// At the callback: at the token endpoint some mean more.
			if a := ProviderError(Callback, value, "", 0); a.Do != r.Do {
				t.Errorf("value %q leads to %q, not to its own row %q", value, a.Do, r.Do)
			}
		}
		for _, phrase := range r.Phrases {
			if phrase != strings.TrimSpace(normal(phrase)) {
				t.Errorf("phrase %q is not normalized", phrase)
			}
			if a := ProviderError(TokenEndpoint, "", phrase, 400); a.Do != r.Do {
				t.Errorf("phrase %q leads to %q, not to its own row %q", phrase, a.Do, r.Do)
			}
		}
		if strings.HasSuffix(r.Do, ".") || r.Do == "" {
			t.Errorf("malformed advice %q", r.Do)
		}
	}
}

// TestClientErrors: what providers answer to a wrong secret, as was seen, leads
// to the secret; what looks like it does not.
func TestClientErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, value, description string
		status                   int
		secret, client           bool
		code                     Code
	}{
		{"RFC 6749's words (Doorkeeper)", "invalid_client", "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.", 401, true, true, TokenExchangeFailed},
		{"RFC 6749's words (Hydra, Authelia)", "invalid_client", "Client authentication failed (e.g., unknown client, no client authentication included, or unsupported authentication method).", 401, true, true, TokenExchangeFailed},
		{"Glewlwyd", "unauthorized_client", "", 403, true, true, TokenExchangeFailed},
		{"Gitea", "unauthorized_client", "invalid client secret", 400, true, true, TokenExchangeFailed},
		{"Pocket ID", "Invalid client secret", "", 400, true, true, TokenExchangeFailed},
		{"bare", "", "", 401, true, true, TokenExchangeFailed},
		{"Glewlwyd's code", "invalid_code", "", 403, false, false, OIDCInvalidGrant},
		{"Dex's old code", "server_error", "", 500, false, false, TokenExchangeFailed},
		{"Pocket ID's code", "Invalid authorization code", "", 400, false, false, OIDCInvalidGrant},
		{"another tenant", "invalid_client", "AADSTS700016: Application was not found", 400, false, false, TokenExchangeFailed},
	} {
		a := ProviderError(TokenEndpoint, c.value, c.description, c.status)
		if strings.Contains(a.Text, "client_secret from the provider again") != c.secret || a.Client != c.client || a.Code != c.code {
			t.Errorf("%s: %s, client %v: %s", c.from, a.Code, a.Client, a.Text)
		}
		if c.from == "Dex's old code" && !strings.Contains(a.Text, "too old: start again") {
			t.Errorf("%s: %s", c.from, a.Text)
		}
	}
}
