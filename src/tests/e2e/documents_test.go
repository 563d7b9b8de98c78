// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"sort"
	"strings"
	"testing"

	"luci-sso/lab/idp"
)

// shapes are JSON values of every type, as some provider will send them in
// any member.
var shapes = map[string]string{
	"null": "null", "true": "true", "false": "false", "number": "7", "negative": "-1.5", "huge number": "1e999999", "many digits": strings.Repeat("9", 5000),
	"text": `"other"`, "empty text": `""`, "long text": `"` + strings.Repeat("x", 70000) + `"`, "list": `["a", 7, null, {}]`, "empty list": "[]", "object": `{"a": {"b": [1]}}`,
	"nested list": strings.Repeat("[", 50000) + strings.Repeat("]", 50000), "nested object": strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000),
}

// rewrite changes members of a JSON object; the values are JSON as they
// stand, which no library needs to be willing to write.
func rewrite(change map[string]string) func([]byte) []byte {
	return func(body []byte) []byte {
		members := map[string]json.RawMessage{}
		if err := json.Unmarshal(body, &members); err != nil {
			return body
		}
		for name, value := range change {
			members[name] = json.RawMessage(value)
		}
		var names []string
		for name := range members {
			names = append(names, name)
		}
		sort.Strings(names)
		var parts []string
		for _, name := range names {
			key, _ := json.Marshal(name)
			parts = append(parts, string(key)+":"+string(members[name]))
		}
		return []byte("{" + strings.Join(parts, ",") + "}")
	}
}

// bend makes an endpoint send a member in another shape.
func (e *env) bend(at idp.Endpoint, change map[string]string) (undo func()) {
	return e.IDP.Inject(answer(at, idp.Answer{Rewrite: rewrite(change)}))
}

// signsIn is a login that has to succeed whatever is bent.
func (e *env) signsIn(what string) []string {
	e.t.Helper()
	mark := e.Mark()
	r := login(e, htmlClient)
	log := e.logOf(r, mark)
	if r.Status != 302 {
		e.t.Errorf("%s: %s\n%s", what, r.Raw, strings.Join(log, "\n"))
	}
	return e.Log(mark)
}

// TestDocumentDiscovery: of the discovery document only the issuer and the
// three endpoints are needed. Nothing else that stands in it refuses it.
func TestDocumentDiscovery(t *testing.T) {
	t.Parallel()
	for _, member := range []string{"userinfo_endpoint", "end_session_endpoint", "token_endpoint_auth_methods_supported", "id_token_signing_alg_values_supported",
		"scopes_supported", "claims_supported", "code_challenge_methods_supported", "authorization_response_iss_parameter_supported", "unknown_member"} {
		t.Run(member, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			e.set("rate_limit", "100000")
			for name, shape := range shapes {
				undo := e.bend(idp.Discovery, map[string]string{member: shape})
				e.forget()
				log := strings.Join(e.signsIn(member+" is "+name), "\n")
				undo()
				if odd := name == "number" && member != "unknown_member"; odd && !strings.Contains(log, member+" (a number)") {
					t.Errorf("nothing says that %s is a number:\n%s", member, log)
				}
			}
		})
	}
}

// TestDocumentNeeded: a needed member of another type is named.
func TestDocumentNeeded(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("rate_limit", "100000")
	for _, member := range []string{"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"} {
		for name, shape := range shapes {
			if strings.Contains(name, "text") || name == "null" {
				continue // Absent, or another address: other codes.
			}
			undo := e.bend(idp.Discovery, map[string]string{member: shape})
			mark := e.Mark()
			r := start(e, htmlClient)
			log := strings.Join(e.logOf(r, mark), "\n")
			undo()
			if r.Status != 500 || !strings.Contains(log, "[500] INVALID_DISCOVERY_DOC") || !strings.Contains(log, member+" is ") {
				t.Errorf("%s is %s: %d\n%s", member, name, r.Status, log)
			}
		}
	}
}

// TestDocumentKeys: no entry of the key set says anything against the others.
func TestDocumentKeys(t *testing.T) {
	t.Parallel()
	for _, member := range []string{"", "kty", "kid", "use", "alg", "key_ops", "n", "e", "crv", "x", "y", "x5c"} {
		t.Run("member "+member, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			e.set("rate_limit", "100000")
			for name, shape := range shapes {
				for _, kty := range []string{"RSA", "EC"} {
					entry := shape
					if member != "" {
						entry = `{"kty":"` + kty + `","kid":"bent","use":"sig",` + `"` + member + `":` + shape + `}`
					}
					undo := e.IDP.Inject(answer(idp.JWKS, idp.Answer{Rewrite: func(body []byte) []byte {
						return []byte(strings.Replace(string(body), `"keys":[`, `"keys":[`+entry+`,`, 1))
					}}))
					e.forget()
					e.signsIn("an entry's " + member + " is " + name)
					undo()
					if member == "" {
						break
					}
				}
			}
		})
	}
}

// TestDocumentKeyLeftOut: a provider whose only key is bent is told so.
func TestDocumentKeyLeftOut(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.inject(idp.Fault{Keys: func(set map[string]any) {
		for _, key := range set["keys"].([]any) {
			key.(map[string]any)["kid"] = 7
		}
	}})
	e.refused(ends(t, facts("kid (a number)", "left out"), "INVALID_SIGNATURE"))
}

// TestDocumentTokens: of the token response only the two tokens are read.
func TestDocumentTokens(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("rate_limit", "100000")
	for _, member := range []string{"expires_in", "scope", "token_type", "refresh_token", "error", "error_description", "unknown_member"} {
		for name, shape := range shapes {
			undo := e.bend(idp.Token, map[string]string{member: shape})
			e.signsIn(member + " is " + name)
			undo()
		}
	}
}

// TestDocumentUserInfo: no claim of another shape makes the response one that
// cannot be read.
func TestDocumentUserInfo(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("rate_limit", "100000")
	e.inject(idp.Fault{IDToken: func(t *idp.IDToken) { delete(t.Claims, "groups"); delete(t.Claims, "email") }})
	for _, member := range []string{"name", "picture", "address", "unknown_member", "email", "email_verified", "groups"} {
		for name, shape := range shapes {
			undo := e.bend(idp.UserInfo, map[string]string{member: shape})
			mark := e.Mark()
			r := login(e, htmlClient)
			log := strings.Join(e.logOf(r, mark), "\n")
			undo()
			read := strings.Contains("email email_verified groups", member)
			if r.Status != 302 && !(read && r.Status == 403) || strings.Contains(log, "USERINFO_") {
				t.Errorf("%s is %s: %d\n%s", member, name, r.Status, log)
			}
		}
	}
}
