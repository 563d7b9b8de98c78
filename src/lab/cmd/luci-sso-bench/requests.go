// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os/exec"

	"luci-sso/lab"
)

// bench drives the requests of one lab.
type bench struct {
	lab      *lab.Lab
	settings *settings
	large    []byte // A bundle of a thousand certificates.
}

// ours is the router's own program.
func (b *bench) ours() program { return program{name: nameOurs, rounds: b.settings.rounds} }

// warm makes one visit, so that the caches are filled as they are in use.
func (b *bench) warm(p program) error {
	return b.visit(p, func(_ string, cmd *exec.Cmd) ([]byte, error) {
		s, err := execute(cmd)
		return s.output, err
	})
}

// programs are those to measure. Of the other one only what it has.
func (b *bench) programs(r *report, older []program) ([]program, error) {
	programs := append([]program{b.ours()}, older...)
	if err := b.warm(b.ours()); err != nil {
		return nil, err
	}
	if b.settings.other == "" {
		return programs, nil
	}
	other := program{name: nameOther, path: b.settings.other, rounds: b.settings.otherRounds, cache: b.settings.otherCache}
	err := b.warm(other)
	var step *stepError
	if errors.As(err, &step) {
		r.Notes = append(r.Notes, fmt.Sprintf("Of the other, %q and what follows were not measured: %v.", step.step, step.err))
		other.upTo = step.step
	} else if err != nil {
		return nil, err
	}
	return append(programs, other), nil
}

// requests measures every request of every program, in turn.
func (b *bench) requests(r *report, floors []floor, older []program) error {
	programs, err := b.programs(r, older)
	if err != nil {
		return err
	}
	samples := map[string][]sample{}
	for round := range b.settings.rounds {
		for _, f := range floors {
			s, err := execute(f.command(b))
			if err != nil {
				return fmt.Errorf("%s: %w", f.name, err)
			}
			samples[f.name] = append(samples[f.name], s)
		}
		for _, p := range programs {
			if round >= p.rounds {
				continue
			}
			if len(older) > 0 && p.name != nameOther {
				// What one of them keeps of the provider, the other need not take.
				if err := b.warm(p); err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
			}
			err := b.visit(p, func(name string, cmd *exec.Cmd) ([]byte, error) {
				s, err := execute(cmd)
				if err == nil {
					samples[p.name+name] = append(samples[p.name+name], s)
				}
				return s.output, err
			})
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	for _, f := range floors {
		cost := summarize(samples[f.name])
		used, _, _ := peak(f.command(b))
		cost.Resident, cost.Own = used.peak, used.own
		cost.Instructions, r.Uncounted = instructions(f.command(b))
		r.Floors = append(r.Floors, Row{Name: f.name, Cost: cost})
	}
	for _, p := range programs {
		used, count, err := b.memory(p)
		if err != nil {
			r.Notes = append(r.Notes, p.name+": memory could not be measured: "+err.Error())
		}
		for _, name := range requestNames {
			if name == p.upTo {
				break
			}
			cost := summarize(samples[p.name+name])
			cost.Resident, cost.Own, cost.Instructions = used[name].peak, used[name].own, count[name]
			r.Requests = append(r.Requests, Row{Name: name, Program: p.name, Cost: cost})
		}
	}
	for _, v := range b.variants() {
		if err := b.measureVariant(r, v, programs); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return nil
}

// memory makes visits of their own, as the tools disturb the time: three for
// the peak, which varies with the garbage collector, one for instructions.
func (b *bench) memory(p program) (used map[string]memory, count map[string]int64, err error) {
	used, count = map[string]memory{}, map[string]int64{}
	if err := b.warm(p); err != nil {
		return used, count, err
	}
	for range 3 {
		err = b.visit(p, func(name string, cmd *exec.Cmd) ([]byte, error) {
			m, output, err := peak(cmd)
			used[name] = memory{max(used[name].peak, m.peak), max(used[name].own, m.own)}
			return output, err
		})
		if err != nil {
			return used, count, err
		}
	}
	for name, request := range map[string]lab.Request{"probe": {Query: "action=enabled"}, "start": {}} {
		request.Program = p.path
		count[name], _ = instructions(b.lab.Command(request))
	}
	return used, count, nil
}
