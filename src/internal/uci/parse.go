// SPDX-License-Identifier: Apache-2.0

package uci

import (
	"bytes"
	"strconv"
)

// Parse reads the content of a file. It accepts what libuci accepts in its
// strict mode, which every program on a router uses that only reads, with one
// exception: a NUL byte, over which libuci stumbles into the following line,
// is an error. The error is a *SyntaxError.
func Parse(data []byte) (*Package, error) {
	p, err := parse(data)
	if err != nil {
		return nil, err
	}
	return &p.pkg, nil
}

// span is a range of bytes of the file.
type span struct{ start, end int }

// parser collects the statements of a file into a package.
type parser struct {
	lexer
	pkg Package
	// spans[i] are the places of the file that make up pkg.Sections[i], each
	// from its `config` to the end of its last statement.
	spans   [][]span
	byName  map[string]int
	current int // Index of the section that options go to; -1 before the first.
}

func parse(data []byte) (*parser, error) {
	if len(data) > MaxSize {
		return nil, &SyntaxError{Line: 1, Message: ErrTooLarge.Error()}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, &SyntaxError{Line: 1 + bytes.Count(data[:i], []byte("\n")), Message: "the line contains a NUL byte"}
	}
	p := &parser{lexer: lexer{data: data}, byName: map[string]int{}, current: -1}
	for p.next < len(data) {
		p.more()
		if err := p.parseLine(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *parser) fail(message string) error {
	return &SyntaxError{Line: p.line, Message: message}
}

// parseLine reads the statements of a logical line.
func (p *parser) parseLine() error {
	p.skipSpace()
	for {
		word, start, ended := p.keyword()
		if len(word) == 0 || word[0] == '#' {
			p.cut()
			return nil
		}
		var statement func(start int) error
		switch string(word) {
		case "config", "c":
			statement = p.parseConfig
		case "option", "o":
			statement = p.parseOption
		case "list", "l":
			statement = p.parseList
		case "package", "p":
			statement = p.parsePackage
		default:
			// Not what it begins with: that may be the second line of a secret.
			return p.fail("a line begins with config, option or list")
		}
		if !ended {
			return p.fail(string(word) + " needs an argument")
		}
		if err := statement(start); err != nil {
			return err
		}
	}
}

// parsePackage reads and ignores the name of the package: it is the file's.
func (p *parser) parsePackage(int) error {
	name, err := p.argument()
	if err != nil {
		return err
	}
	if name == "" {
		return p.fail("package needs a name")
	}
	if !isName(name, true) {
		return p.fail("the package name has characters other than letters, digits, _ and -")
	}
	return p.endStatement()
}

func (p *parser) parseConfig(start int) error {
	line := p.line
	kind, err := p.argument()
	if err != nil {
		return err
	}
	if kind == "" {
		return p.fail("config needs a type")
	}
	for i := 0; i < len(kind); i++ {
		if kind[i] < 33 || kind[i] > 126 {
			return p.fail("the section's type has a character that is not printable ASCII")
		}
	}
	name, err := p.argument()
	if err != nil {
		return err
	}
	if name != "" && !isName(name, false) {
		return p.fail("the section's name has characters other than letters, digits and _")
	}
	if err := p.endStatement(); err != nil {
		return err
	}
	anonymous := name == ""
	if anonymous {
		name = anonymousName(len(p.pkg.Sections)+1, kind)
	} else if i, ok := p.byName[name]; ok {
		if p.pkg.Sections[i].Type != kind {
			return p.fail("there is a section with this name and another type above, at line " + strconv.Itoa(p.pkg.Sections[i].Line))
		}
		p.current = i
		p.spans[i] = append(p.spans[i], span{start, p.statementEnd()})
		return nil
	}
	p.current = len(p.pkg.Sections)
	if _, ok := p.byName[name]; !ok {
		p.byName[name] = p.current
	}
	p.pkg.Sections = append(p.pkg.Sections, Section{Type: kind, Name: name, Anonymous: anonymous, Line: line})
	p.spans = append(p.spans, []span{{start, p.statementEnd()}})
	return nil
}

func (p *parser) parseOption(int) error { return p.parseValue("option") }
func (p *parser) parseList(int) error   { return p.parseValue("list") }

func (p *parser) parseValue(keyword string) error {
	if p.current < 0 {
		return p.fail(keyword + " stands before the first config line")
	}
	line := p.line
	name, err := p.argument()
	if err != nil {
		return err
	}
	if name == "" {
		return p.fail(keyword + " needs a name")
	}
	if !isName(name, false) {
		return p.fail("the " + keyword + "'s name has characters other than letters, digits and _")
	}
	value, err := p.argument()
	if err != nil {
		return err
	}
	if err := p.endStatement(); err != nil {
		return err
	}
	spans := p.spans[p.current]
	spans[len(spans)-1].end = p.statementEnd()

	section := &p.pkg.Sections[p.current]
	option, exists := section.Lookup(name)
	switch {
	case keyword == "list" && exists:
		// An option before it becomes the first element.
		option.List = true
		option.Values = append(option.Values, value)
	case keyword == "list":
		section.Options = append(section.Options, Option{Name: name, Values: []string{value}, List: true, Line: line})
	case value == "":
		// libuci takes it for "not set", and leaves what was set before.
	case exists:
		*option = Option{Name: name, Values: []string{value}, Line: line}
	default:
		section.Options = append(section.Options, Option{Name: name, Values: []string{value}, Line: line})
	}
	return nil
}

// endStatement refuses a further argument. As in libuci an empty one passes,
// and what follows it is the next statement.
func (p *parser) endStatement() error {
	extra, err := p.argument()
	if err != nil {
		return err
	}
	if extra != "" {
		return p.fail("there is more on the line than belongs there: put a value with blanks in quotes")
	}
	return nil
}

// statementEnd is where the statement just read ends in the file: behind its
// last line, or in front of the next statement on the same line.
func (p *parser) statementEnd() int {
	if p.done() {
		return p.next
	}
	return p.pos
}

// isName says whether libuci takes s for the name of a section or option, or
// with dash set for that of a package.
func isName(s string, dash bool) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '_':
		case c == '-' && dash:
		default:
			return false
		}
	}
	return s != ""
}

// anonymousName is the name libuci generates for the number-th section of a
// file: LuCI and the `uci` command use it to refer to the section.
func anonymousName(number int, kind string) string {
	hash := uint32(5381)
	for i := 0; i < len(kind); i++ {
		hash = hash*33 + uint32(kind[i])
	}
	return "cfg" + hex(uint32(number), 2) + hex(hash&0xffff, 4)
}

func hex(n uint32, width int) string {
	s := strconv.FormatUint(uint64(n), 16)
	for len(s) < width {
		s = "0" + s
	}
	return s
}
