// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"path/filepath"
	"sort"
	"strings"

	"luci-sso/internal/explain"
	"luci-sso/internal/fault"
)

// sections of the page of codes: the code that each begins with.
var sections = map[fault.Code][2]string{
	fault.SSODisabled:              {"Configuration", "Before anything else, at every request but the probe."},
	fault.OIDCDiscoveryFailed:      {"Discovery and keys", "When the router fetches the provider's discovery document and its signing keys."},
	fault.InsecureAuthEndpoint:     {"Starting a login", "When the address at the provider is made that the browser is sent to."},
	fault.IdPError:                 {"Callback", "When the browser comes back from the provider."},
	fault.InsecureTokenEndpoint:    {"Token exchange", "When the router trades the code for tokens."},
	fault.MissingIDToken:           {"Token validation", "When the ID token is verified."},
	fault.InsecureUserInfoEndpoint: {"UserInfo", "When e-mail or groups are not in the ID token and the router asks for them. The first four never end a login by themselves: they carry the status of the request they are part of, and without the missing claims it usually ends in `USER_NOT_AUTHORIZED`."},
	fault.UserNotAuthorized:        {"Authorization", "When it is decided who gets which role, and at logout."},
	fault.UbusLoginFailed:          {"LuCI's session", "When the session is created in rpcd over ubus."},
	fault.SessionRoleGone:          {"Sessions that end", "When a session ends that its owner did not end. No request fails then: the line before the code says whose session it was and why it ended, the status is what an event of it carries. **Last events** on the page shows the same. The last two are of the provider's request to end sessions, and end that."},
	fault.SystemInitFailed:         {"System", "Whatever the request was about."},
}

// codesPage is docs/reference/log-codes.md.
func codesPage(string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, generated, "src/internal/fault")
	b.WriteString(`# Log codes

A request that fails leaves lines like these in the router's log (` + "`logread -e luci-sso`" + `, or **Status > System
Log**):

` + "```" + `
luci-sso[1234]: option client_id is missing: uci set luci-sso.default.client_id=…
luci-sso[1234]: [503] CONFIG_ERROR
luci-sso[1234]: [503] SSO_DISABLED
` + "```" + `

First one line in plain words with the details, then one line for each code: the cause first, last the outcome that the
request ends in. All carry the HTTP status of the response. No line contains a secret, a token, a code or an e-mail
address; people appear as the first characters of a SHA-256 sum. ` + "`luci-sso explain CODE`" + ` prints what is below at the
router's shell.

`)
	first := true
	fmt.Fprintf(&b, "There are %d codes. Each is provoked from outside by the test named `TestCodes/<CODE>` in `src/tests/e2e`.\n", len(fault.Catalogue()))
	for _, entry := range fault.Catalogue() {
		if s, ok := sections[entry.Code]; ok {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", s[0], s[1])
		}
		if entry.Added && first {
			first = false
			b.WriteString("\n## Additions\n\nCodes that were added where none of those above says truly what happened.\n")
		}
		fmt.Fprintf(&b, "\n### %s\n\n", entry.Code)
		fmt.Fprintf(&b, "Status %d, %s\n\n%s\n\n", entry.Status, part(entry), cell(entry.Meaning))
		b.WriteString("- Likely causes: " + cell(list(entry.Causes)) + "\n- What to do: " + cell(list(entry.Remedies)) + "\n- The person reads: “" + entry.Sentence + "”\n")
	}
	return b.String(), nil
}

func part(entry fault.Entry) string {
	chain := fault.New(entry.Code, "").Chain()
	switch {
	case entry.Code == fault.SSLInitFailed:
		return "cause: then `OIDC_DISCOVERY_FAILED`, `JWKS_FETCH_FAILED`, `TOKEN_ENDPOINT_NETWORK_ERROR` or `USERINFO_NETWORK_ERROR`, whichever request it was."
	case entry.Part == fault.Note:
		return "note."
	case entry.Part == fault.Outcome:
		return "outcome."
	}
	var then []string
	for _, code := range chain[1:] {
		then = append(then, "`"+string(code)+"`")
	}
	return "cause: then " + strings.Join(then, ", ") + "."
}

func list(items []string) string {
	var out []string
	for _, item := range items {
		out = append(out, explain.Capital(item)+".")
	}
	return strings.Join(out, " ")
}

// errorsPage is docs/reference/provider-errors.md.
func errorsPage(repo string) (string, error) {
	data := filepath.Join(repo, "src/internal/fault/testdata")
	standard, err := table(filepath.Join(data, "standard.tsv"), 5)
	if err != nil {
		return "", err
	}
	okta, err := table(filepath.Join(data, "okta.tsv"), 6)
	if err != nil {
		return "", err
	}
	scalekit, err := table(filepath.Join(data, "scalekit.tsv"), 4)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, generated, "src/internal/fault and its testdata")
	b.WriteString(`# Providers' errors

An identity provider says no in one of three places. The diagnostic line in the router's log then names the error, cites
the provider's own description (made printable, shortened, without addresses and tokens) and says who can mend it and
where. ` + "`luci-sso explain ERROR [DESCRIPTION]`" + ` gives the same advice.

| where it comes | the code |
|---|---|
| in the address the browser is sent back to (` + "`?error=…`" + `) | ` + "`IDP_ERROR`" + ` (400) |
| as the token endpoint's response | ` + "`TOKEN_EXCHANGE_FAILED`" + ` (401); ` + "`OIDC_INVALID_GRANT`" + ` (401) for ` + "`invalid_grant`" + ` and for a sentence that says the same |
| as UserInfo's response | ` + "`USERINFO_FETCH_FAILED`" + ` (the status of the login) |

Descriptions tell apart what vendors put under one value; so the advice is chosen by the description first and by the
value second. An error that nobody knows is explained by the HTTP status.

## Values of the standards

| error | at | defined in | who | what to do |
|---|---|---|---|---|
`)
	for _, row := range standard {
		a := fault.ProviderError(fault.Callback, row[0], "", 0)
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", row[0], strings.ReplaceAll(row[1], " ", ", "), row[2], a.Who, cell(a.Do))
	}
	fmt.Fprintf(&b, "\n## Okta\n\n%d errors, by Okta's internal code.\n\n| internal code | error | who | what to do |\n|---|---|---|---|\n", len(okta))
	for _, row := range okta {
		a := fault.ProviderError(fault.Callback, row[1], row[3], 0)
		fmt.Fprintf(&b, "| `%s` | `%s` | %s | %s |\n", row[2], row[1], a.Who, cell(a.Do))
	}
	fmt.Fprintf(&b, "\n## Scalekit\n\n%d errors.\n\n| error | who | what to do |\n|---|---|---|\n", len(scalekit))
	for _, row := range scalekit {
		a := fault.ProviderError(fault.Callback, row[0], row[1], 0)
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row[0], a.Who, cell(a.Do))
	}
	b.WriteString(`
## Pocket ID

Pocket ID 2.9 puts a sentence where the value belongs.

| answer of the token endpoint | code | who | what to do |
|---|---|---|---|
`)
	for _, c := range []struct {
		status int
		value  string
	}{{401, "Invalid client secret"}, {400, "Invalid authorization code"}, {400, "Invalid code verifier"}, {404, "Client not found"}} {
		a := fault.ProviderError(fault.TokenEndpoint, c.value, "", c.status)
		fmt.Fprintf(&b, "| %d `{\"error\":\"%s\"}` | `%s` | %s | %s |\n", c.status, c.value, a.Code, a.Who, cell(a.Do))
	}
	b.WriteString("\n## Answers that name no error\n\nAn HTML page, an empty body, a list: the status has to do.\n\n| HTTP status of the token endpoint | who | what to do |\n|---|---|---|\n")
	for _, status := range []int{302, 400, 401, 404, 429, 502} {
		a := fault.ProviderError(fault.TokenEndpoint, "", "", status)
		fmt.Fprintf(&b, "| %d | %s | %s |\n", status, a.Who, cell(a.Do))
	}
	b.WriteString("\n## What else is recognized\n\nIn the words of other providers (Entra ID's AADSTS numbers, Keycloak, Google): the values and the words of the description, and what they lead to.\n\n| values | words | who | what to do |\n|---|---|---|---|\n")
	for _, r := range fault.Remedies() {
		sort.Strings(r.Values)
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", code(r.Values), cell(strings.Join(r.Phrases, "; ")), r.Who, cell(r.Do))
	}
	return b.String(), nil
}

func code(values []string) string {
	var out []string
	for _, v := range values {
		out = append(out, "`"+v+"`")
	}
	return strings.Join(out, " ")
}

// conformancePage is docs/reference/conformance.md.
func conformancePage(repo string) (string, error) {
	const source = "src/tests/e2e/testdata/conformance.tsv"
	rows, err := table(filepath.Join(repo, source), 5)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, generated, source)
	b.WriteString(`# Relying-party checks

What OpenID's conformance programme and the standards ask of a client, one line each, with the test that proves it
through the compiled program. The tests are in ` + "`src/tests/e2e`" + `; one is run alone with

` + "```" + `
cd src && go test ./tests/e2e -run 'TestConformance/<name>'
` + "```" + `

| the provider … | must be | paragraph | result | test |
|---|---|---|---|---|
`)
	for _, row := range rows {
		result := row[3]
		if result != "login" {
			result = "`" + result + "`"
		}
		must := "refused"
		if row[3] == "login" {
			must = "accepted"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | `%s` |\n", cell(row[1]), must, cell(row[2]), result, row[4]+"/"+row[0])
	}
	return b.String(), nil
}
