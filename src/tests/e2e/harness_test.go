// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/store"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// env is a lab within a test.
type env struct {
	*lab.Lab
	t *testing.T
}

// newEnv starts a lab of the stand-ins, whose faults the cases need.
func newEnv(t *testing.T, options ...func(*lab.Options)) *env {
	t.Helper()
	o := lab.Options{StandIns: true}
	for _, option := range options {
		option(&o)
	}
	l, err := lab.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return &env{l, t}
}

func (e *env) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *env) set(option string, values ...string) {
	e.t.Helper()
	e.must(e.SetUCI(option, values...))
}

// inject switches a fault of the provider on for the rest of the test.
func (e *env) inject(f idp.Fault) { e.IDP.Inject(f) }

// named switches faults of the lab's catalogue on.
func (e *env) named(names ...string) {
	e.t.Helper()
	e.must(e.IDP.SetNamed(names...))
}

// The two kinds of client: a program and a browser.
var (
	plainClient = http.Header{"Accept": {"*/*"}}
	htmlClient  = http.Header{"Accept": {"text/html,application/xhtml+xml;q=0.9"}}
)

func (e *env) cgi(r lab.Request) *lab.Response {
	e.t.Helper()
	response, err := e.CGI(r)
	e.must(err)
	return response
}

// visit is a callback that has not been sent yet.
type visit struct {
	query  url.Values
	cookie string
}

func (v visit) request(client http.Header) lab.Request {
	r := lab.Request{Path: "/callback", Query: v.query.Encode(), Header: client}
	if v.cookie != "" {
		r.Cookie = lab.HandshakeCookie + "=" + v.cookie
	}
	return r
}

// pending starts a login and signs somebody in at the provider.
func (e *env) pending(person string) visit {
	e.t.Helper()
	response := e.cgi(lab.Request{Header: htmlClient})
	cookie := response.Cookie(lab.HandshakeCookie)
	if response.Status != 302 || cookie == nil {
		e.t.Fatalf("the login did not start: %s\n%s", response.Raw, strings.Join(e.Log(0), "\n"))
	}
	callback, err := e.Browser().SignIn(response.Header.Get("Location"), person)
	e.must(err)
	target, err := url.Parse(callback)
	e.must(err)
	return visit{target.Query(), cookie.Value}
}

// login is a whole login of Alice up to the callback's response.
func login(e *env, client http.Header) *lab.Response {
	e.t.Helper()
	return e.cgi(e.pending("alice").request(client))
}

// start is a login's first request.
func start(e *env, client http.Header) *lab.Response {
	e.t.Helper()
	return e.cgi(lab.Request{Header: client})
}

// refusal is what a request that fails has to answer and to log.
type refusal struct {
	status  int
	lines   []string // The lines with codes, in order.
	facts   []string // Every one within a diagnostic line.
	spent   bool     // The state cookie is cleared.
	waiting int      // Pending logins that are left behind by this request.
	tokens  int      // Used access tokens that are registered by it.
	retry   bool     // Retry-After is sent.
}

var securityHeaders = map[string]string{
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; style-src 'self'; frame-ancestors 'none';",
	"X-Content-Type-Options":  "nosniff",
	"X-Frame-Options":         "DENY",
	"Cache-Control":           "no-store",
	"Referrer-Policy":         "no-referrer",
}

// checkHeaders: the five are on every response, once, with exactly this value.
func checkHeaders(t *testing.T, r *lab.Response) {
	t.Helper()
	for name, want := range securityHeaders {
		if got := r.Header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("header %s is %q, expected %q", name, got, want)
		}
	}
	if !r.Valid || r.ExitCode != 0 || r.Stderr != "" {
		t.Errorf("the program ended with %d, a valid response: %v, standard error %q", r.ExitCode, r.Valid, r.Stderr)
	}
}

// provoke sends a request that must fail, as a program and as a browser would,
// and checks everything about it.
func (e *env) provoke(want refusal, request func(*env, http.Header) *lab.Response) {
	e.t.Helper()
	for _, client := range []http.Header{plainClient, htmlClient} {
		before := e.snapshot()
		mark := e.Mark()
		response := request(e, client)
		e.check(want, response, client, e.logOf(response, mark), before)
	}
}

// logOf is what the request of a response logged.
func (e *env) logOf(r *lab.Response, mark int) []string {
	var lines []string
	for _, entry := range e.Entries(mark) {
		if entry.PID == r.PID && entry.Tag == "luci-sso" {
			lines = append(lines, entry.Text)
		}
	}
	return lines
}

func (e *env) check(want refusal, r *lab.Response, client http.Header, log []string, before state) {
	t := e.t
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("response:\n%s\nlog:\n%s", r.Raw, strings.Join(log, "\n"))
		}
	}()
	if r.Status != want.status {
		t.Errorf("status %d, expected %d", r.Status, want.status)
	}
	checkHeaders(t, r)
	checkBody(t, r, want, client)
	checkLog(t, log, want)
	checkCookies(t, r, want)
	if got := r.Header.Get("Retry-After") != ""; got != want.retry {
		t.Errorf("Retry-After is there: %v, expected %v", got, want.retry)
	}
	e.checkState(want, before)
	e.checkSecrets(append(log, r.Body))
}

// checkBody: the sentence of the outcome in the form the client asked for,
// and no code.
func checkBody(t *testing.T, r *lab.Response, want refusal, client http.Header) {
	t.Helper()
	code := want.lines[len(want.lines)-1]
	entry, _ := fault.Lookup(fault.Code(code[strings.IndexByte(code, ' ')+1:]))
	contentType, body := "text/plain", "Error: "+entry.Sentence+"\n"
	html := client.Get("Accept") == htmlClient.Get("Accept")
	if html {
		contentType = "text/html; charset=utf-8"
	}
	if got := r.Header.Get("Content-Type"); got != contentType {
		t.Errorf("Content-Type %q, expected %q", got, contentType)
	}
	if !html && r.Body != body {
		t.Errorf("body %q, expected %q", r.Body, body)
	}
	if html && (!strings.Contains(r.Body, `role="alert">`+entry.Sentence+"<") || !strings.Contains(r.Body, `href="/cgi-bin/luci/"`) || !strings.HasPrefix(r.Body, "<!DOCTYPE html>")) {
		t.Errorf("the page lacks the sentence %q or the way back:\n%s", entry.Sentence, r.Body)
	}
	if strings.Contains(r.Body, "_") && !html {
		t.Errorf("the body looks as if it names a code: %q", r.Body)
	}
	if got := r.Header.Get("Content-Length"); got != strconv.Itoa(len(r.Body)) {
		t.Errorf("Content-Length %q for %d bytes", got, len(r.Body))
	}
}

// checkLog: exactly the codes, in order, after at most one diagnostic line.
func checkLog(t *testing.T, log []string, want refusal) {
	t.Helper()
	var codes, details []string
	for _, line := range log {
		if strings.HasPrefix(line, "[") {
			codes = append(codes, line)
		} else {
			details = append(details, line)
		}
	}
	if !slices.Equal(codes, want.lines) {
		t.Errorf("the log has the codes\n  %q\nexpected\n  %q", codes, want.lines)
	}
	if len(details) > 1 {
		t.Errorf("%d diagnostic lines, expected one: %q", len(details), details)
	}
	for _, fact := range want.facts {
		if !slices.ContainsFunc(details, func(line string) bool { return strings.Contains(line, fact) }) {
			t.Errorf("no diagnostic line says %q: %q", fact, details)
		}
	}
	if len(want.facts) > 0 && (len(log) == 0 || strings.HasPrefix(log[0], "[")) {
		t.Errorf("the diagnostic does not come before the codes: %q", log)
	}
	if len(log) > 0 && !strings.HasPrefix(log[len(log)-1], "[") {
		t.Errorf("the outcome is not the last line: %q", log)
	}
}

func checkCookies(t *testing.T, r *lab.Response, want refusal) {
	t.Helper()
	cookies := r.Header.Values("Set-Cookie")
	if !want.spent {
		if len(cookies) > 0 {
			t.Errorf("cookies are set: %q", cookies)
		}
		return
	}
	if len(cookies) != 1 || cookies[0] != lab.HandshakeCookie+"=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax" {
		t.Errorf("the state cookie is not cleared, or not alone: %q", cookies)
	}
}

// state is what a request may leave behind.
type state struct {
	files    map[string]bool
	waiting  int
	tokens   int
	sessions int
}

// mayAppear are the files a failing request may create.
var mayAppear = regexp.MustCompile(`^/var/run/luci-sso(/(handshakes|tokens|cache)(/[0-9a-f.-]+(discovery\.json|jwks\.json)?)?|/sessions|/ratelimit|/events)?$|^/etc/luci-sso(/secret\.key)?$`)

func (e *env) snapshot() state {
	s := state{files: map[string]bool{}}
	for _, dir := range []string{"/etc", "/var", "/tmp", "/www", "/usr"} {
		_ = filepath.WalkDir(e.Router.At(dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil {
				s.files[strings.TrimPrefix(path, e.Router.Root)] = true
			}
			return nil
		})
	}
	for name := range s.files {
		switch filepath.Dir(name) {
		case "/var/run/luci-sso/handshakes":
			s.waiting++
		case "/var/run/luci-sso/tokens":
			s.tokens++
		}
	}
	if e.Router.RPCD != nil {
		s.sessions = len(e.Router.RPCD.Snapshot())
	}
	return s
}

func (e *env) checkState(want refusal, before state) {
	e.t.Helper()
	after := e.snapshot()
	for name := range after.files {
		if !before.files[name] && (!mayAppear.MatchString(name) || store.IsTemp(filepath.Base(name))) {
			e.t.Errorf("the request left the file %s behind", name)
		}
	}
	if got := after.waiting - before.waiting; got != want.waiting {
		e.t.Errorf("%d pending logins are left by this, expected %d", got, want.waiting)
	}
	if got := after.tokens - before.tokens; got != want.tokens {
		e.t.Errorf("%d used tokens are registered by this, expected %d", got, want.tokens)
	}
	if after.sessions != before.sessions {
		e.t.Errorf("%d sessions, before %d: a failing request made or ended one", after.sessions, before.sessions)
	}
}

// opaque is what a state, a code, a token or a session id looks like.
var opaque = regexp.MustCompile(`[A-Za-z0-9_-]{40,}|\b[0-9a-f]{32}\b|[^\s@"]+@example\.com`)

var stateFile = regexp.MustCompile(`/var/run/luci-sso/(handshakes|tokens)/[0-9a-f]{64}`)

// checkSecrets: neither log nor body repeats anything secret or personal.
func (e *env) checkSecrets(texts []string) {
	e.t.Helper()
	for _, text := range texts {
		// A file's name is a hash of something unguessable.
		text = stateFile.ReplaceAllString(text, "")
		if strings.Contains(text, e.IDP.Client.Secret) {
			e.t.Errorf("the client secret is in %q", text)
		}
		for _, found := range opaque.FindAllString(text, -1) {
			if !strings.Contains(found, e.Router.Root) && !strings.Contains(found, "luci-static") {
				e.t.Errorf("%q, which looks secret or personal, is in %q", found, text)
			}
		}
	}
}

// keptDocument changes the discovery document that the router keeps, which is
// what an attacker on the router's disk or an older version could have left.
func (e *env) keptDocument(change func(map[string]any)) {
	e.t.Helper()
	names, err := filepath.Glob(e.Router.At("/var/run/luci-sso/cache/*discovery*"))
	if err != nil || len(names) != 1 {
		e.t.Fatalf("kept discovery documents: %q, %v", names, err)
	}
	data, err := os.ReadFile(names[0])
	e.must(err)
	var doc map[string]any
	e.must(json.Unmarshal(data, &doc))
	change(doc)
	data, err = json.Marshal(doc)
	e.must(err)
	e.must(os.WriteFile(names[0], data, 0o600))
}

// ageKept makes the kept documents older.
func (e *env) ageKept(by time.Duration) {
	e.t.Helper()
	names, _ := filepath.Glob(e.Router.At("/var/run/luci-sso/cache/*.json"))
	for _, name := range names {
		at := time.Now().Add(-by)
		e.must(os.Chtimes(name, at, at))
	}
}

// forget removes the kept documents, so that the next request fetches them.
func (e *env) forget() { _ = os.RemoveAll(e.Router.At("/var/run/luci-sso/cache")) }
