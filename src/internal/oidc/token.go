// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

// Tokens is a successful token response. Either may be empty: what that means
// is for Verify to say.
type Tokens struct {
	ID      secret.Value
	Access  secret.Value
	Refresh secret.Value
	Scope   Scope
}

// Exchange trades an authorization code for tokens (RFC 6749 §4.1.3, with the
// PKCE verifier of RFC 7636 §4.5).
func (p *Party) Exchange(ctx context.Context, m Metadata, code, verifier secret.Value, redirectURI string) (Tokens, error) {
	p.Veil.Hide(code, verifier)
	if n := verifier.Len(); n < 43 || n > 128 {
		return Tokens{}, fault.New(fault.InvalidPKCEVerifier,
			"the PKCE verifier has "+strconv.Itoa(n)+" characters instead of 43 to 128")
	}
	response, err := p.askForTokens(ctx, m, url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code.Reveal()},
		"redirect_uri":  {redirectURI},
		"code_verifier": {verifier.Reveal()},
	})
	if err != nil {
		return Tokens{}, err
	}
	return p.readTokens(fault.TokenEndpoint, response, p.methodAdvice(m))
}

// askForTokens sends a form to the token endpoint, wherever that is now.
func (p *Party) askForTokens(ctx context.Context, m Metadata, form url.Values) (backchannel.Response, error) {
	response, err := p.requestTokens(ctx, p.latest(m), form)
	if err == nil && moved(response) {
		if fresh, ok := p.renew(ctx, p.latest(m), func(m *Metadata) string { return m.TokenEndpoint }); ok {
			// Whoever answered so was no token endpoint. The code goes to
			// one more address, the one the issuer names now, and to no
			// address that an answer names.
			return p.requestTokens(ctx, fresh, form)
		}
	}
	return response, err
}

func (p *Party) requestTokens(ctx context.Context, m Metadata, form url.Values) (backchannel.Response, error) {
	request := backchannel.Request{
		URL:    m.TokenEndpoint,
		Accept: "application/json",
		Form:   form,
	}
	if err := p.authenticate(&request, m); err != nil {
		return backchannel.Response{}, err
	}
	return p.do(ctx, "token endpoint", codes{
		network:  fault.TokenEndpointNetworkError,
		insecure: fault.InsecureTokenEndpoint,
		tooLarge: fault.TokenEndpointNetworkError,
		outcome:  fault.TokenEndpointNetworkError,
	}, request)
}

// readTokens reads the token endpoint's answer, whatever it is. method is the
// advice for a refused client.
func (p *Party) readTokens(where fault.Place, response backchannel.Response, method string) (Tokens, error) {
	if response.Status != 200 {
		return Tokens{}, p.tokenError(where, response, method)
	}
	body, err := readObject(response.Body)
	if err != nil {
		return Tokens{}, fault.Wrap(fault.TokenResponseInvalidJSON, err,
			"the token response ("+p.shape(response)+") is not a JSON object of the expected form")
	}
	// Only these two are read: what else there is may have any form.
	var tokens [2]string
	for i, name := range []string{"id_token", "access_token"} {
		if tokens[i], err = body.needed(name); err != nil {
			return Tokens{}, fault.Wrap(fault.TokenResponseInvalidJSON, err,
				"the token response ("+p.shape(response)+") is not a JSON object of the expected form: "+err.Error())
		}
	}
	if value := text(body.members["error"]); value != "" && tokens[0] == "" {
		// Some providers refuse with status 200.
		return Tokens{}, fault.New(fault.MissingIDToken, "the token response has status 200 but no id_token: "+
			p.advice(where, value, text(body.members["error_description"]), response.Status).Text)
	}
	got := Tokens{
		ID: secret.New(tokens[0]), Access: secret.New(tokens[1]), Refresh: secret.New(text(body.members["refresh_token"])),
		Scope: readScope(body.members["scope"]),
	}
	p.Veil.Hide(got.ID, got.Access, got.Refresh)
	return got, nil
}

// advice is the table's on an error of the provider's.
func (p *Party) advice(where fault.Place, value, description string, status int) fault.Advice {
	return fault.ProviderError(where, p.Veil.Known(value), p.Veil.Known(description), status)
}

// CallbackError is the part of a diagnostic line that cites the error a
// provider sent the browser back with and says who can mend it.
func (p *Party) CallbackError(value, description string) string {
	return p.advice(fault.Callback, value, description, 0).Text
}

// tokenError makes the fault of a refused token request (RFC 6749 §5.2). The
// body may be anything: only a JSON object with a text under error counts.
func (p *Party) tokenError(where fault.Place, response backchannel.Response, method string) error {
	value, description := errorOf(response.Body)
	detail := "the token endpoint answered with HTTP status " + strconv.Itoa(response.Status)
	switch {
	case response.Location != "":
		detail += ", a redirect to " + p.Veil.Redirect(response.Location) + " that is not followed"
	case value == "":
		detail += " and names no error (" + p.shape(response) + ")"
	}
	advice := p.advice(where, value, description, response.Status)
	if !advice.Client {
		method = ""
	}
	return fault.New(advice.Code, detail+": "+advice.Text+method)
}

// errorOf reads error and error_description out of a response, "" for what
// is not there or is no text. A nested object, as {"error": {"code": …,
// "message": …}}, gives its own members.
func errorOf(body []byte) (value, description string) {
	o, err := readObject(body)
	if err != nil {
		return "", ""
	}
	if inner, ok := o.members["error"].(map[string]any); ok {
		return text(inner["code"]), text(inner["message"])
	}
	return text(o.members["error"]), text(o.members["error_description"])
}

// text is a JSON string or number as text, else "".
func text(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	}
	return ""
}

// shape says of a body what an administrator needs to recognize it by.
func (p *Party) shape(response backchannel.Response) string {
	if len(response.Body) == 0 {
		return "an empty body"
	}
	return p.Veil.Name(response.ContentType) + ", " + strconv.Itoa(len(response.Body)) + " bytes"
}
