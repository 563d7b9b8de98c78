// SPDX-License-Identifier: Apache-2.0

package loginbutton

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/store"
	"luci-sso/tests/storetest"
)

const (
	base      = "{#\n licence\n-#}\n\n{% include('header') %}\n\n<form method=\"post\">\n</form>\n\n{% include('footer') %}\n"
	bootstrap = "{#\n licence\n-#}\n\n{% include('header', { blank_page: true }) %}\n\n<section hidden>\n</section>\n"
	computed  = "{%\n\tinclude(`themes/${theme}/header`,\n\t\t{ a: 1 });\n-%}\n<form></form>\n"
	wholePage = "<!DOCTYPE html>\n<html>\n<head>\n<title>x</title>\n</head>\n<body>\n</body>\n</html>\n"
	lua       = "<%+header%>\n<form></form>\n<%+footer%>\n"
)

// lay writes files below a new root and returns the site there.
func lay(t *testing.T, files map[string]string) (Site, string) {
	t.Helper()
	root := t.TempDir()
	s := Site{
		Templates:    filepath.Join(root, "template"),
		LuaTemplates: filepath.Join(root, "view"),
		Script:       filepath.Join(root, "login.js"),
	}
	if files["login.js"] == "" {
		files["login.js"] = "// script\n"
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s, root
}

func text(t *testing.T, parts ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTagFollowsTheHeader(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, template, before, after string }{
		{"LuCI's own", "template/sysauth.ut", base, "{% include('header') %}\n", "\n<form"},
		{"bootstrap", "template/themes/bootstrap/sysauth.ut", bootstrap, "blank_page: true }) %}\n", "\n<section"},
		{"an include over several lines", "template/themes/x/sysauth.ut", computed, "-%}\n", "<form"},
		{"a page of its own", "template/themes/y/sysauth.ut", wholePage, "</title>\n", "</head>"},
		{"a Lua template", "view/themes/z/sysauth.htm", lua, "<%+header%>\n", "<form"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, root := lay(t, map[string]string{test.file: test.template})

			changed, err := s.Install()
			if err != nil || len(changed) != 1 {
				t.Fatalf("Install changed %q, %v; want the one template", changed, err)
			}
			got := text(t, root, test.file)
			at := strings.Index(got, "<script src=\""+scriptURL)
			if at < 0 || strings.Count(got, scriptURL) != 1 {
				t.Fatalf("want the tag exactly once:\n%s", got)
			}
			if !strings.HasSuffix(got[:at], test.before) {
				t.Errorf("the tag is not right after %q:\n%s", test.before, got)
			}
			if rest := got[at+strings.Index(got[at:], "\n")+1:]; !strings.HasPrefix(rest, test.after) {
				t.Errorf("the tag is not right before %q:\n%s", test.after, got)
			}

			if changed, err = s.Install(); err != nil || len(changed) != 0 {
				t.Errorf("the second Install changed %q, %v; want nothing", changed, err)
			}
			if list, err := s.Status(); err != nil || len(list) != 1 || list[0].State != Present {
				t.Errorf("Status says %v, %v; want present", list, err)
			}
			if _, err = s.Remove(); err != nil {
				t.Fatal(err)
			}
			if got := text(t, root, test.file); got != test.template {
				t.Errorf("after Remove the template is not the original:\n%s", got)
			}
			if list, _ := s.Status(); len(list) != 1 || list[0].State != Missing {
				t.Errorf("Status says %v; want missing", list)
			}
		})
	}
}

func TestAnotherVersionOfTheScriptRenewsTheTag(t *testing.T) {
	t.Parallel()
	s, root := lay(t, map[string]string{"template/sysauth.ut": base})
	if _, err := s.Install(); err != nil {
		t.Fatal(err)
	}
	old := text(t, root, "template/sysauth.ut")
	if err := os.WriteFile(s.Script, []byte("// newer\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if list, _ := s.Status(); list[0].State != Stale {
		t.Errorf("Status says %v; want stale", list)
	}
	if _, err := s.Install(); err != nil {
		t.Fatal(err)
	}
	renewed := text(t, root, "template/sysauth.ut")
	if renewed == old || strings.Count(renewed, scriptURL) != 1 {
		t.Errorf("want one tag with another version:\n%s", renewed)
	}
}

func TestDoubledTagBecomesOne(t *testing.T) {
	t.Parallel()
	line := "<script src=\"" + scriptURL + "\"></script>\n"
	s, root := lay(t, map[string]string{"template/sysauth.ut": line + base + line})
	if _, err := s.Install(); err != nil {
		t.Fatal(err)
	}
	if got := text(t, root, "template/sysauth.ut"); strings.Count(got, scriptURL) != 1 {
		t.Errorf("want one tag:\n%s", got)
	}
}

func TestUnknownTemplateIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, template := range map[string]string{
		"no header":        "<form></form>\n",
		"ends too early":   "{% include('header') %}",
		"empty":            "",
		"never ends":       "{% include('header'\n",
		"larger than ever": strings.Repeat("x", maxTemplate+1) + base,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, root := lay(t, map[string]string{"template/sysauth.ut": template, "template/themes/a/sysauth.ut": base})
			changed, _ := s.Install()
			if len(changed) != 1 {
				t.Errorf("Install changed %q; want only the template that has a place", changed)
			}
			if got := text(t, root, "template/sysauth.ut"); got != template {
				t.Errorf("Install wrote %q", got)
			}
		})
	}
}

func TestThemeVariantsShareTheFile(t *testing.T) {
	t.Parallel()
	s, root := lay(t, map[string]string{"template/themes/bootstrap/sysauth.ut": bootstrap})
	if err := os.Symlink("bootstrap", filepath.Join(root, "template/themes/bootstrap-dark")); err != nil {
		t.Fatal(err)
	}
	changed, err := s.Install()
	if err != nil || len(changed) != 1 {
		t.Errorf("Install changed %q, %v; want the shared file once", changed, err)
	}
	if info, err := os.Lstat(filepath.Join(root, "template/themes/bootstrap-dark")); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the variant is no link any more: %v, %v", info, err)
	}
}

func TestModeIsKeptAndNothingElseAppears(t *testing.T) {
	t.Parallel()
	s, root := lay(t, map[string]string{"template/sysauth.ut": base})
	path := filepath.Join(root, "template/sysauth.ut")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Install(); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v, want 0640", info.Mode())
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("%d files in the directory, want 1", len(entries))
	}
}

func TestWithoutTheScriptNothingIsInstalled(t *testing.T) {
	t.Parallel()
	s, root := lay(t, map[string]string{"template/sysauth.ut": base})
	if err := os.Remove(s.Script); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Install(); err == nil {
		t.Error("Install says nothing about the missing script")
	}
	if got := text(t, root, "template/sysauth.ut"); got != base {
		t.Error("Install put a tag in for a script that is not there")
	}
}

// What a killed process of an older version left, a link included, is taken
// away and not written through.
func TestLeftoversGo(t *testing.T) {
	t.Parallel()
	s, root := lay(t, map[string]string{"template/sysauth.ut": base, "precious": "as it was\n", "template/.tmp-1-1": "half", "template/.tmp-1-2": "young"})
	if err := os.Symlink(filepath.Join(root, "precious"), filepath.Join(root, "template/.luci-sso.tmp")); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(root, "template/.tmp-1-1"), old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Install(); err != nil {
		t.Fatal(err)
	}
	if got := text(t, root, "precious"); got != "as it was\n" {
		t.Errorf("the link's target was written: %q", got)
	}
	names, _ := filepath.Glob(filepath.Join(root, "template/.*"))
	if len(names) != 1 || filepath.Base(names[0]) != ".tmp-1-2" {
		t.Errorf("left are %q, want only what may still be written", names)
	}
}

// site is the one below a root, for the processes of the next tests.
func site(root string) Site {
	return Site{Templates: filepath.Join(root, "template"), LuaTemplates: filepath.Join(root, "view"), Script: filepath.Join(root, "login.js")}
}

func TestMain(m *testing.M) {
	storetest.Main(m, map[string]func([]string) error{
		// turn <root>: puts the tag in and takes it out, for ever.
		"turn": func(args []string) error {
			fmt.Println("begin")
			for {
				if _, err := site(args[0]).Install(); err != nil {
					return err
				}
				if _, err := site(args[0]).Remove(); err != nil {
					return err
				}
			}
		},
		// few <root>: the same, some times.
		"few": func(args []string) error {
			for range 25 {
				if err := errors.Join(patient(site(args[0]).Install), patient(site(args[0]).Remove)); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

// patient tries again when others have had the lock for longer than a program
// waits: eight of them take turns on a disk that may be slow.
func patient(change func() ([]string, error)) error {
	for tries := 1; ; tries++ {
		if _, err := change(); tries == 5 || !errors.Is(err, store.ErrBusy) {
			return err
		}
	}
}

// Boot, daily run, an upgrade and an administrator can meet; LuCI reads
// meanwhile.
func TestTogetherNobodyReadsHalfATemplate(t *testing.T) {
	t.Parallel()
	s, root := lay(t, map[string]string{"template/sysauth.ut": base})
	path := filepath.Join(root, "template/sysauth.ut")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Install(); err != nil {
		t.Fatal(err)
	}
	with := text(t, path)
	done := make(chan struct{})
	reads := make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-done:
				reads <- n
				return
			default:
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != base && string(got) != with {
				t.Errorf("read %d: %q, %v", n, got, err)
			}
			n++
		}
	}()
	for i, r := range storetest.Together(t, 8, "few", root) {
		if !r.OK {
			t.Errorf("process %d: %s", i, r.Line)
		}
	}
	close(done)
	if n := <-reads; n < 100 {
		t.Errorf("only %d reads: nothing was tried", n)
	}
	now, err := os.Stat(path)
	if err != nil || now.Mode() != info.Mode() || text(t, path) != base {
		t.Errorf("in the end: %v, %v\n%s", now, err, text(t, path))
	}
}

func TestKilledAtAnyTimeTheTemplateIsWhole(t *testing.T) {
	t.Parallel()
	s, root := lay(t, map[string]string{"template/sysauth.ut": base})
	path := filepath.Join(root, "template/sysauth.ut")
	if _, err := s.Install(); err != nil {
		t.Fatal(err)
	}
	with := text(t, path)
	storetest.KillAtRandom(t, 40, 10*time.Millisecond, func(string) {
		if got := text(t, path); got != base && got != with {
			t.Errorf("after a kill: %q", got)
		}
	}, "turn", root)
	if _, err := s.Remove(); err != nil {
		t.Errorf("after the kills: %v", err)
	}
}
