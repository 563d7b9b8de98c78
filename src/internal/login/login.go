// SPDX-License-Identifier: Apache-2.0

// Package login owns the course of one sign-in: begin (towards the provider)
// and complete (back from it). The order of the steps is the security of the
// whole; each step's own rules are in the package that it calls. It knows no
// HTTP.
package login

import (
	"context"
	"encoding/hex"
	"net/url"
	"slices"
	"time"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/handshake"
	"luci-sso/internal/oidc"
	"luci-sso/internal/random"
	"luci-sso/internal/replay"
	"luci-sso/internal/role"
	"luci-sso/internal/secret"
	"luci-sso/internal/session"
	"luci-sso/internal/syslog"
)

// Flow carries one sign-in through its two requests.
type Flow struct {
	Config       *config.Config
	Party        *oidc.Party
	Pending      *handshake.Store
	Used         *replay.Registry
	Sessions     *session.Manager
	AccessGroups string // Directory of rpcd's access groups.
	LuCIConfig   string // File with the time that a session may idle.
	Now          func() time.Time
	Client       string // Who asks, when clients are limited one by one; else "".
	OwnPage      bool   // A page of this router asks.
	// Prepare is called before a session is created, so that rpcd knows its
	// role should it reload.
	Prepare func()
	// Note receives faults of the catalogue's kind Note.
	Note func(*fault.Fault)
}

// Begin starts a sign-in: it returns where to send the browser and the
// content of its state cookie. returnTo is the LuCI page to show afterwards,
// "" for LuCI's start.
func (f *Flow) Begin(ctx context.Context, redirectURI, returnTo string) (location string, cookie secret.Value, err error) {
	metadata, err := f.provider(ctx, redirectURI)
	if err != nil {
		return "", cookie, err
	}
	return f.begin(ctx, metadata, handshake.Pending{
		Provider: f.Config.Provider, RedirectURI: redirectURI, ReturnTo: returnTo, Client: f.Client, Own: f.OwnPage,
	}, nil)
}

// provider is the one that a login with this redirect URI may begin at.
func (f *Flow) provider(ctx context.Context, redirectURI string) (oidc.Metadata, error) {
	metadata, err := f.Party.Discover(ctx)
	if err != nil {
		return metadata, err
	}
	if !f.Config.Proves(redirectURI) && !metadata.ResponseIssuer {
		return metadata, fault.New(fault.ConfigError, "the provider "+syslog.Quote(f.Config.Provider)+
			" sends no iss (RFC 9207), so option redirect_uri has to say whose callback it is: leave it empty, or let it end in ?"+config.ProviderParam+"="+f.Config.Provider)
	}
	return metadata, nil
}

// begin starts the sign-in that pending describes; ask is what it asks of the
// provider besides.
func (f *Flow) begin(ctx context.Context, metadata oidc.Metadata, pending handshake.Pending, ask url.Values) (location string, cookie secret.Value, err error) {
	if err := f.Pending.Prepare(); err != nil {
		return "", cookie, err
	}
	if location, err = f.request(ctx, metadata, &pending, ask); err != nil {
		return "", cookie, err
	}
	cookie, err = f.Pending.Save(pending)
	return location, cookie, err
}

// request fills in what is new in each sign-in and returns where to make it.
func (f *Flow) request(ctx context.Context, metadata oidc.Metadata, pending *handshake.Pending, ask url.Values) (location string, err error) {
	if err := f.Party.Ready(); err != nil {
		return "", err
	}
	for _, value := range []*secret.Value{&pending.State, &pending.Nonce, &pending.Verifier} {
		token, err := random.Token()
		if err != nil {
			return "", err
		}
		*value = secret.New(token)
	}
	return f.Party.SignInURL(ctx, metadata, oidc.AuthorizationRequest{
		RedirectURI: pending.RedirectURI,
		Scope:       f.Config.Text("scope"),
		State:       pending.State,
		Nonce:       pending.Nonce,
		Challenge:   oidc.Challenge(pending.Verifier),
		Ask:         ask,
	})
}

// Over reports whether a callback failed because its login is over or was
// never this browser's: what a reloaded page or a restored tab ends in.
func Over(err error) bool {
	return slices.ContainsFunc([]fault.Code{fault.MissingHandshakeCookie, fault.StateNotFound, fault.HandshakeExpired},
		func(code fault.Code) bool { return fault.Is(err, code) })
}

// Callback is what the browser brings back from the provider; all of it is
// untrusted.
type Callback struct {
	Cookie           secret.Value // Content of the state cookie.
	Code             secret.Value
	State            secret.Value
	Issuer           string // RFC 9207 iss.
	HasIssuer        bool
	Provider         string // That the address names which the provider sent the browser to.
	Error            string // RFC 6749 §4.1.2.1.
	ErrorDescription string
}

// Result is a completed sign-in. One that no role fits has the subject alone.
type Result struct {
	Session  secret.Value // rpcd's session id.
	Role     string
	By       string // What the role matched by.
	Subject  string
	ReturnTo string
	Again    *Again // A role fits, and the sign-in does not.
}

// Complete ends a sign-in. spent reports that the pending login is over, so
// that its cookie can go; while it is false, a callback that is not the
// browser's own has not disturbed the real one.
func (f *Flow) Complete(ctx context.Context, c Callback) (result Result, spent bool, err error) {
	f.Party.Veil.Hide(c.Code, c.State, c.Cookie)
	if c.Error != "" {
		return f.refused(c)
	}
	if c.Code.Empty() {
		return result, false, fault.New(fault.MissingCode, "the callback has no code, or more than one")
	}
	handle, pending, err := own(f.Pending, c)
	if err != nil {
		return result, expired(err), err
	}
	metadata, err := f.checkOrigin(ctx, pending, c)
	if err != nil {
		return result, false, err
	}
	// From here on this request alone may use the code.
	if err := f.Pending.Consume(handle); err != nil {
		return result, false, err
	}
	result, err = f.signIn(ctx, metadata, pending, c.Code)
	return result, true, err
}

// own returns the pending login of this browser that the callback belongs to,
// if there is one. It changes nothing: anybody can make a browser follow a
// forged link. A browser may have several logins under way, in as many tabs.
func own(logins *handshake.Store, c Callback) (secret.Value, handshake.Pending, error) {
	if c.Cookie.Empty() {
		return secret.Value{}, handshake.Pending{}, fault.New(fault.MissingHandshakeCookie, "the browser sent no state cookie; it was blocked, or the login took longer than 5 minutes")
	}
	var failed error
	another := false
	for _, handle := range handshake.Handles(c.Cookie) {
		pending, err := logins.Load(handle)
		if !pending.State.Empty() && pending.State.Equal(c.State) {
			return handle, pending, err
		}
		another = another || err == nil
		if failed == nil {
			failed = err
		}
	}
	if another {
		failed = fault.New(fault.StateParameterMismatch, "the callback's state is not that of this browser's login: it is of another browser or an older login, or the link was forged")
	}
	return secret.Value{}, handshake.Pending{}, failed
}

// ProviderOf is the provider of the pending login that a callback belongs to,
// "" when it belongs to none.
func ProviderOf(logins *handshake.Store, c Callback) string {
	_, pending, _ := own(logins, c)
	return pending.Provider
}

// Belongs reports whether a callback belongs to a pending login of its
// browser, which nobody else can make it do.
func Belongs(logins *handshake.Store, c Callback) bool {
	_, _, err := own(logins, c)
	return err == nil
}

// refused ends the pending login that a refusal by the provider belongs to.
// One that belongs to none is not the provider's: anybody can make a link
// with an error in it, and the log does not repeat what a stranger says.
func (f *Flow) refused(c Callback) (result Result, spent bool, err error) {
	handle, pending, err := own(f.Pending, c)
	if err == nil {
		err = f.checkWay(pending, c)
	}
	if err == nil && c.HasIssuer && c.Issuer != f.Party.Issuer {
		err = fault.New(fault.StateParameterMismatch, "the callback's iss is not option issuer_url (RFC 9207)")
	}
	if err != nil {
		why := "it cannot be read"
		if f, ok := fault.As(err); ok {
			why = f.Detail
		}
		return result, false, fault.Wrap(fault.IdPError, err,
			"the callback brings an error that belongs to no login of this browser and is not repeated here: "+why)
	}
	spent = f.Pending.Consume(handle) == nil
	return result, spent, f.refusal(c)
}

// refusal is the provider's no to a sign-in of its own.
func (f *Flow) refusal(c Callback) error {
	return fault.New(fault.IdPError, "the provider refused the sign-in: "+f.Party.CallbackError(c.Error, c.ErrorDescription))
}

// expired reports whether the cookie can never lead to a login again.
func expired(err error) bool {
	return slices.ContainsFunc([]fault.Code{
		fault.StateNotFound, fault.StateCorrupted, fault.MalformedStateCookie, fault.HandshakeExpired,
	}, func(code fault.Code) bool { return fault.Is(err, code) })
}

// checkOrigin refuses an authorization response of another provider than the
// one that the login was begun at: the mix-up of RFC 9700 §4.4. By RFC 9207
// §2.4, iss must be right when it is there, and must be there when the provider
// says it always is.
func (f *Flow) checkOrigin(ctx context.Context, pending handshake.Pending, c Callback) (oidc.Metadata, error) {
	if c.HasIssuer && c.Issuer != f.Party.Issuer {
		return oidc.Metadata{}, fault.New(fault.StateParameterMismatch,
			"the callback's iss is "+f.Party.Veil.Name(c.Issuer)+", expected option issuer_url "+syslog.Quote(f.Party.Issuer)+" (RFC 9207)")
	}
	if err := f.checkWay(pending, c); err != nil {
		return oidc.Metadata{}, err
	}
	metadata, err := f.Party.Discover(ctx)
	if err == nil && metadata.ResponseIssuer && !c.HasIssuer {
		err = fault.New(fault.StateParameterMismatch, "the callback has no iss although the provider announces it (RFC 9207)")
	}
	return metadata, err
}

// checkWay wants a callback to come by the redirect URI that the login gave to
// its provider, which no other has (RFC 9700 §4.4.2), or else with iss.
func (f *Flow) checkWay(pending handshake.Pending, c Callback) error {
	switch {
	case pending.Provider != f.Config.Provider || c.Provider != config.NamedBy(pending.RedirectURI):
		return fault.New(fault.StateParameterMismatch, "the callback came by another address than the one that the login at provider "+
			syslog.Quote(pending.Provider)+" was given: another provider has sent it (RFC 9700 §4.4)")
	case !c.HasIssuer && !f.Config.Proves(pending.RedirectURI):
		return fault.New(fault.StateParameterMismatch, "the callback has no iss, and nothing else says that it is of provider "+syslog.Quote(pending.Provider)+" (RFC 9700 §4.4)")
	}
	return nil
}

// verified is what a code brought, as far as it went well.
type verified struct {
	tokens   oidc.Tokens
	claims   oidc.Claims // Of the ID token.
	asked    bool        // UserInfo was.
	more     oidc.Claims // Of it, when it has answered.
	identity role.Identity
	match    role.Match
}

// verify turns a code into a person and a role. It is all that decides, for a
// login and for one that is only tried.
func (f *Flow) verify(ctx context.Context, metadata oidc.Metadata, pending handshake.Pending, code secret.Value, v *verified) (err error) {
	if v.tokens, err = f.Party.Exchange(ctx, metadata, code, pending.Verifier, pending.RedirectURI); err != nil {
		return err
	}
	if v.claims, err = f.Party.Verify(ctx, metadata, v.tokens, pending.Nonce); err != nil {
		return err
	}
	if v.identity, err = f.identify(ctx, metadata, v); err != nil {
		return err
	}
	f.show(v.identity, v.tokens)
	v.match, err = f.authorize(v.identity)
	return err
}

// signIn turns a code into a session.
func (f *Flow) signIn(ctx context.Context, metadata oidc.Metadata, pending handshake.Pending, code secret.Value) (Result, error) {
	var v verified
	if err := f.verify(ctx, metadata, pending, code, &v); err != nil {
		// Who they are is beyond doubt, if it is known: they may read it.
		return Result{Subject: v.identity.Subject}, err
	}
	tokens, claims, identity, match := v.tokens, v.claims, v.identity, v.match
	if again := f.lacking(ctx, metadata, pending, match.Role, identity.SignIn); again != nil {
		return Result{Subject: identity.Subject, Again: again}, fault.New(fault.SignInInsufficient,
			"role "+syslog.Quote(match.Role.Name)+" fits by "+match.By+", but not this sign-in: "+f.lackOf(match.Role, identity.SignIn, again.Lacks)+tries(pending)+
				f.besides(identity, match.Role))
	}
	// Only a token that buys a session is remembered: whoever has no role
	// could fill the router's memory with others. It is remembered until its
	// ID token could not be accepted any more.
	if err := f.Used.Register(tokens.Access, claims.Expires().Add(f.Config.Seconds("clock_tolerance"))); err != nil {
		return Result{}, err
	}
	longest, err := f.longest(claims)
	if err != nil {
		return Result{}, err
	}
	sid, _ := claims.Text("sid")
	id, err := f.open(ctx, match.Role, identity, session.Login{
		SID: sid, IDToken: tokens.ID, Refresh: f.refresh(tokens), Longest: longest, Began: pending.Issued,
	})
	return Result{
		Session: id, Role: match.Role.Name, By: match.By, Subject: identity.Subject, ReturnTo: pending.ReturnTo,
	}, err
}

// RefreshAdvice is what to do where a provider gives no refresh token.
const RefreshAdvice = "add offline_access to option scope, for some also prompt=consent to option auth_param, or allow refresh tokens for this client at the provider"

// refresh is the refresh token, where an option has a use for it.
func (f *Flow) refresh(tokens oidc.Tokens) secret.Value {
	if f.Config.Seconds("revalidate") <= 0 {
		return secret.Value{}
	}
	if tokens.Refresh.Empty() {
		f.Party.Notice("option revalidate is set, but the provider gave no refresh token, so the session ends once option revalidate_grace has gone by; " + RefreshAdvice)
	}
	return tokens.Refresh
}

// longest is how long a session of these claims may last; 0 for as long as it
// is used. What the provider says counts where an option sees to such ends at
// all.
func (f *Flow) longest(claims oidc.Claims) (time.Duration, error) {
	if !f.Config.Timed() {
		return 0, nil
	}
	longest := f.Config.Seconds("session_lifetime")
	left, stated, err := claims.SessionLeft()
	if err != nil {
		return 0, err
	}
	if stated && (longest == 0 || left < longest) {
		longest = left
	}
	return longest, nil
}

// open creates the LuCI session of a role.
func (f *Flow) open(ctx context.Context, r *config.Role, identity role.Identity, login session.Login) (secret.Value, error) {
	groups, err := acl.ReadGroups(f.AccessGroups)
	if len(groups) == 0 {
		return secret.Value{}, fault.Wrap(fault.UbusSessionFailed, err, "there are no access groups in "+f.AccessGroups)
	}
	if err != nil {
		f.Party.Notice("access groups were left out, as rpcd does: " + err.Error())
	}
	csrf, err := random.Bytes(16)
	if err != nil {
		return secret.Value{}, err
	}
	if f.Prepare != nil {
		f.Prepare()
	}
	name := identity.Subject
	if role.EmailCounts(identity, f.rules()) {
		// Else anybody could stand in the list of sessions under anybody's name.
		name = identity.Email
	}
	login.Provider = f.Config.Provider
	login.Role, login.Grants = r.Name, acl.For(groups, r.Read, r.Write)
	login.Timeout = session.IdleTimeout(f.LuCIConfig)
	login.Subject, login.Name, login.Issuer = identity.Subject, name, f.Party.Issuer
	login.Token = secret.New(hex.EncodeToString(csrf))
	login.At = f.Now()
	return f.Sessions.Create(ctx, login)
}
