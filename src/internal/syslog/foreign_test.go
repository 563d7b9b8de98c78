// SPDX-License-Identifier: Apache-2.0

package syslog

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"luci-sso/internal/secret"
)

func TestVeil(t *testing.T) {
	t.Parallel()
	const (
		jwt    = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NSJ9.c2ln"
		tenant = "https://login.example.com/12345678-1234-1234-1234-123456789abc/v2.0"
		awful  = `a:b c+d%e&f=g"h'i/ü€`
	)
	var veil Veil
	veil.Hide(secret.New(awful), secret.New("pass"), secret.New("0123456789abcdefgh"), secret.New("0123456789"), secret.Value{})
	veil.HidePerson(secret.New("alice"), secret.New("Alice@example.com"))
	words := func(text string) string { return veil.Words(text, 200) }
	plain := func(text string) string { return veil.Plain(text, 200) }
	for name, c := range map[string]struct {
		way      func(string) string
		in, want string
	}{
		"an address":                 {words, "User bob@example.com is unknown", "User <address> is unknown"},
		"one for a URL":              {words, "login_hint bob%40example.com", "login_hint <address>"},
		"with a wide sign":           {words, "bob＠example.com", "<address>"},
		"a token":                    {words, "The code 9876543210abcdef01234567 was used.", "The code <token> was used."},
		"no token":                   {words, "urn:openid:params:grant-type:ciba", "urn:openid:params:grant-type:ciba"},
		"a JWT":                      {plain, "hint " + jwt + " is old", "hint <token> is old"},
		"a tenant":                   {plain, tenant, tenant},
		"quotation marks":            {words, `say "so"`, `say \"so\"`},
		"a name's quotation marks":   {veil.Name, `a"b\c`, `"a\"b\\c"`},
		"a secret":                   {plain, "it is " + awful + ".", "it is …."},
		"a secret for a form":        {plain, "s=" + url.QueryEscape(awful), "s=…"},
		"the same in lower case":     {plain, "s=" + strings.ToLower(url.QueryEscape(awful)), "s=…"},
		"a secret for a path":        {plain, "/" + url.PathEscape(awful), "/…"},
		"a secret for a header":      {plain, base64.StdEncoding.EncodeToString([]byte(awful)), "…"},
		"a secret in a page":         {plain, `a:b c+d%e&amp;f=g&#34;h&#39;i/ü€`, "…"},
		"the longer one first":       {plain, "x0123456789abcdefghx", "x…x"},
		"a short secret":             {plain, "pass, passport, bypass, PASS", "…, passport, bypass, …"},
		"a person":                   {plain, "alice or malice", "… or malice"},
		"a person's address":         {plain, "<alice@example.com>", "<…>"},
		"a group":                    {veil.Group, "router_admins@idm.example.com", `"router_admins@idm.example.com"`},
		"a group with the name":      {veil.Group, "alice-and-friends", `"alice-and-friends"`},
		"a group that is the person": {veil.Group, "ALICE", `"…"`},
		"a group that is the secret": {veil.Group, "x " + awful, `"x …"`},
		"a number of a group":        {veil.Group, "12345678-1234-1234-1234-123456789abc", `"12345678-1234-1234-1234-123456789abc"`},
		"a query":                    {veil.Address, "https://a.example/b?code=7#c", `"https://a.example/b?…"`},
		"a fragment":                 {veil.Address, "https://a.example/b#code=7", `"https://a.example/b#…"`},
		"a user":                     {veil.Address, "https://bob:pw@a.example/b", `"https://…a.example/b"`},
		"a user without a path":      {veil.Address, "https://bob@a.example", `"https://…a.example"`},
		"an address in a path":       {veil.Address, "https://a.example/bob@b.example/c", `"https://a.example/<address>/c"`},
		"an endpoint":                {veil.Address, tenant + "/token", `"` + tenant + `/token"`},
		"where somebody is sent":     {veil.Redirect, tenant + "/x?y", `"https://login.example.com/<token>/v2.0/x?…"`},
		"control characters":         {words, "a\r\n[200] FORGED", "a??[200] FORGED"},
	} {
		if got := c.way(c.in); got != c.want {
			t.Errorf("%s: %s, expected %s", name, got, c.want)
		}
	}
	// Without a veil, what looks harmful is hidden all the same.
	if got := Name("bob@example.com"); got != `"<address>"` {
		t.Errorf("without secrets: %s", got)
	}
	if got := Address("https://a.example/?x"); got != `"https://a.example/?…"` {
		t.Errorf("without secrets: %s", got)
	}
}

func FuzzVeil(f *testing.F) {
	f.Add("User bob@example.com, code s3cr3t-and-long", "s3cr3t-and-long", 80)
	f.Add("\xff%40", "\xff", 3)
	f.Add("https://a@b/c?d#e", "//", 10)
	f.Fuzz(func(t *testing.T, text, hidden string, limit int) {
		limit = max(0, min(limit, 300))
		var veil Veil
		veil.Hide(secret.New(hidden))
		for _, got := range []string{veil.Words(text, limit), veil.Plain(text, limit), veil.Name(text), veil.Address(text), veil.Redirect(text), veil.Group(text)} {
			if !utf8.ValidString(got) || strings.ContainsAny(got, "\r\n\x00\x1b") || len(got) > 2*300+20 {
				t.Errorf("%q became %q", text, got)
			}
			if len(hidden) >= 8 && strings.Contains(got, hidden) && !strings.Contains("<address>…<token>", hidden) {
				t.Errorf("%q is in %q", hidden, got)
			}
		}
		for _, got := range []string{veil.Words(text, limit), veil.Plain(text, limit), veil.Name(text)} {
			if strings.Contains(got, "@") {
				t.Errorf("%q has an address: %q", text, got)
			}
		}
	})
}
