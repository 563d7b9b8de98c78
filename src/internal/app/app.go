// SPDX-License-Identifier: Apache-2.0

// Package app owns the routes: it takes a request through the limits and the
// configuration to the login, and turns what comes out into a response and
// the lines of the log. It is the only package that knows both HTTP and the
// login; it makes no decision about trust.
package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/cgi"
	"luci-sso/internal/config"
	"luci-sso/internal/events"
	"luci-sso/internal/fault"
	"luci-sso/internal/handshake"
	"luci-sso/internal/login"
	"luci-sso/internal/oidc"
	"luci-sso/internal/paths"
	"luci-sso/internal/ratelimit"
	"luci-sso/internal/replay"
	"luci-sso/internal/secret"
	"luci-sso/internal/session"
	"luci-sso/internal/syslog"
)

// BackchannelTime bounds all requests to the provider that one request of a
// browser causes. uhttpd runs three scripts at a time, LuCI's among them: a
// slow provider must not take the router's web interface down.
const BackchannelTime = 10 * time.Second

// The program's own paths on the router, as the browser sees them.
const (
	basePath     = "/cgi-bin/luci-sso"
	callbackPath = "/callback"
	logoutPath   = "/logout"

	backchannelPath = "/backchannel-logout"

	luciPath = "/cgi-bin/luci/"
)

// request is one request under way.
type request struct {
	cgi.Request
	log     *syslog.Logger
	notes   []*fault.Fault
	subject string       // Of a person whom no role fits, for their own page.
	again   *login.Again // What the sign-in of a person lacks whom a role fits.
	said    []string     // What the log should say besides.
	undo    []cgi.Cookie // Cookies to send with a failure.
	closing bool         // The window has nowhere to go.
	config  *config.Config
	party   *oidc.Party
	rpcd    *session.Manager
	event   events.Event
	body    io.Reader
}

// Serve answers the one CGI request in the environment, with its body, on w.
func Serve(getenv func(string) string, body io.Reader, w io.Writer, log *syslog.Logger) error {
	r := &request{log: log, body: body}
	defer r.close()
	response := r.answer(getenv)
	r.remember(response.Status)
	return response.Write(w, r.Method)
}

// answer never panics: a defect of ours is a 500 and a line in the log. A
// session that was being made is destroyed by session.Manager.Create's own
// deferred call, which runs before this one.
func (r *request) answer(getenv func(string) string) (response cgi.Response) {
	defer func() {
		if problem := recover(); problem != nil {
			r.logNotes(500)
			// The value of a panic may quote anything; its type says enough.
			r.log.Line(syslog.Critical, fmt.Sprintf("CRITICAL: internal error (%T) in %s; please report it", problem, where()))
			r.Languages = nil // The translations may be what broke.
			response = r.page(cgi.Response{Status: 500}, sentenceCrash)
		}
	}()
	var readError error
	r.Request, readError = cgi.Read(getenv)
	response, err := r.route(readError)
	if err != nil {
		return r.fail(response, err)
	}
	r.logNotes(response.Status)
	return response
}

func (r *request) route(readError error) (cgi.Response, error) {
	if readError != nil {
		return cgi.Response{}, readError
	}
	if r.Path == backchannelPath {
		if c, err := r.load(); err == nil && c.On("backchannel_logout") {
			r.config = c
			return r.providerSays(context.Background()), nil
		}
	}
	// A path that is not there answers no method: that is for the switch to say.
	there := r.Path == "" || r.Path == callbackPath || r.Path == logoutPath
	if there && r.Method != "GET" && r.Method != "HEAD" {
		return r.page(cgi.Response{Status: 405, Allow: "GET, HEAD"}, sentenceMethod), nil
	}
	var handler func(context.Context) (cgi.Response, error)
	switch r.Path {
	case "":
		switch action, _ := r.Param("action"); {
		case action == "enabled":
			return r.probe(context.Background()), nil
		case action == "jwks" && r.Secure && servesKeys():
			return r.keys()
		}
		handler = r.start
	case tryPath:
		return r.tries(context.Background())
	case callbackPath:
		if t, ok := r.returned(); ok {
			return r.comesBack(context.Background(), t)
		}
		handler = r.callback
	case logoutPath:
		handler = r.logout
	default:
		return cgi.Response{}, fault.New(fault.NotFound, "there is no page "+syslog.Quote(r.Path))
	}
	if r.Method != "GET" {
		// A HEAD must not change anything, and there is nothing to tell about
		// a login without beginning or ending one.
		return r.page(cgi.Response{Status: 405, Allow: "GET"}, sentenceMethod), nil
	}
	if !r.Secure {
		r.log.Line(syslog.Warning, "refused a request over plain HTTP: single sign-on works over https only, check uhttpd's listen_https")
		return r.page(cgi.Response{Status: 403}, sentenceInsecure), nil
	}
	var err error
	r.config, err = r.load()
	if err != nil {
		if r.Path == logoutPath {
			return r.endSession(context.Background(), err)
		}
		return cgi.Response{}, err
	}
	if retry, err := r.admit(); err != nil {
		return cgi.Response{RetryAfter: retry}, err
	}
	return handler(context.Background())
}

// load reads the configuration of the provider that the request is about.
func (r *request) load() (*config.Config, error) {
	switch {
	case r.Path == callbackPath:
		if name := login.ProviderOf(logins(0), r.callbackParams()); name != "" {
			return config.LoadProvider(paths.Config(), name)
		}
		return config.LoadAny(paths.Config())
	case r.Path == logoutPath:
		return config.LoadAny(paths.Config())
	}
	name := config.Section
	if r.HasParam(config.ProviderParam) {
		name, _ = r.Param(config.ProviderParam)
	}
	if r.Path == backchannelPath {
		// Ending a session is no danger, whether single sign-on is on or not.
		return config.Parse(paths.Config(), name)
	}
	return config.LoadProvider(paths.Config(), name)
}

func (r *request) admit() (retryAfter int, err error) {
	limiter := ratelimit.Open(paths.RateLimit(), ratelimit.Options{
		Limit: r.config.Number("rate_limit"), Window: r.config.Seconds("rate_window"), PerClient: r.config.Number("rate_limit_per_client"),
	})
	decision, err := limiter.Admit(r.Client.String(), r.claim)
	if decision.Diagnostic != "" {
		r.notice(decision.Diagnostic)
	}
	return decision.RetryAfter, err
}

// claim is what sets a request apart from those that a page of another site
// can have a browser send.
func (r *request) claim() ratelimit.Claim {
	switch {
	case r.FromHere():
		return ratelimit.OwnPage
	case r.Path == callbackPath && login.Belongs(r.pending(), r.callbackParams()):
		return ratelimit.OwnLogin
	}
	return ratelimit.NoClaim
}

// callback takes the browser back from the provider and into LuCI.
func (r *request) callback(ctx context.Context) (cgi.Response, error) {
	flow := r.flow()
	result, spent, err := flow.Complete(ctx, r.callbackParams())
	if spent {
		r.undo = append(r.undo, stateCookie(flow.Pending.Remember(secret.Value{}, r.stateCookie())))
	}
	if login.Over(err) && r.signedIn(ctx) {
		// A restored tab, or the way back. Nothing follows from the address:
		// who is in stays in, as who they are.
		r.log.Line(syslog.Info, "a callback whose login is over came from a browser with a session: it goes to LuCI")
		return cgi.Redirect(luciPath, r.undo...), nil
	}
	if err != nil {
		if r.again = result.Again; r.again == nil {
			r.subject = result.Subject
		} else if r.again.Location != "" {
			r.undo = []cgi.Cookie{stateCookie(flow.Pending.Remember(r.again.Cookie, r.stateCookie()))}
		}
		return cgi.Response{}, err
	}
	r.logNotes(302)
	r.log.Line(syslog.Info, "signed in: role "+syslog.Quote(result.Role)+" by "+result.By+
		", subject "+secret.Fingerprint(result.Subject)+", from "+r.Client.String()+by(r.config.Provider))
	r.event = events.Event{Kind: events.Login, Role: result.Role, Name: secret.Fingerprint(result.Subject)}
	page := result.ReturnTo
	if page == "" {
		page = luciPath
	}
	return cgi.Redirect(page, append(r.undo, signIn(result.Session, r.config.Text("session_cookie_path"), page)...)...), nil
}

func (r *request) stateCookie() secret.Value { return secret.New(r.Cookie(stateCookieName)) }

func (r *request) callbackParams() login.Callback {
	var c login.Callback
	value := func(name string) string {
		text, _ := r.Param(name)
		return text
	}
	c.Cookie = r.stateCookie()
	c.Code = secret.New(value("code"))
	c.State = secret.New(value("state"))
	c.Issuer, _ = r.Param("iss")
	c.HasIssuer = r.HasParam("iss") // Sent twice it is nobody's.
	if c.Provider = value(config.ProviderParam); c.Provider == "" && r.HasParam(config.ProviderParam) {
		c.Provider = "?" // Sent twice it is nobody's, either.
	}
	c.Error = value("error")
	c.ErrorDescription = value("error_description")
	return c
}

func (r *request) sessions() *session.Manager {
	if r.rpcd == nil {
		r.rpcd = session.OnRouter()
	}
	return r.rpcd
}

// relyingParty is made once for a request, which ends its connections.
func (r *request) relyingParty() *oidc.Party {
	r.party = login.RelyingParty(r.config, login.Cache(r.notice), r.notice)
	r.party.Channel.Within(BackchannelTime)
	return r.party
}

func (r *request) pending() *handshake.Store { return logins(r.config.Seconds("clock_tolerance")) }

func logins(tolerance time.Duration) *handshake.Store {
	return handshake.Open(handshake.Options{Dir: paths.Handshakes(), KeyFile: paths.SecretKey(), Tolerance: tolerance})
}

func (r *request) flow() *login.Flow {
	flow := &login.Flow{
		Config:       r.config,
		Party:        r.relyingParty(),
		Pending:      r.pending(),
		Used:         replay.Open(paths.Tokens()),
		Sessions:     r.sessions(),
		AccessGroups: paths.AccessGroups(),
		LuCIConfig:   paths.LuCIConfig(),
		Now:          time.Now,
		Prepare:      r.syncLogins,
		Note:         func(f *fault.Fault) { r.notes = append(r.notes, f) },
	}
	flow.OwnPage = r.FromHere()
	if r.config.Number("rate_limit_per_client") > 0 {
		flow.Client = ratelimit.Client(r.Client.String())
	}
	return flow
}

// syncLogins heals the derived login entries of rpcd. It cannot fail a login:
// they matter only when rpcd reloads.
func (r *request) syncLogins() {
	if _, err := session.SyncEntries(paths.RPCDConfig(), r.config.AllRoles); err != nil {
		r.notice("cannot update the login entries in " + paths.RPCDConfig() + ": " + err.Error())
	}
}

func (r *request) close() {
	if r.party != nil {
		r.party.Channel.Close()
	}
	if r.rpcd != nil {
		r.rpcd.Close()
	}
}

// fail logs an error and makes its response: response may carry headers.
func (r *request) fail(response cgi.Response, err error) cgi.Response {
	f, ok := fault.As(err)
	if !ok {
		// Every error of a request is of the catalogue; one that is not is a
		// defect, told without its text, which may quote anything.
		r.logNotes(500)
		r.log.Line(syslog.Critical, fmt.Sprintf("CRITICAL: internal error (%T); please report it", err))
		return r.page(cgi.Response{Status: 500}, sentenceCrash)
	}
	if r.config != nil && r.config.Provider != config.Section {
		r.notice("this is about the provider " + syslog.Quote(r.config.Provider))
	}
	end := f.Ends()
	r.eventOf(f)
	r.lines(f.Detail, f.Chain(), end.Status)
	response.Status = end.Status
	response.Cookies = r.undo
	switch {
	case response.RetryAfter != 0:
	case end.Code == fault.ProviderAwaited:
		response.RetryAfter = 10 // By then the one who waits knows.
	case end.Status == 503:
		response.RetryAfter = 60
	}
	return r.page(response, end.Sentence)
}

// notice keeps what the log should say although the request goes on. It is
// part of the one diagnostic line of the request.
func (r *request) notice(text string) { r.said = append(r.said, text) }

// logNotes logs what went wrong without ending the request, with the status
// that it ends in.
func (r *request) logNotes(status int) { r.lines("", nil, status) }

// lines logs what there is to say of a request: one diagnostic line, what
// ended the request first, and then one line per code, cause first.
func (r *request) lines(detail string, chain []fault.Code, status int) {
	severity := syslog.Warning
	if status >= 500 {
		severity = syslog.Error
	}
	var codes []fault.Code
	for _, note := range r.notes {
		codes = append(codes, note.Code)
		detail = also(detail, note.Detail)
	}
	for _, text := range r.said {
		detail = also(detail, text)
	}
	r.notes, r.said = nil, nil
	if detail != "" {
		r.log.Line(severity, detail)
	}
	for _, code := range append(codes, chain...) {
		r.log.Line(severity, "["+strconv.Itoa(status)+"] "+string(code))
	}
}

// also adds a text to a diagnostic that does not say it already.
func also(detail, text string) string {
	switch {
	case detail == "":
		return text
	case strings.Contains(detail, text):
		return detail
	}
	return detail + "; besides: " + text
}

// Log returns the program's logger.
func Log() *syslog.Logger { return syslog.New(paths.SyslogSocket()) }

// Main serves the request in the process's environment.
func Main() error {
	room(len(os.Args))
	return Serve(os.Getenv, os.Stdin, os.Stdout, Log())
}
