// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	ubus "github.com/openwrt/ubus-go"

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

	NoAnswer string `json:"no_answer"`
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

// TestTryWithoutUserInfo: what a login does not need does not make it fail, and
// that it did not answer is shown.
func TestTryWithoutUserInfo(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	session := e.admin()
	e.IDP.Inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.UserInfo: {Status: 500, Body: []byte("{}")}}})
	ticket := e.wish(session, map[string]any{})
	e.cgi(e.away(ticket, "alice").back(tryCookie))
	if got, raw := e.plugin("try_result", session, map[string]any{"id": ticket}); got.Code != "" || got.Match.Role != "admin" || !strings.Contains(got.NoAnswer, "500") {
		t.Errorf("it says %s", raw)
	}
}

// TestTryAsksUserInfoOnce: whether a login needs it or not, and never about a
// token that was refused.
func TestTryAsksUserInfoOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	session := e.admin()
	for name, c := range map[string]struct {
		token func(t *idp.IDToken)
		want  int
	}{
		"not needed": {nil, 1},
		"needed":     {func(t *idp.IDToken) { delete(t.Claims, "email"); delete(t.Claims, "groups") }, 1},
		"refused":    {func(t *idp.IDToken) { t.Claims["nonce"] = "x" }, 0},
	} {
		remove := e.IDP.Inject(idp.Fault{IDToken: c.token})
		before := e.IDP.Count(idp.UserInfo)
		ticket := e.wish(session, map[string]any{})
		e.cgi(e.away(ticket, "alice").back(tryCookie))
		if _, raw := e.plugin("try_result", session, map[string]any{"id": ticket}); e.IDP.Count(idp.UserInfo)-before != c.want {
			t.Errorf("%s: UserInfo was asked %d times, want %d: %s", name, e.IDP.Count(idp.UserInfo)-before, c.want, raw)
		}
		remove()
	}
}

// TestTryTellsNoCode: a code that the provider or the browser repeats gets
// neither to the page nor into the log, however short it is.
func TestTryTellsNoCode(t *testing.T) {
	t.Parallel()
	const code, said = "q7-x2", "there is no code q7-x2 here"
	e := newEnv(t)
	session := e.admin()
	e.IDP.Inject(idp.Fault{TokenError: &idp.OAuthError{Code: "invalid_grant", Description: said}})
	for name, back := range map[string]map[string]string{
		"the provider": {"code": code},
		"the browser":  {"code": code, "error": "access_denied", "error_description": said},
	} {
		ticket := e.wish(session, map[string]any{})
		v := e.away(ticket, "alice")
		for parameter, value := range back {
			v.query.Set(parameter, value)
		}
		mark := e.Mark()
		r := e.cgi(v.back(tryCookie))
		_, raw := e.plugin("try_result", session, map[string]any{"id": ticket})
		if !strings.Contains(raw, "there is no code") {
			t.Errorf("%s: it says %s", name, raw)
		}
		for where, text := range map[string]string{"the result": raw, "the window": string(r.Raw), "the log": strings.Join(e.Log(mark), "\n")} {
			if strings.Contains(text, code) {
				t.Errorf("%s: the code is in %s: %s", name, where, text)
			}
		}
	}
}

// TestTrySignIn: a role that fits, but not this sign-in, is what the trial says.
func TestTrySignIn(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	session := e.admin()
	reply, raw := e.plugin("try_login", session, map[string]any{"host": e.Router.Host, "values": map[string]any{}, "roles": []map[string]any{
		{"name": "noc", "email": []string{"alice@example.com"}, "acr": []string{"phr"}, "read": []string{"*"}},
	}})
	if reply.ID == "" {
		t.Fatalf("no trial: %s", raw)
	}
	e.cgi(e.away(reply.ID, "alice").back(tryCookie))
	if got, raw := e.plugin("try_result", session, map[string]any{"id": reply.ID}); got.Code != "SIGN_IN_INSUFFICIENT" || !strings.Contains(got.Detail, `role "noc" fits by`) {
		t.Errorf("it says %s", raw)
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
