// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
	"luci-sso/internal/secret"
	"luci-sso/lab/idp"
)

// Codes that come before the browser is sent to the provider.

var configCases = []codeCase{
	{"SSO_DISABLED", func(e *env) {
		e.set("enabled", "0")
		e.provoke(ends(e.t, facts("option enabled is not 1"), "SSO_DISABLED"), start)
		e.set("enabled")
		e.provoke(ends(e.t, facts("option enabled is not 1"), "SSO_DISABLED"), start)
		e.must(os.Remove(e.Router.At("/etc/config/luci-sso")))
		e.provoke(ends(e.t, facts("there is no "), "SSO_DISABLED"), start)
	}},
	{"CONFIG_ERROR", func(e *env) {
		for option, values := range map[string][]string{
			"issuer_url":        {"", "https://", "https://user@id.example.com", "https://id.example.com/#a"},
			"client_id":         {""},
			"client_secret":     {""},
			"clock_tolerance":   {"", "-1", "60s", "99999999999999999999"},
			"scope":             {"profile email"},
			"rate_limit":        {"0"},
			"token_auth_method": {"client_secret_jwt"},
			"require_at_hash":   {"maybe"},
		} {
			original := map[string]string{"issuer_url": e.IDP.URL, "client_id": e.IDP.Client.ID, "client_secret": e.IDP.Client.Secret,
				"clock_tolerance": "60", "scope": "openid"}[option]
			for _, value := range values {
				if e.set(option, value); value == "" {
					e.set(option)
				}
				e.provoke(ends(e.t, facts("option "+option), "CONFIG_ERROR"), start)
			}
			if e.set(option, original); original == "" {
				e.set(option)
			}
		}
		e.must(e.WriteConfig("config oidc 'default'\n\toption enabled '1'\n\toption client_id 'unfinished\n"))
		e.provoke(ends(e.t, facts("/etc/config/luci-sso, line 3"), "CONFIG_ERROR"), start)
	}},
	{"UCI_ERROR", func(e *env) {
		dir := e.Router.At("/etc/config")
		e.must(os.Rename(dir, dir+".away"))
		e.provoke(ends(e.t, facts("cannot read", "/etc/config/luci-sso"), "UCI_ERROR"), start)
	}},
	{"INSECURE_ISSUER_URL", func(e *env) {
		e.set("issuer_url", strings.Replace(e.IDP.URL, "https:", "http:", 1))
		e.provoke(ends(e.t, facts("option issuer_url", "https://"), "INSECURE_ISSUER_URL"), start)
	}},
	{"INSECURE_FETCH_URL", func(e *env) {
		e.set("internal_issuer_url", "http://192.168.1.2")
		e.provoke(ends(e.t, facts("option internal_issuer_url", "https://"), "INSECURE_FETCH_URL"), start)
	}},
}

var discoveryCases = []codeCase{
	{"OIDC_DISCOVERY_FAILED", func(e *env) {
		// Alone: over the limit, the document is refused before it is read.
		e.named("discovery-huge")
		e.provoke(ends(e.t, facts("discovery document", "262144"), "OIDC_DISCOVERY_FAILED"), start)
	}},
	{"DISCOVERY_FAILED", func(e *env) {
		for _, status := range []int{404, 403, 500, 503, 204} {
			remove := e.IDP.Inject(answer(idp.Discovery, idp.Answer{Status: status}))
			e.provoke(ends(e.t, facts("HTTP status "+itoa(status), "/.well-known/openid-configuration"), "DISCOVERY_FAILED"), start)
			remove()
		}
		e.inject(answer(idp.Discovery, idp.Answer{Location: "https://elsewhere.example/"}))
		e.provoke(ends(e.t, facts("HTTP status 302", "elsewhere.example", "not followed"), "DISCOVERY_FAILED"), start)
	}},
	{"DISCOVERY_NETWORK_ERROR", func(e *env) {
		want := func(fact string) refusal {
			return ends(e.t, facts("discovery document", fact), "DISCOVERY_NETWORK_ERROR")
		}
		for fact, a := range map[string]idp.Answer{
			"reset the connection": {Reset: true},
			"openid-configuration": {CutAfter: 40},
		} {
			remove := e.IDP.Inject(answer(idp.Discovery, a))
			e.provoke(want(fact), start)
			remove()
		}
		e.set("issuer_url", "https://no-such-host.invalid")
		e.provoke(want("cannot be resolved"), start)
		e.set("issuer_url", e.IDP.URL)
		e.IDP.Down()
		e.provoke(want("connection refused"), start)
	}},
	{"INVALID_DISCOVERY_DOC", func(e *env) {
		for _, body := range []string{"<html></html>", "", "[]", `"text"`, "{", `{"issuer":1}`, "{} {}", strings.Repeat("[", 100000)} {
			with := e
			remove := with.IDP.Inject(answer(idp.Discovery, idp.Answer{Body: []byte(body)}))
			with.provoke(ends(e.t, facts("discovery document", "not a JSON object"), "INVALID_DISCOVERY_DOC"), start)
			remove()
		}
	}},
	{"DISCOVERY_MISSING_ISSUER", func(e *env) {
		e.named("discovery-no-issuer")
		e.provoke(ends(e.t, facts("no issuer"), "DISCOVERY_MISSING_ISSUER"), start)
	}},
	{"DISCOVERY_ISSUER_MISMATCH", func(e *env) {
		for _, issuer := range []string{"https://id.example.com", e.IDP.URL + "/", e.IDP.URL + "/realm", strings.ToUpper(e.IDP.URL)} {
			remove := e.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) { d["issuer"] = issuer }})
			e.provoke(ends(e.t, facts(issuer, "option issuer_url", e.IDP.URL), "DISCOVERY_ISSUER_MISMATCH"), start)
			remove()
		}
	}},
	{"DISCOVERY_MISSING_ENDPOINT", func(e *env) {
		for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
			remove := e.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) { delete(d, name) }})
			e.provoke(ends(e.t, facts("no "+name), "DISCOVERY_MISSING_ENDPOINT"), start)
			remove()
		}
	}},
	{"INSECURE_ENDPOINT", func(e *env) {
		for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
			remove := e.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) { d[name] = "http://id.example.com/x" }})
			e.provoke(ends(e.t, facts(name, "http://id.example.com/x", "https://"), "INSECURE_ENDPOINT"), start)
			remove()
		}
	}},
}

var startCases = []codeCase{
	{"INSECURE_AUTH_ENDPOINT", func(e *env) {
		// A fresh document with such an endpoint is INSECURE_ENDPOINT; only a
		// kept one can still have it.
		start(e, plainClient)
		e.keptDocument(func(d map[string]any) { d["authorization_endpoint"] = "http://id.example.com/authorize" })
		e.provoke(ends(e.t, facts("authorization_endpoint", "http://id.example.com"), "INSECURE_AUTH_ENDPOINT"), start)
	}},
	{"INVALID_AUTH_ENDPOINT", func(e *env) {
		e.inject(idp.Fault{Metadata: func(d map[string]any) { d["authorization_endpoint"] = e.IDP.URL + "/#/authorize" }})
		e.provoke(ends(e.t, facts("authorization_endpoint", "fragment"), "INVALID_AUTH_ENDPOINT"), start)
	}},
	// The next three mean a defect of ours: whatever comes from outside, the
	// program makes all three values itself. They are provoked where the
	// package oidc is called.
	{"MISSING_STATE_PARAMETER", func(e *env) { boundary(e, fault.MissingStateParameter, oidc.AuthorizationRequest{}) }},
	{"MISSING_NONCE_PARAMETER", func(e *env) {
		boundary(e, fault.MissingNonceParameter, oidc.AuthorizationRequest{State: secret.New("s")})
	}},
	{"MISSING_PKCE_CHALLENGE", func(e *env) {
		boundary(e, fault.MissingPKCEChallenge, oidc.AuthorizationRequest{State: secret.New("s"), Nonce: secret.New("n")})
	}},
}

// boundary provokes a code at package oidc's own door. Its catalogue entry
// takes it from there to the log like every other.
func boundary(e *env, code fault.Code, request oidc.AuthorizationRequest) {
	party := oidc.Party{Issuer: e.IDP.URL, ClientID: config.Section}
	_, err := party.AuthorizationURL(oidc.Metadata{AuthorizationEndpoint: e.IDP.URL + "/authorize"}, request)
	f, ok := fault.As(err)
	if !ok || f.Code != code || f.Detail == "" {
		e.t.Fatalf("%v, expected %s with a diagnostic", err, code)
	}
	want := ends(e.t, nil, string(code))
	if end := f.Ends(); end.Status != want.status || len(f.Chain()) != len(want.lines) {
		e.t.Errorf("%s ends with status %d through %v, expected %d, %q", code, end.Status, f.Chain(), want.status, want.lines)
	}
}

// answer makes an endpoint answer so.
func answer(at idp.Endpoint, a idp.Answer) idp.Fault {
	return idp.Fault{At: map[idp.Endpoint]idp.Answer{at: a}}
}

// refused is a login whose callback fails: the pending login is used up.
func (e *env) refused(want refusal) {
	e.t.Helper()
	e.provoke(want.andSpent(), login)
}
