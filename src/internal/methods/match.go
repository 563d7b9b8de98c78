// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"strings"
	"time"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/internal/login"
	"luci-sso/internal/oidc"
	"luci-sso/internal/paths"
	"luci-sso/internal/role"
	"luci-sso/internal/secret"
)

// Person is whom Match is about: what a provider says, or a part of it. An
// address that is given by itself is taken for verified.
type Person struct {
	Email  string
	Groups []string
	Sub    string
	Claims oidc.Claims // As an ID token has them; nil when none are given.
	// Section of the configuration that they come by; "" for default.
	Provider string
}

// Trace says of one role whether it fits the person.
type Trace struct {
	Role    string `json:"role"`
	Matched bool   `json:"matched"`
	By      string `json:"by"` // The list that has the entry.
	Value   string `json:"value"`
	// Why the role can be neither said to fit nor not to; "" otherwise.
	Unknown string `json:"unknown"`
}

// Reason is an entry of a role that fits.
type Reason struct {
	By    string `json:"by"`
	Value string `json:"value"`
}

// MatchReply is who would get what.
type MatchReply struct {
	Role    string   `json:"role"` // "" when no role fits.
	By      string   `json:"by"`
	Value   string   `json:"value"`
	Reasons []Reason `json:"reasons"` // All entries that the role fits by.
	Granted bool     `json:"granted"` // The role gives something.
	Fault   string   `json:"fault"`   // What is wrong in the role.
	// What the role asks of the sign-in and these claims do not have: acr, amr,
	// max_age.
	Lacks []string `json:"lacks"`
	// The role at which the search ends, because it might fit, and why.
	Undecided string   `json:"undecided"`
	Unknown   string   `json:"unknown"`
	Read      []string `json:"read"` // Names of access groups.
	Write     []string `json:"write"`
	Trace     []Trace  `json:"trace"`
	// How the log calls the address and the subject.
	LogEmail   string `json:"log_email"`
	LogSubject string `json:"log_subject"`
}

// Match says which role a person would get. The roles are the given ones, or
// the configured ones when nil.
func Match(p Person, roles []config.Role) MatchReply {
	if roles == nil {
		roles, _ = config.Roles(paths.Config())
	}
	if p.Provider == "" {
		p.Provider = config.Section
	}
	list := config.RolesFor(roles, p.Provider)
	settings, err := config.Parse(paths.Config(), p.Provider)
	if err != nil {
		settings = &config.Config{}
	}
	identity := login.Imagine(settings, list, p.Claims)
	if p.Email != "" {
		identity.Email, identity.Verified, identity.EmailUnknown = p.Email, oidc.VerifiedYes, ""
	}
	if len(p.Groups) > 0 {
		identity.Groups, identity.Joined, identity.GroupsUnknown = p.Groups, false, ""
	}
	if p.Sub != "" {
		identity.Subject = p.Sub
	}
	return matchOf(identity, list, settings)
}

// matchOf says which of these roles somebody would get with these settings.
func matchOf(identity role.Identity, list []config.Role, settings *config.Config) MatchReply {
	rules := role.Rules{RequireEmailVerified: settings.On("require_email_verified"), Now: time.Now(), Tolerance: settings.Seconds("clock_tolerance")}
	reply := MatchReply{Reasons: []Reason{}, Lacks: []string{}, Read: []string{}, Write: []string{}, Trace: []Trace{}}
	if identity.Email != "" {
		reply.LogEmail = secret.Fingerprint(strings.ToLower(identity.Email))
	}
	if identity.Subject != "" {
		reply.LogSubject = secret.Fingerprint(identity.Subject)
	}
	for i := range list {
		r := &list[i]
		j := role.Judge(r, identity, rules)
		trace := Trace{Role: r.Name, Matched: j.Fits == role.Yes}
		if trace.Matched {
			trace.By, trace.Value = j.Hits[0].Kind, j.Hits[0].Value
		}
		if j.Fits == role.Unknown {
			trace.Unknown = login.Open(j, settings)
		}
		reply.Trace = append(reply.Trace, trace)
		if reply.Role != "" || reply.Undecided != "" {
			continue
		}
		switch j.Fits {
		case role.Unknown:
			reply.Undecided, reply.Unknown = r.Name, trace.Unknown
		case role.Yes:
			reply.has(r, j, role.Lacks(r, identity.SignIn, rules))
		}
	}
	return reply
}

// has fills in the role that a person would have.
func (m *MatchReply) has(r *config.Role, j role.Judgement, lacks []role.Lack) {
	m.Role, m.By, m.Value = r.Name, j.Hits[0].Kind, j.Hits[0].Value
	for _, hit := range j.Hits {
		m.Reasons = append(m.Reasons, Reason{hit.Kind, hit.Value})
	}
	m.Granted, m.Fault = role.Grants(r), r.FaultOf()
	for _, lack := range lacks {
		m.Lacks = append(m.Lacks, lack.Option)
	}
	groups, _ := acl.ReadGroups(paths.AccessGroups())
	for _, pair := range acl.For(groups, r.Read, r.Write)["access-group"] {
		switch {
		case pair.Object == acl.Unauthenticated: // Every session has it.
		case pair.Function == "read":
			m.Read = append(m.Read, pair.Object)
		case pair.Function == "write":
			m.Write = append(m.Write, pair.Object)
		}
	}
}
