// SPDX-License-Identifier: Apache-2.0

// Package syslog owns the way to the router's log: one connection to
// /dev/log under the tag luci-sso, standard error when there is none, and the
// one function that makes a text from outside fit for a log line. It decides
// nothing about what is logged.
package syslog

import (
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxLine is the longest line in bytes; the rest is cut. logd's own limit is
// 1 KB with its prefix.
const MaxLine = 900

const tag = "luci-sso"

// Severity of a line.
type Severity uint8

// The severities in use.
const (
	Info Severity = iota
	Warning
	Error
	Critical
)

// Logger writes lines. The connection is made at the first line, so that a
// request with nothing to say costs nothing.
type Logger struct {
	socket   string
	fallback io.Writer
	conn     net.Conn
	dialled  bool
	sink     func(Severity, string)
}

// New returns a logger for the datagram socket at path.
func New(path string) *Logger { return &Logger{socket: path, fallback: os.Stderr} }

// Tee calls sink with every line as it was logged, besides logging it.
func (l *Logger) Tee(sink func(Severity, string)) { l.sink = sink }

// Line logs one line. The text is made printable and cut to MaxLine.
func (l *Logger) Line(severity Severity, text string) {
	text = Printable(text, MaxLine)
	if l.sink != nil {
		l.sink(severity, text)
	}
	if !l.dialled {
		l.dialled = true
		l.conn, _ = net.Dial("unixgram", l.socket)
	}
	if l.conn != nil && l.send(severity, text) == nil {
		return
	}
	_, _ = io.WriteString(l.fallback, tag+"["+strconv.Itoa(os.Getpid())+"]: "+text+"\n")
}

// send writes one datagram of the traditional form (RFC 3164 §4.1, without
// the host, as syslog(3) does on the machine itself).
func (l *Logger) send(severity Severity, text string) error {
	const daemon = 3 << 3
	priority := daemon | [...]int{Info: 6, Warning: 4, Error: 3, Critical: 2}[severity]
	_, err := io.WriteString(l.conn, "<"+strconv.Itoa(priority)+">"+time.Now().Format(time.Stamp)+" "+
		tag+"["+strconv.Itoa(os.Getpid())+"]: "+text+"\n")
	return err
}

// Printable makes text from outside fit for a log line: control characters,
// invalid UTF-8 and the Unicode characters that reorder or hide text become
// "?", and what is longer than limit bytes is cut with "…" behind it.
func Printable(text string, limit int) string {
	var b strings.Builder
	for _, r := range text {
		if b.Len()+utf8.RuneLen(r) > limit {
			b.WriteString("…")
			break
		}
		if hidden(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7f && r < 0xa0, r == utf8.RuneError:
		return true
	case r == 0xad, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
		return true
	}
	return false
}

// Quote is Printable within quotation marks, cut at 80 bytes: how a
// diagnostic line cites a value from outside. A quotation mark in the value
// does not end it.
func Quote(value string) string { return `"` + escaped(value, 80) + `"` }

func escaped(value string, limit int) string {
	return replace(Printable(value, limit), `\`, `\\`, `"`, `\"`)
}

// replace is a Replacer for texts that rarely hold what is to be replaced: that
// takes 6 KB, and this is for every secret of a login.
func replace(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		if strings.Contains(text, pairs[i]) {
			return strings.NewReplacer(pairs...).Replace(text)
		}
	}
	return text
}
