// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/doctor"
	"luci-sso/internal/methods"
	"luci-sso/lab"
)

// check is the row with this id of doctor --json.
func check(t *testing.T, l *lab.Lab, id string) *doctor.Check {
	t.Helper()
	var report struct{ Checks []*doctor.Check }
	if err := json.Unmarshal([]byte(run(t, l, "", "doctor", "--json").out), &report); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(report.Checks, func(c *doctor.Check) bool { return c.ID == id })
	if i < 0 {
		return &doctor.Check{}
	}
	return report.Checks[i]
}

// Packages in whose groups a role that only looks finds what it should not.
const leaky = `{
	"legacy-pages": {"description": "Pages of old", "read": {"uci": ["*"]}, "write": {"uci": ["*"]}},
	"web-files": {"read": {"file": {"/*": ["read"]}, "ubus": {"file": ["read"]}}}
}`

const settings = "config oidc 'default'\n\toption enabled '1'\n\toption issuer_url 'https://id.example.com'\n\toption client_id 'router'\n" +
	"\toption client_secret 'correct-horse'\n\toption clock_tolerance '60'\n"

func configure(t *testing.T, l *lab.Lab, text string) {
	t.Helper()
	if err := l.WriteConfig(settings + text); err != nil {
		t.Fatal(err)
	}
	run(t, l, "", "sync")
}

// The page, `roles` and doctor say of each role, with one voice, what reads a
// secret, what leads to root, and what cannot be saved.
func TestRightsAreSaidEverywhere(t *testing.T) {
	t.Parallel()
	l := start(t)
	if err := os.WriteFile(l.Router.At("/usr/share/rpcd/acl.d/leaky.json"), []byte(leaky), 0o600); err != nil {
		t.Fatal(err)
	}
	configure(t, l, `
config role 'looker'
	list email 'a@example.com'
	list read 'luci-base'
	list read 'legacy-pages'
config role 'files'
	list group 'staff'
	list read 'web-files'
config role 'saver'
	list group 'staff'
	list read 'luci-base'
	list write 'luci-app-firewall'
config role 'keeper'
	list sub '1'
	list write 'luci-base'
	list write 'luci-app-sso'
config role 'plain'
	list sub '2'
	list read 'luci-mod-status-*'
`)
	var reply struct{ Roles []methods.RoleRights }
	call(t, l, "rights", map[string]any{}, &reply)
	want := map[string]string{"looker": "secret legacy-pages", "files": "secret web-files", "saver": "unsaved luci-base", "keeper": "root luci-app-sso", "plain": ""}
	text := run(t, l, "", "roles").out
	for _, r := range reply.Roles {
		var got []string
		for _, f := range r.Findings {
			if f.Kind != "root" || r.Name == "keeper" && f.Group == "luci-app-sso" {
				got = append(got, string(f.Kind)+" "+f.Group)
			}
			if !strings.Contains(text, f.Text()) {
				t.Errorf("roles does not say %q:\n%s", f.Text(), text)
			}
		}
		if strings.Join(got, ", ") != want[r.Name] {
			t.Errorf("%s: %q, want %q", r.Name, got, want[r.Name])
		}
	}
	if len(reply.Roles) != len(want) {
		t.Errorf("rights of %d roles, want %d", len(reply.Roles), len(want))
	}
	if c := check(t, l, "rights"); c.Status != doctor.Warn || !strings.Contains(c.Text(), "looker (legacy-pages), files (web-files)") || strings.Contains(c.Text(), "plain") {
		t.Errorf("doctor on rights: %s %s", c.Status, c.Text())
	}
	if c := check(t, l, "saving"); c.Status != doctor.Warn || !strings.Contains(c.Text(), "saver (luci-base)") {
		t.Errorf("doctor on saving: %s %s", c.Status, c.Text())
	}
	if c := check(t, l, "root_roles"); c.Status != doctor.Pass || !strings.Contains(c.Text(), "keeper") || strings.Contains(c.Text(), "looker") {
		t.Errorf("doctor on root: %s %s", c.Status, c.Text())
	}
	if s := run(t, l, "", "status").out; !strings.Contains(s, "looker (legacy-pages)") {
		t.Errorf("status does not name it:\n%s", s)
	}
	// What a form holds, before it is saved.
	call(t, l, "rights", map[string]any{"roles": []map[string]any{{"name": "new", "read": []string{"luci-[[:lower:]]*", `luci-[a-\c]ase`}, "write": "luci-base"}}}, &reply)
	if len(reply.Roles) != 1 || reply.Roles[0].Access["luci-base"] != "write" || reply.Roles[0].Access["luci-mod-status-logs"] != "read" {
		t.Errorf("of a role that is not saved: %+v", reply.Roles)
	}
}

// A router on which nobody can log in says so, whatever else is well.
func TestNobodyIsListed(t *testing.T) {
	t.Parallel()
	l := start(t)
	for name, roles := range map[string]string{"lists nobody": "config role 'admin'\n\tlist read '*'\n\tlist write '*'\n", "no role": ""} {
		configure(t, l, roles)
		if c := check(t, l, "people"); c.Status != doctor.Fail || !strings.Contains(c.Text(), "nobody can log in") {
			t.Errorf("%s: doctor says %s %s", name, c.Status, c.Text())
		}
		if o := run(t, l, "", "doctor"); o.exit != 2 || strings.Count(o.out, "nobody can log in") != 1 {
			t.Errorf("%s: doctor exits with %d and says it %d times", name, o.exit, strings.Count(o.out, "nobody can log in"))
		}
		for _, command := range []string{"status", "roles"} {
			if o := run(t, l, "", command); !strings.Contains(o.out, "nobody can log in") {
				t.Errorf("%s: %s does not say it:\n%s", name, command, o.out)
			}
		}
	}
	// The form counts, saved or not.
	people := func(roles any) bool {
		var reply methods.TestReply
		call(t, l, "test_connection", map[string]any{"roles": roles}, &reply)
		return slices.ContainsFunc(reply.Checks, func(c *doctor.Check) bool { return c.ID == "people" && c.Status == doctor.Warn })
	}
	if !people([]any{map[string]any{"name": "admin", "read": "*"}}) || people([]any{map[string]any{"name": "admin", "email": "a@example.com", "read": "*"}}) {
		t.Error("test_connection does not look at the roles of the form")
	}
}

// All fields that are missing are named at once.
func TestEveryMissingField(t *testing.T) {
	t.Parallel()
	l := start(t)
	if err := l.WriteConfig("config oidc 'default'\n\toption enabled '0'\n\toption clock_tolerance '60'\nconfig role 'admin'\n\tlist email 'a@example.com'\n\tlist read '*'\n"); err != nil {
		t.Fatal(err)
	}
	var reply methods.TestReply
	call(t, l, "test_connection", map[string]any{}, &reply)
	var missing []string
	for _, c := range reply.Checks {
		if c.Status == doctor.Fail {
			missing = append(missing, c.Args...)
		}
	}
	slices.Sort(missing)
	if want := []string{"Client ID", "Client Secret", "Issuer URL"}; !slices.Equal(missing, want) {
		t.Errorf("missing are %q, want %q", missing, want)
	}
}

// What is misspelt does nothing. It is named where one looks, with the name
// that it may have been meant to be, and a login goes on.
func TestUnknownNames(t *testing.T) {
	t.Parallel()
	l := start(t)
	if err := l.SetUCI("note", "the router in the attic"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(l.Router.At("/etc/config/luci-sso"))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.WriteConfig(string(text) + "\nconfig role 'guests'\n\tlist group 'contractors'\n\tlist read 'luci-base'\n\nconfig group 'more'\n\tlist email 'b@example.com'\n"); err != nil {
		t.Fatal(err)
	}
	const said = "default.note, config group"
	if c := check(t, l, "options"); c.Status != doctor.Warn || !strings.Contains(c.Text(), said) {
		t.Errorf("doctor says %s %q, want %q", c.Status, c.Text(), said)
	}
	if o := run(t, l, "", "status"); !strings.Contains(o.out, said) {
		t.Errorf("status does not say it:\n%s", o.out)
	}
	mark := l.Mark()
	if _, err := l.Login("alice"); err != nil {
		t.Errorf("a name nobody knows stopped a login: %v", err)
	}
	if log := strings.Join(l.Log(mark), "\n"); strings.Count(log, said) != 1 || strings.Contains(log, "the router in the attic") {
		t.Errorf("the log of a login should name it once, and no value:\n%s", log)
	}
}

// A restriction under a misspelt name would leave the router more open than
// its administrator believes: that is an error, not a remark.
func TestMisspeltRestriction(t *testing.T) {
	t.Parallel()
	l := start(t)
	if err := l.SetUCI("require_email_verifed", "1"); err != nil {
		t.Fatal(err)
	}
	mark := l.Mark()
	if _, err := l.Login("alice"); err == nil {
		t.Error("the login went on without the restriction")
	}
	log := strings.Join(l.Log(mark), "\n")
	for _, want := range []string{"CONFIG_ERROR", "require_email_verifed", "is it require_email_verified?"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q:\n%s", want, log)
		}
	}
	if c := check(t, l, "config"); c.Status != doctor.Fail || !strings.Contains(c.Text(), "require_email_verified") {
		t.Errorf("doctor says %s %s", c.Status, c.Text())
	}
	// Beside the right one it is a leftover.
	if err := l.SetUCI("require_email_verified", "1"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Login("alice"); err != nil {
		t.Errorf("with the right name as well: %v", err)
	}
}

// What the shell prints when there is nothing, or when somebody made a slip.
func TestEmptyListsAndSlips(t *testing.T) {
	t.Parallel()
	l := start(t)
	for _, command := range []string{"sessions", "events"} {
		if o := run(t, l, "", command); o.exit != 0 || o.out != "none\n" {
			t.Errorf("%s with nothing to show: %+v", command, o)
		}
	}
	if o := run(t, l, "", "explain", "USER_NOT_AUTHORISED"); o.exit != 1 || !strings.Contains(o.out, "USER_NOT_AUTHORIZED") || strings.Contains(o.out, "provider") {
		t.Errorf("explain of a slip: %+v", o)
	}
	o := run(t, l, "", "match", "--email", "eve@example.com", "--group", "others")
	for _, want := range []string{"no role fits", "eve@example.com", "others", "alice@example.com", "in the log", "COMPARES"} {
		if !strings.Contains(o.out, want) {
			t.Errorf("a miss does not say %q:\n%s", want, o.out)
		}
	}
	if _, err := l.Login("alice"); err != nil {
		t.Fatal(err)
	}
	sessions, events := run(t, l, "", "sessions").out, run(t, l, "", "events").out
	fields := strings.Fields(strings.Split(sessions, "\n")[1])
	if hash := fields[4]; !strings.HasPrefix(sessions, "ID ") || !strings.HasPrefix(events, "TIME ") || len(hash) != 8 || !strings.Contains(events, hash) {
		t.Errorf("the person in\n%s\ncannot be found in\n%s", sessions, events)
	}
}
