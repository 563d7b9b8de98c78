// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// plain turns a node into what encoding/json makes of the same text; what is
// neither string, array nor object is nil.
func (n node) plain() any {
	switch n.kind {
	case kindString:
		return n.text
	case kindArray:
		list := []any{}
		for _, child := range n.children {
			list = append(list, child.plain())
		}
		return list
	case kindObject:
		object := map[string]any{}
		for _, child := range n.children {
			object[child.key] = child.plain()
		}
		return object
	}
	return nil
}

// equal compares with encoding/json's result, in which other values are not nil.
func equal(got, want any) bool {
	switch want := want.(type) {
	case string:
		// C strings end at a NUL, and bytes that are no UTF-8 stay.
		s, ok := got.(string)
		cut, _, _ := strings.Cut(want, "\x00")
		return ok && s == cut
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return false
		}
		for i := range list {
			if !equal(list[i], want[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || len(object) != len(want) {
			return false
		}
		for key := range want {
			if !equal(object[key], want[key]) {
				return false
			}
		}
		return true
	}
	return got == nil
}

func FuzzJSON(f *testing.F) {
	for _, text := range oddFiles {
		f.Add(text)
	}
	f.Add(`{"a": [1, -2.5e+10, true, false, null, "ü\u00fc", {}, []]}`)
	f.Fuzz(func(t *testing.T, text string) {
		root, err := parseJSON(text)
		if err == nil {
			_, _ = new(reader).appendGroups(nil, "fuzz", text)
		}
		var want any
		if !utf8.ValidString(text) || json.Unmarshal([]byte(text), &want) != nil {
			return
		}
		if err != nil {
			// The one thing that JSON has and json-c does not.
			if !strings.Contains(err.Error(), "too deep") {
				t.Fatalf("JSON was refused: %v", err)
			}
			return
		}
		if len(text) > maxKey {
			return // A longer name loses its value.
		}
		if strings.Contains(text, `\u0000`) {
			return // Names that are equal up to the NUL are one name.
		}
		if !equal(root.plain(), want) {
			t.Errorf("%q reads as %v, want %v", text, root.plain(), want)
		}
	})
}

func TestJSONErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                      "line 1: the text ends too early",
		"  // only a comment":   "line 1: the text ends too early",
		"{\n\n\"a\": }":         "line 3: no JSON value begins with",
		"{\"a\": [1\n2]}":       "line 2: expected a comma or the end of the array",
		"{\"a\" 1}":             "line 1: expected a colon",
		"{\"a\": 1 \"b\": 2}":   "line 1: expected a comma or the end of the object",
		"{,}":                   "line 1: expected a name in quotes",
		"{\"a":                  "line 1: the string does not end",
		"{\"a\\":                "line 1: the string does not end",
		`{"\u12": 1}`:           `line 1: \u is not followed by four hexadecimal digits`,
		`{"\ud83d\u12": 1}`:     `line 1: \u is not followed by four hexadecimal digits`,
		"{\"a\": -}":            "line 1: the number has no digits",
		"{\"a\": .5}":           "line 1: no JSON value begins with",
		"{\"a\": nil}":          "line 1: no JSON value begins with",
		"/":                     "line 1: no JSON value begins with",
		"{\"a\": \"b\x00\"}":    "line 1: the text contains a NUL byte",
		"{\"a\": \"\\n\x00\"}":  "line 1: the text contains a NUL byte",
		strings.Repeat("[", 33): "line 1: values are nested too deep",
	} {
		_, err := parseJSON(text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q gives the error %v, want %q", text, err, want)
		}
	}
}

func parseJSON(text string) (node, error) {
	var p jsonParser
	return p.parse(text)
}
