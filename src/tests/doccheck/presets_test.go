// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"encoding/json"
	"strings"
	"testing"
)

// providerFacts is what docs/reference/providers.json says of a provider, as
// far as its guide and its preset have to agree with it.
type providerFacts struct {
	Providers []struct {
		ID, Name string
		Preset   struct {
			Issuer, Scope, Claim, Verified string
			Bare, Unverified               bool
			AtHash                         string `json:"at_hash"`
			Slash                          *bool
		}
	}
	Sends []struct {
		Provider, Name, Guide, Issuer string
		RequireAtHash                 string `json:"require_at_hash"`
		EmailVerified                 string `json:"email_verified"`
	}
}

// TestPresetsRowsAndGuides: what the settings page fills in for a provider is
// what its row of the compatibility page says and what its guide sets.
func TestPresetsRowsAndGuides(t *testing.T) {
	t.Parallel()
	var all providerFacts
	if err := json.Unmarshal([]byte(read(t, "docs/reference/providers.json")), &all); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, one := range all.Providers {
		p := one.Preset
		if one.ID == "other" {
			continue
		}
		rows := 0
		for _, row := range all.Sends {
			if row.Provider != one.ID {
				continue
			}
			rows++
			used[row.Guide] = true
			agree := func(what string, ok bool) {
				t.Helper()
				if !ok {
					t.Errorf("%s: %s: the preset %+v, the row %+v and the guide differ", one.Name, what, p, row)
				}
			}
			if row.Guide == "" {
				t.Errorf("%s has a preset and no guide", one.Name)
				continue
			}
			text := read(t, "docs/how-to/"+row.Guide)
			script := uciCommands(text)
			set := func(option string) string {
				_, rest, _ := cutLast(script, "uci set luci-sso.default."+option+"='")
				value, _, _ := strings.Cut(rest, "'")
				return value
			}

			agree("name in the guide's table", one.ID == "pocketid" || strings.Contains(text, "| Provider | "+one.Name+" |"))
			agree("issuer", strings.NewReplacer("<", "", ">", "", "TENANT_ID", "TENANT-ID").Replace(set("issuer_url")) == p.Issuer)
			// As shipped, or one of those that the guide's parts set.
			agree("scope", strings.Contains("uci set luci-sso.default.scope='openid profile email'\n"+script, "uci set luci-sso.default.scope='"+p.Scope+"'\n"))
			agree("at_hash", strings.Trim(row.RequireAtHash, "`*") == or(p.AtHash, "auto") && set("require_at_hash") == p.AtHash)
			agree("slash", strings.Contains(row.Issuer, "**slash**") == strings.HasSuffix(p.Issuer, "/"))
			if p.Slash != nil {
				agree("slash", *p.Slash == strings.HasSuffix(p.Issuer, "/"))
			}
			agree("flag of the address", set("require_email_verified") == p.Verified)
			if row.EmailVerified != "the same" {
				agree("addresses that start unverified", strings.Contains(row.EmailVerified, "`false`") == p.Unverified)
			}
		}
		if rows == 0 {
			t.Errorf("%s has a preset and no row in the compatibility page", one.Name)
		}
	}
	for _, page := range pages(t) {
		name := strings.TrimPrefix(page, "docs/how-to/")
		if strings.HasPrefix(read(t, page), "# Sign in with ") && name != "any-other.md" && !used[name] {
			t.Errorf("%s: this provider has a guide and no preset with a row", page)
		}
	}
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// cutLast is strings.Cut at the last place.
func cutLast(text, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(text, sep); i >= 0 {
		return text[:i], text[i+len(sep):], true
	}
	return text, "", false
}
