// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"slices"
	"strings"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/internal/paths"
	"luci-sso/internal/rights"
)

// Group is an access group of this router.
type Group struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Read        bool     `json:"read"`
	Write       bool     `json:"write"`
	Packages    []string `json:"packages"` // File names without .json.
}

// AccessGroups lists the access groups of this router by name.
func AccessGroups() []*Group {
	groups, _ := acl.ReadGroups(paths.AccessGroups())
	list := []*Group{}
	for _, d := range acl.Describe(groups) {
		slices.Sort(d.Files)
		list = append(list, &Group{d.Name, d.Description, d.Read, d.Write, d.Files})
	}
	slices.SortFunc(list, func(a, b *Group) int { return strings.Compare(a.Name, b.Name) })
	return list
}

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
func Rights(roles []config.Role) []RoleRights {
	if roles == nil {
		roles, _ = config.Roles(paths.Config())
	}
	groups, _ := acl.ReadGroups(paths.AccessGroups())
	names := acl.Describe(groups)
	list := []RoleRights{}
	for i := range roles {
		r := &roles[i]
		one := RoleRights{
			Name: r.Name, Access: map[string]string{}, Total: len(names),
			Unmatched: some(acl.Unmatched(groups, r.Read, r.Write)),
			Findings:  rights.For(groups, r.Read, r.Write),
		}
		if one.Findings == nil {
			one.Findings = []rights.Finding{}
		}
		for j := range names {
			read, write := acl.Access(names[j].Name, r.Read, r.Write)
			if read {
				one.Read++
				one.Access[names[j].Name] = "read"
			}
			if write {
				one.Write++
				one.Access[names[j].Name] = "write"
			}
		}
		list = append(list, one)
	}
	return list
}
