// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/events"
	"luci-sso/internal/methods"
	"luci-sso/internal/paths"
)

func runSessions(args []string) int {
	if len(args) == 1 && args[0] == "--due" {
		return runDue()
	}
	values, asJSON, reason := options(args, "end")
	if len(values["end"]) > 1 {
		reason = "one session at a time"
	}
	if reason != "" {
		return misuse("sessions", reason)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if id := values["end"]; id != nil {
		ended, err := methods.EndSession(ctx, id[0])
		if err != nil {
			return misuse("sessions", err.Error())
		}
		if asJSON {
			printJSON(map[string]bool{"ended": ended})
		}
		if !ended {
			return fail(os.ErrNotExist)
		}
		return exitOK
	}
	sessions, cut, err := methods.Sessions(ctx, "")
	if err != nil {
		return fail(err)
	}
	if asJSON {
		printJSON(map[string]any{"sessions": sessions, "cut": cut})
		return exitOK
	}
	headings := []string{"ID", "LOGGED IN", "ROLE", "IN THE LOG", "NAME"}
	timed := slices.ContainsFunc(sessions, func(s *methods.Session) bool { return s.Until != 0 || s.Confirmed != 0 })
	if timed {
		headings = []string{"ID", "LOGGED IN", "CONFIRMED", "UNTIL", "ROLE", "IN THE LOG", "NAME"}
	}
	rows, providers := [][]string{}, []string{}
	for _, s := range sessions {
		row := []string{s.ID, at(s.Login), clean(s.Role), s.LogName, clean(s.Name)}
		if timed {
			row = slices.Insert(row, 2, known(s.Confirmed), known(s.Until))
		}
		rows = append(rows, row)
		providers = append(providers, s.Provider)
	}
	printTable(withProviders(headings, rows, providers), rows)
	if cut {
		print(os.Stdout, "rpcd has more sessions than it can list: some of these may have ended\n")
	}
	return exitOK
}

// known is a time that need not be there.
func known(time int64) string {
	if time == 0 {
		return ""
	}
	return at(time)
}

func runEvents(args []string) int {
	_, asJSON, reason := options(args)
	if reason != "" {
		return misuse("events", reason)
	}
	list := events.List(paths.Events())
	if asJSON {
		printJSON(map[string]any{"events": list})
		return exitOK
	}
	rows, providers := [][]string{}, []string{}
	for i := range list {
		e := &list[i]
		providers = append(providers, e.Provider)
		what := clean(e.Detail)
		if codes := strings.Join(e.Codes, " "); codes != "" {
			what = strings.TrimSuffix(codes+": "+what, ": ")
		}
		rows = append(rows, []string{at(e.Time), e.Kind, clean(e.Role), e.Name, e.Client, what})
	}
	printTable(withProviders([]string{"TIME", "EVENT", "ROLE", "WHO", "FROM", "WHAT"}, rows, providers), rows)
	return exitOK
}

// withProviders puts a column with the providers before the last one, where
// there is another than default.
func withProviders(headings []string, rows [][]string, providers []string) []string {
	others := false
	for _, name := range providers {
		others = others || name != "" && name != config.Section
	}
	if !others {
		return headings
	}
	for i := range rows {
		if providers[i] == "" {
			providers[i] = config.Section
		}
		rows[i] = beforeLast(rows[i], clean(providers[i]))
	}
	return beforeLast(headings, "PROVIDER")
}

func beforeLast(list []string, cell string) []string {
	last := len(list) - 1
	return append(list[:last:last], cell, list[last])
}

// printTable prints rows under headings, in columns; "none" when there are none.
func printTable(headings []string, rows [][]string) {
	if len(rows) == 0 {
		print(os.Stdout, "none\n")
		return
	}
	width := make([]int, len(headings))
	all := append([][]string{headings}, rows...)
	for _, row := range all {
		for i, cell := range row {
			width[i] = max(width[i], min(len([]rune(cell)), 40))
		}
	}
	for _, row := range all {
		line := ""
		for i, cell := range row {
			if cell == "" && i < len(row)-1 {
				cell = "-"
			}
			line += pad(cell, width[i]+1) + " "
		}
		print(os.Stdout, strings.TrimRight(line, " ")+"\n")
	}
}
