// SPDX-License-Identifier: Apache-2.0

package login

import (
	"strings"
	"testing"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
)

// What a careful reader of docs/how-to/roles-and-access.md expects, written
// down as tables and not as rules: for each thing that a provider can say, and
// each entry that a role can have, whether that entry fits, does not, or
// whether it is open.

type claimsOf map[string]any

// addresses are what a provider can say of the address ann@example.com.
var addresses = map[string]claimsOf{
	"verified":   {"email": "Ann@Example.com", "email_verified": true},
	"unstated":   {"email": "Ann@Example.com"},
	"unverified": {"email": "Ann@Example.com", "email_verified": false},
	"absent":     {},
	"unreadable": {"email": []any{"Ann@Example.com"}, "email_verified": true},
}

var emailFits = map[string]map[string]string{
	"ann@example.com": {"verified": "yes", "unstated": "yes", "unverified": "open", "absent": "no", "unreadable": "open"},
	"bob@example.org": {"verified": "no", "unstated": "no", "unverified": "no", "absent": "no", "unreadable": "open"},
}

var domainFits = map[string]map[string]string{
	"example.com": {"verified": "yes", "unstated": "open", "unverified": "open", "absent": "no", "unreadable": "open"},
	"example.org": {"verified": "no", "unstated": "no", "unverified": "no", "absent": "no", "unreadable": "open"},
}

// groups are what it can say of the groups, and of the claim department.
var groups = map[string]claimsOf{
	"in it":     {"groups": []any{"others", "ops"}},
	"not in it": {"groups": []any{"others"}},
	"absent":    {},
	"elsewhere": {"_claim_names": map[string]any{"groups": "src1"}},
	"joined":    {"groups": "others;ops"},
}

var groupFits = map[string]string{"in it": "yes", "not in it": "no", "absent": "no", "elsewhere": "open", "joined": "open"}

var departments = map[string]claimsOf{
	"in it":     {"department": "NOC"},
	"not in it": {"department": "Sales"},
	"absent":    {},
	"an object": {"department": map[string]any{"name": "NOC"}},
}

var departmentFits = map[string]string{"in it": "yes", "not in it": "no", "absent": "no", "an object": "open"}

var subjects = map[string]string{"ann": "yes", "bob": "no"}

// signIns are how she signed in, and whether that is as the role wants it.
var signIns = map[string]struct {
	claims claimsOf
	good   bool
}{
	"as wanted":         {claimsOf{"acr": "phr", "amr": []any{"pwd", "hwk"}, "auth_time": 1000000}, true},
	"a weaker kind":     {claimsOf{"acr": "1", "amr": []any{"pwd", "hwk"}, "auth_time": 1000000}, false},
	"without the key":   {claimsOf{"acr": "phr", "amr": []any{"pwd"}, "auth_time": 1000000}, false},
	"too long ago":      {claimsOf{"acr": "phr", "amr": []any{"hwk"}, "auth_time": 1000000 - 3661}, false},
	"nothing is said":   {claimsOf{}, false},
	"in the future":     {claimsOf{"acr": "phr", "amr": []any{"hwk"}, "auth_time": 1000000 + 61}, false},
	"the clocks differ": {claimsOf{"acr": "phr", "amr": []any{"hwk"}, "auth_time": 1000000 - 3659}, true},
}

// expectation is what happens at a role with these answers.
func expectation(answers []string, all bool) string {
	said := strings.Join(answers, " ")
	switch {
	case said == "":
		return "goes on" // It is for nobody.
	case !all && strings.Contains(said, "yes"):
		return "has it"
	case all && strings.Contains(said, "no"):
		return "goes on"
	case strings.Contains(said, "open"):
		return "ends"
	case all:
		return "has it"
	}
	return "goes on"
}

// TestCarefulReader goes through all combinations of what a provider says of
// a person, of a role's lists, of any and all, of the order of two roles, and
// of the place where the claims are. The other role is one that she has beyond
// doubt, and the stronger one: nobody may come to it past the first.
func TestCarefulReader(t *testing.T) {
	t.Parallel()
	n := 0
	outcomes := map[string]int{}
	for address, addressClaims := range addresses {
		for group, groupClaims := range groups {
			for department, departmentClaims := range departments {
				for _, place := range []string{"the ID token", "UserInfo"} {
					claims := claimsOf{"sub": "ann"}
					for _, more := range []claimsOf{addressClaims, groupClaims, departmentClaims} {
						for name, value := range more {
							claims[name] = value
						}
					}
					here := decoded(t, func(into map[string]any) { copyClaims(into, claims) })
					for _, r := range readersRoles() {
						var answers []string
						if r.email != "" {
							answers = append(answers, emailFits[r.email][address])
						}
						if r.domain != "" {
							answers = append(answers, domainFits[r.domain][address])
						}
						if r.group {
							answers = append(answers, groupFits[group])
						}
						if r.claim {
							answers = append(answers, departmentFits[department])
						}
						if r.sub != "" {
							answers = append(answers, subjects[r.sub])
						}
						for _, all := range []bool{false, true} {
							for _, first := range []bool{true, false} {
								n++
								want := expectation(answers, all)
								if !first {
									want = "goes on"
								}
								got := readersOutcome(t, here, place, r.role(all), first)
								outcomes[got]++
								if got != want {
									t.Fatalf("address %s, group %s, department %s, from %s; role %+v, all %t, first %t: she %s, a careful reader says she %s",
										address, group, department, place, r, all, first, got, want)
								}
							}
						}
					}
				}
			}
		}
	}
	t.Logf("%d cases: %v", n, outcomes)
}

type readersRole struct {
	email, domain, sub string
	group, claim       bool
}

func readersRoles() []readersRole {
	var list []readersRole
	for _, email := range []string{"", "ann@example.com", "bob@example.org"} {
		for _, domain := range []string{"", "example.com", "example.org"} {
			for _, sub := range []string{"", "ann", "bob"} {
				for i := range 4 {
					list = append(list, readersRole{email, domain, sub, i&1 != 0, i&2 != 0})
				}
			}
		}
	}
	return list
}

func (r readersRole) role(all bool) config.Role {
	return config.NewRole("restricting", func(list string) []string {
		values := map[string]string{"email": r.email, "email_domain": r.domain, "sub": r.sub, "read": "luci-base"}
		if r.group {
			values["group"] = "ops"
		}
		if r.claim {
			values["claim"] = "department=NOC"
		}
		if all {
			values["match"] = "all"
		}
		if values[list] == "" {
			return nil
		}
		return []string{values[list]}
	})
}

// readersOutcome is what becomes of her.
func readersOutcome(t *testing.T, claims oidc.Claims, place string, r config.Role, first bool) string {
	t.Helper()
	stronger := config.Role{Name: "stronger", Subjects: []string{"ann"}, Write: []string{"*"}}
	roles := []config.Role{r, stronger}
	if !first {
		roles = []config.Role{stronger, r}
	}
	flow := Flow{Config: settings(t, roles, "scope", "openid"), Note: func(*fault.Fault) { t.Error("a note") }}
	idToken, userInfo := claims, oidc.Claims{"sub": "ann"}
	metadata := oidc.Metadata{}
	if place == "UserInfo" {
		idToken, userInfo = userInfo, idToken
		metadata.UserInfoEndpoint = "https://id.example.com/userinfo"
	}
	identity, err := flow.gather(metadata, oidc.Scope{}, idToken, func(string) (oidc.Claims, error) { return userInfo, nil })
	if err != nil {
		t.Fatal(err)
	}
	match, err := flow.authorize(identity)
	switch {
	case err != nil:
		return "ends"
	case match.Role.Name == "stronger":
		return "goes on"
	}
	return "has it"
}

func copyClaims(into map[string]any, from claimsOf) {
	for name, value := range from {
		into[name] = value
	}
}

// TestCarefulReaderOfSignIns: the sign-in has no part in who has a role, and is
// right or not.
func TestCarefulReaderOfSignIns(t *testing.T) {
	t.Parallel()
	rules := role.Rules{Now: time.Unix(1000000, 0), Tolerance: time.Minute}
	for name, s := range signIns {
		for _, fits := range []bool{true, false} {
			r := config.Role{Name: "noc", Subjects: []string{"ann"}, ACR: []string{"phrh", "phr"}, AMR: []string{"hwk"}, MaxAge: time.Hour, Write: []string{"*"}}
			if !fits {
				r.Subjects = []string{"bob"}
			}
			later := config.Role{Name: "later", Subjects: []string{"ann"}, Read: []string{"*"}}
			flow := Flow{Config: settings(t, []config.Role{r, later})}
			identity, err := flow.gather(oidc.Metadata{}, oidc.Scope{}, decoded(t, func(into map[string]any) {
				copyClaims(into, s.claims)
				into["sub"] = "ann"
			}), nil)
			if err != nil {
				t.Fatal(err)
			}
			match, err := flow.authorize(identity)
			want := "noc"
			if !fits {
				want = "later"
			}
			if err != nil || match.Role.Name != want {
				t.Errorf("%s: %v %v, want role %q", name, match.Role, err, want)
				continue
			}
			lacks := role.Lacks(match.Role, identity.SignIn, rules)
			if good := lacks == nil; good != (s.good || !fits) {
				t.Errorf("%s, role %s: lacks %+v", name, want, lacks)
			}
		}
	}
}
