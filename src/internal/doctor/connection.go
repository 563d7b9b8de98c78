// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"errors"
	"net/url"
	"reflect"
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

// A question's share of the time; together they stay below methods.CallTime.
const (
	patience = 5 * time.Second
	total    = 13 * time.Second
)

// connection is a test under way.
type connection struct {
	ctx      context.Context
	config   *config.Config
	roles    []config.Role // The form's, where there is one.
	party    *oidc.Party
	metadata oidc.Metadata
	response backchannel.Response
	foundAt  string // Where the discovery document was, after redirects.
	here     string // Host and port by which the page was opened, "" when nobody knows.
	push     *oidc.Pushed
	checks   []*Check
}

// Connection asks a provider ("" for that of default) whether logging in will work with the
// configuration at path and options in the place of its own, and roles in the
// place of its roles unless they are nil; here is the host and port under which
// a person would start to do so, "" when that is not known. It asks past every
// cache. What it was told when it tried the saved settings, and they passed,
// is kept in the place of older documents: a login after the test does what
// the test has seen.
func Connection(ctx context.Context, path, provider string, options map[string]string, here string, roles []config.Role) []*Check {
	ctx, cancel := context.WithTimeout(ctx, total)
	defer cancel()
	if provider == "" {
		provider = config.Section
	}
	c := &connection{ctx: ctx, here: here}
	defer c.name(provider)
	var err error
	if c.config, err = config.With(path, provider, options); err != nil {
		c.checks = SettingsFault(err)
		c.rest(after)
		c.people(rolesOr(roles, path))
		return c.checks
	}
	c.roles = c.config.Roles
	if roles != nil {
		c.roles = roles
	}
	c.party = login.RelyingParty(c.config, "", func(string) {})
	defer c.party.Channel.Close()
	c.add(row("settings", Pass, words.ConfigGood))
	c.run()
	if Worst(c.checks) != Fail && c.isSaved(path) &&
		errors.Join(store.EnsureDir(paths.RunDir()), store.EnsureDir(paths.Cache())) == nil {
		c.party.KeepFetched(paths.Cache())
	}
	c.people(c.roles)
	return c.checks
}

// name makes the checks, and the commands that mend things, those of a
// provider.
func (c *connection) name(provider string) {
	if provider == config.Section {
		return
	}
	for _, check := range c.checks {
		check.Provider = provider
		for i := range config.Options {
			if o := &config.Options[i]; !o.Global {
				own := "luci-sso." + config.Section + "." + o.Name
				check.Command = strings.ReplaceAll(check.Command, own, "luci-sso."+provider+"."+o.Name)
			}
		}
	}
}

// isSaved reports whether the configuration that was tried is the one that
// logins use.
func (c *connection) isSaved(path string) bool {
	saved, err := config.Parse(path, c.config.Provider)
	return err == nil && reflect.DeepEqual(saved, c.config)
}

// people adds the check on who may log in when it has something to say. It is
// no matter of the connection, which one tries before anybody is listed.
func (c *connection) people(roles []config.Role) {
	if check := People(roles); check.Status != Pass {
		check.Status = Warn
		c.add(check)
	}
}

// rolesOr are the given roles, or those at path.
func rolesOr(roles []config.Role, path string) []config.Role {
	if roles == nil {
		roles, _ = config.Roles(path)
	}
	return roles
}

// SettingsFault are the rows of settings that cannot be used.
func SettingsFault(err error) []*Check {
	var option *config.OptionError
	f, _ := fault.As(err)
	switch {
	case f == nil:
		return []*Check{row("settings", Fail, words.ConfigBad, syslog.Printable(err.Error(), 200))}
	case !errors.As(err, &option):
		return []*Check{row("settings", Fail, words.ConfigBad, syslog.Printable(f.Detail, 300)).code(string(f.Code))}
	case !option.Missing:
		return []*Check{row("settings", Fail, words.SettingInvalid, label(option.Option), syslog.Printable(option.Detail, 300)).code(string(f.Code))}
	}
	// All that is missing at once: else one learns of the next at each try.
	var checks []*Check
	for _, name := range append([]string{option.Option}, option.Also...) {
		checks = append(checks, row("settings", Fail, words.SettingMissing, label(name)).do(words.FillIn).code(string(f.Code)))
	}
	return checks
}

// label is the page's name of an option, the one that its users know.
func label(option string) string {
	known, _ := config.LookupOption(option)
	return known.Label
}

// shown is a text of the provider's in a row, address one of its URLs.
func (c *connection) shown(text string) string   { return c.party.Veil.Plain(text, 200) }
func (c *connection) address(text string) string { return c.party.Veil.PlainAddress(text, 200) }

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
	c.add(certificateDates(c.response, time.Now()))
	c.issuer()
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
	c.product(credentials)
}

// issuer compares the name by which the provider calls itself.
func (c *connection) issuer() {
	named, wanted := c.metadata.Issuer, c.config.Text("issuer_url")
	switch {
	case named == "":
		c.add(row("issuer", Fail, words.IssuerMissing).do(words.AskProvider).code(string(fault.DiscoveryMissingIssuer)))
	case named == wanted:
		c.add(row("issuer", Pass, words.IssuerMatches, named))
	default:
		check := row("issuer", Fail, words.IssuerDiffers, c.shown(named), wanted).do(words.CopyIssuer).code(string(fault.DiscoveryIssuerMismatch))
		parsed, err := url.Parse(named)
		switch {
		case c.config.InternalHost != "" && err == nil && strings.EqualFold(parsed.Host, c.config.InternalHost):
			// It would be another name for everybody who asks elsewhere.
			check.do(words.SetPublicAddress)
		case strings.TrimSuffix(named, "/") == strings.TrimSuffix(wanted, "/"):
			other := strings.TrimSuffix(wanted, "/")
			if other == wanted {
				other += "/"
			}
			check.paste(set("issuer_url", other))
		}
		c.add(check)
	}
}

// asked is the address that was really asked for a URL of the provider's.
func (c *connection) asked(address string) string {
	parsed, err := url.Parse(address)
	if err == nil && c.config.InternalHost != "" {
		parsed.Host = c.config.InternalHost
		address = parsed.String()
	}
	return c.address(address)
}

// discovery reads the document; false when nothing else can be asked.
func (c *connection) discovery() bool {
	var err error
	c.within(func(ctx context.Context) { c.metadata, c.response, c.foundAt, err = c.party.FetchMetadata(ctx) })
	first := oidc.DiscoveryURL(c.config.Text("issuer_url"))
	address := c.asked(c.foundAt)
	check := row("discovery", Pass, words.DiscoveryRead, address)
	if c.foundAt != first {
		check = row("discovery", Pass, words.DiscoveryMoved, address, c.asked(first))
	}
	switch {
	case c.response.Status == 0 && err != nil:
		if trusted := c.trust(err); trusted != nil {
			c.add(row("discovery", Fail, words.DiscoveryNetwork, address, c.shown(err.Error())).do(trusted.Remedy).code(trusted.Code))
			c.add(trusted)
			c.rest(after[2:])
			return false
		}
		check = c.unreachable(err, address)
	case c.response.Status >= 300 && c.response.Status < 400 && c.response.Location != "":
		check = row("discovery", Fail, words.DiscoveryElsewhere, address, c.address(c.response.Location)).do(words.UseAnsweringAddress).code(string(fault.DiscoveryFailed))
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

// unreachable says why no answer came, with what fits.
func (c *connection) unreachable(err error, address string) *Check {
	check := row("discovery", Fail, words.DiscoveryNetwork, address, c.shown(err.Error())).code(string(fault.DiscoveryNetworkError))
	asked, _ := url.Parse(address)
	switch {
	case errors.Is(err, backchannel.ErrOldTLS):
		return check.do(words.OfferTLS)
	case errors.Is(err, backchannel.ErrKeyExchange):
		return check.do(words.OfferECDHE)
	case errors.Is(err, backchannel.ErrResolve) && asked != nil && rebindProtected(asked.Hostname()):
		return check.do(words.AllowRebind).paste(allowRebind(asked.Hostname()))
	}
	return check.do(words.CheckReachable)
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
		{"pushed", "endpoint for pushed requests (PAR)", m.PushedEndpoint},
	} {
		shown := c.address(e.url)
		parsed, err := url.Parse(e.url)
		switch {
		case e.url == "" && e.id == "pushed":
			if c.config.Text("par") == "1" {
				problem(row("endpoints", Fail, words.EndpointMissing, e.name).do(words.AskProvider), fault.PushedRequestFailed)
			}
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
			problem(row("endpoints", Warn, words.EndpointInsecure, e.name, c.address(e.url)).do(words.PublishHTTPS), "")
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
		n, odd, err := c.party.UsableKeys(ctx, c.metadata)
		f, _ := fault.As(err)
		switch {
		case f != nil:
			c.add(row("keys", Fail, words.KeysUnreadable, c.asked(c.metadata.JWKSURI), c.shown(f.Detail)).do(words.AskProvider).code(string(f.Code)))
		case n == 0 && odd != "":
			c.add(row("keys", Fail, words.KeysUseless, c.shown(odd)).do(words.AskProvider).code(string(fault.InvalidSignature)))
		case n == 0:
			c.add(row("keys", Fail, words.KeysNoneUsable).do(words.ChooseAlgorithm).code(string(fault.UnsupportedAlgorithm)))
		case n == 1:
			c.add(row("keys", Pass, words.KeyUsable))
		default:
			c.add(row("keys", Pass, words.KeysUsable, strconv.Itoa(n)))
		}
	})
}
