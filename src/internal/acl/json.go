// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// rpcd reads its files with json-c, which takes more than JSON: comments, a
// trailing comma, single quotes, control characters in a string, anything
// behind the closing brace. A file that rpcd reads must be read here as well,
// or a session would lack the rights a password login has.

type kind uint8

const (
	kindOther kind = iota // Number, boolean, null: they mean nothing in these files.
	kindString
	kindArray
	kindObject
)

// node is a value of a JSON text.
type node struct {
	kind     kind
	key      string // Its name in the object it belongs to.
	text     string // Of a string.
	children []node // Of an array or object. An object has each key once.
}

// maxDepth is how deep json-c lets values nest.
const maxDepth = 32

// parse reads the value that a text begins with. It is gone when the next is
// read.
func (p *jsonParser) parse(text string) (node, error) {
	if p.done == nil {
		nodes := make([]node, 192)
		p.done, p.pending = nodes[:0:128], nodes[128:128]
	}
	p.text, p.pos, p.open = text, 0, false
	p.done, p.pending = p.done[:0], p.pending[:0]
	root, message := p.value(0)
	if message == "" {
		message = p.rest()
	}
	if message != "" {
		line := 1 + strings.Count(p.text[:min(p.pos, len(p.text))], "\n")
		return node{}, errors.New("line " + strconv.Itoa(line) + ": " + message)
	}
	return root, nil
}

// maxKey is the longest name of an object's member: rpcd's own form of the
// data has 16 bits for its length, and what has a longer one is lost.
const maxKey = 1<<16 - 1

// jsonParser reads text from pos on. Its methods return what is wrong, "" for
// nothing.
type jsonParser struct {
	text string
	pos  int
	open bool // A comment had no end.
	// The elements and members of all arrays and objects, and of those, the
	// innermost last, of which there is more to read.
	done, pending []node
}

// finish returns the array or object that began when as many nodes were pending
// as begin says.
func (p *jsonParser) finish(kind kind, begin int) (node, string) {
	p.pos++
	from := len(p.done)
	p.done = append(p.done, p.pending[begin:]...)
	p.pending = p.pending[:begin]
	return node{kind: kind, children: p.done[from:]}, ""
}

// peek skips white space and comments and returns the next byte, 0 at the end
// of the text (where a NUL byte ends it, too).
func (p *jsonParser) peek() byte {
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		if c == '/' {
			if !p.comment() {
				return c
			}
			continue
		}
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c
		}
		p.pos++
	}
	return 0
}

// rest looks at what follows the value. It may be anything but half a comment,
// for the end of which the reader would wait.
func (p *jsonParser) rest() string {
	p.peek()
	switch {
	case p.open:
		return "the comment does not end"
	case p.pos < len(p.text) && p.text[p.pos] == '/':
		return "expected a comment"
	}
	return ""
}

// comment skips a comment. One that does not end takes the rest of the text.
func (p *jsonParser) comment() bool {
	rest := p.text[p.pos:]
	end, width := -1, 0
	switch {
	case strings.HasPrefix(rest, "//"):
		end, width = strings.IndexByte(rest, '\n'), 1
	case strings.HasPrefix(rest, "/*"):
		if end, width = strings.Index(rest[2:], "*/"), 2; end >= 0 {
			end += 2
		}
	default:
		return false
	}
	if end < 0 {
		p.pos, p.open = len(p.text), true
	} else {
		p.pos += end + width
	}
	return true
}

func (p *jsonParser) value(depth int) (node, string) {
	c := p.peek()
	if depth >= maxDepth {
		return node{}, "values are nested too deep"
	}
	switch {
	case c == 0:
		return node{}, "the text ends too early"
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"' || c == '\'':
		text, message := p.str()
		return node{kind: kindString, text: text}, message
	case c == '-' || c >= '0' && c <= '9':
		return node{}, p.number()
	}
	for _, word := range [...]string{"true", "false", "null", "nan", "infinity"} {
		if p.word(word) {
			return node{}, ""
		}
	}
	return node{}, "no JSON value begins with " + strconv.QuoteToASCII(string(rune(c)))
}

// word skips a literal, in any case.
func (p *jsonParser) word(word string) bool {
	end := p.pos + len(word)
	if end > len(p.text) || !strings.EqualFold(p.text[p.pos:end], word) {
		return false
	}
	p.pos = end
	return true
}

func (p *jsonParser) number() string {
	digits := func() (n int) {
		for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
			p.pos++
			n++
		}
		return n
	}
	next := func(chars string) bool {
		if p.pos < len(p.text) && strings.IndexByte(chars, p.text[p.pos]) >= 0 {
			p.pos++
			return true
		}
		return false
	}
	if next("-") && p.word("infinity") {
		return ""
	}
	n := digits()
	if next(".") {
		n += digits()
	}
	if n == 0 {
		return "the number has no digits"
	}
	if next("eE") {
		next("+-")
		digits()
	}
	return ""
}

func (p *jsonParser) array(depth int) (node, string) {
	begin := len(p.pending)
	for p.pos++; ; {
		if p.peek() == ']' {
			return p.finish(kindArray, begin)
		}
		element, message := p.value(depth + 1)
		if message != "" {
			return element, message
		}
		p.pending = append(p.pending, element)
		switch p.peek() {
		case ',':
			p.pos++
		case ']':
		default:
			return element, "expected a comma or the end of the array"
		}
	}
}

func (p *jsonParser) object(depth int) (node, string) {
	begin := len(p.pending)
	var index map[string]int // Once there are too many members to look through.
	for p.pos++; ; {
		c := p.peek()
		if c == '}' {
			return p.finish(kindObject, begin)
		}
		if c != '"' && c != '\'' {
			return node{}, "expected a name in quotes"
		}
		key, message := p.str()
		if message != "" {
			return node{}, message
		}
		if p.peek() != ':' {
			return node{}, "expected a colon"
		}
		p.pos++
		member, message := p.value(depth + 1)
		if message != "" {
			return node{}, message
		}
		if len(key) > maxKey {
			member = node{}
		}
		member.key = key
		index = p.put(member, begin, index)
		switch p.peek() {
		case ',':
			p.pos++
		case '}':
		default:
			return node{}, "expected a comma or the end of the object"
		}
	}
}

// put adds a member to the object that began at begin. One of the same name
// before it is gone.
func (p *jsonParser) put(member node, begin int, index map[string]int) map[string]int {
	const few = 16
	members := p.pending[begin:]
	if len(members) < few {
		for i := range members {
			if members[i].key == member.key {
				members[i] = member
				return nil
			}
		}
		p.pending = append(p.pending, member)
		return nil
	}
	if index == nil {
		index = make(map[string]int, 4*few)
		for i := range members {
			index[members[i].key] = i
		}
	}
	if i, ok := index[member.key]; ok {
		members[i] = member
		return index
	}
	index[member.key] = len(members)
	p.pending = append(p.pending, member)
	return index
}

// str reads a string. As in C it ends at a NUL that is written in it as an
// escape.
func (p *jsonParser) str() (string, string) {
	quote := p.text[p.pos]
	p.pos++
	start := p.pos
	for ; p.pos < len(p.text); p.pos++ {
		switch p.text[p.pos] {
		case quote:
			p.pos++
			return p.text[start : p.pos-1], ""
		case '\\':
			return p.escapedStr(quote, start)
		case 0:
			return "", "the text contains a NUL byte"
		}
	}
	return "", "the string does not end"
}

// escapedStr goes on with a string that began at start, from its first escape.
func (p *jsonParser) escapedStr(quote byte, start int) (string, string) {
	out := []byte(p.text[start:p.pos])
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		switch c {
		case quote:
			s, _, _ := strings.Cut(string(out), "\x00")
			return s, ""
		case 0:
			return "", "the text contains a NUL byte"
		case '\\':
			if p.pos == len(p.text) {
				return "", "the string does not end"
			}
			c = p.text[p.pos]
			p.pos++
			switch i := strings.IndexByte(`"\/bfnrt`, c); {
			case i >= 0:
				out = append(out, "\"\\/\b\f\n\r\t"[i])
			case c == 'u':
				r, ok := p.unicode()
				if !ok {
					return "", `\u is not followed by four hexadecimal digits`
				}
				out = utf8.AppendRune(out, r)
			default:
				return "", "unknown escape in a string"
			}
		default:
			out = append(out, c)
		}
	}
	return "", "the string does not end"
}

// unicode reads what follows a \u, and the second half of a surrogate pair. A
// half by itself becomes the replacement character.
func (p *jsonParser) unicode() (rune, bool) {
	first, ok := p.hex4()
	if !ok || !utf16.IsSurrogate(first) {
		return first, ok
	}
	before := p.pos
	if strings.HasPrefix(p.text[p.pos:], `\u`) {
		p.pos += 2
		second, ok := p.hex4()
		if !ok {
			return 0, false
		}
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, true
		}
	}
	p.pos = before
	return utf8.RuneError, true
}

func (p *jsonParser) hex4() (rune, bool) {
	if p.pos+4 > len(p.text) {
		return 0, false
	}
	n, err := strconv.ParseUint(p.text[p.pos:p.pos+4], 16, 16)
	if err != nil {
		return 0, false
	}
	p.pos += 4
	return rune(n), true
}
