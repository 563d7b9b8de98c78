// SPDX-License-Identifier: Apache-2.0

// Command mutate breaks the checks of chosen packages one at a time and says
// which breakage no test notices. Every mutant of a package is compiled into
// one program and switched on by number, so that hundreds take minutes: the
// sources are replaced for the compiler only (go build -overlay). It is no
// part of the router's binary.
//
//	go run ./tools/mutate role oidc/idtoken.go
//
// A mutant is killed when the package's own tests or the tests of package e2e
// fail. The exit status is 1 when one survives that testdata/accepted.tsv
// does not explain.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// deciding are the packages that decide about identity.
var deciding = []string{"role", "replay", "login", "oidc", "handshake", "seal", "acl"}

// besides are files of these packages that decide nothing: oidc/inspect.go is
// the settings page's connection test.
var besides = map[string]bool{"oidc/inspect.go": true}

// tables are the tests of e2e that ask whether all others ran; a surviving
// mutant has to pass the others.
const tables = "TestEveryCodeHasACase|TestConformanceTableIsComplete"

// Many mutants make a loop endless; waiting for those is what takes longest.
// A test program gets patience times what it took without a mutant, so that a
// busy machine's slowness does not count as a mutant that was noticed.
const (
	patience = 5
	least    = 15 * time.Second
)

// aFewLogins are a quick look at whether anything works at all, and slow the
// tests of the packages themselves that come last.
const (
	aFewLogins = "TestConformance/(auth-special|alg-es256|userinfo-only|logout-hint)$"
	slow       = "TestKeyLockIsNotWaitedForForEver|TestTenPeopleGetInDuringAFlood|TestKilledAtAnyMoment|FiftyProcesses|TestReadGroupsIsQuick"
)

func main() {
	out := flag.String("out", "", "also write the survivors to this file")
	only := flag.String("only", "", "only the mutants that an earlier -out file lists")
	unitOnly := flag.Bool("unit", false, "only the package's own tests")
	flag.Parse()
	chosen := flag.Args()
	if len(chosen) == 0 {
		chosen = deciding
	}
	r, err := newRun(*unitOnly)
	if err == nil && *only != "" {
		r.only, err = keysIn(*only)
	}
	if err == nil {
		defer os.RemoveAll(r.dir)
		err = r.all(chosen)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	_ = os.RemoveAll(r.dir)
	unexplained := r.report(os.Stdout)
	if *out != "" {
		var text bytes.Buffer
		r.report(&text)
		if err := os.WriteFile(*out, text.Bytes(), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "mutate:", err)
			os.Exit(2)
		}
	}
	if unexplained > 0 {
		os.Exit(1)
	}
}

// keysIn reads the mutants of a file of survivors.
func keysIn(file string) (map[string]bool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	keys := map[string]bool{}
	for _, line := range strings.Split(string(data), "\n") {
		if key, _, ok := strings.Cut(line, "\t"); ok {
			keys[key] = true
		}
	}
	return keys, nil
}

type run struct {
	only             map[string]bool // nil: all.
	src, dir, active string
	unitOnly         bool
	mutants, killed  int
	byPackage        map[string][2]int
	survivors        []mutant
	accepted         map[string]string
	limits           map[string]time.Duration // By test program and arguments.
}

func newRun(unitOnly bool) (*run, error) {
	src, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(src, "go.mod")); err != nil {
		return nil, errors.New("run it in src/")
	}
	dir, err := os.MkdirTemp("", "luci-sso-mutate-")
	if err != nil {
		return nil, err
	}
	r := &run{src: src, dir: dir, active: filepath.Join(dir, "active"), unitOnly: unitOnly, byPackage: map[string][2]int{}, accepted: map[string]string{}, limits: map[string]time.Duration{}}
	data, err := os.ReadFile(filepath.Join(src, "tools/mutate/testdata/accepted.tsv"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, line := range strings.Split(string(data), "\n") {
		if key, why, ok := strings.Cut(line, "\t"); ok && !strings.HasPrefix(line, "#") {
			r.accepted[key] = why
		}
	}
	return r, nil
}

func (r *run) gotool(args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = r.src
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}

func (r *run) all(chosen []string) error {
	for _, name := range chosen {
		pkg, file, _ := strings.Cut(name, "/")
		if err := r.one(pkg, file); err != nil {
			return err
		}
	}
	return nil
}

// one tries all mutants of a package, or of one of its files.
func (r *run) one(pkg, only string) error {
	dir := filepath.Join(r.src, "internal", pkg)
	replace := map[string]string{}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	var mutants []mutant
	for _, file := range files {
		base := filepath.Base(file)
		if strings.HasSuffix(base, "_test.go") || only != "" && base != only || only == "" && besides[pkg+"/"+base] {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		text, found, err := rewrite(pkg+"/"+base, source, len(mutants)+1)
		if err != nil {
			return err
		}
		mutants = append(mutants, found...)
		target := filepath.Join(r.dir, pkg+"-"+base)
		if err := os.WriteFile(target, text, 0o600); err != nil {
			return err
		}
		replace[file] = target
	}
	helper := filepath.Join(r.dir, pkg+"-mutants.go")
	if err := os.WriteFile(helper, []byte(fmt.Sprintf(helpers, pkg, r.active)), 0o600); err != nil {
		return err
	}
	replace[filepath.Join(dir, "zz_mutants.go")] = helper
	overlay := filepath.Join(r.dir, pkg+".json")
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return err
	}
	if err := os.WriteFile(overlay, data, 0o600); err != nil {
		return err
	}
	return r.try(pkg, overlay, mutants)
}

func (r *run) try(pkg, overlay string, mutants []mutant) error {
	unit, program, outside := filepath.Join(r.dir, pkg+".test"), filepath.Join(r.dir, pkg+"-program"), filepath.Join(r.dir, pkg+"-e2e.test")
	tests, _ := filepath.Glob(filepath.Join(r.src, "internal", pkg, "*_test.go"))
	if len(tests) > 0 {
		if err := r.gotool("test", "-vet=off", "-c", "-overlay", overlay, "-o", unit, "./internal/"+pkg); err != nil {
			return err
		}
	}
	if err := r.gotool("build", "-overlay", overlay, "-ldflags", "-s -w -X luci-sso/internal/paths.root=@executable", "-o", program, "./cmd/luci-sso"); err != nil {
		return err
	}
	if !r.unitOnly {
		// With the changes, too: the tests that turn the clock run what cron starts
		// within themselves.
		if err := r.gotool("test", "-vet=off", "-c", "-overlay", overlay, "-o", outside, "./tests/e2e"); err != nil {
			return err
		}
	}
	survives := func(n int) bool {
		_ = os.WriteFile(r.active, []byte(strconv.Itoa(n)), 0o600)
		own, e2e := filepath.Join(r.src, "internal", pkg), filepath.Join(r.src, "tests", "e2e")
		env := []string{"LUCI_SSO_LAB_PROGRAM=" + program}
		if len(tests) > 0 && !r.passes(own, nil, unit, "-test.short", "-test.failfast", "-test.skip", slow) {
			return false
		}
		if r.unitOnly {
			return true
		}
		return r.passes(e2e, env, outside, "-test.failfast", "-test.run", aFewLogins) &&
			r.passes(e2e, env, outside, "-test.failfast", "-test.skip", tables) &&
			(len(tests) == 0 || r.passes(own, nil, unit, "-test.failfast", "-test.run", slow))
	}
	if !survives(0) {
		return fmt.Errorf("%s: the tests fail without any mutant", pkg)
	}
	count := r.byPackage[pkg]
	for i, m := range mutants {
		if r.only != nil && !r.only[m.key()] {
			continue
		}
		r.mutants++
		count[0]++
		if survives(i + 1) {
			r.survivors = append(r.survivors, m)
			fmt.Fprintf(os.Stderr, "survives: %s\n", m)
		} else {
			r.killed++
			count[1]++
		}
		r.byPackage[pkg] = count
	}
	fmt.Fprintf(os.Stderr, "%s: %d of %d killed\n", pkg, count[1], count[0])
	return nil
}

// passes runs a test program; one that hangs does not pass. Its first run is
// the one without a mutant, and says how long the later ones may take.
func (r *run) passes(dir string, env []string, program string, args ...string) bool {
	kind := program + " " + strings.Join(args, " ")
	limit, known := r.limits[kind]
	if !known {
		limit = time.Hour
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.WaitDelay = time.Second
	started := time.Now()
	passed := cmd.Run() == nil
	if !known {
		r.limits[kind] = max(least, patience*time.Since(started))
	}
	return passed
}

// report prints the sums and the survivors and returns how many of those are
// not explained.
func (r *run) report(w interface{ Write([]byte) (int, error) }) (unexplained int) {
	for _, m := range r.survivors {
		why := r.accepted[m.key()]
		if why == "" {
			why = "NOT EXPLAINED"
			unexplained++
		}
		fmt.Fprintf(w, "%s\t%s\n", m.key(), why)
	}
	fmt.Fprintf(w, "%d of %d mutants killed, %d survivors explained, %d not\n", r.killed, r.mutants, len(r.survivors)-unexplained, unexplained)
	return unexplained
}
