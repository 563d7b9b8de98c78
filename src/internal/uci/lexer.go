// SPDX-License-Identifier: Apache-2.0

package uci

import "bytes"

// lexer reads words the way libuci does, from a logical line that grows while
// a quote or a backslash reaches beyond a line's end.
//
// data[pos:end] is what is left of the logical line, data[next:] the lines not
// read yet. end is smaller than next where a comment cut the line short.
type lexer struct {
	data           []byte
	pos, end, next int
	line           int // Number of the line read last, from 1.
	word           []byte
}

// more replaces what is left of the logical line by the next line of the file.
// At the end of the file nothing is left.
func (l *lexer) more() {
	l.pos = l.next
	if l.next == len(l.data) {
		l.end = l.next
		return
	}
	if i := bytes.IndexByte(l.data[l.next:], '\n'); i >= 0 {
		l.next += i + 1
	} else {
		l.next = len(l.data)
	}
	l.end = l.next
	l.line++
}

// done says that the logical line is used up.
func (l *lexer) done() bool { return l.pos >= l.end }

// cut drops the rest of the logical line.
func (l *lexer) cut() { l.end = l.pos }

func (l *lexer) skipSpace() {
	for !l.done() && isSpace(l.data[l.pos]) {
		l.pos++
	}
}

// isSpace is C's isspace. The tests hold the rest of the package to it: a
// vertical tab ends a word but does not end a keyword.
func isSpace(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') }

// keyword reads the word that begins a statement: unlike an argument it knows
// no quotes and ends at a blank or tab only. ended says that one followed.
func (l *lexer) keyword() (word []byte, start int, ended bool) {
	for !l.done() && (l.data[l.pos] == ' ' || l.data[l.pos] == '\t') {
		l.pos++
	}
	start = l.pos
	for !l.done() {
		if c := l.data[l.pos]; c == ' ' || c == '\t' {
			word = l.data[start:l.pos]
			l.pos++
			return word, start, true
		}
		l.pos++
	}
	return l.data[start:l.pos], start, false
}

// argument reads the next argument; "" when there is none before the end of
// the statement. It takes a ';' that ends the statement.
func (l *lexer) argument() (string, error) {
	l.skipSpace()
	if !l.done() && l.data[l.pos] == ';' {
		l.pos++
		return "", nil
	}
	l.word = l.word[:0]
	verbatim := true // The word stands in the file as it is.
	for first := true; !l.done() && (first || !isSpace(l.data[l.pos])); first = false {
		switch c := l.data[l.pos]; c {
		case '\'', '"':
			verbatim = false
			if err := l.quoted(c); err != nil {
				return "", err
			}
		case '\\':
			verbatim = false
			if l.escaped() {
				l.take()
			}
		case '#':
			// A comment, in the middle of a word as well.
			l.cut()
		case ';':
			// libuci ends the word by a NUL where its text ends. For a word
			// without quotes that is where the ';' stands, and with it the
			// rest of the line is gone.
			if verbatim {
				l.cut()
			}
			return string(l.word), nil
		default:
			l.take()
		}
	}
	if !l.done() {
		l.pos++ // The white space that ended the word.
	}
	return string(l.word), nil
}

// take adds the current character to the word.
func (l *lexer) take() {
	l.word = append(l.word, l.data[l.pos])
	l.pos++
}

// quoted reads up to the closing quote, over any number of lines.
func (l *lexer) quoted(quote byte) error {
	opened := l.line
	l.pos++
	for {
		if l.done() {
			if l.more(); l.done() {
				return &SyntaxError{Line: opened, Message: "a quoted value begins here and does not end (missing " + string(rune(quote)) + ")"}
			}
			continue
		}
		switch c := l.data[l.pos]; {
		case c == quote:
			l.pos++
			return nil
		case c == '\\' && quote == '"':
			if l.escaped() {
				l.take()
			}
		default:
			l.take()
		}
	}
}

// escaped skips a backslash and says whether the character after it is to be
// taken. At the end of a line it joins the next line instead.
func (l *lexer) escaped() bool {
	l.pos++
	rest := l.data[l.pos:l.end]
	if len(rest) == 0 || rest[0] == '\n' || string(rest) == "\r\n" {
		l.more()
		return false
	}
	return true
}
