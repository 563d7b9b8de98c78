// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"testing"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
	"luci-sso/tests/vague"
)

// TestUserInfoOfSomebodyElse ends the login, whatever is known already.
func TestUserInfoOfSomebodyElse(t *testing.T) {
	t.Parallel()
	flow := Flow{Config: settings(t, []config.Role{roleBy("all", "groups")}), Note: func(*fault.Fault) { t.Error("it is no note") }}
	for _, failure := range []error{fault.New(fault.IdentityMismatch, ""), errors.New("of no kind that is known")} {
		_, err := flow.gather(oidc.Metadata{UserInfoEndpoint: "https://id.example.com/u"}, oidc.Scope{}, decoded(t), func(string) (oidc.Claims, error) { return nil, failure })
		if err != failure {
			t.Errorf("%v became %v", failure, err)
		}
	}
}

// TestUserInfoIsAskedForWhatIsMissing and for nothing else: it costs a
// request, and may fail.
func TestUserInfoIsAskedForWhatIsMissing(t *testing.T) {
	t.Parallel()
	both := []string{"email", "groups"}
	whole := map[string]any{"email": vague.Address, "email_verified": true, "groups": []any{}}
	without := func(name string, value any) map[string]any {
		claims := map[string]any{}
		for k, v := range whole {
			claims[k] = v
		}
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
		return claims
	}
	for name, c := range map[string]struct {
		needs  []string
		claims map[string]any
		asked  bool
	}{
		"nothing":                  {both, whole, false},
		"the address":              {both, without("email", nil), true},
		"the address, not needed":  {both[1:], without("email", nil), false},
		"the flag":                 {both, without("email_verified", nil), true},
		"the flag, not needed":     {both[1:], without("email_verified", nil), false},
		"the groups":               {both, without("groups", nil), true},
		"the groups, not needed":   {both[:1], without("groups", nil), false},
		"a readable list":          {both, without("groups", []any{7}), true},
		"not needed, unreadable":   {both[:1], without("groups", []any{7}), false},
		"the rest of the pointers": {both, without("_claim_names", map[string]any{"email": "src1"}), true},
	} {
		asked, noted := false, 0
		flow := Flow{Config: settings(t, nil, "scope", "openid email groups"), Note: func(*fault.Fault) { noted++ }}
		for _, kind := range c.needs {
			flow.Config.Roles = append(flow.Config.Roles, roleBy(kind, kind))
		}
		_, err := flow.gather(oidc.Metadata{Claims: []string{"email_verified"}, UserInfoEndpoint: "https://id.example.com/u"}, oidc.Scope{},
			decoded(t, func(claims map[string]any) {
				for k, v := range c.claims {
					claims[k] = v
				}
			}), func(string) (oidc.Claims, error) {
				asked = true
				return nil, fault.New(fault.UserInfoNetworkError, "it is down")
			})
		if err != nil || asked != c.asked || (noted == 1) != c.asked {
			t.Errorf("%s is missing: asked %v, expected %v; %d notes, %v", name, asked, c.asked, noted, err)
		}
	}
}

// TestKnownStaysKnown: what an ID token says is not made unknown by a UserInfo
// that fails, or that nobody knows where to find, when it is asked for
// something else; nor is what no role asks for.
func TestKnownStaysKnown(t *testing.T) {
	t.Parallel()
	for _, vagueEndpoint := range []bool{false, true} {
		for known, c := range map[string]struct {
			claims map[string]any
			roles  []config.Role
		}{
			"address": {map[string]any{"email": "eve@example.com", "email_verified": true}, []config.Role{roleBy("first", "email"), roleBy("mine", "sub"), roleBy("last", "groups")}},
			"groups":  {map[string]any{"groups": []any{"others"}}, []config.Role{roleBy("first", "groups"), roleBy("mine", "sub"), roleBy("last", "email")}},
			"claim": {map[string]any{"groups": []any{"others"}, "x": "y"}, []config.Role{
				{Name: "first", Claims: []config.Claim{{Path: "x", Value: "z"}}, Read: []string{"*"}}, roleBy("mine", "sub"), roleBy("last", "email")}},
			"nothing that is asked for": {nil, []config.Role{roleBy("mine", "sub"), {Name: "last", Claims: []config.Claim{{Path: "x", Value: "z"}}}}},
		} {
			flow := Flow{Config: settings(t, c.roles, "scope", "openid"), Note: func(*fault.Fault) {}}
			metadata := oidc.Metadata{UserInfoEndpoint: "https://id.example.com/u"}
			if vagueEndpoint {
				metadata = oidc.Metadata{Vague: []string{"userinfo_endpoint"}}
			}
			identity, err := flow.gather(metadata, oidc.Scope{}, decoded(t, func(into map[string]any) {
				for name, value := range c.claims {
					into[name] = value
				}
			}), func(string) (oidc.Claims, error) { return nil, fault.New(fault.UserInfoNetworkError, "it is down") })
			if err != nil {
				t.Fatal(err)
			}
			match, err := flow.authorize(identity)
			if err != nil || match.Role.Name != "mine" {
				t.Errorf("%s, endpoint vague %t: %v", known, vagueEndpoint, err)
			}
			if c.claims == nil && (identity.EmailUnknown != "" || identity.GroupsUnknown != "") {
				t.Errorf("what no role asks for is called unknown: %+v", identity)
			}
			if c.claims == nil && identity.Claims["x"].Unknown == "" {
				t.Errorf("what a role asks for is not: %+v", identity)
			}
		}
	}
}

// TestFlagStays: what an ID token says of an address holds where UserInfo has
// the same address and says nothing of it.
func TestFlagStays(t *testing.T) {
	t.Parallel()
	for _, flag := range []oidc.Verified{oidc.VerifiedNo, oidc.VerifiedYes} {
		got := moreEmail(oidc.Email{Address: vague.Address, Verified: flag, Unknown: "it points elsewhere"}, oidc.Email{Address: vague.Address})
		if want := (oidc.Email{Address: vague.Address, Verified: flag}); got != want {
			t.Errorf("%+v, expected %+v", got, want)
		}
	}
}
