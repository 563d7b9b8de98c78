// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"

	"luci-sso/internal/lab"
)

// peer is another implementation of these pages, in ucode, measured once with
// the real uhttpd and rpcd, in units of an empty Go program's CPU time on that
// machine. It stands in where no --other was measured in the same run.
var peer = map[string]float64{"probe": 7.2, "start": 7.8, "callback": 72.8, "logout": 7.7}

// goals are the ratios of CPU time to the peer, and the peak memory in bytes,
// not to be exceeded.
var goals = map[string]struct {
	ratio  float64
	memory int64
}{
	"probe": {0.25, 5_500_000}, "start": {0.30, 0}, "callback": {0.15, 9_000_000}, "logout": {0.30, 0},
}

// Row is one line of the table.
type Row struct {
	Name    string `json:"name"`
	Program string `json:"program,omitempty"`
	Cost    Cost   `json:"cost"`
	// Of luci-sso's rows: CPU time relative to an empty Go program and to
	// the other implementation, and the goal for the latter.
	ToEmptyGo float64 `json:"to_empty_go,omitempty"`
	ToOther   float64 `json:"to_other,omitempty"`
	Goal      float64 `json:"goal,omitempty"`
	Met       *bool   `json:"met,omitempty"`
}

// Growth is how a login's CPU time, in milliseconds, follows a size.
type Growth struct {
	What  string    `json:"what"`
	Sizes []int     `json:"sizes"`
	CPU   []float64 `json:"cpu_ms"`
}

// Rate is a throughput.
type Rate struct {
	What      string  `json:"what"`
	PerSecond float64 `json:"per_second"`
	Failed    int64   `json:"failed"`
	Clients   int     `json:"clients"`
	AtATime   int     `json:"programs_at_a_time"`
}

// report is the result; its JSON form is stable.
type report struct {
	Machine    string   `json:"machine"`
	Router     string   `json:"router"`
	OtherIs    string   `json:"other_is"`
	Floors     []Row    `json:"floors"`
	Requests   []Row    `json:"requests"`
	Growth     []Growth `json:"growth,omitempty"`
	Throughput []Rate   `json:"throughput,omitempty"`
	Notes      []string `json:"notes,omitempty"`
}

func newReport(l *lab.Lab, s *settings) *report {
	r := &report{
		Machine: fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()),
		Router:  "the lab's stand-ins for ubusd, rpcd and uhttpd",
		OtherIs: "the ucode implementation, as measured elsewhere in units of an empty Go program",
	}
	if l.Router.Real {
		r.Router = "the real ubusd, rpcd and uhttpd of an OpenWrt root file system"
	}
	if s.other != "" {
		r.OtherIs = s.other + ", measured in this run"
	}
	return r
}

// ratios fills in what the rows mean.
func (r *report) ratios() {
	var empty float64
	for _, f := range r.Floors {
		if f.Name == nameGo {
			empty = f.Cost.CPU
		}
	}
	other := map[string]float64{}
	for name, units := range peer {
		other[name] = units * empty
	}
	for _, row := range r.Requests {
		if row.Program != nameOurs {
			other[row.Name] = row.Cost.CPU
		}
	}
	for i := range r.Requests {
		row := &r.Requests[i]
		if row.Program != nameOurs || empty == 0 {
			continue
		}
		row.ToEmptyGo = row.Cost.CPU / empty
		row.ToOther = row.Cost.CPU / other[row.Name]
		goal := goals[row.Name]
		row.Goal = goal.ratio
		met := row.ToOther <= goal.ratio && (goal.memory == 0 || row.Cost.Resident <= goal.memory)
		row.Met = &met
	}
}

func (r *report) print(w io.Writer) {
	r.ratios()
	fmt.Fprintf(w, "%s; %s\n\n", r.Machine, r.Router)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tCPU ms\tleast\twall ms\tpeak MB\town MB\tfaults\tM instr.\tto empty Go\tto the other\tgoal\t\t")
	for _, row := range append(append([]Row(nil), r.Floors...), r.Requests...) {
		name := row.Name
		if row.Program != "" {
			name = row.Program + " " + row.Name
		}
		c := row.Cost
		fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\t%s\t%s\t%d\t%s\t", name, c.CPU, c.Least, c.Wall,
			known(c.Resident, 1e6), known(c.Own, 1e6), c.Faults, known(c.Instructions, 1e6))
		if row.Met != nil {
			verdict := "met"
			if !*row.Met {
				verdict = "NOT met"
			}
			goal := fmt.Sprintf("%.2f", row.Goal)
			if memory := goals[row.Name].memory; memory > 0 {
				goal += fmt.Sprintf(", %.1f MB", float64(memory)/1e6)
			}
			fmt.Fprintf(t, "%.1f\t%.2f\t%s\t%s\t", row.ToEmptyGo, row.ToOther, goal, verdict)
		} else {
			fmt.Fprint(t, "\t\t\t\t")
		}
		fmt.Fprintln(t)
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\nThe other: %s.\nOf the peak, what is not a process's own is the program's file, mapped: all copies share it, and the kernel can drop it.\n", r.OtherIs)
	r.printGrowth(w)
	for _, rate := range r.Throughput {
		fmt.Fprintf(w, "%.0f %s a second, %d failed (%d clients, %d programs at a time)\n",
			rate.PerSecond, rate.What, rate.Failed, rate.Clients, rate.AtATime)
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, "Note: "+note)
	}
}

func (r *report) printGrowth(w io.Writer) {
	if len(r.Growth) == 0 {
		return
	}
	fmt.Fprintln(w, "\nCPU time of a login (start and callback) as the router fills:")
	for _, g := range r.Growth {
		var cells []string
		for i, n := range g.Sizes {
			cells = append(cells, fmt.Sprintf("%d: %.2f ms", n, g.CPU[i]))
		}
		fmt.Fprintf(w, "  %-34s %s  (%.2f times)\n", g.What, strings.Join(cells, ", "), g.CPU[len(g.CPU)-1]/g.CPU[0])
	}
	fmt.Fprintln(w)
}

func known(value int64, unit float64) string {
	if value == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(value)/unit)
}
