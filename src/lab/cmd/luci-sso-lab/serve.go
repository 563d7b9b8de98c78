// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/people"
	"luci-sso/lab/router"
	"luci-sso/lab/syslogd"
)

// serve runs a lab for people with browsers until a signal comes.
func (s *settings) serve(cast *people.Cast, stop <-chan os.Signal, stdout, stderr io.Writer, paint paint) int {
	if s.router == "" {
		s.router = "localhost:8443"
	}
	if s.provider == "" {
		s.provider = "127.0.0.1:9443"
	}
	if s.program == "" {
		fmt.Fprintln(stderr, "Building the router's program …")
	}
	var printing sync.Mutex
	line := func(who, text string) {
		printing.Lock()
		defer printing.Unlock()
		fmt.Fprintf(stdout, "%s %s %s\n", paint.dim(time.Now().Format("15:04:05")), who, text)
	}
	options := s.options(cast)
	options.IPv6 = true
	options.Fresh = s.fresh
	options.OnLog = func(entry syslogd.Entry) { line(paint.blue("router  "), paint.entry(entry)) }
	options.OnIDP = func(text string) { line(paint.green("provider"), text) }
	// Nothing is printed before the banner.
	printing.Lock()
	l, err := lab.Start(options)
	if err != nil {
		printing.Unlock()
		return s.fail(stdout, stderr, err)
	}
	if s.json {
		addresses(stdout, l)
	} else {
		banner(stdout, l, cast, s.fresh, paint)
	}
	printing.Unlock()
	signal := <-stop
	l.Close()
	fmt.Fprintln(stdout)
	if s.keep {
		fmt.Fprintf(stdout, "The router's files are in %s\n", l.Router.Root)
	}
	if signal == os.Interrupt {
		return 0
	}
	return 1
}

// addresses is what a program that starts a lab wants to know, on one line.
func addresses(w io.Writer, l *lab.Lab) {
	_ = json.NewEncoder(w).Encode(map[string]any{
		"router": l.Router.URL, "provider": l.IDP.URL, "root": l.Router.Root, "real": l.Router.Real,
		"ca": string(l.CA.PEM()), "password": router.Password,
	})
}

// banner is the welcome: what is there, and what to do with it. fresh is a
// router without a configuration, which has no button yet.
func banner(w io.Writer, l *lab.Lab, cast *people.Cast, fresh bool, paint paint) {
	kind := "stand-ins for ubusd, rpcd, uhttpd and LuCI; our program, our page and our script are the real ones"
	shell := l.Router.At("/www/cgi-bin/luci-sso") + " doctor"
	if l.Router.Real {
		kind = "the real ubusd, rpcd, uhttpd and LuCI"
		shell = "chroot " + l.Router.Root + " luci-sso doctor"
	}
	fmt.Fprintf(w, "\n%s\n\n", paint.bold("luci-sso lab"))
	fmt.Fprintf(w, "  Router    %s   password login: root / %s\n", paint.bold(l.Router.URL+"/"), router.Password)
	fmt.Fprintf(w, "            %s\n", paint.dim(kind))
	fmt.Fprintf(w, "            %s\n", paint.dim("roles and options, read at each request: "+l.Router.At("/etc/config/luci-sso")))
	fmt.Fprintf(w, "            %s\n", paint.dim("at a shell: "+shell))
	fmt.Fprintf(w, "  Provider  %s   faults, keys, discovery\n", paint.bold(l.IDP.URL+"/"))
	fmt.Fprintf(w, "            %s\n\n", paint.dim("its client for this router: "+l.IDP.Client.ID+", secret "+l.IDP.Client.Secret))
	fmt.Fprintf(w, "  1. Open %s and accept the certificate.\n", l.Router.URL+"/")
	fmt.Fprintf(w, "     %s\n", paint.dim("(Or trust the lab's authority: "+l.Router.At("/etc/ssl/certs/ca-certificates.crt")+")"))
	next := 2
	if fresh {
		fmt.Fprintf(w, "  2. Nothing is set up yet, so there is no button. Log in as root and open %s:\n", paint.bold("Services > SSO Login"))
		fmt.Fprintf(w, "     issuer %s, client and secret as above, on; an address from below in the role admin.\n", l.IDP.URL)
		next = 3
	}
	fmt.Fprintf(w, "  %d. Press %s, accept the provider's certificate, and sign in as\n\n", next, paint.bold("Login with SSO"))
	for _, person := range cast.People {
		faults := ""
		if len(person.Faults) > 0 {
			faults = paint.red(" [" + strings.Join(person.Faults, ", ") + "]")
		}
		about := person.About
		if fresh {
			about = who(person)
		}
		fmt.Fprintf(w, "       %s %s%s\n", paint.bold(fmt.Sprintf("%-8s", person.Login)), about, faults)
	}
	if faults := l.IDP.ActiveNames(); len(faults) > 0 {
		fmt.Fprintf(w, "\n  Faults for everybody: %s\n", paint.red(strings.Join(faults, ", ")))
	}
	fmt.Fprintf(w, "\n  The router's log follows. Ctrl-C ends the lab.\n\n")
}

// who is what the provider says of a person, for somebody who has yet to give
// out roles.
func who(p people.Person) string {
	var facts []string
	if p.Email != "" {
		facts = append(facts, p.Email)
	}
	if len(p.Groups) > 0 {
		facts = append(facts, "groups "+strings.Join(p.Groups, ", "))
	}
	if facts == nil {
		return "has neither an e-mail address nor groups"
	}
	return strings.Join(facts, "; ")
}
