// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/store"
	"luci-sso/internal/syslog"
)

// One process at a time asks a provider for a document. uhttpd runs three
// scripts at once, LuCI's among them: were each to wait for a provider that
// says nothing, nobody could use the router meanwhile.
const (
	// slow is how long a failure must have taken to be remembered: one that
	// comes at once costs nobody anything, and is asked for anew.
	slow = 2 * time.Second
	// memory is how long it is remembered. It is shorter than what a person
	// needs to give up, so that whoever tries again gets through.
	memory = 8 * time.Second
)

// turn is the right to ask, and what the last one who had it met with. A nil
// file is a turn that could not be had, which remembers nothing.
type turn struct {
	file   *os.File
	waited bool
}

// turnFile is beside the document, under a name that is not like a document's.
func turnFile(path string) string {
	return filepath.Join(filepath.Dir(path), hash(filepath.Base(path)))
}

// takeTurn waits until the one who asks has done so for patience; not at all
// with spare. The error is of package store.
func takeTurn(path string, patience time.Duration, spare bool) (turn, error) {
	name := turnFile(path)
	file, err := store.LockFile(name, 0)
	if err == nil {
		now := time.Now()
		_ = os.Chtimes(name, now, now)
		return turn{file: file}, nil
	}
	info, statErr := os.Stat(name)
	if spare || statErr != nil {
		return turn{}, err
	}
	// The one who has it may only be looking whether it is needed.
	left := max(patience-time.Since(info.ModTime()), 50*time.Millisecond)
	file, err = store.LockFile(name, min(left, patience))
	if err != nil {
		return turn{}, err
	}
	now := time.Now()
	_ = os.Chtimes(name, now, now)
	return turn{file: file, waited: true}, nil
}

func (t turn) end() {
	if t.file != nil {
		store.Unlock(t.file)
	}
}

// since reports whether a document was written after began.
func (t turn) since(path string, began time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && info.ModTime().After(began)
}

// remember writes down what came of asking: when, the code, the diagnostic.
func (t turn) remember(now time.Time, err error) {
	f, ok := fault.As(err)
	if t.file == nil || !ok {
		return
	}
	t.forget()
	_, _ = t.file.WriteAt([]byte(strconv.FormatInt(now.Unix(), 10)+"\n"+string(f.Code)+"\n"+f.Detail), 0)
}

func (t turn) forget() {
	if t.file != nil {
		_ = t.file.Truncate(0)
	}
}

// failure returns what is remembered, "" when there is nothing or it is too
// long ago.
func (t turn) failure(now time.Time) (code fault.Code, detail, ago string) {
	if t.file == nil {
		return "", "", ""
	}
	var buffer [2048]byte
	n, _ := t.file.ReadAt(buffer[:], 0)
	when, rest, _ := strings.Cut(string(buffer[:n]), "\n")
	name, detail, _ := strings.Cut(rest, "\n")
	at, err := strconv.ParseInt(when, 10, 64)
	seconds := now.Unix() - at
	if _, known := fault.Lookup(fault.Code(name)); err != nil || !known || seconds < 0 || seconds >= int64(memory/time.Second) {
		return "", "", ""
	}
	return fault.Code(name), syslog.Printable(detail, 1000), strconv.FormatInt(seconds, 10)
}
