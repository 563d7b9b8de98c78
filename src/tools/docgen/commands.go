// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// commandsPage is docs/reference/commands.md: what the program itself says of
// its commands.
func commandsPage(repo string) (string, error) {
	dir, err := os.MkdirTemp("", "docgen")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "luci-sso")
	// The root does not exist: whatever a command does, it does to nobody.
	build := exec.Command("go", "build", "-ldflags", "-X luci-sso/internal/paths.root=/nonexistent", "-o", program, "./cmd/luci-sso")
	build.Dir = filepath.Join(repo, "src")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	help := func(args ...string) string {
		// A command may end with another status when it is asked for help.
		out, _ := exec.Command(program, args...).CombinedOutput()
		return strings.TrimRight(string(out), "\n")
	}
	overview := help("--help")
	names := regexp.MustCompile(`(?m)^  ([a-z][a-z-]+)\b`).FindAllStringSubmatch(overview, -1)
	if len(names) < 5 {
		return "", fmt.Errorf("luci-sso --help names only %d commands", len(names))
	}
	var b strings.Builder
	fmt.Fprintf(&b, generated, "the program's own --help")
	b.WriteString(`# Commands

For a person at the router's shell, for cron and for init scripts. They need root. ` + "`luci-sso COMMAND --help`" + ` prints what is
below.

The same program is the CGI script, the plugin of rpcd and the helper of ucode programs; how these are called is in [doors](doors.md).

`)
	fmt.Fprintf(&b, "```\n%s\n```\n", overview)
	for _, name := range names {
		fmt.Fprintf(&b, "\n## luci-sso %s\n\n```\n%s\n```\n", name[1], help(name[1], "--help"))
	}
	return b.String(), nil
}
