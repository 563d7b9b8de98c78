// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/doctor"
	"luci-sso/internal/methods"
	"luci-sso/lab"
)

func start(t *testing.T, change ...func(*lab.Options)) *lab.Lab {
	t.Helper()
	options := lab.Options{StandIns: true}
	for _, c := range change {
		c(&options)
	}
	l, err := lab.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

type outcome struct {
	out, problems string
	exit          int
}

// run runs the router's program as something else than a web server would.
func run(t *testing.T, l *lab.Lab, input string, args ...string) outcome {
	t.Helper()
	cmd := exec.Command(l.Router.CGI(), args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Stdin = strings.NewReader(input)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return outcome{out.String(), problems.String(), cmd.ProcessState.ExitCode()}
}

// call calls a method as rpcd does and decodes its reply.
func call(t *testing.T, l *lab.Lab, method string, args, reply any) {
	t.Helper()
	input, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	o := run(t, l, string(input), "call", method)
	if o.exit != 0 {
		t.Fatalf("%s: exit %d, %s", method, o.exit, o.problems)
	}
	if secret := l.IDP.Client.Secret; strings.Contains(o.out+o.problems, secret) {
		t.Errorf("%s tells the client secret:\n%s", method, o.out)
	}
	if strings.Contains(o.out, "null") {
		t.Errorf("%s says null where the page wants an empty value:\n%s", method, o.out)
	}
	if err := json.Unmarshal([]byte(o.out), reply); err != nil {
		t.Fatalf("%s: %v:\n%s", method, err, o.out)
	}
}

// What rpcd learns at its start: the methods are those of the page's access
// group, no more and no less.
func TestListAgreesWithTheAccessGroup(t *testing.T) {
	t.Parallel()
	l := start(t)
	var list map[string]map[string]any
	if err := json.Unmarshal([]byte(run(t, l, "", "list").out), &list); err != nil {
		t.Fatal(err)
	}
	repository, err := lab.Repository()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(repository, "package/luci-app-sso/root/usr/share/rpcd/acl.d/luci-app-sso.json"))
	if err != nil {
		t.Fatal(err)
	}
	var groups map[string]map[string]json.RawMessage
	if err := json.Unmarshal(text, &groups); err != nil {
		t.Fatal(err)
	}
	granted := map[string]methods.Access{}
	for _, access := range []methods.Access{methods.Read, methods.Write} {
		var scopes struct {
			Ubus map[string][]string `json:"ubus"`
		}
		if err := json.Unmarshal(groups["luci-app-sso"][string(access)], &scopes); err != nil {
			t.Fatal(err)
		}
		for _, method := range scopes.Ubus["luci-sso"] {
			granted[method] = access
		}
	}
	for _, method := range methods.Methods {
		if granted[method.Name] != method.Access {
			t.Errorf("the access group has %s under %q, the table of methods under %q", method.Name, granted[method.Name], method.Access)
		}
		arguments, ok := list[method.Name]
		if !ok || len(arguments) != len(method.Args) {
			t.Errorf("list says %s has %v", method.Name, arguments)
		}
	}
	if len(list) != len(methods.Methods) || len(granted) != len(methods.Methods) {
		t.Errorf("%d methods, %d listed, %d granted", len(methods.Methods), len(list), len(granted))
	}
}

func TestStatusAndSettings(t *testing.T) {
	t.Parallel()
	l := start(t)
	var status methods.StatusReply
	call(t, l, "status", nil, &status)
	if !status.Enabled || !status.Ready || status.Issuer != l.IDP.URL || status.LastLogin != 0 {
		t.Errorf("status = %+v", status)
	}
	var settings methods.SettingsReply
	call(t, l, "settings", nil, &settings)
	if !settings.SecretSet || settings.Options["client_id"] != l.IDP.Client.ID || len(settings.Roles) != 3 || settings.Roles[0]["name"] != "admin" {
		t.Errorf("settings = %+v", settings)
	}
	if _, has := settings.Options["client_secret"]; has {
		t.Error("settings has the client secret")
	}
	// Not even under a name that somebody mistyped.
	if err := l.SetUCI("clientsecret", l.IDP.Client.Secret); err != nil {
		t.Fatal(err)
	}
	call(t, l, "settings", nil, &settings)
	if err := l.WriteConfig("config oidc 'default\n"); err != nil {
		t.Fatal(err)
	}
	status = methods.StatusReply{}
	call(t, l, "status", nil, &status)
	if status.Ready || status.Checks[0].Status != doctor.Fail {
		t.Errorf("with a broken file: %+v", status)
	}
}

// A login, a failed one and a logout show as events without telling who, the
// session can be seen, and ended once.
func TestSessionsAndEvents(t *testing.T) {
	t.Parallel()
	l := start(t)
	if _, err := l.Login("alice"); err != nil {
		t.Fatal(err)
	}
	if err := l.IDP.SetNamed("wrong-nonce"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Login("alice"); err == nil {
		t.Fatal("a login with a wrong nonce succeeded")
	}
	var sessions struct {
		Sessions []methods.Session `json:"sessions"`
	}
	live, err := l.Sessions()
	if err != nil || len(live) == 0 {
		t.Fatalf("sessions: %v, %v", live, err)
	}
	call(t, l, "sessions", map[string]any{"ubus_rpc_session": live[0].ID}, &sessions)
	if len(sessions.Sessions) != 1 {
		t.Fatalf("sessions = %+v", sessions)
	}
	s := sessions.Sessions[0]
	if s.Role != "admin" || s.Name != "alice@example.com" || !s.Own || s.Issuer != l.IDP.URL || s.Expires <= 0 || s.Login == 0 {
		t.Errorf("session = %+v", s)
	}
	if o := run(t, l, "", "call", "sessions"); strings.Contains(o.out, live[0].ID) {
		t.Error("sessions tells the id of a live session")
	}
	var events struct {
		Events []struct {
			Kind, Code, Role, Name, Client, Detail string
			Status                                 int
			Codes                                  []string
		} `json:"events"`
	}
	call(t, l, "events", nil, &events)
	if len(events.Events) != 2 {
		t.Fatalf("events = %+v", events)
	}
	kinds := map[string]int{}
	for i, e := range events.Events {
		kinds[e.Kind] = i
		if strings.Contains(fmt.Sprint(e), "alice") {
			t.Errorf("an event says who: %+v", e)
		}
	}
	if e := events.Events[kinds["error"]]; e.Code != "ID_TOKEN_VERIFICATION_FAILED" || e.Status != 401 || len(e.Codes) != 2 || e.Codes[0] != "NONCE_MISMATCH" || e.Detail == "" {
		t.Errorf("error = %+v", e)
	}
	if e := events.Events[kinds["login"]]; e.Role != "admin" || len(e.Name) != 8 || e.Status != 302 || e.Client == "" {
		t.Errorf("login = %+v", e)
	}
	var status methods.StatusReply
	call(t, l, "status", nil, &status)
	if status.Sessions != 1 || status.LastLogin == 0 || status.LastError == 0 {
		t.Errorf("status = %+v", status)
	}
	for _, want := range []bool{true, false} {
		var ended struct{ Ended bool }
		call(t, l, "end_session", map[string]any{"id": s.ID}, &ended)
		if ended.Ended != want {
			t.Errorf("ended = %t, want %t", ended.Ended, want)
		}
	}
	if _, ok, err := l.Session(live[0].ID); ok || err != nil {
		t.Errorf("the session is still there: %t, %v", ok, err)
	}
}

// The page's preview and the router's decision are held to the same cases;
// this is the method between them.
func TestMatch(t *testing.T) {
	t.Parallel()
	l := start(t)
	repository, err := lab.Repository()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(repository, "tests/view/match-vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Sets []struct {
			About string
			Roles []map[string]any
			Cases []struct {
				Why, Email, Sub, Claims, Role, By, Value, Undecided string
				Groups, Lacks                                       []string
				Fault                                               bool
			}
		}
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, set := range vectors.Sets {
		for _, c := range set.Cases {
			var m methods.MatchReply
			call(t, l, "match", map[string]any{"email": c.Email, "groups": c.Groups, "sub": c.Sub, "claims": c.Claims, "roles": set.Roles}, &m)
			if m.Role != c.Role || m.By != c.By || m.Value != c.Value || m.Granted || len(m.Trace) != len(set.Roles) ||
				m.Undecided != c.Undecided || m.Fault != "" != c.Fault || !slices.Equal(m.Lacks, c.Lacks) && len(m.Lacks)+len(c.Lacks) > 0 {
				t.Errorf("%s: %s: %+v, want %+v", set.About, c.Why, m, c)
			}
		}
	}
	var m methods.MatchReply
	call(t, l, "match", map[string]any{"email": "Alice@example.com"}, &m)
	if m.Role != "admin" || !m.Granted || len(m.Read) == 0 || len(m.Write) == 0 {
		t.Errorf("the configured roles: %+v", m)
	}
	m = methods.MatchReply{}
	odd := []map[string]any{{"name": "a", "email": []string{"alice@example.com"}, "read": []string{"*"}, "unknown": []string{"max_auth_age"}}}
	call(t, l, "match", map[string]any{"email": "alice@example.com", "roles": odd}, &m)
	if m.Role != "a" || m.Granted || m.Fault != `"max_auth_age" is not known` {
		t.Errorf("a role with a name that nobody knows: %+v", m)
	}
	var groups struct {
		Groups []methods.Group `json:"groups"`
	}
	call(t, l, "access_groups", nil, &groups)
	if len(groups.Groups) < 3 {
		t.Errorf("access groups = %+v", groups)
	}
	for i, g := range groups.Groups {
		if i > 0 && groups.Groups[i-1].Name >= g.Name || len(g.Packages) == 0 {
			t.Errorf("group %+v is out of order or has no package", g)
		}
	}
}
