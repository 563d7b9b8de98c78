// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luci-sso/lab"
)

// crashPoint is a function that is made to panic.
type crashPoint struct {
	file, function string // "session/create.go", "values"
	where          string // The request it happens in: start, callback, logout.
	reached        bool   // rpcd has created a session by then.
	spent          bool   // The pending login has been used up by then.
}

var crashPoints = []crashPoint{
	{"cgi/request.go", "Read", "start", false, false},
	{"config/providers.go", "LoadProvider", "start", false, false},
	{"ratelimit/ratelimit.go", "Admit", "start", false, false},
	{"oidc/authorization.go", "AuthorizationURL", "start", false, false},
	{"oidc/idtoken.go", "Verify", "callback", false, true},
	{"role/role.go", "Find", "callback", false, true},
	{"acl/grants.go", "For", "callback", false, true},
	{"session/create.go", "values", "callback", true, true},
	{"session/live.go", "Destroy", "logout", false, false},
}

// TestCrash: a panic anywhere answers 500 with all headers, logs one line
// without what the panic says, and leaves no half-made session. No input is
// known to cause one, so the program is built with panics in chosen places;
// the sources themselves are not touched (go build -overlay).
func TestCrash(t *testing.T) {
	t.Parallel()
	program := crashingProgram(t)
	for _, point := range crashPoints {
		t.Run(filepath.Dir(point.file)+"."+point.function, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t, func(o *lab.Options) { o.Program = program })
			e.crash(point)
		})
	}
}

func (e *env) crash(point crashPoint) {
	t := e.t
	request := lab.Request{Header: plainClient}
	sessions := len(e.Router.RPCD.Snapshot())
	switch point.where {
	case "callback":
		request = e.pending("alice").request(plainClient)
	case "logout":
		session, err := e.Login("alice")
		e.must(err)
		sessions = len(e.Router.RPCD.Snapshot())
		request = lab.Request{Path: "/logout", Query: "stoken=" + session.Token, Cookie: "sysauth_https=" + session.ID, Header: plainClient}
	}
	for _, client := range []http.Header{plainClient, htmlClient} {
		mark, created := e.Mark(), e.Router.Broker.Calls("session", "create")
		request.Header = client
		request.Env = []string{"LUCI_SSO_CRASH=" + point.file + ":" + point.function}
		r := e.cgi(request)
		log := e.logOf(r, mark)
		if r.Status != 500 || !strings.Contains(r.Body, "The router could not complete the request") {
			t.Errorf("answer to a crash:\n%s", r.Raw)
		}
		checkHeaders(t, r)
		if len(log) != 1 || !strings.HasPrefix(log[0], "CRITICAL: internal error") || !strings.Contains(log[0], point.function) {
			t.Errorf("the log of a crash: %q", log)
		}
		if text := strings.Join(log, "") + string(r.Raw) + r.Stderr; strings.Contains(text, "hunter2") || strings.Contains(text, "goroutine") {
			t.Errorf("the panic's own words got out: %s", text)
		}
		if got := e.Router.Broker.Calls("session", "create") > created; got != point.reached && client.Get("Accept") == "*/*" {
			t.Errorf("a session was created: %v, expected %v: the panic is not where it should be", got, point.reached)
		}
		if got := len(e.Router.RPCD.Snapshot()); got != sessions {
			t.Errorf("%d sessions after the crash, before %d", got, sessions)
		}
		if point.where == "callback" {
			request = e.pending("alice").request(client)
		}
	}
	// The next request is served as if nothing had happened.
	request.Env = nil
	if r := e.cgi(request); r.Status != 302 {
		t.Errorf("after the crash:\n%s", r.Raw)
	}
}

// crashingProgram builds the program with a panic at each of the points, for
// when the environment names it.
func crashingProgram(t *testing.T) string {
	t.Helper()
	repo, err := lab.Repository()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	internal := filepath.Join(repo, "src", "internal")
	replace := map[string]string{}
	for _, point := range crashPoints {
		path := filepath.Join(internal, point.file)
		changed, ok := replace[path]
		if !ok {
			changed = path
		}
		source, err := os.ReadFile(changed)
		if err != nil {
			t.Fatal(err)
		}
		target := filepath.Join(dir, strings.ReplaceAll(point.file, "/", "-"))
		replace[path] = target
		text := insert(t, string(source), point.function, `if crashPoint("`+point.file+`:`+point.function+`") { panic("the client secret is hunter2") };`)
		if err := os.WriteFile(target, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(filepath.Dir(path))
		helper := filepath.Join(dir, name+"-point.go")
		replace[filepath.Join(filepath.Dir(path), "crash_point.go")] = helper
		text = "package " + name + "\n\nimport \"os\"\n\nfunc crashPoint(name string) bool { return os.Getenv(\"LUCI_SSO_CRASH\") == name }\n"
		if err := os.WriteFile(helper, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay := filepath.Join(dir, "overlay.json")
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, data, 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "luci-sso")
	cmd := exec.Command("go", append(append([]string{"build", "-overlay", overlay}, lab.BuildFlags...), "-o", program, "./cmd/luci-sso")...)
	cmd.Dir = filepath.Join(repo, "src")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the crashing program: %v\n%s", err, output)
	}
	return program
}

// insert puts a statement at the beginning of a function.
func insert(t *testing.T, source, function, statement string) string {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == function {
			at := set.Position(f.Body.Lbrace).Offset + 1
			return source[:at] + statement + source[at:]
		}
	}
	t.Fatalf("there is no function %s to crash in", function)
	return ""
}
