// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
)

// identify gathers what the roles ask for: from the ID token, and from
// UserInfo what is not in it.
func (f *Flow) identify(ctx context.Context, metadata oidc.Metadata, v *verified) (role.Identity, error) {
	return f.gather(metadata, v.tokens.Scope, v.claims, func(subject string) (more oidc.Claims, err error) {
		v.asked = true
		v.more, err = f.Party.UserInfo(ctx, metadata, v.tokens.Access, subject)
		return v.more, err
	})
}

// gather is identify with the way to ask UserInfo. A claim that is in neither is one that the
// person does not have, unless something says that there is more to know:
// the provider points elsewhere for it, sends it in a form that cannot be
// read, did not grant its scope, or fails at UserInfo. Without a UserInfo
// endpoint the ID token is all there is.
func (f *Flow) gather(metadata oidc.Metadata, granted oidc.Scope, claims oidc.Claims, ask func(subject string) (oidc.Claims, error)) (role.Identity, error) {
	subject, _ := claims.Text("sub")
	email := claims.Email(oidc.FromIDToken)
	groups := claims.Groups(f.Config.Text("groups_claim"), oidc.FromIDToken)
	announced := metadata.Announces("email_verified")

	needs := role.NeedsOf(f.Config.Roles)
	needEmail := needs.Email && (email.Address == "" || email.Unknown != "" ||
		email.Verified == oidc.Unstated && (announced || needs.Flag || f.Config.On("require_email_verified")))
	lacking := func(g oidc.Groups) bool { return !g.Sent || g.Unknown != "" }
	needGroups := needs.Groups && lacking(groups)
	// The claims that roles name: which of them UserInfo has to be asked for.
	named := map[string]oidc.Groups{}
	var missing []string
	for _, path := range needs.Claims {
		if named[path] = claims.Values(path, oidc.FromIDToken); lacking(named[path]) {
			missing = append(missing, path)
		}
	}
	if (needEmail || needGroups || missing != nil) && metadata.UserInfoEndpoint != "" {
		more, err := ask(subject)
		note, ok := fault.As(err)
		switch {
		case err == nil:
			if needEmail {
				email = moreEmail(email, more.Email(oidc.FromUserInfo))
			}
			if needGroups {
				groups = moreGroups(groups, more.Groups(f.Config.Text("groups_claim"), oidc.FromUserInfo))
			}
			for _, path := range missing {
				named[path] = moreGroups(named[path], more.Values(path, oidc.FromUserInfo))
			}
		case ok && note.Code != fault.IdentityMismatch:
			f.Note(note)
			if needEmail && email.Address == "" && email.Unknown == "" {
				email.Unknown = "no e-mail sent in the ID token, and " + note.Detail
			}
			if needGroups && groups.Unknown == "" {
				groups.Unknown = "no groups sent in the ID token, and " + note.Detail
			}
			unknown(named, missing, "it is not in the ID token, and "+note.Detail)
		default:
			return role.Identity{}, err
		}
	}
	if slices.Contains(metadata.Vague, "userinfo_endpoint") {
		const unreadable = "it is not in the ID token, and where to ask UserInfo for it cannot be read"
		if needEmail && email.Unknown == "" && email.Address == "" {
			email.Unknown = unreadable
		}
		if needGroups && groups.Unknown == "" {
			groups.Unknown = unreadable
		}
		unknown(named, missing, unreadable)
	}
	if email.Verified == oidc.Unstated && announced {
		email.Verified = oidc.VerifiedLeftOut
	}
	if email.Address == "" && email.Unknown == "" {
		email.Unknown = f.withheld("email", metadata, granted, func(scope string) bool { return scope == "email" })
	}
	if len(groups.Names) == 0 && groups.Unknown == "" {
		groups.Unknown = f.withheld("groups", metadata, granted, mayCarryGroups)
	}
	for _, path := range needs.Claims {
		if len(named[path].Names) == 0 {
			unknown(named, []string{path}, f.withheld(path, metadata, granted, func(scope string) bool { return mayCarry(scope, path) }))
		}
	}
	return role.Identity{
		Subject: subject,
		Email:   email.Address, Verified: email.Verified, EmailUnknown: email.Unknown,
		Groups: groups.Names, Joined: groups.Joined, GroupsUnknown: groups.Unknown,
		Claims: named, SignIn: claims.SignIn(),
	}, nil
}

// Imagine is who a person with these claims would be to the roles, if the ID
// token were all that there is.
func Imagine(c *config.Config, roles []config.Role, claims oidc.Claims) role.Identity {
	imagined := *c
	imagined.Roles = roles
	f := Flow{Config: &imagined}
	id, _ := f.gather(oidc.Metadata{}, oidc.Scope{}, claims, nil) // There is no UserInfo to fail.
	return id
}

// unknown says of claims why they are not known, where nothing does so far.
func unknown(claims map[string]oidc.Groups, paths []string, why string) {
	for _, path := range paths {
		if claim := claims[path]; claim.Unknown == "" {
			claim.Unknown = why
			claims[path] = claim
		}
	}
}

// moreEmail is what the ID token and UserInfo say together. The flag belongs
// to the address: both are of one of the two.
func moreEmail(email, more oidc.Email) oidc.Email {
	switch {
	case more.Address == "" && more.Unknown == "":
		return email // UserInfo has none.
	case email.Address == "":
		return more
	case more.Address == "":
		return email
	case !role.SameAddress(email.Address, more.Address):
		email.Unknown = "the ID token and UserInfo have different addresses"
		return email
	case more.Verified == oidc.Unstated && more.Unknown == "":
		email.Unknown = ""
		return email
	}
	return more
}

// moreGroups is the same of groups. A whole list is better than a part.
func moreGroups(groups, more oidc.Groups) oidc.Groups {
	switch {
	case more.Sent && more.Unknown == "":
		return more
	case more.Unknown != "":
		more.Names = slices.Concat(groups.Names, more.Names)
		return more
	}
	return groups
}

// withheld says why a claim that did not come may be there all the same: its
// scope was not granted, or not asked for although the provider has one of
// the claim's name. "" when nothing says so.
func (f *Flow) withheld(name string, metadata oidc.Metadata, granted oidc.Scope, carries func(scope string) bool) string {
	asked := strings.Fields(f.Config.Text("scope"))
	for _, scope := range asked {
		if carries(scope) && granted.Lacks(scope) {
			return "the provider did not grant the scope " + syslog.Quote(scope) + " that option scope asks for"
		}
	}
	if name == "groups" && f.Config.Text("groups_claim") != name {
		return ""
	}
	for _, scope := range metadata.Scopes {
		if oidc.Leads(name, scope) && !slices.Contains(asked, scope) {
			return "option scope does not ask for " + syslog.Quote(scope) + ", which the provider offers"
		}
	}
	return ""
}

// mayCarryGroups reports whether groups may come with a scope: with any but
// those that OIDC Core §5.4 and §11 define for something else.
func mayCarryGroups(scope string) bool {
	return !slices.Contains([]string{"openid", "email", "address", "phone", "offline_access"}, scope)
}

// mayCarry is the same for the claim at a path, which may be one of those that
// they define.
func mayCarry(scope, path string) bool {
	switch scope {
	case "address":
		return oidc.Leads(path, "address")
	case "email", "phone":
		return strings.HasPrefix(path, scope)
	}
	return mayCarryGroups(scope)
}

func (f *Flow) rules() role.Rules {
	rules := role.Rules{RequireEmailVerified: f.Config.On("require_email_verified"), Tolerance: f.Config.Seconds("clock_tolerance")}
	if f.Now != nil {
		rules.Now = f.Now()
	}
	return rules
}

// Again is the role of somebody whose sign-in the provider has confirmed, by
// the claims of now. undecided says that what came leads to none for a reason
// that says nothing of the person.
func (f *Flow) Again(ctx context.Context, metadata oidc.Metadata, tokens oidc.Tokens, claims oidc.Claims) (name string, undecided bool, err error) {
	identity, err := f.identify(ctx, metadata, &verified{tokens: tokens, claims: claims})
	if err != nil {
		return "", true, err
	}
	match, err := f.authorize(identity)
	if err != nil {
		undecided = match.Undecided != nil
		if undecided && identity.Verified == oidc.VerifiedNo && identity.EmailUnknown == "" {
			// The provider has said that the address is not theirs. It is open only
			// where something besides that is.
			identity.Email = ""
			undecided = role.Find(f.Config.Roles, identity, f.rules()).Undecided != nil
		}
		return "", undecided, err
	}
	return match.Role.Name, false, nil
}

// authorize finds the role, which must give something.
func (f *Flow) authorize(identity role.Identity) (role.Match, error) {
	rules := f.rules()
	var veil *syslog.Veil
	if f.Party != nil {
		veil = &f.Party.Veil
		veil.HidePerson(secret.New(identity.Subject), secret.New(identity.Email))
	}
	match := role.Find(f.Config.Roles, identity, rules)
	switch {
	case match.Undecided != nil:
		return match, fault.New(fault.UserNotAuthorized, "no role matches: the search ended at role "+syslog.Quote(match.Undecided.Name)+
			" because "+Open(match.Open, f.Config)+
			f.besides(identity, match.Undecided)+"; "+describe(identity, rules, veil))
	case match.Role == nil:
		return match, fault.New(fault.UserNotAuthorized, "no role matches "+describe(identity, rules, veil))
	case match.Role.FaultOf() != "":
		return match, fault.New(fault.UserNotAuthorized, "role "+syslog.Quote(match.Role.Name)+" matches by "+match.By+
			" and gives nothing to anybody until it is mended: "+match.Role.FaultOf()+f.besides(identity, match.Role))
	case !role.Grants(match.Role):
		return match, fault.New(fault.UserNotAuthorized,
			"role "+syslog.Quote(match.Role.Name)+" matches by "+match.By+" but has no read or write permissions"+f.besides(identity, match.Role))
	}
	return match, nil
}

// Open says what a role could be decided by, as the administrator knows it.
func Open(j role.Judgement, c *config.Config) string {
	name := "email"
	switch j.Kind {
	case role.Group:
		name = c.Text("groups_claim")
	case role.Claim:
		name = j.Path
	}
	if j.Broken {
		return "it is not in order: " + j.Why
	}
	return "the claim " + syslog.Quote(name) + " could decide it and is unknown: " + j.Why
}

// besides names the other roles that fit a person who was refused at one.
func (f *Flow) besides(identity role.Identity, refused *config.Role) string {
	var names []string
	for i := range f.Config.Roles {
		r := &f.Config.Roles[i]
		if r != refused && role.Judge(r, identity, f.rules()).Fits == role.Yes {
			names = append(names, syslog.Quote(r.Name))
		}
	}
	if names == nil {
		return ""
	}
	return "; further down would fit: " + strings.Join(names, ", ")
}

// describe says of a person what an administrator needs to mend the roles,
// without telling who it is.
func describe(id role.Identity, rules role.Rules, veil *syslog.Veil) string {
	var b strings.Builder
	b.WriteString("subject " + secret.Fingerprint(id.Subject))
	switch {
	case id.Email == "" && id.EmailUnknown != "":
		b.WriteString(", e-mail unknown")
	case id.Email == "":
		b.WriteString(", no e-mail sent")
	case role.EmailCounts(id, rules):
		b.WriteString(", e-mail " + secret.Fingerprint(strings.ToLower(id.Email)))
	default:
		b.WriteString(", e-mail " + secret.Fingerprint(strings.ToLower(id.Email)) + " (not verified)")
	}
	switch {
	case len(id.Groups) == 0 && id.GroupsUnknown != "":
		b.WriteString(", groups unknown")
		return b.String()
	case len(id.Groups) == 0:
		b.WriteString(", no groups sent")
		return b.String()
	}
	b.WriteString(", groups")
	for i, group := range id.Groups {
		if i == 8 {
			b.WriteString(" and " + strconv.Itoa(len(id.Groups)-i) + " more")
			break
		}
		b.WriteString(" " + veil.Group(group))
	}
	return b.String()
}
