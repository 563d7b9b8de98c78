// SPDX-License-Identifier: Apache-2.0

// Package trial owns the sign-ins that are only tried: what the settings page
// holds, on its way through the provider and back to that page. It knows
// neither HTTP nor the login, and nothing in it leads to a session: its files
// are sealed for this purpose alone, lie in a directory of their own, and no
// login looks there.
//
// A trial goes through three files. The page's wish is named by its ticket,
// which the page puts into a cookie; the browser that has it departs once. What
// is away at the provider is named by another cookie. What came of it lies under
// the ticket again, until the session that asked for it has fetched it. All of
// that takes five minutes at most from the wish.
package trial

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/handshake"
	"luci-sso/internal/paths"
	"luci-sso/internal/random"
	"luci-sso/internal/seal"
	"luci-sso/internal/secret"
	"luci-sso/internal/store"
)

// Lifetime is how long a trial may take.
const Lifetime = 5 * time.Minute

const (
	capacity = 16        // Files of all trials.
	maxFile  = 256 << 10 // Bytes of one.
)

// The phases: what the page wishes, what is away at the provider, what came.
const (
	wish = "wish"
	away = "away"
	came = "came"
)

// Why there is no such trial.
var (
	ErrNone = errors.New("there is no trial for this browser: it was used already, is older than five minutes, or belongs to another browser")
	ErrFull = errors.New("too many trials are under way: try again in five minutes")
)

// Settings are what the form holds.
type Settings struct {
	Provider string // Section of the configuration.
	Options  map[string]string
	Roles    []config.Role // nil for the configured ones.
}

// Config is the configuration that a trial is made with.
func (s Settings) Config() (*config.Config, error) {
	c, err := config.With(paths.Config(), s.Provider, s.Options)
	if err == nil && s.Roles != nil {
		c.Roles = config.RolesFor(s.Roles, c.Provider)
	}
	return c, err
}

// Trial is one sign-in that is tried.
type Trial struct {
	Ticket  string
	Session string // rpcd's id of the session that asked.
	Issued  time.Time
	Settings

	// Since it is away.
	RedirectURI            string
	State, Nonce, Verifier string
}

// Wish keeps what a session wants to try, and returns the ticket.
func Wish(session string, s Settings) (ticket string, err error) {
	if err := store.EnsureDir(paths.RunDir()); err != nil {
		return "", err
	}
	if err := store.EnsureDir(paths.Trials()); err != nil {
		return "", err
	}
	if _, err := Reap(time.Now()); err != nil {
		return "", err
	}
	files := 0
	if err := store.Each(paths.Trials(), func(string) { files++ }); err != nil {
		return "", err
	}
	if files >= capacity {
		return "", ErrFull
	}
	if ticket, err = random.Token(); err != nil {
		return "", err
	}
	return ticket, put(wish, ticket, Trial{Ticket: ticket, Session: session, Issued: time.Now(), Settings: s})
}

// Depart takes the trial of a ticket. Only one caller gets it.
func Depart(ticket secret.Value) (Trial, error) { return take(wish, ticket, nil) }

// Away keeps a trial that has been sent to the provider, and returns the
// content of its cookie.
func Away(t Trial) (secret.Value, error) {
	handle, err := random.Token()
	if err != nil {
		return secret.Value{}, err
	}
	return secret.New(handle), put(away, handle, t)
}

// Return takes the trial that a browser comes back with. A state that is not
// the trial's leaves it as it is: anybody can make a browser follow a link.
func Return(cookie, state secret.Value) (Trial, error) {
	return take(away, cookie, func(t Trial) bool { return state.Equal(secret.New(t.State)) })
}

// Pending is the trial as the login knows one that is away.
func (t Trial) Pending() handshake.Pending {
	return handshake.Pending{
		Provider: t.Provider, RedirectURI: t.RedirectURI, Issued: t.Issued,
		State: secret.New(t.State), Nonce: secret.New(t.Nonce), Verifier: secret.New(t.Verifier),
	}
}

// Came keeps what came of a trial, for its page.
func Came(t Trial, result []byte) error {
	return put(came, t.Ticket, outcome{t.Session, t.Issued, result})
}

type outcome struct {
	Session string
	Issued  time.Time
	Result  []byte
}

// Fetch gives what came of a trial to the session that asked for it, once. ok
// is false while nothing has come, and for everybody else.
func Fetch(ticket secret.Value, session string) (result []byte, ok bool, err error) {
	var o outcome
	if get(came, ticket.Reveal(), &o) != nil || !secret.New(session).Equal(secret.New(o.Session)) || !live(o.Issued) {
		return nil, false, nil
	}
	if err := os.Remove(path(came, ticket.Reveal())); err != nil {
		return nil, false, err // It would be there for a second time.
	}
	return o.Result, true, nil
}

// Reap removes what is older than a trial may be.
func Reap(now time.Time) (removed int, err error) {
	return store.Reap(paths.Trials(), func(name string, stamp time.Time) bool {
		return store.Age(now, stamp).Abs() > Lifetime+time.Second
	})
}

func take(phase string, name secret.Value, fits func(Trial) bool) (Trial, error) {
	var t Trial
	if name.Empty() || get(phase, name.Reveal(), &t) != nil || !live(t.Issued) || fits != nil && !fits(t) {
		return Trial{}, ErrNone
	}
	// The kernel lets exactly one caller remove a name.
	if os.Remove(path(phase, name.Reveal())) != nil {
		return Trial{}, ErrNone
	}
	return t, nil
}

func live(issued time.Time) bool {
	age := time.Since(issued)
	return age >= 0 && age <= Lifetime
}

func path(phase, name string) string {
	sum := sha256.Sum256([]byte(name))
	return paths.Trials() + "/" + hex.EncodeToString(sum[:]) + "." + phase
}

func purpose(phase string) seal.Purpose { return seal.Purpose("trial, " + phase) }

func put(phase, name string, content any) error {
	key, err := seal.Make(paths.SecretKey())
	if err != nil {
		return err
	}
	plain, err := json.Marshal(content)
	if err != nil {
		return err
	}
	sealed, err := key.Seal(purpose(phase), name, plain)
	if err != nil {
		return err
	}
	return store.WriteFile(path(phase, name), sealed)
}

func get(phase, name string, into any) error {
	sealed, err := store.ReadFile(path(phase, name), maxFile)
	if err != nil {
		return err
	}
	key, err := seal.Load(paths.SecretKey())
	if err != nil {
		return err
	}
	plain, err := key.Open(purpose(phase), name, sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, into)
}
