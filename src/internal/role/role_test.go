// SPDX-License-Identifier: Apache-2.0

package role

import (
	"slices"
	"testing"

	"luci-sso/internal/config"
	"luci-sso/internal/oidc"
)

func TestFind(t *testing.T) {
	t.Parallel()
	roles := []config.Role{
		{Name: "admin", Emails: []string{"Ann@Example.com"}, Groups: []string{"router-admins@PocketID"}},
		{Name: "operator", Groups: []string{"ops", "net work"}, Subjects: []string{"sub-7"}},
		{Name: "viewer", Emails: []string{"ann@example.com", "mark@example.com"}, Groups: []string{"everybody", "ops"}},
		{Name: "nobody"},
		{Name: "last", Emails: []string{"zz@example.com", "`z@example.com"}},
		{Name: "empty", Emails: []string{""}, Groups: []string{"", "@PocketID"}, Subjects: []string{""}},
	}
	for name, c := range map[string]struct {
		id       Identity
		verified bool
		want, by string
	}{
		"e-mail ignores ASCII case":               {id: Identity{Email: "ANN@example.COM"}, want: "admin", by: "email"},
		"first role wins":                         {id: Identity{Email: "ann@example.com", Groups: []string{"ops"}}, want: "admin", by: "email"},
		"unverified e-mail never":                 {id: Identity{Email: "ann@example.com", Verified: oidc.VerifiedNo}},
		"nor anything below it":                   {id: Identity{Email: "ann@example.com", Verified: oidc.VerifiedNo, Groups: []string{"everybody"}}},
		"but the same role by group":              {id: Identity{Email: "ann@example.com", Verified: oidc.VerifiedNo, Groups: []string{"router-admins"}}, want: "admin", by: `group "router-admins@PocketID"`},
		"unverified e-mail that no role names":    {id: Identity{Email: "eve@example.com", Verified: oidc.VerifiedNo, Groups: []string{"everybody"}}, want: "viewer", by: `group "everybody"`},
		"a flag that is announced and left out":   {id: Identity{Email: "ann@example.com", Verified: oidc.VerifiedLeftOut, Groups: []string{"everybody"}}},
		"verified where required":                 {id: Identity{Email: "ann@example.com", Verified: oidc.VerifiedYes}, verified: true, want: "admin", by: "email"},
		"unstated where required":                 {id: Identity{Email: "ann@example.com"}, verified: true},
		"Unicode folding is not equality":         {id: Identity{Email: "mar\u212a@example.com"}},
		"another address of that length":          {id: Identity{Email: "bob@example.com"}},
		"the last letters of the alphabet":        {id: Identity{Email: "ZZ@EXAMPLE.COM"}, want: "last", by: "email"},
		"what lies beside the letters":            {id: Identity{Email: "@z@example.com"}},
		"longer address":                          {id: Identity{Email: "ann@example.com.evil"}},
		"bare group name for a suffixed role":     {id: Identity{Groups: []string{"router-admins"}}, want: "admin", by: `group "router-admins@PocketID"`},
		"suffixed group name for a suffixed role": {id: Identity{Groups: []string{"router-admins@PocketID"}}, want: "admin", by: `group "router-admins@PocketID"`},
		"suffixed group name for a bare role":     {id: Identity{Groups: []string{"ops@PocketID"}}},
		"groups are case-sensitive":               {id: Identity{Groups: []string{"OPS"}}},
		"a group's name is whole":                 {id: Identity{Groups: []string{"net", "work"}}},
		"another suffix is another group":         {id: Identity{Groups: []string{"ops@Other"}}},
		"subject":                                 {id: Identity{Subject: "sub-7"}, want: "operator", by: "sub"},
		"subject is exact":                        {id: Identity{Subject: "SUB-7"}},
		"nothing known matches nothing":           {id: Identity{}},
		"empty values match nothing":              {id: Identity{Groups: []string{"", "@PocketID"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			match := Find(roles, c.id, Rules{RequireEmailVerified: c.verified})
			got := ""
			if match.Role != nil {
				got = match.Role.Name
			}
			if got != c.want || match.By != c.by {
				t.Errorf("role %q by %q, want %q by %q", got, match.By, c.want, c.by)
			}
		})
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		role config.Role
		want bool
	}{
		"none":          {config.Role{}, false},
		"read":          {config.Role{Read: []string{"luci-base"}}, true},
		"write":         {config.Role{Write: []string{"*"}}, true},
		"only negation": {config.Role{Read: []string{"!*"}, Write: []string{""}}, false},
	} {
		if got := Grants(&c.role); got != c.want {
			t.Errorf("%s: Grants = %t, want %t", name, got, c.want)
		}
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	if got := NeedsOf([]config.Role{{Subjects: []string{"x"}}}); got.Email || got.Groups || got.Flag || got.Claims != nil {
		t.Errorf("roles by subject need no further claims: %+v", got)
	}
	got := NeedsOf([]config.Role{
		{Emails: []string{"a"}}, {Groups: []string{"b"}},
		{Claims: []config.Claim{{Path: "c", Value: "1"}, {Path: "d", Value: "1"}}}, {Claims: []config.Claim{{Path: "c", Value: "2"}}},
	})
	if !got.Email || !got.Groups || got.Flag || !slices.Equal(got.Claims, []string{"c", "d"}) {
		t.Errorf("roles by e-mail, group and claim need these: %+v", got)
	}
	if got := NeedsOf([]config.Role{{Domains: []string{"example.com"}}}); !got.Email || !got.Flag {
		t.Errorf("a domain needs an address and its flag: %+v", got)
	}
}

// TestUndecided: the search ends at the first role that something unknown
// could decide, and says at which, by what and why.
func TestUndecided(t *testing.T) {
	t.Parallel()
	roles := []config.Role{
		{Name: "blank", Emails: []string{""}, Groups: []string{""}},
		{Name: "group", Groups: []string{"staff@PocketID"}},
		{Name: "email", Emails: []string{"ann@example.com"}},
		{Name: "both", Emails: []string{"bob@example.com"}, Groups: []string{"ops"}},
		{Name: "sub", Subjects: []string{"7"}},
	}
	for name, c := range map[string]struct {
		id               Identity
		role, claim, why string // Undecided.
		got              string // Had.
	}{
		"nothing is unknown":           {id: Identity{Subject: "7"}, got: "sub"},
		"groups":                       {id: Identity{Subject: "7", Email: "ann@example.com", GroupsUnknown: "lost"}, role: "group", claim: "group", why: "lost"},
		"groups, and one that is":      {id: Identity{Groups: []string{"staff"}, GroupsUnknown: "lost"}, got: "group"},
		"e-mail":                       {id: Identity{Subject: "7", EmailUnknown: "lost"}, role: "email", claim: "email", why: "lost"},
		"e-mail, after a group":        {id: Identity{Groups: []string{"staff"}, EmailUnknown: "lost"}, got: "group"},
		"an address that is known":     {id: Identity{Email: "ann@example.com", EmailUnknown: "lost"}, got: "email"},
		"a name in a text":             {id: Identity{Subject: "7", Groups: []string{"x; staff"}, Joined: true}, role: "group", claim: "group", why: "it came as one text, which may be several names"},
		"a part of a name in a text":   {id: Identity{Subject: "7", Groups: []string{"staffs"}, Joined: true}, got: "sub"},
		"a name in a list's text":      {id: Identity{Subject: "7", Groups: []string{"x; staff"}}, got: "sub"},
		"no name in a text":            {id: Identity{Subject: "7", Groups: []string{"x y"}, Joined: true}, got: "sub"},
		"the text itself":              {id: Identity{Groups: []string{"staff"}, Joined: true}, got: "group"},
		"an address that is no":        {id: Identity{Subject: "7", Email: "bob@example.com", Verified: oidc.VerifiedNo}, role: "both", claim: "email", why: "the address does not count: email_verified is not true"},
		"the same, but the group fits": {id: Identity{Email: "bob@example.com", Verified: oidc.VerifiedNo, Groups: []string{"ops"}}, got: "both"},
		"an address nobody names":      {id: Identity{Subject: "7", Email: "eve@example.com", Verified: oidc.VerifiedNo}, got: "sub"},
	} {
		m := Find(roles, c.id, Rules{})
		undecided, got := "", ""
		if m.Undecided != nil {
			undecided = m.Undecided.Name
		}
		if m.Role != nil {
			got = m.Role.Name
		}
		if undecided != c.role || m.Open.Kind != c.claim || m.Open.Why != c.why || got != c.got {
			t.Errorf("%s: had %q, undecided %q by %q: %q; expected %q, %q by %q: %q", name, got, undecided, m.Open.Kind, m.Open.Why, c.got, c.role, c.claim, c.why)
		}
	}
}
