// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"sort"
	"strings"
)

// manifest lists what the packages put on a router, one line for each file.
// The committed copy is what a reviewer reads; whatever builds the packages is
// compared with it.
func manifest(packages []pkg) string {
	var lines []string
	for _, p := range packages {
		for _, e := range p.Entries {
			if e.Link != "" {
				lines = append(lines, fmt.Sprintf("%s link %s -> %s", p.Name, e.Path, e.Link))
			} else {
				lines = append(lines, fmt.Sprintf("%s %04o %s", p.Name, e.Mode.Perm(), e.Path))
			}
		}
	}
	sort.Strings(lines)
	return "# What each package installs: package, mode, path. Rewrite with scripts/package --manifest.\n" +
		strings.Join(lines, "\n") + "\n"
}

// compareManifest says what differs, in words that name the remedy.
func compareManifest(want, got string) error {
	if want == got {
		return nil
	}
	have := map[string]bool{}
	for _, line := range strings.Split(want, "\n") {
		have[line] = true
	}
	var b strings.Builder
	for _, line := range strings.Split(got, "\n") {
		if !have[line] {
			fmt.Fprintf(&b, "\n  packaged, not listed: %s", line)
		}
		delete(have, line)
	}
	var missing []string
	for line := range have {
		missing = append(missing, line)
	}
	sort.Strings(missing)
	for _, line := range missing {
		fmt.Fprintf(&b, "\n  listed, not packaged: %s", line)
	}
	return fmt.Errorf("package/manifest is not what the packages hold; if they are right, run scripts/package --manifest:%s", b.String())
}
