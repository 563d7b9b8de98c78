// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/internal/paths"
	"luci-sso/internal/rights"
)

// RoleRights are what the lists of a role come to on this router.
type RoleRights struct {
	Name string `json:"name"`
	// Access has the groups that the role may read or, in full, write: "read"
	// or "write" by the group's name.
	Access map[string]string `json:"access"`
	// How many groups can be read, how many changed, and how many there are.
	Read      int              `json:"read"`
	Write     int              `json:"write"`
	Total     int              `json:"total"`
	Unmatched []string         `json:"unmatched"` // Entries that fit no group.
	Findings  []rights.Finding `json:"findings"`
}

// Rights says what the given roles have, or the configured ones when nil: by
// the same rules, and on the same groups, as when a session gets them.
func Rights(roles []Role) []RoleRights {
	if roles == nil {
		roles = Roles()
	}
	groups, _ := acl.ReadGroups(paths.AccessGroups())
	names := acl.Describe(groups)
	list := []RoleRights{}
	for _, r := range roles {
		one := RoleRights{
			Name: r.Name, Access: map[string]string{}, Total: len(names),
			Unmatched: some(acl.Unmatched(groups, r.Read, r.Write)),
			Findings:  rights.For(groups, r.Read, r.Write),
		}
		if one.Findings == nil {
			one.Findings = []rights.Finding{}
		}
		for i := range names {
			read, write := acl.Access(names[i].Name, r.Read, r.Write)
			if read {
				one.Read++
				one.Access[names[i].Name] = "read"
			}
			if write {
				one.Write++
				one.Access[names[i].Name] = "write"
			}
		}
		list = append(list, one)
	}
	return list
}

// configured are the roles as the rest of the program knows them; nil stays nil.
func configured(roles []Role) []config.Role {
	if roles == nil {
		return nil
	}
	list := []config.Role{}
	for i := range roles {
		list = append(list, config.NewRole(roles[i].Name, roles[i].list))
	}
	return list
}
