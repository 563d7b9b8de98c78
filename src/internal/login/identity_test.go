// SPDX-License-Identifier: Apache-2.0

package login

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
	"luci-sso/tests/vague"
)

// decoded is a set of claims as the wire brings it.
func decoded(t *testing.T, changes ...func(map[string]any)) oidc.Claims {
	t.Helper()
	claims := map[string]any{"sub": "bob"}
	for _, change := range changes {
		if change != nil {
			change(claims)
		}
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var out oidc.Claims
	if err := decoder.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

// scopeOf is the scope of a token response.
func scopeOf(value any) oidc.Scope {
	s := oidc.Scope{Stated: value != nil}
	switch value := value.(type) {
	case string:
		s.Names = strings.Fields(value)
	case []any:
		for _, name := range value {
			s.Names = append(s.Names, name.(string))
		}
	}
	return s
}

// settings are those of a provider with some options, given as name and value.
func settings(t *testing.T, roles []config.Role, options ...string) *config.Config {
	t.Helper()
	set := map[string]string{"issuer_url": "https://id.example.com", "client_id": "router", "client_secret": "s3cret", "clock_tolerance": "60"}
	for i := 0; i < len(options); i += 2 {
		set[options[i]] = options[i+1]
	}
	c, err := config.With("/no such file", config.Section, set)
	if err != nil {
		t.Fatal(err)
	}
	c.Roles = roles
	return c
}

// roleBy is a role that a person of package vague has by one kind of entry.
func roleBy(name, kind string) config.Role {
	r := config.Role{Name: name, Read: []string{"*"}}
	switch kind {
	case "email":
		r.Emails = []string{vague.Address}
	case "groups":
		r.Groups = []string{vague.Group}
	case "sub":
		r.Subjects = []string{"bob"}
	case "claim":
		r.Claims = []config.Claim{{Path: "groups", Value: vague.Group}}
	}
	return r
}

// readable are the ways in which a list claim can read what a list group
// cannot: numbers and booleans, by their text.
func readable(way vague.Way) bool {
	for _, form := range []string{"as a number", "as true", "as a list of numbers", "as a list that is partly unreadable"} {
		if way.Claim == "groups" && strings.Contains(way.Name, " "+form+" ") {
			return true
		}
	}
	return false
}

// TestUnknownIsNotNo goes through every way in which a claim can be unknown,
// with a role that restricts and a stronger one in both orders, each given by
// e-mail, by group, by subject or by a claim. The person has both roles. A role that the
// unknown claim decides ends the search; nobody gets past it.
func TestUnknownIsNotNo(t *testing.T) {
	t.Parallel()
	kinds := []string{"email", "groups", "sub", "claim"}
	n := 0
	for _, way := range vague.Ways() {
		for _, restricting := range kinds {
			for _, stronger := range kinds {
				for _, order := range [][]config.Role{
					{roleBy("restricting", restricting), roleBy("stronger", stronger)},
					{roleBy("stronger", stronger), roleBy("restricting", restricting)},
				} {
					n++
					checkWay(t, way, order)
				}
			}
		}
	}
	t.Logf("%d cases of %d ways", n, len(vague.Ways()))
}

func checkWay(t *testing.T, way vague.Way, roles []config.Role) {
	t.Helper()
	scope, required := "openid profile email groups", "0"
	if way.NotAsked {
		scope = strings.ReplaceAll(scope, " "+way.Claim, "")
	}
	if way.Required {
		required = "1"
	}
	flow := &Flow{Config: settings(t, roles, "scope", scope, "require_email_verified", required), Note: func(*fault.Fault) {}}
	metadata := oidc.Metadata{
		Scopes: []string{"openid", "profile", "email", "groups"}, Claims: []string{"sub", "email", "email_verified", "groups"},
		UserInfoEndpoint: "https://id.example.com/userinfo",
	}
	if way.Unannounced {
		metadata.Claims = []string{"sub", "email"}
	}
	if way.NoUserInfo {
		metadata.UserInfoEndpoint = ""
	}
	if way.VagueUserInfo {
		metadata.UserInfoEndpoint, metadata.Vague = "", []string{"userinfo_endpoint"}
	}
	if way.VagueClaims {
		metadata.Claims, metadata.Vague = nil, []string{"claims_supported"}
	}
	// The other claim is known.
	other := func(claims map[string]any) { claims["groups"] = []any{vague.Group} }
	if way.Claim == "groups" {
		other = func(claims map[string]any) { claims["email"], claims["email_verified"] = vague.Address, true }
	}
	want, undecided, at := "", false, 0
	for i := range roles {
		decides := roles[i].Emails != nil && way.Claim == "email" || roles[i].Groups != nil && way.Claim == "groups" ||
			roles[i].Claims != nil && way.Claim == "groups"
		if decides && (way.No || roles[i].Claims != nil && readable(way)) {
			continue
		}
		at = i
		if undecided = decides; !decides {
			want = roles[i].Name
		}
		break
	}
	identity, err := flow.gather(metadata, scopeOf(way.Scope), decoded(t, other, way.IDToken), func(string) (oidc.Claims, error) {
		if way.Down {
			return nil, fault.New(fault.UserInfoFetchFailed, "the UserInfo endpoint is down")
		}
		if way.NoUserInfo {
			t.Fatal("UserInfo was asked although there is none")
		}
		return decoded(t, other, way.UserInfo), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	match, err := flow.authorize(identity)
	got := ""
	if err == nil {
		got = match.Role.Name
	}
	name := way.Name + ", " + roles[0].Name + " first, by " + kindOf(roles[0]) + " and " + kindOf(roles[1])
	if got != want {
		t.Errorf("%s: the role is %q, expected %q", name, got, want)
	}
	if f, _ := fault.As(err); undecided && (f == nil || f.Code != fault.UserNotAuthorized ||
		!strings.Contains(f.Detail, `role "`+roles[at].Name+`"`) || !strings.Contains(f.Detail, `claim "`+way.Claim+`"`)) {
		t.Errorf("%s: the line names neither role nor claim: %v", name, err)
	}
	if err != nil && strings.Contains(err.Error(), "@") {
		t.Errorf("%s: the line has an address: %v", name, err)
	}
}

func kindOf(r config.Role) string {
	switch {
	case r.Emails != nil:
		return "email"
	case r.Groups != nil:
		return "group"
	case r.Claims != nil:
		return "claim"
	}
	return "sub"
}

// TestKnownAfterAll: what one of the two places leaves open and the other one
// says is known.
func TestKnownAfterAll(t *testing.T) {
	t.Parallel()
	set := func(pairs ...any) func(map[string]any) {
		return func(claims map[string]any) {
			for i := 0; i < len(pairs); i += 2 {
				claims[pairs[i].(string)] = pairs[i+1]
			}
		}
	}
	pointer := map[string]any{"groups": "src1", "email": "src1"}
	for name, c := range map[string]struct {
		idToken, userInfo func(map[string]any)
		by                string
	}{
		"groups at UserInfo":                       {nil, set("groups", []any{vague.Group}), "group"},
		"one group as a text":                      {set("groups", vague.Group), nil, "group"},
		"groups elsewhere, but at UserInfo":        {set("_claim_names", pointer), set("groups", []any{vague.Group}), "group"},
		"groups unreadable, but not at UserInfo":   {set("groups", map[string]any{}), set("groups", []any{vague.Group}), "group"},
		"a group in a list that is partly unclear": {set("groups", []any{7, vague.Group}), nil, "group"},
		"the same at UserInfo":                     {set("groups", []any{7, vague.Group}), set("groups", []any{7}), "group"},
		"an address at UserInfo":                   {nil, set("email", vague.Address, "email_verified", true), "email"},
		"an address elsewhere, but at UserInfo":    {set("_claim_names", pointer), set("email", vague.Address, "email_verified", true), "email"},
		"an unreadable address":                    {set("email", []any{}), set("email", vague.Address, "email_verified", "true"), "email"},
		"the flag at UserInfo, with the address":   {set("email", vague.Address), set("email", strings.ToUpper(vague.Address), "email_verified", true), "email"},
		"the flag at UserInfo, without it":         {set("email", vague.Address), set("email_verified", true), ""},
		"the flag of another address":              {set("email", vague.Address), set("email", "other@example.com", "email_verified", true), ""},
		"a no that UserInfo does not know":         {set("email", vague.Address, "email_verified", false), set("email", vague.Address, "email_verified", true), ""},
	} {
		var flow Flow
		flow.Config = settings(t, []config.Role{
			{Name: "all", Emails: []string{vague.Address}, Groups: []string{vague.Group}, Read: []string{"*"}},
		}, "scope", "openid email groups")
		metadata := oidc.Metadata{Claims: []string{"email_verified"}, UserInfoEndpoint: "https://id.example.com/userinfo"}
		identity, err := flow.gather(metadata, oidc.Scope{}, decoded(t, c.idToken), func(string) (oidc.Claims, error) {
			return decoded(t, c.userInfo), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		match, _ := flow.authorize(identity)
		got := ""
		if match.Hits != nil {
			got = match.Hits[0].Kind
		}
		if got != c.by {
			t.Errorf("%s: the role is had by %q, expected %q", name, got, c.by)
		}
	}
}

// TestRefusalNamesTheOthers: whoever is refused at one role is told to the
// administrator with the roles that would have fitted.
func TestRefusalNamesTheOthers(t *testing.T) {
	t.Parallel()
	empty, later := roleBy("empty", "sub"), roleBy("later", "sub")
	empty.Read = nil
	flow := Flow{Config: settings(t, []config.Role{empty, roleBy("other", "email"), later}, "scope", "openid")}
	identity, err := flow.gather(oidc.Metadata{}, oidc.Scope{}, decoded(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = flow.authorize(identity)
	if err == nil || !strings.Contains(err.Error(), `role "empty" matches by sub`) || !strings.HasSuffix(err.Error(), `would fit: "later"`) {
		t.Errorf("the refusal reads %v", err)
	}
}

// TestDescribe: what the log says of a person.
func TestDescribe(t *testing.T) {
	t.Parallel()
	var veil syslog.Veil
	veil.HidePerson(secret.New("bob"), secret.New(vague.Address))
	sub, address := "subject "+secret.Fingerprint("bob"), ", e-mail "+secret.Fingerprint(vague.Address)
	for want, id := range map[string]role.Identity{
		sub + ", no e-mail sent, no groups sent":                 {Subject: "bob"},
		sub + ", e-mail unknown, groups unknown":                 {Subject: "bob", EmailUnknown: "x", GroupsUnknown: "x"},
		sub + address + `, groups "a" "…"`:                       {Subject: "bob", Email: strings.ToUpper(vague.Address), Verified: oidc.VerifiedYes, Groups: []string{"a", "Bob"}, GroupsUnknown: "x"},
		sub + address + " (not verified), no groups sent":        {Subject: "bob", Email: vague.Address, Verified: oidc.VerifiedNo, EmailUnknown: "x"},
		sub + `, no e-mail sent, groups` + eight:                 {Subject: "bob", Groups: strings.Fields("1 2 3 4 5 6 7 8")},
		sub + `, no e-mail sent, groups` + eight + " and 2 more": {Subject: "bob", Groups: strings.Fields("1 2 3 4 5 6 7 8 9 10")},
	} {
		if got := describe(id, role.Rules{}, &veil); got != want {
			t.Errorf("%s, expected %s", got, want)
		}
	}
}

const eight = ` "1" "2" "3" "4" "5" "6" "7" "8"`

// TestSeen: which claims came is kept, for the settings that they came with.
func TestSeen(t *testing.T) {
	t.Parallel()
	flow := Flow{Config: settings(t, nil), Party: &oidc.Party{}}
	flow.show(role.Identity{Email: "a@b"}, oidc.Tokens{}) // There is nowhere to keep it.
	flow.Party.CacheDir = t.TempDir()
	for _, step := range []struct {
		id   role.Identity
		want Seen
	}{
		{role.Identity{}, Seen{}},
		{role.Identity{Groups: []string{"a"}}, Seen{Groups: true}},
		{role.Identity{}, Seen{Groups: true}},
		{role.Identity{Email: "a@b"}, Seen{Email: true, Groups: true}},
	} {
		flow.show(step.id, oidc.Tokens{})
		if got := SeenBy(flow.Party.CacheDir, flow.Config); got != step.want {
			t.Errorf("after %+v: %+v, expected %+v", step.id, got, step.want)
		}
	}
	if got := SeenBy(flow.Party.CacheDir, settings(t, nil, "issuer_url", "https://other.example.com")); got != (Seen{}) {
		t.Errorf("of another provider: %+v", got)
	}
	files, _ := os.ReadDir(flow.Party.CacheDir)
	for _, file := range files {
		if text, _ := os.ReadFile(flow.Party.CacheDir + "/" + file.Name()); string(text) != "email\ngroups\n" {
			t.Errorf("%s has %q", file.Name(), text)
		}
	}
}

// TestRefusalHidesThePerson: a group that bears somebody's address or subject
// does not tell in the log who they are.
func TestRefusalHidesThePerson(t *testing.T) {
	t.Parallel()
	flow := Flow{Config: settings(t, []config.Role{roleBy("none", "claim")}), Party: &oidc.Party{}}
	_, err := flow.authorize(role.Identity{Subject: "bob-7", Email: vague.Address, Verified: oidc.VerifiedYes, Groups: []string{"ops", "bob-7", vague.Address}})
	if err == nil || strings.Contains(err.Error(), "bob-7") || strings.Contains(err.Error(), vague.Address) || !strings.Contains(err.Error(), `"ops"`) {
		t.Errorf("the refusal reads %v", err)
	}
}

// TestImagineAsksForTheRolesInHand: what the roles that are tried name is
// gathered, not what those of the configuration do.
func TestImagineAsksForTheRolesInHand(t *testing.T) {
	t.Parallel()
	tried := []config.Role{{Name: "noc", Claims: []config.Claim{{Path: "department", Value: "NOC"}}}}
	claims := decoded(t, func(claims map[string]any) { claims["department"] = "NOC" })
	for name, saved := range map[string][]config.Role{"nothing is saved": nil, "another one is": {roleBy("all", "claim")}} {
		id := Imagine(settings(t, saved), tried, claims)
		if got := id.Claims["department"].Names; len(id.Claims) != 1 || len(got) != 1 || got[0] != "NOC" {
			t.Errorf("%s: the claims are %v", name, id.Claims)
		}
	}
}
