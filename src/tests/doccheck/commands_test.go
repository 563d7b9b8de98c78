// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	commandLine = regexp.MustCompile(`(?m)^  ([a-z][a-z-]+)\b`)
	mentioned   = regexp.MustCompile(`(?m)(?:^|&& |\| |; |\$\(|')luci-sso ([a-z][a-z-]+)((?: +--?[a-z-]+)?)`)
)

// help runs the program with a root that does not exist, so that whatever it
// does it does to nobody.
func help(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("luci-sso %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestCommands: every command that a page mentions is one of the program's,
// and each of the program's is in the reference.
func TestCommands(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "luci-sso")
	build := exec.Command("go", "build", "-ldflags", "-X luci-sso/internal/paths.root=/nonexistent", "-o", program, "luci-sso/cmd/luci-sso")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Besides, the doors that --help leaves out because programs use them.
	known := map[string]string{"help": "", "native": "", "list": "", "call": ""}
	for _, m := range commandLine.FindAllStringSubmatch(help(t, program, "--help"), -1) {
		known[m[1]] = help(t, program, m[1], "--help")
	}
	if len(known) < 12 {
		t.Fatalf("--help names only %d commands", len(known))
	}
	for _, page := range pages(t) {
		text := read(t, page)
		// Commands stand in shell blocks and in code within a line.
		said := strings.Join(fences(text, "sh"), "\n")
		for _, line := range strings.Split(text, "\n") {
			said += "\n" + strings.Join(codes(line), "\n")
		}
		for _, m := range mentioned.FindAllStringSubmatch(said, -1) {
			text, ok := known[m[1]]
			if !ok {
				t.Errorf("%s: there is no command “luci-sso %s”", page, m[1])
				continue
			}
			if option := strings.TrimSpace(m[2]); option != "" && option != "--help" && !strings.Contains(text, option) {
				t.Errorf("%s: “luci-sso %s” has no %s", page, m[1], option)
			}
		}
	}
}
