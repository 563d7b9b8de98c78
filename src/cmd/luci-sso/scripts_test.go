// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs testdata/script: what a person types at a router's shell
// and what comes back. Each script's folder is the root of a router, with the
// compiled program where it lies on one.
func TestScripts(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "luci-sso")
	build := exec.Command("go", "build", "-ldflags", "-X luci-sso/internal/paths.root=@executable -X luci-sso/internal/version.Version=1.2.3-r4", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			bin := filepath.Join(env.WorkDir, "www/cgi-bin")
			if err := os.MkdirAll(bin, 0o755); err != nil {
				return err
			}
			env.Setenv("PATH", bin+string(os.PathListSeparator)+env.Getenv("PATH"))
			// A program that is being written cannot be started.
			return os.Link(program, filepath.Join(bin, "luci-sso"))
		},
	})
}
