// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

const providerTable = "docs/reference/providers.json"

// providerFacts is what the table says of a provider, as far as its guide and
// its preset have to agree with it.
type providerFacts struct {
	Keys      map[string]string
	Providers []struct {
		ID, Name, As string
		Preset       preset
	}
	Sends    []sends
	Measured map[string]struct {
		Name  string
		Facts struct {
			EmailVerified string `json:"email_verified"`
		}
	}
}

type preset struct {
	Issuer, Scope, Claim, Verified, Where, Redirect, Logout string

	Fixed, Bare, Unverified bool

	AtHash string `json:"at_hash"`
	NoteOf string `json:"note_of"`
	Slash  *bool
}

type sends struct {
	Provider, Name, Guide, Issuer, Groups, Logout string

	RequireAtHash string `json:"require_at_hash"`
	EmailVerified string `json:"email_verified"`
}

// TestPresetsRowsAndGuides: what the settings page fills in for a provider is
// what its row of the compatibility page says and what its guide sets.
func TestPresetsRowsAndGuides(t *testing.T) {
	t.Parallel()
	all := providerRows(t, read(t, providerTable))
	used := map[string]bool{}
	readme := strings.ReplaceAll(read(t, "README.md"), "\n  ", " ")
	for _, row := range all.Sends {
		used[row.Guide] = row.Provider != ""
		if row.Guide != "" && !strings.Contains(readme, " "+row.Name+",") && !strings.Contains(readme, " "+row.Name+".") {
			t.Errorf("README.md does not name %s among the providers", row.Name)
		}
	}
	for _, page := range pages(t) {
		name := strings.TrimPrefix(page, "docs/how-to/")
		if strings.HasPrefix(read(t, page), "# Sign in with ") && name != "any-other.md" && !used[name] {
			t.Errorf("%s: this provider has a guide and no preset with a row", page)
		}
	}
	for _, problem := range all.disagreements(guidesOf(t, all)) {
		t.Error(problem)
	}
}

// TestPresetsChecksSee: every key of a preset is held against something.
func TestPresetsChecksSee(t *testing.T) {
	t.Parallel()
	table := read(t, providerTable)
	all := providerRows(t, table)
	guides := guidesOf(t, all)
	held := map[string]bool{"note": true} // Prose, which nothing else repeats.
	for _, b := range []struct {
		key, provider, from, to string // What stands in the preset, before and after.
		values                  []string
	}{
		{"issuer", "keycloak", `/realms/home"`, `/realms/else"`, []string{"/realms/else", "/realms/home"}},
		{"fixed", "google", `"fixed": true`, `"fixed": false`, []string{"false", "https://accounts.google.com"}},
		{"bare", "keycloak", `"scope":`, `"bare": true, "scope":`, []string{"true", "/realms/home"}},
		{"slash", "auth0", `"slash": true`, `"slash": false`, []string{"false", "**slash**"}},
		{"slash", "dex", `"where":`, `"slash": false, "where":`, []string{"false", "as configured"}},
		{"scope", "keycloak", `profile email"`, `profile email groups"`, []string{"email groups", "by a mapper"}},
		{"claim", "google", `"claim": ""`, `"claim": "groups"`, []string{`"groups"`, `"none"`}},
		{"claim", "okta", `"claim": "groups"`, `"claim": "teams"`, []string{`"teams"`, `okta.md sets groups_claim to ""`}},
		{"verified", "zitadel", `"verified": "1"`, `"verified": "auto"`, []string{"auto", "left out when false"}},
		{"at_hash", "entra", `"at_hash": "0"`, `"at_hash": "auto"`, []string{"auto", "**`0`**"}},
		{"unverified", "casdoor", `"unverified": true`, `"unverified": false`, []string{"false", "`false` until verified"}},
		{"where", "dex", `"config.yaml ›`, `"config.toml ›`, []string{"config.toml", "dex.md"}},
		{"redirect", "dex", `"redirectURIs"`, `"redirectURLs"`, []string{"redirectURLs", "dex.md"}},
		{"logout", "google", `"redirect":`, `"logout": "Logout URIs", "redirect":`, []string{"Logout URIs", `sends.logout is "no"`}},
		{"logout", "keycloak", `"Valid post logout redirect URIs"`, `""`, []string{`""`, "keycloak.md"}},
		{"logout", "voidauth", `"PostLogout URL"`, `"Logout URL of it"`, []string{"Logout URL of it", "voidauth.md"}},
		{"note_of", "auth0", `"note_of": "router_groups"`, `"note_of": "groups"`, []string{`"groups"`, `"router_groups"`}},
	} {
		held[b.key] = true
		id := `"id": ` + strconv.Quote(b.provider)
		before, rest, ok := strings.Cut(table, id)
		changed := strings.Replace(rest, b.from, b.to, 1)
		if !ok || changed == rest {
			t.Errorf("%s of %s is not %s, as this test knows it", b.key, b.provider, b.from)
			continue
		}
		found := strings.Join(providerRows(t, before+id+changed).disagreements(guides), "\n")
		for _, want := range append(b.values, b.provider+": preset."+b.key+" ") {
			if !strings.Contains(found, want) {
				t.Errorf("%s of %s is changed to %s: found %q, which does not say %q", b.key, b.provider, b.to, found, want)
			}
		}
	}
	for key := range all.Keys {
		if name, ok := strings.CutPrefix(key, "providers.preset."); ok && !held[name] {
			t.Errorf("the preset's key %s is held against nothing: add it to disagreements, and here", name)
		}
	}
}

func providerRows(t *testing.T, table string) (all providerFacts) {
	t.Helper()
	if err := json.Unmarshal([]byte(table), &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// guidesOf are the texts of the guides that the rows name.
func guidesOf(t *testing.T, all providerFacts) map[string]string {
	t.Helper()
	guides := map[string]string{}
	for _, row := range all.Sends {
		if row.Guide != "" {
			guides[row.Guide] = read(t, "docs/how-to/"+row.Guide)
		}
	}
	return guides
}

// disagreements are the keys of presets that say something else than the row
// or the guide of the same provider.
func (all providerFacts) disagreements(guides map[string]string) (problems []string) {
	for _, one := range all.Providers {
		if one.ID == "other" {
			continue
		}
		p, rows := one.Preset, 0
		for _, row := range all.Sends {
			if row.Provider != one.ID {
				continue
			}
			rows++
			text := guides[row.Guide]
			if text == "" {
				problems = append(problems, one.ID+" has a preset and no guide")
				continue
			}
			// against says what the key is held against, other what that says.
			agree := func(ok bool, key string, value any, against string, other any) {
				if !ok {
					problems = append(problems, fmt.Sprintf("%s: %s: preset.%s is %s, but %s %s", providerTable, one.ID, key, shown(value), against, shown(other)))
				}
			}
			script := uciCommands(text)
			set := func(option string) string {
				_, rest, _ := cutLast(script, "uci set luci-sso.default."+option+"='")
				value, _, _ := strings.Cut(rest, "'")
				return value
			}
			// As shipped, or one of those that the guide's parts set.
			sets := func(option, shipped, value string) bool {
				return value == shipped || strings.Contains(script, "uci set luci-sso.default."+option+"='"+value+"'\n")
			}
			guide := "docs/how-to/" + row.Guide

			if one.ID != "pocketid" && !strings.Contains(text, "| Provider | "+one.Name+" |") {
				problems = append(problems, fmt.Sprintf("%s: %s: its name is %q, but %s has another in its table of fields", providerTable, one.ID, one.Name, guide))
			}
			issuer := strings.NewReplacer("<", "", ">", "", "TENANT_ID", "TENANT-ID").Replace(set("issuer_url"))
			agree(issuer == p.Issuer, "issuer", p.Issuer, guide+" sets issuer_url to", issuer)
			path, _, _ := strings.Cut(strings.TrimPrefix(row.Issuer, "`"), "`")
			agree(!strings.HasPrefix(row.Issuer, "`") || strings.HasSuffix(p.Issuer, path), "issuer", p.Issuer, "sends.issuer is", row.Issuer)
			agree(p.Fixed == !(strings.Contains(p.Issuer, "example") || strings.Contains(p.Issuer, "-ID")), "fixed", p.Fixed, "preset.issuer is", p.Issuer)
			agree(!p.Bare || strings.Count(p.Issuer, "/") == 2, "bare", p.Bare, "preset.issuer is", p.Issuer)
			slash := strings.Contains(row.Issuer, "**slash**")
			agree(slash == strings.HasSuffix(p.Issuer, "/"), "issuer", p.Issuer, "sends.issuer is", row.Issuer)
			if p.Bare || strings.HasPrefix(row.Issuer, "as configured") {
				agree(p.Slash == nil, "slash", p.Slash, "sends.issuer is", row.Issuer)
			} else {
				agree(p.Slash != nil && *p.Slash == slash, "slash", p.Slash, "sends.issuer is", row.Issuer)
			}

			agree(sets("scope", "openid profile email", p.Scope), "scope", p.Scope, guide+" sets scope to", set("scope"))
			agree(p.Claim == "" || sets("groups_claim", "groups", p.Claim), "claim", p.Claim, guide+" sets groups_claim to", set("groups_claim"))
			if row.Groups != "the same" {
				agree(strings.Contains(row.Groups, "scope `groups`") == strings.HasSuffix(p.Scope, " groups"), "scope", p.Scope, "sends.groups is", row.Groups)
				agree((row.Groups == "none") == (p.Claim == ""), "claim", p.Claim, "sends.groups is", row.Groups)
			}
			agree(p.NoteOf == "" || p.NoteOf == p.Claim, "note_of", p.NoteOf, "preset.claim is", p.Claim)

			agree(strings.Trim(row.RequireAtHash, "`*") == or(p.AtHash, "auto"), "at_hash", p.AtHash, "sends.require_at_hash is", row.RequireAtHash)
			agree(set("require_at_hash") == p.AtHash, "at_hash", p.AtHash, guide+" sets require_at_hash to", set("require_at_hash"))
			agree(set("require_email_verified") == p.Verified, "verified", p.Verified, guide+" sets require_email_verified to", set("require_email_verified"))
			for _, m := range all.Measured {
				if m.Name == one.Name || m.Name == one.As {
					flag := m.Facts.EmailVerified
					agree(strings.HasPrefix(flag, "left out when false") == (p.Verified == "1"), "verified", p.Verified, "email_verified of "+m.Name+", measured, is", flag)
				}
			}
			if row.EmailVerified != "the same" {
				agree(strings.Contains(row.EmailVerified, "`false`") == p.Unverified, "unverified", p.Unverified, "sends.email_verified is", row.EmailVerified)
			}

			words := func(key, value, between string) {
				for _, word := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(between, r) }) {
					word = strings.TrimSpace(word)
					agree(strings.Contains(text, word), key, value, guide+" does not have", word)
				}
			}
			words("where", p.Where, "›:")
			words("redirect", p.Redirect, "()")
			words("logout", p.Logout, "")
			ends := strings.HasPrefix(row.Logout, "yes") || row.Logout == "if announced"
			agree(ends || p.Logout == "", "logout", p.Logout, "sends.logout is", row.Logout)
			// A guide has the address after logout where there is a field for it.
			const after = "`https://router.example.com/`"
			has := map[bool]string{true: " has", false: " does not have"}[strings.Contains(text, after)]
			agree(!ends || strings.Contains(text, after) == (p.Logout != ""), "logout", p.Logout, guide+has, after)
		}
		if rows == 0 {
			problems = append(problems, one.ID+" has a preset and no row in the compatibility page")
		}
	}
	return problems
}

// shown is a value as the table has it.
func shown(value any) string {
	if flag, ok := value.(*bool); ok {
		if flag == nil {
			return "left out"
		}
		value = *flag
	}
	if text, ok := value.(string); ok {
		return strconv.Quote(text)
	}
	return fmt.Sprint(value)
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
