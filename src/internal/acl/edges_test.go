// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestClasses goes through every byte of every class of the C locale, by the
// tables of POSIX XBD 7.3.1.
func TestClasses(t *testing.T) {
	t.Parallel()
	const lower, upper, digits = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	const punct = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
	control := "\x7f"
	for c := byte(0); c < 0x20; c++ {
		control += string(rune(c))
	}
	members := map[string]string{
		"lower": lower, "upper": upper, "digit": digits, "alpha": lower + upper, "alnum": lower + upper + digits,
		"punct": punct, "graph": lower + upper + digits + punct, "print": lower + upper + digits + punct + " ",
		"blank": " \t", "space": " \t\n\v\f\r", "cntrl": control, "xdigit": digits + "abcdefABCDEF", "": "", "nothing": "",
	}
	for name, in := range members {
		for c := 0; c < 256; c++ {
			if got, want := isClass(name, byte(c)), strings.IndexByte(in, byte(c)) >= 0; got != want {
				t.Errorf("[:%s:] and %q: %t, want %t", name, byte(c), got, want)
			}
		}
	}
}

// TestBrackets: ends of ranges, and characters that mean something only in
// some places.
func TestBrackets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"[!a]", "!", true}, {"[^a]", "^", true}, {"[!!]", "!", false}, {"[a!]", "!", true},
		{"[a-c]", "-", false}, {"[a-c]", "a", true}, {"[a-c]", "c", true}, {"[a-c]", "d", false}, {"[b-c]", "a", false},
		{"[-a]", "-", true}, {"[-a]", "5", false}, {"[a-]", "-", true}, {"[]]", "]", true}, {"[]-a]", "^", true}, {"[]-a]", "\\", false},
		{"[[:digit:]x]", "x", true}, {"[[:digit:]x]", "5", true}, {"[[:digit:]x]", ":", false}, {"[[:digit:]x]", "]", false}, {"[![:digit:]]", "5", false},
		{"[[:digit:]-]", "-", true}, {"*[x]*", "axb", true}, {"**", "", true}, {"a**b", "ab", true}, {"a*", "b", false},
	} {
		if got := match(c.pattern, c.name); got != c.want {
			t.Errorf("match(%q, %q) = %t, want %t", c.pattern, c.name, got, c.want)
		}
	}
}

// TestManyMembers: objects large enough for an index replace members of one
// name like small ones.
func TestManyMembers(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 15, 16, 17, 18, 40} {
		var text strings.Builder
		text.WriteString("{")
		for i := range n {
			fmt.Fprintf(&text, "%q: %q, ", fmt.Sprint("m", i), "old")
		}
		for i := range n {
			if i%2 == 0 {
				fmt.Fprintf(&text, "%q: %q, ", fmt.Sprint("m", i), "new")
			}
		}
		root, err := parseJSON(strings.TrimSuffix(text.String(), ", ") + "}")
		if err != nil || len(root.children) != n {
			t.Fatalf("%d members read as %d, %v", n, len(root.children), err)
		}
		for i, child := range root.children {
			want := map[bool]string{true: "new", false: "old"}[i%2 == 0]
			if child.key != fmt.Sprint("m", i) || child.text != want {
				t.Errorf("member %d of %d is %s: %s, want %s", i, n, child.key, child.text, want)
			}
		}
	}
}

// TestGroupsOfOtherShapes: what stands where something else belongs grants
// nothing and says nothing.
func TestGroupsOfOtherShapes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.json", `{"odd": {"title": "a title", "description": {}, "other": {"ubus": {"a": ["b"]}}, "write": "all", "read": {"ubus": {"x": "no list", "system": ["board", 5]}}}}`)
	groups, err := ReadGroups(dir)
	if err != nil || len(groups) != 1 {
		t.Fatalf("%v, %v", groups, err)
	}
	g := groups[0]
	if g.Description != "" || len(g.Write) != 0 || len(g.Read) != 2 || g.Read[0] != (Grant{"ubus", "system", "board"}) {
		t.Errorf("read as %+v", g)
	}
	write("a.json", `{"odd": {"other": {"ubus": {"a": ["b"]}}, "read": {"ubus": {"x": {"y": "z"}}}}}`)
	if groups, err = ReadGroups(dir); err != nil || len(groups) != 1 || len(groups[0].Write) != 0 || len(groups[0].Read) != 1 {
		t.Errorf("read as %+v, %v: only the group's own name was to be read", groups, err)
	}
	// The limit of a file's size is let through, a byte more is not.
	dir = t.TempDir()
	whole := `{"big": {"read": {"uci": ["network"]}}}`
	write("a.json", whole+strings.Repeat(" ", MaxFile-len(whole)))
	if groups, err := ReadGroups(dir); err != nil || len(groups) != 1 {
		t.Errorf("a file of %d bytes: %v, %v", MaxFile, groups, err)
	}
	write("a.json", whole+strings.Repeat(" ", MaxFile-len(whole)+1))
	if groups, err := ReadGroups(dir); err == nil || len(groups) != 0 {
		t.Errorf("a file of %d bytes: %v, %v", MaxFile+1, groups, err)
	}
}

// TestEmptyPattern: an empty entry of a list neither grants nor takes away.
func TestEmptyPattern(t *testing.T) {
	t.Parallel()
	groups := []Group{{Name: "", Read: []Grant{{"uci", "network", "read"}}}, {Name: "a", Read: []Grant{{"uci", "system", "read"}}}}
	if got := For(groups, []string{""}, nil); len(got["uci"]) != 0 {
		t.Errorf("an empty entry grants %v", got)
	}
	if got := For(groups, []string{"!", "a"}, nil); len(got["uci"]) != 1 {
		t.Errorf("a lone ! takes away: %v", got)
	}
}

// TestJSONAtTheEdges: what is allowed up to the last byte of the text.
func TestJSONAtTheEdges(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "9", "19", "-1", "1e5", "true", "null", "[0,9]", "[\"a\",\r\"b\"]", "/**/{}", "//\n{}", "{}//\n", "{} /**/ and", "{}\f"} {
		if _, err := parseJSON(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{`"a\nb`, `"a\n`, "tru", "-", `"\u00`, "[1", "[1,"} {
		if _, err := parseJSON(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
	root, err := parseJSON(`"\ud800\u0041\ud83d\ude00\ud800x"`)
	if err != nil || root.text != "\ufffdA\U0001f600\ufffdx" {
		t.Errorf("halves of surrogate pairs read as %q, %v", root.text, err)
	}
}

// TestLongNames: a member whose name rpcd has no room for is lost, and the
// longest for which it has is not.
func TestLongNames(t *testing.T) {
	t.Parallel()
	for length, want := range map[int]kind{maxKey - 1: kindString, maxKey: kindString, maxKey + 1: kindOther} {
		root, err := parseJSON(`{"` + strings.Repeat("a", length) + `": "x"}`)
		if err != nil || len(root.children) != 1 || root.children[0].kind != want {
			t.Errorf("a name of %d bytes: %d members, %v", length, len(root.children), err)
		}
	}
}

// TestAfterABrokenFile: the memory that one file leaves to the next brings
// nothing of it along.
func TestAfterABrokenFile(t *testing.T) {
	t.Parallel()
	const good = `{"g": {"read": {"ubus": {"system": ["board"]}, "uci": ["network"]}}}`
	alone, err := new(reader).appendGroups(nil, "good", good)
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{`{"b": {"read": {"uci": ["firewall", "dhcp"`, `[1, [2, {"a": [3`, `{"x": ["y"], "z": {`} {
		var r reader
		if _, err := r.appendGroups(nil, "broken", broken); err == nil {
			t.Fatalf("%s is not broken", broken)
		}
		if got, err := r.appendGroups(nil, "good", good); err != nil || fmt.Sprint(got) != fmt.Sprint(alone) {
			t.Errorf("after %s: %v, %v", broken, got, err)
		}
	}
}

// TestAllow: scope, function and object have to fit, each of them.
func TestAllow(t *testing.T) {
	t.Parallel()
	g := Grant{Scope: "file", Object: "/etc/*", Function: "read"}
	part := Part{Grants: []Grant{{Scope: "ubus", Object: "*", Function: "*"}, g}}
	for _, c := range []struct {
		scope, object, function string
		permits, allows         bool
	}{
		{"file", "/etc/passwd", "read", true, true},
		{"file", "/tmp/x", "read", true, false},
		{"file", "/etc/passwd", "write", false, false},
		{"uci", "/etc/passwd", "read", false, false},
		{"uci", "/tmp/x", "write", false, false},
	} {
		if got := g.Permits(c.scope, c.function); got != c.permits {
			t.Errorf("%s %s is permitted: %v", c.scope, c.function, got)
		}
		if got := g.Allow(c.scope, c.object, c.function); got != c.allows {
			t.Errorf("%s %s %s is allowed: %v", c.scope, c.object, c.function, got)
		}
		if got := part.Allow(c.scope, c.object, c.function); got != c.allows {
			t.Errorf("%s %s %s is allowed by one of several: %v", c.scope, c.object, c.function, got)
		}
	}
	if !part.Allow("ubus", "session", "list") {
		t.Error("the first of several is not asked")
	}
}
