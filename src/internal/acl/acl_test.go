// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func writeFiles(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func readOddFiles(t *testing.T) ([]Group, error) {
	t.Helper()
	return ReadGroups(writeFiles(t, oddFiles))
}

func TestReadGroups(t *testing.T) {
	t.Parallel()
	groups, err := readOddFiles(t)
	var names []string
	for _, g := range groups {
		names = append(names, g.File+":"+g.Name)
	}
	want := []string{
		"10-unauthenticated:unauthenticated", "20-forms:forms", "30-more:forms", "30-more:reader", "30-more:writer", "30-more:reader-writer",
		"40-no-scope:no-scope", "40-no-scope:null-scope", "50-odd-groups:perms", "50-odd-groups:", "60-twice:twice", "61-claims:claims",
		"70-tolerated:single", "71-escapes:escaped 😀 \ufffd x \"\\/\b\f\n\r\t", "72-bytes:bytes \xff\xfe", "80-deep:deep",
		"a2-line-ended:line-ended", "a7-feed-after:feed-after", "a8-long-group:beside-long", "a9-long-object:long-object", "b0-long-scope:long-scope",
		"b1-comment-in:comment-in",
	}
	if !slices.Equal(names, want) {
		t.Errorf("the groups are\n%q\nwant\n%q", names, want)
	}
	var skipped Skipped
	if !errors.As(err, &skipped) {
		t.Fatalf("the error is %v, want the files that were left out", err)
	}
	var files []string
	for _, s := range skipped {
		files = append(files, filepath.Base(s.File)[:2])
	}
	if want := strings.Fields("81 90 91 92 93 94 95 96 97 98 99 a0 a1 a3 a4 a5 a6"); !slices.Equal(files, want) {
		t.Errorf("left out were %q, want %q", files, want)
	}
	if text := skipped.Error(); !strings.Contains(text, "81-too-deep.json: line 1: ") || !strings.HasSuffix(text, "(and 16 more files)") {
		t.Errorf("the error reads %q; it must name a file, what is wrong and how many more there are", text)
	}
}

func TestReadGroupsFilesThatAreNone(t *testing.T) {
	t.Parallel()
	dir := writeFiles(t, map[string]string{"z.json": `{"z": {}}`, "big.json": `{"big": {}}` + strings.Repeat(" ", MaxFile)})
	if err := os.Mkdir(filepath.Join(dir, "dir.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("z.json", filepath.Join(dir, "y.json")); err != nil {
		t.Fatal(err)
	}
	groups, err := ReadGroups(dir)
	if len(groups) != 2 || groups[0].File != "y" || groups[1].File != "z" {
		t.Errorf("the groups are %+v, want z from y.json and from z.json", groups)
	}
	var skipped Skipped
	if !errors.As(err, &skipped) || len(skipped) != 4 {
		t.Errorf("the error is %v, want four files left out", err)
	}
	if _, err := ReadGroups(filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) || errors.As(err, &skipped) && len(skipped) == 0 {
		t.Errorf("a missing directory gave %v", err)
	}
}

// rights writes grants as text to compare.
func rights(g Grants) []string {
	var list []string
	for scope, pairs := range g {
		for _, p := range pairs {
			list = append(list, scope+" "+p.Object+" "+p.Function)
		}
	}
	slices.Sort(list)
	return list
}

func TestFor(t *testing.T) {
	t.Parallel()
	groups, _ := readOddFiles(t)
	base := []string{"access-group unauthenticated read", "ubus session access", "ubus session login"}
	formsRead := []string{
		"access-group forms read", "extra x read", "file /etc/? read", "file /etc/[a-c]* read", "file /etc/config/* list", "file /etc/config/* read",
		"ubus network.* dump", "ubus system board", "ubus system info", "ubus system reboot", "uci network read", "uci wireless read",
	}
	formsWrite := []string{"access-group forms write", "cgi-io upload write", "uci network write"}
	reader := []string{"access-group reader read", "ubus iwinfo *"}
	writer := []string{"access-group writer write", "ubus rc init"}
	rwRead := []string{"access-group reader-writer read", "uci r read"}
	rwWrite := []string{"access-group reader-writer write", "uci w write"}
	for _, test := range []struct {
		name        string
		read, write []string
		want        [][]string
	}{
		{name: "nothing", want: [][]string{base}},
		{name: "read", read: []string{"forms"}, want: [][]string{base, formsRead}},
		{name: "write implies read", write: []string{"forms"}, want: [][]string{base, formsRead, formsWrite}},
		{name: "write without read in the file", write: []string{"writer"}, want: [][]string{base, writer}},
		{name: "read does not imply write", read: []string{"reader-writer", "writer"}, want: [][]string{base, rwRead}},
		{name: "pattern", read: []string{"reader*"}, want: [][]string{base, reader, rwRead}},
		{name: "negation behind", read: []string{"reader*", "!reader-*"}, want: [][]string{base, reader}},
		{name: "negation in front", read: []string{"!reader-*", "reader*"}, want: [][]string{base, reader}},
		{name: "negation with blanks", read: []string{"! \treader-*", "reader*"}, want: [][]string{base, reader}},
		{name: "negation of nothing", read: []string{"!", "!  ", "reader"}, want: [][]string{base, reader}},
		{name: "negation in read stops what write implies", read: []string{"!reader-writer"}, write: []string{"reader-writer"}, want: [][]string{base, rwWrite}},
		{name: "negation in write does not stop read", read: []string{"reader-writer"}, write: []string{"*", "!*"}, want: [][]string{base, rwRead}},
		{name: "unauthenticated stays", read: []string{"!unauthenticated", "! unauthenticated"}, want: [][]string{base}},
		{name: "but not under a negated pattern", read: []string{"!un*"}, want: nil},
		{name: "no such group", read: []string{"FORMS", "form", " forms", "/forms"}, want: [][]string{base}},
		{name: "no scope, no group", read: []string{"no-scope"}, want: [][]string{base}},
		{name: "an empty scope is one", write: []string{"no-scope"}, want: [][]string{base, {"access-group no-scope write"}}},
		{name: "so is null", read: []string{"null-scope"}, want: [][]string{base, {"access-group null-scope read"}}},
		{name: "the last of two counts", read: []string{"twice"}, want: [][]string{base, {"access-group twice read", "ubus second b", "uci y read"}}},
		{name: "a group can claim another", read: []string{"claims"}, want: [][]string{base, {"access-group claims read", "access-group forms write"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			want := slices.Sorted(slices.Values(slices.Concat(test.want...)))
			if got := rights(For(groups, test.read, test.write)); !slices.Equal(got, want) {
				t.Errorf("the rights are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	g := Grants{"access-group": {{Unauthenticated, "read"}}}
	if !g.Has("access-group", Unauthenticated, "read") || g.Has("access-group", Unauthenticated, "write") || g.Has("ubus", Unauthenticated, "read") {
		t.Error("Has must find the pair in its scope and nothing else")
	}
}

func TestUnmatched(t *testing.T) {
	t.Parallel()
	groups := []Group{{Name: "luci-base"}, {Name: "unauthenticated"}}
	got := Unmatched(groups, []string{"*", "luci-*", "luci-bse", "!luci-bse", "!luci-base", ""}, []string{"luci-bse", "x*", "!"})
	if want := []string{"luci-bse", "!luci-bse", "", "x*", "!"}; !slices.Equal(got, want) {
		t.Errorf("unmatched are %q, want %q", got, want)
	}
	if got := Unmatched(nil, []string{"*"}, nil); !slices.Equal(got, []string{"*"}) {
		t.Errorf("without any group unmatched are %q, want %q", got, "*")
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	groups, _ := readOddFiles(t)
	got := map[string]Description{}
	for _, d := range Describe(groups) {
		got[d.Name] = d
	}
	for _, want := range []Description{
		{"forms", "Both forms of a scope", []string{"20-forms", "30-more"}, true, true},
		{"reader", "", []string{"30-more"}, true, false},
		{"writer", "", []string{"30-more"}, false, true},
		{"no-scope", "", []string{"40-no-scope"}, false, true},
	} {
		if !reflect.DeepEqual(got[want.Name], want) {
			t.Errorf("%s is described as %+v, want %+v", want.Name, got[want.Name], want)
		}
	}
}

// manyFiles are as many and as large as on a router with everything installed.
func manyFiles(n int) map[string]string {
	files := map[string]string{"unauthenticated.json": oddFiles["10-unauthenticated.json"]}
	for i := range n {
		var read strings.Builder
		for j := range 2 {
			fmt.Fprintf(&read, `"object%d": [ "get", "set", "list", "dump" ], `, j)
		}
		files[fmt.Sprintf("luci-app-%d.json", i)] = fmt.Sprintf("{\n\t\"luci-app-%d\": {\n\t\t\"description\": \"Grant access to it\",\n\t\t\"read\": { \"ubus\": { %s }, \"uci\": [ \"app%d\" ] },\n\t\t\"write\": { \"uci\": [ \"app%d\" ], \"file\": { \"/etc/app%d/*\": [ \"write\" ] } }\n\t}\n}\n", i, strings.TrimSuffix(read.String(), ", "), i, i, i)
	}
	return files
}

func BenchmarkLogin200Files(b *testing.B) {
	dir := writeFiles(b, manyFiles(200))
	b.ReportAllocs()
	for range b.N {
		groups, err := ReadGroups(dir)
		if err != nil {
			b.Fatal(err)
		}
		For(groups, []string{"*"}, []string{"*"})
	}
}

// A file with very many names in one object must not take very long.
func TestReadGroupsIsQuick(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 80000 {
		fmt.Fprintf(&text, `"%x":{},`, i)
	}
	dir := writeFiles(t, map[string]string{"a.json": "{" + text.String() + "}"})
	begun := time.Now()
	groups, err := ReadGroups(dir)
	if err != nil || len(groups) != 80000 {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	if d := time.Since(begun); d > 10*time.Second {
		t.Errorf("reading took %v", d)
	}
}
