// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/ending"
	"luci-sso/internal/fault"
	signin "luci-sso/internal/login"
	"luci-sso/internal/oidc"
	"luci-sso/internal/secret"
	"luci-sso/internal/session"
	"luci-sso/internal/syslog"
	"luci-sso/internal/words"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// asking is a lab whose router asks the provider again, by a clock of the
// test's.
type asking struct {
	*env
	watch ending.Watch
	ahead time.Duration
}

const (
	everyTime = 300 * time.Second
	graceTime = 3600 * time.Second
)

func newAsking(t *testing.T, refreshing idp.Refreshing) *asking {
	t.Helper()
	e := newEnv(t)
	a := &asking{env: e}
	e.IDP.SetRefreshing(refreshing)
	e.set("rate_limit", "100000")
	e.set("revalidate", strconv.Itoa(int(everyTime/time.Second)))
	e.set("revalidate_grace", strconv.Itoa(int(graceTime/time.Second)))
	a.watch = ending.Watch{
		Sessions: session.NewManager(e.Router.UbusSocket(), e.Router.At(sessionFiles), e.Router.At("/etc/luci-sso/secret.key")),
		Log:      syslog.New(e.Router.At("/dev/log")),
		Now:      func() session.Moment { return session.Now().After(a.ahead) },
		Party: func(c *config.Config, notice func(string)) *oidc.Party {
			trusting, err := config.With(e.Router.At("/etc/config/luci-sso"), c.Provider, map[string]string{"ca_file": e.Router.At("/etc/ssl/certs/ca-certificates.crt")})
			if err != nil {
				trusting = c // It is not asked while the settings cannot be read.
			}
			return signin.RelyingParty(trusting, e.Router.At("/var/run/luci-sso/cache"), notice)
		},
		AskingTime: 45 * time.Second,
	}
	t.Cleanup(a.watch.Sessions.Close)
	return a
}

// after is what cron does each minute for a while.
func (a *asking) after(d time.Duration) {
	a.t.Helper()
	for end := a.ahead + d; a.ahead < end; {
		a.ahead += min(time.Minute, end-a.ahead)
		a.due()
	}
}

func (a *asking) due() {
	a.t.Helper()
	a.watch.Config = ending.Settings(a.Router.At("/etc/config/luci-sso"))
	if err := a.watch.Due(context.Background()); err != nil {
		a.t.Fatal(err)
	}
}

// refreshes counts the requests with a refresh token.
func (a *asking) refreshes() (n int) {
	for _, r := range a.IDP.Requests(idp.Token) {
		if r.Form.Get("grant_type") == "refresh_token" {
			n++
		}
	}
	return n
}

func (a *asking) record(s person) session.Record {
	a.t.Helper()
	r, err := a.watch.Sessions.Record(session.Handle(s.ID))
	a.must(err)
	return r
}

var askingCases = []codeCase{
	sessionEnd(fault.SessionRevoked, func(e *env) {
		e.IDP.SetRefreshing(idp.Refreshing{Always: true})
		e.set("revalidate", "1")
		s := e.signedIn("alice")
		time.Sleep(1200 * time.Millisecond)
		e.luciSSO("sessions", "--due")
		if !e.lives(s) {
			e.t.Fatal("the session of somebody in good standing was ended")
		}
		e.IDP.Disable("alice", true)
		mark := e.Mark()
		time.Sleep(1200 * time.Millisecond)
		e.luciSSO("sessions", "--due")
		if e.lives(s) {
			e.t.Error("whose account is disabled is still in")
		}
		e.told(mark, fault.SessionRevoked, `invalid_grant" (The account is disabled); for the provider's admin: activate`)

		e.IDP.Disable("alice", false)
		e.IDP.SetRefreshing(idp.Refreshing{Always: true, Refused: true})
		e.signedIn("alice")
		mark = e.Mark()
		time.Sleep(1200 * time.Millisecond)
		e.luciSSO("sessions", "--due")
		// What helps with a code does not help here.
		e.told(mark, fault.SessionRevoked, "(No refresh token is accepted any more)\n")
	}),
	sessionEnd(fault.SessionUnconfirmed, func(e *env) {
		e.IDP.SetRefreshing(idp.Refreshing{Never: true})
		e.set("revalidate", "1")
		e.set("revalidate_grace", "2")
		mark := e.Mark()
		s := e.signedIn("alice")
		if log := strings.Join(e.Log(mark), "\n"); !strings.Contains(log, "add offline_access to option scope, for some also prompt=consent to option auth_param") {
			e.t.Errorf("the login's log does not say what to add:\n%s", log)
		}
		time.Sleep(1200 * time.Millisecond)
		e.luciSSO("sessions", "--due")
		if !e.lives(s) {
			e.t.Fatal("there was no patience")
		}
		time.Sleep(2200 * time.Millisecond)
		e.luciSSO("sessions", "--due")
		if e.lives(s) {
			e.t.Error("a session of which nothing is known lives on")
		}
		e.told(mark, fault.SessionUnconfirmed, "offline_access", "could not be asked about 1 sessions")
	}),
}

// Somebody in good standing stays in, and the provider is asked as often as
// the option says and not more; a disabled person goes within that time and a
// minute.
func TestAskedAgain(t *testing.T) {
	t.Parallel()
	for name, refreshing := range map[string]idp.Refreshing{
		"the same token": {Always: true}, "a new token each time": {Always: true, Rotate: true}, "no ID token": {Always: true, NoID: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAsking(t, refreshing)
			alice, bob := a.signedIn("alice"), a.signedIn("bob")
			a.after(time.Hour)
			if !a.lives(alice) || !a.lives(bob) {
				t.Fatalf("somebody in good standing was put out:\n%s", strings.Join(a.Log(0), "\n"))
			}
			if n := a.refreshes(); n != 24 {
				t.Errorf("the provider was asked %d times in an hour about two sessions, want 24", n)
			}
			a.IDP.Disable("alice", true)
			a.after(everyTime + time.Minute)
			if a.lives(alice) || !a.lives(bob) {
				t.Errorf("alice, who is disabled, lives: %t; bob lives: %t", a.lives(alice), a.lives(bob))
			}
			if r := a.record(bob); refreshing.Rotate && !contains(a.IDP.RefreshTokens(), r.Refresh) {
				t.Error("bob's kept refresh token is not the provider's newest")
			}
			a.checkSecrets(a.Log(0))
		})
	}
}

func contains(list []string, token secret.Value) bool {
	for _, one := range list {
		if token.Equal(secret.New(one)) {
			return true
		}
	}
	return false
}

// Without the option there is no refresh token on the router.
func TestRefreshTokenOnlyOnDemand(t *testing.T) {
	t.Parallel()
	a := newAsking(t, idp.Refreshing{Always: true})
	a.set("revalidate", "0")
	if s := a.signedIn("alice"); !a.record(s).Refresh.Empty() {
		t.Error("a refresh token is kept that nobody has a use for")
	}
	a.set("revalidate", "300")
	s := a.signedIn("bob")
	token := a.record(s).Refresh
	if token.Empty() {
		t.Fatal("no refresh token is kept")
	}
	for name, value := range s.Values {
		if text, _ := value.(string); token.Equal(secret.New(text)) {
			t.Errorf("rpcd tells the refresh token as %s", name)
		}
	}
	out, err := exec.Command("grep", "-rlF", token.Reveal(), a.Router.Root).Output()
	if err == nil {
		t.Errorf("the refresh token lies open in %s", out)
	}
}

// A refresh token that is no longer needed is revoked: at the logout, when the
// session idles out, and when it is ended here; not one that is in use.
func TestRevocation(t *testing.T) {
	t.Parallel()
	a := newAsking(t, idp.Refreshing{Always: true})
	out, idle, stays := a.signedIn("alice"), a.signedIn("alice"), a.signedIn("bob")
	if n := len(a.IDP.RefreshTokens()); n != 3 {
		t.Fatalf("the provider has given %d refresh tokens", n)
	}
	if r := a.cgi(lab.Request{Path: "/logout", Query: "stoken=" + out.Token, Cookie: "sysauth_https=" + out.ID}); r.Status != 302 {
		t.Fatalf("the logout:\n%s", r.Raw)
	}
	_, err := a.Router.Ubus("session", "destroy", map[string]any{"ubus_rpc_session": idle.ID}) // As when it idles out.
	a.must(err)
	kept := a.record(stays).Refresh
	a.IDP.Down()
	a.after(time.Minute)
	a.must(a.IDP.Up())
	if n := len(a.IDP.RefreshTokens()); n != 3 {
		t.Fatalf("%d refresh tokens while the provider cannot be told", n)
	}
	a.after(time.Minute)
	if tokens := a.IDP.RefreshTokens(); len(tokens) != 1 || !contains(tokens, kept) {
		t.Errorf("%d refresh tokens are good still, want bob's alone", len(tokens))
	}
	if left := names(t, a.Router.At(sessionFiles)); len(left) != 1 {
		t.Errorf("the files are %v", left)
	}
}

// A hundred sessions at once, half of them to go: the right ones go, over one
// connection.
func TestHundredSessionsAsked(t *testing.T) {
	t.Parallel()
	a := newAsking(t, idp.Refreshing{Always: true, Rotate: true})
	people := make([]person, 100)
	for i := range people {
		a.With(func() { people[i] = a.signedIn("alice") }, idp.Fault{IDToken: func(token *idp.IDToken) { token.Claims["sub"] = "person " + strconv.Itoa(i) }})
	}
	// Every second one has lost the address that the role is for.
	number := map[string]int{}
	for i := range people {
		number[a.record(people[i]).SID] = i
	}
	if len(number) != len(people) {
		t.Fatalf("the provider has given %d sids", len(number))
	}
	a.inject(idp.Fault{IDToken: func(token *idp.IDToken) {
		sid, _ := token.Claims["sid"].(string)
		i := number[sid]
		token.Claims["sub"] = "person " + strconv.Itoa(i)
		if i%2 == 1 {
			token.Claims["email"] = "nobody@example.com"
		}
	}})
	before := a.IDP.Connections()
	a.after(everyTime)
	if n := a.IDP.Connections() - before; n > 2 {
		t.Errorf("%d connections were made", n)
	}
	for i := range people {
		if a.lives(people[i]) != (i%2 == 0) {
			t.Errorf("session %d lives: %t", i, a.lives(people[i]))
		}
	}
}

// The page and the shell say until when a session lasts and when it was
// confirmed; doctor and Test connection what to add where no refresh token
// comes.
func TestWhatIsSaidOfSessions(t *testing.T) {
	t.Parallel()
	a := newAsking(t, idp.Refreshing{}) // With offline_access only.
	list := func() (s struct{ Until, Confirmed int64 }) {
		var reply struct {
			Sessions []struct{ Until, Confirmed int64 }
		}
		a.must(json.Unmarshal([]byte(a.luciSSO("sessions", "--json")), &reply))
		if len(reply.Sessions) != 1 {
			t.Fatalf("sessions: %+v", reply)
		}
		return reply.Sessions[0]
	}
	doctor := func(want ...string) {
		t.Helper()
		out, _ := exec.Command(a.Router.CGI(), "doctor").CombinedOutput()
		for _, text := range want {
			if !strings.Contains(string(out), text) {
				t.Errorf("doctor does not say %q:\n%s", text, out)
			}
		}
	}
	s := a.signedIn("alice")
	doctor(words.RefreshAbsent, "offline_access'", "lacks their line")
	a.must(os.MkdirAll(a.Router.At("/etc/crontabs"), 0o755))
	a.must(os.WriteFile(a.Router.At("/etc/crontabs/root"), []byte("* * * * * luci-sso sessions --due\n"), 0o600))
	doctor("cron is not enabled")
	a.must(os.MkdirAll(a.Router.At("/etc/rc.d"), 0o755))
	a.must(os.WriteFile(a.Router.At("/etc/rc.d/S50cron"), nil, 0o755))
	doctor("looks after the sessions each minute")
	a.set("scope", "openid profile email groups offline_access")
	doctor(words.RefreshUnknown)
	a.luciSSO("sessions", "--end", session.Handle(s.ID))
	a.set("session_lifetime", "600")
	now := time.Now().Unix()
	s = a.signedIn("alice")
	doctor(words.RefreshSeen)
	if got := list(); got.Until < now+595 || got.Until > now+605 || got.Confirmed < now-3 || got.Confirmed > now+3 {
		t.Errorf("until %d s, confirmed %d s from now", got.Until-now, got.Confirmed-now)
	}
	if out := a.luciSSO("sessions"); !strings.Contains(out, "UNTIL") {
		t.Errorf("luci-sso sessions:\n%s", out)
	}
	a.set("session_lifetime", "0")
	a.set("revalidate", "0")
	a.luciSSO("sessions", "--end", session.Handle(s.ID))
	a.signedIn("alice")
	if got := list(); got.Until != 0 || got.Confirmed != 0 {
		t.Errorf("without an option: %+v", got)
	}
}

// Each provider is asked about its own people, by its own settings.
func TestEachProviderIsAskedAboutItsOwn(t *testing.T) {
	t.Parallel()
	e, other := two(t)
	other.SetRefreshing(idp.Refreshing{Always: true})
	e.set("other.revalidate", "1")
	e.set("other.backchannel_logout", "1")
	here := e.signedIn("alice")
	there := func() person {
		r := e.cgi(e.at("other").request(htmlClient))
		for _, c := range r.Cookies() {
			if s, ok, err := e.Session(c.Value); err == nil && ok && c.Name == "sysauth_https" {
				return person{&s}
			}
		}
		t.Fatalf("no login at the other provider:\n%s", r.Raw)
		return person{}
	}
	asked := there()
	other.Disable("alice", true)
	time.Sleep(1200 * time.Millisecond)
	e.luciSSO("sessions", "--due")
	if e.lives(asked) || !e.lives(here) {
		t.Errorf("who is disabled at the other provider lives: %t, the one of default lives: %t", e.lives(asked), e.lives(here))
	}
	if n := e.IDP.Count(idp.Token); n != 1 {
		t.Errorf("the provider of default was asked %d times, want at the login alone", n)
	}
	other.Disable("alice", false)
	told := there()
	token, err := other.LogoutToken(told.subject(), "", nil)
	e.must(err)
	form := url.Values{"logout_token": {token}}.Encode()
	if r := e.says(form); r.Status == 200 || !e.lives(told) {
		t.Errorf("the address of default takes the other's token:\n%s", r.Raw)
	}
	named := saying(form)
	named.Query = "provider=other"
	if r := e.cgi(named); r.Status != 200 || e.lives(told) || !e.lives(here) {
		t.Errorf("the other's session lives: %t, that of default: %t\n%s\n%s", e.lives(told), e.lives(here), r.Raw, strings.Join(e.logOf(r, 0), "\n"))
	}
}
