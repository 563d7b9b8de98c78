// SPDX-License-Identifier: Apache-2.0

package fault

import (
	"strconv"
	"strings"

	"luci-sso/internal/syslog"
)

// Place says where a provider's error came from.
type Place uint8

const (
	// Callback: in the address the provider sent the browser back to
	// (RFC 6749 §4.1.2.1, OIDC Core §3.1.2.6).
	Callback Place = iota
	// TokenEndpoint: in its response (RFC 6749 §5.2).
	TokenEndpoint
	// UserInfo: in the endpoint's response (RFC 6750 §3.1).
	UserInfo
	// Refresh: in the token endpoint's response to a refresh token.
	Refresh
)

// Who says who can mend something.
type Who uint8

const (
	// User is the person signing in.
	User Who = iota
	// RouterAdmin can change the options of /etc/config/luci-sso.
	RouterAdmin
	// ProviderAdmin can change the client's settings at the provider.
	ProviderAdmin
)

// String names them in the words of the log and of the reference.
func (w Who) String() string {
	return [...]string{"the person signing in", "the router's admin", "the provider's admin"}[w]
}

// Advice is what is known of a provider's error.
type Advice struct {
	Code  Code   // What the request fails with.
	Who   Who    // Who can mend it.
	Do    string // What they have to do, and where; a clause without a full stop.
	Known bool   // The error or its description was recognized.
	// Client: the provider refuses the client's credentials, or how they were
	// presented.
	Client bool
	Text   string // For a diagnostic line: the error, its description, Who and Do.
}

// ProviderError explains an error that the provider answered with. value and
// description are error and error_description as they came, either may be
// empty; both are untrusted and made printable, cut and free of what looks
// like an address or a token. status is the HTTP status, 0 at the callback.
func ProviderError(where Place, value, description string, status int) Advice {
	found, known := recognize(value, description)
	if !known {
		found = byStatus(where, value, status)
	}
	if where == TokenEndpoint {
		found = atTokenEndpoint(found, value)
	}
	a := Advice{Code: codeOf(where, value), Who: found.who, Do: found.text, Known: known, Client: found.client}
	if value != "" {
		var veil *syslog.Veil
		a.Text = "error \"" + veil.Words(value, 80) + `"`
		if description != "" {
			a.Text += " (" + veil.Words(strings.TrimSuffix(description, "."), 160) + ")"
		}
		if said, _ := recognize("", description); where == Refresh && known && !a.Client && (said.text == "" || said.grant) {
			return a // What is known of it helps with a code.
		}
		a.Text += "; "
	}
	a.Text += "for " + a.Who.String() + ": " + a.Do
	return a
}

// atTokenEndpoint is for what means something else, or more, where the code is
// exchanged.
func atTokenEndpoint(found remedy, value string) remedy {
	switch {
	case found.text == codeFlowText && strings.EqualFold(value, "unauthorized_client"):
		found.who, found.client = RouterAdmin, true
		found.text = secretText + "; if they are right: start again (some say this of a used code), and have the provider's admin " + codeFlowText
	case found.text == serverText:
		found.text += "; some providers (Dex) say this of a code that is too old: start again"
	}
	return found
}

// IsAboutGrantType reports whether a description of unauthorized_client is
// about what the standard means by it: the client may not use this flow.
func IsAboutGrantType(description string) bool {
	words := normal(description)
	return strings.Contains(words, " grant") || strings.Contains(words, " flow") || strings.Contains(words, " response type")
}

// codeOf is what a request fails with: OIDC_INVALID_GRANT is for the value
// invalid_grant and for a sentence in its place that says the same.
func codeOf(where Place, value string) Code {
	switch {
	case where == Callback:
		return IdPError
	case where == UserInfo:
		return UserInfoFetchFailed
	}
	words := normal(value)
	for _, r := range remedies {
		if r.grant && (r.names(value) || r.says(words)) {
			return OIDCInvalidGrant
		}
	}
	return TokenExchangeFailed
}

// recognize finds the remedy: by the description, which tells apart what
// providers put under one value, then by the value, then by a value that is a
// sentence, as with providers that do not follow RFC 6749.
func recognize(value, description string) (remedy, bool) {
	words := normal(description)
	for _, r := range remedies {
		if words != "" && r.says(words) {
			return r, true
		}
	}
	for _, r := range remedies {
		if value != "" && r.names(value) {
			return r, true
		}
	}
	words = normal(value)
	for _, r := range remedies {
		if words != "" && r.says(words) {
			return r, true
		}
	}
	return remedy{}, false
}

// names reports whether value is one of the remedy's error values.
func (r remedy) names(value string) bool {
	rest := r.values
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, " ")
		if strings.EqualFold(name, value) {
			return true
		}
	}
	return false
}

// says reports whether a normalized sentence contains one of the phrases.
func (r remedy) says(words string) bool {
	rest := r.phrases
	for rest != "" {
		var phrase string
		phrase, rest, _ = strings.Cut(rest, "|")
		if strings.Contains(words, " "+phrase) {
			return true
		}
	}
	return false
}

// normal reduces a sentence to lower-case words of ASCII letters and digits
// with one space around each; apostrophes vanish. At most 500 bytes count.
func normal(text string) string {
	var b strings.Builder
	b.WriteByte(' ')
	space := true
	for i := 0; i < len(text) && i < 500; i++ {
		c := text[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		case c == '\'' || c >= 0x80: // Also the three bytes of ’.
			continue
		default:
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		}
		b.WriteByte(c)
		space = false
	}
	if b.Len() == 1 {
		return ""
	}
	if !space {
		b.WriteByte(' ')
	}
	return b.String()
}

// byStatus is the remedy for an error that nobody here knows.
func byStatus(where Place, value string, status int) remedy {
	r := remedy{who: ProviderAdmin, text: "the provider's log tells the reason"}
	switch {
	case where == Callback:
		r.text += "; trying again may help"
	case status == 429:
		r.text = "raise its rate limit for the router's address, and wait a minute before trying again"
	case status >= 500:
		r.text = "the provider itself failed (HTTP status " + strconv.Itoa(status) + "), its log tells the reason"
	case status >= 300 && status < 400:
		r.who, r.text = RouterAdmin, "the endpoint must answer by itself: correct option issuer_url or internal_issuer_url, or the proxy that redirects"
	case status == 404 || status == 405:
		r.who, r.text = RouterAdmin, "there is no such endpoint at this address: correct option issuer_url or internal_issuer_url, or the proxy's paths"
	case where == UserInfo:
		r.text = "let this client's access tokens be used at UserInfo, or put e-mail and groups into the ID token"
	case value == "" && (status == 401 || status == 403):
		r.who, r.text, r.client = RouterAdmin, secretText, true
	}
	return r
}

// Remedy is a row of the table of provider errors, for the reference.
type Remedy struct {
	Who     Who
	Do      string
	Grant   bool     // At the token endpoint it is OIDC_INVALID_GRANT.
	Values  []string // Of error.
	Phrases []string // In error_description, as lower-case words.
}

// Remedies returns the table.
func Remedies() []Remedy {
	list := make([]Remedy, 0, len(remedies))
	for _, r := range remedies {
		list = append(list, Remedy{r.who, r.text, r.grant, strings.Fields(r.values), strings.FieldsFunc(r.phrases, func(c rune) bool { return c == '|' })})
	}
	return list
}
