// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/clientkey"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
)

// Verdict is what a question to the provider showed.
type Verdict uint8

// Unknown: the answer says neither yes nor no.
const (
	Unknown Verdict = iota
	Accepted
	Refused
	// Alike: a wrong secret gets the same answer as this one, so that only a
	// login can tell.
	Alike
)

// Credentials is what a try of the client's credentials showed.
type Credentials struct {
	Verdict Verdict
	Method  string // How they were presented.
	Other   string // The method by which they are accepted while Method is not; else "".
	Reason  string // What came, unless it says enough by itself.
}

// TryCredentials presents the client's credentials with a code that no
// provider has given out, and the same with a secret that is wrong for sure.
// Which of the two a provider looks at first, and how it says no, differs too
// much to be read out of one answer: credentials are accepted when the wrong
// ones get another answer. Credentials that are not accepted are tried in the
// other way of presenting them, too.
func (p *Party) TryCredentials(ctx context.Context, m Metadata, redirectURI string) Credentials {
	method := p.Method(m)
	other := p.otherMethod(m, method)
	found := p.tryMethod(ctx, m, method, redirectURI)
	if !p.ClientSecret.Empty() && (found.Verdict == Refused || found.Verdict == Alike && !found.grant) {
		if p.tryMethod(ctx, m, other, redirectURI).Verdict == Accepted {
			found.Verdict, found.Other = Refused, other
		}
	}
	return found.Credentials
}

type tried struct {
	Credentials
	grant bool // The answer was about the code.
}

func (p *Party) tryMethod(ctx context.Context, m Metadata, method, redirectURI string) tried {
	result := func(v Verdict, r reply) tried {
		return tried{Credentials{Verdict: v, Method: method, Reason: r.text()}, r.grant}
	}
	mine := p.presents(ctx, m, method, p.credential(), redirectURI)
	if !mine.says {
		return result(Unknown, mine)
	}
	wrong := p.presentsWrong(ctx, m, method, redirectURI)
	if !wrong.says {
		return result(Unknown, wrong)
	}
	switch {
	case mine.like(wrong) && mine.client:
		return result(Refused, mine)
	case mine.like(wrong):
		return result(Alike, mine)
	case mine.client:
		// Known, and refused all the same.
		return result(Refused, mine)
	case mine.status == wrong.status && mine.value == wrong.value:
		// They differ in their sentences alone, which may have something new
		// in it each time.
		if again := p.presentsWrong(ctx, m, method, redirectURI); !again.like(wrong) {
			return result(Unknown, mine)
		}
	}
	return result(Accepted, mine)
}

// reply is what a token endpoint says to a request that must fail.
type reply struct {
	failed string // Why there is no answer.
	status int
	value  string
	words  string // Of the description, without what differs from time to time.
	says   bool   // It is an answer to this request, not a failure of the endpoint.
	grant  bool   // The code is refused.
	client bool   // The client is refused.
}

func (r reply) like(other reply) bool {
	return r.status == other.status && r.value == other.value && r.words == other.words
}

func (r reply) text() string {
	if r.failed != "" {
		return r.failed
	}
	text := "HTTP status " + strconv.Itoa(r.status)
	if r.value != "" {
		text += ", error " + syslog.Name(r.value)
	}
	return text
}

func (p *Party) presentsWrong(ctx context.Context, m Metadata, method, redirectURI string) reply {
	wrong, err := p.wrongCredential(method)
	if err != nil {
		return reply{failed: fault.Plain(err)}
	}
	return p.presents(ctx, m, method, wrong, redirectURI)
}

// wrongCredential is one that no provider has given out.
func (p *Party) wrongCredential(method string) (credential, error) {
	wrong := p.credential()
	made, err := p.questionValues()
	switch method {
	case AuthNone:
		wrong.id = "check-" + made[0] // A public client has nothing else to be known by.
	case AuthKey:
		wrong.key = clientkey.Throwaway
	default:
		wrong.secret = secret.New(made[0])
	}
	return wrong, err
}

func (p *Party) presents(ctx context.Context, m Metadata, method string, c credential, redirectURI string) reply {
	made, err := p.questionValues()
	if err != nil {
		return reply{failed: fault.Plain(err)}
	}
	request := backchannel.Request{URL: m.TokenEndpoint, Accept: "application/json", Form: url.Values{
		"grant_type": {"authorization_code"}, "code": {"check-" + made[0]},
		"redirect_uri": {redirectURI}, "code_verifier": {made[1]},
	}}
	if err := p.present(&request, method, c); err != nil {
		return reply{failed: fault.Plain(err)}
	}
	p.Veil.Hide(p.ClientSecret, secret.New("check-"+made[0]), secret.New(made[0]), secret.New(made[1]))
	response, err := p.Channel.Do(ctx, request)
	if err != nil {
		return reply{failed: p.Veil.Plain(err.Error(), 200)}
	}
	value, description := errorOf(response.Body)
	value, description = p.Veil.Known(value), p.Veil.Known(description)
	r := reply{status: response.Status, value: value, words: lasting(description)}
	advice := fault.ProviderError(fault.TokenEndpoint, value, description, response.Status)
	named := strings.ToLower(value)
	r.grant = advice.Code == fault.OIDCInvalidGrant
	// Pocket ID says so with 404, zitadel/oidc of an assertion with 500.
	missing := strings.Contains(named+" "+r.words, "client not found")
	// "invalid_client", and Pocket ID's "Invalid client secret";
	// unauthorized_client is said of a code, too, and Gitea's description
	// tells which.
	r.client = !r.grant && (missing || strings.Contains(r.words, "secret") || strings.Contains(named, "client") && named != "unauthorized_client" || response.Status == 401 ||
		named == "unauthorized_client" && fault.IsAboutGrantType(description))
	switch {
	case missing:
		r.says = true
	case response.Status == 404 || response.Status == 405 || response.Status == 408 || response.Status == 429:
	case response.Status >= 400 && response.Status < 500, response.Status == 200 && value != "":
		r.says = true
	}
	return r
}

// lasting is a sentence without the words that have digits in them: the times
// and numbers by which a provider finds a request in its log.
func lasting(text string) string {
	var kept []string
	for _, word := range strings.Fields(text) {
		if !strings.ContainsAny(word, "0123456789") {
			kept = append(kept, word)
		}
	}
	return strings.ToLower(strings.Join(kept, " "))
}
