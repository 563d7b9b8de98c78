// SPDX-License-Identifier: Apache-2.0

package uci

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, test := range oddFiles {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pkg, err := Parse([]byte(test.text))
			if test.line > 0 {
				var syntax *SyntaxError
				if !errors.As(err, &syntax) {
					t.Fatalf("Parse accepted the file, uci does not:\n%s", test.text)
				}
				if pkg != nil {
					t.Error("Parse returned a part of a broken file; it must return none")
				}
				if syntax.Line != test.line {
					t.Errorf("the error is at line %d (%s), want line %d", syntax.Line, syntax.Message, test.line)
				}
				return
			}
			if err != nil {
				t.Fatalf("Parse refused the file, uci does not: %v\n%s", err, test.text)
			}
			if got := show(pkg); got != test.show {
				t.Errorf("the file reads as\n%swant\n%s", got, test.show)
			}
		})
	}
}

func TestParseRefusesWhatUCIStumblesOver(t *testing.T) {
	t.Parallel()
	var syntax *SyntaxError
	if _, err := Parse([]byte("config t n\n option a 'b\x00c'\n")); !errors.As(err, &syntax) || syntax.Line != 2 {
		t.Errorf("a NUL byte gave %v, want a syntax error at line 2", err)
	}
	if _, err := Parse([]byte(strings.Repeat("#", MaxSize+1))); !errors.As(err, &syntax) {
		t.Errorf("a file over the limit gave %v, want an error", err)
	}
}

func TestGetAndList(t *testing.T) {
	t.Parallel()
	pkg, err := Parse([]byte("config t n\n option a b\n list c d\n list c e\n option f ''\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, ok := pkg.Lookup("n")
	if !ok {
		t.Fatal("section n is not there")
	}
	for _, test := range []struct {
		name, value string
		ok          bool
		list        []string
	}{
		{"a", "b", true, []string{"b"}},
		{"c", "", false, []string{"d", "e"}},
		{"f", "", false, nil},
		{"absent", "", false, nil},
	} {
		if value, ok := s.Get(test.name); value != test.value || ok != test.ok {
			t.Errorf("Get(%q) = %q, %v; want %q, %v", test.name, value, ok, test.value, test.ok)
		}
		if list := s.List(test.name); !slices.Equal(list, test.list) {
			t.Errorf("List(%q) = %q, want %q", test.name, list, test.list)
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	pkg, err := Parse([]byte("# x\nconfig t n\n option a 'b\nc'\n list d e\n\nconfig t n\n option a f\n list d g\n"))
	if err != nil {
		t.Fatal(err)
	}
	s := pkg.Sections[0]
	if got, want := []int{s.Line, s.Options[0].Line, s.Options[1].Line}, []int{2, 8, 5}; !slices.Equal(got, want) {
		t.Errorf("section and options are at the lines %v, want %v", got, want)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Load(filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file gave %v", err)
	}
	if _, err := Load(dir); err == nil {
		t.Error("a directory was read as a file")
	}
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, make([]byte, MaxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(big); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file over the limit gave %v", err)
	}
	broken := filepath.Join(dir, "broken")
	if err := os.WriteFile(broken, []byte("config t n\n option a 'b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(broken)
	if err == nil || !strings.HasPrefix(err.Error(), broken+", line 2: ") {
		t.Errorf("the error of a broken file reads %v, want its path and line first", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, test := range oddFiles {
		f.Add([]byte(test.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		pkg, err := Parse(data)
		if err != nil {
			var syntax *SyntaxError
			if pkg != nil || !errors.As(err, &syntax) || syntax.Line < 1 {
				t.Fatalf("Parse returned %v with the error %v", pkg, err)
			}
			return
		}
		// What was read can be written, reads the same again, and every
		// section can be replaced by itself and removed.
		document, err := ParseDocument(data)
		if err != nil {
			t.Fatal(err)
		}
		emptied, err := ParseDocument(data)
		if err != nil {
			t.Fatal(err)
		}
		var whole strings.Builder
		for _, s := range pkg.Sections {
			if s.Anonymous {
				continue
			}
			text, err := format(s)
			if err != nil {
				t.Fatalf("a section that was read cannot be written: %v", err)
			}
			whole.WriteString(text)
			document.Set(s)
			emptied.Remove(s.Name)
			again, err := Parse([]byte(text))
			if err != nil || !again.Sections[0].Equal(s) {
				t.Fatalf("%q reads as %+v (%v), want %+v", text, again, err, s)
			}
		}
		if _, err := Parse([]byte(whole.String())); err != nil {
			t.Fatal(err)
		}
		for _, d := range []*Document{document, emptied} {
			if _, err := d.Text(); err != nil && !errors.Is(err, errLayout) {
				t.Fatal(err)
			}
		}
	})
}
