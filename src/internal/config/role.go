// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/near"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
	"luci-sso/internal/uci"
)

// Role is a `config role` section: who gets which access groups.
type Role struct {
	Name     string
	Emails   []string
	Groups   []string
	Subjects []string
	// Providers are whose people it is for; see Takes.
	Providers []string
	Domains   []string // Of addresses that the provider calls verified.
	Claims    []Claim
	All       bool // Each kind that is named has to fit, instead of one of them.
	// How they signed in at the provider.
	ACR    []string // One of them.
	AMR    []string // All of them.
	MaxAge time.Duration
	Read   []string // Access groups or patterns, as in rpcd's login entries.
	Write  []string
	Line   int
	// Faults are what is wrong in it. As long as there is one, the role gives
	// nothing to anybody.
	Faults []RoleFault
}

// Claim is an entry of a role's list claim.
type Claim struct{ Path, Value string }

// String is the entry as it stands in the list.
func (c Claim) String() string {
	if c.Value == "" {
		return c.Path
	}
	return c.Path + "=" + c.Value
}

// RoleFault is something in a role that does not mean anything.
type RoleFault struct {
	Option string // "" when it could be any.
	Detail string
}

// MaxSignInAge is the largest value of a role's option max_age, in seconds: a year.
const MaxSignInAge = 366 * 24 * 3600

// Names reports whether a role says at all who it is for.
func (r *Role) Names() bool {
	return len(r.Emails)+len(r.Groups)+len(r.Subjects)+len(r.Domains)+len(r.Claims) > 0
}

// FaultOf is what is wrong in the first of these options that has a fault, or
// in any when none is named; "" when nothing is.
func (r *Role) FaultOf(options ...string) string {
	for _, f := range r.Faults {
		if len(options) == 0 || slices.Contains(options, f.Option) {
			return f.Detail
		}
	}
	return ""
}

// NewRole makes a role of what get has under the names of RoleLists.
func NewRole(name string, get func(list string) []string) Role {
	r := Role{Name: name}
	for _, name := range RoleLists {
		if plain := r.list(name); plain != nil {
			*plain = get(name)
		}
	}
	for _, domain := range r.Domains {
		if !isDomain(domain) {
			r.fault("email_domain", domain, "expected a domain such as example.com, without @ and *")
		}
	}
	for _, entry := range get("claim") {
		r.claim(entry)
	}
	switch value := one(get("match")); value {
	case "", "any":
	case "all":
		r.All = true
	default:
		r.fault("match", value, "expected any or all")
	}
	r.signIn(one(get("max_age")), len(get("max_age")) > 0)
	return r
}

// list is where the list of that name in RoleLists is kept as it stands in the
// file; nil for the others.
func (r *Role) list(name string) *[]string {
	switch name {
	case "email":
		return &r.Emails
	case "group":
		return &r.Groups
	case "sub":
		return &r.Subjects
	case "provider":
		return &r.Providers
	case "email_domain":
		return &r.Domains
	case "acr":
		return &r.ACR
	case "amr":
		return &r.AMR
	case "read":
		return &r.Read
	case "write":
		return &r.Write
	}
	return nil
}

// List is what the role has under a name of RoleLists: what NewRole was given,
// but for what means nothing.
func (r *Role) List(name string) (list []string) {
	switch {
	case name == "claim":
		for _, c := range r.Claims {
			list = append(list, c.String())
		}
	case name == "match" && r.All:
		list = []string{"all"}
	case name == "max_age" && r.MaxAge > 0:
		list = []string{strconv.Itoa(int(r.MaxAge / time.Second))}
	default:
		if plain := r.list(name); plain != nil {
			list = *plain
		}
	}
	return list
}

// signIn reads what the role asks of the sign-in.
func (r *Role) signIn(age string, set bool) {
	for _, value := range r.ACR {
		if value == "" || strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
			r.fault("acr", value, "expected one value without spaces")
		}
	}
	for _, value := range r.AMR {
		if !isMethod(value) {
			problem := "expected one of " + strings.Join(Methods, ", ")
			if meant := near.Name(strings.ToLower(value), Methods); meant != "" {
				problem = "is it " + meant + "?"
			}
			r.fault("amr", value, problem)
		}
	}
	if !set {
		return
	}
	n, err := strconv.Atoi(age)
	if err != nil || n < 1 || n > MaxSignInAge || age[0] == '+' {
		r.fault("max_age", age, "expected a whole number of seconds from 1 to "+strconv.Itoa(MaxSignInAge))
		return
	}
	r.MaxAge = time.Duration(n) * time.Second
}

// claim reads an entry of the list claim: a path, =, a value.
func (r *Role) claim(entry string) {
	path, value, found := strings.Cut(entry, "=")
	c := Claim{path, value}
	switch first, _, _ := strings.Cut(path, "."); {
	case !found:
		r.fault("claim", entry, "expected a claim, = and a value, such as department=NOC")
	case path == "" || strings.TrimSpace(path) != path:
		r.fault("claim", entry, "there is no name of a claim before =")
	case value == "" || strings.TrimSpace(value) != value:
		r.fault("claim", entry, "there is no value after =, or it has spaces around it")
	case strings.EqualFold(first, "email"):
		// An address counts only with its flag.
		r.fault("claim", entry, "for an address there are list email and list email_domain")
	case first == "acr" || first == "amr" || first == "auth_time":
		r.fault("claim", entry, "for the sign-in there are list acr, list amr and option max_age")
	}
	r.Claims = append(r.Claims, c)
}

// fault says what is wrong with an entry. It goes to the log, which has no
// addresses, and no values of claims.
func (r *Role) fault(option, value, problem string) {
	if option == "claim" {
		value, _, _ = strings.Cut(value, "=")
	}
	if i := strings.LastIndexByte(value, '@'); i > 0 {
		value = "…" + value[i:]
	}
	kind := "list "
	if slices.Contains(RoleOptions, option) {
		kind = "option "
	}
	r.Faults = append(r.Faults, RoleFault{option, kind + option + " has " + syslog.Quote(value) + ": " + problem})
}

// one is the value of an option; two of them are none.
func one(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return strings.Join(values, " ")
}

// isDomain wants the part of an address after @, as it stands there.
func isDomain(name string) bool {
	if len(name) > 253 || !strings.Contains(name, ".") {
		return false
	}
	for _, label := range strings.Split(name, ".") {
		if label == "" || strings.ContainsFunc(label, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune("@*=,;:/\\<>()[]\"'", c) }) {
			return false
		}
	}
	return true
}

// Methods are the values of amr that IANA has registered (RFC 8176, and pop).
var Methods = []string{
	"face", "fpt", "geo", "hwk", "iris", "kba", "mca", "mfa", "otp", "pin", "pop", "pwd", "rba", "retina", "sc", "sms",
	"swk", "tel", "user", "vbm", "wia",
}

// OwnMethods are values that providers are known to send besides.
var OwnMethods = []string{"fido", "ngcmfa", "rsa", "email", "passkey", "webauthn"}

// isMethod knows a value of amr. One of somebody's own has to look like it: a
// typing error would shut everybody out, or ask for nothing that exists.
func isMethod(value string) bool {
	return slices.Contains(Methods, value) || slices.Contains(OwnMethods, value) ||
		strings.ContainsAny(value, ":/") && !strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c == 0x7f })
}

func roles(pkg *uci.Package) []Role {
	var list []Role
	for i := range pkg.Sections {
		s := &pkg.Sections[i]
		misspelt := s.Type != RoleType && near.Name(s.Type, []string{RoleType}) != ""
		if s.Type != RoleType && !misspelt {
			continue
		}
		r := NewRole(roleName(s), s.List)
		r.Line = s.Line
		if misspelt {
			r.strange("", "config "+s.Type, RoleType)
		}
		for j := range s.Options {
			if name := s.Options[j].Name; !slices.Contains(RoleLists, name) {
				r.Unknown(name)
			}
		}
		names := append(providers(pkg), Section) // That one is always there.
		for _, name := range r.Providers {
			if name != "" && !slices.Contains(names, name) {
				r.strange("provider", "provider "+name, near.Name(name, names))
			}
		}
		list = append(list, r)
	}
	return list
}

// Unknown takes what nobody knows in a role for a condition that nobody
// checks. With a typing error, or from a newer version, it may say whom the
// role is for, or how they have to sign in. So the role gives nothing, and
// nobody for whom it could have been goes on to the next.
func (r *Role) Unknown(name string) { r.strange("", name, near.Name(name, RoleLists)) }

func (r *Role) strange(option, name, meant string) {
	problem := syslog.Quote(name) + " is not known"
	if meant != "" {
		problem += "; is it " + meant + "?"
	}
	r.Faults = append(r.Faults, RoleFault{option, problem})
}

// roleName is the section's name. One without a name has from libuci a number
// that is its place in the file. When a section above it is removed, the next
// one gets that number, and rpcd would give running sessions of the one role
// the rights of the other. So it is named by its rights.
func roleName(s *uci.Section) string {
	if !s.Anonymous {
		return s.Name
	}
	rights := strings.Join(s.List("read"), "\n") + "\x00" + strings.Join(s.List("write"), "\n")
	return "unnamed_" + secret.Fingerprint(rights)
}
