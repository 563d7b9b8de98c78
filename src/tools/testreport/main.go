// SPDX-License-Identifier: Apache-2.0

// Command testreport owns how Go's tests read in scripts/test: it takes the
// events of `go test -json` on standard input, prints one line per package,
// the whole output of what failed and nothing of what passed, and closes with
// the line `N passed, N failed, N skipped` that scripts/test adds up. It runs
// no test itself and decides nothing but its own exit code.
//
// A line of a test's output that starts with "note: " is shown even when the
// test passes: it is how a test says what it ran against.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	counts, err := report(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(2)
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", counts.passed, counts.failed, counts.skipped)
	if counts.failed > 0 {
		os.Exit(1)
	}
}

// event is one line of `go test -json` (see `go doc test2json`). ImportPath
// and FailedBuild belong to the build events that Go 1.24 added.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Output      string
	Elapsed     float64
	FailedBuild string
}

type tally struct{ passed, failed, skipped int }

// pkg collects what is known of a package until its last event.
type pkg struct {
	tally
	output map[string]*strings.Builder // By test; "" is the package's own.
	failed []string                    // Tests in the order in which they failed.
}

func (p *pkg) write(test, text string) {
	if p.output[test] == nil {
		p.output[test] = &strings.Builder{}
	}
	p.output[test].WriteString(text)
}

// report reads events until the end of in. Lines that are no event (a
// compiler's message under older Go versions, say) are passed through.
func report(in io.Reader, out io.Writer) (tally, error) {
	var total tally
	packages := map[string]*pkg{}
	builds := map[string]*strings.Builder{}

	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			var e event
			if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &e) != nil {
				fmt.Fprint(out, line)
			} else {
				total.add(handle(e, packages, builds, out))
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return total, err
		}
	}
	for name := range packages {
		// No closing event: the run was cut short, which is no success.
		fmt.Fprintf(out, "FAIL %s: the test run ended before this package did\n", short(name))
		total.failed++
	}
	if total == (tally{}) {
		fmt.Fprintln(out, "FAIL no test ran: see the lines above for what go test said")
		total.failed++
	}
	return total, nil
}

func (t *tally) add(u tally) {
	t.passed += u.passed
	t.failed += u.failed
	t.skipped += u.skipped
}

// handle takes one event in and returns the counts of a package that is done.
func handle(e event, packages map[string]*pkg, builds map[string]*strings.Builder, out io.Writer) tally {
	switch e.Action {
	case "build-output":
		if builds[e.ImportPath] == nil {
			builds[e.ImportPath] = &strings.Builder{}
		}
		builds[e.ImportPath].WriteString(e.Output)
		return tally{}
	case "build-fail":
		return tally{}
	}

	p := packages[e.Package]
	if p == nil {
		p = &pkg{output: map[string]*strings.Builder{}}
		packages[e.Package] = p
	}
	switch e.Action {
	case "output":
		p.write(e.Test, e.Output)
		if note, ok := noteOf(e.Output); ok {
			fmt.Fprintln(out, note)
		}
	case "pass", "fail", "skip":
		if e.Test != "" {
			p.count(e)
			return tally{}
		}
		delete(packages, e.Package)
		return p.close(e, builds, out)
	}
	return tally{}
}

func (p *pkg) count(e event) {
	switch e.Action {
	case "pass":
		p.passed++
		delete(p.output, e.Test) // Passed: nobody needs its output any more.
	case "skip":
		p.skipped++
		delete(p.output, e.Test)
	case "fail":
		p.tally.failed++
		p.failed = append(p.failed, e.Test)
	}
}

// close prints a package's result. A package that fails without a failing
// test (it did not build, panicked, or ran out of time) counts as one failure.
func (p *pkg) close(e event, builds map[string]*strings.Builder, out io.Writer) tally {
	if e.Action != "fail" {
		if p.tally != (tally{}) {
			fmt.Fprintf(out, "ok   %s: %d tests in %.1f s\n", short(e.Package), p.passed+p.skipped, e.Elapsed)
		}
		return p.tally
	}
	fmt.Fprintf(out, "FAIL %s\n", short(e.Package))
	if b := builds[e.FailedBuild]; b != nil {
		io.WriteString(out, b.String())
	}
	for _, name := range p.failed {
		if b := p.output[name]; b != nil {
			io.WriteString(out, b.String())
			delete(p.output, name)
		}
	}
	if len(p.failed) == 0 {
		p.tally.failed++
	}
	// What is left was running when the package ended (a panic, a timeout).
	for name, b := range p.output {
		if name != "" {
			io.WriteString(out, b.String())
		}
	}
	if b := p.output[""]; b != nil {
		io.WriteString(out, b.String())
	}
	return p.tally
}

// noteOf finds a line meant for the reader of a passing run: "note: …", with
// or without the file and line that testing.T.Log puts before it.
func noteOf(line string) (string, bool) {
	text := strings.TrimSpace(line)
	if strings.HasPrefix(text, "note: ") {
		return text, true
	}
	if at := strings.Index(text, ".go:"); at > 0 {
		if _, rest, ok := strings.Cut(text[at+4:], ": "); ok && strings.HasPrefix(rest, "note: ") {
			return rest, true
		}
	}
	return "", false
}

// short leaves the module's name out of an import path.
func short(importPath string) string { return strings.TrimPrefix(importPath, "luci-sso/") }
