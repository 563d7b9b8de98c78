// SPDX-License-Identifier: Apache-2.0

// Package check owns the lab's self-test: a whole login, a group login, a
// refusal, a logout and two ends by the provider, without a browser, each step with what it saw. It
// uses a lab and changes nothing in it but sessions; options only for a moment.
package check

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/idp"
	"luci-sso/lab/router"
)

// Step is one thing that was tried.
type Step struct {
	Name   string   `json:"name"`
	OK     bool     `json:"ok"`
	Detail string   `json:"detail,omitempty"` // What was seen, or what broke.
	Log    []string `json:"log,omitempty"`    // What the router logged meanwhile.
	Millis float64  `json:"ms"`
}

// run carries what later steps need of earlier ones.
type run struct {
	lab   *lab.Lab
	alice *lab.Browser
	admin *lab.Session
}

// Run tries everything in order and tells report about each step. It goes on
// after a failure where that makes sense, and returns the first error.
func Run(l *lab.Lab, report func(Step)) error {
	r := &run{lab: l, alice: l.Browser()}
	steps := []struct {
		name string
		try  func() (string, error)
	}{
		{"The router says that single sign-on is enabled", r.probe},
		{"LuCI shows its login page with our script", r.loginPage},
		{"Alice signs in by e-mail and becomes admin", r.emailLogin},
		{"Bob signs in by group and becomes operator", r.groupLogin},
		{"Dave is refused: no role matches him", r.refusal},
		{"A wrong nonce is refused", r.wrongNonce},
		{"Alice logs out of the router and of the provider", r.logout},
		{"Bob's account is disabled at the provider and he is put out", r.disabled},
		{"Alice signs out at the provider and is signed out here", r.providerLogout},
		{"root still logs in with the password", r.password},
	}
	var first error
	for _, step := range steps {
		mark := l.Mark()
		began := time.Now()
		detail, err := step.try()
		done := Step{Name: step.name, OK: err == nil, Detail: detail, Millis: float64(time.Since(began).Microseconds()) / 1000, Log: l.Log(mark)}
		if err != nil {
			done.Detail = err.Error()
			if first == nil {
				first = fmt.Errorf("%s: %w", strings.ToLower(step.name[:1])+step.name[1:], err)
			}
		}
		report(done)
	}
	return first
}

func (r *run) probe() (string, error) {
	page, err := r.lab.Browser().Get(lab.SSO + "?action=enabled")
	switch {
	case err != nil:
		return "", err
	case page.Status != http.StatusOK:
		return "", fmt.Errorf("status %d instead of 200", page.Status)
	case strings.ReplaceAll(strings.TrimSpace(page.Body), " ", "") != `{"enabled":true}`:
		return "", fmt.Errorf("the answer is %q", page.Body)
	}
	return strings.TrimSpace(page.Body), nil
}

func (r *run) loginPage() (string, error) {
	page, err := r.lab.Browser().Get(lab.LuCI)
	switch {
	case err != nil:
		return "", err
	case !strings.Contains(page.Body, "luci_password"):
		return "", errors.New("there is no password field in it")
	case !strings.Contains(page.Body, "luci-sso/login.js"):
		return "", errors.New("it does not load luci-sso/login.js")
	}
	script, err := r.lab.Browser().Get("/luci-static/resources/luci-sso/login.js")
	switch {
	case err != nil:
		return "", err
	case script.Status != http.StatusOK:
		return "", fmt.Errorf("login.js is answered with status %d", script.Status)
	}
	return fmt.Sprintf("login.js has %d bytes", len(script.Body)), nil
}

func (r *run) emailLogin() (string, error) {
	session, err := r.alice.Login("alice")
	if err != nil {
		return "", err
	}
	r.admin = session
	if session.User != "sso:admin" {
		return "", fmt.Errorf("the session belongs to %q instead of sso:admin", session.User)
	}
	if err := mayAll(session, [][3]string{
		{"access-group", "luci-base", "write"}, {"uci", "network", "write"}, {"ubus", "uci", "set"},
		{"access-group", "unauthenticated", "read"},
	}); err != nil {
		return "", err
	}
	page, err := r.alice.Get(lab.LuCI)
	if err != nil {
		return "", err
	}
	if !r.lab.Router.Real && !strings.Contains(page.Body, "sso:admin") {
		return "", errors.New("LuCI's page does not show sso:admin")
	}
	return fmt.Sprintf("session of %s with rights in %d scopes", session.User, len(session.Rights)), nil
}

func (r *run) groupLogin() (string, error) {
	session, err := r.lab.Login("bob")
	if err != nil {
		return "", err
	}
	if session.User != "sso:operator" {
		return "", fmt.Errorf("the session belongs to %q instead of sso:operator", session.User)
	}
	if err := mayAll(session, [][3]string{{"uci", "network", "write"}, {"ubus", "uci", "apply"}, {"access-group", "luci-mod-system-config", "read"}}); err != nil {
		return "", err
	}
	if may(session, "access-group", "luci-mod-system-config", "write") {
		return "", errors.New("an operator may only read luci-mod-system-config, and the session can write it")
	}
	return "session of " + session.User + ", the network to change, the system to read", nil
}

func (r *run) refusal() (string, error) {
	return r.refused("dave", http.StatusForbidden, "[403] USER_NOT_AUTHORIZED")
}

func (r *run) wrongNonce() (string, error) {
	return r.refused("frank", http.StatusUnauthorized, "[401] NONCE_MISMATCH", "[401] ID_TOKEN_VERIFICATION_FAILED")
}

// refused wants a login to end with a status and these lines in the log.
func (r *run) refused(person string, status int, lines ...string) (string, error) {
	before, err := r.lab.Sessions()
	if err != nil {
		return "", err
	}
	mark := r.lab.Mark()
	_, err = r.lab.Login(person)
	refusal, ok := lab.AsRefusal(err)
	switch {
	case err == nil:
		return "", fmt.Errorf("%s was let in", person)
	case !ok:
		return "", err
	case refusal.Step != "callback" || refusal.Status != status:
		return "", fmt.Errorf("status %d at the %s instead of %d at the callback", refusal.Status, refusal.Step, status)
	}
	for _, line := range lines {
		if !contains(r.lab.Log(mark), line) {
			return "", fmt.Errorf("the log lacks %q", line)
		}
	}
	after, err := r.lab.Sessions()
	if err != nil {
		return "", err
	}
	if len(after) != len(before) {
		return "", fmt.Errorf("there were %d sessions and now there are %d", len(before), len(after))
	}
	return fmt.Sprintf("status %d, %s", status, lines[len(lines)-1]), nil
}

func (r *run) logout() (string, error) {
	if r.admin == nil {
		return "", errors.New("nobody is signed in")
	}
	signedIn := r.lab.IDP.SignedIn()
	page, err := r.alice.Get(lab.LuCI + "admin/logout")
	for hops := 0; err == nil && page.Location != "" && hops < 5; hops++ {
		page, err = r.alice.Get(page.Location)
	}
	if err != nil {
		return "", err
	}
	if _, ok, err := r.lab.Session(r.admin.ID); err != nil || ok {
		return "", errors.Join(err, errors.New("the session is still there"))
	}
	if r.alice.Cookie(lab.LuCI, "sysauth_https") != "" {
		return "", errors.New("the browser still has the session's cookie")
	}
	if r.lab.IDP.SignedIn() != signedIn-1 {
		return "", fmt.Errorf("the provider has not signed her out; the last page was %s", page.URL)
	}
	return "session gone, cookie gone, signed out at the provider", nil
}

// with sets options for one step.
func (r *run) with(options map[string]string, try func() (string, error)) (detail string, err error) {
	for name, value := range options {
		if err := r.lab.SetUCI(name, value); err != nil {
			return "", err
		}
		defer func() { err = errors.Join(err, r.lab.SetUCI(name)) }()
	}
	return try()
}

// due is what cron starts once a minute.
func (r *run) due() error {
	out, err := r.lab.Shell("sessions", "--due").CombinedOutput()
	if err != nil {
		return fmt.Errorf("luci-sso sessions --due: %w: %s", err, out)
	}
	return nil
}

// ended wants a session to be gone and the log to say why.
func (r *run) ended(s *lab.Session, mark int, line string) (string, error) {
	if _, ok, err := r.lab.Session(s.ID); err != nil || ok {
		return "", errors.Join(err, errors.New("the session is still there"))
	}
	if !contains(r.lab.Log(mark), line) {
		return "", fmt.Errorf("the log lacks %q", line)
	}
	return "session gone, " + line, nil
}

func (r *run) disabled() (string, error) {
	return r.with(map[string]string{"revalidate": "1"}, func() (string, error) {
		r.lab.IDP.SetRefreshing(idp.Refreshing{Always: true})
		defer r.lab.IDP.SetRefreshing(idp.Refreshing{})
		session, err := r.lab.Login("bob")
		if err != nil {
			return "", err
		}
		time.Sleep(1100 * time.Millisecond)
		if err := r.due(); err != nil {
			return "", err
		}
		if _, ok, err := r.lab.Session(session.ID); err != nil || !ok {
			return "", errors.Join(err, errors.New("he is out before"))
		}
		r.lab.IDP.Disable("bob", true)
		defer r.lab.IDP.Disable("bob", false)
		mark := r.lab.Mark()
		time.Sleep(1100 * time.Millisecond)
		if err := r.due(); err != nil {
			return "", err
		}
		return r.ended(session, mark, "[403] SESSION_REVOKED")
	})
}

func (r *run) providerLogout() (string, error) {
	return r.with(map[string]string{"backchannel_logout": "1"}, func() (string, error) {
		session, err := r.lab.Login("alice")
		if err != nil {
			return "", err
		}
		subject, _ := session.Values["luci_sso_sub"].(string)
		token, err := r.lab.IDP.LogoutToken(subject, "", nil)
		if err != nil {
			return "", err
		}
		mark := r.lab.Mark()
		page, err := r.lab.Browser().Post(lab.SSO+"/backchannel-logout", url.Values{"logout_token": {token}})
		if err != nil || page.Status != http.StatusOK {
			return "", errors.Join(err, fmt.Errorf("the answer to the provider is %+v", page))
		}
		return r.ended(session, mark, "[200] SESSION_ENDED_BY_PROVIDER")
	})
}

func (r *run) password() (string, error) {
	browser := r.lab.Browser()
	if err := browser.PasswordLogin("root", router.Password); err != nil {
		return "", err
	}
	session, ok, err := r.lab.Session(browser.Cookie(lab.LuCI, "sysauth_https"))
	switch {
	case err != nil:
		return "", err
	case !ok || session.User != "root":
		return "", errors.New("rpcd has no session of root")
	}
	if _, err := browser.Get(lab.LuCI + "admin/logout"); err != nil {
		return "", err
	}
	return "session of root, ended by LuCI's own logout", nil
}

func mayAll(session *lab.Session, wanted [][3]string) error {
	for _, w := range wanted {
		if !may(session, w[0], w[1], w[2]) {
			return fmt.Errorf("the session lacks %s %s %s", w[0], w[1], w[2])
		}
	}
	return nil
}

// may asks like rpcd does, except that only a lone * is a pattern here.
func may(session *lab.Session, scope, object, function string) bool {
	for name, functions := range session.Rights[scope] {
		if (name == object || name == "*") && (contains(functions, function) || contains(functions, "*")) {
			return true
		}
	}
	return false
}

func contains(list []string, item string) bool {
	for _, s := range list {
		if s == item {
			return true
		}
	}
	return false
}
