// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"crypto/x509"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/login"
	"luci-sso/internal/oidc"
	"luci-sso/internal/paths"
	"luci-sso/internal/store"
	"luci-sso/internal/syslog"
	"luci-sso/internal/words"
)

// after are the checks that follow the settings, in the order of the rows.
var after = []string{"discovery", "certificate", "issuer", "endpoints", "keys", "algorithms", "clock", "scopes", "pkce",
	"credentials", "redirect_uri", "at_hash", "email", "groups"}

// A question's share of the time; together they stay below rpcplugin.Time.
const (
	patience = 5 * time.Second
	total    = 13 * time.Second
)

// connection is a test under way.
type connection struct {
	ctx      context.Context
	config   *config.Config
	party    *oidc.Party
	metadata oidc.Metadata
	response backchannel.Response
	foundAt  string // Where the discovery document was, after redirects.
	checks   []*Check
}

// Connection asks the provider whether logging in will work with the
// configuration at path and options in the place of its own. It asks past
// every cache. What it was told when it tried the saved settings, and they
// passed, is kept in the place of older documents: a login after the test
// does what the test has seen.
func Connection(ctx context.Context, path string, options map[string]string) []*Check {
	ctx, cancel := context.WithTimeout(ctx, total)
	defer cancel()
	c := &connection{ctx: ctx}
	var err error
	if c.config, err = config.With(path, options); err != nil {
		c.add(settingsFault(err))
		return c.rest(after)
	}
	c.party = login.RelyingParty(c.config, "", func(string) {})
	defer c.party.Channel.Close()
	c.add(row("settings", Pass, words.ConfigGood))
	c.run()
	if Worst(c.checks) != Fail && c.isSaved(path) &&
		errors.Join(store.EnsureDir(paths.RunDir()), store.EnsureDir(paths.Cache())) == nil {
		c.party.KeepFetched(paths.Cache())
	}
	return c.checks
}

// isSaved reports whether the configuration that was tried is the one that
// logins use.
func (c *connection) isSaved(path string) bool {
	saved, err := config.Parse(path)
	return err == nil && reflect.DeepEqual(saved, c.config)
}

func settingsFault(err error) *Check {
	var option *config.OptionError
	f, _ := fault.As(err)
	if f == nil {
		return row("settings", Fail, words.ConfigBad, syslog.Printable(err.Error(), 200))
	}
	check := row("settings", Fail, words.ConfigBad, syslog.Printable(f.Detail, 300))
	if errors.As(err, &option) {
		// The page's name of it is the one that its users know.
		known, _ := config.LookupOption(option.Option)
		label := known.Label
		if option.Missing {
			check = row("settings", Fail, words.SettingMissing, label).do(words.FillIn)
		} else {
			check = row("settings", Fail, words.SettingInvalid, label, syslog.Printable(option.Detail, 300))
		}
	}
	return check.code(string(f.Code))
}

func (c *connection) add(check *Check) { c.checks = append(c.checks, check) }

// rest marks checks that could not run.
func (c *connection) rest(ids []string) []*Check {
	for _, id := range ids {
		c.add(row(id, Skip, words.NotRun))
	}
	return c.checks
}

func (c *connection) within(ask func(context.Context)) {
	ctx, cancel := context.WithTimeout(c.ctx, patience)
	defer cancel()
	ask(ctx)
}

func (c *connection) run() {
	if !c.discovery() {
		return
	}
	m := c.metadata
	c.add(certificateDates(c.response, time.Now()))
	switch {
	case m.Issuer == "":
		c.add(row("issuer", Fail, words.IssuerMissing).do(words.AskProvider).code(string(fault.DiscoveryMissingIssuer)))
	case m.Issuer != c.config.IssuerURL:
		c.add(row("issuer", Fail, words.IssuerDiffers, syslog.Printable(m.Issuer, 200), c.config.IssuerURL).do(words.CopyIssuer).code(string(fault.DiscoveryIssuerMismatch)))
	default:
		c.add(row("issuer", Pass, words.IssuerMatches, m.Issuer))
	}
	usable := c.endpoints()
	c.keys()
	c.announcements()
	credentials := Skip
	if usable["token"] {
		credentials = c.credentials()
	} else {
		c.rest([]string{"credentials"})
	}
	if usable["authorization"] && credentials != Fail {
		c.redirect()
	} else {
		c.rest([]string{"redirect_uri"})
	}
	c.claims()
}

// discovery reads the document; false when nothing else can be asked.
func (c *connection) discovery() bool {
	address := oidc.DiscoveryURL(c.config.IssuerURL)
	var err error
	c.within(func(ctx context.Context) { c.metadata, c.response, c.foundAt, err = c.party.FetchMetadata(ctx) })
	check := row("discovery", Pass, words.DiscoveryRead, address)
	switch {
	case c.response.Status == 0 && err != nil:
		if trusted := c.trust(err); trusted != nil {
			c.add(row("discovery", Fail, words.DiscoveryNetwork, address, syslog.Printable(err.Error(), 200)).do(trusted.Remedy).code(trusted.Code))
			c.add(trusted)
			c.rest(after[2:])
			return false
		}
		check = row("discovery", Fail, words.DiscoveryNetwork, address, syslog.Printable(err.Error(), 200)).do(words.CheckReachable).code(string(fault.DiscoveryNetworkError))
	case c.response.Status != 200:
		check = row("discovery", Fail, words.DiscoveryStatus, address, strconv.Itoa(c.response.Status)).do(words.CheckIssuerURL).code(string(fault.DiscoveryFailed))
	case err != nil:
		check = row("discovery", Fail, words.DiscoveryInvalid, address).do(words.CheckIssuerURL).code(string(fault.InvalidDiscoveryDoc))
	}
	c.add(check)
	if check.Status == Fail {
		c.rest(after[1:])
	}
	return check.Status == Pass
}

// trust makes the certificate's row when err is about it.
func (c *connection) trust(err error) *Check {
	var (
		authority x509.UnknownAuthorityError
		hostname  x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	var check *Check
	switch {
	case errors.Is(err, backchannel.ErrTrust) && c.config.CAFile != "":
		check = row("certificate", Fail, words.CAFileUnreadable, c.config.CAFile).do(words.CheckCAFile).code(string(fault.SSLInitFailed))
	case errors.Is(err, backchannel.ErrTrust):
		check = row("certificate", Fail, words.CertificateUntrusted, syslog.Printable(err.Error(), 200)).
			do("Install the package ca-bundle on the router.").code(string(fault.SSLInitFailed))
	case errors.As(err, &hostname):
		check = row("certificate", Fail, words.CertificateName, syslog.Printable(hostname.Host, 100)).do(words.UseCertificateName).code(string(fault.DiscoveryNetworkError))
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && invalid.Cert != nil:
		if time.Now().Before(invalid.Cert.NotBefore) {
			check = row("certificate", Fail, words.CertificateEarly, date(invalid.Cert.NotBefore)).do(words.SyncClock)
		} else {
			check = row("certificate", Fail, words.CertificateExpired, date(invalid.Cert.NotAfter)).do(words.RenewCertificate)
		}
		check = check.code(string(fault.DiscoveryNetworkError))
	case errors.As(err, &authority), errors.As(err, &invalid):
		check = row("certificate", Fail, words.CertificateUntrusted, syslog.Printable(err.Error(), 200)).do(words.TrustCA).code(string(fault.DiscoveryNetworkError))
	default:
		return nil
	}
	return check
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02") }

// certificateDates warns two weeks ahead: shorter than what automatic renewal
// leaves.
func certificateDates(response backchannel.Response, now time.Time) *Check {
	if response.Peer == nil || len(response.Peer.PeerCertificates) == 0 {
		return row("certificate", Skip, words.NotRun)
	}
	end := response.Peer.PeerCertificates[0].NotAfter
	if end.Sub(now) < 14*24*time.Hour {
		return row("certificate", Warn, words.CertificateSoon, date(end)).do(words.RenewCertificate)
	}
	return row("certificate", Pass, words.CertificateGood, date(end))
}

// endpoints says which of the required ones can be used.
func (c *connection) endpoints() map[string]bool {
	m := c.metadata
	usable := map[string]bool{}
	problems := 0
	problem := func(check *Check, code fault.Code) {
		problems++
		c.add(check.code(string(code)))
	}
	for _, e := range []struct{ id, name, url string }{
		{"authorization", "authorization endpoint", m.AuthorizationEndpoint},
		{"token", "token endpoint", m.TokenEndpoint},
		{"jwks", "key set (JWKS)", m.JWKSURI},
	} {
		shown := syslog.Printable(e.url, 200)
		parsed, err := url.Parse(e.url)
		switch {
		case e.url == "":
			problem(row("endpoints", Fail, words.EndpointMissing, e.name).do(words.AskProvider), fault.DiscoveryMissingEndpoint)
		case !oidc.Secure(e.url):
			problem(row("endpoints", Fail, words.EndpointInsecure, e.name, shown).do(words.PublishHTTPS), fault.InsecureEndpoint)
		case err != nil || parsed.Host == "" || strings.Contains(e.url, "#"):
			problem(row("endpoints", Fail, words.EndpointInvalid, e.name, shown).do(words.AskProvider), fault.InvalidAuthEndpoint)
		default:
			usable[e.id] = true
		}
	}
	for _, e := range []struct{ name, url, absent string }{
		{"UserInfo endpoint", m.UserInfoEndpoint, words.NoUserInfo},
		{"logout endpoint", m.EndSessionEndpoint, words.NoEndSession},
	} {
		switch {
		case e.url == "":
			problem(row("endpoints", Warn, e.absent), "")
		case !oidc.Secure(e.url):
			problem(row("endpoints", Warn, words.EndpointInsecure, e.name, syslog.Printable(e.url, 200)).do(words.PublishHTTPS), "")
		}
	}
	if problems == 0 {
		c.add(row("endpoints", Pass, words.EndpointsGood))
	}
	if !usable["jwks"] {
		c.metadata.JWKSURI = ""
	}
	return usable
}

func (c *connection) keys() {
	if c.metadata.JWKSURI == "" {
		c.rest([]string{"keys"})
		return
	}
	c.within(func(ctx context.Context) {
		n, err := c.party.UsableKeys(ctx, c.metadata)
		f, _ := fault.As(err)
		switch {
		case f != nil:
			c.add(row("keys", Fail, words.KeysUnreadable, syslog.Printable(c.metadata.JWKSURI, 200), syslog.Printable(f.Detail, 200)).do(words.AskProvider).code(string(f.Code)))
		case n == 0:
			c.add(row("keys", Fail, words.KeysNoneUsable).do(words.ChooseAlgorithm).code(string(fault.UnsupportedAlgorithm)))
		default:
			c.add(row("keys", Pass, words.KeysUsable, strconv.Itoa(n)))
		}
	})
}

func (c *connection) credentials() string {
	method := c.party.Method(c.metadata)
	if methods := c.metadata.TokenAuthMethods; len(methods) > 0 && !slices.Contains(methods, method) {
		c.add(row("credentials", Warn, words.AuthMethodBad, method).do(words.ChooseAuthMethod))
	}
	var check *Check
	c.within(func(ctx context.Context) {
		switch verdict, reason := c.party.TryCredentials(ctx, c.metadata, c.config.RedirectURI); verdict {
		case oidc.Accepted:
			check = row("credentials", Pass, words.CredentialsGood, method)
		case oidc.Refused:
			check = row("credentials", Fail, words.CredentialsBad).do(words.CopyCredentials).code(string(fault.TokenExchangeFailed))
		default:
			check = row("credentials", Warn, words.CredentialsUnknown, syslog.Printable(reason, 200))
		}
	})
	c.add(check)
	return check.Status
}

func (c *connection) redirect() {
	uri := c.config.RedirectURI
	if uri == "" {
		// It follows the address in the browser, which is not known here.
		c.add(row("redirect_uri", Skip, words.RedirectUnknown, "https://…/cgi-bin/luci-sso/callback"))
		return
	}
	c.within(func(ctx context.Context) {
		switch c.party.TryRedirect(ctx, c.metadata, uri, c.config.Scope) {
		case oidc.Accepted:
			c.add(row("redirect_uri", Pass, words.RedirectGood, uri))
		case oidc.Refused:
			c.add(row("redirect_uri", Fail, words.RedirectBad, uri).do(words.RegisterRedirect).code(string(fault.IdPError)))
		default:
			c.add(row("redirect_uri", Skip, words.RedirectUnknown, uri))
		}
	})
}
