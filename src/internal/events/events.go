// SPDX-License-Identifier: Apache-2.0

// Package events owns the short memory of what happened last: logins, logouts
// and errors, for the settings page and the shell. It is a file of fixed size
// on tmpfs, written at the end of a request.
//
// It is a convenience next to the log and must never stand in a login's way:
// Add waits for nobody, and whatever goes wrong loses the event and nothing
// else. Events hold what the log may hold: no secret and no e-mail address.
package events

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/store"
	"luci-sso/internal/syslog"
)

// Kinds of events.
const (
	Login  = "login"
	Logout = "logout"
	Ended  = "ended" // A session that its owner did not end.
	Error  = "error"
)

// Event is one of them.
type Event struct {
	Time   int64    `json:"time"` // Unix seconds.
	Kind   string   `json:"kind"`
	Status int      `json:"status"` // HTTP status of the response.
	Code   string   `json:"code"`   // What the request ended in; "" unless an error.
	Codes  []string `json:"codes"`  // Cause first, outcome last.
	Role   string   `json:"role"`
	Name   string   `json:"name"` // A fingerprint, as in the log.
	Client string   `json:"client"`
	Detail string   `json:"detail"` // The diagnostic line.
	// Section of the configuration, of other providers than default.
	Provider string `json:"provider,omitempty"`
}

// The file is two rings of slots: one for logins, logouts and ends, one for errors,
// so that nobody without an account can push out who logged in.
const (
	// PerRing is how many events of each of the two sorts are kept.
	PerRing  = 25
	slotSize = 512
	fileSize = 2 * PerRing * slotSize
	sumSize  = 4
	prefix   = sumSize + 2 + 8 // Checksum, length, number.
)

// wait is how long Add waits while another process adds. That takes
// microseconds, and an event is not worth more.
const wait = 20 * time.Millisecond

// Add records an event in the file at path, whose directory must exist.
func Add(path string, e Event) error {
	if e.Provider == config.Section {
		e.Provider = ""
	}
	f, err := store.LockFile(path, wait)
	if err != nil {
		return err
	}
	defer store.Unlock(f)
	if info, err := f.Stat(); err != nil || info.Size() != fileSize {
		// New, or cut or grown by somebody else: begin anew.
		if err := errors.Join(f.Truncate(0), f.Truncate(fileSize)); err != nil {
			return err
		}
	}
	first := 0
	if e.Kind == Error {
		first = PerRing
	}
	content := make([]byte, PerRing*slotSize) // Of one ring.
	if _, err := f.ReadAt(content, int64(first)*slotSize); err != nil {
		return err
	}
	slot, number := 0, uint64(1)
	if at, newest := latest(content, 0); at >= 0 {
		slot, number = (at+1)%PerRing, newest+1
	}
	_, err = f.WriteAt(encode(e, number), int64(first+slot)*slotSize)
	return err
}

// latest finds the newest slot of the ring at slot first; -1 when there is
// none. Only that one's checksum is computed, unless it is wrong.
func latest(content []byte, first int) (at int, newest uint64) {
	for bad := uint64(0); ; bad = newest {
		at, newest = -1, 0
		for i := first; i < first+PerRing; i++ {
			number := binary.BigEndian.Uint64(content[i*slotSize+sumSize+2:])
			if number > newest && (bad == 0 || number < bad) {
				at, newest = i, number
			}
		}
		if at < 0 {
			return at, 0
		}
		if _, _, ok := read(content, at); ok {
			return at, newest
		}
	}
}

// List returns the events in the file at path, newest first. No file, no
// events; what is damaged is left out.
func List(path string) []Event {
	content, err := store.ReadFile(path, fileSize)
	if err != nil || len(content) != fileSize {
		return []Event{}
	}
	rings := [2][]Event{ring(content, 0), ring(content, PerRing)}
	list := make([]Event, 0, 2*PerRing)
	for len(rings[0])+len(rings[1]) > 0 {
		newer := 0
		if len(rings[0]) == 0 || len(rings[1]) > 0 && rings[1][0].Time > rings[0][0].Time {
			newer = 1
		}
		list = append(list, rings[newer][0])
		rings[newer] = rings[newer][1:]
	}
	return list
}

// ring returns the events of the ring at slot first, newest first by their
// numbers: a clock that is set back does not reorder them.
func ring(content []byte, first int) (list []Event) {
	at, newest := latest(content, first)
	for i := 0; at >= 0 && i < PerRing; i++ {
		number, text, ok := read(content, first+(at-first-i+PerRing)%PerRing)
		if !ok || number != newest-uint64(i) {
			break
		}
		if e, ok := decode(text); ok {
			list = append(list, e)
		}
	}
	return list
}

// encode makes a slot. A slot lies within one page, so that a process killed
// while writing it leaves the old one or the new one, and the checksum tells
// what does not hold this.
func encode(e Event, number uint64) []byte {
	short := func(text string, limit int) string { return syslog.Printable(text, limit) }
	text := strings.Join([]string{
		strconv.FormatInt(e.Time, 10), e.Kind, strconv.Itoa(e.Status), short(strings.Join(e.Codes, ","), 120),
		short(e.Role, 40), short(e.Name, 16), short(e.Client, 48), short(e.Detail, 200), short(e.Provider, 32),
	}, "\n")
	slot := make([]byte, slotSize)
	text = text[:min(len(text), slotSize-prefix)]
	copy(slot[prefix:], text)
	binary.BigEndian.PutUint16(slot[sumSize:], uint16(len(text))) // #nosec G115 -- at most slotSize
	binary.BigEndian.PutUint64(slot[sumSize+2:], number)
	sum := sha256.Sum256(slot[sumSize:])
	copy(slot, sum[:sumSize])
	return slot
}

func read(content []byte, i int) (number uint64, text string, ok bool) {
	slot := content[i*slotSize : (i+1)*slotSize]
	length := int(binary.BigEndian.Uint16(slot[sumSize:]))
	number = binary.BigEndian.Uint64(slot[sumSize+2:])
	if number == 0 || length > slotSize-prefix {
		return 0, "", false
	}
	if sum := sha256.Sum256(slot[sumSize:]); string(sum[:sumSize]) != string(slot[:sumSize]) {
		return 0, "", false
	}
	return number, string(slot[prefix : prefix+length]), true
}

func decode(text string) (e Event, ok bool) {
	fields := strings.Split(text, "\n")
	if len(fields) == 8 {
		fields = append(fields, "") // Of a version that knew one provider.
	}
	if len(fields) != 9 {
		return e, false
	}
	at, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return e, false
	}
	e = Event{Time: at, Kind: fields[1], Codes: []string{}, Role: fields[4], Name: fields[5], Client: fields[6], Detail: fields[7], Provider: fields[8]}
	e.Status, err = strconv.Atoi(fields[2])
	if fields[3] != "" {
		e.Codes = strings.Split(fields[3], ",")
		e.Code = e.Codes[len(e.Codes)-1]
	}
	return e, err == nil
}
