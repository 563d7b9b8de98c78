// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"slices"
	"strings"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/internal/paths"
	"luci-sso/internal/rights"
	"luci-sso/internal/syslog"
	"luci-sso/internal/words"
)

// People says whether these roles let in anybody at all.
func People(roles []config.Role) *Check {
	switch {
	case len(roles) == 0:
		return row("people", Fail, words.NoRoles).do(words.AddRole)
	case !slices.ContainsFunc(roles, func(r config.Role) bool { return r.Names() }):
		return row("people", Fail, words.NobodyListed).do(words.ListPeople)
	}
	return row("people", Pass, words.SomebodyListed)
}

// rolesAndRights are the checks on who gets in and what that amounts to: ids
// people, rights and, where a role lacks what saving needs, saving.
func rolesAndRights() []*Check {
	roles, err := config.Roles(paths.Config())
	if err != nil {
		return []*Check{row("people", Skip, words.NotRun), row("rights", Skip, words.NotRun)}
	}
	found := findings(roles)
	checks := []*Check{People(roles)}
	for i := range roles {
		if why := roles[i].FaultOf(); why != "" {
			checks = append(checks, row("people", Fail, words.RoleBroken, syslog.Printable(roles[i].Name, 60), syslog.Printable(why, 300)).do(words.MendRole))
		}
	}
	if names := found[rights.Secret]; names != nil {
		checks = append(checks, row("rights", Warn, words.RightsReading, list(names)).do(words.LeaveOutGroups))
	} else {
		checks = append(checks, row("rights", Pass, words.RightsPlain))
	}
	if names := found[rights.Unsaved]; names != nil {
		checks = append(checks, row("saving", Warn, words.RightsUnsaving, list(names)).do(words.AddSavingGroup))
	}
	return checks
}

// findings names, by kind, the roles that have them, each with the groups that
// they come from.
func findings(roles []config.Role) map[rights.Kind][]string {
	groups, _ := acl.ReadGroups(paths.AccessGroups())
	found := map[rights.Kind][]string{}
	for _, r := range roles {
		from := map[rights.Kind][]string{}
		for _, f := range rights.For(groups, r.Read, r.Write) {
			from[f.Kind] = append(from[f.Kind], syslog.Printable(f.Group, 60))
		}
		for kind, names := range from {
			found[kind] = append(found[kind], syslog.Printable(r.Name, 60)+" ("+strings.Join(names, ", ")+")")
		}
	}
	return found
}

// root says which roles lead to root. That is no fault; one has to know.
func root() *Check {
	roles, err := config.Roles(paths.Config())
	if err != nil {
		return row("root_roles", Skip, words.NotRun)
	}
	var names []string
	groups, _ := acl.ReadGroups(paths.AccessGroups())
	for _, r := range roles {
		if slices.ContainsFunc(rights.For(groups, r.Read, r.Write), func(f rights.Finding) bool { return f.Kind == rights.Root }) {
			names = append(names, syslog.Printable(r.Name, 60))
		}
	}
	if names == nil {
		return row("root_roles", Pass, words.RootNobody)
	}
	return row("root_roles", Pass, words.RootRoles, strings.Join(names, ", "))
}

// unknownOptions names what the configuration has and nothing reads.
func unknownOptions() *Check {
	if unknown := config.FindUnknown(paths.Config()); len(unknown) > 0 {
		return row("options", Warn, words.UnknownOptions, config.Names(unknown)).do(words.CorrectOptions)
	}
	return row("options", Pass, words.OptionsKnown)
}
