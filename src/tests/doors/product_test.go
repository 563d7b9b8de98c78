// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"strings"
	"testing"

	"luci-sso/internal/doctor"
	"luci-sso/internal/methods"
	"luci-sso/lab/idp"
)

// The addresses of providers' documents as they were seen, without the issuer:
// authorization, token, keys, logout and pushed requests, and a scope.
var shapes = map[string][6]string{
	"Authelia 4.39.20":          {"/api/oidc/authorization", "/api/oidc/token", "/jwks.json", "", "/api/oidc/pushed-authorization-request"},
	"Pocket ID 2.9.0":           {"/authorize", "/api/oidc/token", "/.well-known/jwks.json", "/api/oidc/end-session", "/api/oidc/par"},
	"TinyAuth 5.1.3":            {"/authorize", "/api/oidc/token", "/.well-known/jwks.json"},
	"Casdoor 3.158.0":           {"/login/oauth/authorize", "/api/login/oauth/access_token", "/.well-known/jwks", "/api/logout"},
	"VoidAuth 1.14.4":           {"/auth", "/token", "/jwks", "/session/end", "/request", "groups"},
	"Dex 2.45.1":                {"/auth", "/token", "/keys"},
	"Dex main of 6 August 2026": {"/auth", "/token", "/keys", "/logout"},
	"Glewlwyd 2.7.5":            {"/auth", "/token", "/jwks", "/end_session", "/par"},
	"LemonLDAP::NG 2.16.1":      {"/oauth2/authorize", "/oauth2/token", "/oauth2/jwks", "/oauth2/logout"},
	"zitadel/oidc 3.52.0":       {"/oauth/v2/authorize", "/oauth/v2/token", "/oauth/v2/keys", "/oidc/v1/end_session"},
}

// strange are documents of libraries, and of products that nobody measured.
var strange = map[string][6]string{
	"oidc-provider":        {"/auth", "/token", "/jwks", "/session/end", "/request"},
	"better-auth":          {"/oauth2/authorize", "/oauth2/token", "/jwks", "/oauth2/end-session"},
	"django-oauth-toolkit": {"/authorize/", "/token/", "/.well-known/jwks.json"},
	"Doorkeeper":           {"/oauth/authorize", "/oauth/token", "/oauth/discovery/keys"},
	"fosite":               {"/authorize", "/token", "/keys", "", "/par"},
	"mockoidc":             {"/authorize", "/token", "/.well-known/jwks.json"},
	"zitadel/oidc":         {"/auth", "/oauth/token", "/keys", "/end_session"},
	"Keycloak":             {"/protocol/openid-connect/auth", "/protocol/openid-connect/token", "/protocol/openid-connect/certs", "/protocol/openid-connect/logout"},
	"Auth0":                {"/authorize", "/oauth/token", "/.well-known/jwks.json", "/oidc/logout"},
	// The texts of a line elsewhere than in an address of the issuer's.
	"a query":             {"/login?to=/api/oidc/authorization", "/oauth2?to=/api/oidc/token", "/keys"},
	"another's addresses": {"|@/api/oidc/authorization \nAuthelia 9|a|b||", "%s%s%s", "<b>"},
}

// wear has the lab's provider publish a document of that shape below path.
func wear(p *idp.Provider, path string, shape [6]string) (take func()) {
	return p.Inject(idp.Fault{Metadata: func(d map[string]any) {
		d["issuer"] = p.URL + path
		for i, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint", "pushed_authorization_request_endpoint"} {
			if d[name] = p.URL + path + shape[i]; shape[i] == "" {
				delete(d, name)
			}
		}
		delete(d, "token_endpoint_auth_methods_supported")
		d["scopes_supported"] = []any{"openid", "profile", "email"}
		if shape[5] != "" {
			d["scopes_supported"] = []any{"openid", "profile", "email", shape[5]}
		}
	}})
}

// TestProduct: the addresses of a document say which product it is, what was
// seen of that one is told, and settings that do not go with it are a warning.
func TestProduct(t *testing.T) {
	t.Parallel()
	l := start(t)
	l.IDP.Move(idp.Discovery, "/oidc/.well-known/openid-configuration", idp.Answer{})
	product := func(t *testing.T, shape [6]string, values map[string]string) (rows []*doctor.Check) {
		t.Helper()
		defer wear(l.IDP, "/oidc", shape)()
		given := map[string]string{"issuer_url": l.IDP.URL + "/oidc"}
		for name, value := range values {
			given[name] = value
		}
		var reply methods.TestReply
		call(t, l, "test_connection", map[string]any{"values": given}, &reply)
		for _, c := range reply.Checks {
			switch {
			case c.ID == "discovery" && c.Status != doctor.Pass:
				t.Fatalf("the document was not read: %s", c.Text())
			case c.ID == "product":
				rows = append(rows, c)
			}
		}
		return rows
	}
	for name, shape := range shapes {
		rows := product(t, shape, nil)
		if len(rows) != 1 || rows[0].Status != doctor.Pass || rows[0].Args[0] != name || strings.Count(rows[0].Message, "%s") != len(rows[0].Args) {
			t.Errorf("a document like that of %s: %+v", name, rows)
		}
	}
	for name, shape := range strange {
		if rows := product(t, shape, nil); rows != nil {
			t.Errorf("a document like that of %s: %s", name, rows[0].Text())
		}
	}
	for name, c := range map[string]struct {
		of     string
		values map[string]string
		says   string // The warning, "" for none.
		remedy string
	}{
		"what it takes":                 {"Pocket ID 2.9.0", map[string]string{"token_auth_method": "private_key_jwt", "revalidate": "300"}, "", ""},
		"a key that it does not take":   {"Casdoor 3.158.0", map[string]string{"token_auth_method": "private_key_jwt"}, "token_auth_method private_key_jwt was seen not to work with Casdoor 3.158.0.", "Client authentication"},
		"no secret, which it refuses":   {"TinyAuth 5.1.3", map[string]string{"token_auth_method": "none"}, "token_auth_method none was seen not to work with TinyAuth 5.1.3.", "Client authentication"},
		"a logout that does not come":   {"Authelia 4.39.20", map[string]string{"backchannel_logout": "1"}, "backchannel_logout was seen not to work with Authelia 4.39.20.", "Longest session"},
		"a refresh that names nobody":   {"Glewlwyd 2.7.5", map[string]string{"revalidate": "300"}, "revalidate was seen not to work with Glewlwyd 2.7.5.", "Longest session"},
		"a refresh that goes on":        {"TinyAuth 5.1.3", map[string]string{"revalidate": "300"}, "At TinyAuth 5.1.3, a refresh went on for people who were disabled there.", "Longest session"},
		"one that goes on, and no need": {"TinyAuth 5.1.3", nil, "", ""},
	} {
		rows := product(t, shapes[c.of], c.values)
		var warned []string
		for _, r := range rows {
			if r.Status == doctor.Warn {
				warned = append(warned, r.Text())
				if !strings.Contains(r.Remedy, c.remedy) {
					t.Errorf("%s: the remedy is %q", name, r.Remedy)
				}
			}
		}
		if got := strings.Join(warned, " "); got != c.says {
			t.Errorf("%s: warned of %q, want %q", name, got, c.says)
		}
	}
	// The form's value counts, not the saved one.
	must(t, l.SetUCI("backchannel_logout", "1"))
	if rows := product(t, shapes["Authelia 4.39.20"], map[string]string{"backchannel_logout": "0"}); len(rows) != 1 {
		t.Errorf("what the form holds does not count: %+v", rows)
	}
}
