// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
)

// measured is a report of one quick program and one slow one.
func measured() *report {
	return &report{
		Floors: []Row{{Name: nameGo, Cost: Cost{CPU: 1, Resident: 2_000_000, Own: 600_000}}, {Name: nameTLS, Cost: Cost{CPU: 4}}},
		Requests: []Row{
			{Name: "probe", Program: nameOurs, Cost: Cost{CPU: 1.5, Resident: 6_200_000, Own: 900_000}},
			{Name: "callback", Program: nameOurs, Cost: Cost{CPU: 6, Resident: 8_900_000}},
			{Name: "logout", Program: nameOurs, Cost: Cost{CPU: 2}},
			{Name: "probe", Program: nameOther, Cost: Cost{CPU: 10}},
			{Name: "callback", Program: nameOther, Cost: Cost{CPU: 20}},
		},
	}
}

func TestGoals(t *testing.T) {
	r := measured()
	r.Sizes = []Size{{"mipsel_24kc", sizeGoal}, {"x86_64", sizeGoal + 1000}}
	r.Crowd = &Crowd{Callbacks: 100, Sessions: 99, Lost: 1}
	r.Growth = []Growth{{What: "roles", CPU: []float64{1, 9}}, {What: fullStore, CPU: []float64{5, 5.5}}}
	r.ratios(true)
	r.judge()
	var out bytes.Buffer
	r.printGoals(&out)
	for _, want := range []string{
		"probe, CPU to the other's    0.15", // met, with the floor
		"0.10                met",
		"callback, CPU to the other's 0.30",
		"NOT met: a Go program that makes one TLS request takes 4.0 of the 6.0 ms",
		"NOT met: 5.3 MB of it are the program's file",
		"flash, mipsel_24kc 2300 KB 2300 KB - met",
		"flash, x86_64 2301 KB 2300 KB - NOT met",
		"99 sessions, 1 lost, 0 reused",
		"1.10 times an empty one's CPU 1.2 times - met",
	} {
		if !strings.Contains(squeeze(out.String()), squeeze(want)) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "logout") {
		t.Errorf("what the other was not measured at is compared:\n%s", out.String())
	}
}

// Without another implementation in the run, the units measured once stand in.
func TestGoalsWithoutAnother(t *testing.T) {
	r := measured()
	r.Requests = r.Requests[:3]
	r.ratios(false)
	if got, want := r.row(nameOurs, "logout").ToOther, 2/peer["logout"]; got != want {
		t.Errorf("logout has the ratio %v, want %v", got, want)
	}
}

func squeeze(text string) string { return strings.Join(strings.Fields(text), " ") }
