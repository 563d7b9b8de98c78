// SPDX-License-Identifier: Apache-2.0

package uci

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"luci-sso/lab/openwrt"
)

// TestRealUCI compares Parse with the router's own `uci` on every odd file and
// on files made at random from the characters that mean something.
func TestRealUCI(t *testing.T) {
	root := openwrt.Copy(t)
	count := 300
	if n, err := strconv.Atoi(os.Getenv("LUCI_SSO_RANDOM_FILES")); err == nil {
		count = n
	}
	files := make([]string, 0, len(oddFiles)+count)
	for _, test := range oddFiles {
		files = append(files, test.text)
	}
	random := rand.New(rand.NewPCG(1, uint64(count)))
	for range count {
		files = append(files, randomFile(random))
	}
	accepted := 0
	for _, text := range files {
		root.WriteFile("/etc/odd/conf", text)
		want, uciErr := root.Run("/sbin/uci", "-c", "/etc/odd", "-X", "show", "conf")
		pkg, err := Parse([]byte(text))
		switch {
		case (uciErr == nil) != (err == nil):
			t.Errorf("uci says %v, Parse says %v, about\n%q", uciErr, err, text)
		case err == nil:
			accepted++
			if got := show(pkg); got != want {
				t.Errorf("Parse reads\n%suci reads\n%sin\n%q", got, want, text)
			}
		}
	}
	fmt.Printf("note: %d files compared with the real uci, %d of them configurations\n", len(files), accepted)
}

// TestRealUCIReadsWhatEditWrites sets every kind of value and has uci read it.
func TestRealUCIReadsWhatEditWrites(t *testing.T) {
	root := openwrt.Copy(t)
	root.WriteFile("/etc/odd/conf", "# kept\nconfig t m\n option a b\n")
	values := []string{"plain", "it's", `back\slash`, `"`, "two\nlines", "# no comment", "a;b", " blanks ", "\xff\xfe", "''", "\ttab"}
	section := Section{Type: "login", Name: "n", Options: []Option{{Name: "l", Values: values, List: true}}}
	for i, v := range values {
		section.Options = append(section.Options, Option{Name: "o" + strconv.Itoa(i), Values: []string{v}})
	}
	if _, err := Edit(root.Path("/etc/odd/conf"), func(d *Document) error { d.Set(section); return nil }); err != nil {
		t.Fatal(err)
	}
	got, err := root.Run("/sbin/uci", "-c", "/etc/odd", "-X", "show", "conf")
	if err != nil {
		t.Fatal(err)
	}
	pkg := &Package{Sections: []Section{{Type: "t", Name: "m", Options: []Option{{Name: "a", Values: []string{"b"}}}}, section}}
	if want := show(pkg); got != want {
		t.Errorf("uci reads\n%swant\n%s", got, want)
	}
}

// randomFile strings together pieces that the grammar treats differently. Most
// lines are near to being right, or hardly any file would be a configuration.
func randomFile(random *rand.Rand) string {
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	words := []string{"a", "b", "c", "n", "cfg01b619", "'a'", `"b"`, "'x y'", "''", `"\"z"`, `a\ b`, "a'b'", "a-b", "a#b", "a;", ";", "'a';", "\xc3\xa4"}
	odd := []string{" ", "\t", "\v", "\r", "\n", "\\\n", "\\\r\n", "\\", "'", "\"", "#", ";", "''", "\"\"", " ; ", "x", "option", "config "}
	var b strings.Builder
	b.WriteString("config t n\n")
	for range 1 + random.IntN(6) {
		b.WriteString(pick([]string{"", "", " ", "\t"}))
		b.WriteString(pick([]string{"config", "option", "option", "option", "list", "list", "o", "l", "c", "package", "#"}))
		for range 1 + random.IntN(2) {
			b.WriteString(pick([]string{" ", " ", "\t", "  ", " \\\n"}))
			b.WriteString(pick(words))
		}
		if random.IntN(4) == 0 {
			b.WriteString(pick(odd))
			b.WriteString(pick(odd))
		}
		b.WriteString(pick([]string{"\n", "\n", "\n", "\n", "\r\n", " \n", " # x\n", "", " ; "}))
	}
	return b.String()
}

// TestRealUCIStagedChanges edits a file while somebody has a change to it
// staged, which must stay theirs to commit.
func TestRealUCIStagedChanges(t *testing.T) {
	root := openwrt.Copy(t)
	uci := func(args ...string) string {
		t.Helper()
		out, err := root.Run("/sbin/uci", args...)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	root.WriteFile("/etc/config/conf", "# kept\nconfig t m\n\toption a b\n")
	uci("set", "conf.m.a=staged")
	if _, err := Edit(root.Path("/etc/config/conf"), setN); err != nil {
		t.Fatal(err)
	}
	pkg, err := Load(root.Path("/etc/config/conf"))
	if err != nil {
		t.Fatal(err)
	}
	if value, _ := pkg.Sections[0].Get("a"); value != "b" {
		t.Errorf("Edit committed a staged change: a is %q", value)
	}
	if got, want := uci("changes", "conf"), "conf.m.a='staged'\n"; got != want {
		t.Errorf("after Edit the staged changes are %q, want %q", got, want)
	}
	uci("commit", "conf")
	if got, want := uci("-X", "show", "conf"), "conf.m=t\nconf.m.a='staged'\nconf.n=login\nconf.n.username='sso:n'\nconf.n.read='*'\n"; got != want {
		t.Errorf("after uci commit the configuration is\n%swant\n%s", got, want)
	}
	// uci has written the file anew; the section still goes without a trace.
	before := readConfig(t, root.Path("/etc/config/conf"))
	if _, err := Edit(root.Path("/etc/config/conf"), func(d *Document) error { d.Remove("n"); return nil }); err != nil {
		t.Fatal(err)
	}
	uci("set", "conf.m.a=staged")
	uci("commit", "conf")
	if got := readConfig(t, root.Path("/etc/config/conf")); strings.Contains(got, "login") || !strings.HasPrefix(before, strings.TrimRight(got, "\n")) {
		t.Errorf("the file is\n%q\nand was\n%q", got, before)
	}
}
