// SPDX-License-Identifier: Apache-2.0

package syslog

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"luci-sso/internal/secret"
)

// Veil is what every text of the provider's passes before it is in a log
// line, an event or a row of the doctor. A provider may repeat whatever it was
// sent or knows, in any member of any answer: a client secret in the address
// of a redirect, a token in an error, somebody's address in a key's name. The
// veil hides the secrets that it was told of, and what looks like an address
// or a token. The zero Veil, and nil, know no secrets.
type Veil struct {
	secrets, people []string // In every spelling.
}

// What stands for something hidden.
const (
	hiddenValue   = "…"
	hiddenAddress = "<address>"
	hiddenToken   = "<token>"
)

// Hide tells the veil of secrets that must not be seen, in any of the
// spellings in which an address, a form, a header or a page has them.
func (v *Veil) Hide(values ...secret.Value) { v.secrets = spellings(v.secrets, values) }

// HidePerson tells it of what names a person.
func (v *Veil) HidePerson(values ...secret.Value) { v.people = spellings(v.people, values) }

func spellings(forms []string, values []secret.Value) []string {
	for _, value := range values {
		if value.Empty() {
			continue
		}
		raw := value.Reveal()
		for _, form := range []string{
			raw, url.QueryEscape(raw), url.PathEscape(raw), base64.StdEncoding.EncodeToString([]byte(raw)), replace(raw, "&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;"),
		} {
			if slices.Contains(forms, form) {
				continue
			}
			// The longest first: a value that is part of another one must not
			// cut it in pieces.
			at := 0
			for at < len(forms) && len(forms[at]) >= len(form) {
				at++
			}
			forms = slices.Insert(forms, at, form)
		}
	}
	return forms
}

// Known hides the values that the veil was told of, and nothing else.
func (v *Veil) Known(text string) string {
	if v == nil {
		return text
	}
	return without(without(text, v.secrets), v.people)
}

func without(text string, forms []string) string {
	for _, form := range forms {
		text = replaced(text, form)
	}
	return text
}

// replaced hides a value wherever it stands, upper and lower case alike, as
// percent-encoding has both. A short one is hidden as a word only: it may be
// part of one by chance.
func replaced(text, value string) string {
	var b strings.Builder
	low, wanted := lower(text), lower(value)
	from := 0
	for at := 0; ; {
		i := strings.Index(low[at:], wanted)
		if i < 0 {
			break
		}
		i += at
		if at = i + 1; len(value) >= 8 || alone(text, i, i+len(value)) {
			b.WriteString(text[from:i] + hiddenValue)
			at = i + len(value)
			from = at
		}
	}
	if from == 0 {
		return text
	}
	return b.String() + text[from:]
}

// lower turns ASCII letters to lower case; every byte stays in its place.
func lower(text string) string {
	low := []byte(text)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	return string(low)
}

func alone(text string, from, to int) bool {
	letter := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z' || text[i] >= '0' && text[i] <= '9')
	}
	return !letter(from-1) && !letter(to)
}

// Words is a sentence of the provider's, cut at limit bytes, for brackets or
// quotation marks, which it cannot end. Any long run with a digit in it may be
// a token there.
func (v *Veil) Words(text string, limit int) string {
	return escaped(harmless(v.Known(text), true), limit)
}

// Plain is a text in which names and identifiers matter that may look like a
// token: an error that names a host, an issuer with a tenant's number.
func (v *Veil) Plain(text string, limit int) string {
	return Printable(harmless(v.Known(text), false), limit)
}

// Name cites a name of the provider's: Plain, as Quote has it.
func (v *Veil) Name(text string) string { return Quote(harmless(v.Known(text), false)) }

// Group cites the name of a group, which an administrator copies into a role
// and which at some providers looks like an address. One that is called like
// the person is hidden; one that contains the name is not.
func (v *Veil) Group(text string) string {
	if v != nil {
		if slices.ContainsFunc(v.people, func(name string) bool { return strings.EqualFold(name, text) }) {
			text = hiddenValue
		}
		text = without(text, v.secrets)
	}
	return Quote(text)
}

// Address cites a URL without what may be anything: a user, a query, a
// fragment.
func (v *Veil) Address(text string) string { return v.Name(bare(text)) }

// PlainAddress is Address without quotation marks, cut at limit bytes.
func (v *Veil) PlainAddress(text string, limit int) string { return v.Plain(bare(text), limit) }

// Redirect is Address for where somebody is sent, whose path may hold
// anything, too.
func (v *Veil) Redirect(text string) string { return Quote(harmless(v.Known(bare(text)), true)) }

// bare takes user, query and fragment out of a URL, whether it parses or not.
func bare(text string) string {
	if i := strings.IndexAny(text, "?#"); i >= 0 {
		text = text[:i] + text[i:i+1] + hiddenValue
	}
	if scheme, rest, found := strings.Cut(text, "//"); found {
		host, path, slash := strings.Cut(rest, "/")
		if i := strings.LastIndexByte(host, '@'); i >= 0 {
			text = scheme + "//" + hiddenValue + host[i:]
			if slash {
				text += "/" + path
			}
			text = strings.Replace(text, hiddenValue+"@", hiddenValue, 1)
		}
	}
	return text
}

// harmless takes out of a provider's words what must not reach the log. A
// word with @ in it is replaced, a JWT, and with tokens a run of 24 and more
// characters with a digit in it.
func harmless(text string, tokens bool) string {
	var b strings.Builder
	for text != "" && b.Len() <= 1000 {
		end := 0
		for end < len(text) && !separates(text[end]) {
			end++
		}
		if end == 0 {
			b.WriteByte(text[0])
			text = text[1:]
			continue
		}
		word := text[:end]
		text = text[end:]
		switch {
		case strings.ContainsAny(word, "@＠"), strings.Contains(word, "%40"):
			b.WriteString(hiddenAddress)
		case len(word) >= 10 && strings.HasPrefix(word, "eyJ"),
			tokens && len(word) >= 24 && strings.ContainsAny(word, "0123456789"):
			b.WriteString(hiddenToken)
		default:
			b.WriteString(word)
		}
	}
	return b.String()
}

func separates(c byte) bool {
	return c <= ' ' || strings.IndexByte(`"'()<>[]{},;:/?&=|`, c) >= 0
}

// Name and Address are the Veil's, where nothing is known that needs hiding.
func Name(text string) string    { return (*Veil)(nil).Name(text) }
func Address(text string) string { return (*Veil)(nil).Address(text) }
