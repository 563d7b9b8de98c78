// SPDX-License-Identifier: Apache-2.0

// Package ratelimit owns the count of requests in the current window, shared
// by all processes through one file of fixed size. It knows clients by their
// address and nothing of what they ask for.
//
// # What is admitted
//
// A window starts with the first request after the last window ended and lasts
// Window. In each window:
//
//   - Without PerClient, the first Limit requests are admitted, whoever sends
//     them, and the others refused. A flood then keeps everybody out, which is
//     what a global limit means.
//   - With PerClient, a client may send PerClient requests; what it sends
//     beyond is refused and counts for nothing else. When Limit is used up,
//     the rest is a fair share: a client that has been admitted fewer than
//     FairShare times in this window is still admitted (a login takes two: start
//     and callback), until Reserve(Limit) more have been. Then nobody is.
//
// In either case a request that would be refused is admitted after all when it
// makes a Claim that a page of another site cannot make, while the window's
// reserve for that claim lasts: OwnReserve each. Such a page can have
// somebody's browser send any number of requests, from the person's own
// address; the person still gets in. A program can forge the claims, and wins
// with it 2 * OwnReserve more requests a window.
//
// So with PerClient a flood cannot keep people out unless it comes from at
// least Reserve(Limit)/FairShare addresses in one window (333 with Limit 50),
// and what the router does at most for a flood is Limit + Reserve(Limit) requests
// a window. A client is an IPv4 address or an IPv6 /64, the smallest network
// a provider hands out, as its holder can use any address in it.
//
// # What can go wrong
//
// Nobody is ever refused for longer than a window: when the clock is set
// back, now lies before the window's start, and when it is set forward, after
// its end; either begins a new window. When the file cannot be used, requests
// are admitted and the Decision says why: the limit protects the router from
// load, and a full disk must not lock its administrator out.
package ratelimit

import (
	"strconv"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/store"
)

const (
	// FairShare is how many requests a client gets in a window whose limit
	// others have used up, when clients are limited one by one.
	FairShare = 3

	// OwnReserve is how many requests a window admits beyond the limits for
	// each claim.
	OwnReserve = 20

	reserveFactor = 20
	maxReserve    = 2000

	// lockWait bounds the wait for other processes, which hold the lock for
	// some ten microseconds each.
	lockWait = 2 * time.Second
)

// Reserve is how many requests beyond limit are admitted in a window to
// clients below their fair share: 20 times limit, at most 2000.
func Reserve(limit int) int { return min(limit, maxReserve/reserveFactor) * reserveFactor }

// Claim is what a request can say for itself beyond its client's address.
type Claim int

// The claims. What they take to make is the caller's to check.
const (
	NoClaim  Claim = iota
	OwnPage        // A page of this router led here.
	OwnLogin       // It belongs to a login that is in progress.
	claims   = iota - 1
)

// Options set the limits. Values out of range are brought into it.
type Options struct {
	Limit     int           // Requests in a window; at least 1.
	Window    time.Duration // At least 1 s, at most a day.
	PerClient int           // Requests of one client in a window; 0 = no such limit.
	Now       func() time.Time
}

// Limiter counts in one file. It holds nothing in memory.
type Limiter struct {
	path string
	opt  Options
}

// Decision says what else is to be told about a request.
type Decision struct {
	// RetryAfter is for the header of that name, in seconds: when the window
	// ends, at least 1. It is 0 when the request is admitted.
	RetryAfter int
	// Diagnostic is a line for the log when the request was admitted because
	// the count could not be kept, else empty.
	Diagnostic string
}

// Open returns a limiter on the file at path. It touches nothing yet.
func Open(path string, opt Options) *Limiter {
	opt.Limit = min(max(opt.Limit, 1), 1<<30)
	opt.Window = min(max(opt.Window, time.Second), 24*time.Hour)
	opt.PerClient = max(opt.PerClient, 0)
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Limiter{path, opt}
}

// Admit counts a request of client, which is its address as uhttpd gives it,
// and returns a TOO_MANY_REQUESTS fault when it is to be refused. Whatever is
// no address is one client of its own. claim is asked only when the request
// would be refused; nil makes none.
func (l *Limiter) Admit(client string, claim func() Claim) (Decision, error) {
	f, err := openRecord(l.path)
	if err != nil {
		return unusable(err), nil
	}
	defer store.Unlock(f)

	now := l.opt.Now().UnixMilli()
	w, err := readWindow(f)
	if err != nil {
		return unusable(store.Failed("read", l.path, err)), nil
	}
	length := l.opt.Window.Milliseconds()
	if !w.valid || now < w.start || now-w.start >= length {
		w = newWindow(now)
	}
	retry := int((w.start + length - now + 999) / 1000)

	var mine slot
	var lost error
	var refused string
	if l.opt.PerClient > 0 {
		mine, lost = findSlot(f, &w, Client(client))
		if lost == nil && int64(mine.count) >= int64(l.opt.PerClient) {
			refused = "a client sent more than " + strconv.Itoa(l.opt.PerClient) +
				" requests in " + l.window() + "; see option rate_limit_per_client"
		}
	}
	if refused == "" && !l.fits(&w, mine) {
		detail := "more than " + strconv.Itoa(l.opt.Limit) + " requests came in " + l.window()
		if l.opt.PerClient > 0 {
			detail += " and this client has had its share, or there are too many clients"
		} else {
			detail += ", from all addresses together; option rate_limit_per_client keeps one client from locking others out"
		}
		refused = detail + "; see option rate_limit"
	}
	if refused != "" {
		if claim == nil || !w.reserve(claim()) {
			return Decision{RetryAfter: retry}, fault.New(fault.TooManyRequests, refused)
		}
		if err := w.write(f); err != nil {
			return unusable(store.Failed("write", l.path, err)), nil
		}
		return Decision{}, nil
	}
	// The client first: a process killed in between has counted too little
	// for all, never charged all for what a refused client sent.
	if l.opt.PerClient > 0 && lost == nil {
		lost = mine.add(f)
	}
	w.total++
	if err := w.write(f); err != nil {
		return unusable(store.Failed("write", l.path, err)), nil
	}
	if lost != nil {
		return unusable(store.Failed("write", l.path, lost)), nil
	}
	return Decision{}, nil
}

// fits is the rule of the package comment for a client within PerClient.
func (l *Limiter) fits(w *window, mine slot) bool {
	total, limit := int64(w.total), int64(l.opt.Limit)
	if total < limit {
		return true
	}
	return l.opt.PerClient > 0 && mine.count < FairShare && total < limit+int64(Reserve(l.opt.Limit))
}

func (l *Limiter) window() string {
	return strconv.FormatInt(int64(l.opt.Window/time.Second), 10) + " s"
}

func unusable(err error) Decision {
	return Decision{Diagnostic: "requests are not being limited: " + err.Error()}
}
