// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/doctor"
	"luci-sso/internal/methods"
	"luci-sso/lab/idp"
)

const conditional = "config role 'noc'\n\tlist claim 'department=NOC'\n\tlist email_domain 'example.com'\n\toption match 'all'\n\tlist acr 'phr'\n\tlist amr 'hwk'\n\toption max_age '3600'\n\tlist read 'luci-base'\n\n"

// TestConditions: the shell shows what a role asks for, and tries it on claims.
func TestConditions(t *testing.T) {
	t.Parallel()
	l := start(t)
	configure(t, l, conditional)
	o := run(t, l, "", "roles")
	for _, fact := range []string{"claim      department=NOC", "domain     example.com", "each of these has to fit", "acr is one of phr", "amr has hwk", "at most 3600 s ago"} {
		if !strings.Contains(o.out, fact) {
			t.Errorf("roles does not say %q:\n%s", fact, o.out)
		}
	}
	for claims, want := range map[string]string{
		`{"department":"NOC","email":"eve@example.com","email_verified":true}`:   `role noc, by email_domain "example.com" and claim "department=NOC"`,
		`{"department":"NOC","email":"eve@example.com"}`:                         "the search ends at role noc, because the claim \"email\"",
		`{"department":{},"email":"eve@example.com","email_verified":true}`:      `the search ends at role noc, because the claim "department"`,
		`{"department":"Sales","email":"eve@example.com","email_verified":true}`: "no role fits",
	} {
		o := run(t, l, "", "match", "--claims", claims)
		if o.exit == 0 || !strings.Contains(o.out, want) {
			t.Errorf("match of %s: exit %d, %s", claims, o.exit, o.out)
		}
		if strings.HasPrefix(want, "role noc") && !strings.Contains(o.out, "has to be done again: acr, amr, max_age") {
			t.Errorf("match does not name what the sign-in lacks: %s", o.out)
		}
	}
	for _, bad := range []string{"{", "[]", "null", "1"} {
		if o := run(t, l, "", "match", "--claims", bad); o.exit != 2 {
			t.Errorf("match of %q: exit %d, %s", bad, o.exit, o.out)
		}
	}
	if c := check(t, l, "people"); c.Status != doctor.Pass {
		t.Errorf("doctor: %s %s", c.Status, c.Text())
	}
}

// TestBrokenConditions: doctor and the list of roles name the entry.
func TestBrokenConditions(t *testing.T) {
	t.Parallel()
	l := start(t)
	for entry, want := range map[string]string{
		"option max_age '3600'":          "",
		"option max_age '0'":             `option max_age has "0"`,
		"list amr 'hkw'":                 `list amr has "hkw": is it hwk?`,
		"list claim '=NOC'":              "there is no name of a claim before =",
		"list email_domain '@b.example'": "without @",
		"option macth 'all'":             `"macth" is not known; is it match?`,
		// What nobody knows may be a condition: that of a newer version, say.
		"option max_auth_age '3600'": `"max_auth_age" is not known`,
		"list emial 'a@example.com'": `"emial" is not known; is it email?`,
		"list raed '!luci-base'":     `"raed" is not known; is it read?`,
		"list provider 'defualt'":    `"provider defualt" is not known; is it default?`,
		"list provider 'company'":    `"provider company" is not known`,
		"list provider 'default'":    "",
	} {
		configure(t, l, "config role 'noc'\n\tlist group 'noc'\n\tlist read 'luci-base'\n\t"+entry+"\n\n")
		o, roles := run(t, l, "", "doctor"), run(t, l, "", "roles")
		if got := strings.Contains(o.out, "gives nothing to anybody until it is mended: "); got != (want != "") || !strings.Contains(o.out, want) || want != "" && o.exit != 2 {
			t.Errorf("%s: doctor, exit %d:\n%s", entry, o.exit, o.out)
		}
		if !strings.Contains(roles.out, want) || strings.Contains(roles.out, "FAULT") != (want != "") {
			t.Errorf("%s: roles:\n%s", entry, roles.out)
		}
		if m := run(t, l, "", "match", "--group", "noc"); want != "" && (m.exit != 1 || !strings.Contains(m.out, "gives nothing to anybody until it is mended")) {
			t.Errorf("%s: match: exit %d:\n%s", entry, m.exit, m.out)
		}
	}
}

// TestKindOfSignInAnnounced: what a role asks for and the provider does not
// have would only show when somebody is refused for it.
func TestKindOfSignInAnnounced(t *testing.T) {
	t.Parallel()
	l := start(t)
	text, err := os.ReadFile(l.Router.At("/etc/config/luci-sso"))
	must(t, err)
	must(t, l.WriteConfig(string(text)+"\n"+conditional+"config role 'late'\n\tlist email 'a@example.com'\n\tlist acr 'phrh'\n\tlist acr 'urn:x'\n\n"+
		"config role 'away'\n\tlist email 'a@example.com'\n\tlist acr 'away'\n\tlist provider 'other'\n\nconfig oidc 'other'\n\n"))
	const role = "The role %s asks for the acr %s, which the provider does not announce. Known are: %s"
	for announced, want := range map[string][]string{
		"":          nil,
		"phr urn:x": nil,
		"phr 1":     {fmt.Sprintf(role, "late", "phrh, urn:x", "phr, 1")},
		"1":         {fmt.Sprintf(role, "noc", "phr", "1"), fmt.Sprintf(role, "late", "phrh, urn:x", "1")},
	} {
		undo := l.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) {
			if list := strings.Fields(announced); len(list) > 0 {
				d["acr_values_supported"] = list
			}
		}})
		var reply methods.TestReply
		call(t, l, "test_connection", nil, &reply)
		var got []string
		for _, c := range reply.Checks {
			if c.ID == "acr" {
				got = append(got, c.Text())
			}
			if c.ID == "acr" && c.Status != doctor.Warn {
				t.Errorf("announced is %q: the row is %s", announced, c.Status)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("announced is %q: Test connection says %q, want %q", announced, got, want)
		}
		o := run(t, l, "", "doctor")
		for _, sentence := range want {
			if !strings.Contains(o.out, sentence) {
				t.Errorf("announced is %q: doctor does not say %q:\n%s", announced, sentence, o.out)
			}
		}
		undo()
	}
}
