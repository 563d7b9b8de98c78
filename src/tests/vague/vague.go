// SPDX-License-Identifier: Apache-2.0

// Package vague owns the list of ways in which a provider can leave open what
// a role needs to know of a person. The tests of package login and those of
// the whole program go through all of them.
package vague

// Way is one of them. A person has the claim Claim (email or groups), and the
// provider does not say so.
type Way struct {
	Name  string
	Claim string
	// No: this is an ordinary no, at which matching goes on.
	No bool
	// IDToken and UserInfo change the claims there; nil leaves the claim out.
	IDToken, UserInfo func(claims map[string]any)
	// Down: UserInfo fails.
	Down bool
	// NoUserInfo: the provider has no such endpoint.
	NoUserInfo bool
	// VagueUserInfo: where it is cannot be read.
	VagueUserInfo bool
	// Scope is the token response's; nil for all that was asked for.
	Scope any
	// NotAsked: option scope leaves the claim's scope out.
	NotAsked bool
	// Required: option require_email_verified is 1.
	Required bool
	// VagueClaims: claims_supported cannot be read.
	VagueClaims bool
	// Unannounced: claims_supported does not name email_verified.
	Unannounced bool
}

// Address and Group are what the person has and the roles name.
const (
	Address = "bob@example.com"
	Group   = "contractors"
)

// claim sets a claim; flag, unless nil, is email_verified.
func claim(name string, value any) func(map[string]any) {
	return func(claims map[string]any) { claims[name] = value }
}

func address(value, flag any) func(map[string]any) {
	return func(claims map[string]any) {
		if claims["email"] = value; flag != nil {
			claims["email_verified"] = flag
		}
	}
}

// pointer makes the claim an aggregated or distributed one.
func pointer(name string) func(map[string]any) {
	return func(claims map[string]any) {
		claims["_claim_names"] = map[string]any{name: "src1"}
		claims["_claim_sources"] = map[string]any{"src1": map[string]any{"endpoint": "https://graph.example.com/me"}}
	}
}

// Ways returns the list.
func Ways() []Way {
	var ways []Way
	// everywhere adds a way in the ID token, in UserInfo and in both.
	everywhere := func(w Way, change func(map[string]any)) {
		for _, place := range []string{"the ID token", "UserInfo", "both", "an ID token alone"} {
			w := w
			name := w.Name
			w.Name = w.Claim + " " + name + " in " + place
			w.IDToken, w.UserInfo = change, change
			switch place {
			case "the ID token":
				w.UserInfo = nil
			case "UserInfo":
				w.IDToken = nil
			case "an ID token alone":
				w.UserInfo, w.NoUserInfo = nil, true
			}
			ways = append(ways, w)
		}
	}
	shapes := map[string][]struct {
		name  string
		value any
	}{
		"groups": {
			{"as an object", map[string]any{Group: true}},
			{"as a number", 1001},
			{"as true", true},
			{"as a list of objects", []any{map[string]any{"name": Group}}},
			{"as a list of numbers", []any{1001}},
			{"as a list of lists", []any{[]any{Group}}},
			{"as a list that is partly unreadable", []any{"others", 7}},
			{"as a list with null", []any{"others", nil}},
			{"as one text of several names", "others," + Group},
			{"as a list within a text", `["` + Group + `"]`},
		},
		"email": {
			{"as a list", []any{Address}},
			{"as an object", map[string]any{"value": Address}},
			{"as a number", 7},
			{"as true", true},
			{"as a list of objects", []any{map[string]any{"value": Address}}},
			{"as several addresses", "other@example.com, " + Address},
			{"as a name with an address", "Bob <" + Address + ">"},
		},
	}
	for _, name := range []string{"groups", "email"} {
		for _, shape := range shapes[name] {
			change := claim(name, shape.value)
			if name == "email" {
				change = address(shape.value, true)
			}
			everywhere(Way{Name: shape.name, Claim: name}, change)
		}
		everywhere(Way{Name: "elsewhere", Claim: name}, pointer(name))
		everywhere(Way{Name: "behind pointers that cannot be read", Claim: name}, claim("_claim_names", []any{name}))
		everywhere(Way{Name: "of sources without names", Claim: name}, claim("_claim_sources", map[string]any{"src1": map[string]any{}}))
		ways = append(ways,
			Way{Name: name + " with UserInfo failing", Claim: name, Down: true},
			Way{Name: name + " with UserInfo nobody knows where", Claim: name, VagueUserInfo: true},
			Way{Name: name + " without its scope", Claim: name, Scope: "openid profile"},
			Way{Name: name + " without its scope, in a list", Claim: name, Scope: []any{"openid", "profile"}},
			Way{Name: name + " with no scope granted", Claim: name, Scope: ""},
			Way{Name: name + " with an unreadable scope", Claim: name, Scope: map[string]any{name: true}},
			Way{Name: name + " never asked for", Claim: name, NotAsked: true},
			Way{Name: name + " without its scope or UserInfo", Claim: name, Scope: "openid", NoUserInfo: true},
			// What is not there, and nothing says that it were: nobody with
			// an empty list of groups could get in otherwise.
			Way{Name: name + " absent", Claim: name, No: true},
			Way{Name: name + " absent, without UserInfo", Claim: name, No: true, NoUserInfo: true},
			Way{Name: name + " null", Claim: name, No: true, IDToken: claim(name, nil), UserInfo: claim(name, nil)},
			Way{Name: name + " empty", Claim: name, No: true, IDToken: claim(name, ""), UserInfo: claim(name, "")},
		)
	}
	everywhere(Way{Name: "in Entra ID's short form", Claim: "groups"}, claim("hasgroups", true))
	ways = append(ways,
		// Some put the groups into profile (authentik), none into email.
		Way{Name: "groups without the scope profile", Claim: "groups", Scope: "openid email groups"},
		Way{Name: "groups without the scope email", Claim: "groups", No: true, Scope: "openid profile groups"},
		Way{Name: "email without the scope profile", Claim: "email", No: true, Scope: "openid email groups"},
		Way{Name: "groups as an empty list, without its scope", Claim: "groups", Scope: "openid", IDToken: claim("groups", []any{})},
		Way{Name: "groups as an empty list", Claim: "groups", No: true, IDToken: claim("groups", []any{})},
		Way{Name: "groups that are others", Claim: "groups", No: true, IDToken: claim("groups", []any{"others"})},
		Way{Name: "email that is another", Claim: "email", No: true, IDToken: address("other@example.com", false)},
		Way{Name: "email that differs between the two", Claim: "email", IDToken: address("other@example.com", nil), UserInfo: address(Address, true)},
	)
	for _, flag := range []struct {
		name  string
		value any
	}{{"false", false}, {"false as a text", "false"}, {"unclear", 1}, {"an object", map[string]any{"verified": true}}} {
		everywhere(Way{Name: "with the flag " + flag.name, Claim: "email"}, address(Address, flag.value))
	}
	everywhere(Way{Name: "with the flag announced and left out", Claim: "email"}, address(Address, nil))
	everywhere(Way{Name: "with the flag perhaps announced and left out", Claim: "email", VagueClaims: true}, address(Address, nil))
	everywhere(Way{Name: "with the flag left out where it is required", Claim: "email", Required: true, Unannounced: true}, address(Address, nil))
	return ways
}
