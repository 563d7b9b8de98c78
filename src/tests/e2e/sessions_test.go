// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/session"
	"luci-sso/lab"
)

const sessionFiles = "/var/run/luci-sso/sessions"

// One account that signs in again and again keeps a few sessions, the newest,
// and the page's list and its button to end one agree with rpcd.
func TestOneAccountSignsInAgainAndAgain(t *testing.T) {
	t.Parallel()
	l := busyLab(t)
	bob, err := l.Login("bob")
	if err != nil {
		t.Fatal(err)
	}
	var last *lab.Session
	for range 3 * session.PerPerson {
		if last, err = l.Login("alice"); err != nil {
			t.Fatal(err)
		}
	}
	live, err := l.Sessions()
	if err != nil || len(live) != session.PerPerson+1 {
		t.Errorf("%d sessions live (%v), want %d of one person and one of another", len(live), err, session.PerPerson)
	}
	for _, id := range []string{bob.ID, last.ID} {
		if _, ok, err := l.Session(id); !ok {
			t.Errorf("the other person's and the newest session have to live: %v", err)
		}
	}
	if n := len(names(t, l.Router.At(sessionFiles))); n != len(live) {
		t.Errorf("%d files of %d sessions", n, len(live))
	}
	out, err := exec.Command(l.Router.CGI(), "sessions", "--json").Output()
	var list struct {
		Sessions []struct{ ID string }
		Cut      bool
	}
	if err != nil || json.Unmarshal(out, &list) != nil || len(list.Sessions) != len(live) || list.Cut {
		t.Errorf("luci-sso sessions: %v\n%s", err, out)
	}
	if out, err := exec.Command(l.Router.CGI(), "sessions", "--end", session.Handle(last.ID)).CombinedOutput(); err != nil {
		t.Errorf("luci-sso sessions --end: %v\n%s", err, out)
	}
	if _, ok, _ := l.Session(last.ID); ok {
		t.Error("the session that was ended lives")
	}
}

// The ID token, which logging out at the provider needs, is in the sealed file
// and not in what rpcd tells of a session.
func TestSessionTellsNoToken(t *testing.T) {
	t.Parallel()
	l := busyLab(t)
	browser := l.Browser()
	s, err := browser.Login("alice")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range s.Values {
		if text, _ := value.(string); strings.Count(text, ".") == 2 && len(text) > 100 {
			t.Errorf("rpcd tells a token as the session's %s", name)
		}
	}
	page, err := browser.Get(lab.Logout + "?stoken=" + s.Token)
	if err != nil || page.Status != 302 || !strings.Contains(page.Location, "id_token_hint=") {
		t.Errorf("logging out gave %+v, %v, want the provider told whose session it is", page, err)
	}
	if left := names(t, l.Router.At(sessionFiles)); len(left) != 0 {
		t.Errorf("after the logout the files are %v", left)
	}
	// Without its file it ends all the same.
	s, err = browser.Login("alice")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(l.Router.At(sessionFiles)); err != nil {
		t.Fatal(err)
	}
	if page, err = browser.Get(lab.Logout + "?stoken=" + s.Token); err != nil || page.Status != 302 {
		t.Errorf("logging out without the file gave %+v, %v", page, err)
	}
	if _, ok, _ := l.Session(s.ID); ok {
		t.Error("the session lives")
	}
}

// rpcd is away for a moment while it reloads. That is not "no such session".
func TestWhileRPCDReloads(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(*lab.Options) {})
	away := func(during time.Duration, do func()) {
		t.Helper()
		e.Router.Broker.Remove("session")
		back := make(chan struct{})
		go func() {
			defer close(back)
			time.Sleep(during)
			e.Router.RPCD.Reload()
		}()
		do()
		<-back
	}
	for range 3 {
		away(300*time.Millisecond, func() {
			if r := login(e, plainClient); r.Status != 302 {
				t.Errorf("a login meanwhile:\n%s", r.Raw)
			}
		})
	}
	s, err := e.Login("alice")
	e.must(err)
	logout := func(stoken string) *lab.Response {
		return e.cgi(lab.Request{Path: "/logout", Query: "stoken=" + stoken, Cookie: "sysauth_https=" + s.ID, Header: plainClient})
	}
	alive := func() bool {
		_, ok, err := e.Session(s.ID)
		e.must(err)
		return ok
	}
	away(300*time.Millisecond, func() {
		if r := logout("wrong"); r.Status != 403 || len(r.Cookies()) != 0 {
			t.Errorf("a forged logout meanwhile:\n%s", r.Raw)
		}
	})
	if !alive() {
		t.Fatal("a forged logout ended the session")
	}
	// It stays away: said so, and whoever is signed in can try again.
	mark := e.Mark()
	e.Router.Broker.Remove("session")
	r := logout(s.Token)
	log := strings.Join(e.logOf(r, mark), "\n")
	if r.Status != 500 || len(r.Cookies()) != 0 || !strings.Contains(log, "[500] UBUS_ERROR") || !strings.Contains(log, "not on the bus") {
		t.Errorf("a logout without rpcd:\n%s\n%s", r.Raw, log)
	}
	e.Router.RPCD.Reload()
	if !alive() {
		t.Fatal("the session is gone")
	}
	away(300*time.Millisecond, func() {
		if r := logout(s.Token); r.Status != 302 || len(r.Cookies()) == 0 {
			t.Errorf("the logout meanwhile:\n%s", r.Raw)
		}
	})
	if alive() {
		t.Error("the session lives on after its logout")
	}
}
