// SPDX-License-Identifier: Apache-2.0

// Command luci-sso-bench measures the compiled CGI program as a web server
// executes it, against floors measured in the same run: an empty C program,
// an empty Go program and, when one is named, another implementation of the
// same pages. It changes nothing outside its temporary directory and makes no
// connection that leaves this machine. scripts/bench builds and runs it.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"luci-sso/lab"
)

const usage = `Usage: scripts/bench [options]

Measures what one request costs: CPU time, wall time, memory, page faults, and
instructions where perf or valgrind can count them. Every program is measured in turn in
each round, so that a busy machine disturbs them alike; the table says medians,
and ratios to an empty Go program, which a busy or a slow machine leaves as
they are.

  --rounds N        rounds per request (30; 10 with --quick)
  --quick           few rounds and only single requests: a minute less
  --against WHAT    an older build of this program, measured in turn with it: a
                    commit, or a file built for the lab. 3d12333 is the one that
                    the numbers to reach are about
  --json FILE       the result for machines, "-" for standard output
  --program FILE    a CGI program built for the lab, instead of building it
  --other PROGRAM   another implementation of the same pages: its path inside
                    the router's root, or on this machine with stand-ins
  --router-root DIR measure against the real ubusd and rpcd of this root file
                    system (LUCI_SSO_ROUTER_ROOT); needs root
  --other-rounds N  rounds for the other implementation (as --rounds)
  --other-cache PATTERN
                    the files in the router's root that it keeps of the
                    provider, to measure a callback without them

TMPDIR names where the router's files lie.
`

type settings struct {
	rounds, otherRounds     int
	quick                   bool
	json, program, realRoot string
	other, otherCache       string
	against                 string
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	s, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "luci-sso-bench: %v\nTry scripts/bench --help.\n", err)
		return 2
	}
	report, err := s.measure(stderr)
	if err != nil {
		fmt.Fprintf(stderr, "luci-sso-bench: %v\n", err)
		return 1
	}
	if s.json != "-" {
		report.print(stdout)
	}
	if s.json != "" {
		if err := report.writeJSON(s.json, stdout); err != nil {
			fmt.Fprintf(stderr, "luci-sso-bench: %v\n", err)
			return 1
		}
	}
	return 0
}

func parse(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("luci-sso-bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&s.rounds, "rounds", 0, "")
	flags.StringVar(&s.against, "against", "", "")
	flags.IntVar(&s.otherRounds, "other-rounds", 0, "")
	flags.BoolVar(&s.quick, "quick", false, "")
	flags.StringVar(&s.json, "json", "", "")
	flags.StringVar(&s.program, "program", "", "")
	flags.StringVar(&s.other, "other", "", "")
	flags.StringVar(&s.otherCache, "other-cache", "", "")
	flags.StringVar(&s.realRoot, "router-root", "", "")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q is not an option", flags.Arg(0))
	}
	if s.rounds == 0 {
		s.rounds = 30
		if s.quick {
			s.rounds = 10
		}
	}
	if s.rounds < 3 || s.rounds > 1000 {
		return nil, errors.New("--rounds is a number from 3 to 1000")
	}
	if s.otherRounds == 0 {
		s.otherRounds = s.rounds
	}
	return s, nil
}

// measure runs everything and says on progress where it is.
func (s *settings) measure(progress io.Writer) (*report, error) {
	say := func(format string, values ...any) { fmt.Fprintf(progress, format+"\n", values...) }
	work, err := os.MkdirTemp("", "luci-sso-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(work) }()

	l, err := lab.Start(lab.Options{ProviderAddr: "localhost:0", Program: s.program, RealRoot: s.realRoot, LuCIAsCGI: true, Config: func(c *lab.Config) {
		c.Set("rate_limit", "100000")
	}})
	if err != nil {
		return nil, err
	}
	defer l.Close()
	// Ours needs none; an other implementation may.
	if err := l.SetUCI("redirect_uri", l.Router.URL+lab.Callback); err != nil {
		return nil, err
	}
	r := newReport(l, s)
	if kind, err := fileSystem(l.Router.At("/tmp")); err == nil && kind == ext4 {
		r.Notes = append(r.Notes, "The router's files are on ext4. To make one takes up to milliseconds there when many were removed within the last seconds, whoever did: TMPDIR can name another file system. In a tmpfs a program takes 30 to 60 page faults more.")
	}
	b := &bench{lab: l, settings: s}
	say("%s", r.Router)

	if !l.Router.Real {
		// A bundle as large as a router's; a real root has one.
		if _, err := b.authorities(140); err != nil {
			return nil, err
		}
	}
	say("floors: programs that do next to nothing")
	floors, missing := buildFloors(work, l)
	r.Notes = append(r.Notes, missing...)
	var older []program
	if s.against != "" {
		p, err := b.before(work, s.against)
		if err != nil {
			return nil, fmt.Errorf("--against: %w", err)
		}
		older = append(older, p)
	}
	say("requests: %d rounds each", s.rounds)
	if err := b.requests(r, floors, older); err != nil {
		return nil, err
	}
	r.ratios(s.other != "")
	for _, part := range []struct {
		what string
		run  func() error
	}{
		{"growth", func() error { return b.growth(r) }},
		{"throughput: three programs at a time", func() error { return b.throughput(r) }},
		{"a hundred callbacks at once", func() error { return b.crowd(r) }},
		{"sessions that the provider is asked about", func() error { return b.asking(r) }},
		{"flash: a build for each architecture", func() error { return sizes(work, r) }},
	} {
		if s.quick {
			break
		}
		say("%s", part.what)
		if err := part.run(); err != nil {
			return nil, fmt.Errorf("%s: %w", part.what, err)
		}
	}
	r.judge()
	return r, nil
}

func (r *report) writeJSON(path string, stdout io.Writer) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if path == "-" {
		_, err = stdout.Write(text)
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// firstLine is the first line of a text, for an error.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
