// SPDX-License-Identifier: Apache-2.0

package syslog

import (
	"bytes"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"plain text":             "plain text",
		"line\nbreak\ttab\x00":   "line?break?tab?",
		"\x1b[31mred":            "?[31mred",
		"invalid \xff utf-8":     "invalid ? utf-8",
		"Zürich 東京":              "Zürich 東京",
		"\u202egnp.exe\u200b":    "?gnp.exe?",
		"\u2028separator\ufeff":  "?separator?",
		strings.Repeat("x", 101): strings.Repeat("x", 100) + "…",
		strings.Repeat("ü", 51):  strings.Repeat("ü", 50) + "…",
	} {
		if got := Printable(given, 100); got != want {
			t.Errorf("Printable(%q) = %q, want %q", given, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\nb", 3)
	f.Add("\xff\xfe", 10)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = max(0, min(limit, 1000))
		got := Printable(text, limit)
		if len(got) > limit+len("…") || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\x00\x1b") {
			t.Errorf("Printable(%q, %d) = %q", text, limit, got)
		}
	})
}

func TestSocketAndFallback(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "log")
	listener, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var teed string
	log := New(socket)
	log.Tee(func(_ Severity, text string) { teed = text })
	log.Line(Error, "[503] SSO_DISABLED\nforged")
	buffer := make([]byte, 2048)
	_ = listener.SetReadDeadline(time.Now().Add(5 * time.Second))
	n, err := listener.Read(buffer)
	if err != nil {
		t.Fatal("nothing came through /dev/log:", err)
	}
	line := strings.TrimSuffix(string(buffer[:n]), "\n")
	// 27 is facility daemon (3), severity error (3).
	if !strings.HasPrefix(line, "<27>") || !strings.Contains(line, " luci-sso[") || !strings.HasSuffix(line, "]: [503] SSO_DISABLED?forged") {
		t.Errorf("the datagram is %q", line)
	}
	if teed != "[503] SSO_DISABLED?forged" {
		t.Errorf("Tee got %q", teed)
	}

	var out bytes.Buffer
	log = New(filepath.Join(t.TempDir(), "absent"))
	log.fallback = &out
	log.Line(Warning, "text")
	if got := out.String(); !strings.HasPrefix(got, "luci-sso[") || !strings.HasSuffix(got, "]: text\n") {
		t.Errorf("without /dev/log the line on standard error is %q", got)
	}
}
