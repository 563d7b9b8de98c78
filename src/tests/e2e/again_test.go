// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// stepUp is a provider that asks for more only when it is asked to. Until
// then its sign-ins are two hours old, by a password.
func (e *env) stepUp(able bool) (remove func()) {
	return e.IDP.Inject(idp.Fault{IDToken: func(t *idp.IDToken) {
		requests := e.IDP.Requests(idp.Authorize)
		query := requests[len(requests)-1].Query
		t.Claims["acr"], t.Claims["amr"] = "1", []any{"pwd"}
		t.Claims["auth_time"] = time.Now().Add(-2 * time.Hour).Unix()
		if !able {
			return
		}
		if query.Get("prompt") == "login" || query.Get("max_age") != "" {
			t.Claims["auth_time"] = time.Now().Unix()
		}
		if values := strings.Fields(query.Get("acr_values")); len(values) > 0 {
			t.Claims["acr"], t.Claims["amr"] = values[0], []any{"pwd", "hwk"}
		}
	}})
}

// noc is a role that asks for more than stepUp gives unasked; behind it there
// is one for everybody.
const noc = "config role 'noc'\n\tlist group 'router-operators'\n\tlist acr 'phr'\n\tlist amr 'hwk'\n\toption max_age '3600'\n\tlist read '*'\n\tlist write '*'\n\n" +
	"config role 'everybody'\n\tlist group 'staff'\n\tlist read 'luci-base'\n"

var buttonAgain = regexp.MustCompile(`<a class="button" href="([^"]*)">Sign in again</a>`)

// signInAgain follows the button of a page: the callback of the second try.
func (e *env) signInAgain(r *lab.Response, person string) visit {
	e.t.Helper()
	button := buttonAgain.FindStringSubmatch(r.Body)
	cookie := r.Cookie(lab.HandshakeCookie)
	if button == nil || cookie == nil || cookie.Value == "" {
		e.t.Fatalf("the page has no button, or no cookie for it:\n%s", r.Raw)
	}
	callback, err := e.Browser().SignIn(html.UnescapeString(button[1]), person)
	e.must(err)
	target, err := url.Parse(callback)
	e.must(err)
	return visit{target.Query(), cookie.Value}
}

// TestSignInAgain: whom a role fits, but not the sign-in, is refused there and
// not passed on; is told what is missing; and gets in by the page's button.
func TestSignInAgain(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.onlyRoles(noc)
	e.stepUp(true)
	mark := e.Mark()
	first := e.pending("bob")
	r := e.cgi(lab.Request{Path: "/callback", Query: first.query.Encode(), Header: htmlClient, Cookie: lab.HandshakeCookie + "=" + first.cookie})
	log := strings.Join(e.logOf(r, mark), "\n")
	if r.Status != 403 || strings.Contains(log, "signed in: role") {
		t.Fatalf("status %d, expected 403 at the first role that fits:\n%s", r.Status, log)
	}
	for _, fact := range []string{`role "noc" fits by group "router-operators"`, `acr is "1" and has to be one of phr`, `amr is "pwd" and has to be hwk besides`, `max_age is "720`, "and has to be 3600 s at most", `further down would fit: "everybody"`, "[403] SIGN_IN_INSUFFICIENT"} {
		if !strings.Contains(log, fact) {
			t.Errorf("the log does not say %s:\n%s", fact, log)
		}
	}
	for _, fact := range []string{"not with this way of signing in", "with a security key <code>hwk</code>", "<code>phr</code>", "too long ago"} {
		if !strings.Contains(r.Body, fact) {
			t.Errorf("the page does not say %q:\n%s", fact, r.Body)
		}
	}
	if strings.Contains(r.Body, "bob") {
		t.Errorf("the page says who it is:\n%s", r.Body)
	}
	// A link to the first callback is over; the second login is not touched.
	if again := e.cgi(first.request(plainClient)); again.Status == 302 {
		t.Errorf("the refused callback worked when it was sent again")
	}
	second := e.signInAgain(r, "bob")
	requests := e.IDP.Requests(idp.Authorize)
	query := requests[len(requests)-1].Query
	for name, want := range map[string]string{"prompt": "login", "acr_values": "phr", "max_age": "3600", "redirect_uri": first.redirectURI(e)} {
		if got := query.Get(name); got != want {
			t.Errorf("the provider was asked for %s %q, expected %q", name, got, want)
		}
	}
	mark = e.Mark()
	r = e.cgi(second.request(plainClient))
	if log := strings.Join(e.logOf(r, mark), "\n"); r.Status != 302 || !strings.Contains(log, `signed in: role "noc"`) {
		t.Errorf("the second sign-in has what it takes; status %d:\n%s", r.Status, log)
	}
}

// redirectURI is where the provider was told to come back to.
func (v visit) redirectURI(e *env) string {
	return e.IDP.Requests(idp.Authorize)[0].Query.Get("redirect_uri")
}

// TestSignInAgainIsForWhomItWasBegun: the button's login is as any other one.
// Another browser cannot finish it, nor does it let in somebody else.
func TestSignInAgainIsForWhomItWasBegun(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.onlyRoles(noc)
	e.stepUp(true)
	r := e.cgi(e.pending("bob").request(htmlClient))
	second := e.signInAgain(r, "carol")
	stranger := second
	stranger.cookie = ""
	if got := e.cgi(stranger.request(plainClient)); got.Status == 302 {
		t.Error("a browser without the cookie got in")
	}
	mark := e.Mark()
	if got := e.cgi(second.request(plainClient)); got.Status != 403 || !strings.Contains(strings.Join(e.logOf(got, mark), "\n"), "USER_NOT_AUTHORIZED") {
		t.Errorf("somebody without a role came by the button: status %d", got.Status)
	}
	// A program has no use for a button.
	if r := e.cgi(e.pending("bob").request(plainClient)); strings.Contains(r.Body, "href") || r.Status != 403 {
		t.Errorf("to a program: %d %q", r.Status, r.Body)
	}
}

// TestSignInNotAsked: a role without these options takes any sign-in, and what
// it wants is all that counts.
func TestSignInNotAsked(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.onlyRoles(strings.ReplaceAll(noc, "router-operators", "nobody"))
	e.stepUp(false)
	mark := e.Mark()
	r := e.cgi(e.pending("bob").request(plainClient))
	if log := strings.Join(e.logOf(r, mark), "\n"); r.Status != 302 || !strings.Contains(log, `signed in: role "everybody"`) {
		t.Errorf("status %d:\n%s", r.Status, log)
	}
}

// TestRoleInDisorder: an entry that means nothing makes its role give nothing
// to anybody, and passes nobody on whom it might have been for. Start, refusal
// and doctor say which entry it is.
func TestRoleInDisorder(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("rate_limit", "100000")
	const rest = "\tlist read '*'\n\nconfig role 'later'\n\tlist group 'staff'\n\tlist read '*'\n"
	for entry, want := range map[string]struct{ fits, other string }{
		// Bob is in router-operators and staff. What he gets when the broken
		// role fits him, and what he gets when it does not by what is clear.
		"list claim '=NOC'":                 {"gives nothing", "it is not in order"},
		"list claim 'department'":           {"gives nothing", "it is not in order"},
		"list claim 'email=b@example.com'":  {"gives nothing", "it is not in order"},
		"list email_domain '@example.com'":  {"gives nothing", "it is not in order"},
		"list email_domain 'b@example.com'": {"gives nothing", "it is not in order"},
		"list amr 'HWK'":                    {"gives nothing", "signed in"},
		"option max_age '0'":                {"gives nothing", "signed in"},
		"option maxage '3600'":              {"gives nothing", "it is not in order"},
		"list arc 'phr'":                    {"gives nothing", "it is not in order"},
		"option match 'each'":               {"gives nothing", "signed in"},
		// A name that nobody knows may say whom the role is for.
		"option max_auth_age '3600'":   {"gives nothing", "it is not in order"},
		"list emial 'c@example.com'":   {"gives nothing", "it is not in order"},
		"list provider 'company'":      {"gives nothing", "signed in"},
		"list raed '!luci-mod-system'": {"gives nothing", "it is not in order"},
	} {
		name := strings.Trim(strings.Fields(entry)[1], "'")
		for group, outcome := range map[string]string{"router-operators": want.fits, "others": want.other} {
			e.onlyRoles("config role 'broken'\n\tlist group '" + group + "'\n\t" + entry + "\n" + rest)
			mark := e.Mark()
			r := e.cgi(e.pending("bob").request(plainClient))
			log := strings.Join(e.Log(mark), "\n")
			if !strings.Contains(log, outcome) || (r.Status == 302) != (outcome == "signed in") {
				t.Errorf("%s, group %s: status %d, expected %q:\n%s", entry, group, r.Status, outcome, log)
			}
			if !strings.Contains(log, `role "broken" gives nothing to anybody until it is mended: `) || !strings.Contains(log, name) || strings.Contains(log, "do nothing") {
				t.Errorf("%s: the start does not name it:\n%s", entry, log)
			}
			if strings.Contains(log, "b@example.com") {
				t.Errorf("%s: the log has an address:\n%s", entry, log)
			}
		}
	}
}

// TestMisspeltSectionOfRole: it is a role that nobody knows the people of, not
// one that is not there.
func TestMisspeltSectionOfRole(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.onlyRoles("config rolle 'limited'\n\tlist group 'staff'\n\tlist read 'luci-base'\n\nconfig role 'later'\n\tlist group 'staff'\n\tlist read '*'\n")
	mark := e.Mark()
	r := e.cgi(e.pending("bob").request(plainClient))
	log := strings.Join(e.Log(mark), "\n")
	if r.Status == 302 || !strings.Contains(log, `role "limited" matches by group "staff" and gives nothing to anybody until it is mended: "config rolle" is not known; is it role?`) {
		t.Errorf("status %d:\n%s", r.Status, log)
	}
}

// TestFurtherParameters: they go along with a sign-in, and cannot take the
// place of what belongs to the protocol.
func TestFurtherParameters(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.set("auth_param", "prompt=select_account", "login_hint=a b&c=d", "acr_values=x")
	e.pending("bob")
	requests := e.IDP.Requests(idp.Authorize)
	query := requests[len(requests)-1].Query
	for name, want := range map[string]string{"prompt": "select_account", "login_hint": "a b&c=d", "acr_values": "x", "c": "", "response_type": "code", "code_challenge_method": "S256"} {
		if got := query.Get(name); got != want {
			t.Errorf("%s is %q, expected %q", name, got, want)
		}
	}
	for _, bad := range []string{"client_id=x", "State=x", "REDIRECT_URI=https://evil.example.com/", "request_uri=x", "code_challenge=x", "response_mode=fragment", "prompt", "=x", "a&b=c"} {
		e.set("auth_param", bad)
		mark := e.Mark()
		r := e.cgi(lab.Request{Header: plainClient})
		if log := strings.Join(e.logOf(r, mark), "\n"); r.Status != 503 || !strings.Contains(log, "list auth_param has") || !strings.Contains(log, "CONFIG_ERROR") {
			t.Errorf("%s: status %d:\n%s", bad, r.Status, log)
		}
	}
}

// TestSignInAgainInTheLab: the lab's provider does as it is asked, so that the
// button can be tried there.
func TestSignInAgainInTheLab(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.onlyRoles(noc)
	second := e.signInAgain(e.cgi(e.pending("bob").request(htmlClient)), "bob")
	mark := e.Mark()
	r := e.cgi(second.request(plainClient))
	if log := strings.Join(e.logOf(r, mark), "\n"); r.Status != 302 || !strings.Contains(log, `signed in: role "noc"`) {
		t.Errorf("status %d:\n%s", r.Status, log)
	}
}
