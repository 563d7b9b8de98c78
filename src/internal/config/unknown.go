// SPDX-License-Identifier: Apache-2.0

package config

import (
	"slices"
	"strconv"
	"strings"

	"luci-sso/internal/fault"
	"luci-sso/internal/near"
	"luci-sso/internal/syslog"
	"luci-sso/internal/uci"
)

// Unknown is something in the file that nothing reads: most likely a name with
// a typing error.
type Unknown struct {
	Section string
	Option  string // "" when it is the section's type that is not known.
	Type    string // Of the section.
	Near    string // The nearest known name; "" when none is near.
	Line    int
}

// String is for the log and the checks: "default.scopes (scope?)".
func (u Unknown) String() string {
	name := syslog.Printable(u.Section, 40) + "." + syslog.Printable(u.Option, 60)
	if u.Option == "" {
		name = "config " + syslog.Printable(u.Type, 60)
	}
	if u.Near != "" {
		name += " (" + u.Near + "?)"
	}
	return name
}

// Names lists a few of them.
func Names(list []Unknown) string {
	const most = 5
	var names []string
	for _, u := range list[:min(len(list), most)] {
		names = append(names, u.String())
	}
	if len(list) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}

// FindUnknown lists what is not known in the file at path; nothing when it
// cannot be read, which is said elsewhere.
func FindUnknown(path string) []Unknown {
	pkg, err := read(path)
	if err != nil {
		return nil
	}
	return unknown(pkg)
}

func unknown(pkg *uci.Package) []Unknown {
	var list []Unknown
	options := make([]string, 0, len(Options))
	var own []string // Of a further provider.
	for i := range Options {
		options = append(options, Options[i].Name)
		if !Options[i].Global {
			own = append(own, Options[i].Name)
		}
	}
	for i := range pkg.Sections {
		s := &pkg.Sections[i]
		names := own
		switch {
		case s.Type == Type && s.Name == Section:
			names = options
		case s.Type == Type:
		case near.Name(s.Type, []string{RoleType}) != "": // What is odd in a role is its fault.
			continue
		default:
			list = append(list, Unknown{Section: s.Name, Type: s.Type, Near: near.Name(s.Type, []string{Type}), Line: s.Line})
			continue
		}
		for j := range s.Options {
			if o := &s.Options[j]; !slices.Contains(names, o.Name) && slices.Contains(options, o.Name) {
				// It is for all providers, and known elsewhere.
				list = append(list, Unknown{Section: s.Name, Option: o.Name, Type: s.Type, Near: Section + "." + o.Name, Line: o.Line})
			} else if !slices.Contains(names, o.Name) {
				list = append(list, Unknown{Section: s.Name, Option: o.Name, Type: s.Type, Near: near.Name(o.Name, names), Line: o.Line})
			}
		}
	}
	return list
}

// misspelt refuses a configuration in which a restriction is set under a name
// with a typing error: the router would be more open than its administrator
// believes. Any other unknown name is let pass, and said.
func (r *reader) misspelt(list []Unknown) {
	for _, u := range list {
		option, ok := LookupOption(strings.TrimPrefix(u.Near, Section+"."))
		if u.Section != r.section.Name || !ok || !option.Restricts {
			continue
		}
		if _, set := r.section.Lookup(u.Near); set {
			continue
		}
		r.fail(fault.ConfigError, u.Near, "option "+syslog.Printable(u.Option, 60)+" (line "+strconv.Itoa(u.Line)+") is not known; is it "+u.Near+"? It would not be in force as it is")
	}
}
