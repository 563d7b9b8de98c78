// SPDX-License-Identifier: Apache-2.0

// Package syslogd stands in for OpenWrt's logd: it owns a /dev/log socket and
// keeps the messages that arrive there. It neither filters nor writes them
// anywhere.
package syslogd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Entry is one message.
type Entry struct {
	Time     time.Time
	Facility int // 3 is daemon, 10 authpriv; RFC 5424, 6.2.1.
	Severity int // 3 is error, 4 warning, 6 information.
	Tag      string
	PID      int // 0 when the message names none.
	Text     string
	Raw      string // The datagram.
}

// Log is a running collector. It is safe for concurrent use.
type Log struct {
	path   string
	listen func(Entry)

	mu      sync.Mutex
	conn    *net.UnixConn
	entries []Entry
	seen    map[string]chan struct{}
	flushes int
}

// Start opens the socket. listen, which may be nil, is called with every
// message in the order of arrival.
func Start(path string, listen func(Entry)) (*Log, error) {
	l := &Log{path: path, listen: listen, seen: map[string]chan struct{}{}}
	return l, l.Up()
}

// Up opens the socket again after Down.
func (l *Log) Up() error {
	if err := os.MkdirAll(filepath.Dir(l.path), 0o755); err != nil {
		return err
	}
	_ = os.Remove(l.path)
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: l.path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("opening the log socket: %w", err)
	}
	_ = os.Chmod(l.path, 0o666)
	_ = conn.SetReadBuffer(4 << 20)
	l.mu.Lock()
	l.conn = conn
	l.mu.Unlock()
	go l.collect(conn)
	return nil
}

// Down removes the socket, as on a router whose logd does not run.
func (l *Log) Down() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
		_ = os.Remove(l.path)
		l.conn = nil
	}
}

// Close ends the collector.
func (l *Log) Close() { l.Down() }

const flushMark = "\x00flush"

func (l *Log) collect(conn *net.UnixConn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		text := string(buffer[:n])
		if strings.HasPrefix(text, flushMark) {
			l.mu.Lock()
			if done, ok := l.seen[text]; ok {
				close(done)
				delete(l.seen, text)
			}
			l.mu.Unlock()
			continue
		}
		l.Add(parse(text))
	}
}

// Add puts a message into the log as if it had arrived.
func (l *Log) Add(entry Entry) {
	l.mu.Lock()
	l.entries = append(l.entries, entry)
	l.mu.Unlock()
	if l.listen != nil {
		l.listen(entry)
	}
}

// Mark is the place in the log where the next message will be.
func (l *Log) Mark() int {
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

// Since returns the messages from a mark on. What was sent before the call is
// there.
func (l *Log) Since(mark int) []Entry {
	l.flush()
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Entry(nil), l.entries[min(mark, len(l.entries)):]...)
}

// Texts returns the messages of one tag from a mark on.
func (l *Log) Texts(mark int, tag string) []string {
	var texts []string
	for _, entry := range l.Since(mark) {
		if entry.Tag == tag {
			texts = append(texts, entry.Text)
		}
	}
	return texts
}

// flush waits until everything in the socket's queue has been read.
func (l *Log) flush() {
	l.mu.Lock()
	if l.conn == nil {
		l.mu.Unlock()
		return
	}
	l.flushes++
	mark := flushMark + strconv.Itoa(l.flushes)
	done := make(chan struct{})
	l.seen[mark] = done
	l.mu.Unlock()
	conn, err := net.Dial("unixgram", l.path)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte(mark)); err != nil {
		return
	}
	select {
	case <-done:
	case <-time.After(5 * time.Second):
	}
}

// header is what syslog(3) and Go's log/syslog put before a message: a
// priority, an optional date, the tag.
var header = regexp.MustCompile(`(?s)^<(\d{1,3})>(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\d{4}-\d\d-\d\dT\S+ )?(?:([^\s\[:]{1,64})(?:\[(\d+)\])?: ?)?(.*)$`)

func parse(raw string) Entry {
	entry := Entry{Time: time.Now(), Raw: raw, Text: raw, Facility: 1, Severity: 5}
	if m := header.FindStringSubmatch(raw); m != nil {
		priority, _ := strconv.Atoi(m[1])
		entry.Facility, entry.Severity, entry.Tag = priority/8, priority%8, m[2]
		entry.PID, _ = strconv.Atoi(m[3])
		entry.Text = strings.TrimRight(m[4], "\n\x00")
	}
	return entry
}

var facilities = map[int]string{0: "kern", 1: "user", 3: "daemon", 4: "auth", 10: "authpriv"}
var severities = [8]string{"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"}

// String is the line that logread prints, without the date.
func (e Entry) String() string {
	facility, ok := facilities[e.Facility]
	if !ok {
		facility = strconv.Itoa(e.Facility)
	}
	tag := e.Tag
	if e.PID != 0 {
		tag += "[" + strconv.Itoa(e.PID) + "]"
	}
	if tag != "" {
		tag += ": "
	}
	return facility + "." + severities[e.Severity&7] + " " + tag + e.Text
}

// ErrTooLong says that a socket's path does not fit into its address.
var ErrTooLong = errors.New("the path of a socket is longer than 107 bytes; choose a shorter directory for temporary files (TMPDIR)")
