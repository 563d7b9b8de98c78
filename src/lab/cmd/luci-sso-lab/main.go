// SPDX-License-Identifier: Apache-2.0

// Command luci-sso-lab starts a router and an identity provider on this
// machine, to see single sign-on work, and to see what the log says when it
// does not. It needs Go, nothing else; scripts/lab builds and runs it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"luci-sso/lab"
	"luci-sso/lab/idp"
	"luci-sso/lab/people"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// settings are the flags.
type settings struct {
	router, provider, peopleFile, routerRoot, program string
	faults                                            repeated
	listFaults, check, json, keep, plain, removeSelf  bool
	fresh                                             bool
}

// repeated is a flag that can be given more than once, or with commas.
type repeated []string

func (r *repeated) String() string { return strings.Join(*r, ",") }

func (r *repeated) Set(value string) error {
	for _, item := range strings.Split(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			*r = append(*r, item)
		}
	}
	return nil
}

const usage = `Usage: scripts/lab [options]

Starts a router and an identity provider on this machine. Open the router in a
browser, press "Login with SSO", choose who you are. Ctrl-C ends it and leaves
nothing behind.

  --check             do logins, a refusal, a logout and two ends by the provider without
                      a browser, say how it went, and end (0: all is well)
  --json              with --check: the result as JSON; without: one line of
                      JSON with the addresses instead of the welcome

  --fresh             a router as the package leaves it, for you to configure on
                      its page or in its file, by a guide

  --people FILE       who can sign in, an INI file; a missing FILE is made from
                      the built-in example, for you to edit
  --fault NAME        how the provider misbehaves; can be given more than once
  --list-faults       print the names and what they do

  --router ADDR       where the router listens (localhost:8443)
  --provider ADDR     where the provider listens (127.0.0.1:9443)
  --router-root DIR   run the real ubusd, rpcd, uhttpd and LuCI of this root
                      file system instead of stand-ins; needs root
  --program FILE      a CGI program built for the lab, instead of building it
  --keep              leave the router's files behind and say where
  --plain             no colours
`

func run(args []string, stdout, stderr io.Writer) int {
	s, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "luci-sso-lab: %v\nTry scripts/lab --help.\n", err)
		return 2
	}
	if s.removeSelf {
		removeSelf()
	}
	paint := newPaint(stdout, s.plain || s.json)
	if s.listFaults {
		for _, fault := range idp.Catalogue() {
			fmt.Fprintf(stdout, "%s %s\n", paint.bold(fmt.Sprintf("%-27s", fault.Name)), fault.Summary)
		}
		return 0
	}
	cast, err := s.cast(stderr)
	if err != nil {
		return s.fail(stdout, stderr, err)
	}
	if s.check {
		return s.runCheck(cast, stdout, stderr, paint)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return s.serve(cast, stop, stdout, stderr, paint)
}

func parse(args []string) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("luci-sso-lab", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.router, "router", "", "")
	flags.StringVar(&s.provider, "provider", "", "")
	flags.StringVar(&s.peopleFile, "people", "", "")
	flags.StringVar(&s.routerRoot, "router-root", "", "")
	flags.StringVar(&s.program, "program", "", "")
	flags.Var(&s.faults, "fault", "")
	flags.BoolVar(&s.listFaults, "list-faults", false, "")
	flags.BoolVar(&s.check, "check", false, "")
	flags.BoolVar(&s.json, "json", false, "")
	flags.BoolVar(&s.keep, "keep", false, "")
	flags.BoolVar(&s.fresh, "fresh", false, "")
	flags.BoolVar(&s.plain, "plain", false, "")
	// For scripts/lab, which cannot remove what it executes.
	flags.BoolVar(&s.removeSelf, "remove-self", false, "")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%q is not an option", flags.Arg(0))
	}
	if s.fresh && s.check {
		return nil, errors.New("--check needs the lab's own configuration: leave --fresh out")
	}
	for _, name := range s.faults {
		if _, err := idp.Named(name); err != nil {
			return nil, err
		}
	}
	for flagName, addr := range map[string]string{"--router": s.router, "--provider": s.provider} {
		if _, _, err := net.SplitHostPort(addr); addr != "" && err != nil {
			return nil, fmt.Errorf("%s takes HOST:PORT: %w", flagName, err)
		}
	}
	if s.check && s.peopleFile != "" {
		return nil, errors.New("--check is about the built-in people; leave --people out")
	}
	return s, nil
}

// cast reads who can sign in, and adds the faults of the command line.
func (s *settings) cast(stderr io.Writer) (*people.Cast, error) {
	cast := people.Default()
	if s.peopleFile != "" {
		err := writeMissing(s.peopleFile)
		if err == nil {
			fmt.Fprintf(stderr, "%s was not there; it is now the built-in example.\n", s.peopleFile)
		} else if !errors.Is(err, os.ErrExist) {
			return nil, err
		}
		if cast, err = people.Load(s.peopleFile); err != nil {
			return nil, err
		}
	}
	cast.Provider.Faults = append(cast.Provider.Faults, s.faults...)
	if err := cast.CheckFaults(func(name string) bool { _, err := idp.Named(name); return err == nil }); err != nil {
		return nil, fmt.Errorf("%s: %w", s.peopleFile, err)
	}
	return cast, nil
}

func writeMissing(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(people.Example)
	return errors.Join(err, file.Close())
}

// options are those of both ways to run.
func (s *settings) options(cast *people.Cast) lab.Options {
	root := s.routerRoot
	if root != "" {
		if absolute, err := filepath.Abs(root); err == nil {
			root = absolute
		}
	}
	return lab.Options{RouterAddr: s.router, ProviderAddr: s.provider, Cast: cast, Program: s.program, RealRoot: root, StandIns: root == "", Keep: s.keep}
}

// explain turns what went wrong into what to do.
func explain(err error) string {
	var part *lab.PartError
	if errors.As(err, &part) && part.Busy() {
		name := map[string]string{"router": "--router", "identity provider": "--provider"}[part.Part]
		host, _, _ := net.SplitHostPort(part.Addr)
		return fmt.Sprintf("%s is in use by another program, and the %s wants to listen there.\nChoose another port with %s %s, or end the other program.",
			part.Addr, part.Part, name, net.JoinHostPort(host, "PORT"))
	}
	return err.Error()
}

// removeSelf deletes the running program's file and its directory, if that is
// empty then. The running program is not affected.
func removeSelf() {
	if self, err := os.Executable(); err == nil && os.Remove(self) == nil {
		_ = os.Remove(filepath.Dir(self))
	}
}
