// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/seal"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

const (
	ticketCookie = "__Host-luci_sso_ticket"
	tryCookie    = "__Host-luci_sso_try"
)

// tryReply is what the page gets.
type tryReply struct {
	ID, Origin string
	Checks     []struct{ ID, Status, Code, Message string }

	State, Code, Detail string
	Codes               []string
	IDToken             map[string]any `json:"id_token"`
	UserInfo            map[string]any
	Algorithm           string
	AtHash              bool `json:"at_hash"`
	Lifetime            int64
	Refresh             bool
	Used                struct {
		Sub, Email string
		Counts     bool `json:"email_counts"`
		Groups     []string
	}
	Match  struct{ Role, By, Value string }
	Others []string
}

// plugin calls a method as rpcd does for a session.
func (e *env) plugin(method, session string, args map[string]any) (r tryReply, raw string) {
	e.t.Helper()
	if session != "" {
		args["ubus_rpc_session"] = session
	}
	input, err := json.Marshal(args)
	e.must(err)
	command := exec.Command(e.Router.CGI(), "call", method)
	command.Stdin = bytes.NewReader(input)
	out, _ := command.Output()
	_ = json.Unmarshal(out, &r)
	return r, string(out)
}

// admin is a session as LuCI's password login makes one.
func (e *env) admin() string {
	e.t.Helper()
	reply, err := e.Router.Ubus("session", "create", ubus.Table{"timeout": int32(3600)})
	e.must(err)
	id, _ := reply[0]["ubus_rpc_session"].(string)
	_, err = e.Router.Ubus("session", "set", ubus.Table{"ubus_rpc_session": id, "values": ubus.Table{"username": "root", "token": strings.Repeat("a", 32)}})
	e.must(err)
	return id
}

// wish is the page's call; values replace the saved ones.
func (e *env) wish(session string, values map[string]any) string {
	e.t.Helper()
	args := map[string]any{"host": e.Router.Host, "values": values}
	reply, raw := e.plugin("try_login", session, args)
	if reply.ID == "" {
		e.t.Fatalf("no trial: %s", raw)
	}
	return reply.ID
}

// depart opens the window.
func (e *env) depart(ticket string) *lab.Response {
	e.t.Helper()
	return e.cgi(lab.Request{Path: "/try", Cookie: ticketCookie + "=" + ticket, Header: htmlClient})
}

// away is a trial up to the callback, which has not been sent yet.
func (e *env) away(ticket, person string) visit {
	e.t.Helper()
	r := e.depart(ticket)
	cookie := r.Cookie(tryCookie)
	if r.Status != 302 || cookie == nil || cookie.Value == "" {
		e.t.Fatalf("the trial did not start: %s\n%s", r.Raw, strings.Join(e.Log(0), "\n"))
	}
	checkHeaders(e.t, r)
	callback, err := e.Browser().SignIn(r.Header.Get("Location"), person)
	e.must(err)
	target, err := url.Parse(callback)
	e.must(err)
	return visit{target.Query(), cookie.Value}
}

func (v visit) back(name string) lab.Request {
	return lab.Request{Path: "/callback", Query: v.query.Encode(), Cookie: name + "=" + v.cookie, Header: htmlClient}
}

// noTrace: a trial has made nothing that could let anybody in.
func (e *env) noTrace(sessions int) {
	e.t.Helper()
	if now := len(e.Router.RPCD.Snapshot()); now != sessions {
		e.t.Errorf("there are %d sessions, %d before the trial", now, sessions)
	}
	for _, dir := range []string{"handshakes", "tokens", "sessions", "trials", "cache"} {
		if files, _ := os.ReadDir(e.Router.At("/var/run/luci-sso/" + dir)); len(files) > 0 {
			e.t.Errorf("the trial left %v in %s", files, dir)
		}
	}
	if text, _ := os.ReadFile(e.Router.At("/var/run/luci-sso/events")); strings.Contains(string(text), "login") {
		e.t.Errorf("the trial is among the logins: %s", text)
	}
}

// TestTry: a whole sign-in with what the form holds, while SSO is disabled and
// nothing of it is saved. It shows everything and makes no session.
func TestTry(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	form := map[string]any{
		"issuer_url": e.IDP.URL, "client_id": e.IDP.Client.ID, "client_secret": e.IDP.Client.Secret,
		"scope": "openid profile email groups offline_access",
	}
	for _, option := range []string{"issuer_url", "client_id", "client_secret"} {
		e.set(option)
	}
	e.set("enabled", "0")
	session := e.admin()
	before := len(e.Router.RPCD.Snapshot())
	mark := e.Mark()
	ticket := e.wish(session, form)
	v := e.away(ticket, "alice")
	if waiting, raw := e.plugin("try_result", session, map[string]any{"id": ticket}); waiting.State != "waiting" || strings.Contains(raw, "alice") {
		t.Errorf("before it is over: %s", raw)
	}
	r := e.cgi(v.back(tryCookie))
	checkHeaders(t, r)
	if r.Status != 200 || !strings.Contains(r.Body, "may be closed") || strings.Contains(r.Body, "href=\"/cgi-bin") || strings.Contains(string(r.Raw), "sysauth") {
		t.Fatalf("the window says: %s", r.Raw)
	}
	if c := r.Cookie(tryCookie); c == nil || c.MaxAge >= 0 {
		t.Errorf("the trial's cookie stays: %s", r.Raw)
	}
	got, raw := e.plugin("try_result", session, map[string]any{"id": ticket})
	if got.State != "done" || got.Code != "" || got.Match.Role != "admin" || got.Algorithm != "RS256" || !got.AtHash || got.Lifetime != 600 || !got.Refresh {
		t.Errorf("it says %s", raw)
	}
	if got.IDToken["iss"] != e.IDP.URL || got.UserInfo["sub"] != got.IDToken["sub"] || got.Used.Sub != got.IDToken["sub"] || got.Used.Email != "alice@example.com" || !got.Used.Counts {
		t.Errorf("the claims are not there: %s", raw)
	}
	for _, token := range append(e.IDP.RefreshTokens(), v.query.Get("code"), e.IDP.Client.Secret, session) {
		if strings.Contains(raw, token) {
			t.Errorf("%q is in %s", token, raw)
		}
	}
	if strings.Contains(raw, "access_token") || strings.Count(raw, ".ey") > 0 {
		t.Errorf("there are tokens in %s", raw)
	}
	if again, raw := e.plugin("try_result", session, map[string]any{"id": ticket}); again.State != "waiting" || strings.Contains(raw, "alice") {
		t.Errorf("a second time: %s", raw)
	}
	e.noTrace(before)
	log := strings.Join(e.Log(mark), "\n")
	if !strings.Contains(log, "a login was tried") || strings.Contains(log, "signed in") {
		t.Errorf("the log says %s", log)
	}
	e.checkSecrets(e.Log(mark))
	if r := e.cgi(lab.Request{Header: htmlClient}); r.Status != 503 {
		t.Errorf("single sign-on is still off: %s", r.Raw)
	}
}

// TestTryRoles: the roles of the form decide, and the others that fit are named.
func TestTryRoles(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	session := e.admin()
	ask := func(roles ...map[string]any) (tryReply, string) {
		t.Helper()
		reply, raw := e.plugin("try_login", session, map[string]any{"host": e.Router.Host, "values": map[string]any{"scope": "openid email groups"}, "roles": roles})
		if reply.ID == "" {
			t.Fatalf("no trial: %s", raw)
		}
		e.cgi(e.away(reply.ID, "alice").back(tryCookie))
		return e.plugin("try_result", session, map[string]any{"id": reply.ID})
	}
	viewer := map[string]any{"name": "viewer", "email": []string{"Alice@Example.com"}, "read": []string{"*"}}
	boss := map[string]any{"name": "boss", "email": []string{"alice@example.com"}, "write": []string{"*"}}
	empty := map[string]any{"name": "empty", "email": []string{"alice@example.com"}}
	other := map[string]any{"name": "other", "email": []string{"bob@example.com"}, "read": []string{"*"}}
	if got, raw := ask(other, viewer, boss); got.Code != "" || got.Match.Role != "viewer" || got.Match.By != "email" || strings.Join(got.Others, " ") != "boss" {
		t.Errorf("the role: %s", raw)
	}
	for _, roles := range [][]map[string]any{{}, {other}, {empty, boss}} {
		if got, raw := ask(roles...); got.Code != "USER_NOT_AUTHORIZED" || got.Detail == "" || got.Used.Sub == "" || got.IDToken["sub"] == nil {
			t.Errorf("with %v: %s", roles, raw)
		}
	}
}

// TestTryEveryWay: public client, key, pushed request: as for a login.
func TestTryEveryWay(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.IDP.SetPushing(idp.Pushing{Announced: true})
	e.IDP.SetClient(func(c *idp.Client) { c.JWKS = e.shell("client-key", "--jwks") })
	session := e.admin()
	for _, method := range []string{"client_secret_basic", "client_secret_post", "none", "private_key_jwt"} {
		e.IDP.SetClient(func(c *idp.Client) { c.AuthMethods = []string{method} })
		for _, par := range []string{"0", "1"} {
			ticket := e.wish(session, map[string]any{"token_auth_method": method, "par": par})
			e.cgi(e.away(ticket, "alice").back(tryCookie))
			if got, raw := e.plugin("try_result", session, map[string]any{"id": ticket}); got.State != "done" || got.Code != "" {
				t.Errorf("%s, par %s: %s", method, par, raw)
			}
		}
	}
}

// TestTryAnother: a trial is of the provider that the page asks about.
func TestTryAnother(t *testing.T) {
	t.Parallel()
	e, other := two(t)
	session := e.admin()
	reply, raw := e.plugin("try_login", session, map[string]any{"host": e.Router.Host, "provider": "other"})
	if reply.ID == "" {
		t.Fatalf("no trial: %s", raw)
	}
	e.cgi(e.away(reply.ID, "alice").back(tryCookie))
	if got, raw := e.plugin("try_result", session, map[string]any{"id": reply.ID}); got.State != "done" || got.IDToken["iss"] != other.URL {
		t.Errorf("of the other provider: %s", raw)
	}
	if reply, raw := e.plugin("try_login", session, map[string]any{"host": e.Router.Host, "provider": "nobody"}); reply.ID != "" || len(reply.Checks) == 0 {
		t.Errorf("of one that is not there: %s", raw)
	}
}

// TestTryThatFails: what a login would end in, at each stage, is shown with its
// code, and no login has failed.
func TestTryThatFails(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	session := e.admin()
	before := len(e.Router.RPCD.Snapshot())
	for name, c := range map[string]struct {
		values map[string]any
		fault  idp.Fault
		person string
		code   string
		start  bool // It does not come as far as the provider.
		claims bool
	}{
		"no provider":  {values: map[string]any{"issuer_url": "https://127.0.0.1:1"}, code: "OIDC_DISCOVERY_FAILED", start: true},
		"wrong secret": {values: map[string]any{"client_secret": "wrong"}, code: "TOKEN_EXCHANGE_FAILED"},
		"refused":      {fault: idp.Fault{AuthorizeError: &idp.OAuthError{Code: "access_denied", Description: "No."}}, code: "IDP_ERROR"},
		"bad nonce":    {fault: idp.Fault{IDToken: func(t *idp.IDToken) { t.Claims["nonce"] = "x" }}, code: "ID_TOKEN_VERIFICATION_FAILED"},
		"bad at_hash":  {fault: idp.Fault{IDToken: func(t *idp.IDToken) { t.Claims["at_hash"] = "x" }}, code: "ID_TOKEN_VERIFICATION_FAILED"},
		"another iss":  {fault: idp.Fault{Callback: func(q url.Values) { q.Set("iss", "https://elsewhere.example") }}, code: "STATE_PARAMETER_MISMATCH"},
		"nobody":       {person: "dave", code: "USER_NOT_AUTHORIZED", claims: true},
	} {
		remove := e.IDP.Inject(c.fault)
		ticket := e.wish(session, c.values)
		var r *lab.Response
		if c.start {
			r = e.depart(ticket)
		} else {
			person := c.person
			if person == "" {
				person = "alice"
			}
			r = e.cgi(e.away(ticket, person).back(tryCookie))
		}
		remove()
		if r.Status != 200 || !strings.Contains(r.Body, "may be closed") || strings.Contains(string(r.Raw), "sysauth") {
			t.Errorf("%s: %s", name, r.Raw)
		}
		got, raw := e.plugin("try_result", session, map[string]any{"id": ticket})
		if got.State != "done" || got.Code != c.code || got.Detail == "" || len(got.Codes) == 0 || got.Codes[len(got.Codes)-1] != c.code || (len(got.IDToken) > 0) != c.claims {
			t.Errorf("%s: %s", name, raw)
		}
		if strings.Contains(raw, e.IDP.Client.Secret) {
			t.Errorf("%s: the secret is in %s", name, raw)
		}
	}
	e.noTrace(before)
	for _, line := range e.Log(0) {
		if strings.HasPrefix(line, "[") {
			t.Errorf("the log has the code of a trial as if a login had failed: %s", line)
		}
	}
}

// TestTryForged: what is not exactly the trial of this browser, this session
// and these five minutes is refused, and tells nobody anything.
func TestTryForged(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	session, other := e.admin(), e.admin()
	e.cgi(lab.Request{Header: htmlClient}) // So that there is a secret key.
	before := len(e.Router.RPCD.Snapshot())
	gone := func(what string, r *lab.Response) {
		t.Helper()
		if r.Status != 404 || strings.Contains(string(r.Raw), tryCookie+"=") || r.Header.Get("Location") != "" {
			t.Errorf("%s: %s", what, r.Raw)
		}
		checkHeaders(t, r)
	}
	notTried := func(what string, r *lab.Response) {
		t.Helper()
		if r.Status < 400 || strings.Contains(r.Body, "may be closed") || strings.Contains(string(r.Raw), "sysauth") {
			t.Errorf("%s: %s", what, r.Raw)
		}
	}
	gone("without a ticket", e.cgi(lab.Request{Path: "/try", Header: htmlClient}))
	gone("a made-up ticket", e.depart(strings.Repeat("A", 43)))
	gone("a path", e.depart("../handshakes/x"))

	// A foreign browser has no cookie, whatever its link says.
	ticket := e.wish(session, nil)
	gone("the ticket in a link", e.cgi(lab.Request{Path: "/try", Query: "id=" + ticket + "&ticket=" + ticket, Header: htmlClient}))
	gone("as a login's cookie", e.cgi(lab.Request{Path: "/try", Cookie: lab.HandshakeCookie + "=" + ticket, Header: htmlClient}))
	gone("as a HEAD", e.cgi(lab.Request{Method: "HEAD", Path: "/try", Cookie: ticketCookie + "=" + ticket, Header: htmlClient}))
	gone("over plain HTTP", e.cgi(lab.Request{Plain: true, Path: "/try", Cookie: ticketCookie + "=" + ticket, Header: htmlClient}))
	v := e.away(ticket, "alice")
	gone("a second departure", e.depart(ticket))

	// The callback belongs to its own cookie and its own state.
	notTried("another browser", e.cgi(visit{v.query, ""}.request(htmlClient)))
	notTried("as a login's callback", e.cgi(v.back(lab.HandshakeCookie)))
	notTried("the ticket as cookie", e.cgi(visit{v.query, ticket}.back(tryCookie)))
	forged := url.Values{"code": v.query["code"], "iss": v.query["iss"], "state": {strings.Repeat("A", 43)}}
	notTried("another state", e.cgi(visit{forged, v.cookie}.back(tryCookie)))
	notTried("no state", e.cgi(visit{url.Values{"code": v.query["code"]}, v.cookie}.back(tryCookie)))

	// A login's own pending state is no trial.
	real := e.pending("alice")
	notTried("a login's cookie as a trial", e.cgi(real.back(tryCookie)))

	if r := e.cgi(v.back(tryCookie)); r.Status != 200 {
		t.Fatalf("the forgeries have disturbed the trial: %s", r.Raw)
	}
	notTried("a replay", e.cgi(v.back(tryCookie)))

	// What came goes to the session that asked, once.
	for _, foreign := range []string{other, "", strings.Repeat("0", 32)} {
		if _, raw := e.plugin("try_result", foreign, map[string]any{"id": ticket}); strings.Contains(raw, "alice") {
			t.Errorf("session %q sees %s", foreign, raw)
		}
	}
	if got, raw := e.plugin("try_result", session, map[string]any{"id": ticket}); got.State != "done" {
		t.Errorf("the session's own: %s", raw)
	}

	// Nobody but a page can ask, and from the host that the browser comes back to.
	if reply, raw := e.plugin("try_login", "", map[string]any{"host": e.Router.Host}); reply.ID != "" {
		t.Errorf("without a session: %s", raw)
	}
	if reply, raw := e.plugin("try_login", session, map[string]any{"host": "elsewhere.example"}); reply.ID != "" || len(reply.Checks)+len(reply.Origin) == 0 {
		t.Errorf("from another host: %s", raw)
	}
	if reply, raw := e.plugin("try_login", session, map[string]any{"host": e.Router.Host, "values": map[string]any{"redirect_uri": "https://r.example.com/cgi-bin/luci-sso/callback"}}); reply.ID != "" || reply.Origin != "https://r.example.com" {
		t.Errorf("with a redirect URI elsewhere: %s", raw)
	}
	if reply, raw := e.plugin("try_login", session, map[string]any{"host": e.Router.Host, "values": map[string]any{"client_id": ""}}); reply.ID != "" || reply.Checks[0].Code != "CONFIG_ERROR" {
		t.Errorf("with settings that are not complete: %s", raw)
	}

	// Who has logged out cannot go on, and five minutes are five minutes.
	left := e.wish(other, nil)
	_, err := e.Router.Ubus("session", "destroy", ubus.Table{"ubus_rpc_session": other})
	e.must(err)
	gone("after logging out", e.depart(left))
	late := e.wish(session, nil)
	e.aged("wish", late)
	gone("after five minutes", e.depart(late))
	v = e.away(e.wish(session, nil), "alice")
	e.aged("away", v.cookie)
	notTried("back after five minutes", e.cgi(v.back(tryCookie)))
	late = e.wish(session, nil)
	e.cgi(e.away(late, "alice").back(tryCookie))
	e.aged("came", late)
	if _, raw := e.plugin("try_result", session, map[string]any{"id": late}); strings.Contains(raw, "alice") {
		t.Errorf("fetched after five minutes: %s", raw)
	}
	if now := len(e.Router.RPCD.Snapshot()); now != before-1 {
		t.Errorf("there are %d sessions, expected %d", now, before-1)
	}
}

// aged makes a trial of some phase six minutes old.
func (e *env) aged(phase, name string) {
	e.t.Helper()
	key, err := seal.Load(e.Router.At("/etc/luci-sso/secret.key"))
	e.must(err)
	sum := sha256.Sum256([]byte(name))
	file := e.Router.At("/var/run/luci-sso/trials/" + hex.EncodeToString(sum[:]) + "." + phase)
	sealed, err := os.ReadFile(file)
	e.must(err)
	purpose := seal.Purpose("trial, " + phase)
	plain, err := key.Open(purpose, name, sealed)
	e.must(err)
	var content map[string]any
	e.must(json.Unmarshal(plain, &content))
	content["Issued"] = time.Now().Add(-6 * time.Minute)
	plain, err = json.Marshal(content)
	e.must(err)
	sealed, err = key.Seal(purpose, name, plain)
	e.must(err)
	e.must(os.WriteFile(file, sealed, 0o600))
}

// TestTryIsBounded: whoever asks again and again fills nothing.
func TestTryIsBounded(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	session := e.admin()
	n := 0
	for range 30 {
		if reply, _ := e.plugin("try_login", session, map[string]any{"host": e.Router.Host}); reply.ID != "" {
			n++
		}
	}
	files, _ := filepath.Glob(e.Router.At("/var/run/luci-sso/trials/*"))
	if n != 16 || len(files) != 16 {
		t.Errorf("%d trials, %d files", n, len(files))
	}
	for _, name := range files {
		old := time.Now().Add(-6 * time.Minute)
		e.must(os.Chtimes(name, old, old))
	}
	e.shell("cleanup")
	if files, _ = filepath.Glob(e.Router.At("/var/run/luci-sso/trials/*")); len(files) != 0 {
		t.Errorf("the cleanup left %v", files)
	}
}
