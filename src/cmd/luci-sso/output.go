// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"

	"luci-sso/internal/syslog"
)

func print(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

// quoted is for what somebody typed.
func quoted(text string) string { return syslog.Quote(text) }

// clean makes a value fit for a terminal: names come from the provider and
// from files, and could hold escape sequences.
func clean(text string) string { return syslog.Printable(text, 300) }

func pad(text string, width int) string {
	if n := width - len([]rune(text)); n > 0 {
		return text + strings.Repeat(" ", n)
	}
	return text + " "
}

// printJSON writes a reply for machines.
func printJSON(value any) {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value)
}

// colour says whether standard output is somebody's terminal.
func colour() bool {
	info, err := os.Stdout.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// options takes --name value and --name=value apart. known are the names that
// take a value; json is the one that takes none. reason is what is wrong.
func options(args []string, known ...string) (values map[string][]string, asJSON bool, reason string) {
	values = map[string][]string{}
next:
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--json" {
			asJSON = true
			continue
		}
		name, value, joined := strings.Cut(arg, "=")
		for _, k := range known {
			if name != "--"+k {
				continue
			}
			if !joined {
				if len(args) == 0 {
					return nil, false, arg + " needs a value"
				}
				value, args = args[0], args[1:]
			}
			values[k] = append(values[k], value)
			continue next
		}
		return nil, false, "unknown argument " + quoted(arg)
	}
	return values, asJSON, ""
}
