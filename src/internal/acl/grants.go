// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"slices"
	"strings"
)

// Unauthenticated is the group that every session needs: without its grants
// LuCI takes the session for expired.
const Unauthenticated = "unauthenticated"

// Pair is an object and a function that is allowed on it.
type Pair struct{ Object, Function string }

// Grants are the rights of a session: per scope the pairs, sorted, each once.
type Grants map[string][]Pair

// ReadList is the list `read` with which a role takes part in the rules below
// and in rpcd's configuration: the role's own, and the group every session
// needs. Only a pattern like '!*' still takes that away, as it does in rpcd.
func ReadList(read []string) []string {
	list := make([]string, 0, len(read)+1)
	for _, entry := range read {
		if pattern, not := negated(entry); not && pattern == Unauthenticated {
			continue
		}
		list = append(list, entry)
	}
	if !slices.Contains(list, Unauthenticated) {
		list = append(list, Unauthenticated)
	}
	return list
}

// For returns the rights of a session for a role with these lists: those rpcd
// gives to a login with ReadList(read) and write.
func For(groups []Group, read, write []string) Grants {
	parts := Parts(groups, read, write)
	n := 0
	for i := range parts {
		n += len(parts[i].Grants)
	}
	// Pointers, as lists of these are sorted by the code that the standard
	// library brings along for its own; any other list would bring some more.
	list := make([]*Grant, 0, n)
	for i := range parts {
		for j := range parts[i].Grants {
			list = append(list, &parts[i].Grants[j])
		}
	}
	slices.SortFunc(list, func(a, b *Grant) int {
		if n := strings.Compare(a.Scope, b.Scope); n != 0 {
			return n
		}
		if n := strings.Compare(a.Object, b.Object); n != 0 {
			return n
		}
		return strings.Compare(a.Function, b.Function)
	})
	grants := Grants{}
	pairs, begin := make([]Pair, 0, n), 0
	for i, g := range list {
		switch {
		case i == 0:
		case *g == *list[i-1]:
			continue
		case g.Scope != list[i-1].Scope:
			begin = len(pairs)
		}
		pairs = append(pairs, Pair{g.Object, g.Function})
		grants[g.Scope] = pairs[begin:len(pairs):len(pairs)]
	}
	return grants
}

// Part is what a role has of one group.
type Part struct {
	Group  string
	Write  bool // The group's write part, not the one for reading.
	Grants []Grant
}

// Parts returns those parts of the groups that a role with these lists has, in
// the order of the groups. For is their sum; what a right comes from can be
// asked of each of them.
func Parts(groups []Group, read, write []string) []Part {
	read = ReadList(read)
	parts := make([]Part, 0, 2*len(groups))
	for i := range groups {
		g := &groups[i]
		readable, writable := access(g.Name, read, write)
		if readable {
			parts = append(parts, Part{g.Name, false, g.Read})
		}
		if writable {
			parts = append(parts, Part{g.Name, true, g.Write})
		}
	}
	return parts
}

// Access says what a role with these lists may do with a group.
func Access(group string, read, write []string) (readable, writable bool) {
	return access(group, ReadList(read), write)
}

func access(group string, read, write []string) (readable, writable bool) {
	writable = allowed(write, group) == yes
	// Write implies read, unless the list `read` says no.
	answer := allowed(read, group)
	return answer == yes || answer == silent && writable, writable
}

// Allow says whether the right covers a use of it, as rpcd decides when the
// use is tried: object and function are patterns in which, unlike in the lists
// of a role, a backslash stands for itself.
func (g *Grant) Allow(scope, object, function string) bool {
	return g.Permits(scope, function) && matchPlain(g.Object, object)
}

// Permits says whether the right is one to use a function of a scope, on
// whatever its object covers.
func (g *Grant) Permits(scope, function string) bool {
	return g.Scope == scope && matchPlain(g.Function, function)
}

// Allow says whether one of the rights covers a use.
func (p *Part) Allow(scope, object, function string) bool {
	return slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Allow(scope, object, function) })
}

// Has says whether the pair is among the grants, to the letter.
func (g Grants) Has(scope, object, function string) bool {
	return slices.Contains(g[scope], Pair{object, function})
}

type answer uint8

const (
	silent answer = iota // No entry of the list is about the group.
	yes
	no
)

// allowed asks a list about a group: a negation anywhere in the list comes
// before every other entry.
func allowed(list []string, group string) answer {
	for _, entry := range list {
		if pattern, not := negated(entry); not && pattern != "" && match(pattern, group) {
			return no
		}
	}
	for _, entry := range list {
		if _, not := negated(entry); !not && entry != "" && match(entry, group) {
			return yes
		}
	}
	return silent
}

// negated splits the '!', and any white space after it, off a negation.
func negated(entry string) (pattern string, not bool) {
	pattern, not = strings.CutPrefix(entry, "!")
	if not {
		pattern = strings.TrimLeft(pattern, " \t\n\v\f\r")
	}
	return pattern, not
}

// Unmatched returns those entries of a role's lists that match no group, each
// once: a misspelt name, or a package that is not installed. They grant
// nothing.
func Unmatched(groups []Group, read, write []string) []string {
	var list []string
	for _, entry := range slices.Concat(read, write) {
		pattern, _ := negated(entry)
		found := slices.ContainsFunc(groups, func(g Group) bool { return match(pattern, g.Name) })
		if pattern == "" || !found && !slices.Contains(list, entry) {
			list = append(list, entry)
		}
	}
	return list
}
