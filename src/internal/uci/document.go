// SPDX-License-Identifier: Apache-2.0

package uci

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// Document is the text of a file with changes to be made to it. A change
// concerns whole sections; comments, blank lines, quoting and order of
// everything else stay as they are.
type Document struct {
	text    []byte
	parsed  *parser
	changes []change
}

// change is a section to put in place of all parts of the file that define a
// section of its name, or their removal.
type change struct {
	section Section
	remove  bool
}

// ParseDocument reads the content of a file for editing.
func ParseDocument(text []byte) (*Document, error) {
	parsed, err := parse(text)
	if err != nil {
		return nil, err
	}
	return &Document{text: text, parsed: parsed}, nil
}

// Package is what the file says without the changes. It must not be modified.
func (d *Document) Package() *Package { return &d.parsed.pkg }

// Set puts section where the section of its name is, whatever type that has,
// or at the end of the file. Its Line and those of its options do not matter.
func (d *Document) Set(section Section) { d.add(change{section: section}) }

// Remove takes the section with this name out of the file. One that is not
// there is fine.
func (d *Document) Remove(name string) {
	d.add(change{section: Section{Name: name}, remove: true})
}

// add keeps one change per name: the last.
func (d *Document) add(c change) {
	for i := range d.changes {
		if d.changes[i].section.Name == c.section.Name {
			d.changes[i] = c
			return
		}
	}
	d.changes = append(d.changes, c)
}

// replacement is a part of the text and what to put there.
type replacement struct {
	span
	text string
}

// Text returns the file with all changes. What it returns has been read again
// and says what it should: the other sections are the same, the changed ones
// as they were set.
func (d *Document) Text() ([]byte, error) {
	var replacements []*replacement
	var appended strings.Builder
	for _, c := range d.changes {
		text := ""
		if !c.remove {
			var err error
			if text, err = format(c.section); err != nil {
				return nil, err
			}
		}
		i, ok := d.parsed.byName[c.section.Name]
		if !ok {
			if !c.remove {
				appended.WriteString("\n" + text)
			}
			continue
		}
		for n, s := range d.parsed.spans[i] {
			if n > 0 {
				text = ""
			}
			replacements = append(replacements, d.replace(s, text))
		}
	}
	// They do not overlap: what a section's place is widened by is blank.
	slices.SortFunc(replacements, func(a, b *replacement) int { return a.start - b.start })

	var out bytes.Buffer
	from := 0
	for _, r := range replacements {
		out.Write(d.text[from:r.start])
		out.WriteString(r.text)
		from = r.end
	}
	out.Write(d.text[from:])
	if appended.Len() > 0 {
		if out.Len() > 0 && out.Bytes()[out.Len()-1] != '\n' {
			out.WriteByte('\n')
		}
		out.WriteString(appended.String())
	}
	if err := d.verify(out.Bytes()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// replace widens a section's place to whole lines, as far as nothing else
// stands on them. A section that goes takes the blank line in front of it
// along, which Set put there for a new one.
func (d *Document) replace(s span, text string) *replacement {
	lineStart := bytes.LastIndexByte(d.text[:s.start], '\n') + 1
	if len(bytes.TrimSpace(d.text[lineStart:s.start])) > 0 {
		// A statement of another section ends on this line with a ';', which
		// must not be the last thing on a line.
		text = "#\n" + text
	} else {
		s.start = lineStart
		if text == "" && s.start > 0 && (s.start == 1 || d.text[s.start-2] == '\n') {
			s.start--
		}
	}
	if s.end > 0 && d.text[s.end-1] != '\n' {
		lineEnd := len(d.text)
		if i := bytes.IndexByte(d.text[s.end:], '\n'); i >= 0 {
			lineEnd = s.end + i + 1
		}
		rest := bytes.TrimSpace(d.text[s.end:lineEnd])
		if len(rest) == 0 || rest[0] == '#' {
			s.end = lineEnd
		}
	}
	return &replacement{s, text}
}

var errLayout = errors.New("the layout of the file does not allow the change: write each section and option on a line of its own")

// verify reads text and compares it with what was asked for.
func (d *Document) verify(text []byte) error {
	after, err := parse(text)
	if err != nil {
		return errors.Join(errLayout, err)
	}
	changed := make(map[string]bool, len(d.changes))
	for _, c := range d.changes {
		changed[c.section.Name] = true
		got, ok := after.pkg.Lookup(c.section.Name)
		if ok == c.remove || ok && !got.Equal(c.section) {
			return errLayout
		}
	}
	others := func(p *Package) (list []*Section) {
		for i := range p.Sections {
			if s := &p.Sections[i]; s.Anonymous || !changed[s.Name] {
				list = append(list, s)
			}
		}
		return list
	}
	same := func(a, b *Section) bool { return a.Equal(*b) }
	if !slices.EqualFunc(others(&d.parsed.pkg), others(&after.pkg), same) {
		return errLayout
	}
	return nil
}

// Equal says whether two sections say the same: type, name, and the same
// options with the same values in the same order. Two anonymous sections need
// not have the same generated name, which depends on their place in the file.
func (s Section) Equal(other Section) bool {
	return s.Type == other.Type && s.Anonymous == other.Anonymous && (s.Anonymous || s.Name == other.Name) &&
		slices.EqualFunc(s.Options, other.Options, func(a, b Option) bool {
			return a.Name == b.Name && a.List == b.List && slices.Equal(a.Values, b.Values)
		})
}

// format writes a section as `uci export` does.
func format(s Section) (string, error) {
	if s.Anonymous || !isName(s.Name, false) || s.Type == "" {
		return "", errors.New("only a section with a type and a valid name can be written, this one is called " + s.Name)
	}
	var b strings.Builder
	kind := s.Type
	if !isName(kind, true) {
		kind = uciWord(kind) // uci itself does not, and cannot read what it wrote.
	}
	b.WriteString("config " + kind + " " + uciWord(s.Name) + "\n")
	for _, option := range s.Options {
		keyword := "option"
		if option.List {
			keyword = "list"
		}
		for _, value := range option.Values {
			if strings.IndexByte(value, 0) >= 0 {
				return "", errors.New("a value with a NUL byte cannot be written: " + s.Name + "." + option.Name)
			}
			b.WriteString("\t" + keyword + " " + option.Name + " " + uciWord(value) + "\n")
		}
	}
	return b.String(), nil
}

// uciWord writes a value as libuci reads it: all between two quotes as it is,
// and a quote outside of them.
func uciWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
