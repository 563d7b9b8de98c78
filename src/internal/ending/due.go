// SPDX-License-Identifier: Apache-2.0

package ending

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
	"luci-sso/internal/session"
	"luci-sso/internal/store"
	"luci-sso/internal/syslog"
)

// Watch does what is due for the sessions. Cron starts it once a minute while
// an option asks for that and there are sessions.
//
// Wherever a kill interrupts it, the next one finds what is left to do in the
// sessions' files. Two do not ask the provider at the same time.
type Watch struct {
	// Config is what the settings say of a provider; nil when they cannot be
	// read, as in the middle of an edit.
	Config   func(provider string) *config.Config
	Sessions *session.Manager
	Log      *syslog.Logger
	Now      func() session.Moment
	// Party is the relying party of a provider, for one run.
	Party func(c *config.Config, notice func(string)) *oidc.Party
	// AskingTime bounds the run: what is left is the next one's.
	AskingTime time.Duration

	asked map[string]*asked
}

// Due ends the sessions whose time is over, and asks the provider about those
// for which that is due.
func (w *Watch) Due(ctx context.Context) error {
	kept, err := w.Sessions.Kept()
	if err != nil {
		return err
	}
	now := w.Now()
	asking := false
	for _, k := range kept {
		c := w.Config(k.Provider)
		end := Deadline(k.Record, c)
		switch {
		case k.Over:
			asking = true
		case end != 0 && now >= end:
			f := fault.New(fault.SessionLifetimeOver, "it has lasted "+seconds(now.Since(k.Began))+"; see option session_lifetime")
			err = errors.Join(err, w.end(ctx, k, f))
			asking = asking || !k.Refresh.Empty()
		case blind(c, &k), k.Blind != 0, c != nil && c.Seconds("revalidate") > 0 && now.Since(k.Confirmed) >= c.Seconds("revalidate"):
			asking = true
		}
	}
	if !asking {
		return err
	}
	unlock, lerr := w.Sessions.Lock()
	if errors.Is(lerr, store.ErrBusy) {
		return err
	}
	if lerr != nil {
		return errors.Join(err, lerr)
	}
	defer unlock()
	return errors.Join(err, w.ask(ctx))
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

// ask goes through the sessions as they are now that nobody else does.
func (w *Watch) ask(ctx context.Context) error {
	kept, err := w.Sessions.Kept()
	if err != nil {
		return err
	}
	alive, err := w.Sessions.Alive(ctx) // Afterwards: nothing in kept is newer.
	if err != nil {
		return err
	}
	w.asked = map[string]*asked{}
	defer w.finish()
	// Those last of which nothing is known yet or any more: that may be for a
	// reason of theirs, and the others must not wait for it.
	order := make([]*session.Kept, len(kept))
	for i := range kept {
		order[i] = &kept[i]
	}
	slices.SortFunc(order, func(a, b *session.Kept) int {
		switch {
		case (a.Doubt == 0) != (b.Doubt == 0):
			if a.Doubt == 0 {
				return -1
			}
			return 1
		case a.Confirmed < b.Confirmed:
			return -1
		case a.Confirmed > b.Confirmed:
			return 1
		}
		return 0
	})
	began := time.Now()
	for i := range order {
		if time.Since(began) > w.AskingTime {
			break
		}
		k := *order[i]
		c := w.Config(k.Provider)
		if k.Blind != 0 && !k.Over && c != nil {
			k.Blind = 0
			_ = w.Sessions.Keep(k)
		}
		switch {
		case k.Over || !alive(k):
			w.revoke(ctx, c, k)
		case blind(c, &k), c != nil && c.Seconds("revalidate") > 0 && w.Now().Since(k.Confirmed) >= c.Seconds("revalidate"):
			if cerr := w.settle(ctx, w.provider(k.Provider, c), k); cerr != nil {
				err = cerr
			}
		}
	}
	return err
}

// blind reports whether a session's provider was to be asked and its settings
// cannot be read: it cannot be asked then, and for a while that is an edit.
func blind(c *config.Config, k *session.Kept) bool {
	return c == nil && (!k.Refresh.Empty() || k.Doubt != 0 || k.Blind != 0)
}

// Deadline is when a session ends in any case; zero for never. A lifetime that
// was made shorter since the login holds for the sessions that live.
func Deadline(r session.Record, c *config.Config) session.Moment {
	end := r.Deadline
	if c == nil || c.Seconds("session_lifetime") <= 0 {
		return end
	}
	if by := r.Began.After(c.Seconds("session_lifetime")); end == 0 || by < end {
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

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) + " s" }
