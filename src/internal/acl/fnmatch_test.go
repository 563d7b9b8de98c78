// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// matches is fnmatch(pattern, name, 0) of musl in the C locale.
var matches = []struct {
	pattern, name string
	want          bool
}{
	{"", "", true},
	{"", "a", false},
	{"a", "", false},
	{"luci-base", "luci-base", true},
	{"luci-base", "luci-base2", false},
	{"luci-base", "LUCI-base", false},
	{"*", "", true},
	{"*", "anything at all", true},
	{"*", ".hidden", true},
	{"*", "a/b", true},
	{"a*b", "a/x/b", true},
	{"?", "/", true},
	{"?", ".", true},
	{"?", "", false},
	{"??", "a", false},
	{"luci-*", "luci-mod-status", true},
	{"luci-*", "luci-", true},
	{"luci-*", "luci", false},
	{"*-status", "luci-mod-status", true},
	{"*-status", "luci-mod-status-index", false},
	{"*a*a*a*", "banana", true},
	{"*a*a*a*a*", "banana", false},
	{"**", "a", true},
	{"*?", "", false},
	{"?*?", "ab", true},
	{"*ab", "aab", true},
	{"*aab", "aaab", true},
	{"[abc]", "b", true},
	{"[abc]", "d", false},
	{"[a-c]x", "bx", true},
	{"[c-a]", "b", false},
	{"[!a]", "b", true},
	{"[!a]", "a", false},
	{"[^a]", "b", true},
	{"[^a]", "a", false},
	{"[!a]", "/", true},
	{"[]]", "]", true},
	{"[]a]", "a", true},
	{"[!]]", "]", false},
	{"[!]]", "x", true},
	{"[a-]", "-", true},
	{"[-a]", "-", true},
	{"[!-a]", "-", false},
	{"[a!]", "!", true},
	{"[a^]", "^", true},
	{"[a-c-e]", "-", false},
	{"[a-c-e]", "d", true},
	{"[", "[", true},
	{"[a", "[a", true},
	{"[a", "a", false},
	{"[!", "[!", true},
	{"[]", "[]", true},
	{"a[", "a[", true},
	{"*[", "x[", true},
	{"[[]", "[", true},
	{"[[:digit:]]", "7", true},
	{"[[:digit:]]", "x", false},
	{"[![:digit:]]", "x", true},
	{"[[:alpha:][:digit:]_]", "_", true},
	{"[[:bogus:]]", "b", false},
	{"[[:digit:]", "[[:digit:]", false},
	{"[[::]]", "[[::]]", false},
	{"[[::]a]", "a", true},
	{"[[:digit", "[[:digit", true},
	{"[[:digit:", "1", false},
	{`\*`, "*", true},
	{`\*`, "a", false},
	{`\a`, "a", true},
	{`\\`, `\`, true},
	{`a\`, `a\`, true},
	{`\[a]`, "[a]", true},
	{`[\]]`, `\]`, true},
	{`[\]]`, `]`, false},
	{`[\a]`, `\`, true},
	{"ä", "ä", true},
	{"??", "ä", true},
	{"[\xff]", "\xff", true},
	{"[\x80-\xff]", "\xa0", true},
	{"[!a]", "\xff", true},
	{"luci-[[:lower:]]*", "luci-base", true},
	{"luci-[[:lower:]]*", "luci-Base", false},
	{`luci-[a-\c]ase`, "luci-base", false},
	{`luci-[a-\c]ase`, "luci-case", true},
	{`luci-[a-\c]ase`, `luci-\ase`, true},
	{`luci-[a-\c]ase`, "luci-dase", false},
}

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, test := range matches {
		if got := match(test.pattern, test.name); got != test.want {
			t.Errorf("match(%q, %q) = %v, want %v", test.pattern, test.name, got, test.want)
		}
	}
}

func TestMatchIsQuick(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	if match(strings.Repeat("a*", 500)+"b", strings.Repeat("a", 5000)) {
		t.Error("it must not match")
	}
	if d := time.Since(begun); d > 5*time.Second {
		t.Errorf("a pattern with many stars took %v: the match must not try all splits", d)
	}
}

func FuzzMatch(f *testing.F) {
	for _, test := range matches {
		f.Add(test.pattern, test.name)
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := match(pattern, name)
		if !match("*", name) {
			t.Errorf("* does not match %q", name)
		}
		if strings.ContainsAny(pattern, `*?[\`) {
			return
		}
		if got != (pattern == name) {
			t.Errorf("match(%q, %q) must compare", pattern, name)
		}
	})
}

const fnmatchC = `#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
int main(void) {
	static char line[4096];
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		char *name = strchr(line, '\t');
		*name++ = 0;
		puts(fnmatch(line, name, 0) ? "0" : "1");
	}
}
`

// TestMatchAgainstMusl asks OpenWrt's C library itself, where the compiler for
// it is installed (Debian's musl-tools).
func TestMatchAgainstMusl(t *testing.T) {
	t.Parallel()
	cc := os.Getenv("MUSL_GCC")
	if cc == "" {
		var err error
		if cc, err = exec.LookPath("musl-gcc"); err != nil {
			t.Skip("patterns not compared with musl's fnmatch: no musl-gcc here")
		}
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "fnmatch.c"), filepath.Join(dir, "fnmatch")
	if err := os.WriteFile(source, []byte(fnmatchC), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-static", "-O1", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	type question struct{ pattern, name string }
	var questions []question
	for _, test := range matches {
		questions = append(questions, question{test.pattern, test.name})
	}
	random := rand.New(rand.NewPCG(1, 1))
	text := func(alphabet string, n int) string {
		b := make([]byte, random.IntN(n))
		for i := range b {
			b[i] = alphabet[random.IntN(len(alphabet))]
		}
		return string(b)
	}
	for range 200000 {
		questions = append(questions, question{text("aab-c]]!^[[::=.*?\\/\xe4", 9), text("aabc-]![:\\/.\xe4", 6)})
	}
	var input strings.Builder
	for _, q := range questions {
		input.WriteString(q.pattern + "\t" + q.name + "\n")
	}
	cmd := exec.Command(program)
	cmd.Stdin = strings.NewReader(input.String())
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewScanner(strings.NewReader(string(out)))
	wrong := 0
	for _, q := range questions {
		if !answers.Scan() {
			t.Fatal("too few answers")
		}
		if want := answers.Text() == "1"; match(q.pattern, q.name) != want {
			if wrong++; wrong < 20 {
				t.Errorf("match(%q, %q) = %v, musl says %v", q.pattern, q.name, !want, want)
			}
		}
	}
	fmt.Printf("note: %d patterns compared with musl's fnmatch\n", len(questions))
}

// The page has the rule too, in JavaScript, and is held to these vectors: they
// are all of the above that are texts.
func TestVectorsOfThePage(t *testing.T) {
	t.Parallel()
	var texts [][3]any
	for _, test := range matches {
		if utf8.ValidString(test.pattern) && utf8.ValidString(test.name) {
			texts = append(texts, [3]any{test.pattern, test.name, test.want})
		}
	}
	var want strings.Builder
	want.WriteString("[")
	for i, row := range texts {
		line, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			want.WriteString(",")
		}
		want.WriteString("\n\t" + string(line))
	}
	want.WriteString("\n]\n")
	const path = "testdata/fnmatch.json"
	if os.Getenv("LUCI_SSO_WRITE_VECTORS") != "" {
		if err := os.WriteFile(path, []byte(want.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want.String() {
		t.Errorf("%s is not what this test has (%v): LUCI_SSO_WRITE_VECTORS=1 go test ./internal/acl writes it", path, err)
	}
}
