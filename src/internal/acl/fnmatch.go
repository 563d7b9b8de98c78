// SPDX-License-Identifier: Apache-2.0

package acl

// match is POSIX fnmatch(pattern, name, 0) in the C locale, the way musl has
// it, which is the C library of OpenWrt: '*' and '?' match a '/' and a leading
// '.', a backslash takes the next character literally but is an ordinary
// character between brackets, '[!…]' and '[^…]' both negate, and a '[' without
// its ']' stands for itself. It works on bytes.
func match(pattern, name string) bool { return fnmatch(pattern, name, true) }

// matchPlain is the same with FNM_NOESCAPE: a backslash is an ordinary
// character everywhere.
func matchPlain(pattern, name string) bool { return fnmatch(pattern, name, false) }

func fnmatch(pattern, name string, escapes bool) bool {
	p, n := 0, 0
	// Where to go on when the pattern behind the last '*' fails: that '*'
	// takes one more byte. Earlier ones never have to.
	star, starName := -1, 0
	for {
		if p < len(pattern) && pattern[p] == '*' {
			star, starName = p, n
			p++
			continue
		}
		if n == len(name) {
			if p == len(pattern) {
				return true
			}
		} else if p < len(pattern) {
			if ok, width := matchOne(pattern[p:], name[n], escapes); ok {
				p += width
				n++
				continue
			}
		}
		if star < 0 || starName >= len(name) {
			return false
		}
		starName++
		p, n = star+1, starName
	}
}

// matchOne matches c with the first element of pattern, which is no '*', and
// says how long that element is.
func matchOne(pattern string, c byte, escapes bool) (ok bool, width int) {
	switch pattern[0] {
	case '?':
		return true, 1
	case '\\':
		if escapes && len(pattern) > 1 {
			return pattern[1] == c, 2
		}
	case '[':
		if end := bracketEnd(pattern); end > 0 {
			return matchBracket(pattern[1:end], c), end + 1
		}
	}
	return pattern[0] == c, 1
}

// bracketEnd finds the ']' that closes the '[' at the start of pattern; 0 when
// there is none.
func bracketEnd(pattern string) int {
	i := 1
	if i < len(pattern) && (pattern[i] == '^' || pattern[i] == '!') {
		i++
	}
	if i < len(pattern) && pattern[i] == ']' {
		i++
	}
	for ; i < len(pattern); i++ {
		if pattern[i] == ']' {
			return i
		}
		if end := classEnd(pattern, i); end > 0 {
			i = end
		} else if end < 0 {
			return 0
		}
	}
	return 0
}

// classEnd says where the "[:name:]", "[.x.]" or "[=x=]" that starts at i has
// its ']'. 0: none starts there. -1: it does not end.
func classEnd(pattern string, i int) int {
	if pattern[i] != '[' || i+1 >= len(pattern) {
		return 0
	}
	mark := pattern[i+1]
	if mark != ':' && mark != '.' && mark != '=' {
		return 0
	}
	for i += 3; i < len(pattern); i++ {
		if pattern[i-1] == mark && pattern[i] == ']' {
			return i
		}
	}
	return -1
}

// matchBracket matches c with what stands between brackets.
func matchBracket(set string, c byte) bool {
	inverted := false
	low := byte('[') // Lower end of a range: the character before, whatever it was.
	if set[0] == '^' || set[0] == '!' {
		inverted = true
		low, set = set[0], set[1:]
	}
	i := 0
	if set[0] == ']' || set[0] == '-' {
		// As the first one it is an ordinary character.
		if c == set[0] {
			return !inverted
		}
		low = set[0]
		i++
	}
	for ; i < len(set); i++ {
		if set[i] == '-' && i+1 < len(set) {
			// The upper end stays in place: it also counts by itself.
			if low <= c && c <= set[i+1] {
				return !inverted
			}
			continue
		}
		if end := classEnd(set, i); end > 0 {
			if set[i+1] == ':' && isClass(set[i+2:end-1], c) {
				return !inverted
			}
			i = end
			continue
		}
		low = set[i]
		if c == low {
			return !inverted
		}
	}
	return inverted
}

// isClass says whether c belongs to a character class of the C locale.
func isClass(name string, c byte) bool {
	lower, upper := c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z'
	digit, graph := c >= '0' && c <= '9', c > ' ' && c < 0x7f
	switch name {
	case "alnum":
		return lower || upper || digit
	case "alpha":
		return lower || upper
	case "blank":
		return c == ' ' || c == '\t'
	case "cntrl":
		return c < ' ' || c == 0x7f
	case "digit":
		return digit
	case "graph":
		return graph
	case "lower":
		return lower
	case "print":
		return graph || c == ' '
	case "punct":
		return graph && !lower && !upper && !digit
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r'
	case "upper":
		return upper
	case "xdigit":
		return digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
	}
	return false
}
