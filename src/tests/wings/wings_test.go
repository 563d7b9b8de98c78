// SPDX-License-Identifier: Apache-2.0

// Package wings holds the tree to its plan: internal is what runs on a router
// and nothing else, and that program never imports the lab or the tools.
package wings

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func list(t *testing.T, args ...string) []string {
	t.Helper()
	command := exec.Command("go", append([]string{"list"}, args...)...)
	command.Dir = "../.."
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	packages := strings.Fields(string(out))
	packages = slices.DeleteFunc(packages, func(name string) bool { return !strings.HasPrefix(name, "luci-sso/") })
	slices.Sort(packages)
	return packages
}

func TestInternalIsTheRoutersProgram(t *testing.T) {
	t.Parallel()
	linked := list(t, "-deps", "./cmd/luci-sso")
	linked = slices.DeleteFunc(linked, func(name string) bool { return name == "luci-sso/cmd/luci-sso" })
	if there := list(t, "./internal/..."); !slices.Equal(there, linked) {
		t.Errorf("src/internal holds\n%s\nthe program links\n%s", strings.Join(there, "\n"), strings.Join(linked, "\n"))
	}
}
