// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/oidc"
	"luci-sso/internal/store"
	"luci-sso/lab/idp"
)

// A provider that is down for an hour puts nobody out, and one that is down
// for longer puts everybody out; it is not asked about each while it is down.
func TestProviderDownForAnHour(t *testing.T) {
	t.Parallel()
	a := newAsking(t, idp.Refreshing{Always: true, Rotate: true})
	var people []person
	for range 6 {
		people = append(people, a.signedIn("alice"))
	}
	alive := func() (n int) {
		for _, s := range people {
			if a.lives(s) {
				n++
			}
		}
		return n
	}
	a.after(everyTime)
	a.IDP.Down()
	mark := a.Mark()
	a.after(time.Hour - time.Minute)
	if n := alive(); n != len(people) {
		t.Fatalf("%d of %d sessions live after an hour without the provider", n, len(people))
	}
	if said := strings.Count(strings.Join(a.Log(mark), "\n"), "could not be asked"); said != 1 {
		t.Errorf("that it does not answer is said %d times, want once", said)
	}
	a.must(a.IDP.Up())
	a.after(2 * time.Minute)
	if n := alive(); n != len(people) {
		t.Fatalf("%d of %d sessions live when the provider is back", n, len(people))
	}
	a.IDP.Down()
	a.after(everyTime + graceTime + 2*time.Minute)
	if n := alive(); n != 0 {
		t.Errorf("%d sessions outlive the patience", n)
	}
	a.must(a.IDP.Up())
}

// Settings that cannot be read are a provider that cannot be asked: for as long
// as an edit takes nobody is put out, and nobody stays for good.
func TestSettingsUnreadable(t *testing.T) {
	t.Parallel()
	a := newAsking(t, idp.Refreshing{Always: true, Rotate: true})
	s := a.signedIn("alice")
	a.after(everyTime)
	path := a.Router.At("/etc/config/luci-sso")
	text, err := os.ReadFile(path)
	a.must(err)
	for what, broken := range map[string]string{"cannot be parsed": string(text) + "\nconfig oidc 'x\n", "lack an option": strings.Replace(string(text), "issuer_url", "issuer_ulr", 1)} {
		a.must(a.WriteConfig(broken))
		mark := a.Mark()
		a.after(time.Hour - 2*time.Minute)
		if !a.lives(s) {
			t.Fatalf("settings that %s for less than an hour put somebody out", what)
		}
		if log := strings.Join(a.Log(mark), "\n"); strings.Count(log, "the settings cannot be read") != 1 {
			t.Errorf("it is not said once:\n%s", log)
		}
		a.must(a.WriteConfig(string(text)))
		a.after(2 * everyTime)
		if !a.lives(s) || a.record(s).Doubt != 0 {
			t.Fatal("with the settings back the session is still in doubt")
		}
	}
	a.must(os.Remove(path))
	a.after(time.Hour + 2*time.Minute)
	if a.lives(s) {
		t.Error("without settings the session lives for good")
	}
	if log := strings.Join(a.Log(0), "\n"); !strings.Contains(log, "SESSION_UNCONFIRMED") {
		t.Errorf("the log does not say why:\n%s", log)
	}
}

// Each time that the settings cannot be read counts by itself: neither an edit
// before nor a provider that does not answer has used up its hour, nor the other
// way round.
func TestSettingsUnreadableForAMoment(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		every, grace string
		down         bool
	}{
		"twice before the provider is asked": {every: "14400", grace: "3600"},
		"while the provider is down":         {every: "300", grace: "86400", down: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAsking(t, idp.Refreshing{Always: true, Rotate: true})
			a.set("revalidate", c.every)
			a.set("revalidate_grace", c.grace)
			s := a.signedIn("alice")
			path := a.Router.At("/etc/config/luci-sso")
			text, err := os.ReadFile(path)
			a.must(err)
			edit := func() {
				t.Helper()
				a.must(a.WriteConfig(string(text) + "\nconfig oidc 'x\n"))
				a.after(2 * time.Minute)
				a.must(a.WriteConfig(string(text)))
				a.after(time.Minute)
				if !a.lives(s) {
					t.Fatalf("an edit of two minutes puts somebody out:\n%s", strings.Join(a.Log(0), "\n"))
				}
			}
			if c.down {
				a.after(10 * time.Minute)
				a.IDP.Down()
			} else {
				edit()
			}
			a.after(2 * time.Hour)
			edit()
			if c.down {
				a.must(a.IDP.Up())
			} else {
				// A provider that is silent afterwards has its own hour.
				a.IDP.Down()
				a.after(2*time.Hour + 10*time.Minute)
				if !a.lives(s) {
					t.Fatalf("what the provider has is less than its patience:\n%s", strings.Join(a.Log(0), "\n"))
				}
				a.must(a.IDP.Up())
			}
			a.after(2 * everyTime)
			if !a.lives(s) || a.record(s).Doubt != 0 {
				t.Error("with all in order again the session is still in doubt")
			}
		})
	}
}

// A clock that jumps puts nobody out and keeps nobody in: time is that since
// the router started.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	a := newAsking(t, idp.Refreshing{Always: true})
	a.set("session_lifetime", "7200")
	s := a.signedIn("alice")
	for _, jump := range []time.Duration{10 * 365 * 24 * time.Hour, -10 * 365 * 24 * time.Hour} {
		plain := a.watch.Party
		a.watch.Party = func(c *config.Config, notice func(string)) *oidc.Party {
			party := plain(c, notice)
			party.Now = func() time.Time { return time.Now().Add(jump) }
			return party
		}
		a.after(everyTime + 10*time.Minute)
		if !a.lives(s) {
			t.Fatalf("a jump of %s put somebody out:\n%s", jump, strings.Join(a.Log(0), "\n"))
		}
		a.watch.Party = plain
		a.after(time.Minute)
	}
	if r := a.record(s); r.Doubt != 0 {
		t.Error("with the clock right again the session is still in doubt")
	}
	a.after(2 * time.Hour)
	if a.lives(s) {
		t.Error("the session outlives its time")
	}
}

// Killed at any moment, the job ends at worst the session it was at; nobody
// stays who should go.
func TestAskingKilled(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.IDP.SetRefreshing(idp.Refreshing{Always: true, Rotate: true})
	e.set("revalidate", "1")
	e.set("rate_limit", "100000")
	var people []person
	for range 8 {
		people = append(people, e.signedIn("alice"))
	}
	bad := e.signedIn("bob")
	e.IDP.Disable("bob", true)
	time.Sleep(1100 * time.Millisecond)
	kills := 0
	for i := range 25 {
		cmd := exec.Command(e.Router.CGI(), "sessions", "--due")
		e.must(cmd.Start())
		timer := time.AfterFunc(time.Duration(i)*900*time.Microsecond, func() { _ = cmd.Process.Kill() })
		if cmd.Wait() != nil {
			kills++
		}
		timer.Stop()
	}
	time.Sleep(1100 * time.Millisecond)
	e.luciSSO("sessions", "--due")
	gone := 0
	for _, s := range people {
		if !e.lives(s) {
			gone++
		}
	}
	if gone > kills {
		t.Errorf("%d kills ended %d sessions", kills, gone)
	}
	if e.lives(bad) {
		t.Error("who was disabled is in after kills")
	}
	live := len(people) - gone
	left := names(t, e.Router.At(sessionFiles))
	for name := range left {
		if store.IsTemp(name) { // The cleanup takes it.
			delete(left, name)
		}
	}
	if len(left) != live {
		t.Errorf("%d sessions live, the files are %v", live, left)
	}
}

// On a full disk a login is refused before it has a session, a session of which
// nothing can be learned still ends in time, and a new refresh token that
// cannot be kept ends its session at worst.
func TestSessionsOnAFullDisk(t *testing.T) {
	t.Parallel()
	a := newAsking(t, idp.Refreshing{Always: true})
	s := a.signedIn("alice")
	dir := a.Router.At(sessionFiles)
	var file string
	for name := range names(t, dir) {
		file = name
	}
	content, err := os.ReadFile(filepath.Join(dir, file))
	a.must(err)
	a.must(os.RemoveAll(dir))
	a.must(os.MkdirAll(dir, 0o700))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k,mode=700"); err != nil {
		t.Skip("note: no file system can be mounted here, so a full one is not tried: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	a.must(os.WriteFile(filepath.Join(dir, file), content, 0o600))
	_ = os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 128<<10), 0o600)
	before, mark := len(a.Router.RPCD.Snapshot()), a.Mark()
	if r := login(a.env, plainClient); r.Status != 500 || len(a.Router.RPCD.Snapshot()) != before || !strings.Contains(strings.Join(a.Log(mark), "\n"), "STATE_SAVE_FAILED") {
		t.Errorf("a login on a full disk: %d sessions, before %d\n%s", len(a.Router.RPCD.Snapshot()), before, r.Raw)
	}
	a.IDP.Down()
	a.after(graceTime)
	if !a.lives(s) {
		t.Fatal("the session ended before the patience was over")
	}
	a.after(everyTime + 2*time.Minute)
	if a.lives(s) {
		t.Error("on a full disk the session outlives the patience with the provider")
	}
	a.must(a.IDP.Up())
}
