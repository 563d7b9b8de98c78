// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"context"
	"errors"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/doctor"
	"luci-sso/internal/paths"
	"luci-sso/internal/store"
)

// TestReply is what a test of the connection found.
type TestReply struct {
	Status string          `json:"status"` // The worst of the checks.
	Took   int64           `json:"took_ms"`
	Checks []*doctor.Check `json:"checks"`
	Busy   bool            `json:"busy"` // Another test is under way; this one did not run.
}

// TestConnection asks a provider, "" for that of default, whether logging in will work with these
// options in the place of the saved ones, and these roles unless nil. An
// empty client_secret stands for the saved one. host is where the page was
// opened, "" when that is not known. One test runs at a time.
func TestConnection(ctx context.Context, provider string, options map[string]string, host string, roles []config.Role) TestReply {
	start := time.Now()
	if store.EnsureDir(paths.RunDir()) == nil {
		unlock, err := store.Lock(paths.TestLock(), 0)
		if errors.Is(err, store.ErrBusy) {
			return TestReply{Status: doctor.Fail, Checks: []*doctor.Check{}, Busy: true}
		}
		if err == nil {
			defer unlock()
		}
	}
	savedSecret(options)
	checks := doctor.Connection(ctx, paths.Config(), provider, options, host, roles)
	return TestReply{Status: doctor.Worst(checks), Took: time.Since(start).Milliseconds(), Checks: checks}
}

// savedSecret has an empty secret stand for the saved one.
func savedSecret(options map[string]string) {
	const secret = "client_secret"
	if options[secret] == "" {
		delete(options, secret)
	}
}
