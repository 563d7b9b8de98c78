// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// providerError is an entry of a list: what a provider says, who mends it.
type providerError struct {
	name               string
	value, description string
	status             int
	places             []string // callback, token, userinfo
	who, begins        string
}

var whoMends = map[string]string{"user": "for the person signing in: ", "router": "for the router's admin: ", "provider": "for the provider's admin: "}

// TestProviderErrors sends every entry of the lists at each place where it can
// come, and expects the code, the status, and one line that names the error
// and says who can mend it and where.
func TestProviderErrors(t *testing.T) {
	t.Parallel()
	for _, list := range []struct {
		name, kind string
		entries    []providerError
	}{
		{"okta", oktaExplained, oktaErrors(t)},
		{"scalekit", scalekitExplained, scalekitErrors(t)},
		{"standard", standardExplained, standardErrors(t)},
	} {
		sums.expect(list.kind, len(list.entries))
		// A lab per part of the list: faults of a provider are for everybody.
		for chunk := range slices.Chunk(list.entries, 50) {
			t.Run(list.name, func(t *testing.T) {
				t.Parallel()
				e := newEnv(t)
				e.set("rate_limit", "100000")
				for _, entry := range chunk {
					t.Run(entry.name, func(t *testing.T) {
						(&env{e.Lab, t}).explained(entry)
						sums.add(t, list.kind, entry.name)
					})
				}
			})
		}
	}
}

func oktaErrors(t *testing.T) (list []providerError) {
	for _, row := range rows(t, "../../internal/fault/testdata/okta.tsv", 6) {
		status, _ := strconv.Atoi(row[0])
		list = append(list, providerError{row[2], row[1], row[3], status, []string{"callback", "token"}, row[4], row[5]})
	}
	return list
}

func scalekitErrors(t *testing.T) (list []providerError) {
	for _, row := range rows(t, "../../internal/fault/testdata/scalekit.tsv", 4) {
		list = append(list, providerError{row[0], row[0], row[1], 400, []string{"callback", "token"}, row[2], row[3]})
	}
	return list
}

func standardErrors(t *testing.T) (list []providerError) {
	for _, row := range rows(t, "../../internal/fault/testdata/standard.tsv", 5) {
		list = append(list, providerError{row[2] + " " + row[0], row[0], "", 400, strings.Fields(row[1]), row[3], row[4]})
	}
	return list
}

func (e *env) explained(entry providerError) {
	says := facts(`error "`+entry.value+`"`, whoMends[entry.who], entry.begins)
	for _, place := range entry.places {
		switch place {
		case "callback":
			e.provoke(ends(e.t, append(says, "the provider refused the sign-in"), "IDP_ERROR").andSpent(), callbackError(entry))
		case "token":
			code := "TOKEN_EXCHANGE_FAILED"
			if entry.value == "invalid_grant" {
				code = "OIDC_INVALID_GRANT"
			}
			remove := e.IDP.Inject(idp.Fault{TokenError: &idp.OAuthError{Status: entry.status, Code: entry.value, Description: entry.description}})
			// One client is enough here: whole logins take longer.
			before, mark := e.snapshot(), e.Mark()
			r := login(e, plainClient)
			want := ends(e.t, append(says, "the token endpoint answered with HTTP status "+itoa(entry.status)), code)
			e.check(want.andSpent(), r, plainClient, e.logOf(r, mark), before)
			remove()
		case "userinfo":
			body := `{"error":"` + entry.value + `"}`
			remove := e.IDP.Inject(
				idp.Fault{IDToken: func(t *idp.IDToken) { delete(t.Claims, "email") }},
				answer(idp.UserInfo, idp.Answer{Status: 401, Body: []byte(body)}))
			e.provoke(ends(e.t, append(says, "the UserInfo endpoint answered with HTTP status 401"), "USERINFO_FETCH_FAILED").andSpent(), login)
			remove()
		}
	}
}

// callbackError is a login that the provider ends with an error.
func callbackError(entry providerError) func(*env, http.Header) *lab.Response {
	return func(e *env, client http.Header) *lab.Response {
		e.t.Helper()
		started := start(e, htmlClient)
		target, err := url.Parse(started.Header.Get("Location"))
		e.must(err)
		query := url.Values{"error": {entry.value}, "state": {target.Query().Get("state")}, "iss": {e.IDP.URL}}
		if entry.description != "" {
			query.Set("error_description", entry.description)
		}
		return e.cgi(visit{query, started.Cookie(lab.HandshakeCookie).Value}.request(client))
	}
}

// TestUnusualTokenResponses: providers and proxies that do not follow RFC
// 6749, and answers that nobody should send.
func TestUnusualTokenResponses(t *testing.T) {
	t.Parallel()
	const exchange, grant = "TOKEN_EXCHANGE_FAILED", "OIDC_INVALID_GRANT"
	for _, c := range []struct {
		name   string
		answer idp.Answer
		code   string
		says   []string
	}{
		{"pocket id: secret", refuse(401, `{"error":"Invalid client secret"}`), exchange, facts(`error "Invalid client secret"`, "router's admin: copy option client_id and option client_secret")},
		{"pocket id: code", refuse(400, `{"error":"Invalid authorization code"}`), grant, facts(`error "Invalid authorization code"`, "start again")},
		{"pocket id: verifier", refuse(400, `{"error":"Invalid code verifier"}`), grant, facts(`error "Invalid code verifier"`, "start again")},
		{"pocket id: client", refuse(404, `{"error":"Client not found"}`), exchange, facts(`error "Client not found"`, "option client_id")},
		{"html", idp.Answer{Status: 502, Body: []byte("<html><h1>Bad Gateway</h1></html>"), Header: contentType("text/html")}, exchange, facts("HTTP status 502", "names no error", `"text/html"`, "provider's admin")},
		{"html with 401", idp.Answer{Status: 401, Body: []byte("<html>"), Header: contentType("text/html")}, exchange, facts("HTTP status 401", "router's admin: copy option client_id")},
		{"empty", refuse(400, ""), exchange, facts("HTTP status 400", "an empty body")},
		{"json as text", idp.Answer{Status: 400, Body: []byte(`{"error":"invalid_grant"}`), Header: contentType("text/plain")}, grant, facts(`"invalid_grant"`)},
		{"json with a mark and space around", refuse(400, " \n{\"error\":\"invalid_grant\"}\n\n"), grant, nil},
		{"a list", refuse(400, `[{"error":"invalid_grant"}]`), exchange, facts("names no error")},
		{"a text", refuse(400, `"invalid_grant"`), exchange, facts("names no error")},
		{"null", refuse(400, `null`), exchange, facts("names no error")},
		{"duplicate keys", refuse(400, `{"error":"x","error":"invalid_grant"}`), grant, nil},
		{"nested error", refuse(401, `{"error":{"code":"invalid_client","message":"Wrong secret"}}`), exchange, facts(`"invalid_client"`, "copy option client_id")},
		{"deep nesting", refuse(400, `{"error":`+strings.Repeat(`{"a":`, 20000)+`1`+strings.Repeat(`}`, 20001)), exchange, facts("names no error")},
		{"invalid utf-8", refuse(400, "{\"error\":\"a\xff\xfe\",\"error_description\":\"\xc3\x28\"}"), exchange, facts(`error "a??"`)},
		{"control characters", refuse(400, `{"error":"a\r\n[200] OK\u0000\u202e","error_description":"\u001b[31m"}`), exchange, facts(`error "a??[200] OK??"`)},
		{"a number", refuse(400, `{"error":42}`), exchange, facts(`error "42"`)},
		{"a status in a text", refuse(400, `{"error":"invalid_request","status":"400"}`), exchange, facts(`"invalid_request"`)},
		{"with a person's address", refuse(400, `{"error":"invalid_grant","error_description":"alice@example.com is locked"}`), grant, facts("<address> is locked")},
		{"with the secret", refuse(400, `{"error":"invalid_client","error_description":"secret 0123456789abcdef0123456789abcdef0123456789 is wrong"}`), exchange, facts("secret <token> is wrong")},
		{"too many requests", refuse(429, `{}`), exchange, facts("HTTP status 429", "rate limit")},
		{"moved", idp.Answer{Location: "https://elsewhere.example/token"}, exchange, facts("HTTP status 302", "elsewhere.example", "not followed", "issuer_url")},
		{"moved for good", idp.Answer{Status: 308, Location: "/token/"}, exchange, facts("HTTP status 308", "not followed")},
		{"created", refuse(201, `{"access_token":"x"}`), exchange, facts("HTTP status 201")},
		{"no content", idp.Answer{Status: 204, Body: idp.NoBody}, exchange, facts("HTTP status 204", "an empty body")},
		{"an error with status 200", refuse(200, `{"error":"invalid_client"}`), "MISSING_ID_TOKEN", facts("no id_token", `error "invalid_client"`, "copy option client_id")},
		{"tokens of other types", refuse(200, `{"id_token":["x"],"access_token":{}}`), "TOKEN_RESPONSE_INVALID_JSON", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			e.inject(answer(idp.Token, c.answer))
			e.refused(ends(t, c.says, c.code))
		})
	}
}

func refuse(status int, body string) idp.Answer {
	return idp.Answer{Status: status, Body: []byte(body), Header: contentType("application/json")}
}

func contentType(value string) http.Header { return http.Header{"Content-Type": {value}} }

// TestNumbersAsStrings: what is sloppy and harmless does not stop a login.
func TestNumbersAsStrings(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.inject(idp.Fault{TokenResponse: func(r map[string]any) { r["expires_in"] = "3600"; r["token_type"] = "bearer"; r["unknown"] = nil }})
	e.inject(answer(idp.Token, idp.Answer{Header: contentType("text/html; charset=utf-8")}))
	if r := login(e, htmlClient); r.Status != 302 {
		t.Errorf("%s\n%s", r.Raw, strings.Join(e.Log(0), "\n"))
	}
}
