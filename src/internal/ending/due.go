// SPDX-License-Identifier: Apache-2.0

package ending

import (
	"context"
	"strconv"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/session"
	"luci-sso/internal/syslog"
)

// Watch does what is due for the sessions. Cron starts it once a minute while
// an option asks for that and there are sessions.
type Watch struct {
	// Config is what the settings say of a provider; nil when they cannot be
	// read, as in the middle of an edit.
	Config   func(provider string) *config.Config
	Sessions *session.Manager
	Log      *syslog.Logger
	Now      func() session.Moment
}

// Due ends the sessions whose time is over.
func (w *Watch) Due(ctx context.Context) error {
	kept, err := w.Sessions.Kept()
	if err != nil {
		return err
	}
	now := w.Now()
	for _, k := range kept {
		end := Deadline(k.Record, w.Config(k.Provider))
		if k.Over || end == 0 || now < end {
			continue
		}
		f := fault.New(fault.SessionLifetimeOver, "it has lasted "+strconv.FormatInt(int64(now.Since(k.Began)/time.Second), 10)+" s; see option session_lifetime")
		if eerr := w.end(ctx, k, f); eerr != nil {
			err = eerr
		}
	}
	return err
}

// end ends a session. Whoever does it tells of it: another run or its owner
// may have been faster.
func (w *Watch) end(ctx context.Context, k session.Kept, f *fault.Fault) error {
	ended, err := w.Sessions.EndKept(ctx, k)
	if ended {
		tell(w.Log, k.Record, f)
	}
	return err
}

// Deadline is when a session ends in any case; zero for never. A lifetime that
// was made shorter since the login holds for the sessions that live.
func Deadline(r session.Record, c *config.Config) session.Moment {
	end := r.Deadline
	if c == nil || c.SessionLifetime <= 0 {
		return end
	}
	if by := r.Began.After(c.SessionLifetime); end == 0 || by < end {
		end = by
	}
	return end
}

// Settings reads the settings once for each provider. Whether single sign-on
// is on makes no difference to the sessions that there are.
func Settings(path string) func(provider string) *config.Config {
	read := map[string]*config.Config{}
	return func(provider string) *config.Config {
		c, ok := read[provider]
		if !ok {
			c, _ = config.Parse(path, provider)
			read[provider] = c
		}
		return c
	}
}
