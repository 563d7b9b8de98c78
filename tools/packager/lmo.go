// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sort"
	"strings"

	"luci-sso/internal/lmo"
)

// LuCI's catalogue format: the translations one after the other, each padded
// to four bytes, then an index of 16-byte entries sorted by the hash of the
// original, then the index's offset. All numbers are big-endian.
//
// Every difference to what LuCI's own converter writes is a defect here: the
// reader on the router takes both for the same.

const maxPlurals = 10

type lmoEntry struct{ key, val, offset, length uint32 }

type lmoWriter struct {
	data  []byte
	index []lmoEntry
}

func (w *lmoWriter) add(key, val uint32, text string) {
	w.index = append(w.index, lmoEntry{key, val, uint32(len(w.data)), uint32(len(text))})
	w.data = append(w.data, text...)
	for len(w.data)%4 != 0 {
		w.data = append(w.data, 0)
	}
}

func (w *lmoWriter) bytes() []byte {
	sort.SliceStable(w.index, func(i, j int) bool { return w.index[i].key < w.index[j].key })

	out := w.data
	for _, e := range w.index {
		for _, n := range []uint32{e.key, e.val, e.offset, e.length} {
			out = binary.BigEndian.AppendUint32(out, n)
		}
	}
	return binary.BigEndian.AppendUint32(out, uint32(len(w.data)))
}

// message is an entry of a .po file, its strings still escaped except for
// quotes and backslashes.
type message struct {
	context, id, plural *string
	values              [maxPlurals]string
	last                int // Highest plural form seen.
}

// key is what the reader looks a form of the message up by.
func (m *message) key(form int) string {
	key := *m.id
	if m.context != nil {
		key = *m.context + "\x01" + key
	}
	if m.plural != nil {
		key += fmt.Sprintf("\x02%d", form)
	}
	return key
}

// toLMO converts a .po file. A file without a single translation gives an
// empty result: the converter of LuCI then writes no file.
func toLMO(po []byte) ([]byte, error) {
	messages, err := readPO(string(po))
	if err != nil {
		return nil, err
	}
	var w lmoWriter

	for _, m := range messages {
		if m.id == nil || *m.id == "" {
			if forms, ok := pluralForms(m.values[0]); ok {
				w.add(0, 0, forms)
			}
			continue
		}
		for form := 0; form <= m.last; form++ {
			value := m.values[form]
			if value == "" {
				continue
			}
			// A translation that equals the original needs no entry.
			if key := lmo.Key([]byte(m.key(form))); key != lmo.Key([]byte(value)) {
				w.add(key, uint32(m.last+1), value)
			}
		}
	}
	if len(w.data) == 0 {
		return nil, nil
	}
	return w.bytes(), nil
}

// pluralForms finds the rule in a .po file's header, whose lines end in an
// escaped newline.
func pluralForms(header string) (string, bool) {
	for _, line := range strings.Split(header, `\n`) {
		const name = "plural-forms: "
		if len(line) > len(name) && strings.EqualFold(line[:len(name)], name) {
			return line[len(name):], true
		}
	}
	return "", false
}

func readPO(text string) ([]message, error) {
	var messages []message
	var m message
	var into *string

	finish := func() {
		if m.id != nil || m.values[0] != "" {
			messages = append(messages, m)
		}
		m = message{}
	}
	for number, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch {
		case strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, `msgctxt "`):
			finish()
			m.context = new(string)
			into = m.context
		case strings.HasPrefix(line, `msgid "`):
			if m.id != nil {
				finish()
			}
			m.id = new(string)
			into = m.id
		case strings.HasPrefix(line, `msgid_plural "`):
			m.plural = new(string)
			into = m.plural
		case strings.HasPrefix(line, `msgstr "`):
			into = &m.values[0]
		case strings.HasPrefix(line, "msgstr["):
			if len(line) < 9 || line[7] < '0' || line[7] > '9' || line[8] != ']' {
				return nil, fmt.Errorf("line %d: a plural form is a digit in brackets", number+1)
			}
			m.last = int(line[7] - '0')
			into = &m.values[m.last]
		}
		part, ok, err := quoted(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		if ok && into != nil {
			*into += part
		}
	}
	finish()
	return messages, nil
}

// quoted returns what stands between the quotes of a line. Of the escapes only
// those of a quote and a backslash are resolved: the rest goes into the
// catalogue as it is.
func quoted(line string) (string, bool, error) {
	start := strings.IndexByte(line, '"')
	if start < 0 {
		return "", false, nil
	}
	var b strings.Builder
	for i := start + 1; i < len(line); i++ {
		switch line[i] {
		case '"':
			return b.String(), true, nil
		case '\\':
			i++
			if i == len(line) {
				return "", false, errors.New("the line ends in a backslash")
			}
			if line[i] != '"' && line[i] != '\\' {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(line[i])
	}
	return "", false, errors.New("the closing quote is missing")
}
