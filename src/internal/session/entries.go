// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/internal/uci"
)

// SectionPrefix begins the name of every section this package owns.
const SectionPrefix = "luci_sso_"

// SectionName is the name of a role's section. UCI allows letters, digits and
// '_'; any other byte of a role's name becomes _xHH_, and so does a '_' in
// front of an 'x', so that RoleName can undo it.
func SectionName(role string) string {
	var b strings.Builder
	b.WriteString(SectionPrefix)
	for i := 0; i < len(role); i++ {
		c := role[i]
		plain := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
			c == '_' && !strings.HasPrefix(role[i+1:], "x")
		if plain {
			b.WriteByte(c)
			continue
		}
		const digits = "0123456789abcdef"
		b.WriteString("_x" + string(digits[c>>4]) + string(digits[c&15]) + "_")
	}
	return b.String()
}

// RoleName is the role a section belongs to; false for a name that SectionName
// does not give.
func RoleName(section string) (string, bool) {
	rest, ok := strings.CutPrefix(section, SectionPrefix)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for rest != "" {
		if !strings.HasPrefix(rest, "_x") {
			b.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		if len(rest) < 5 {
			return "", false
		}
		c, err := strconv.ParseUint(rest[2:4], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		rest = rest[5:]
	}
	return b.String(), SectionName(b.String()) == section
}

// Entries are the sections for these roles, in their order. Of two roles with
// one name the first counts, as in the matching of roles.
func Entries(roles []config.Role) []uci.Section {
	entries := make([]uci.Section, 0, len(roles))
	seen := make(map[string]bool, len(roles))
	for _, role := range roles {
		if seen[role.Name] {
			continue
		}
		seen[role.Name] = true
		entry := uci.Section{
			Type: "login",
			Name: SectionName(role.Name),
			Options: []uci.Option{
				{Name: "username", Values: []string{Username(role.Name)}},
				{Name: "read", Values: acl.ReadList(role.Read), List: true},
			},
		}
		if len(role.Write) > 0 {
			entry.Options = append(entry.Options, uci.Option{Name: "write", Values: role.Write, List: true})
		}
		entries = append(entries, entry)
	}
	return entries
}

// Kind says how a section differs from what the roles want.
type Kind string

const (
	Missing   Kind = "missing"   // A role has no section.
	Different Kind = "different" // A role's section says something else.
	Stale     Kind = "stale"     // A section belongs to no role.
	// A section of somebody else has the user name of a role's sessions and
	// would give them its rights. SyncEntries leaves it alone.
	Foreign Kind = "foreign"
)

// Difference is one finding of Drift.
type Difference struct {
	Kind    Kind
	Section string
	Role    string // "" when the section's name is that of no role.
	Line    int    // Of the section in the file; 0 when it is missing.
}

// String is a line for the log.
func (d Difference) String() string {
	s := string(d.Kind) + ": " + d.Section
	if d.Line > 0 {
		s += " (line " + strconv.Itoa(d.Line) + ")"
	}
	return s
}

// Drift compares rpcd's configuration at path with the roles.
func Drift(path string, roles []config.Role) ([]Difference, error) {
	pkg, err := uci.Load(path)
	if err != nil {
		return nil, err
	}
	return compare(pkg, Entries(roles)), nil
}

func compare(pkg *uci.Package, entries []uci.Section) []Difference {
	var differences []Difference
	wanted := make(map[string]bool, len(entries))
	usernames := make(map[string]bool, len(entries))
	for _, entry := range entries {
		wanted[entry.Name] = true
		username, _ := entry.Get("username")
		usernames[username] = true
		role, _ := RoleName(entry.Name)
		found, ok := pkg.Lookup(entry.Name)
		if !ok {
			differences = append(differences, Difference{Missing, entry.Name, role, 0})
		} else if !found.Equal(entry) {
			differences = append(differences, Difference{Different, entry.Name, role, found.Line})
		}
	}
	for i := range pkg.Sections {
		section := &pkg.Sections[i]
		switch {
		case wanted[section.Name]:
		case strings.HasPrefix(section.Name, SectionPrefix):
			role, _ := RoleName(section.Name)
			differences = append(differences, Difference{Stale, section.Name, role, section.Line})
		case section.Type == "login":
			if username, ok := section.Get("username"); ok && usernames[username] {
				differences = append(differences, Difference{Foreign, section.Name, strings.TrimPrefix(username, userPrefix), section.Line})
			}
		}
	}
	return differences
}

// SyncEntries makes the sections of rpcd's configuration at path follow the
// roles. When they do already, the file is only read. It is never created: where it
// is missing, rpcd's package is about to bring it, with the section for root.
// The error is what uci.Load or uci.Edit say; a file with a syntax error is
// left as it is.
func SyncEntries(path string, roles []config.Role) (changed bool, err error) {
	return apply(path, Entries(roles))
}

// Mark names what rpcd has to know of these roles: it is another one when rpcd
// has to be told. rpcd does not say what it has read, so whoever makes it read
// keeps the mark of what was there to read.
func Mark(roles []config.Role) string {
	sum := sha256.New()
	for _, entry := range Entries(roles) {
		_, _ = io.WriteString(sum, entry.Name+"\x00")
		for _, option := range entry.Options {
			_, _ = io.WriteString(sum, option.Name+"\x00"+strings.Join(option.Values, "\x00")+"\x00\x00")
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

// RemoveEntries removes all sections of this package. No file, nothing to do.
func RemoveEntries(path string) (changed bool, err error) {
	changed, err = apply(path, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return changed, err
}

func apply(path string, entries []uci.Section) (bool, error) {
	// Most calls find nothing to do. They take no lock.
	pkg, err := uci.Load(path)
	if err != nil {
		return false, err
	}
	if !owned(compare(pkg, entries)) {
		return false, nil
	}
	return uci.Edit(path, func(document *uci.Document) error {
		for _, d := range compare(document.Package(), entries) {
			if d.Kind == Stale {
				document.Remove(d.Section)
			}
		}
		for _, entry := range entries {
			if found, ok := document.Package().Lookup(entry.Name); !ok || !found.Equal(entry) {
				document.Set(entry)
			}
		}
		return nil
	})
}

// owned says whether there is a difference that is ours to mend.
func owned(differences []Difference) bool {
	for _, d := range differences {
		if d.Kind != Foreign {
			return true
		}
	}
	return false
}
