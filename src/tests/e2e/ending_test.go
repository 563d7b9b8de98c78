// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"

	"luci-sso/internal/acl"
	"luci-sso/internal/events"
	"luci-sso/internal/fault"
	"luci-sso/internal/session"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// luciSSO runs a command at the router's shell.
func (e *env) luciSSO(args ...string) string {
	e.t.Helper()
	out, err := exec.Command(e.Router.CGI(), args...).CombinedOutput()
	if err != nil {
		e.t.Fatalf("luci-sso %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// person is somebody with a session.
type person struct{ *lab.Session }

func (p person) subject() string {
	sub, _ := p.Values["luci_sso_sub"].(string)
	return sub
}

func (e *env) signedIn(name string) person {
	e.t.Helper()
	s, err := e.Login(name)
	e.must(err)
	return person{s}
}

// click is what any use of LuCI does to a session: it restarts the idle time.
func (e *env) click(s person) {
	e.t.Helper()
	_, err := e.Router.Ubus("session", "get", ubus.Table{"ubus_rpc_session": s.ID})
	e.must(err)
}

func (e *env) lives(s person) bool {
	e.t.Helper()
	_, ok, err := e.Session(s.ID)
	e.must(err)
	return ok
}

// told checks that the log and the last events say why a session ended, and
// nothing secret.
func (e *env) told(mark int, code fault.Code, facts ...string) {
	e.t.Helper()
	log := strings.Join(e.Log(mark), "\n")
	entry, _ := fault.Lookup(code)
	for _, fact := range append(facts, "] "+string(code)) {
		if !strings.Contains(log, fact) {
			e.t.Errorf("the log lacks %q:\n%s", fact, log)
		}
	}
	e.checkSecrets([]string{log})
	list := events.List(e.Router.At("/var/run/luci-sso/events"))
	if len(list) == 0 || list[0].Kind != events.Ended || list[0].Code != string(code) || list[0].Status != entry.Status || list[0].Detail == "" {
		e.t.Errorf("the last events are %+v", list)
	}
}

// sessionEnd is a case of a code with which a session ends: no request fails.
func sessionEnd(code fault.Code, run func(e *env)) codeCase {
	return codeCase{string(code), run}
}

var endingCases = []codeCase{
	sessionEnd(fault.SessionRoleGone, func(e *env) {
		s := e.signedIn("alice")
		mark := e.Mark()
		e.withoutRole(s.Role)
		e.luciSSO("sync", "--pending")
		if e.lives(s) {
			e.t.Error("whose role is gone is still in")
		}
		e.told(mark, fault.SessionRoleGone, "not configured any more")
	}),
	sessionEnd(fault.SessionLifetimeOver, func(e *env) {
		e.set("session_lifetime", "2")
		s := e.signedIn("alice")
		mark := e.Mark()
		e.luciSSO("sessions", "--due")
		if !e.lives(s) {
			e.t.Fatal("the session ended at once")
		}
		for range 5 {
			time.Sleep(500 * time.Millisecond)
			e.click(s)
		}
		e.luciSSO("sessions", "--due")
		if e.lives(s) {
			e.t.Error("the session outlives its time")
		}
		e.told(mark, fault.SessionLifetimeOver, "session_lifetime")
	}),
	sessionEnd(fault.SessionEndedByProvider, func(e *env) {
		e.set("backchannel_logout", "1")
		s := e.signedIn("alice")
		mark := e.Mark()
		if r := e.logoutToken(s.subject(), "", nil); r.Status != 200 {
			e.t.Errorf("the provider's logout:\n%s", r.Raw)
		}
		if e.lives(s) {
			e.t.Error("who signed out at the provider is still in")
		}
		e.told(mark, fault.SessionEndedByProvider, "sessions ended: 1")
	}),
	{string(fault.LogoutTokenInvalid), func(e *env) {
		e.set("backchannel_logout", "1")
		s := e.signedIn("alice")
		e.refusesLogout(s, fault.LogoutTokenInvalid, "has no field logout_token", e.says("x=y"))
	}},
	{string(fault.BackchannelLogoutFailed), func(e *env) {
		e.set("backchannel_logout", "1")
		s := e.signedIn("alice")
		e.forget()
		e.inject(answer(idp.JWKS, idp.Answer{Status: 500}))
		e.refusesLogout(s, fault.BackchannelLogoutFailed, "JWKS_FETCH_FAILED", e.says(e.makes(s.subject(), "", nil)))
	}},
}

// withoutRole takes a role out of the configuration.
func (e *env) withoutRole(name string) {
	e.t.Helper()
	text, err := os.ReadFile(e.Router.At("/etc/config/luci-sso"))
	e.must(err)
	before, rest, found := strings.Cut(string(text), "config role '"+name+"'")
	if !found {
		e.t.Fatalf("there is no role %q in\n%s", name, text)
	}
	_, after, more := strings.Cut(rest, "\nconfig ")
	if more {
		after = "config " + after
	}
	e.must(e.WriteConfig(before + after))
}

// Whose role is gone is put out, others are not; the package's removal puts
// everybody out, and a file that cannot be read nobody.
func TestRoleGone(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	alice, bob := e.signedIn("alice"), e.signedIn("bob")
	if alice.Role == bob.Role {
		t.Fatal("this test needs two roles")
	}
	text, err := os.ReadFile(e.Router.At("/etc/config/luci-sso"))
	e.must(err)
	e.must(e.WriteConfig("config 'broken\n"))
	_ = exec.Command(e.Router.CGI(), "sync", "--pending").Run()
	if !e.lives(alice) || !e.lives(bob) {
		t.Fatal("a file that cannot be read put somebody out")
	}
	e.must(e.WriteConfig(string(text)))
	e.withoutRole(bob.Role)
	e.luciSSO("sync", "--pending")
	if !e.lives(alice) || e.lives(bob) {
		t.Errorf("alice lives: %t, bob lives: %t", e.lives(alice), e.lives(bob))
	}
	e.luciSSO("sync", "--remove")
	if e.lives(alice) {
		t.Error("a session outlives the package")
	}
	if left := names(t, e.Router.At(sessionFiles)); len(left) != 0 {
		t.Errorf("files of sessions are left: %v", left)
	}
}

// The provider's own limit counts where it is the earlier one, by the
// provider's clock.
func TestSessionExpiryOfTheProvider(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	expiry := func(seconds int64) {
		e.inject(idp.Fault{IDToken: func(token *idp.IDToken) {
			token.Claims["session_expiry"] = token.Claims["iat"].(int64) + seconds
		}})
	}
	expiry(2)
	off := e.signedIn("alice")
	e.set("session_lifetime", "3600")
	s := e.signedIn("bob")
	for range 5 {
		time.Sleep(500 * time.Millisecond)
		e.click(s)
	}
	e.luciSSO("sessions", "--due")
	if e.lives(s) {
		t.Error("the session outlives the provider's session_expiry")
	}
	if !e.lives(off) {
		t.Error("session_expiry ended a session that was made while no option asked for it")
	}
	expiry(-1)
	if r := login(e, plainClient); r.Status != 401 {
		t.Errorf("a login whose session is over at the provider:\n%s", r.Raw)
	}
	e.inject(idp.Fault{IDToken: func(token *idp.IDToken) { token.Claims["session_expiry"] = "soon" }})
	if r := login(e, plainClient); r.Status != 401 {
		t.Errorf("a session_expiry that nobody can read:\n%s", r.Raw)
	}
}

// A login that is killed between rpcd's answer and the end of it leaves
// nothing that nobody can end, and nothing that lasts.
func TestLoginKilledHalfway(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"create", "set"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			before := len(e.Router.RPCD.Snapshot())
			e.Router.Broker.SetFault("session", method, ubusd.Fault{Hang: true})
			request := e.pending("alice").request(plainClient)
			request.KillAfter = time.Second
			if r := e.cgi(request); !r.Killed {
				t.Fatalf("it was not killed:\n%s", r.Raw)
			}
			e.Router.Broker.ClearFaults()
			dir := e.Router.At(sessionFiles)
			for name := range names(t, dir) {
				if !strings.HasSuffix(name, ".new") {
					t.Errorf("%s looks like the file of a whole session", name)
				}
				backdate(t, filepath.Join(dir, name), time.Hour)
			}
			s := e.signedIn("bob") // Whoever comes next cleans up.
			left := names(t, dir)
			if len(left) != 1 || !e.lives(s) {
				t.Errorf("the files are %v", left)
			}
			if n := len(e.Router.RPCD.Snapshot()); n != before+1 {
				t.Errorf("%d sessions, before %d: want bob's alone in addition", n, before)
			}
		})
	}
}

// A thousand sessions, of which rpcd's list shows a part: the command shows
// all, says that the list is cut, and ends each.
func TestThousandSessionsAtTheShell(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	s := e.signedIn("alice")
	manager := session.NewManager(e.Router.UbusSocket(), e.Router.At(sessionFiles), e.Router.At("/etc/luci-sso/secret.key"))
	t.Cleanup(manager.Close)
	e.Router.RPCD.CutList(e.Router.Broker, 1<<20)
	const n = 1000
	grants := acl.Grants{}
	for i := range 60 {
		grants["ubus"] = append(grants["ubus"], acl.Pair{Object: "some.object.of.a.router." + strconv.Itoa(i), Function: "some_method"})
	}
	for i := range n {
		_, err := manager.Create(context.Background(), session.Login{
			Role: s.Role, Timeout: time.Hour, Subject: strconv.Itoa(i), Name: "n", Issuer: e.IDP.URL, At: time.Now(), Began: time.Now(), Grants: grants,
		})
		e.must(err)
	}
	out := e.luciSSO("sessions")
	if lines := strings.Count(out, "\n"); lines != n+3 || !strings.Contains(out, "more sessions than it can list") {
		t.Errorf("%d lines:\n%s", lines, out[:min(len(out), 2000)])
	}
	e.luciSSO("sessions", "--end", session.Handle(s.ID))
	if e.lives(s) {
		t.Error("the session lives")
	}
	e.withoutRole(s.Role)
	e.luciSSO("sync", "--pending")
	if left := names(t, e.Router.At(sessionFiles)); len(left) != 0 {
		t.Errorf("%d sessions outlive their role", len(left))
	}
}
