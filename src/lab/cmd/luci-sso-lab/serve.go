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
	options.OnLog = func(entry syslogd.Entry) { line(paint.blue("router  "), paint.entry(entry)) }
	options.OnIDP = func(text string) { line(paint.green("provider"), text) }
	// Nothing is printed before the banner.
	printing.Lock()
	l, err := lab.Start(options)
	if err != nil {
		printing.Unlock()
		return s.fail(stdout, stderr, err)
	}
	if s.fresh {
		if err := l.Unconfigure(); err != nil {
			printing.Unlock()
			l.Close()
			return s.fail(stdout, stderr, err)
		}
	}
	if s.json {
		addresses(stdout, l)
	} else {
		banner(stdout, l, cast, paint)
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

func banner(w io.Writer, l *lab.Lab, cast *people.Cast, paint paint) {
	kind := "stand-ins for ubusd, rpcd, uhttpd and LuCI; our program, our page and our script are the real ones"
	password := "root / " + router.Password
	if l.Router.Real {
		kind, password = "the real ubusd, rpcd, uhttpd and LuCI", "root"
	}
	fmt.Fprintf(w, "\n%s\n\n", paint.bold("luci-sso lab"))
	fmt.Fprintf(w, "  Router    %s   password login: %s\n", paint.bold(l.Router.URL+"/"), password)
	fmt.Fprintf(w, "            %s\n", paint.dim(kind))
	fmt.Fprintf(w, "            %s\n", paint.dim("roles and options, read at each request: "+l.Router.At("/etc/config/luci-sso")))
	fmt.Fprintf(w, "  Provider  %s   faults, keys, discovery\n", paint.bold(l.IDP.URL+"/"))
	fmt.Fprintf(w, "            %s\n\n", paint.dim("its client for this router: "+l.IDP.Client.ID+", secret "+l.IDP.Client.Secret))
	fmt.Fprintf(w, "  1. Open %s and accept the certificate.\n", l.Router.URL+"/")
	fmt.Fprintf(w, "     %s\n", paint.dim("(Or trust the lab's authority: "+l.Router.At("/etc/ssl/certs/ca-certificates.crt")+")"))
	fmt.Fprintf(w, "  2. Press %s, accept the provider's certificate, and sign in as\n\n", paint.bold("Login with SSO"))
	for _, person := range cast.People {
		faults := ""
		if len(person.Faults) > 0 {
			faults = paint.red(" [" + strings.Join(person.Faults, ", ") + "]")
		}
		fmt.Fprintf(w, "       %s %s%s\n", paint.bold(fmt.Sprintf("%-8s", person.Login)), person.About, faults)
	}
	if faults := l.IDP.ActiveNames(); len(faults) > 0 {
		fmt.Fprintf(w, "\n  Faults for everybody: %s\n", paint.red(strings.Join(faults, ", ")))
	}
	fmt.Fprintf(w, "\n  The router's log follows. Ctrl-C ends the lab.\n\n")
}
