// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"luci-sso/internal/lab"
)

// bench drives the requests of one lab.
type bench struct {
	lab      *lab.Lab
	settings *settings
}

// The requests that are measured, in the order of a visit.
var requestNames = []string{"probe", "start", "callback", "logout"}

// visit prepares the requests of one visit with a program; each is handed to
// run, whose output feeds the next. "" is the router's own program.
func (b *bench) visit(program string, run func(name string, cmd *exec.Cmd) ([]byte, error)) error {
	do := func(name string, request lab.Request) (*answer, error) {
		request.Program = program
		output, err := run(name, b.lab.Command(request))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return parseAnswer(output), nil
	}
	probe, err := do("probe", lab.Request{Query: "action=enabled"})
	if err != nil {
		return err
	}
	if !strings.Contains(probe.body, "true") {
		return fmt.Errorf("the probe says %q: single sign-on is not enabled", firstLine(probe.body))
	}
	start, err := do("start", lab.Request{})
	if err != nil {
		return err
	}
	cookie := start.cookie(lab.HandshakeCookie)
	if start.location == "" || cookie == "" {
		return fmt.Errorf("the start leads nowhere: %s", firstLine(start.body))
	}
	callback, err := b.lab.Browser().SignIn(start.location, "alice")
	if err != nil {
		return err
	}
	parsed, err := url.Parse(callback)
	if err != nil {
		return err
	}
	back, err := do("callback", lab.Request{Path: "/callback", Query: parsed.RawQuery, Cookie: lab.HandshakeCookie + "=" + cookie})
	if err != nil {
		return err
	}
	id := back.cookie("sysauth_https")
	session, ok, err := b.lab.Session(id)
	if err != nil {
		return err
	}
	if id == "" || !ok {
		return fmt.Errorf("the callback made no session: %s", firstLine(back.body))
	}
	_, err = do("logout", lab.Request{Path: "/logout", Query: "stoken=" + session.Token, Cookie: "sysauth_https=" + id})
	if err != nil {
		return err
	}
	if _, ok, _ := b.lab.Session(id); ok {
		return errors.New("the logout left the session behind")
	}
	return nil
}

// warm makes one visit, so that the caches are filled as they are in use.
func (b *bench) warm(program string) error {
	return b.visit(program, func(_ string, cmd *exec.Cmd) ([]byte, error) {
		s, err := execute(cmd)
		return s.output, err
	})
}

// requests measures every request of every program, in turn.
func (b *bench) requests(r *report, floors []floor) error {
	type program struct {
		name, path string
		rounds     int
	}
	programs := []program{{nameOurs, "", b.settings.rounds}}
	if b.settings.other != "" {
		programs = append(programs, program{"other", b.settings.other, b.settings.otherRounds})
	}
	for _, p := range programs {
		if err := b.warm(p.path); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	samples := map[string]map[string][]sample{}
	keep := func(program, request string, s sample) {
		if samples[program] == nil {
			samples[program] = map[string][]sample{}
		}
		samples[program][request] = append(samples[program][request], s)
	}
	for round := range b.settings.rounds {
		for _, f := range floors {
			s, err := execute(b.lab.Command(lab.Request{Program: f.path, Query: "action=enabled"}))
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			keep(f.name, "", s)
		}
		for _, p := range programs {
			if round >= p.rounds {
				continue
			}
			err := b.visit(p.path, func(name string, cmd *exec.Cmd) ([]byte, error) {
				s, err := execute(cmd)
				if err == nil {
					keep(p.name, name, s)
				}
				return s.output, err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	for _, f := range floors {
		cost := summarize(samples[f.name][""])
		used, _, _ := peak(b.lab.Command(lab.Request{Program: f.path}))
		cost.Resident, cost.Own = used.peak, used.own
		cost.Instructions = instructions(b.lab.Command(lab.Request{Program: f.path}))
		r.Floors = append(r.Floors, Row{Name: f.name, Cost: cost})
	}
	for _, p := range programs {
		used, count, err := b.memory(p.path)
		if err != nil {
			r.Notes = append(r.Notes, p.name+": memory could not be measured: "+err.Error())
		}
		for _, name := range requestNames {
			cost := summarize(samples[p.name][name])
			cost.Resident, cost.Own, cost.Instructions = used[name].peak, used[name].own, count[name]
			r.Requests = append(r.Requests, Row{Name: name, Program: p.name, Cost: cost})
		}
	}
	return nil
}

// memory makes visits of their own, as the tools disturb the time: three for
// the peak, which varies with the garbage collector, one for instructions.
func (b *bench) memory(program string) (used map[string]memory, count map[string]int64, err error) {
	used, count = map[string]memory{}, map[string]int64{}
	for range 3 {
		err = b.visit(program, func(name string, cmd *exec.Cmd) ([]byte, error) {
			m, output, err := peak(cmd)
			used[name] = memory{max(used[name].peak, m.peak), max(used[name].own, m.own)}
			return output, err
		})
		if err != nil {
			return used, count, err
		}
	}
	for name, request := range map[string]lab.Request{"probe": {Query: "action=enabled"}, "start": {}} {
		request.Program = program
		count[name] = instructions(b.lab.Command(request))
	}
	return used, count, nil
}

// answer is a program's output, as far as a visit needs it.
type answer struct {
	header         []string
	location, body string
}

func parseAnswer(output []byte) *answer {
	head, body, ok := bytes.Cut(output, []byte("\r\n\r\n"))
	if !ok {
		head, body, _ = bytes.Cut(output, []byte("\n\n"))
	}
	a := &answer{body: string(body)}
	for _, line := range strings.Split(string(head), "\n") {
		line = strings.TrimRight(line, "\r")
		a.header = append(a.header, line)
		if value, ok := strings.CutPrefix(line, "Location: "); ok {
			a.location = value
		}
	}
	return a
}

// cookie is the value that the answer sets for a name, "" for none.
func (a *answer) cookie(name string) string {
	for _, line := range a.header {
		if value, ok := strings.CutPrefix(line, "Set-Cookie: "+name+"="); ok {
			value, _, _ = strings.Cut(value, ";")
			if value != "" {
				return value
			}
		}
	}
	return ""
}

// fill writes a file of the router.
func (b *bench) fill(path string, data []byte) error {
	return os.WriteFile(b.lab.Router.At(path), data, 0o600)
}
