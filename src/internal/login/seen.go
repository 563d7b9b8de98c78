// SPDX-License-Identifier: Apache-2.0

package login

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"strings"

	"luci-sso/internal/config"
	"luci-sso/internal/oidc"
	"luci-sso/internal/role"
	"luci-sso/internal/store"
)

// Seen is what logins with the same settings have brought so far, since the
// router started. Many providers do not announce all that they send.
type Seen struct {
	Email, Groups bool
	// The last login, while option revalidate is set, brought a refresh token,
	// or brought none.
	Refresh, NoRefresh bool
}

// seenFile is where that is kept. Its name follows from what has a part in
// it, so that nothing is said of other settings.
func seenFile(dir string, c *config.Config) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{c.Text("issuer_url"), c.Text("client_id"), c.Text("scope"), c.Text("groups_claim")}, "\n")))
	return dir + "/" + hex.EncodeToString(sum[:8])
}

// SeenBy returns what logins with these settings have brought; dir is where
// the provider's documents are kept.
func SeenBy(dir string, c *config.Config) Seen {
	file, err := os.Open(seenFile(dir, c))
	if err != nil {
		return Seen{}
	}
	defer file.Close()
	text, _ := io.ReadAll(io.LimitReader(file, 64))
	words := strings.Fields(string(text))
	var seen Seen
	for _, word := range words {
		seen.Email = seen.Email || word == "email"
		seen.Groups = seen.Groups || word == "groups"
		seen.Refresh = seen.Refresh || word == "refresh"
		seen.NoRefresh = seen.NoRefresh || word == "no-refresh"
	}
	return seen
}

// show keeps what a login has brought: which claims, and nothing of what is
// in them. That it could not be kept is no reason for anything.
func (f *Flow) show(identity role.Identity, tokens oidc.Tokens) {
	if f.Party.CacheDir == "" {
		return
	}
	known := SeenBy(f.Party.CacheDir, f.Config)
	now := Seen{Email: known.Email || identity.Email != "", Groups: known.Groups || len(identity.Groups) > 0}
	if f.Config.Seconds("revalidate") > 0 {
		now.NoRefresh = tokens.Refresh.Empty()
		now.Refresh = !now.NoRefresh
	}
	if now == known {
		return
	}
	text := ""
	add := func(seen bool, word string) {
		if seen {
			text += word + "\n"
		}
	}
	add(now.Email, "email")
	add(now.Groups, "groups")
	add(now.Refresh, "refresh")
	add(now.NoRefresh, "no-refresh")
	_ = store.WriteFile(seenFile(f.Party.CacheDir, f.Config), []byte(text))
}
