// SPDX-License-Identifier: Apache-2.0

package role

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"testing"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/oidc"
)

// TestFindAgreesWithTheSettingsPage holds the decision to the cases that the
// page's preview is tested with, too.
func TestFindAgreesWithTheSettingsPage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../tests/view/match-vectors.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the sources are here without the tests of the page")
	}
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Sets []struct {
			About string
			Roles []map[string]any
			Cases []struct {
				Why, Email, Sub, Claims, Role, By, Value, Undecided string
				Groups, Lacks                                       []string
				Fault                                               bool
			}
		}
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, set := range vectors.Sets {
		var roles []config.Role
		for _, raw := range set.Roles {
			r := config.NewRole(raw["name"].(string), func(list string) []string { return texts(raw[list]) })
			for _, name := range texts(raw["unknown"]) {
				r.Unknown(name)
			}
			roles = append(roles, r)
		}
		for _, c := range set.Cases {
			m := Find(roles, vectorIdentity(t, roles, c.Email, c.Sub, c.Claims, c.Groups), Rules{Now: time.Now()})
			name, hit, undecided, broken := "", Hit{}, "", false
			var lacks []string
			if m.Role != nil {
				name, hit, broken = m.Role.Name, m.Hits[0], m.Role.FaultOf() != ""
				for _, lack := range Lacks(m.Role, vectorIdentity(t, roles, c.Email, c.Sub, c.Claims, c.Groups).SignIn, Rules{Now: time.Now()}) {
					lacks = append(lacks, lack.Option)
				}
				if broken && Grants(m.Role) {
					t.Errorf("%s: %s: it grants something and is broken", set.About, c.Why)
				}
			}
			if m.Undecided != nil {
				undecided = m.Undecided.Name
			}
			if name != c.Role || hit.Kind != c.By || hit.Value != c.Value || undecided != c.Undecided || broken != c.Fault || !slices.Equal(lacks, c.Lacks) {
				t.Errorf("%s: %s: got %q by %q %q, undecided %q, lacks %q, broken %v; expected %+v", set.About, c.Why, name, hit.Kind, hit.Value, undecided, lacks, broken, c)
			}
		}
	}
}

// texts is a list of a JSON document, or its only element.
func texts(value any) []string {
	var list []string
	switch value := value.(type) {
	case string:
		list = append(list, value)
	case []any:
		for _, text := range value {
			list = append(list, text.(string))
		}
	}
	return list
}

// vectorIdentity is what package login makes of an ID token alone.
func vectorIdentity(t *testing.T, roles []config.Role, email, sub, text string, groups []string) Identity {
	t.Helper()
	var claims oidc.Claims
	if text != "" {
		var err error
		if claims, err = oidc.ReadClaims([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	address, names := claims.Email(oidc.FromIDToken), claims.Groups("groups", oidc.FromIDToken)
	id := Identity{
		Email: address.Address, Verified: address.Verified, EmailUnknown: address.Unknown,
		Groups: names.Names, Joined: names.Joined, GroupsUnknown: names.Unknown,
		Claims: map[string]oidc.Groups{}, SignIn: claims.SignIn(),
	}
	id.Subject, _ = claims.Text("sub")
	for _, path := range NeedsOf(roles).Claims {
		id.Claims[path] = claims.Values(path, oidc.FromIDToken)
	}
	if email != "" {
		id.Email, id.Verified, id.EmailUnknown = email, oidc.VerifiedYes, ""
	}
	if groups != nil {
		id.Groups, id.Joined, id.GroupsUnknown = groups, false, ""
	}
	if sub != "" {
		id.Subject = sub
	}
	return id
}
