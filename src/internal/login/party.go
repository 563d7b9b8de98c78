// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"net/url"
	"time"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/config"
	"luci-sso/internal/oidc"
	"luci-sso/internal/paths"
	"luci-sso/internal/store"
	"luci-sso/internal/version"
)

// RelyingParty is the one that a configuration describes. cache is where it
// keeps the provider's documents, "" for nowhere; notice gets what the log
// should say although the login goes on. The caller closes its Channel.
func RelyingParty(c *config.Config, cache string, notice func(string)) *oidc.Party {
	party := &oidc.Party{
		Issuer:       c.Text("issuer_url"),
		ClientID:     c.Text("client_id"),
		ClientSecret: c.ClientSecret,
		AuthMethod:   c.Text("token_auth_method"),
		AuthParams:   url.Values{},
		Push:         c.Text("par"),
		InternalHost: c.InternalHost,
		AtHash:       atHash(c.Text("require_at_hash")),
		Tolerance:    c.Seconds("clock_tolerance"),
		Channel: backchannel.New(backchannel.Trust{
			CAFile: c.Text("ca_file"), Bundle: paths.CertBundle(), Dir: paths.CertDir(),
		}, c.InternalHost, version.UserAgent()),
		CacheDir: cache,
		Now:      time.Now,
		Notice:   notice,
	}
	for _, param := range c.AuthParams {
		party.AuthParams.Add(param.Name, param.Value)
	}
	party.Veil.Hide(c.ClientSecret)
	return party
}

// Cache is where the provider's documents are kept, "" where nothing can be.
func Cache(notice func(string)) string {
	cache := paths.Cache()
	if err := errors.Join(store.EnsureDir(paths.RunDir()), store.EnsureDir(cache)); err != nil {
		// Nor read: whoever else can write there would choose the keys that
		// ID tokens are verified with.
		notice("nothing can be kept in " + paths.RunDir() + ": " + err.Error())
		return ""
	}
	return cache
}

func atHash(option string) oidc.AtHash {
	switch option {
	case "1":
		return oidc.AtHashRequired
	case "0":
		return oidc.AtHashOptional
	}
	return oidc.AtHashAuto
}
