// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"strings"

	"luci-sso/internal/words"
)

// product says which product the provider looks like and what was seen of that
// one, and warns of settings that were seen not to go with it. It is advice: no
// login is judged by it, and no text of the provider's is in it.
func (c *connection) product(credentials string) {
	m, cfg := &c.metadata, c.config
	text := m.Issuer + " " + strings.ReplaceAll(strings.Join([]string{m.AuthorizationEndpoint, m.TokenEndpoint, m.JWKSURI, m.EndSessionEndpoint, m.PushedEndpoint,
		strings.Join(m.Scopes, " "), ""}, " "), strings.TrimSuffix(cfg.Text("issuer_url"), "/"), "@")
next:
	for _, line := range strings.Split(products, "\n") {
		found := strings.Split(line, "|")
		for _, has := range found[4:] {
			if !strings.Contains(text, has) {
				continue next
			}
		}
		c.add(row("product", Pass, words.ProductSeen, found[:3]...))
		chosen := ""
		if credentials == Warn {
			chosen = "token_auth_method " + cfg.Text("token_auth_method")
		}
		if cfg.On("backchannel_logout") {
			chosen += " backchannel_logout"
		}
		if cfg.Seconds("revalidate") > 0 {
			chosen += " revalidate"
		}
		for _, option := range strings.Split(found[2], ", ") {
			if strings.Contains(chosen, option) {
				check := row("product", Warn, words.ProductRefuses, option, found[0]).do(words.LimitSessions)
				if strings.HasPrefix(option, "token") {
					check.do(words.ChooseAuthMethod)
				}
				c.add(check)
			}
		}
		if cfg.Seconds("revalidate") > 0 && found[3] != "" {
			c.add(row("product", Warn, words.ProductKeeps, found[0]).do(words.LimitSessions))
		}
		return
	}
}
