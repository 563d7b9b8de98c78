// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// providerTable is where every fact about a provider is written down once.
const providerTable = "docs/reference/providers.json"

type providers struct {
	Keys      map[string]string // What each key below means, by its path.
	Providers []struct {
		ID, Name string
		Host     string // What an issuer of it looks like.
		As       string // Whose facts are its own until it has been run itself.
		Preset   preset
	}
	// Hosts has who is tried by its host before whom: the telling ones first,
	// the last two are no more than a habit.
	Hosts []string
	Sends []struct {
		Provider                                                  string // Its id above, if it has a preset.
		Name, Guide, Of, Known, Issuer, Signature, Groups, Logout string

		AtHash        string `json:"at_hash"`
		RequireAtHash string `json:"require_at_hash"`
		EmailVerified string `json:"email_verified"`
	}
	Seen     []seen
	Measured measured
	// Recognised in this order: the first whose texts are all there.
	Recognised []product
	ByHand     []asked `json:"by_hand"`
}

type preset struct {
	Issuer, Scope, Claim, Verified, Where, Redirect, Logout, Note string

	Fixed, Bare, Unverified bool

	AtHash string `json:"at_hash"`
	NoteOf string `json:"note_of"`
	Slash  *bool
}

// seen is a provider that was run by hand. One with Facts went through what
// scripts/test providers does.
type seen struct {
	Name, Version, Date, Aud, Groups, Logout, Iss, Know string

	AtHash        string `json:"at_hash"`
	EmailVerified string `json:"email_verified"`
	WrongSecret   string `json:"wrong_secret"`
	UsedCode      string `json:"used_code"`

	Facts map[string]string
}

// measured are the providers of scripts/test providers, in the file's order.
type measured []ran

type ran struct {
	Name, Version, Date, Know string

	Facts map[string]string
}

// all puts those that went through the same by hand before them.
func (p providers) all() (list measured) {
	for _, s := range p.Seen {
		if len(s.Facts) > 0 {
			list = append(list, ran{s.Name, s.Version, s.Date + ", by hand", s.Know, s.Facts})
		}
	}
	return append(list, p.Measured...)
}

func (m *measured) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if _, err := decoder.Token(); err != nil {
		return err
	}
	for decoder.More() {
		if _, err := decoder.Token(); err != nil {
			return err
		}
		one := make(measured, 1)
		if err := decoder.Decode(&one[0]); err != nil {
			return err
		}
		*m = append(*m, one[0])
	}
	return nil
}

func readProviders(repo string) (p providers, err error) {
	data, err := os.ReadFile(filepath.Join(repo, providerTable))
	if err != nil {
		return p, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&p); err != nil {
		return p, err
	}
	return p, p.explained()
}

// compatibilityPage fills the tables of docs/reference/compatibility.md.
func compatibilityPage(repo string) (string, error) {
	p, err := readProviders(repo)
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(filepath.Join(repo, "docs/reference/compatibility.md"))
	if err != nil {
		return "", err
	}
	page := string(data)
	for _, one := range []struct{ name, content string }{
		{"what each sends", p.sends()}, {"what was seen", p.seen()}, {"refreshes and keys", p.refreshes()},
		{"asked by hand", p.asked()}, {"recognised", p.recognised()},
	} {
		if page, err = block(page, one.name, one.content); err != nil {
			return "", err
		}
	}
	return page, nil
}

// rows makes a table of Markdown; what the file says may use Markdown itself.
func rows(head string, lines [][]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", head, strings.Repeat("---|", strings.Count(head, " | ")+1))
	for _, line := range lines {
		for i := range line {
			line[i] = strings.ReplaceAll(line[i], "|", "\\|")
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
	}
	return strings.ReplaceAll(b.String(), "|  |", "| |")
}

func (p providers) sends() string {
	var lines [][]string
	for _, s := range p.Sends {
		name := s.Name
		if s.Guide != "" {
			name = "[" + name + "](../how-to/" + s.Guide + ")"
		}
		lines = append(lines, []string{strings.TrimSpace(name + " " + s.Of), s.Known, s.Issuer, s.Signature, s.AtHash, s.RequireAtHash, s.EmailVerified, s.Groups, s.Logout})
	}
	return rows("Provider | Known from | Issuer ends with | Signature | `at_hash` | `require_at_hash` | E-mail flag | Groups | Logout", lines)
}

func (p providers) seen() string {
	var lines [][]string
	for _, s := range p.Seen {
		if len(s.Facts) > 0 {
			continue
		}
		lines = append(lines, []string{s.Name, s.Date + ", by hand", s.AtHash, s.Aud, s.Groups, s.EmailVerified, s.WrongSecret, s.UsedCode, s.Logout, s.Iss, s.Know})
	}
	for _, m := range p.all() {
		f := m.Facts
		secret := f["wrong_secret"]
		if f["unknown_code_and_wrong_secret"] == f["unknown_code"] {
			secret += "; with an unknown code that of the code"
		}
		if f["unknown_client"] != f["wrong_secret"] {
			secret += "; unknown client: " + f["unknown_client"]
		}
		code := f["used_code"]
		if f["unknown_code"] != code {
			code += "; unknown: " + f["unknown_code"]
		}
		lines = append(lines, []string{called(m.Name, m.Version), m.Date, f["at_hash"], f["aud"], f["groups"], f["email_verified"], secret, code, f["logout"], f["iss"], m.Know})
	}
	return rows("Provider | When | `at_hash` | `aud` | Groups | `email_verified` of an address that is not | Wrong secret | Used code | Log out | `iss` | What to know", lines)
}

func (p providers) refreshes() string {
	var lines [][]string
	for _, m := range p.all() {
		f := m.Facts
		lines = append(lines, []string{called(m.Name, m.Version), f["refresh_token"], f["refresh"], f["old_refresh_token"], f["par"], f["private_key_jwt"], f["public_client"], f["backchannel"],
			f["announced_but_not_sent"], f["sent_but_not_announced"], f["discovery"]})
	}
	return rows("Provider | Refresh token | A refresh | An old one, used again | Pushed requests | `private_key_jwt` | Public client | Back-channel logout | Claims announced, not sent | sent, not announced | Discovery", lines)
}

// takes are the options beyond a plain login that were seen to work with a
// provider: with that of its name, or with what it is made of.
func (p providers) takes(name, as string) (list []string) {
	var f map[string]string
	for _, m := range p.all() {
		product, _, part := strings.Cut(m.Name, ", ")
		switch own := strings.EqualFold(product, name); {
		// The product as it comes goes before one with something switched on.
		case own && !part, f == nil && (own || m.Name == as):
			f = m.Facts
		}
	}
	list, _ = takes(f)
	return list
}

// called puts the version after the product's name, and makes that of a Go
// module without one short.
func called(name, version string) string {
	if commit := strings.LastIndex(version, "-"); strings.HasPrefix(version, "0.0.0-") {
		version = version[commit+1 : commit+9]
	}
	product, part, divided := strings.Cut(name, ", ")
	if divided {
		part = ", " + part
	}
	return product + " " + version + part
}

// presetsScript fills in what the settings page knows of providers.
func presetsScript(repo string) (string, error) {
	p, err := readProviders(repo)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("const presets = [\n")
	for i, one := range p.Providers {
		comma := ","
		if i == len(p.Providers)-1 {
			comma = ""
		}
		b.WriteString("\t{\n" + one.Preset.script(one.ID, one.Name, p.takes(one.Name, one.As)) + "\t}" + comma + "\n")
	}
	b.WriteString("];\n\nconst hosts = [\n")
	var hosts []string
	for _, one := range p.Providers {
		if one.Host != "" && !slices.Contains(p.Hosts, one.ID) {
			return "", fmt.Errorf("%s: %s has a host and no place in hosts", providerTable, one.ID)
		}
	}
	for _, id := range p.Hosts {
		for _, one := range p.Providers {
			if one.ID == id {
				hosts = append(hosts, fmt.Sprintf("\t[ %s, /%s/ ]", quote(id), one.Host))
			}
		}
	}
	b.WriteString(strings.Join(hosts, ",\n") + "\n];\n")
	return scriptBlock(repo, "presets", providerTable, b.String())
}

// script is one preset in three lines: what goes into the settings, what is
// different there, and the note.
func (p preset) script(id, name string, takes []string) string {
	field := func(name, value string) string {
		if value == "" {
			return ""
		}
		return ", " + name + ": " + quote(value)
	}
	flag := func(name string, on bool) string {
		if !on {
			return ""
		}
		return name + ": true, "
	}
	scope := map[string]string{"openid profile email groups": "GROUPS", "openid profile email": "PLAIN"}[p.Scope]
	if scope == "" {
		scope = quote(p.Scope)
	}
	display := "null"
	if name != "" {
		display = quote(name)
	}
	fixed := ""
	if p.Fixed {
		fixed = ", fixed: true"
	}
	seen := ""
	if takes != nil {
		seen = ", takes: [ " + quoteAll(takes) + " ]"
	}
	slash := ""
	if p.Slash != nil {
		slash = fmt.Sprintf("slash: %v, ", *p.Slash)
	}
	note := "_(" + quote(p.Note) + ")"
	if p.NoteOf != "" {
		note += ".format(" + quote(p.NoteOf) + ")"
	}
	return fmt.Sprintf("\t\tid: %s, name: %s%s%s, scope: %s, claim: %s%s%s%s,\n", quote(id), display, field("issuer", p.Issuer), fixed, scope, quote(p.Claim), field("verified", p.Verified), field("at_hash", p.AtHash), seen) +
		"\t\t" + flag("bare", p.Bare) + slash + flag("unverified", p.Unverified) + "where: " + quote(p.Where) + field("redirect", p.Redirect) + field("logout", p.Logout) + ",\n" +
		"\t\tnote: " + note + "\n"
}
