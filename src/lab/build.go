// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"luci-sso/tools/compilerflags"
)

// ProgramVariable names the environment variable with a CGI program that was
// built already, so that many test processes need not each build one.
const ProgramVariable = "LUCI_SSO_LAB_PROGRAM"

// SourcesVariable names the environment variable with the directory of the
// sources, for a lab that is started from elsewhere.
const SourcesVariable = "LUCI_SSO_SOURCES"

// RealProgramVariable is the same for a lab with a real router's root, which
// runs the program as it is shipped.
const RealProgramVariable = "LUCI_SSO_PROGRAM"

// BuildFlags are how the program is built for a lab: like the shipped one,
// except that its root directory is where it lies.
var BuildFlags = buildFlags("-s -w -X luci-sso/internal/paths.root=@executable")

// RealBuildFlags are how the shipped program is built.
var RealBuildFlags = buildFlags("-s -w")

func buildFlags(linker string) []string {
	return []string{"-trimpath", "-ldflags", linker}
}

// Build compiles the CGI program to the file target. env is added to the
// environment: "GOARCH=mipsle" builds for another router.
func Build(target string, flags []string, env ...string) error {
	repo, err := Repository()
	if err != nil {
		return err
	}
	return BuildFrom(repo, target, flags, env...)
}

// BuildFrom is Build from the sources in repo, which may be older ones.
func BuildFrom(repo, target string, flags []string, env ...string) error {
	tool := os.Getenv("GO")
	if tool == "" {
		tool = "go"
	}
	arguments := append([]string{"build"}, flags...)
	src := filepath.Join(repo, "src")
	compiler, err := compilerflags.Read(src, compilerflags.Arch(env))
	if err != nil {
		return err
	}
	arguments = append(arguments, compiler...)
	cmd := exec.Command(tool, append(arguments, "-o", target, "./cmd/luci-sso")...)
	cmd.Dir = src
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS="), env...)
	output, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("the lab builds the router's program and needs Go; install it, or name a program that is built already with " + ProgramVariable)
	case err != nil:
		return fmt.Errorf("building the router's program: %w\n%s", err, strings.TrimSpace(string(output)))
	}
	return nil
}

// built are the two programs; they are kept in memory, so that nothing is left
// behind when a test process ends.
var built [2]struct {
	sync.Once
	program []byte
	err     error
}

// loadProgram returns the CGI program for stand-ins or for a real root.
func loadProgram(path string, real bool) ([]byte, error) {
	variable, flags, once := ProgramVariable, BuildFlags, &built[0]
	if real {
		variable, flags, once = RealProgramVariable, RealBuildFlags, &built[1]
	}
	if path == "" {
		path = os.Getenv(variable)
	}
	if path != "" {
		return os.ReadFile(path)
	}
	once.Do(func() {
		dir, err := os.MkdirTemp("", "luci-sso-build-")
		if err != nil {
			once.err = err
			return
		}
		defer func() { _ = os.RemoveAll(dir) }()
		target := filepath.Join(dir, "luci-sso")
		if once.err = Build(target, flags); once.err == nil {
			once.program, once.err = os.ReadFile(target)
		}
	})
	return once.program, once.err
}

// Repository finds the directory of the sources: around the working directory
// or where this package was compiled.
func Repository() (string, error) {
	var starts []string
	if dir := os.Getenv(SourcesVariable); dir != "" {
		starts = append(starts, dir)
	}
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		starts = append(starts, filepath.Dir(file))
	}
	for _, dir := range starts {
		for {
			if _, err := os.Stat(filepath.Join(dir, "src", "lab", "cmd", "luci-sso-lab")); err == nil {
				return dir, nil
			}
			parent := filepath.Dir(dir)
			if parent == dir {
				break
			}
			dir = parent
		}
	}
	return "", errors.New("the sources of luci-sso are not around the working directory; start the lab from a clone of the repository")
}
