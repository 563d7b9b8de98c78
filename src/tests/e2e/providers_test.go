// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"luci-sso/internal/session"
	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// two is a lab with the provider of default and one more.
func two(t *testing.T) (*env, *idp.Provider) {
	t.Helper()
	e := newEnv(t)
	other, err := e.AddProvider("other")
	e.must(err)
	e.set("guest.email", "alice@example.com")
	e.set("guest.provider", "other")
	e.set("guest.read", "luci-base")
	return e, other
}

// at starts a login at a provider, "" for the one that needs no name, and signs
// Alice in there.
func (e *env) at(provider string) visit {
	e.t.Helper()
	query := ""
	if provider != "" {
		query = "provider=" + provider
	}
	response := e.cgi(lab.Request{Query: query, Header: htmlClient})
	cookie := response.Cookie(lab.HandshakeCookie)
	if response.Status != 302 || cookie == nil {
		e.t.Fatalf("the login at %q did not start: %s\n%s", provider, response.Raw, strings.Join(e.Log(0), "\n"))
	}
	return visit{e.signIn(response.Header.Get("Location")), cookie.Value}
}

func (e *env) signIn(authorize string) url.Values {
	e.t.Helper()
	callback, err := e.Browser().SignIn(authorize, "alice")
	e.must(err)
	target, err := url.Parse(callback)
	e.must(err)
	return target.Query()
}

func withoutIssuer(p *idp.Provider) {
	p.Inject(idp.Fault{
		Metadata: func(doc map[string]any) { delete(doc, "authorization_response_iss_parameter_supported") },
		Callback: func(query url.Values) { query.Del("iss") },
	})
}

// The same address at two providers is two people: each gets the roles of the
// one they came by, with or without iss.
func TestTwoProviders(t *testing.T) {
	t.Parallel()
	for _, iss := range []bool{true, false} {
		e, other := two(t)
		if !iss {
			withoutIssuer(e.IDP)
			withoutIssuer(other)
		}
		for provider, role := range map[string]string{"": "admin", "default": "admin", "other": "guest"} {
			r := e.cgi(e.at(provider).request(htmlClient))
			var cookie *http.Cookie
			for _, c := range r.Cookies() {
				if c.Name == "sysauth_https" && c.Value != "" {
					cookie = c
				}
			}
			if r.Status != 302 || cookie == nil {
				t.Fatalf("login at %q: %s\n%s", provider, r.Raw, strings.Join(e.Log(0), "\n"))
			}
			s, ok, err := e.Session(cookie.Value)
			if err != nil || !ok || s.Role != role {
				t.Errorf("at %q the session is %+v, want role %s", provider, s, role)
			}
			want := provider
			if want == "" {
				want = "default"
			}
			manager := session.NewManager("", e.Router.At("/var/run/luci-sso/sessions"), e.Router.At("/etc/luci-sso/secret.key"))
			if record, err := manager.Record(session.Handle(cookie.Value)); err != nil || record.Provider != want {
				t.Errorf("at %q the record has the provider %q, %v", provider, record.Provider, err)
			}
			// Each logs out where they came from.
			issuer := e.IDP.URL
			if want == "other" {
				issuer = other.URL
			}
			out := e.cgi(lab.Request{Path: "/logout", Query: "stoken=" + s.Token, Cookie: "sysauth_https=" + cookie.Value, Header: htmlClient})
			if !strings.HasPrefix(out.Header.Get("Location"), issuer+"/") {
				t.Errorf("logging out of %q leads to %q, want %s", provider, out.Header.Get("Location"), issuer)
			}
		}
		if e.IDP.Count(idp.Discovery) != 1 || other.Count(idp.Discovery) != 1 {
			t.Errorf("the documents were fetched %d and %d times, want once each", e.IDP.Count(idp.Discovery), other.Count(idp.Discovery))
		}
	}
}

// A name that is no enabled provider starts nothing, and never another one.
func TestProvidersThatAreNotThere(t *testing.T) {
	t.Parallel()
	e, _ := two(t)
	for _, query := range []string{"provider=another", "provider=", "provider=default&provider=other", "provider=admin", "provider=%2e%2e"} {
		e.provoke(ends(t, facts("there is no provider"), "SSO_DISABLED"), func(e *env, client http.Header) *lab.Response {
			return e.cgi(lab.Request{Query: query, Header: client})
		})
	}
	v := e.at("other")
	e.set("other.enabled", "0")
	for _, r := range []lab.Request{{Query: "provider=other", Header: htmlClient}, v.request(htmlClient)} {
		if response := e.cgi(r); response.Status != 503 {
			t.Errorf("with the provider switched off: %s", response.Raw)
		}
	}
	// The other way round: without default, the other one works alone.
	e.set("other.enabled", "1")
	e.set("enabled", "0")
	e.set("issuer_url")
	if r := e.cgi(e.at("other").request(htmlClient)); r.Status != 302 {
		t.Errorf("without default: %s\n%s", r.Raw, strings.Join(e.Log(0), "\n"))
	}
	if r := start(e, htmlClient); r.Status != 503 {
		t.Errorf("a start at default, which is off: %s", r.Raw)
	}
	if r := e.cgi(lab.Request{Query: "action=enabled"}); r.Body != `{"enabled": false}` {
		t.Errorf("the probe, which is about default: %s", r.Body)
	}
}

// The mix-up of RFC 9700 §4.4: a hostile provider sends the browser on to the
// honest one, with the state of the login that was begun at itself, to be told
// the honest one's code. Nothing must be sent to its token endpoint.
func TestMixUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hostile    string // The section of the provider that is hostile.
		honestISS  bool
		hostileISS bool
		plain      bool // The further provider has the callback of default.
	}{
		"hostile other, iss":                {"other", true, true, false},
		"hostile other, honest without iss": {"other", false, true, false},
		"hostile other, no iss at all":      {"other", false, false, false},
		"hostile other without iss":         {"other", true, false, false},
		"hostile default, iss":              {"default", true, true, false},
		"hostile default, no iss at all":    {"default", false, false, false},
		"one callback, hostile other":       {"other", true, true, true},
		"one callback, honest without iss":  {"other", false, true, true},
		"one callback, hostile default":     {"default", true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, other := two(t)
			hostile, honest := other, e.IDP
			if c.hostile == "default" {
				hostile, honest = honest, hostile
			}
			if c.plain {
				e.set("other.redirect_uri", e.Router.URL+lab.Callback)
				other.AllowRedirect(e.Router.URL + lab.Callback)
			}
			if !c.honestISS {
				withoutIssuer(honest)
			}
			if !c.hostileISS {
				withoutIssuer(hostile)
			}
			begun := e.cgi(lab.Request{Query: "provider=" + c.hostile, Header: htmlClient})
			state := begun.Cookie(lab.HandshakeCookie)
			if begun.Status != 302 || state == nil {
				t.Fatalf("%s\n%s", begun.Raw, strings.Join(e.Log(0), "\n"))
			}
			sent, err := url.Parse(begun.Header.Get("Location"))
			e.must(err)
			// What the hostile provider makes of the request: the honest one's
			// client and the redirect URI that is registered there.
			query := sent.Query()
			query.Set("client_id", honest.Client.ID)
			query.Set("redirect_uri", e.Router.URL+lab.Callback)
			if c.hostile == "default" && !c.plain {
				query.Set("redirect_uri", e.Router.URL+lab.Callback+"?provider=other")
			}
			v := visit{e.signIn(honest.EndpointURL(idp.Authorize) + "?" + query.Encode()), state.Value}
			if v.query.Get("code") == "" {
				t.Fatalf("the honest provider gave no code: %v", v.query)
			}
			mark := e.Mark()
			r := e.cgi(v.request(htmlClient))
			if r.Status != 400 && r.Status != 401 && r.Status != 403 {
				t.Errorf("%s", r.Raw)
			}
			if log := e.logOf(r, mark); !slices.ContainsFunc(log, func(line string) bool { return strings.HasSuffix(line, "] STATE_PARAMETER_MISMATCH") }) {
				t.Errorf("the log says %q", log)
			}
			if hostile.Count(idp.Token) != 0 {
				t.Error("the code was sent to the hostile provider")
			}
			if len(r.Header.Values("Set-Cookie")) != 0 {
				t.Errorf("cookies are set: %q", r.Header.Values("Set-Cookie"))
			}
			// An error that is brought in this way does not end the login, either.
			refused := visit{url.Values{"error": {"access_denied"}, "state": v.query["state"]}, state.Value}
			for _, name := range []string{"provider", "iss"} {
				if v.query.Has(name) {
					refused.query.Set(name, v.query.Get(name))
				}
			}
			if r := e.cgi(refused.request(htmlClient)); len(r.Header.Values("Set-Cookie")) != 0 {
				t.Errorf("another provider's error ended the login: %s", r.Raw)
			}
		})
	}
}

// Without iss a provider cannot have the callback of another.
func TestOneCallbackNeedsAnIssuer(t *testing.T) {
	t.Parallel()
	e, other := two(t)
	withoutIssuer(other)
	at := func(e *env, client http.Header) *lab.Response {
		return e.cgi(lab.Request{Query: "provider=other", Header: client})
	}
	e.set("other.redirect_uri", e.Router.URL+lab.Callback)
	e.provoke(ends(t, facts("redirect_uri", "?provider=other"), "CONFIG_ERROR"), at)
	e.set("other.redirect_uri", e.Router.URL+lab.Callback+"?provider=default")
	e.provoke(ends(t, facts("redirect_uri", "each has its own"), "CONFIG_ERROR"), at)
	e.set("other.redirect_uri", e.Router.URL+lab.Callback+"?provider=other")
	if r := e.cgi(e.at("other").request(htmlClient)); r.Status != 302 {
		t.Errorf("%s\n%s", r.Raw, strings.Join(e.Log(0), "\n"))
	}
	e.set("redirect_uri", e.Router.URL+lab.Callback+"?provider=other")
	e.provoke(ends(t, facts("redirect_uri", "each has its own"), "CONFIG_ERROR"), start)
}

// Doctor, commands, log, events and sessions say which provider it was, and
// nothing of it where there is only the usual one.
func TestEverythingNamesTheProvider(t *testing.T) {
	t.Parallel()
	e, other := two(t)
	run := func(args ...string) string {
		t.Helper()
		out, _ := exec.Command(e.Router.CGI(), args...).CombinedOutput()
		return string(out)
	}
	want := func(text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%q is not in:\n%s", part, text)
			}
		}
	}
	e.cgi(e.at("").request(htmlClient))
	for _, text := range []string{run("sessions"), run("events"), strings.Join(e.Log(0), "\n")} {
		if strings.Contains(text, "PROVIDER") || strings.Contains(text, "provider") {
			t.Errorf("the usual provider is named:\n%s", text)
		}
	}
	mark := e.Mark()
	e.cgi(e.at("other").request(htmlClient))
	want(strings.Join(e.Log(mark), "\n"), `role "guest"`, `, provider "other"`)
	want(run("sessions"), "PROVIDER", " other", " default")
	want(run("events"), "PROVIDER", " other", " default")
	want(run("status"), "enabled: default, other")
	want(run("match", "--email", "alice@example.com"), "role admin")
	want(run("match", "--email", "alice@example.com", "--provider", "other"), "role guest")

	out := run("doctor")
	want(out, "The provider default\n", "The provider other\n", "other: ")
	want(out, other.URL)
	// What mends it is about the right section.
	e.set("other.issuer_url", other.URL+"/")
	want(run("doctor"), "uci set luci-sso.other.issuer_url='"+other.URL+"'")
	// A refusal says so, too.
	e.set("other.client_secret")
	mark = e.Mark()
	e.cgi(lab.Request{Query: "provider=other", Header: htmlClient})
	want(strings.Join(e.Log(mark), "\n"), "luci-sso.other.client_secret", "[503] CONFIG_ERROR")
	want(run("doctor"), "other: ")
	var reply struct {
		Status string
		Checks []struct{ ID, Provider, Status string }
	}
	cmd := exec.Command(e.Router.CGI(), "call", "test_connection")
	cmd.Args[0], cmd.Path = "/usr/libexec/rpcd/luci-sso", e.Router.CGI()
	cmd.Stdin = strings.NewReader(`{"provider":"other","values":{"issuer_url":"` + other.URL + `","client_secret":"` + other.Client.Secret + `"},"host":"` + strings.TrimPrefix(e.Router.URL, "https://") + `"}`)
	text, err := cmd.Output()
	if err != nil || json.Unmarshal(text, &reply) != nil || reply.Status == "fail" || len(reply.Checks) == 0 {
		t.Errorf("test_connection: %v\n%s", err, text)
	}
	for _, c := range reply.Checks {
		if c.Provider != "other" && c.ID != "people" {
			t.Errorf("the check %s is about %q", c.ID, c.Provider)
		}
	}
	cmd = exec.Command(e.Router.CGI(), "call", "settings")
	cmd.Stdin = strings.NewReader("{}")
	text, err = cmd.Output()
	if want(string(text), `"other":{"options":{`); err != nil || strings.Contains(string(text), e.IDP.Client.Secret) {
		t.Errorf("settings: %v\n%s", err, text)
	}
}
