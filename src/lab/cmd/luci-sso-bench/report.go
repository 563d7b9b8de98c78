// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"text/tabwriter"

	"luci-sso/lab"
)

// Row is one line of the table.
type Row struct {
	Name    string `json:"name"`
	Program string `json:"program,omitempty"`
	Cost    Cost   `json:"cost"`
	// CPU time relative to an empty Go program, and of luci-sso's rows to
	// the other implementation.
	ToEmptyGo float64 `json:"to_empty_go,omitempty"`
	ToOther   float64 `json:"to_other,omitempty"`
}

// Growth is how a login's CPU time, in milliseconds, follows a size.
type Growth struct {
	What  string    `json:"what"`
	Sizes []int     `json:"sizes"`
	CPU   []float64 `json:"cpu_ms"`
}

// times is the last size's cost relative to the first's.
func (g Growth) times() float64 { return g.CPU[len(g.CPU)-1] / g.CPU[0] }

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
	BeforeIs   string   `json:"before_is,omitempty"`
	FaultCost  float64  `json:"page_fault_us"`
	Uncounted  string   `json:"instructions_not_counted,omitempty"`
	Floors     []Row    `json:"floors"`
	Requests   []Row    `json:"requests"`
	Growth     []Growth `json:"growth,omitempty"`
	Throughput []Rate   `json:"throughput,omitempty"`
	Crowd      *Crowd   `json:"crowd,omitempty"`
	Asking     *Asking  `json:"asking,omitempty"`
	Sizes      []Size   `json:"sizes,omitempty"`
	Goals      []Goal   `json:"goals"`
	Notes      []string `json:"notes,omitempty"`
}

func newReport(l *lab.Lab, s *settings) *report {
	r := &report{
		Machine: fmt.Sprintf("%s/%s, %d processors, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version()),
		Router:  "the lab's stand-ins for ubusd, rpcd and uhttpd",
		OtherIs: "the ucode implementation, as it was measured once on the real daemons, in units of an empty Go program",
	}
	if l.Router.Real {
		r.Router = "the real ubusd, rpcd and uhttpd of an OpenWrt root file system"
	}
	if cost, err := faultCost(); err == nil {
		r.FaultCost = float64(cost.Nanoseconds()) / 1e3
	}
	r.BeforeIs = s.against
	if s.other != "" {
		r.OtherIs = s.other + ", measured in this run"
	}
	return r
}

// ratios fills in what the rows mean.
func (r *report) ratios(measured bool) {
	empty := r.floor(nameGo)
	if empty == nil {
		return
	}
	for i := range r.Requests {
		row := &r.Requests[i]
		row.ToEmptyGo = row.Cost.CPU / empty.Cost.CPU
		if row.Program != nameOurs {
			continue
		}
		name := row.Name
		if name == thousandCallback || name == besideCallback {
			continue
		}
		if name == pinnedCallback {
			name = "callback" // The other has no such option.
		}
		if other := r.row(nameOther, name); other != nil {
			row.ToOther = row.Cost.CPU / other.Cost.CPU
		} else if !measured {
			row.ToOther = row.ToEmptyGo / peer[name]
		}
	}
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s; %s\nA page fault costs %.2f microseconds on this machine.\n\n", r.Machine, r.Router, r.FaultCost)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tCPU ms\tleast\twall ms\tpeak MB\town MB\tfaults\tM instr.\tto empty Go\tto the other\t")
	for _, row := range append(append([]Row(nil), r.Floors...), r.Requests...) {
		name := row.Name
		if row.Program != "" {
			name = row.Program + " " + row.Name
		}
		c := row.Cost
		fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%.2f\t%s\t%s\t%d\t%s\t%s\t%s\t\n", name, c.CPU, c.Least, c.Wall,
			known(c.Resident, 1e6), known(c.Own, 1e6), c.Faults, known(c.Instructions, 1e6), ratio(row.ToEmptyGo, 1), ratio(row.ToOther, 2))
	}
	_ = t.Flush()
	fmt.Fprintf(w, "\nThe other: %s.\n", r.OtherIs)
	if r.BeforeIs != "" {
		fmt.Fprintf(w, "Before: %s, measured in this run, in turn.\n", r.BeforeIs)
	}
	if r.Uncounted != "" {
		fmt.Fprintln(w, "Note: "+r.Uncounted+".")
	}
	r.printGrowth(w)
	for _, rate := range r.Throughput {
		fmt.Fprintf(w, "%.0f %s a second, %d failed (%d clients, %d programs at a time)\n",
			rate.PerSecond, rate.What, rate.Failed, rate.Clients, rate.AtATime)
	}
	if a := r.Asking; a != nil {
		spread, atOnce := a.PerMinute()
		fmt.Fprintf(w, "%d sessions, asked about every 5 minutes: %.1f ms CPU a minute, %.2f logins; %.2f when all are due at once (%.1f ms; %.1f ms when none is)\n",
			a.Sessions, a.Few, spread, atOnce, a.All, a.None)
	}
	r.printGoals(w)
	for _, note := range r.Notes {
		fmt.Fprintln(w, "Note: "+note)
	}
}

func ratio(value float64, digits int) string {
	if value == 0 {
		return "-"
	}
	return fmt.Sprintf("%.*f", digits, value)
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
		fmt.Fprintf(w, "  %-34s %s  (%.2f times)\n", g.What, strings.Join(cells, ", "), g.times())
	}
	fmt.Fprintln(w)
}

func known(value int64, unit float64) string {
	if value == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f", float64(value)/unit)
}
