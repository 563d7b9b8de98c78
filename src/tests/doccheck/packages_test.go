// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"os/exec"
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
