// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"strconv"
	"time"

	"luci-sso/lab/idp"
)

// Asking is what cron's job costs while the provider is asked about sessions
// every five minutes: CPU time in milliseconds of one run.
type Asking struct {
	Sessions int     `json:"sessions"`
	None     float64 `json:"none_due_ms"`
	Few      float64 `json:"a_fifth_due_ms"` // As when they are spread over the minutes.
	All      float64 `json:"all_due_ms"`     // As after a power cut, when all came back at once.
	Login    float64 `json:"login_ms"`       // Start and callback.
}

// PerMinute is the mean of a minute in logins: spread, and all at once.
func (a Asking) PerMinute() (spread, atOnce float64) {
	return a.Few / a.Login, (a.All + 4*a.None) / 5 / a.Login
}

// asking measures it with 20 sessions.
func (b *bench) asking(r *report) error {
	const number, every = 20, 3 * time.Second
	a := &Asking{Sessions: number}
	var err error
	if a.Login, err = b.login(); err != nil {
		return err
	}
	b.lab.IDP.SetRefreshing(idp.Refreshing{Always: true, Rotate: true})
	defer b.lab.IDP.SetRefreshing(idp.Refreshing{})
	if err := b.lab.SetUCI("revalidate", strconv.Itoa(int(every/time.Second))); err != nil {
		return err
	}
	defer func() { _ = b.lab.SetUCI("revalidate") }()
	come := func(from, to int) (err error) {
		for i := from; i < to && err == nil; i++ {
			// A person of its own for each, or they would end one another's.
			b.lab.With(func() { _, err = b.lab.Login("alice") }, idp.Fault{IDToken: func(token *idp.IDToken) { token.Claims["sub"] = strconv.Itoa(i) }})
		}
		return err
	}
	var none, few, all []sample
	for range max(b.settings.rounds/6, 3) {
		if err := os.RemoveAll(b.at("/var/run/luci-sso/sessions")); err != nil {
			return err
		}
		if err := come(0, number/5); err != nil {
			return err
		}
		time.Sleep(every)
		if err := come(number/5, number); err != nil {
			return err
		}
		for _, into := range []*[]sample{&few, &none} {
			s, err := execute(b.lab.Shell("sessions", "--due"))
			if err != nil {
				return err
			}
			*into = append(*into, s)
		}
		time.Sleep(every + time.Second)
		s, err := execute(b.lab.Shell("sessions", "--due"))
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	a.None, a.Few, a.All = summarize(none).CPU, summarize(few).CPU, summarize(all).CPU
	r.Asking = a
	return nil
}
