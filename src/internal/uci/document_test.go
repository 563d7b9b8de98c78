// SPDX-License-Identifier: Apache-2.0

package uci

import (
	"errors"
	"testing"
)

// login is a section to set in the tests.
func login(name string, read ...string) Section {
	return Section{Type: "login", Name: name, Options: []Option{
		{Name: "username", Values: []string{"sso:" + name}},
		{Name: "read", Values: read, List: true},
	}}
}

func TestDocument(t *testing.T) {
	t.Parallel()
	const rpcd = "config rpcd\n\toption socket /var/run/ubus/ubus.sock\n\toption timeout 30\n\nconfig login\n\toption username 'root'\n\tlist read '*'\n"
	const text = "config login 'n'\n\toption username 'sso:n'\n\tlist read '*'\n"
	set := func(d *Document) { d.Set(login("n", "*")) }
	remove := func(d *Document) { d.Remove("n") }
	for _, test := range []struct {
		name, before, after string
		edit                func(*Document)
	}{
		{"into an empty file", "", "\n" + text, set},
		{"at the end", rpcd, rpcd + "\n" + text, set},
		{"and away again", rpcd + "\n" + text, rpcd, remove},
		{"at the end of what uci wrote", rpcd + "\n", rpcd + "\n\n" + text, set},
		{"and away again from what uci wrote", rpcd + "\n\n" + text, rpcd + "\n", remove},
		{"no newline at the end", "config t m", "config t m\n\n" + text, set},
		{"nothing to remove", rpcd, rpcd, remove},
		{"equal", rpcd + text, rpcd + text, set},
		{"in its place", "config login n\n option password ''\n\n# about m\nconfig t m\n", text + "\n# about m\nconfig t m\n", set},
		{"two in place and at the end",
			"config login b\n\nconfig t m\n",
			"config login 'b'\n\toption username 'sso:b'\n\tlist read 'x'\n\nconfig t m\n\n" + text,
			func(d *Document) { d.Set(login("n", "*")); d.Set(login("b", "x")) }},
		{"the last change of a name counts", "", "\n" + text, func(d *Document) { d.Remove("n"); d.Set(login("n", "*")) }},
		{"another type", "config other 'n'\n", text, set},
		{"comments in front stay", "# one\n\n# two\nconfig login n\n\toption a b # three\n# four\nconfig t m\n", "# one\n\n# two\n# four\nconfig t m\n", remove},
		{"in several places", "config login n\n\toption a b\nconfig t m\n\toption c d\nconfig login n\n\toption e f\n#end\n", text + "config t m\n\toption c d\n#end\n", set},
		{"removed from several places", "config login n\n\nconfig t m\n\nconfig login n\n", "\nconfig t m\n", remove},
		{"two removed side by side", "config t m\n\nconfig login n\n\nconfig login o\n", "config t m\n", func(d *Document) { d.Remove("n"); d.Remove("o") }},
		{"a value over two lines goes whole", "config login n\n\toption a 'x\nconfig t m\n'\nconfig t o\n", "config t o\n", remove},
		{"between others on one line", "config t 'm' ; option a 'b' ; config login 'n' ; option c 'd' ; config t 'o'\n", "config t 'm' ; option a 'b' ; #\n config t 'o'\n", remove},
		{"replaced between others on one line", "config t 'm' ; config login 'n' ; config t 'o'\n", "config t 'm' ; #\n" + text + " config t 'o'\n", set},
		{"first on a line", "config login 'n' ; config t 'm' ; option a 'b'\n", " config t 'm' ; option a 'b'\n", remove},
		{"last on a line, without newline", "config t 'm' ; config login 'n' ; # x", "config t 'm' ; #\n", remove},
		{"carriage returns stay", "config t m\r\n\r\nconfig login n\r\n\toption a b\r\nconfig t o\r\n", "config t m\r\n\r\nconfig t o\r\n", remove},
		{"a backslash at the end of the file", "config t m\n\toption a b\\", "config t m\n\toption a b\\\n\n" + text, set},
		{"blanks in front", "  config login n\n  option a b\n  config t m\n", "  config t m\n", remove},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, err := ParseDocument([]byte(test.before))
			if err != nil {
				t.Fatal(err)
			}
			test.edit(d)
			got, err := d.Text()
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != test.after {
				t.Errorf("the file becomes\n%q\nwant\n%q", got, test.after)
			}
		})
	}
}

func TestDocumentRefuses(t *testing.T) {
	t.Parallel()
	// A ';' may be the last thing in a file, but not on a line.
	d, err := ParseDocument([]byte("config t 'm' ;"))
	if err != nil {
		t.Fatal(err)
	}
	d.Set(login("n", "*"))
	if text, err := d.Text(); !errors.Is(err, errLayout) {
		t.Errorf("Text returned %q, %v; want a refusal", text, err)
	}
	for name, section := range map[string]Section{
		"a name UCI does not allow": login("a-b"),
		"no name":                   login(""),
		"no type":                   {Name: "n"},
		"anonymous":                 {Type: "t", Name: "n", Anonymous: true},
		"a NUL byte":                login("n", "a\x00b"),
		"an empty option":           {Type: "t", Name: "n", Options: []Option{{Name: "a", Values: []string{""}}}},
		"an odd option name":        {Type: "t", Name: "n", Options: []Option{{Name: "a b", Values: []string{"c"}}}},
		"an injected statement":     {Type: "t\nconfig u", Name: "n"},
	} {
		d, err := ParseDocument(nil)
		if err != nil {
			t.Fatal(err)
		}
		d.Set(section)
		if text, err := d.Text(); err == nil {
			t.Errorf("%s was written as %q; it must be refused", name, text)
		}
	}
}
