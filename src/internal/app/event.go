// SPDX-License-Identifier: Apache-2.0

package app

import (
	"time"

	"luci-sso/internal/events"
	"luci-sso/internal/fault"
	"luci-sso/internal/paths"
)

// eventOf makes the request's event an error. A path that does not exist is
// no news about logging in, and what a scanner asks for would fill the list.
func (r *request) eventOf(f *fault.Fault) {
	if f.Code == fault.NotFound {
		return
	}
	r.event = events.Event{Kind: events.Error, Detail: f.Detail}
	for _, note := range r.notes {
		r.event.Codes = append(r.event.Codes, string(note.Code))
	}
	for _, code := range f.Chain() {
		r.event.Codes = append(r.event.Codes, string(code))
	}
}

// remember keeps what the request was about. That it could not be kept is no
// reason for anything: the log has it.
func (r *request) remember(status int) {
	if r.event.Kind == "" {
		return
	}
	r.event.Time = time.Now().Unix()
	r.event.Status = status
	if r.event.Provider == "" && r.config != nil {
		r.event.Provider = r.config.Provider
	}
	if r.Client.IsValid() {
		r.event.Client = r.Client.String()
	}
	_ = events.Add(paths.Events(), r.event)
}
