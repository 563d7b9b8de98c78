// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"slices"

	"luci-sso/internal/cgi"
	"luci-sso/internal/config"
	"luci-sso/internal/paths"
)

// providersParam asks the probe for what the login page needs besides.
const providersParam = "providers"

// probe answers whether a login could be started.
func (r *request) probe(ctx context.Context) cgi.Response {
	enabled := "false"
	_, err := config.Load(paths.Config())
	if err == nil {
		enabled = "true"
	}
	r.tellNotRoot(err)
	more := ""
	if r.HasParam(providersParam) {
		more = r.forPage(ctx)
	}
	return cgi.Response{ContentType: "application/json", Body: `{"enabled": ` + enabled + more + `}`}
}

// button is one that the login page shows.
type button struct {
	Name  string `json:"name"`
	Label string `json:"label"` // Any text, for the page to show as such.
	Auto  bool   `json:"auto"`  // The page goes there by itself.
}

// forPage is what the login page has to know: the providers, whether the
// browser has a session already, and, for the one that the parameter names,
// whether it answers. The last is asked only for one that the page would go to
// by itself, and only by a page of this router.
func (r *request) forPage(ctx context.Context) string {
	asked, _ := r.Param(providersParam)
	buttons := []button{}
	answers := ""
	for _, c := range config.Usable(paths.Config()) {
		buttons = append(buttons, button{c.Provider, c.Text("label"), c.On("auto_login")})
		if c.On("auto_login") && c.Provider == asked && r.FromHere() {
			r.config = c
			answers = `, "answers": false`
			party := r.relyingParty()
			party.Notice = func(string) {} // Whoever logs in is told.
			if party.Answers(ctx) {
				answers = `, "answers": true`
			}
		}
	}
	list, _ := json.Marshal(buttons)
	text := `, "providers": ` + string(list) + answers
	if r.Secure && r.signedIn(ctx) {
		text += `, "signed_in": true`
	}
	return text
}

// straightIn reports whether the login page goes to some provider by itself.
func straightIn() bool {
	return slices.ContainsFunc(config.Usable(paths.Config()), func(c *config.Config) bool { return c.On("auto_login") })
}
