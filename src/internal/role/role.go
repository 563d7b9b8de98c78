// SPDX-License-Identifier: Apache-2.0

// Package role owns the decision who gets which role. It sees verified
// claims and configured roles, and nothing else.
package role

import (
	"slices"
	"strconv"
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/oidc"
)

// Identity is what the provider says of the person, as far as it decides.
type Identity struct {
	Subject  string
	Email    string // "" when none is known.
	Verified oidc.Verified
	Groups   []string
	// What could not be learned, because the provider failed to answer: that
	// is not the same as nothing.
	EmailUnknown, GroupsUnknown bool
}

// Rules are the settings that bear on the decision.
type Rules struct {
	RequireEmailVerified bool
}

// Match is the outcome of Find.
type Match struct {
	Role  *config.Role // nil when no role matched.
	By    string       // For the log: "email", "group …" or "sub".
	Kind  string       // "email", "group" or "sub"; "" when no role matched.
	Value string       // The entry of the role's list that matched.
}

// Find returns the first role, in the order of the file, that the identity
// has by e-mail, group or subject. It goes no further than a role that might
// match by what is unknown: a later one may give more than this person has.
func Find(roles []config.Role, id Identity, rules Rules) Match {
	for i := range roles {
		kind, value := matches(&roles[i], id, rules)
		switch kind {
		case "":
			if id.GroupsUnknown && len(roles[i].Groups) > 0 || id.EmailUnknown && len(roles[i].Emails) > 0 {
				return Match{}
			}
			continue
		case "group":
			// An address or a subject would tell in the log who it is.
			return Match{&roles[i], kind + " " + strconv.Quote(value), kind, value}
		}
		return Match{&roles[i], kind, kind, value}
	}
	return Match{}
}

func matches(r *config.Role, id Identity, rules Rules) (kind, value string) {
	if EmailCounts(id, rules) {
		for _, email := range r.Emails {
			if sameAddress(email, id.Email) {
				return "email", email
			}
		}
	}
	for _, group := range r.Groups {
		for _, held := range id.Groups {
			if sameGroup(group, held) {
				return "group", group
			}
		}
	}
	if id.Subject != "" && slices.Contains(r.Subjects, id.Subject) {
		return "sub", id.Subject
	}
	return "", ""
}

// EmailCounts is the one decision whether an address may open a role: never
// when the provider marks it unverified, and only when it marks it verified
// if that is required.
func EmailCounts(id Identity, rules Rules) bool {
	switch id.Verified {
	case oidc.VerifiedYes:
		return id.Email != ""
	case oidc.VerifiedNo:
		return false
	}
	return id.Email != "" && !rules.RequireEmailVerified
}

// sameAddress ignores the case of ASCII letters only: Unicode's folding makes
// other people's addresses equal, as with the Kelvin sign and k.
func sameAddress(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// pocketIDSuffix is what the Pocket ID guide has people add to a group's
// name, while Pocket ID 2 sends the bare name.
const pocketIDSuffix = "@PocketID"

// sameGroup compares exactly, except that either side may carry the suffix.
func sameGroup(a, b string) bool {
	a, b = strings.TrimSuffix(a, pocketIDSuffix), strings.TrimSuffix(b, pocketIDSuffix)
	return a == b && a != ""
}

// Grants reports whether a role gives anything at all.
func Grants(r *config.Role) bool {
	return slices.ContainsFunc(slices.Concat(r.Read, r.Write), func(name string) bool {
		return name != "" && !strings.HasPrefix(name, "!")
	})
}

// Needs reports which claims the roles ask for.
func Needs(roles []config.Role) (email, groups bool) {
	for i := range roles {
		email = email || len(roles[i].Emails) > 0
		groups = groups || len(roles[i].Groups) > 0
	}
	return email, groups
}
