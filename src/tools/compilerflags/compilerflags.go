// SPDX-License-Identifier: Apache-2.0

// Package compilerflags reads src/compiler-flags: what `go build` gets besides
// when the router's program is built. The lab, the packager and the reports
// build it alike.
package compilerflags

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Read returns the flags for a processor, GOARCH; "" for one that has none of
// its own. src is the directory of the sources, which may be older ones.
func Read(src, arch string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(src, "compiler-flags"))
	if err != nil {
		return nil, err
	}
	if arch != "" {
		more, err := os.ReadFile(filepath.Join(src, "compiler-flags."+arch))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		text = append(text, more...)
	}
	var flags []string
	for _, line := range strings.Split(string(text), "\n") {
		if line != "" && line[0] != '#' {
			flags = append(flags, line)
		}
	}
	return flags, nil
}

// Arch is what GOARCH is set to in an environment; "" when it is not.
func Arch(env []string) (arch string) {
	for _, setting := range env {
		if value, ok := strings.CutPrefix(setting, "GOARCH="); ok {
			arch = value
		}
	}
	return arch
}
