// SPDX-License-Identifier: Apache-2.0

// Package rights owns what the rights of a role amount to: whether it can read
// what the settings keep secret, become root, or fail to save what it may
// change. It knows no group by name. It takes the rights that package acl
// gives a session, asks what they open, and names the group that each came
// from. The page, the shell and the checks all show what For returns.
package rights

import (
	"slices"
	"strings"

	"luci-sso/internal/acl"
	"luci-sso/internal/words"
)

// Kind is what a finding is about.
type Kind string

const (
	// Secret: the role may not change the settings, and yet can read what only
	// those who may should see.
	Secret Kind = "secret"
	// Root: who has the role can become root.
	Root Kind = "root"
	// Unsaved: the role may change settings, and lacks the calls with which
	// LuCI saves them.
	Unsaved Kind = "unsaved"
)

// Finding says one thing that follows from what a role gets of one group.
// Message is a sentence of package words for Args.
type Finding struct {
	Kind    Kind     `json:"kind"`
	Group   string   `json:"group"` // That it comes from; of Unsaved the one that would mend it.
	What    []string `json:"what"`  // The rights, as "uci luci-sso" or "file /etc/shadow".
	Message string   `json:"message"`
	Args    []string `json:"args"`
}

// Text is the sentence with its arguments.
func (f *Finding) Text() string { return words.Fill(f.Message, f.Args) }

// The settings' own configuration.
const settings = "luci-sso"

// role is what somebody holds, part by part.
type role []acl.Part

func (r role) may(scope, object, function string) bool {
	return slices.ContainsFunc(r, func(p acl.Part) bool { return p.Allow(scope, object, function) })
}

func (r role) mayCall(object string, methods ...string) bool {
	return slices.ContainsFunc(methods, func(m string) bool { return r.may("ubus", object, m) })
}

// The ways to use a right of the scopes uci and file: without a call that gets
// there, it opens nothing. Those of `file` are also the web server's scripts.
func (r role) readsUCI() bool { return r.mayCall("uci", "get", "state", "changes") }
func (r role) writesUCI() bool {
	return r.mayCall("uci", "set", "add") && r.mayCall("uci", "apply", "commit")
}
func (r role) readsFiles() bool {
	return r.mayCall("file", "read") || r.may("cgi-io", "download", "read")
}
func (r role) writesFiles() bool {
	return r.mayCall("file", "write") || r.may("cgi-io", "upload", "write")
}
func (r role) runsPrograms() bool {
	return r.mayCall("file", "exec") || r.may("cgi-io", "exec", "read")
}

// For says what the lists of a role amount to on a router with these groups,
// by kind and then in the order of the groups. `read` and `write` are those of
// the role; the groups are what acl.ReadGroups returns.
func For(groups []acl.Group, read, write []string) []Finding {
	r := role(acl.Parts(groups, read, write))
	var list []Finding
	if !r.writesUCI() || !r.may("uci", settings, "write") {
		list = append(list, r.findings(Secret, words.RightsSecret, r.secrets)...)
	}
	list = append(list, r.findings(Root, words.RightsRoot, r.roots)...)
	return append(list, r.unsaved(groups)...)
}

// findings makes one of each group whose part of the role gives something.
func (r role) findings(kind Kind, message string, look func(*acl.Part) []string) []Finding {
	var list []Finding
	for i := range r {
		what := look(&r[i])
		if len(what) == 0 {
			continue
		}
		at := slices.IndexFunc(list, func(f Finding) bool { return f.Group == r[i].Group })
		if at < 0 {
			at = len(list)
			list = append(list, Finding{Kind: kind, Group: r[i].Group, Message: message})
		}
		f := &list[at]
		for _, w := range what {
			if !slices.Contains(f.What, w) {
				f.What = append(f.What, w)
			}
		}
		f.Args = []string{f.Group, some(f.What)}
	}
	return list
}

// some is a list for a sentence: who reads three of them knows.
func some(list []string) string {
	const most = 3
	if len(list) > most {
		return strings.Join(list[:most], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}

// saving are the calls that LuCI needs for Save & Apply.
var saving = []string{"set", "add", "delete", "apply", "confirm"}

// unsaved looks for a right to change a configuration without saving's calls.
func (r role) unsaved(groups []acl.Group) []Finding {
	missing := func(method string) bool { return !r.mayCall("uci", method) }
	if !slices.ContainsFunc(saving, missing) {
		return nil
	}
	var what []string
	for _, part := range r {
		for _, g := range part.Grants {
			if part.Write && g.Permits("uci", "write") && !slices.Contains(what, g.Object) {
				what = append(what, g.Object)
			}
		}
	}
	if what == nil {
		return nil
	}
	mend := ""
	least := 0
	for i := range groups {
		part := acl.Part{Group: groups[i].Name, Grants: groups[i].Write}
		if slices.ContainsFunc(saving, func(method string) bool { return missing(method) && !part.Allow("ubus", "uci", method) }) {
			continue
		}
		// Of several, one that does not give everything besides.
		stars := 0
		for _, g := range part.Grants {
			if strings.HasPrefix(g.Object, "*") {
				stars++
			}
		}
		if mend == "" || stars < least {
			mend, least = part.Group, stars
		}
	}
	if mend == "" {
		return []Finding{{Unsaved, "", what, words.RightsUnsavable, []string{some(what)}}}
	}
	return []Finding{{Unsaved, mend, what, words.RightsUnsaved, []string{some(what), mend}}}
}
