// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// peer is another implementation of these pages, m00qek/luci-sso 85cde05 in
// ucode, measured with --other on the real daemons, in units of an empty Go
// program's CPU time. It stands in where no --other was measured in the run.
var peer = map[string]float64{"probe": 9.3, "start": 9.7, "callback": 32.8, firstCallback: 71.8, "logout": 10.0}

// The numbers to reach: CPU time as a part of the peer's, peak memory in
// bytes, flash in bytes, and how much a full store may slow a login.
var ratioGoals = map[string]float64{"probe": 0.25, "start": 0.30, "callback": 0.15, firstCallback: 0.15, "logout": 0.30}
var memoryGoals = map[string]int64{"probe": 5_500_000, "callback": 9_000_000}

const (
	sizeGoal   = 2_300_000
	sizeGoal64 = 2_450_000 // x86_64, where flash is not scarce.
	growthGoal = 1.2
	probeGoal  = 230 // Page faults, with Go 1.26.
	pinnedGoal = 1.05
	askingGoal = 4 // Logins a minute.
	peerGoal   = 2.0 / 3
)

// The numbers to reach in relation to the build of commit 3d12333, when
// --against measured it.
var beforeGoals = []struct {
	name        string
	own, faults float64
}{
	{"callback", 0.65, 0.67},
	{thousandCallback, 0.37, 0.37},
}

// Goal is a number to reach and how near the run came.
type Goal struct {
	What     string `json:"what"`
	Measured string `json:"measured"`
	Reach    string `json:"reach"`
	Met      bool   `json:"met"`
	Floor    string `json:"floor,omitempty"`  // What the least possible program takes.
	Reason   string `json:"reason,omitempty"` // Where it is not met.
}

// judge compares everything measured with what is to be reached.
func (r *report) judge() {
	r.Goals = nil
	for _, name := range requestNames {
		if row := r.row(nameOurs, name); row != nil {
			r.judgeCPU(row)
		}
	}
	for _, name := range requestNames {
		if row := r.row(nameOurs, name); row != nil && memoryGoals[name] > 0 && row.Cost.Resident > 0 {
			r.judgeMemory(row, memoryGoals[name])
		}
	}
	r.judgeBeside()
	r.judgeStart()
	r.judgeTrust()
	for _, size := range r.Sizes {
		most := int64(sizeGoal)
		if size.Architecture == "x86_64" {
			most = sizeGoal64
		}
		r.Goals = append(r.Goals, Goal{What: "flash, " + size.Architecture, Measured: fmt.Sprintf("%d KB", size.Bytes/1000),
			Reach: fmt.Sprintf("%d KB", most/1000), Met: size.Bytes <= most,
			Reason: "this version of Go; tests/size has the parts"})
	}
	if c := r.Crowd; c != nil {
		r.Goals = append(r.Goals, Goal{What: fmt.Sprintf("%d callbacks at once", c.Callbacks),
			Measured: fmt.Sprintf("%d sessions, %d lost, %d reused", c.Sessions, c.Lost, c.Reused),
			Reach:    fmt.Sprintf("%d, 0, 0", c.Callbacks), Met: c.Sessions == c.Callbacks && c.Lost+c.Reused == 0,
			Reason: "a defect"})
	}
	for _, g := range r.Growth {
		if g.What == fullStore {
			times := g.times()
			r.Goals = append(r.Goals, Goal{What: "a login on a full store", Measured: fmt.Sprintf("%.2f times an empty one's CPU", times),
				Reach: fmt.Sprintf("%.1f times", growthGoal), Met: times <= growthGoal, Reason: "a defect, or a machine too busy to tell"})
		}
	}
	if a := r.Asking; a != nil {
		spread, atOnce := a.PerMinute()
		r.Goals = append(r.Goals, Goal{What: fmt.Sprintf("%d sessions asked about", a.Sessions), Measured: fmt.Sprintf("%.1f logins a minute", max(spread, atOnce)),
			Reach: fmt.Sprintf("%d logins", askingGoal), Met: max(spread, atOnce) <= askingGoal, Reason: "a machine too busy to tell"})
	}
	for i := range r.Goals {
		if r.Goals[i].Met {
			r.Goals[i].Reason = ""
		}
	}
}

func (r *report) judgeCPU(row *Row) {
	if row.ToOther == 0 {
		return
	}
	floor, name := r.floor(nameGo), "an empty Go program"
	if row.Name == "callback" || row.Name == firstCallback {
		floor, name = r.floor(nameTLS), "a Go program that makes one TLS request"
	}
	goal := Goal{What: row.Name + ", CPU to the other's", Measured: fmt.Sprintf("%.2f", row.ToOther),
		Reach: fmt.Sprintf("%.2f", ratioGoals[row.Name]), Met: row.ToOther <= ratioGoals[row.Name]}
	if floor != nil {
		least := floor.Cost.CPU / row.Cost.CPU * row.ToOther
		goal.Floor = fmt.Sprintf("%.2f", least)
		goal.Reason = fmt.Sprintf("%s takes %.1f of the %.1f ms", name, floor.Cost.CPU, row.Cost.CPU)
	}
	r.Goals = append(r.Goals, goal)
}

// judgeBeside compares how a callback stands to the other program's with how
// the older build's stood to it. All three were measured in this run, in turn,
// as such a ratio does not hold from machine to machine.
func (r *report) judgeBeside() {
	now, then, other := r.row(nameOurs, "callback"), r.row(nameBefore, "callback"), r.row(nameOther, "callback")
	if now == nil || then == nil || other == nil || then.Cost.CPU == 0 || other.Cost.CPU == 0 {
		return
	}
	before := then.Cost.CPU / other.Cost.CPU
	measured := now.ToOther / before
	goal := Goal{What: "callback, CPU to the other's, of what it was", Measured: fmt.Sprintf("%.3f (%.2f of %.2f)", measured, now.ToOther, before),
		Reach: fmt.Sprintf("%.3f", peerGoal), Met: measured <= peerGoal}
	if floor := r.floor(nameTLS); floor != nil {
		goal.Floor = fmt.Sprintf("%.3f", floor.Cost.CPU/then.Cost.CPU)
		goal.Reason = fmt.Sprintf("a Go program that makes one TLS request takes %.1f of the %.1f ms", floor.Cost.CPU, now.Cost.CPU)
	}
	r.Goals = append(r.Goals, goal)
}

func (r *report) judgeMemory(row *Row, most int64) {
	c := row.Cost
	goal := Goal{What: row.Name + ", peak memory", Measured: megabytes(c.Resident), Reach: megabytes(most), Met: c.Resident <= most,
		Reason: fmt.Sprintf("%s of it are the program's file, which all copies share and the kernel can drop: it maps 64 KB around each page that is touched; its own are %s",
			megabytes(c.Resident-c.Own), megabytes(c.Own))}
	if floor := r.floor(nameGo); floor != nil {
		goal.Floor = megabytes(floor.Cost.Resident) + ", own " + megabytes(floor.Cost.Own)
	}
	r.Goals = append(r.Goals, goal)
}

// judgeStart compares the page faults of a probe, which does next to nothing,
// with what the program needs for being linked and started.
func (r *report) judgeStart() {
	probe, rest, empty := r.row(nameOurs, "probe"), r.floor(nameRest), r.floor(nameGo)
	if probe == nil || probe.Cost.Faults == 0 {
		return
	}
	goal := Goal{What: "probe, page faults", Measured: fmt.Sprint(probe.Cost.Faults), Reach: fmt.Sprint(probeGoal), Met: probe.Cost.Faults <= probeGoal}
	if rest != nil {
		goal.Floor = fmt.Sprint(rest.Cost.Faults)
		goal.Reason = fmt.Sprintf("the program takes %d when it ends where main begins", rest.Cost.Faults)
		if empty != nil {
			goal.Reason += fmt.Sprintf(", an empty one %d: what is linked decides, not what is done", empty.Cost.Faults)
		}
	}
	r.Goals = append(r.Goals, goal)
}

// judgeTrust compares a callback with one that knows its authority, and with
// the older program's.
func (r *report) judgeTrust() {
	add := func(what string, measured, reach, floor float64, reason string) {
		r.Goals = append(r.Goals, Goal{What: what, Measured: fmt.Sprintf("%.2f", measured), Reach: fmt.Sprintf("%.2f", reach),
			Met: measured <= reach, Floor: fmt.Sprintf("%.2f", floor), Reason: reason})
	}
	pinned, callback := r.row(nameOurs, pinnedCallback), r.row(nameOurs, besideCallback)
	if pinned != nil && callback != nil && pinned.Cost.CPU > 0 {
		add("callback, CPU to one with ca_file", callback.Cost.CPU/pinned.Cost.CPU, pinnedGoal, 1, "the bundle, or a machine too busy to tell")
	}
	for _, g := range beforeGoals {
		now, then := r.row(nameOurs, g.name), r.row(nameBefore, g.name)
		if now == nil || then == nil || pinned == nil || then.Cost.Own == 0 || then.Cost.Faults == 0 {
			continue
		}
		to := func(a, b int64) float64 { return float64(a) / float64(b) }
		add(g.name+", own memory to before", to(now.Cost.Own, then.Cost.Own), g.own, to(pinned.Cost.Own, then.Cost.Own), "one with ca_file takes "+megabytes(pinned.Cost.Own))
		add(g.name+", page faults to before", to(now.Cost.Faults, then.Cost.Faults), g.faults, to(pinned.Cost.Faults, then.Cost.Faults), fmt.Sprintf("one with ca_file takes %d", pinned.Cost.Faults))
	}
}

func (r *report) row(program, name string) *Row {
	for i := range r.Requests {
		if r.Requests[i].Program == program && r.Requests[i].Name == name {
			return &r.Requests[i]
		}
	}
	return nil
}

func (r *report) floor(name string) *Row {
	for i := range r.Floors {
		if r.Floors[i].Name == name {
			return &r.Floors[i]
		}
	}
	return nil
}

func (r *report) printGoals(w io.Writer) {
	fmt.Fprintln(w, "\nWhat is to be reached:")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  what\tmeasured\tat most\tfloor\t")
	for _, g := range r.Goals {
		verdict := "met"
		if !g.Met {
			verdict = "NOT met: " + g.Reason
		}
		floor := g.Floor
		if floor == "" {
			floor = "-"
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", g.What, g.Measured, g.Reach, floor, verdict)
	}
	_ = t.Flush()
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
