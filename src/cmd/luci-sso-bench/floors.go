// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"

	"luci-sso/internal/lab"
)

// The least that an answer can cost: a process that prints one.
const (
	floorC  = "#include <unistd.h>\nint main(void){return write(1,\"Status: 200 OK\\r\\n\\r\\n\",18)!=18;}\n"
	floorGo = "package main\n\nimport \"os\"\n\nfunc main() { _, _ = os.Stdout.WriteString(\"Status: 200 OK\\r\\n\\r\\n\") }\n"
)

// floor is a program without work of its own; path is as the router sees it.
type floor struct{ name, path string }

// buildFloors compiles the floors into the router's root and says in words
// which could not be had.
func buildFloors(work string, l *lab.Lab) (floors []floor, missing []string) {
	add := func(name, file, source string, command ...string) {
		input := filepath.Join(work, file)
		output := l.Router.At("/tmp/floor-" + filepath.Ext(file)[1:])
		if err := os.WriteFile(input, []byte(source), 0o600); err != nil {
			missing = append(missing, name+": "+err.Error())
			return
		}
		cmd := exec.Command(command[0], append(command[1:], output, input)...) // #nosec G204 -- both are ours
		cmd.Dir = work
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GO111MODULE=off")
		if text, err := cmd.CombinedOutput(); err != nil {
			missing = append(missing, name+" could not be built, so there is no such floor: "+err.Error()+" "+firstLine(string(text)))
			return
		}
		path := output
		if l.Router.Real {
			path = "/tmp/" + filepath.Base(output)
		}
		floors = append(floors, floor{name, path})
	}
	add(nameC, "empty.c", floorC, "gcc", "-Os", "-static", "-s", "-o")
	add(nameGo, "empty.go", floorGo, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o")
	return floors, missing
}

// Names of the programs in the tables.
const (
	nameC    = "empty C program"
	nameGo   = "empty Go program"
	nameOurs = "luci-sso"
)
