// SPDX-License-Identifier: Apache-2.0

package rpcd

import "strings"

// match is fnmatch(3) without FNM_PATHNAME and FNM_PERIOD, in the C locale:
// `*` and `?` match slashes and leading dots too. escapes says whether a
// backslash takes the meaning from the next byte (no FNM_NOESCAPE).
func match(pattern, s string, escapes bool) bool {
	for pattern != "" {
		switch c := pattern[0]; {
		case c == '*':
			pattern = strings.TrimLeft(pattern, "*")
			for i := 0; i <= len(s); i++ {
				if match(pattern, s[i:], escapes) {
					return true
				}
			}
			return false
		case s == "":
			return false
		case c == '?':
			pattern = pattern[1:]
		case c == '[':
			matched, rest, ok := bracket(pattern[1:], s[0], escapes)
			if !ok { // No closing bracket: it stands for itself.
				matched, rest = s[0] == '[', pattern[1:]
			}
			if !matched {
				return false
			}
			pattern = rest
		default:
			if c == '\\' && escapes {
				if len(pattern) == 1 {
					return false
				}
				pattern = pattern[1:]
			}
			if pattern[0] != s[0] {
				return false
			}
			pattern = pattern[1:]
		}
		s = s[1:]
	}
	return s == ""
}

// bracket matches c against the expression that follows a '['.
func bracket(p string, c byte, escapes bool) (matched bool, rest string, ok bool) {
	negated := p != "" && (p[0] == '!' || p[0] == '^')
	if negated {
		p = p[1:]
	}
	for first := true; p != ""; first = false {
		if p[0] == ']' && !first {
			return matched != negated, p[1:], true
		}
		if name, after, found := strings.Cut(p, ":]"); found && strings.HasPrefix(name, "[:") {
			matched = matched || class(name[2:], c)
			p = after
			continue
		}
		if p[0] == '\\' && escapes && len(p) > 1 {
			p = p[1:]
		}
		low := p[0]
		high := low
		p = p[1:]
		if len(p) > 1 && p[0] == '-' && p[1] != ']' {
			p = p[1:]
			if p[0] == '\\' && escapes && len(p) > 1 {
				p = p[1:]
			}
			high = p[0]
			p = p[1:]
		}
		matched = matched || low <= c && c <= high
	}
	return false, "", false
}

func class(name string, c byte) bool {
	lower, upper, digit := 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9'
	switch name {
	case "lower":
		return lower
	case "upper":
		return upper
	case "digit":
		return digit
	case "alpha":
		return lower || upper
	case "alnum":
		return lower || upper || digit
	case "xdigit":
		return digit || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
	case "blank":
		return c == ' ' || c == '\t'
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r'
	case "punct":
		return c > ' ' && c < 0x7f && !lower && !upper && !digit
	case "graph":
		return c > ' ' && c < 0x7f
	case "print":
		return c >= ' ' && c < 0x7f
	case "cntrl":
		return c < ' ' || c == 0x7f
	}
	return false
}
