// SPDX-License-Identifier: Apache-2.0

package rpcd

import (
	"errors"
	"strconv"
	"strings"
)

var errSyntax = errors.New("syntax error in a UCI file")

// parseLogins reads the login sections of a UCI file. It is small on purpose
// and separate from the router binary's reader: tests compare what comes of
// the two.
func parseLogins(content string) (logins, error) {
	var all logins
	var current *login
	inSection := false
	byName := map[string]*login{}
	statements, err := splitUCI(content)
	if err != nil {
		return nil, err
	}
	for n, words := range statements {
		switch words[0] {
		case "package", "p":
			continue
		case "config", "c":
			if len(words) < 2 || len(words) > 3 {
				return nil, errSyntax
			}
			inSection = true
			name := " " + strconv.Itoa(n) // Of an anonymous section: a name nobody can give.
			if len(words) == 3 && words[2] != "" {
				name = words[2]
			}
			current = byName[name] // A name given again continues the section.
			if current == nil {
				current = &login{kind: words[1], options: map[string]option{}}
				byName[name] = current
				if current.kind == "login" {
					all = append(all, current)
				}
			}
			if current.kind != words[1] {
				return nil, errSyntax
			}
		case "option", "o", "list", "l":
			if !inSection || len(words) < 2 || len(words) > 3 {
				return nil, errSyntax
			}
			words = append(words, "")
			have, there := current.options[words[1]]
			switch {
			case words[0][0] == 'o' && words[2] == "":
				continue // An empty option is none, and takes none away.
			case words[0][0] == 'o':
				have = option{values: []string{words[2]}}
			case there:
				have = option{values: append(have.values, words[2]), list: true}
			default:
				have = option{values: []string{words[2]}, list: true}
			}
			current.options[words[1]] = have
		default:
			return nil, errSyntax
		}
	}
	return all, nil
}

// splitUCI splits a file into statements and those into words.
func splitUCI(s string) (statements [][]string, err error) {
	var words []string
	var word strings.Builder
	inWord := false
	endWord := func() {
		if inWord {
			words = append(words, word.String())
			word.Reset()
			inWord = false
		}
	}
	endStatement := func() {
		endWord()
		if len(words) > 0 {
			statements = append(statements, words)
			words = nil
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\n', ';':
			endStatement()
		case ' ', '\t', '\r', '\v', '\f':
			endWord()
		case '#': // Within an unquoted word too.
			for i+1 < len(s) && s[i+1] != '\n' {
				i++
			}
		case '\\':
			if i++; i >= len(s) {
				return nil, errSyntax
			}
			if s[i] != '\n' {
				inWord = true
				word.WriteByte(s[i])
			}
		case '\'', '"':
			inWord = true
			if i, err = quoted(s, i, &word); err != nil {
				return nil, err
			}
		default:
			inWord = true
			word.WriteByte(c)
		}
	}
	endStatement()
	return statements, nil
}

// quoted copies a quoted string, which may span lines, and returns where it
// ends. Within double quotes a backslash escapes.
func quoted(s string, i int, word *strings.Builder) (int, error) {
	quote := s[i]
	for i++; i < len(s); i++ {
		switch {
		case s[i] == quote:
			return i, nil
		case s[i] == '\\' && quote == '"':
			if i++; i < len(s) && s[i] != '\n' {
				word.WriteByte(s[i])
			}
		default:
			word.WriteByte(s[i])
		}
	}
	return 0, errSyntax
}
