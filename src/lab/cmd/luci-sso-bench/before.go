// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"luci-sso/lab"
)

// nameBefore is an older build of this program, in the tables.
const nameBefore = "before"

// before installs the program to compare with, beside the router's own, so
// that its root is the same: a file, or a commit, which is built as ours is.
func (b *bench) before(work, what string) (program, error) {
	p := program{name: nameBefore, rounds: b.settings.rounds, same: true}
	file := what
	if _, err := os.Stat(what); err != nil {
		repo, err := lab.Repository()
		if err != nil {
			return p, err
		}
		tree := filepath.Join(work, "before")
		if err := checkout(repo, what, tree); err != nil {
			return p, fmt.Errorf("%s is neither a file nor a commit: %w", what, err)
		}
		flags := lab.BuildFlags
		if b.lab.Router.Real {
			flags = lab.RealBuildFlags
		}
		file = filepath.Join(work, "luci-sso-before")
		if err := lab.BuildFrom(tree, file, flags); err != nil {
			return p, err
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return p, err
	}
	const path = "/www/cgi-bin/luci-sso-before"
	p.path = path
	if !b.lab.Router.Real {
		p.path = b.at(path)
	}
	return p, os.WriteFile(b.at(path), text, 0o755) // #nosec G306 -- a program
}

// checkout unpacks the sources of a commit.
func checkout(repo, commit, tree string) error {
	if err := os.MkdirAll(tree, 0o700); err != nil {
		return err
	}
	archive := tree + ".tar"
	for _, command := range [][]string{
		{"git", "-C", repo, "archive", "-o", archive, commit, "--", "src"},
		{"tar", "-x", "-f", archive, "-C", tree},
	} {
		if text, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil { // #nosec G204 -- the person's own
			return fmt.Errorf("%w: %s", err, firstLine(string(text)))
		}
	}
	return nil
}

// variants are other routers to measure a callback on: with option ca_file,
// beside the usual callback, and with a larger bundle, beside the older
// program's.
type variant struct {
	name    string
	prepare func() (undo func(), err error)
	plain   bool // In turn with the router as it was, which is another row.
}

func (b *bench) variants() []variant {
	return []variant{
		{pinnedCallback, b.pin, true},
		{thousandCallback, b.thousand, false},
	}
}

// thousand makes the bundle one of a thousand certificates, the same ones
// each time.
func (b *bench) thousand() (undo func(), err error) {
	before, err := os.ReadFile(b.at(bundle))
	if err != nil {
		return func() {}, err
	}
	undo = func() { _ = b.fill(bundle, before) }
	if b.large == nil {
		if _, err := b.authorities(max(0, 1000-strings.Count(string(before), "-----BEGIN CERTIFICATE-----"))); err != nil {
			return undo, err
		}
		b.large, err = os.ReadFile(b.at(bundle))
		return undo, err
	}
	return undo, b.fill(bundle, b.large)
}

// bundle is the router's store of certificates.
const bundle = "/etc/ssl/certs/ca-certificates.crt"

// pin names the provider's authority with option ca_file.
func (b *bench) pin() (undo func(), err error) {
	path := "/tmp/bench-ca.pem"
	if err := b.fill(path, b.lab.CA.PEM()); err != nil {
		return func() {}, err
	}
	if !b.lab.Router.Real {
		path = b.at(path)
	}
	return func() { _ = b.lab.SetUCI("ca_file") }, b.lab.SetUCI("ca_file", path)
}

// measureVariant visits as far as a callback, as often as there are rounds and
// each in turn, after a visit that is not counted: what one program, or the
// same one with another trust, keeps of the provider, another need not take.
func (b *bench) measureVariant(r *report, v variant, programs []program) error {
	type subject struct {
		program
		row     string
		samples []sample
		used    memory
	}
	var subjects []*subject
	for _, p := range programs {
		// With the logout, as a callback looks through the sessions of a
		// person who has many.
		p.upTo = firstCallback
		switch {
		case p.name == nameOurs && v.plain:
			subjects = append(subjects, &subject{program: p, row: v.name}, &subject{program: p, row: besideCallback})
		case p.name == nameOurs, p.name == nameBefore && !v.plain:
			subjects = append(subjects, &subject{program: p, row: v.name})
		}
	}
	once := func(s *subject, round int) error {
		if s.row == v.name {
			undo, err := v.prepare()
			defer undo()
			if err != nil {
				return err
			}
		}
		if err := b.warm(s.program); err != nil {
			return err
		}
		err := b.visit(s.program, func(name string, cmd *exec.Cmd) ([]byte, error) {
			cost, err := execute(cmd)
			if name == "callback" {
				s.samples = append(s.samples, cost)
			}
			return cost.output, err
		})
		if err != nil || round >= 3 {
			return err
		}
		return b.visit(s.program, func(name string, cmd *exec.Cmd) ([]byte, error) {
			m, output, err := peak(cmd)
			if name == "callback" {
				s.used = memory{max(s.used.peak, m.peak), max(s.used.own, m.own)}
			}
			return output, err
		})
	}
	for round := range b.settings.rounds {
		for _, s := range subjects {
			if err := once(s, round); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	for _, s := range subjects {
		cost := summarize(s.samples)
		cost.Resident, cost.Own = s.used.peak, s.used.own
		r.Requests = append(r.Requests, Row{Name: s.row, Program: s.name, Cost: cost})
	}
	return nil
}
