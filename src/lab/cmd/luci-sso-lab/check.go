// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/check"
	"luci-sso/lab/people"
)

// report is what --json prints.
type report struct {
	OK     bool         `json:"ok"`
	Error  string       `json:"error,omitempty"`
	Router string       `json:"router,omitempty"` // "stand-ins" or "real".
	Steps  []check.Step `json:"steps"`
}

// runCheck does the self-test on ports of its own, so that a lab can run
// beside it.
func (s *settings) runCheck(cast *people.Cast, stdout, stderr io.Writer, paint paint) int {
	if s.program == "" && !s.json {
		fmt.Fprintln(stderr, "Building the router's program …")
	}
	began := time.Now()
	l, err := lab.Start(s.options(cast))
	if err != nil {
		return s.fail(stdout, stderr, err)
	}
	defer l.Close()
	result := report{Router: "stand-ins", Steps: []check.Step{}}
	if l.Router.Real {
		result.Router = "real"
	}
	if !s.json {
		fmt.Fprintf(stdout, "Router %s (%s), provider %s\n\n", l.Router.URL, map[string]string{
			"stand-ins": "stand-ins for OpenWrt's daemons", "real": "OpenWrt's own daemons"}[result.Router], l.IDP.URL)
	}
	err = check.Run(l, func(step check.Step) {
		result.Steps = append(result.Steps, step)
		if !s.json {
			printStep(stdout, step, paint)
		}
	})
	result.OK = err == nil
	if err != nil {
		result.Error = err.Error()
	}
	if s.json {
		printJSON(stdout, result)
	} else if err != nil {
		fmt.Fprintf(stdout, "\n%s %v\n", paint.red("Broken:"), err)
	} else {
		fmt.Fprintf(stdout, "\n%s %d steps in %.1f s.\n", paint.green("All is well."), len(result.Steps), time.Since(began).Seconds())
	}
	if s.keep && !s.json {
		fmt.Fprintf(stdout, "The router's files are in %s\n", l.Router.Root)
	}
	if err != nil {
		return 1
	}
	return 0
}

func printStep(w io.Writer, step check.Step, paint paint) {
	mark := paint.green("ok    ")
	if !step.OK {
		mark = paint.red("FAILED")
	}
	fmt.Fprintf(w, "%s %s\n", mark, step.Name)
	if step.Detail != "" {
		fmt.Fprintf(w, "       %s\n", paint.dim(fmt.Sprintf("%s (%.0f ms)", step.Detail, step.Millis)))
	}
	for _, line := range step.Log {
		fmt.Fprintf(w, "       %s %s\n", paint.dim("log:"), line)
	}
}

func printJSON(w io.Writer, result report) {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(result)
}

// fail says why there is no lab.
func (s *settings) fail(stdout, stderr io.Writer, err error) int {
	if s.json {
		printJSON(stdout, report{Error: explain(err), Steps: []check.Step{}})
	}
	fmt.Fprintf(stderr, "luci-sso-lab: %s\n", explain(err))
	return 1
}
