// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"strings"

	"luci-sso/lab/syslogd"
)

// paint colours text for a terminal, and for nothing else.
type paint bool

func newPaint(w io.Writer, plain bool) paint {
	file, ok := w.(*os.File)
	if !ok || plain || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return paint(err == nil && info.Mode()&os.ModeCharDevice != 0)
}

func (p paint) with(code, text string) string {
	if !p {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (p paint) bold(text string) string  { return p.with("1", text) }
func (p paint) dim(text string) string   { return p.with("2", text) }
func (p paint) red(text string) string   { return p.with("31", text) }
func (p paint) green(text string) string { return p.with("32", text) }
func (p paint) blue(text string) string  { return p.with("34", text) }

// entry is a line of the log, by how bad it is.
func (p paint) entry(entry syslogd.Entry) string {
	text := printable(entry.String())
	switch {
	case entry.Severity <= 3:
		return p.red(text)
	case entry.Severity == 4:
		return p.with("33", text)
	}
	return text
}

// printable keeps what arrives on the log socket from steering the terminal.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c >= 0x7f && c < 0xa0 {
			return '?'
		}
		return c
	}, text)
}
