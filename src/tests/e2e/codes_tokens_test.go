// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"strings"

	"luci-sso/internal/secret"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// Codes of the provider's keys, the ID token and UserInfo.

var keyCases = []codeCase{
	{"JWKS_FETCH_FAILED", func(e *env) {
		e.named("jwks-500")
		e.refused(ends(e.t, facts("JWK Set", "HTTP status 500"), "JWKS_FETCH_FAILED"))
		e.named()
		e.inject(answer(idp.JWKS, idp.Answer{PadTo: 300 << 10}))
		e.refused(ends(e.t, facts("JWK Set", "262144"), "JWKS_FETCH_FAILED"))
	}},
	{"JWKS_NETWORK_ERROR", func(e *env) {
		e.named("jwks-reset")
		e.refused(ends(e.t, facts("JWK Set", "reset the connection"), "JWKS_NETWORK_ERROR"))
	}},
	{"INSECURE_JWKS_URI", func(e *env) {
		// As with the other endpoints, only a kept document gets this far.
		e.provoke(ends(e.t, facts("jwks_uri", "http://id.example.com", "https://"), "INSECURE_JWKS_URI").andSpent(), func(e *env, client http.Header) *lab.Response {
			v := e.pending("alice")
			e.keptDocument(func(d map[string]any) { d["jwks_uri"] = "http://id.example.com/jwks" })
			defer e.forget()
			return e.cgi(v.request(client))
		})
	}},
	{"INVALID_JWKS_FORMAT", func(e *env) {
		for _, body := range []string{"<html></html>", "", "[]", "{}", `{"keys":{}}`, `{"keys":null}`, `{"keys":[1]}`} {
			remove := e.IDP.Inject(answer(idp.JWKS, idp.Answer{Body: []byte(body)}))
			e.refused(ends(e.t, facts("JWK Set"), "INVALID_JWKS_FORMAT"))
			remove()
		}
	}},
}

// idTokenRefused is for an ID token that a fault of the catalogue spoils.
func idTokenRefused(name, code string, says ...string) codeCase {
	return codeCase{code, func(e *env) {
		e.named(name)
		e.refused(ends(e.t, says, code))
	}}
}

var idTokenCases = []codeCase{
	idTokenRefused("no-id-token", "MISSING_ID_TOKEN", "no id_token"),
	{"UNSUPPORTED_ALGORITHM", func(e *env) {
		for name, fact := range map[string]string{"alg-none": `"none"`, "alg-hs256": `"HS256"`} {
			e.named(name)
			e.refused(ends(e.t, facts("signed with "+fact, "RS256 or ES256"), "UNSUPPORTED_ALGORITHM"))
		}
	}},
	{"INVALID_SIGNATURE", func(e *env) {
		e.named("bad-signature")
		e.refused(ends(e.t, facts("signature", "RS256"), "INVALID_SIGNATURE"))
		// The keys were fetched again to be sure, once for each login.
		if n := e.IDP.Count(idp.JWKS); n != 3 {
			e.t.Errorf("the keys were fetched %d times in two logins, expected 3: once for the cache and once more for each refusal", n)
		}
	}},
	{"ID_TOKEN_VERIFICATION_FAILED", func(e *env) {
		for name, fact := range map[string]string{
			"wrong-issuer":   `iss is "https://evil.example.com"`,
			"wrong-audience": "aud does not contain option client_id",
			"expired":        "expired",
			"future":         "in the future",
			"huge-id-token":  "the limit is 16384",
		} {
			e.named(name)
			e.refused(ends(e.t, facts(fact), "ID_TOKEN_VERIFICATION_FAILED"))
		}
	}},
	{"MISSING_SUB_CLAIM", func(e *env) {
		e.named("no-sub")
		e.refused(ends(e.t, facts("no sub"), "MISSING_SUB_CLAIM"))
		e.named()
		for form, value := range map[string]any{"a number": 7, "an object": map[string]any{"id": "alice"}, "a list": []any{"alice"}, "true or false": true} {
			remove := e.IDP.Inject(idp.Fault{IDToken: func(t *idp.IDToken) { t.Claims["sub"] = value }})
			e.refused(ends(e.t, facts("the ID token's sub is not a text but "+form), "MISSING_SUB_CLAIM"))
			remove()
		}
	}},
	idTokenRefused("no-exp", "MISSING_EXP_CLAIM", "no exp"),
	idTokenRefused("no-iat", "MISSING_IAT_CLAIM", "no iat"),
	{"MISSING_NONCE", func(e *env) {
		e.named("no-nonce")
		e.refused(ends(e.t, facts("no nonce"), "MISSING_NONCE"))
		e.named()
		e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { t.Claims["nonce"] = "" }})
		e.refused(ends(e.t, facts("no nonce"), "MISSING_NONCE"))
	}},
	idTokenRefused("wrong-nonce", "NONCE_MISMATCH", "nonce is not the one of this login"),
	idTokenRefused("two-audiences", "MISSING_AZP_CLAIM", "2 audiences but no azp"),
	idTokenRefused("wrong-azp", "AZP_MISMATCH", `azp is "another-client"`, "option client_id"),
	idTokenRefused("no-access-token", "MISSING_ACCESS_TOKEN", "no access_token"),
	{"MISSING_AT_HASH", func(e *env) {
		e.named("no-at-hash")
		e.refused(ends(e.t, facts("no at_hash", "option require_at_hash"), "MISSING_AT_HASH"))
		// The provider says it never sends it: good unless the option insists.
		e.forget()
		e.named("no-at-hash-announced")
		if r := login(e, htmlClient); r.Status != 302 {
			e.t.Errorf("a provider that announces no at_hash: %s", r.Raw)
		}
		e.set("require_at_hash", "1")
		e.refused(ends(e.t, facts("no at_hash"), "MISSING_AT_HASH"))
		e.forget()
		e.named("no-at-hash")
		e.set("require_at_hash", "0")
		if r := login(e, htmlClient); r.Status != 302 {
			e.t.Errorf("require_at_hash 0: %s", r.Raw)
		}
	}},
	{"AT_HASH_MISMATCH", func(e *env) {
		e.named("wrong-at-hash")
		e.refused(ends(e.t, facts("at_hash is not that of the access token"), "AT_HASH_MISMATCH"))
		e.named()
		e.set("require_at_hash", "0") // Optional is not unchecked.
		e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { t.Claims["at_hash"] = 1 }})
		e.refused(ends(e.t, facts("at_hash"), "AT_HASH_MISMATCH"))
	}},
}

// noted is for a code that does not end the login: Alice is refused because
// her address stays unknown, and let in when her subject is enough.
func (e *env) noted(code, fact string) {
	e.t.Helper()
	e.provoke(ends(e.t, facts(fact, "no role matches", "no e-mail sent"), code).andSpent(), login)
	e.set("admin.sub", "alice")
	mark := e.Mark()
	r := login(e, htmlClient)
	log := e.logOf(r, mark)
	want := "[302] " + code
	if r.Status != 302 || len(log) != 3 || !strings.Contains(log[0], fact) || log[1] != want || !strings.HasPrefix(log[2], `signed in: role "admin" by sub`) {
		e.t.Errorf("a login that does not need what is missing: status %d, expected 302 and %q in\n%s", r.Status, want, strings.Join(log, "\n"))
	}
}

var userInfoCases = []codeCase{
	{"INSECURE_USERINFO_ENDPOINT", func(e *env) {
		e.named("userinfo-plain-http")
		e.noted("INSECURE_USERINFO_ENDPOINT", "UserInfo endpoint")
		if n := e.IDP.Count(idp.UserInfo); n != 0 {
			e.t.Errorf("UserInfo was asked %d times over plain http", n)
		}
	}},
	{"USERINFO_FETCH_FAILED", func(e *env) {
		e.named("userinfo-500")
		e.noted("USERINFO_FETCH_FAILED", "HTTP status 500")
	}},
	{"USERINFO_NETWORK_ERROR", func(e *env) {
		e.named("userinfo-reset")
		e.noted("USERINFO_NETWORK_ERROR", "reset the connection")
	}},
	{"USERINFO_INVALID_JSON", func(e *env) {
		e.named("userinfo-not-json")
		e.noted("USERINFO_INVALID_JSON", "not a JSON object")
	}},
	{"IDENTITY_MISMATCH", func(e *env) {
		e.named("userinfo-other-sub")
		e.refused(ends(e.t, facts("UserInfo response is about subject"), "IDENTITY_MISMATCH"))
		e.named()
		e.inject(idp.Fault{
			IDToken: func(t *idp.IDToken) { delete(t.Claims, "email") },
			Claims:  func(c map[string]any) { delete(c, "sub") },
		})
		e.refused(ends(e.t, facts("UserInfo response is about subject"), "IDENTITY_MISMATCH"))
	}},
}

var authorizationCases = []codeCase{
	{"USER_NOT_AUTHORIZED", func(e *env) {
		as := func(person string) func(*env, http.Header) *lab.Response {
			return func(e *env, client http.Header) *lab.Response { return e.cgi(e.pending(person).request(client)) }
		}
		want := func(says ...string) refusal {
			return ends(e.t, says, "USER_NOT_AUTHORIZED").andSpent()
		}
		e.provoke(want("no role matches", "subject "+secret.Fingerprint("dave"), ", e-mail "+secret.Fingerprint("dave@example.com"), `groups "staff"`), as("dave"))
		e.provoke(want("no role matches", "(not verified)", "no groups sent"), as("erin"))
		e.set("require_email_verified", "1")
		remove := e.IDP.Inject(idp.Fault{Grant: func(g *idp.Grant) { delete(g.Claims, "email_verified") }})
		e.provoke(want("no role matches", "(not verified)"), as("alice"))
		e.set("require_email_verified")
		// The provider announces the flag: where it is missing, it says no.
		e.provoke(want("no role matches", "announces email_verified and left it out", "(not verified)"), as("alice"))
		remove()
		e.set("admin.read")
		e.set("admin.write")
		e.provoke(want(`role "admin" matches by email but has no read or write permissions`), as("alice"))
	}},
	{"TOKEN_REPLAYED", func(e *env) {
		e.named("same-access-token")
		if r := login(e, htmlClient); r.Status != 302 {
			e.t.Fatalf("the first login: %s", r.Raw)
		}
		e.refused(ends(e.t, facts("access token", "already been used"), "TOKEN_REPLAYED"))
	}},
	{"TOKEN_REGISTRY_ERROR", func(e *env) {
		start(e, plainClient)
		how := e.fillInodes("/var/run/luci-sso/tokens")
		e.t.Log("no used token can be stored:", how)
		e.refused(ends(e.t, facts("cannot be registered as used"), "TOKEN_REGISTRY_ERROR"))
	}},
	{"CSRF_CHECK_FAILED", func(e *env) {
		r := login(e, htmlClient)
		cookie := "sysauth_https=" + r.Cookie("sysauth_https").Value
		for _, c := range r.Cookies() {
			if c.Name == "sysauth_https" && c.Value != "" {
				cookie = "sysauth_https=" + c.Value
			}
		}
		for _, query := range []string{"", "stoken=", "stoken=wrong", "stoken=" + url.QueryEscape(strings.Repeat("0", 32))} {
			e.provoke(ends(e.t, facts("stoken"), "CSRF_CHECK_FAILED"), func(e *env, client http.Header) *lab.Response {
				return e.cgi(lab.Request{Path: "/logout", Query: query, Cookie: cookie, Header: client})
			})
		}
	}},
}
