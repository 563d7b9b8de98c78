// SPDX-License-Identifier: Apache-2.0

package login

import (
	"testing"

	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
	"luci-sso/internal/secret"
)

// What a login brings stays known: an address and groups for good, a refresh
// token only of the last login that was asked for one.
func TestWhatLoginsShowedIsKept(t *testing.T) {
	dir := t.TempDir()
	with := oidc.Tokens{Refresh: secret.New("r")}
	for _, step := range []struct {
		what, revalidate string
		identity         role.Identity
		tokens           oidc.Tokens
		want             Seen
	}{
		{"nothing", "0", role.Identity{}, with, Seen{}},
		{"groups", "0", role.Identity{Groups: []string{"g"}}, with, Seen{Groups: true}},
		{"an address", "0", role.Identity{Email: "a@example.com"}, with, Seen{Email: true, Groups: true}},
		{"neither", "0", role.Identity{}, with, Seen{Email: true, Groups: true}},
		{"a refresh token", "300", role.Identity{}, with, Seen{Email: true, Groups: true, Refresh: true}},
		{"none", "300", role.Identity{}, oidc.Tokens{}, Seen{Email: true, Groups: true, NoRefresh: true}},
		{"none, the same again", "300", role.Identity{}, oidc.Tokens{}, Seen{Email: true, Groups: true, NoRefresh: true}},
		{"one again", "300", role.Identity{}, with, Seen{Email: true, Groups: true, Refresh: true}},
		{"without being asked", "0", role.Identity{}, with, Seen{Email: true, Groups: true}},
	} {
		c := settings(t, nil, "revalidate", step.revalidate)
		flow := Flow{Config: c, Party: &oidc.Party{CacheDir: dir}}
		flow.show(step.identity, step.tokens)
		if got := SeenBy(dir, c); got != step.want {
			t.Errorf("%s: %+v, want %+v", step.what, got, step.want)
		}
	}
	for _, other := range []string{"issuer_url", "client_id", "scope", "groups_claim"} {
		value := "openid https://other.example.com"
		if other == "issuer_url" {
			value = "https://other.example.com"
		}
		if got := SeenBy(dir, settings(t, nil, other, value)); got != (Seen{}) {
			t.Errorf("with another %s: %+v, want nothing", other, got)
		}
	}
	nowhere := Flow{Config: settings(t, nil), Party: &oidc.Party{}}
	nowhere.show(role.Identity{Email: "a@example.com"}, with) // Without a place nothing is kept, and nothing is wrong.
}
