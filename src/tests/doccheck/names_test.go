// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFilesPage: docs/reference/files.md names every path of package paths and
// every file of the packages, and no others.
func TestFilesPage(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/reference/files.md")
	for _, m := range regexp.MustCompile(`At\("([^"]+)"\)`).FindAllStringSubmatch(read(t, "src/internal/paths/paths.go"), -1) {
		if !strings.Contains(page, "`"+m[1]+"`") && !strings.Contains(page, "`"+m[1]+"/") {
			t.Errorf("docs/reference/files.md does not name %s of package paths", m[1])
		}
	}
	installed := read(t, "package/manifest")
	for _, line := range strings.Split(installed, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 3 || strings.HasPrefix(line, "#") || strings.HasPrefix(fields[0], "luci-i18n-") {
			continue
		}
		if !strings.Contains(page, "`"+fields[2]+"`") {
			t.Errorf("docs/reference/files.md does not name %s, which %s installs", fields[2], fields[0])
			continue
		}
		if mode := fields[1]; mode != "link" && !regexp.MustCompile("`"+regexp.QuoteMeta(fields[2])+"`[^\n]*`"+mode+"`").MatchString(page) {
			t.Errorf("docs/reference/files.md gives %s another mode than %s", fields[2], mode)
		}
	}
}

// TestStandardsPage: every test that the table of standards names exists.
func TestStandardsPage(t *testing.T) {
	t.Parallel()
	conformance := read(t, "src/tests/e2e/testdata/conformance.tsv")
	sources := map[string]string{}
	rows := table(read(t, "docs/reference/standards.md"), "Paragraph")
	if len(rows) < 30 {
		t.Fatalf("docs/reference/standards.md: only %d rows were recognised", len(rows))
	}
	for _, row := range rows {
		tests := codes(row[2])
		if len(tests) == 0 {
			t.Errorf("%s: no test is named", row[0])
		}
		for _, name := range tests {
			dir, test, ok := strings.Cut(name, ":")
			if !ok {
				t.Errorf("%s: %q is not folder:test", row[0], name)
				continue
			}
			function, sub, _ := strings.Cut(test, "/")
			text, seen := sources[dir]
			if !seen {
				text = testSources(t, dir)
				sources[dir] = text
			}
			switch {
			case strings.HasPrefix(dir, "tests/"):
				if !strings.Contains(text, test) {
					t.Errorf("%s: there is no test %q in %s", row[0], test, dir)
				}
			case !strings.Contains(text, "func "+function+"("):
				t.Errorf("%s: there is no %s in %s", row[0], function, dir)
			case function == "TestConformance" && sub != "" && !strings.Contains(conformance, sub+"\t"):
				t.Errorf("%s: conformance.tsv has no %s", row[0], sub)
			}
		}
	}
}

// TestPromisesNameTests: every test that the threat model and SECURITY.md name
// exists in the folder that stands before it, and no promise is without one.
func TestPromisesNameTests(t *testing.T) {
	t.Parallel()
	threats := read(t, "docs/explanation/threat-model.md")
	named := regexp.MustCompile("(?:\\b([a-z0-9-]+)\\s+)?`((?:Test|Fuzz)[A-Z]\\w+)")
	for page, text := range map[string]string{"docs/explanation/threat-model.md": threats, "SECURITY.md": read(t, "SECURITY.md")} {
		dir := ""
		matches := named.FindAllStringSubmatch(text, -1)
		if len(matches) < 5 {
			t.Fatalf("%s: only %d tests were recognised", page, len(matches))
		}
		for _, m := range matches {
			if m[1] != "" && m[1] != "and" { // "session `TestA`, `TestB`" are two of one folder.
				dir = m[1]
			}
			if !strings.Contains(testSources(t, dir), "func "+m[2]+"(") {
				t.Errorf("%s: there is no %s in %s", page, m[2], dir)
			}
		}
	}
	rows := table(threats, "threat")
	if len(rows) < 30 {
		t.Fatalf("the threat model: only %d threats were recognised", len(rows))
	}
	for _, row := range rows {
		if shown := row[len(row)-1]; !regexp.MustCompile("`(Test|Fuzz)|lane: |soak: |doors\\.md|lane$").MatchString(shown) {
			t.Errorf("the threat model: nothing shows %q: %q", row[0], shown)
		}
	}
}

func testSources(t *testing.T, dir string) string {
	t.Helper()
	pattern := "*_test.go"
	base := filepath.Join(repo, "src/internal", dir)
	if _, err := os.Stat(base); err != nil {
		base = filepath.Join(repo, "src/tests", dir)
	}
	if dir == "ubus-go" {
		base = filepath.Join(repo, "src", dir)
	}
	if strings.HasPrefix(dir, "tests/") {
		pattern, base = "*.mjs", filepath.Join(repo, dir)
	}
	files, _ := filepath.Glob(filepath.Join(base, pattern))
	if len(files) == 0 {
		t.Errorf("there are no tests in %s", dir)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// TestHeaders: the HTTP reference states the security headers and the
// cookies' attributes as the program sends them.
func TestHeaders(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/reference/http-api.md")
	source := read(t, "src/internal/cgi/response.go")
	headers := regexp.MustCompile(`"([A-Z][A-Za-z-]+): ([^"]+)\\r\\n"`).FindAllStringSubmatch(source, -1)
	if len(headers) != 5 {
		t.Fatalf("response.go: %d security headers were recognised instead of 5", len(headers))
	}
	for _, header := range headers {
		if !strings.Contains(page, "`"+header[1]+"`") || !strings.Contains(page, "`"+header[2]+"`") {
			t.Errorf("docs/reference/http-api.md does not state %s: %s", header[1], header[2])
		}
	}
	for _, cookie := range regexp.MustCompile(`"((?:__Host-)?luci_sso_\w+|sysauth\w*)"`).FindAllStringSubmatch(read(t, "src/internal/app/cookies.go"), -1) {
		if !strings.Contains(page, "`"+cookie[1]+"`") {
			t.Errorf("docs/reference/http-api.md does not describe the cookie %s", cookie[1])
		}
	}
}

// TestVersion: the version in one place, the package's makefile, is the
// newest in the change log or has an "Unreleased" part above it.
func TestVersion(t *testing.T) {
	t.Parallel()
	m := regexp.MustCompile(`(?m)^PKG_VERSION:=(\S+)`).FindStringSubmatch(read(t, "package/luci-sso/Makefile"))
	if app := read(t, "package/luci-app-sso/Makefile"); m == nil || !strings.Contains(app, "\nPKG_VERSION:="+m[1]+"\n") {
		t.Errorf("luci-sso and luci-app-sso have different versions: give both Makefiles the same PKG_VERSION")
	}
	changes := read(t, "CHANGELOG.md")
	first := regexp.MustCompile(`(?m)^## \[([^\]]+)\]`).FindAllStringSubmatch(changes, 2)
	if m == nil || len(first) == 0 {
		t.Fatal("no PKG_VERSION, or no release in CHANGELOG.md")
	}
	for _, release := range first {
		if release[1] == m[1] {
			return
		}
	}
	t.Errorf("PKG_VERSION is %s, but the first parts of CHANGELOG.md are %q", m[1], first)
}
