// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"luci-sso/internal/bridge"
	"luci-sso/internal/doctor"
	"luci-sso/internal/lab"
	"luci-sso/internal/lab/certs"
	"luci-sso/internal/lab/idp"
	"luci-sso/internal/ubus"
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
	granted := map[string]bridge.Access{}
	for _, access := range []bridge.Access{bridge.Read, bridge.Write} {
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
	for _, method := range bridge.Methods {
		if granted[method.Name] != method.Access {
			t.Errorf("the access group has %s under %q, the table of methods under %q", method.Name, granted[method.Name], method.Access)
		}
		arguments, ok := list[method.Name]
		if !ok || len(arguments) != len(method.Args) {
			t.Errorf("list says %s has %v", method.Name, arguments)
		}
	}
	if len(list) != len(bridge.Methods) || len(granted) != len(bridge.Methods) {
		t.Errorf("%d methods, %d listed, %d granted", len(bridge.Methods), len(list), len(granted))
	}
}

func TestStatusAndSettings(t *testing.T) {
	t.Parallel()
	l := start(t)
	var status bridge.StatusReply
	call(t, l, "status", nil, &status)
	if !status.Enabled || !status.Ready || status.Issuer != l.IDP.URL || status.LastLogin != 0 {
		t.Errorf("status = %+v", status)
	}
	var settings bridge.SettingsReply
	call(t, l, "settings", nil, &settings)
	if !settings.SecretSet || settings.Options["client_id"] != l.IDP.Client.ID || len(settings.Roles) != 3 || settings.Roles[0].Name != "admin" {
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
	status = bridge.StatusReply{}
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
		Sessions []bridge.Session `json:"sessions"`
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
	var status bridge.StatusReply
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
		Roles []map[string]any
		Cases []struct {
			Why, Email, Sub, Role, By, Value string
			Groups                           []string
		}
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, c := range vectors.Cases {
		var m bridge.MatchReply
		call(t, l, "match", map[string]any{"email": c.Email, "groups": c.Groups, "sub": c.Sub, "roles": vectors.Roles}, &m)
		if m.Role != c.Role || m.By != c.By || m.Value != c.Value || m.Granted || len(m.Trace) != len(vectors.Roles) {
			t.Errorf("%s: %+v, want %+v", c.Why, m, c)
		}
	}
	var m bridge.MatchReply
	call(t, l, "match", map[string]any{"email": "Alice@example.com"}, &m)
	if m.Role != "admin" || !m.Granted || len(m.Read) == 0 || len(m.Write) == 0 {
		t.Errorf("the configured roles: %+v", m)
	}
	var groups struct {
		Groups []bridge.Group `json:"groups"`
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

// connection runs the test and returns the checks by id: the worst of each.
func connection(t *testing.T, l *lab.Lab, values map[string]string) (bridge.TestReply, map[string]*doctor.Check) {
	t.Helper()
	var reply bridge.TestReply
	call(t, l, "test_connection", map[string]any{"values": values}, &reply)
	checks := map[string]*doctor.Check{}
	rank := map[string]int{doctor.Skip: 0, doctor.Pass: 1, doctor.Warn: 2, doctor.Fail: 3}
	order := -1
	ids := []string{"settings", "discovery", "certificate", "issuer", "endpoints", "keys", "algorithms", "clock", "scopes", "pkce", "credentials", "redirect_uri", "at_hash", "email", "groups"}
	for _, c := range reply.Checks {
		at := -1
		for i, id := range ids {
			if c.ID == id {
				at = i
			}
		}
		if at < order || at < 0 {
			t.Errorf("check %s is out of order", c.ID)
		}
		order = at
		if strings.Count(c.Message, "%s") != len(c.Args) {
			t.Errorf("%s: %q has %d arguments", c.ID, c.Message, len(c.Args))
		}
		if old := checks[c.ID]; old == nil || rank[c.Status] > rank[old.Status] {
			checks[c.ID] = c
		}
	}
	for _, id := range ids {
		if checks[id] == nil {
			t.Errorf("there is no row %s", id)
			checks[id] = &doctor.Check{}
		}
	}
	return reply, checks
}

func TestConnectionThatWorks(t *testing.T) {
	t.Parallel()
	l := start(t)
	reply, checks := connection(t, l, map[string]string{"redirect_uri": "https://localhost/cgi-bin/luci-sso/callback", "client_secret": ""})
	for id, c := range checks {
		if c.Status == doctor.Fail {
			t.Errorf("%s fails: %s", id, c.Text())
		}
	}
	for _, id := range []string{"discovery", "certificate", "issuer", "endpoints", "keys", "algorithms", "clock", "credentials"} {
		if checks[id].Status != doctor.Pass {
			t.Errorf("%s is %s: %s", id, checks[id].Status, checks[id].Text())
		}
	}
	if reply.Status == doctor.Fail || reply.Busy || reply.Took > 15000 {
		t.Errorf("reply = %+v", reply)
	}
	if n := len(l.Log(0)); n != 0 {
		t.Errorf("a test wrote %d lines to the log", n)
	}
}

func TestConnectionThatDoesNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		named   string
		values  map[string]string
		prepare func(*testing.T, *lab.Lab)
		id      string
		status  string
		code    string
	}{
		"not https":         {values: map[string]string{"issuer_url": "http://id.example.com"}, id: "settings", status: doctor.Fail, code: "INSECURE_ISSUER_URL"},
		"no client":         {values: map[string]string{"client_id": ""}, id: "settings", status: doctor.Fail, code: "CONFIG_ERROR"},
		"nobody there":      {values: map[string]string{"issuer_url": "https://127.0.0.1:1"}, id: "discovery", status: doctor.Fail, code: "DISCOVERY_NETWORK_ERROR"},
		"no such CA file":   {values: map[string]string{"ca_file": "/nonexistent/ca.pem"}, id: "certificate", status: doctor.Fail, code: "SSL_INIT_FAILED"},
		"wrong secret":      {values: map[string]string{"client_secret": "another secret"}, id: "credentials", status: doctor.Fail, code: "TOKEN_EXCHANGE_FAILED"},
		"unknown redirect":  {values: map[string]string{"redirect_uri": "https://other.example.com/cgi-bin/luci-sso/callback"}, id: "redirect_uri", status: doctor.Fail, code: "IDP_ERROR"},
		"unknown scope":     {values: map[string]string{"scope": "openid nonsense"}, id: "scopes", status: doctor.Warn},
		"discovery 500":     {named: "discovery-500", id: "discovery", status: doctor.Fail, code: "DISCOVERY_FAILED"},
		"no JSON":           {named: "discovery-not-json", id: "discovery", status: doctor.Fail, code: "INVALID_DISCOVERY_DOC"},
		"no issuer":         {named: "discovery-no-issuer", id: "issuer", status: doctor.Fail, code: "DISCOVERY_MISSING_ISSUER"},
		"another issuer":    {named: "discovery-other-issuer", id: "issuer", status: doctor.Fail, code: "DISCOVERY_ISSUER_MISMATCH"},
		"no token endpoint": {named: "discovery-no-token-endpoint", id: "endpoints", status: doctor.Fail, code: "DISCOVERY_MISSING_ENDPOINT"},
		"plain http":        {named: "discovery-plain-http", id: "endpoints", status: doctor.Fail, code: "INSECURE_ENDPOINT"},
		"no logout":         {named: "no-end-session", id: "endpoints", status: doctor.Warn},
		"keys unreadable":   {named: "jwks-500", id: "keys", status: doctor.Fail, code: "JWKS_FETCH_FAILED"},
		"no keys":           {named: "jwks-empty", id: "keys", status: doctor.Fail, code: "UNSUPPORTED_ALGORITHM"},
		"Pocket ID secret":  {named: "pocketid-secret", id: "credentials", status: doctor.Fail, code: "TOKEN_EXCHANGE_FAILED"},
		"token 500":         {named: "token-500", id: "credentials", status: doctor.Warn},
		"at_hash required":  {named: "no-at-hash-announced", values: map[string]string{"require_at_hash": "1"}, id: "at_hash", status: doctor.Warn, code: "MISSING_AT_HASH"},
		"hangs":             {named: "discovery-hang", id: "discovery", status: doctor.Fail, code: "DISCOVERY_NETWORK_ERROR"},
		"foreign CA": {prepare: func(t *testing.T, l *lab.Lab) {
			other, err := certs.New("somebody else")
			if err != nil {
				t.Fatal(err)
			}
			cert, err := other.Issue("127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			l.IDP.SetCertificate(cert)
		}, id: "certificate", status: doctor.Fail, code: "DISCOVERY_NETWORK_ERROR"},
		"another name": {prepare: func(t *testing.T, l *lab.Lab) {
			cert, err := l.CA.Issue("id.example.com")
			if err != nil {
				t.Fatal(err)
			}
			l.IDP.SetCertificate(cert)
		}, id: "certificate", status: doctor.Fail, code: "DISCOVERY_NETWORK_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			if c.named != "" {
				if err := l.IDP.SetNamed(c.named); err != nil {
					t.Fatal(err)
				}
			}
			if c.prepare != nil {
				c.prepare(t, l)
			}
			_, checks := connection(t, l, c.values)
			if got := checks[c.id]; got.Status != c.status || got.Code != c.code {
				t.Errorf("%s is %s %s (%s), want %s %s", c.id, got.Status, got.Code, got.Text(), c.status, c.code)
			} else if got.Status == doctor.Fail && c.id != "settings" && got.Remedy == "" {
				t.Errorf("%s has no remedy", c.id)
			}
		})
	}
}

// While one test waits for the provider, another does not start.
func TestOneTestAtATime(t *testing.T) {
	t.Parallel()
	l := start(t)
	defer l.IDP.Inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.Discovery: {Hang: true}}})()
	var wait sync.WaitGroup
	replies := make([]bridge.TestReply, 3)
	for i := range replies {
		wait.Add(1)
		go func() {
			defer wait.Done()
			o := run(t, l, `{"values":{}}`, "call", "test_connection")
			if err := json.Unmarshal([]byte(o.out), &replies[i]); err != nil {
				t.Errorf("%v: %+v", err, o)
			}
		}()
	}
	wait.Wait()
	busy := 0
	for _, reply := range replies {
		if reply.Busy {
			busy++
		}
	}
	if busy != 2 {
		t.Errorf("%d of 3 tests at once were busy, want 2", busy)
	}
}

// tree is everything below the root with size and content of small files.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Whatever comes through a door: an error that says so, nothing executed,
// nothing written, nothing leaked, no crash.
func TestHostileArguments(t *testing.T) {
	t.Parallel()
	l := start(t)
	witness := filepath.Join(t.TempDir(), "witness")
	if _, err := l.Login("alice"); err != nil {
		t.Fatal(err)
	}
	before := tree(t, l.Router.Root)
	texts := []string{
		strings.Repeat("x", 1<<20), "a\x00b", "a\nb", "$(touch " + witness + ")", "`touch " + witness + "`", "; touch " + witness + " ;",
		"../../etc/shadow", "/etc/config/luci-sso/../../shadow", "\x1b[2J", "%s%s%n", "'\"\\", "-rf", "--end", "\u202e",
	}
	check := func(what string, o outcome, exits ...int) {
		t.Helper()
		fine := false
		for _, exit := range exits {
			fine = fine || o.exit == exit
		}
		if !fine || len(o.problems) > 2000 {
			t.Errorf("%.80q: exit %d, %.300s", what, o.exit, o.problems)
		}
		for _, leak := range []string{l.IDP.Client.Secret, "goroutine ", "panic:", "runtime error", "root:", "\x1b[2J", "\x00"} {
			if strings.Contains(o.out+o.problems, leak) {
				t.Errorf("%.80q: the output has %q", what, leak)
			}
		}
	}
	values := []any{nil, true, 5, -1.5, 1e300, []any{}, map[string]any{}, []any{[]any{}}, []any{map[string]any{"name": 5}},
		map[string]any{"issuer_url": []any{"x"}}, map[string]any{"nonsense": "x"}, map[string]any{"client_secret ": "x"}}
	for _, text := range texts {
		values = append(values, text, []any{text}, map[string]any{text: text}, map[string]any{"issuer_url": text}, []any{map[string]any{"email": []any{text}}})
	}
	invalid := int(ubus.InvalidArgument)
	for i := range bridge.Methods {
		method := &bridge.Methods[i]
		for _, arg := range append(method.Args, bridge.Arg{Name: "../../x"}, bridge.Arg{Name: "ubus_rpc_session"}) {
			for _, value := range values {
				input, err := json.Marshal(map[string]any{arg.Name: value})
				if err != nil {
					t.Fatal(err)
				}
				if method.Name == "test_connection" && arg.Name != "../../x" && !bytes.Contains(input, []byte("nonsense")) && len(input) < 1<<20 {
					continue // Would ask the provider; below.
				}
				o := run(t, l, string(input), "call", method.Name)
				check(method.Name+" "+string(input[:min(len(input), 60)]), o, 0, invalid)
				if arg.Name == "../../x" && value != nil && o.exit != invalid {
					t.Errorf("%s takes an argument it does not have", method.Name)
				}
			}
		}
		for _, input := range []string{"{", "[]", "5", `"x"`, "{}{}", "{\"a\":", "\x00", strings.Repeat("[", 60000), "\xff\xfe", `{"a":1}`} {
			if o := run(t, l, input, "call", method.Name); o.exit != invalid || strings.TrimSpace(o.out) != "[]" {
				t.Errorf("%s with %.20q: exit %d, output %.60q; want %d and []", method.Name, input, o.exit, o.out, invalid)
			}
		}
	}
	for _, text := range texts {
		if len(text) > 100000 || strings.Contains(text, "\x00") {
			continue // No process can get these as arguments.
		}
		check("call", run(t, l, "", "call", text), int(ubus.MethodNotFound))
		for _, args := range [][]string{
			{text}, {"sessions", "--end", text}, {"sessions", text}, {"match", "--email", text}, {"match", "--group", text}, {"match", "--sub=" + text},
			{"explain", text}, {"sync", text}, {"cleanup", text}, {"login-button", text}, {"native", text}, {"doctor", text}, {"roles", text},
			{"status", text}, {"events", text}, {"list", text}, {"call", "status", text}, {"help", text},
		} {
			check(strings.Join(args, " "), run(t, l, "", args...), 1, 2)
		}
		input, err := json.Marshal(map[string]any{"values": map[string]string{"ca_file": text, "issuer_url": text}})
		if err != nil {
			t.Fatal(err)
		}
		check("test_connection "+text, run(t, l, string(input), "call", "test_connection"), 0, invalid)
	}
	if _, err := os.Stat(witness); err == nil {
		t.Error("something was executed")
	}
	after := tree(t, l.Router.Root)
	for path, text := range after {
		if old, was := before[path]; (!was || old != text) && !strings.HasSuffix(path, "/test.lock") {
			t.Errorf("%s was written", path)
		}
	}
	for path := range before {
		if _, is := after[path]; !is {
			t.Errorf("%s is gone", path)
		}
	}
}

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
	id, _, _ := strings.Cut(o.out, " ")
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
