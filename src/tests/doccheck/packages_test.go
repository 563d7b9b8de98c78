// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestPackageComments: every package that the router's program is made of says
// in its first comment what it owns. One that cannot is cut wrongly.
func TestPackageComments(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}}\t{{.Doc}}", "luci-sso/cmd/luci-sso").Output()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, line := range strings.Split(string(out), "\n") {
		path, doc, _ := strings.Cut(line, "\t")
		if !strings.HasPrefix(path, "luci-sso/internal/") {
			continue
		}
		checked++
		if !strings.Contains(doc, " owns ") {
			t.Errorf("%s: the package comment does not say what the package owns: %q", path, doc)
		}
	}
	if checked < 20 {
		t.Errorf("only %d packages were found", checked)
	}
}

// TestNothingHeavyIsLinked: what CONTRIBUTING says not to import is not in the
// router's program, by whatever way.
func TestNothingHeavyIsLinked(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "luci-sso/cmd/luci-sso").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	if !slices.Contains(linked, "crypto/tls") {
		t.Fatal("the list of linked packages is not what it should be")
	}
	guide := read(t, "CONTRIBUTING.md")
	for _, heavy := range []string{"regexp", "text/template", "html/template", "log/slog", "net/http", "encoding/xml"} {
		if slices.Contains(linked, heavy) {
			t.Errorf("%s is linked into the router's program", heavy)
		}
		if !strings.Contains(guide, "`"+heavy+"`") {
			t.Errorf("CONTRIBUTING does not name %s", heavy)
		}
	}
}
