// SPDX-License-Identifier: Apache-2.0

package ending

import (
	"context"
	"errors"
	"strconv"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/login"
	"luci-sso/internal/oidc"
	"luci-sso/internal/secret"
	"luci-sso/internal/session"
	"luci-sso/internal/syslog"
)

// answerTime bounds what is asked about one session.
const answerTime = 10 * time.Second

// tries is after how many failures of its network a provider counts as silent.
// One may be for a reason of one session's.
const tries = 3

// asked is a provider in one run: one connection for all of its sessions.
type asked struct {
	config   *config.Config
	blind    bool // The settings cannot be read: config has the defaults.
	party    *oidc.Party
	metadata oidc.Metadata
	silent   error // It does not answer: it is not asked about the others.
	failures int
	notes    []string
	doubted  int // Sessions about which nothing could be learned, for the first time.
	sure     int // Those that were in doubt and are not any more.
	why      error
}

// provider is the one of that name; its settings are nil while they cannot be
// read.
func (w *Watch) provider(name string, c *config.Config) *asked {
	p := w.asked[name]
	if p == nil {
		p = &asked{config: c, blind: c == nil}
		if p.blind {
			p.config = &config.Config{Provider: name}
		}
		p.party = w.Party(p.config, func(text string) { p.notes = append(p.notes, text) })
		w.asked[name] = p
	}
	return p
}

// discover fetches the provider's documents, once in a run.
func (p *asked) discover(ctx context.Context) error {
	if p.silent == nil && p.metadata.TokenEndpoint == "" {
		p.metadata, p.silent = p.party.Discover(ctx)
	}
	return p.silent
}

// finish tells what concerns a provider and not a session.
func (w *Watch) finish() {
	for _, p := range w.asked {
		name := "provider " + syslog.Quote(p.config.Provider)
		if p.doubted > 0 {
			w.Log.Line(syslog.Warning, name+" could not be asked about "+strconv.Itoa(p.doubted)+
				" sessions; unless it can, they end after "+seconds(p.config.Seconds("revalidate_grace"))+" (option revalidate_grace): "+fault.Plain(p.why))
		}
		if p.sure > 0 {
			w.Log.Line(syslog.Info, name+" can be asked again, and has confirmed "+strconv.Itoa(p.sure)+" sessions")
		}
		p.party.Channel.Close()
	}
}

// settle asks about one session and does what follows from the answer.
func (w *Watch) settle(ctx context.Context, p *asked, k session.Kept) error {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	err := w.confirm(ctx, p, &k)
	if err == nil {
		if k.Doubt != 0 {
			p.sure++
		}
		k.Confirmed, k.Doubt = w.Now(), 0
		return w.Sessions.Keep(k)
	}
	if f, ok := fault.As(err); ok {
		switch f.Code {
		case fault.SessionRevoked, fault.SessionRoleGone, fault.SessionLifetimeOver:
			if f.Code == fault.SessionRevoked {
				// A token that is refused needs no revoking.
				k.Refresh = secret.Value{}
				_ = w.Sessions.Keep(k)
			}
			return w.end(context.Background(), k, f)
		}
	}
	return w.doubt(p, k, err)
}

// doubt is for a session about which the provider could not be asked.
func (w *Watch) doubt(p *asked, k session.Kept, why error) error {
	now := w.Now()
	since := &k.Doubt
	if p.blind {
		since = &k.Blind // An edit takes nothing of the provider's time, nor the other way round.
	}
	if *since == 0 {
		*since = now
		p.doubted++
		if p.why == nil {
			p.why = why
		}
		if w.Sessions.Keep(k) != nil {
			// On a full disk it would begin anew each time.
			*since = min(now, k.Confirmed.After(p.config.Seconds("revalidate")))
		}
	}
	if now.Since(*since) < p.config.Seconds("revalidate_grace") {
		return nil
	}
	return w.end(context.Background(), k, fault.New(fault.SessionUnconfirmed,
		"the provider could not be asked about it for "+seconds(now.Since(*since))+": "+fault.Plain(why)))
}

// confirm returns nil when the provider stands by the sign-in and the person
// has the role of the session still. The faults SESSION_… say that it is to
// end; any other error that nothing was learned.
func (w *Watch) confirm(ctx context.Context, p *asked, k *session.Kept) error {
	if p.blind {
		return errors.New("the settings cannot be read")
	}
	if k.Issuer != p.config.Text("issuer_url") {
		// Its token is none of the new one's business.
		return fault.New(fault.SessionRevoked, "option issuer_url names another provider than the one that the person signed in at")
	}
	if k.Refresh.Empty() {
		return errors.New("it gave no refresh token; " + login.RefreshAdvice)
	}
	if err := p.discover(ctx); err != nil {
		return err
	}
	tokens, err := p.party.Refresh(ctx, p.metadata, k.Refresh)
	if err != nil {
		if p.failures++; fault.Is(err, fault.TokenEndpointNetworkError) && p.failures >= tries {
			p.silent = err
		}
		return err
	}
	if !tokens.Refresh.Empty() && !tokens.Refresh.Equal(k.Refresh) {
		// Before anything else: the old one may be good for nothing already.
		k.Refresh = tokens.Refresh
		if err := w.Sessions.Keep(*k); err != nil {
			w.Log.Line(syslog.Warning, "the new refresh token of a session cannot be kept, so it will end: "+err.Error())
		}
	}
	// Not every provider gives an ID token with a refresh (OIDC Core §12.2):
	// UserInfo has to say it all then.
	claims := oidc.Claims{"sub": k.Subject}
	if !tokens.ID.Empty() {
		if claims, err = p.party.VerifyRefreshed(ctx, p.metadata, tokens.ID, k.IDToken); err != nil {
			return err
		}
	}
	if subject, _ := claims.Text("sub"); subject != k.Subject {
		return fault.New(fault.SessionRevoked, "the ID token that came with a refresh is about somebody else")
	}
	if left, stated, err := claims.SessionLeft(); err != nil {
		return fault.Wrap(fault.SessionLifetimeOver, err, fault.Plain(err))
	} else if stated {
		k.Deadline = w.Now().After(left)
	}
	var note error
	flow := login.Flow{Config: p.config, Party: p.party, Note: func(f *fault.Fault) { note = f }}
	role, undecided, err := flow.Again(ctx, p.metadata, tokens, claims)
	switch {
	case undecided && note != nil:
		return note
	case undecided:
		return err
	case err != nil:
		return fault.Wrap(fault.SessionRoleGone, err, fault.Plain(err))
	case role != k.Role:
		return fault.New(fault.SessionRoleGone, "by what the provider says now, the person has the role "+syslog.Quote(role))
	}
	return nil
}

// revoke tells the provider that the refresh token of a session that has ended
// is no longer needed.
func (w *Watch) revoke(ctx context.Context, c *config.Config, k session.Kept) {
	if c == nil || k.Refresh.Empty() || k.Issuer != c.Text("issuer_url") {
		w.Sessions.Forget(k)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	p := w.provider(k.Provider, c)
	if p.discover(ctx) == nil && p.party.Revoke(ctx, p.metadata, k.Refresh) {
		w.Sessions.Forget(k)
		return
	}
	w.Sessions.Leave(k)
}
