// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"encoding/json"
	"strings"
	"testing"

	"luci-sso/internal/doctor"
	"luci-sso/lab/idp"
)

func TestCommands(t *testing.T) {
	t.Parallel()
	l := start(t)
	if _, err := l.Login("alice"); err != nil {
		t.Fatal(err)
	}
	if o := run(t, l, "", "match", "--email", "alice@example.com"); o.exit != 0 || !strings.Contains(o.out, "role admin, by email") {
		t.Errorf("match: %+v", o)
	}
	if o := run(t, l, "", "match", "--email=eve@example.com", "--group", "others"); o.exit != 1 || !strings.Contains(o.out, "no role fits") {
		t.Errorf("match of a stranger: %+v", o)
	}
	if o := run(t, l, "", "roles"); o.exit != 0 || !strings.Contains(o.out, "luci_sso_admin") {
		t.Errorf("roles: %+v", o)
	}
	if o := run(t, l, "", "status"); o.exit != 0 || !strings.Contains(o.out, "single sign-on is on") {
		t.Errorf("status: %+v", o)
	}
	o := run(t, l, "", "sessions")
	if o.exit != 0 || !strings.Contains(o.out, "alice@example.com") {
		t.Fatalf("sessions: %+v", o)
	}
	id := strings.Fields(strings.Split(o.out, "\n")[1])[0] // Below the headings.
	if o := run(t, l, "", "sessions", "--end", id); o.exit != 0 {
		t.Errorf("sessions --end: %+v", o)
	}
	if o := run(t, l, "", "sessions", "--end", id); o.exit != 1 {
		t.Errorf("sessions --end, again: %+v", o)
	}
	if o := run(t, l, "", "events"); o.exit != 0 || !strings.Contains(o.out, "login") {
		t.Errorf("events: %+v", o)
	}
	for _, name := range []string{"doctor", "status", "roles", "match", "sessions", "events", "explain", "sync", "login-button", "cleanup", "version"} {
		if o := run(t, l, "", name, "--help"); o.exit != 0 || !strings.Contains(o.out, "usage: luci-sso "+name) {
			t.Errorf("%s --help: %+v", name, o)
		}
	}
}

// Without --provider, match answers for each provider that people can come by:
// the same address at two of them is two people.
func TestMatchAtEachProvider(t *testing.T) {
	t.Parallel()
	l := start(t)
	if _, err := l.AddProvider("other"); err != nil {
		t.Fatal(err)
	}
	if o := run(t, l, "", "match", "--email", "alice@example.com"); o.exit != 0 || o.out == "" ||
		!strings.Contains(o.out, "by provider default:\nrole admin, by email") || !strings.Contains(o.out, "by provider other:\nno role fits") {
		t.Errorf("two providers: %+v", o)
	}
	if o := run(t, l, "", "match", "--email", "eve@example.com"); o.exit != 1 || strings.Count(o.out, "no role fits") != 2 {
		t.Errorf("a stranger at both: %+v", o)
	}
	if o := run(t, l, "", "match", "--email", "alice@example.com", "--provider", "other"); o.exit != 1 || strings.Contains(o.out, "by provider") || strings.Contains(o.out, "role admin") {
		t.Errorf("one by name: %+v", o)
	}
	var each map[string]struct{ Role string }
	if o := run(t, l, "", "match", "--email", "alice@example.com", "--json"); o.exit != 0 || json.Unmarshal([]byte(o.out), &each) != nil ||
		len(each) != 2 || each["default"].Role != "admin" || each["other"].Role != "" {
		t.Errorf("two providers, for machines: %+v", o)
	}
	// Where one is enabled, it is that one, whatever its name.
	if err := l.SetUCI("enabled", "0"); err != nil {
		t.Fatal(err)
	}
	if o := run(t, l, "", "match", "--email", "alice@example.com"); o.exit != 1 || strings.Contains(o.out, "role admin") || strings.Contains(o.out, "by provider") {
		t.Errorf("only other is enabled: %+v", o)
	}
}

// doctor exits with 2 when a login would fail, names what to paste, and never
// pastes what a provider says.
func TestDoctor(t *testing.T) {
	t.Parallel()
	l := start(t)
	var report struct {
		Status string
		Checks []*doctor.Check
	}
	o := run(t, l, "", "doctor", "--json")
	if err := json.Unmarshal([]byte(o.out), &report); err != nil {
		t.Fatalf("%v: %+v", err, o)
	}
	if want := map[string]int{"pass": 0, "warn": 1, "fail": 2}[report.Status]; o.exit != want || len(report.Checks) < 20 {
		t.Errorf("exit %d with %s and %d checks", o.exit, report.Status, len(report.Checks))
	}
	if err := l.SetUCI("client_secret", "wrong"); err != nil {
		t.Fatal(err)
	}
	evil := "https://$(reboot)'; reboot #"
	defer l.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) { d["issuer"] = evil }})()
	o = run(t, l, "", "doctor", "--json")
	if err := json.Unmarshal([]byte(o.out), &report); err != nil {
		t.Fatalf("%v: %+v", err, o)
	}
	if o.exit != 2 || report.Status != doctor.Fail {
		t.Errorf("exit %d, %s", o.exit, report.Status)
	}
	for _, c := range report.Checks {
		if (c.Status == doctor.Fail || c.Status == doctor.Warn) && c.Command == "" {
			t.Errorf("%s %s has nothing to paste: %s", c.Status, c.ID, c.Text())
		}
		if strings.Contains(c.Command, "reboot") {
			t.Errorf("%s: what the provider says is in the command %q", c.ID, c.Command)
		}
	}
	if o = run(t, l, "", "doctor"); o.exit != 2 || !strings.Contains(o.out, "Logging in will not work yet.") || strings.Contains(o.out, "\x1b") {
		t.Errorf("as text: %+v", o)
	}
}
