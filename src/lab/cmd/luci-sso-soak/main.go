// SPDX-License-Identifier: Apache-2.0

// Command luci-sso-soak tries to wear the router's program down: kills it at
// random moments, fills its disk, cuts its connections, turns the clock, and
// floods it, and then looks for anything that was lost. All load stays on
// this machine's loopback. scripts/soak builds and runs it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"luci-sso/lab"
)

const usage = `Usage: scripts/soak [options] [PHASE...]

Wears the program down and says what was tried, how often, and what was lost.

  PHASE        kills, storage, slow, ubus, rpcd, provider, clock, flood, day;
               all of them when none is named
  --short      a sample of everything in less than a minute, as scripts/test
               runs it; without, 2000 kills and 10000 requests: some minutes
  --seed N     the random numbers of an earlier run, which printed its seed
  --router-root DIR
               on the real ubusd, rpcd, uhttpd and LuCI of this root file
               system (LUCI_SSO_ROUTER_ROOT), which is copied; needs root

Disks that are full, read-only or slow need root, for a mount of their own.
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// phase is one kind of wear.
type phase struct {
	name string
	run  func(*soak) error
}

var phases = []phase{
	{"kills", (*soak).kills},
	{"storage", (*soak).storage},
	{"slow", (*soak).slow},
	{"ubus", (*soak).ubus},
	{"rpcd", (*soak).rpcd},
	{"provider", (*soak).provider},
	{"clock", (*soak).clock},
	{"flood", (*soak).flood},
	{"day", (*soak).day},
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("luci-sso-soak", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	short := flags.Bool("short", false, "")
	seed := flags.Int64("seed", time.Now().UnixNano(), "")
	realRoot := flags.String("router-root", os.Getenv(lab.RealRootVariable), "")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		return 0
	}
	chosen := phases
	if err == nil && flags.NArg() > 0 {
		chosen, err = choose(flags.Args())
	}
	if err != nil {
		fmt.Fprintf(stderr, "luci-sso-soak: %v\nTry scripts/soak --help.\n", err)
		return 2
	}
	s, err := newSoak(*short, *seed, *realRoot, stdout)
	if err != nil {
		fmt.Fprintln(stderr, "luci-sso-soak:", err)
		return 2
	}
	defer s.close()
	fmt.Fprintf(stdout, "seed %d, on %s\n", *seed, s.ground())
	passed, failed, skipped := 0, 0, 0
	began := time.Now()
	for _, p := range chosen {
		start := time.Now()
		lost := len(s.lost)
		err := p.run(s)
		switch {
		case errors.Is(err, errSkip):
			skipped++
			reason := strings.TrimPrefix(err.Error(), errSkip.Error()+": ")
			s.did("%s was left out (%s)", p.name, reason)
			fmt.Fprintf(stdout, "skip %s: %s\n", p.name, reason)
			continue
		case err != nil:
			s.lose("%s could not be carried out: %v", p.name, err)
		}
		if len(s.lost) > lost {
			failed++
			fmt.Fprintf(stdout, "FAIL %s (%.1f s)\n", p.name, time.Since(start).Seconds())
			for _, line := range s.lost[lost:] {
				fmt.Fprintln(stdout, "     "+line)
			}
			continue
		}
		passed++
		fmt.Fprintf(stdout, "ok   %s (%.1f s)\n", p.name, time.Since(start).Seconds())
	}
	s.closing(stdout, time.Since(began))
	fmt.Fprintf(stdout, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 {
		return 1
	}
	return 0
}

// errSkip says that a phase cannot run here, and why.
var errSkip = errors.New("skipped")

func choose(names []string) ([]phase, error) {
	var chosen []phase
	for _, name := range names {
		found := false
		for _, p := range phases {
			if p.name == name {
				chosen, found = append(chosen, p), true
			}
		}
		if !found {
			return nil, fmt.Errorf("there is no phase %q", name)
		}
	}
	return chosen, nil
}

// closing is the one paragraph at the end.
func (s *soak) closing(w io.Writer, took time.Duration) {
	lost := "nothing"
	if len(s.lost) > 0 {
		lost = fmt.Sprintf("%d findings, see above", len(s.lost))
	}
	fmt.Fprintf(w, "note: In %.0f s, on %s: %s. Lost: %s.\n", took.Seconds(), s.ground(), strings.Join(s.tried, "; "), lost)
}
