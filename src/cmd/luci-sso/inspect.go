// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/doctor"
	"luci-sso/internal/methods"
	"luci-sso/internal/paths"
)

// enabled are the providers that people can come by, or the one they will.
func enabled() []string {
	if names := config.Enabled(paths.Config()); len(names) > 0 {
		return names
	}
	return []string{config.Section}
}

func runDoctor(args []string) int {
	_, asJSON, reason := options(args)
	if reason != "" {
		return misuse("doctor", reason)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	type group struct {
		title  string
		checks []*doctor.Check
	}
	groups := []group{{"This router", append(doctor.Router(), doctor.System(ctx)...)}}
	providers := enabled()
	for _, provider := range providers {
		test := methods.TestConnection(context.Background(), provider, nil, "", nil)
		if test.Busy {
			test.Checks = []*doctor.Check{{ID: "test", Status: doctor.Skip, Message: "Another connection test is under way."}}
		}
		title := "The provider"
		if len(providers) > 1 || provider != config.Section {
			title += " " + provider
		}
		groups = append(groups, group{title, slices.DeleteFunc(test.Checks, func(c *doctor.Check) bool {
			return c.ID == "people" // It is among the router's.
		})})
	}
	var all []*doctor.Check
	for i := range groups {
		all = append(all, groups[i].checks...)
	}
	worst := doctor.Worst(all)
	if asJSON {
		printJSON(map[string]any{"status": worst, "checks": all})
	} else {
		marks := map[string]string{doctor.Pass: "\x1b[32m", doctor.Warn: "\x1b[33m", doctor.Fail: "\x1b[31m", doctor.Skip: "\x1b[2m"}
		plain := "\x1b[0m"
		if !colour() {
			marks, plain = map[string]string{}, ""
		}
		for _, group := range groups {
			print(os.Stdout, group.title+"\n")
			for i := range group.checks {
				c := group.checks[i]
				text := "  " + marks[c.Status] + pad(c.Status, 5) + plain + pad(c.ID, 14) + clean(about(c)+c.Text()) + "\n"
				for _, hint := range []string{c.Remedy, c.Command} {
					if hint != "" {
						text += strings.Repeat(" ", 21) + "→ " + clean(hint) + "\n"
					}
				}
				print(os.Stdout, text)
			}
			print(os.Stdout, "\n")
		}
		print(os.Stdout, map[string]string{
			doctor.Pass: "Logging in should work.", doctor.Warn: "Nothing was found that prevents logging in; please read the warnings.", doctor.Fail: "Logging in will not work yet.",
		}[worst]+"\n")
	}
	return map[string]int{doctor.Pass: 0, doctor.Warn: 1, doctor.Fail: 2}[worst]
}

// about names the provider that a check is about, where it is not the usual one.
func about(c *doctor.Check) string {
	if c.Provider == "" {
		return ""
	}
	return c.Provider + ": "
}

func runStatus(args []string) int {
	_, asJSON, reason := options(args)
	if reason != "" {
		return misuse("status", reason)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s := methods.Status(ctx)
	if asJSON {
		printJSON(s)
		return exitOK
	}
	state := "off"
	switch {
	case s.Ready:
		state = "on"
	case s.Enabled:
		state = "enabled, but its settings are not complete"
	}
	more := ""
	if len(s.Providers) > 1 {
		more = " (enabled: " + strings.Join(s.Providers, ", ") + ")"
	}
	print(os.Stdout, "single sign-on is "+state+"\nprovider    "+clean(s.Issuer+more)+"\nsessions    "+strconv.Itoa(s.Sessions)+
		"\nlast login  "+at(s.LastLogin)+"\nlast error  "+at(s.LastError)+"\n")
	for i := range s.Checks {
		if c := s.Checks[i]; c.Status == doctor.Warn || c.Status == doctor.Fail {
			print(os.Stdout, pad(c.Status, 12)+clean(about(c)+c.Text())+"\n")
		}
	}
	return exitOK
}

func at(unix int64) string {
	if unix == 0 {
		return "never"
	}
	return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05Z")
}
