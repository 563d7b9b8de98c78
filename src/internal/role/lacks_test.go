// SPDX-License-Identifier: Apache-2.0

package role

import (
	"slices"
	"testing"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/oidc"
)

// TestLacks: to the second, on both sides.
func TestLacks(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000000, 0)
	rules := Rules{Now: now, Tolerance: time.Minute}
	whole := config.Role{ACR: []string{"a", "b"}, AMR: []string{"hwk", "pwd"}, MaxAge: time.Hour}
	for name, c := range map[string]struct {
		s    oidc.SignIn
		want []Lack
	}{
		"all of it":              {oidc.SignIn{ACR: "b", AMR: []string{"pwd", "x", "hwk"}, At: 1000000}, nil},
		"the last second":        {oidc.SignIn{ACR: "a", AMR: []string{"hwk", "pwd"}, At: 1000000 - 3660}, nil},
		"a second later":         {oidc.SignIn{ACR: "a", AMR: []string{"hwk", "pwd"}, At: 1000000 - 3661}, []Lack{{Option: "max_age"}}},
		"as far ahead as may be": {oidc.SignIn{ACR: "a", AMR: []string{"hwk", "pwd"}, At: 1000000 + 60}, nil},
		"further ahead":          {oidc.SignIn{ACR: "a", AMR: []string{"hwk", "pwd"}, At: 1000000 + 61}, []Lack{{Option: "max_age"}}},
		"no time":                {oidc.SignIn{ACR: "a", AMR: []string{"hwk", "pwd"}}, []Lack{{Option: "max_age"}}},
		"one way":                {oidc.SignIn{ACR: "a", AMR: []string{"pwd"}, At: 1000000}, []Lack{{"amr", []string{"hwk"}}}},
		"another kind":           {oidc.SignIn{ACR: "A", AMR: []string{"pwd", "hwk"}, At: 1000000}, []Lack{{"acr", []string{"a", "b"}}}},
		"nothing":                {oidc.SignIn{}, []Lack{{"acr", []string{"a", "b"}}, {"amr", []string{"hwk", "pwd"}}, {Option: "max_age"}}},
	} {
		got := Lacks(&whole, c.s, rules)
		if !slices.EqualFunc(got, c.want, func(a, b Lack) bool { return a.Option == b.Option && slices.Equal(a.Want, b.Want) }) {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	if got := Lacks(&config.Role{}, oidc.SignIn{}, rules); got != nil {
		t.Errorf("a role that asks for nothing: %+v", got)
	}
	// A clock at its beginning makes no time of none.
	if got := Lacks(&config.Role{MaxAge: time.Hour}, oidc.SignIn{}, Rules{Now: time.Unix(10, 0)}); got == nil {
		t.Error("no time is taken for a recent one")
	}
	broken := whole
	broken.Faults = []config.RoleFault{{Option: "amr"}}
	if got := Lacks(&broken, oidc.SignIn{}, rules); got != nil {
		t.Errorf("a role that gives nothing asks for nothing: %+v", got)
	}
}

// TestJudgement: what is said of a role, and by which of its lists.
func TestJudgement(t *testing.T) {
	t.Parallel()
	claim := func(path, value string) []config.Claim { return []config.Claim{{Path: path, Value: value}} }
	id := Identity{
		Subject: "7", Email: "ann@example.com", Verified: oidc.VerifiedYes, Groups: []string{"ops"},
		Claims: map[string]oidc.Groups{
			"a.b": {Names: []string{"x"}}, "lost": {Unknown: "it is lost"}, "text": {Names: []string{"y,x"}, Joined: true},
		},
	}
	for name, c := range map[string]struct {
		role       config.Role
		fits       Answer
		by         string
		kind, path string
	}{
		"all of one list":           {config.Role{All: true, Emails: []string{"ann@example.com"}}, Yes, "email", "", ""},
		"all of one claim":          {config.Role{All: true, Claims: claim("a.b", "x")}, Yes, `claim "a.b"`, "", ""},
		"all of one domain":         {config.Role{All: true, Domains: []string{"example.com"}}, Yes, `email_domain "example.com"`, "", ""},
		"all of a subject":          {config.Role{All: true, Subjects: []string{"7"}}, Yes, "sub", "", ""},
		"all of several":            {config.Role{All: true, Emails: []string{"ann@example.com"}, Groups: []string{"ops"}, Claims: claim("a.b", "x")}, Yes, `email and group "ops" and claim "a.b"`, "", ""},
		"any of several":            {config.Role{Groups: []string{"ops"}, Claims: claim("a.b", "x")}, Yes, `group "ops"`, "", ""},
		"all, and one is another's": {config.Role{All: true, Emails: []string{"ann@example.com"}, Subjects: []string{"8"}}, No, "", "", ""},
		"a claim that is unknown":   {config.Role{Claims: claim("lost", "x")}, Unknown, "", Claim, "lost"},
		"one that may be several":   {config.Role{Claims: claim("text", "x")}, Unknown, "", Claim, "text"},
		"the first that is unknown": {config.Role{Claims: []config.Claim{{Path: "lost", Value: "x"}, {Path: "text", Value: "x"}}}, Unknown, "", Claim, "lost"},
		"two lists that are":        {config.Role{All: true, Domains: []string{"example.org"}, Faults: []config.RoleFault{{Option: Domain, Detail: "d"}, {Option: Claim, Detail: "c"}}}, Unknown, "", Domain, ""},
		"all, known and unknown":    {config.Role{All: true, Groups: []string{"ops"}, Claims: claim("lost", "x")}, Unknown, "", Claim, "lost"},
	} {
		j := Judge(&c.role, id, Rules{})
		if j.Fits != c.fits || by(j.Hits) != c.by || j.Kind != c.kind || j.Path != c.path {
			t.Errorf("%s: %+v, by %s", name, j, by(j.Hits))
		}
	}
}
