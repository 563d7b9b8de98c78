// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"luci-sso/internal/events"
	"luci-sso/internal/fault"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// makes is the form with a logout token of the provider's.
func (e *env) makes(sub, sid string, spoil func(*idp.IDToken)) string {
	e.t.Helper()
	token, err := e.IDP.LogoutToken(sub, sid, spoil)
	e.must(err)
	return url.Values{"logout_token": {token}}.Encode()
}

// says sends a form the way the provider does.
func (e *env) says(form string) *lab.Response {
	e.t.Helper()
	return e.cgi(saying(form))
}

func saying(form string) lab.Request {
	return lab.Request{
		Method: "POST", Path: "/backchannel-logout", Body: []byte(form), RemoteAddr: "192.0.2.1:4000",
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Content-Length": {strconv.Itoa(len(form))}, "Accept": {"*/*"}},
	}
}

func (e *env) logoutToken(sub, sid string, spoil func(*idp.IDToken)) *lab.Response {
	e.t.Helper()
	return e.says(e.makes(sub, sid, spoil))
}

// refusesLogout checks the answer to a logout that must not happen.
func (e *env) refusesLogout(s person, code fault.Code, fact string, r *lab.Response) {
	e.t.Helper()
	log := strings.Join(e.logOf(r, 0), "\n")
	if r.Status != 400 || r.Header.Get("Content-Type") != "application/json" || !strings.Contains(r.Body, `"error": "invalid_request"`) {
		e.t.Errorf("the answer is\n%s", r.Raw)
	}
	checkHeaders(e.t, r)
	if !strings.Contains(log, fact) || !strings.HasSuffix(log, "[400] "+string(code)) || strings.Count(log, "\n") != 1 {
		e.t.Errorf("the log is %q, want one line with %q and the code %s", log, fact, code)
	}
	e.checkSecrets([]string{log, r.Body})
	list := events.List(e.Router.At("/var/run/luci-sso/events"))
	if !slices.ContainsFunc(list, func(ev events.Event) bool { return ev.Kind == events.Error && ev.Code == string(code) }) {
		e.t.Errorf("the last events are %+v", list)
	}
	if !e.lives(s) {
		e.t.Fatalf("a session was ended")
	}
}

// While the option is off, the path is as if it were not there.
func TestBackchannelLogoutOff(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	s := e.signedIn("alice")
	form := e.makes(s.subject(), "", nil)
	here, nowhere := e.says(form), e.cgi(lab.Request{Method: "POST", Path: "/nowhere", Body: []byte(form)})
	if here.Status != nowhere.Status || here.Body != nowhere.Body {
		t.Errorf("POST differs from that to a path that is not there:\n%s\n%s", here.Raw, nowhere.Raw)
	}
	if r := e.cgi(lab.Request{Path: "/backchannel-logout"}); r.Status != 404 {
		t.Errorf("GET is answered with\n%s", r.Raw)
	}
	if !e.lives(s) {
		t.Error("the session was ended")
	}
}

// Who is in while single sign-on is switched off is still put out by the
// provider: ending a session is no danger.
func TestBackchannelLogoutWhileDisabled(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("backchannel_logout", "1")
	s, other := e.signedIn("alice"), e.signedIn("bob")
	e.set("enabled", "0")
	if r := e.logoutToken(s.subject(), "", nil); r.Status != 200 {
		t.Errorf("the token was not accepted:\n%s\n%s", r.Raw, strings.Join(e.logOf(r, 0), "\n"))
	}
	if e.lives(s) || !e.lives(other) {
		t.Errorf("whom the token names lives: %t, the other one: %t", e.lives(s), e.lives(other))
	}
	if r := e.cgi(lab.Request{Header: htmlClient}); r.Status != 503 {
		t.Errorf("a login begins:\n%s", r.Raw)
	}
	forged := e.logoutToken(other.subject(), "", func(token *idp.IDToken) { token.Claims["aud"] = "somebody" })
	if forged.Status != 400 || !e.lives(other) {
		t.Errorf("a token for somebody else:\n%s", forged.Raw)
	}
	e.set("backchannel_logout", "0")
	if r := e.logoutToken(other.subject(), "", nil); r.Status != 404 || !e.lives(other) {
		t.Errorf("with the option off as well:\n%s", r.Raw)
	}
}

func TestBackchannelLogout(t *testing.T) {
	t.Parallel()
	sid := func(sid string) idp.Fault {
		return idp.Fault{IDToken: func(token *idp.IDToken) { token.Claims["sid"] = sid }}
	}
	for name, c := range map[string]struct {
		named  func(s person) (sub, sid string)
		change func(*idp.IDToken)
		ends   [3]bool // alice with sid 1, alice with sid 2, bob with sid 1 as well.
	}{
		"sub":     {func(s person) (string, string) { return s.subject(), "" }, nil, [3]bool{true, true, false}},
		"sid":     {func(person) (string, string) { return "", "2" }, nil, [3]bool{false, true, false}},
		"both":    {func(s person) (string, string) { return s.subject(), "1" }, nil, [3]bool{true, false, false}},
		"unknown": {func(s person) (string, string) { return s.subject(), "3" }, nil, [3]bool{}},
		"JWT, no exp": {func(s person) (string, string) { return s.subject(), "" }, func(token *idp.IDToken) {
			token.Header["typ"] = "JWT"
			delete(token.Claims, "exp")
		}, [3]bool{true, true, false}},
		"no typ": {func(s person) (string, string) { return s.subject(), "" }, func(token *idp.IDToken) { delete(token.Header, "typ") }, [3]bool{true, true, false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			e.set("backchannel_logout", "1")
			var people [3]person
			for i, who := range []string{"alice", "alice", "bob"} {
				e.With(func() { people[i] = e.signedIn(who) }, sid([]string{"1", "2", "1"}[i]))
			}
			r := e.logoutToken(first(c.named(people[0])), second(c.named(people[0])), c.change)
			checkHeaders(t, r)
			if r.Status != 200 || r.Body != "" {
				t.Errorf("the answer is\n%s\n%s", r.Raw, strings.Join(e.Log(0), "\n"))
			}
			for i, s := range people {
				if e.lives(s) == c.ends[i] {
					t.Errorf("session %d lives: %t", i+1, e.lives(s))
				}
			}
			if left := len(names(t, e.Router.At(sessionFiles))); left != 3-count(c.ends) {
				t.Errorf("%d files of sessions are left", left)
			}
		})
	}
}

func first(a, _ string) string  { return a }
func second(_, b string) string { return b }
func count(flags [3]bool) (n int) {
	for _, flag := range flags {
		if flag {
			n++
		}
	}
	return n
}

// Where the provider gave a session no name, its person is enough.
func TestBackchannelLogoutWithoutSessionNames(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("backchannel_logout", "1")
	var alice, bob person
	e.With(func() { alice, bob = e.signedIn("alice"), e.signedIn("bob") }, idp.Fault{IDToken: func(token *idp.IDToken) { delete(token.Claims, "sid") }})
	if r := e.logoutToken("", "of-the-provider", nil); r.Status != 200 || !e.lives(alice) || !e.lives(bob) {
		t.Fatalf("a session that nobody here has ended somebody's:\n%s", r.Raw)
	}
	if r := e.logoutToken(alice.subject(), "of-the-provider", nil); r.Status != 200 || e.lives(alice) || !e.lives(bob) {
		t.Errorf("alice lives: %t, bob lives: %t\n%s", e.lives(alice), e.lives(bob), r.Raw)
	}
}

// Every kind of bad token, and of bad request, ends nothing.
func TestBackchannelLogoutRefuses(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("backchannel_logout", "1")
	s := e.signedIn("alice")
	claim := func(name string, value any) func(*idp.IDToken) {
		return func(token *idp.IDToken) {
			if value == nil {
				delete(token.Claims, name)
			} else {
				token.Claims[name] = value
			}
		}
	}
	now := time.Now().Unix()
	for name, c := range map[string]struct {
		spoil func(*idp.IDToken)
		fact  string
	}{
		"type of an access token": {func(token *idp.IDToken) { token.Header["typ"] = "at+jwt" }, "at+jwt"},
		"another issuer":          {claim("iss", "https://evil.example"), "iss is"},
		"no issuer":               {claim("iss", nil), "iss is"},
		"another audience":        {claim("aud", "somebody else"), "aud does not contain"},
		"the issuer as audience":  {claim("aud", e.IDP.URL), "aud does not contain"},
		"expired":                 {claim("exp", now-3600), "expired"},
		"old, without exp": {func(token *idp.IDToken) {
			delete(token.Claims, "exp")
			token.Claims["iat"] = now - 3600
		}, "expired"},
		"no iat":              {claim("iat", nil), "no iat"},
		"of the future":       {claim("iat", now+3600), "in the future"},
		"no events":           {claim("events", nil), "events"},
		"another event":       {claim("events", map[string]any{"http://schemas.openid.net/event/other": map[string]any{}}), "events"},
		"events as a list":    {claim("events", []any{logoutEvent}), "events"},
		"a nonce":             {claim("nonce", "n"), "nonce"},
		"an empty nonce":      {claim("nonce", ""), "nonce"},
		"no jti":              {claim("jti", nil), "jti"},
		"neither sub nor sid": {claim("sub", nil), "neither sub nor sid"},
		"sub is a number":     {claim("sub", 7), "not a text"},
		"sid is a list":       {claim("sid", []any{"1"}), "not a text"},
		"sid is empty":        {claim("sid", ""), "not a text"},
		"crit":                {func(token *idp.IDToken) { token.Header["crit"] = []any{"x"} }, "crit"},
		"alg none":            {func(token *idp.IDToken) { token.Header["alg"] = "none" }, "signed with"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &env{e.Lab, t}
			e.refusesLogout(s, fault.LogoutTokenInvalid, c.fact, e.logoutToken(s.subject(), "", c.spoil))
		})
	}
	form := e.makes(s.subject(), "", nil)
	for name, c := range map[string]struct {
		request lab.Request
		fact    string
	}{
		"an altered token": {saying(form[:len(form)-8] + "AAAAAAAA"), "signature"},
		"two tokens":       {saying(form + "&" + form), "or several"},
		"an ID token":      {saying(url.Values{"logout_token": {e.idToken("alice")}}.Encode()), "events"},
		"garbage":          {saying("logout_token=a.b.c"), "JWS"},
		"too long":         {saying(form + "&pad=" + strings.Repeat("a", 33<<10)), "32768 bytes"},
		"no form":          {withHeader(saying(form), "Content-Type", "application/json"), "not a form"},
		"many fields":      {saying(form + strings.Repeat("&a=b", 200)), "100 fields"},
		"a token too long": {saying("logout_token=" + strings.Repeat("a", 20<<10)), "limit is 16384"},
	} {
		t.Run(name, func(t *testing.T) {
			e := &env{e.Lab, t}
			e.refusesLogout(s, fault.LogoutTokenInvalid, c.fact, e.cgi(c.request))
		})
	}
	plain := saying(form)
	plain.Plain = true
	for _, r := range []*lab.Response{e.cgi(plain), e.cgi(lab.Request{Path: "/backchannel-logout"})} {
		if r.Status != 403 && r.Status != 405 || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("the answer is\n%s", r.Raw)
		}
	}
	// The good one, and the same once more.
	if r := e.says(form); r.Status != 200 || e.lives(s) {
		t.Errorf("the good token:\n%s", r.Raw)
	}
	again := e.signedIn("alice")
	e.refusesLogout(again, fault.LogoutTokenInvalid, "jti came before", e.says(form))
}

func withHeader(r lab.Request, name, value string) lab.Request {
	r.Header.Set(name, value)
	return r
}

// idToken is one that the provider gave for a login, which somebody has got.
func (e *env) idToken(who string) string {
	e.t.Helper()
	var token string
	e.With(func() { e.signedIn(who) }, idp.Fault{TokenResponse: func(r map[string]any) { token, _ = r["id_token"].(string) }})
	if token == "" {
		e.t.Fatal("no ID token was seen")
	}
	return token
}

// A flood of logins takes nothing from the provider, nor a flood of forged
// tokens from the logins or, from one address, from the provider.
func TestBackchannelLogoutHasItsOwnShare(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("backchannel_logout", "1")
	e.set("rate_limit", "4")
	e.set("rate_window", "3600")
	forged := saying("logout_token=x")
	forged.RemoteAddr = "192.0.2.99:4000"
	last := 0
	for range 20 {
		last = e.cgi(forged).Status
	}
	if last != 429 {
		t.Errorf("the flood of forged tokens is not refused: %d", last)
	}
	s := e.signedIn("alice")
	for range 6 {
		start(e, plainClient)
	}
	if r := start(e, plainClient); r.Status != 429 {
		t.Fatalf("the flood of logins is not refused: %d", r.Status)
	}
	if r := e.logoutToken(s.subject(), "", nil); r.Status != 200 || e.lives(s) {
		t.Errorf("the provider's logout meanwhile:\n%s", r.Raw)
	}
}

// A hundred sessions that the provider ends at once, each with a token of its
// own; nobody else's.
func TestBackchannelLogoutOfHundredAtOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("backchannel_logout", "1")
	e.set("rate_limit", "1000")
	var group sync.WaitGroup
	people := make([]person, 100)
	for i := range people {
		e.With(func() { people[i] = e.signedIn("alice") }, idp.Fault{IDToken: func(token *idp.IDToken) {
			token.Claims["sub"], token.Claims["sid"] = "person "+strconv.Itoa(i), "session "+strconv.Itoa(i)
		}})
	}
	bob := e.signedIn("bob")
	forms := make([]string, len(people))
	for i := range people {
		forms[i] = e.makes("", "session "+strconv.Itoa(i), nil)
	}
	slots := make(chan bool, 3) // uhttpd runs so many.
	for i := range people {
		group.Add(1)
		go func() {
			defer group.Done()
			slots <- true
			defer func() { <-slots }()
			if r, err := e.CGI(saying(forms[i])); err != nil || r.Status != 200 {
				t.Errorf("%d: %v %s", i, err, r.Raw)
			}
		}()
	}
	group.Wait()
	for i := range people {
		if e.lives(people[i]) {
			t.Errorf("session %d lives", i)
		}
	}
	if !e.lives(bob) {
		t.Error("somebody else's session was ended")
	}
}

// Killed at any moment, the provider's request can be sent again.
func TestBackchannelLogoutKilled(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("backchannel_logout", "1")
	e.set("rate_limit", "1000")
	for i := range 12 {
		alice, bob := e.signedIn("alice"), e.signedIn("bob")
		request := saying(e.makes(alice.subject(), "", nil))
		request.KillAfter = time.Duration(i) * 700 * time.Microsecond
		_ = e.cgi(request)
		request.KillAfter = 0
		if r := e.cgi(request); r.Status != 200 && e.lives(alice) {
			t.Fatalf("after a kill the session lives, and the token is refused:\n%s", r.Raw)
		}
		if e.lives(alice) || !e.lives(bob) {
			t.Fatalf("alice lives: %t, bob lives: %t", e.lives(alice), e.lives(bob))
		}
	}
}
