// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"encoding/json"
	"strconv"
	"strings"
)

// object is a JSON object of the provider, read one member at a time: what
// stands in one member says nothing against the others. A struct would refuse
// the whole document for a list where a text belongs.
type object struct {
	members map[string]any
	odd     []string // Members that do not have the form they should have, and count as absent.
	vague   []string // Their names alone.
}

// readObject reads exactly one JSON object.
func readObject(body []byte) (object, error) {
	var o object
	if err := decode(shallow(body), &o.members); err != nil {
		return o, err
	}
	if o.members == nil {
		return o, errNoObject
	}
	return o, nil
}

// text returns a member that is a text, "" when it is absent or null.
func (o *object) text(name string) string {
	value, ok := o.members[name].(string)
	if !ok {
		o.not(name)
	}
	return value
}

// needed is text for a member that a document is nothing without: another
// form of it is an error.
func (o *object) needed(name string) (string, error) {
	switch value := o.members[name].(type) {
	case nil:
		return "", nil
	case string:
		return value, nil
	default:
		return "", &formError{name, formOf(value)}
	}
}

// texts returns a member that is a list of texts. Entries of another form are
// left out.
func (o *object) texts(name string) []string {
	entries, ok := o.members[name].([]any)
	if !ok {
		o.not(name)
		return nil
	}
	list := make([]string, 0, len(entries))
	for _, entry := range entries {
		if text, ok := entry.(string); ok {
			list = append(list, text)
		}
	}
	if len(list) < len(entries) {
		o.vague = append(o.vague, name)
		o.odd = append(o.odd, name+" (in it "+strconv.Itoa(len(entries)-len(list))+" entries that are no text)")
	}
	return list
}

// flag returns a member that is true.
func (o *object) flag(name string) bool {
	value, ok := o.members[name].(bool)
	if !ok {
		o.not(name)
	}
	return value
}

func (o *object) not(name string) {
	if value := o.members[name]; value != nil {
		o.vague = append(o.vague, name)
		o.odd = append(o.odd, name+" ("+formOf(value)+")")
	}
}

// oddities names the members that count as absent, "" for none.
func (o *object) oddities() string { return strings.Join(o.odd, ", ") }

// formError says that a needed member has another form.
type formError struct{ name, form string }

func (e *formError) Error() string { return e.name + " is " + e.form + " where a text belongs" }

func formOf(value any) string {
	switch value.(type) {
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "null"
}

// maxDepth is how deep a value may be nested before it is cut off. No member
// that is read comes near it.
const maxDepth = 32

// shallow puts null in the place of what is nested deeper than maxDepth.
// encoding/json would refuse the document for it, whatever member it is in,
// or build a tree of it that takes a hundred times its size.
func shallow(body []byte) []byte {
	var out []byte
	depth, from, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth == maxDepth+1 {
				out = append(append(out, body[from:i]...), "null"...)
			}
		case c == ']' || c == '}':
			if depth--; depth == maxDepth {
				from = i + 1
			}
		}
	}
	if out == nil || depth > maxDepth {
		return body // It never ends: encoding/json says so.
	}
	return append(out, body[from:]...)
}
