// SPDX-License-Identifier: Apache-2.0

// Package role owns the decision who gets which role. It sees verified
// claims and configured roles, and nothing else.
package role

import (
	"slices"
	"strconv"
	"strings"
	"time"

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
	// Claims are those that roles name in list claim, by their path.
	Claims map[string]oidc.Groups
	SignIn oidc.SignIn
}

// Rules are the settings that bear on the decision.
type Rules struct {
	RequireEmailVerified bool
	Now                  time.Time     // For max_age.
	Tolerance            time.Duration // Of the clocks.
}

// Answer says whether something fits. Unknown is not no.
type Answer uint8

// The answers.
const (
	No Answer = iota
	Unknown
	Yes
)

// Hit is an entry of a role that fits.
type Hit struct{ Kind, Value string }

// The kinds of entries are named as the lists of a role.
const (
	Email  = "email"
	Group  = "group"
	Sub    = "sub"
	Domain = "email_domain"
	Claim  = "claim"
)

// Judgement is what one role is to a person, whatever the others are.
type Judgement struct {
	Fits Answer
	Hits []Hit // By what it fits: all that it has to, or the first that does.
	// When it is unknown: the kind of entry that could decide, the claim that
	// an entry of kind Claim names, and why that is unknown.
	Kind, Path, Why string
	Broken          bool // It is the role itself that says nothing clear.
}

// Match is the outcome of Find.
type Match struct {
	Role *config.Role // nil when no role matched.
	By   string       // For the log: "email", "group …", "sub" and so on.
	Hits []Hit        // The entries of the role's lists that matched.
	// Undecided is the role at which the search had to end: a claim could
	// decide it and is unknown, as Open says.
	Undecided *config.Role
	Open      Judgement
}

// Find returns the first role, in the order of the file, that fits the
// identity. It goes no further than a role that what is unknown could decide:
// a later one may give more than this person has.
func Find(roles []config.Role, id Identity, rules Rules) Match {
	for i := range roles {
		switch j := Judge(&roles[i], id, rules); j.Fits {
		case Yes:
			return Match{Role: &roles[i], By: by(j.Hits), Hits: j.Hits}
		case Unknown:
			return Match{Undecided: &roles[i], Open: j}
		}
	}
	return Match{}
}

// Judge says what one role is to a person. A role fits by one of the kinds of
// entries that it names; with option match 'all', by each of them.
func Judge(r *config.Role, id Identity, rules Rules) Judgement {
	var kinds []Judgement
	for _, kind := range []string{Email, Group, Sub, Domain, Claim} {
		if j, named := judgeKind(r, kind, id, rules); named {
			kinds = append(kinds, j)
		}
	}
	one, each := Judgement{}, Judgement{Fits: Yes}
	for _, j := range kinds {
		if j.Fits > one.Fits {
			one = j
		}
		hits := append(each.Hits, j.Hits...)
		if j.Fits < each.Fits {
			each = j
		}
		each.Hits = hits
	}
	if len(kinds) == 0 {
		each = one // Who names nobody is for nobody.
	}
	j := one
	if r.All {
		j = each
	}
	// What nobody knows may be a further entry of any list: not even a kind of
	// which no entry fits says no.
	if why := r.FaultOf(""); why != "" && j.Fits != Yes {
		return Judgement{Fits: Unknown, Why: why, Broken: true}
	}
	if why := r.FaultOf("match"); why != "" {
		if one.Fits == each.Fits {
			return one
		}
		return Judgement{Fits: Unknown, Kind: "match", Why: why, Broken: true}
	}
	if j.Fits != Yes {
		j.Hits = nil
	}
	return j
}

// judgeKind says whether one kind of entries fits; named is false when the
// role has none of the kind.
func judgeKind(r *config.Role, kind string, id Identity, rules Rules) (j Judgement, named bool) {
	yes := func(value string) Judgement { return Judgement{Fits: Yes, Hits: []Hit{{kind, value}}} }
	open := func(why string) Judgement { return Judgement{Fits: Unknown, Kind: kind, Why: why} }
	if why := r.FaultOf(kind); why != "" {
		return Judgement{Fits: Unknown, Kind: kind, Why: why, Broken: true}, true
	}
	switch kind {
	case Email:
		return judgeEmail(r, id, rules, yes, open), len(r.Emails) > 0
	case Domain:
		return judgeDomain(r, id, yes, open), len(r.Domains) > 0
	case Group:
		for _, group := range r.Groups {
			if slices.ContainsFunc(id.Groups, func(held string) bool { return sameGroup(group, held) }) {
				return yes(group), true
			}
		}
		switch {
		case !names(r.Groups):
		case id.GroupsUnknown != "":
			j = open(id.GroupsUnknown)
		case id.Joined && holds(id.Groups, func(part string) bool {
			return slices.ContainsFunc(r.Groups, func(group string) bool { return sameGroup(group, part) })
		}):
			j = open(joined)
		}
		return j, len(r.Groups) > 0
	case Sub:
		if id.Subject != "" && slices.Contains(r.Subjects, id.Subject) {
			j = yes(id.Subject)
		}
		return j, len(r.Subjects) > 0
	}
	for _, c := range r.Claims {
		switch claim := id.Claims[c.Path]; {
		case slices.Contains(claim.Names, c.Value):
			return yes(c.Path + "=" + c.Value), true
		case j.Fits == Unknown: // The first is said.
		case claim.Unknown != "":
			j = open(claim.Unknown)
			j.Path = c.Path
		case claim.Joined && holds(claim.Names, func(part string) bool { return part == c.Value }):
			j = open(joined)
			j.Path = c.Path
		}
	}
	return j, len(r.Claims) > 0
}

const joined = "it came as one text, which may be several names"

func judgeEmail(r *config.Role, id Identity, rules Rules, yes, open func(string) Judgement) Judgement {
	email, found := named(r.Emails, id.Email)
	switch {
	case found && EmailCounts(id, rules):
		return yes(email)
	case names(r.Emails) && id.EmailUnknown != "":
		return open(id.EmailUnknown)
	case found:
		return open(uncounted(id.Verified))
	}
	return Judgement{}
}

// judgeDomain wants the word of the provider for the address, whatever the
// settings say: anybody can write any domain.
func judgeDomain(r *config.Role, id Identity, yes, open func(string) Judgement) Judgement {
	local, domain, _ := strings.Cut(id.Email, "@")
	malformed := id.Email != "" && (local == "" || domain == "" || strings.Contains(domain, "@"))
	entry, found := named(r.Domains, domain)
	switch {
	case malformed:
		return open("it is not one address")
	case found && id.Verified == oidc.VerifiedYes:
		return yes(entry)
	case id.EmailUnknown != "":
		return open(id.EmailUnknown)
	case found:
		return open(uncounted(id.Verified))
	}
	return Judgement{}
}

// by is for the log. An address, a subject or the value of a claim would tell
// who it is.
func by(hits []Hit) string {
	var said []string
	for _, h := range hits {
		text := h.Kind
		switch h.Kind {
		case Group, Domain:
			text += " " + strconv.Quote(h.Value)
		case Claim:
			path, _, _ := strings.Cut(h.Value, "=")
			text += " " + strconv.Quote(path)
		}
		said = append(said, text)
	}
	return strings.Join(said, " and ")
}

// Lack is something that a role asks of the sign-in and that was not there.
type Lack struct {
	Option string   // acr, amr or max_age.
	Want   []string // Values of acr, one of which would do, or of amr, all of which are missing.
}

// Lacks says what a sign-in lacks for a role. That is for the sign-in alone:
// who has the role is decided before. A role that is not in order gives nothing
// for any sign-in.
func Lacks(r *config.Role, s oidc.SignIn, rules Rules) []Lack {
	if len(r.Faults) > 0 {
		return nil
	}
	var list []Lack
	if len(r.ACR) > 0 && !slices.Contains(r.ACR, s.ACR) {
		list = append(list, Lack{"acr", r.ACR})
	}
	var missing []string
	for _, method := range r.AMR {
		if !slices.Contains(s.AMR, method) {
			missing = append(missing, method)
		}
	}
	if missing != nil {
		list = append(list, Lack{"amr", missing})
	}
	if r.MaxAge > 0 {
		// A time ahead of the router's, beyond what the clocks may differ by,
		// says nothing about how long ago it was.
		age := rules.Now.Sub(time.Unix(s.At, 0))
		if s.At == 0 || age > r.MaxAge+rules.Tolerance || age < -rules.Tolerance {
			list = append(list, Lack{Option: "max_age"})
		}
	}
	return list
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

// holds reports whether something wanted is part of a text that joins several
// names in a way nobody has agreed upon.
func holds(texts []string, wanted func(part string) bool) bool {
	for _, text := range texts {
		if slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;|[]{}()\"'", r) }), wanted) {
			return true
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

// Grants reports whether a role gives anything at all. One that is not in
// order does not.
func Grants(r *config.Role) bool {
	return len(r.Faults) == 0 && slices.ContainsFunc(slices.Concat(r.Read, r.Write), func(name string) bool {
		return name != "" && !strings.HasPrefix(name, "!")
	})
}

// Needs are the claims that roles ask for.
type Needs struct {
	Email, Groups bool
	Flag          bool     // The address with a clear word that it is verified.
	Claims        []string // The paths in list claim, each once.
}

// NeedsOf says what the roles ask for.
func NeedsOf(roles []config.Role) (n Needs) {
	for i := range roles {
		n.Email = n.Email || len(roles[i].Emails)+len(roles[i].Domains) > 0
		n.Flag = n.Flag || len(roles[i].Domains) > 0
		n.Groups = n.Groups || len(roles[i].Groups) > 0
		for _, c := range roles[i].Claims {
			if !slices.Contains(n.Claims, c.Path) {
				n.Claims = append(n.Claims, c.Path)
			}
		}
	}
	return n
}
