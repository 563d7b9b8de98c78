// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/login"
	"luci-sso/internal/oidc"
	"luci-sso/internal/paths"
	"luci-sso/internal/role"
	"luci-sso/internal/syslog"
	"luci-sso/internal/words"
)

// announcements are the checks on what the document says besides endpoints.
func (c *connection) announcements() {
	m := c.metadata
	var good []string
	for _, algorithm := range m.SigningAlgorithms {
		if algorithm == oidc.RS256 || algorithm == oidc.ES256 {
			good = append(good, algorithm)
		}
	}
	switch {
	case len(m.SigningAlgorithms) == 0:
		c.add(row("algorithms", Skip, words.AlgorithmsUnknown))
	case good == nil:
		c.add(row("algorithms", Fail, words.AlgorithmsBad, c.list(m.SigningAlgorithms)).do(words.ChooseAlgorithm).code(string(fault.UnsupportedAlgorithm)))
	default:
		c.add(row("algorithms", Pass, words.AlgorithmsGood, c.list(good)))
	}
	c.clock(time.Now())
	c.scopes()
	switch {
	case slices.Contains(m.ChallengeMethods, "S256"):
		c.add(row("pkce", Pass, words.PKCEGood))
	case len(m.ChallengeMethods) == 0:
		// Most that say nothing have it; none is harmed by it.
		c.add(row("pkce", Skip, words.PKCEUnknown))
	default:
		c.add(row("pkce", Warn, words.PKCEUnknown).do(words.AskProvider))
	}
}

// list is of our own words, c.list of the provider's.
func list(items []string) string { return syslog.Printable(strings.Join(items, ", "), 200) }

func (c *connection) list(items []string) string { return c.shown(strings.Join(items, ", ")) }

func (c *connection) clock(now time.Time) {
	if c.response.Date.IsZero() {
		c.add(row("clock", Skip, words.ClockUnknown))
		return
	}
	off := now.Sub(c.response.Date).Abs()
	seconds := strconv.Itoa(int(off / time.Second))
	// The header has whole seconds and was on its way for a while.
	if off > c.config.Seconds("clock_tolerance")+2*time.Second {
		c.add(row("clock", Fail, words.ClockOff, seconds, strconv.Itoa(int(c.config.Seconds("clock_tolerance")/time.Second))).do(words.SyncClock).code(string(fault.IDTokenVerificationFailed)).paste(syncClock))
		return
	}
	c.add(row("clock", Pass, words.ClockGood, seconds))
}

func (c *connection) scopes() {
	if len(c.metadata.Scopes) == 0 {
		c.add(row("scopes", Skip, words.ScopesUnknown))
		return
	}
	var missing []string
	for _, scope := range strings.Fields(c.config.Text("scope")) {
		if !slices.Contains(c.metadata.Scopes, scope) {
			missing = append(missing, scope)
		}
	}
	if missing != nil {
		check := row("scopes", Warn, words.ScopesMissing, c.list(missing)).do(words.CheckScopes)
		if !slices.Contains(missing, "openid") {
			var rest []string
			for _, scope := range strings.Fields(c.config.Text("scope")) {
				if !slices.Contains(missing, scope) {
					rest = append(rest, scope)
				}
			}
			check.paste(set("scope", strings.Join(rest, " ")))
		}
		c.add(check)
		return
	}
	c.add(row("scopes", Pass, words.ScopesGood))
}

// claims are the checks on what the provider will tell about people.
func (c *connection) claims() {
	m, cfg := c.metadata, c.config
	has := func(claim string) bool { return slices.Contains(m.Claims, claim) }
	said := len(m.Claims) > 0
	switch {
	case has("at_hash") || !said:
		c.add(row("at_hash", Pass, words.AtHashExpected))
	case cfg.Text("require_at_hash") == "1":
		c.add(row("at_hash", Warn, words.AtHashRequired).do(words.RelaxAtHash).code(string(fault.MissingAtHash)).paste(set("require_at_hash", "auto")))
	default:
		c.add(row("at_hash", Pass, words.AtHashAbsent))
	}
	needs := role.NeedsOf(c.roles)
	needEmail, needGroups := needs.Email, needs.Groups
	seen := login.SeenBy(paths.Cache(), cfg)
	// A scope of the claim's own name that is not asked for.
	withheld := func(scope string) bool {
		return !slices.Contains(strings.Fields(cfg.Text("scope")), scope) && slices.Contains(m.Scopes, scope)
	}
	notAsked := func(claim string) *Check {
		return row(claim, Warn, words.ScopeNotAsked, claim, claim).do(words.AskForScope).code(string(fault.UserNotAuthorized)).paste(set("scope", cfg.Text("scope")+" "+claim))
	}
	switch {
	case needEmail && !seen.Email && withheld("email"):
		c.add(notAsked("email"))
	case seen.Email && !has("email"):
		c.add(row("email", Pass, words.EmailSeen))
	case !said:
		c.add(row("email", Skip, words.ClaimsUnknown))
	case has("email") && has("email_verified"):
		c.add(row("email", Pass, words.EmailExpected))
	case has("email") && cfg.On("require_email_verified"):
		c.add(row("email", Warn, words.EmailRequired).do(words.RelaxEmailVerified).paste("uci delete luci-sso." + config.Section + ".require_email_verified" + commit))
	case has("email"):
		c.add(row("email", Pass, words.EmailUnmarked))
	case needEmail:
		c.add(row("email", Warn, words.EmailAbsent).do(words.MapByGroup).code(string(fault.UserNotAuthorized)))
	default:
		c.add(row("email", Skip, words.EmailAbsent))
	}
	switch offered := withheld("offline_access"); {
	case cfg.Seconds("revalidate") <= 0: // Nobody has a use for one.
	case seen.Refresh:
		c.add(row("refresh", Pass, words.RefreshSeen))
	case seen.NoRefresh || offered:
		check := row("refresh", Warn, words.RefreshAbsent).do(words.GetRefresh).code(string(fault.SessionUnconfirmed))
		if offered {
			check.paste(set("scope", cfg.Text("scope")+" offline_access"))
		}
		c.add(check)
	default:
		c.add(row("refresh", Skip, words.RefreshUnknown))
	}
	announced := slices.ContainsFunc(m.Claims, func(claim string) bool { return oidc.Leads(cfg.Text("groups_claim"), claim) })
	switch {
	case !needGroups:
		c.add(row("groups", Skip, words.NoRoleUsesGroups))
	case seen.Groups:
		// What a login showed is better than what is announced or not.
		c.add(row("groups", Pass, words.ClaimGroupsSeen, cfg.Text("groups_claim")))
	case cfg.Text("groups_claim") == "groups" && withheld("groups"):
		c.add(notAsked("groups"))
	case !said:
		c.add(row("groups", Skip, words.ClaimsUnknown))
	case announced:
		c.add(row("groups", Pass, words.ClaimGroupsThere, cfg.Text("groups_claim")))
	default:
		check := row("groups", Warn, words.ClaimGroupsAbsent, cfg.Text("groups_claim")).do(words.AnnounceGroups)
		if has("groups") {
			check.paste(set("groups_claim", "groups"))
		}
		c.add(check)
	}
	c.signIns()
}

// signIns compares the kinds of sign-in that roles ask for with those that the
// provider has. One that it has of a role's is enough.
func (c *connection) signIns() {
	announced := c.metadata.ACRValues
	for i := range c.roles {
		r := &c.roles[i]
		if r.ACR == nil || announced == nil || !r.Takes(c.config.Provider) ||
			slices.ContainsFunc(r.ACR, func(kind string) bool { return slices.Contains(announced, kind) }) {
			continue
		}
		c.add(row("acr", Warn, words.KindAbsent, list([]string{r.Name}), list(r.ACR), c.list(announced)).do(words.MendRole))
	}
}
