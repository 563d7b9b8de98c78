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
	// Joined: Groups is one text that may be several names.
	Joined bool
	// Why a claim is not known, or not whole: that is not the same as
	// nothing. "" when it is known.
	EmailUnknown, GroupsUnknown string
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
	// Undecided is the role at which the search had to end: Claim could
	// decide it and is unknown for the reason Why.
	Undecided  *config.Role
	Claim, Why string
}

// Find returns the first role, in the order of the file, that the identity
// has by e-mail, group or subject. It goes no further than a role that what
// is unknown could decide: a later one may give more than this person has.
func Find(roles []config.Role, id Identity, rules Rules) Match {
	for i := range roles {
		if match := Fits(&roles[i], id, rules); match.Role != nil {
			return match
		}
		if claim, why := undecided(&roles[i], id, rules); why != "" {
			return Match{Undecided: &roles[i], Claim: claim, Why: why}
		}
	}
	return Match{}
}

// Fits reports by what one role matches, whatever the others do.
func Fits(r *config.Role, id Identity, rules Rules) Match {
	if EmailCounts(id, rules) {
		if email, found := named(r.Emails, id.Email); found {
			return Match{Role: r, By: "email", Kind: "email", Value: email}
		}
	}
	for _, group := range r.Groups {
		if slices.ContainsFunc(id.Groups, func(held string) bool { return sameGroup(group, held) }) {
			// An address or a subject would tell in the log who it is.
			return Match{Role: r, By: "group " + strconv.Quote(group), Kind: "group", Value: group}
		}
	}
	if id.Subject != "" && slices.Contains(r.Subjects, id.Subject) {
		return Match{Role: r, By: "sub", Kind: "sub", Value: id.Subject}
	}
	return Match{}
}

// undecided says which claim could decide a role that does not match by what
// is known, and why it is unknown; "" when nothing could.
func undecided(r *config.Role, id Identity, rules Rules) (claim, why string) {
	if names(r.Emails) {
		if id.EmailUnknown != "" {
			return "email", id.EmailUnknown
		}
		if _, found := named(r.Emails, id.Email); found && !EmailCounts(id, rules) {
			return "email", uncounted(id.Verified)
		}
	}
	if names(r.Groups) {
		if id.GroupsUnknown != "" {
			return "groups", id.GroupsUnknown
		}
		if id.Joined && holds(id.Groups, r.Groups) {
			return "groups", "it came as one text, which may be several names"
		}
	}
	return "", ""
}

// names reports whether a role's list has an entry at all.
func names(list []string) bool {
	return slices.ContainsFunc(list, func(entry string) bool { return entry != "" })
}

// named finds an address in a role's list.
func named(list []string, address string) (entry string, found bool) {
	for _, entry := range list {
		if address != "" && SameAddress(entry, address) {
			return entry, true
		}
	}
	return "", false
}

// holds reports whether one of the wanted groups is part of a text that joins
// several names in a way nobody has agreed upon.
func holds(texts, wanted []string) bool {
	for _, text := range texts {
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;|[]{}()\"'", r) }) {
			if slices.ContainsFunc(wanted, func(group string) bool { return sameGroup(group, part) }) {
				return true
			}
		}
	}
	return false
}

// EmailCounts is the one decision whether an address may open a role: never
// when the provider marks it unverified, or leaves out the mark that it
// announces, and only when it marks it verified if that is required.
func EmailCounts(id Identity, rules Rules) bool {
	switch id.Verified {
	case oidc.VerifiedYes:
		return id.Email != ""
	case oidc.Unstated:
		return id.Email != "" && !rules.RequireEmailVerified
	}
	return false
}

// uncounted says why an address does not count.
func uncounted(verified oidc.Verified) string {
	switch verified {
	case oidc.VerifiedLeftOut:
		return "the address does not count: the provider announces email_verified and left it out, which means no"
	case oidc.Unstated:
		return "the address does not count: the provider sent no email_verified, which option require_email_verified asks for"
	}
	return "the address does not count: email_verified is not true"
}

// SameAddress ignores the case of ASCII letters only: Unicode's folding makes
// other people's addresses equal, as with the Kelvin sign and k.
func SameAddress(a, b string) bool {
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

// sameGroup compares exactly, except that the configured name may carry the
// suffix. What the provider sends is taken as it is: where people name groups
// themselves, one called admins@PocketID is not admins.
func sameGroup(configured, sent string) bool {
	bare := strings.TrimSuffix(configured, pocketIDSuffix)
	return bare != "" && (sent == configured || sent == bare)
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
