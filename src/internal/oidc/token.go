package oidc

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
)

// Tokens is a successful token response. Either may be empty: what that means
// is for Verify to say.
type Tokens struct {
	ID     secret.Value
	Access secret.Value
}

// Exchange trades an authorization code for tokens (RFC 6749 §4.1.3, with the
// PKCE verifier of RFC 7636 §4.5).
func (p *Party) Exchange(ctx context.Context, m Metadata, code, verifier secret.Value, redirectURI string) (Tokens, error) {
	if n := verifier.Len(); n < 43 || n > 128 {
		return Tokens{}, fault.New(fault.InvalidPKCEVerifier,
			"the PKCE verifier has "+strconv.Itoa(n)+" characters instead of 43 to 128")
	}
	request := backchannel.Request{
		URL:    m.TokenEndpoint,
		Accept: "application/json",
		Form: url.Values{
			"grant_type":    {"authorization_code"},
			"code":          {code.Reveal()},
			"redirect_uri":  {redirectURI},
			"code_verifier": {verifier.Reveal()},
		},
	}
	p.authenticate(&request, m)
	response, err := p.do(ctx, "token endpoint", codes{
		network:  fault.TokenEndpointNetworkError,
		insecure: fault.InsecureTokenEndpoint,
		tooLarge: fault.TokenEndpointNetworkError,
		outcome:  fault.TokenEndpointNetworkError,
	}, request)
	if err != nil {
		return Tokens{}, err
	}
	if response.Status != 200 {
		return Tokens{}, tokenError(response)
	}
	var body struct {
		ID     string `json:"id_token"`
		Access string `json:"access_token"`
		Type   string `json:"token_type"`
	}
	if err := decode(response.Body, &body); err != nil {
		return Tokens{}, fault.Wrap(fault.TokenResponseInvalidJSON, err,
			"the token response ("+syslog.Quote(response.ContentType)+", "+strconv.Itoa(len(response.Body))+" bytes) is not a JSON object of the expected form")
	}
	return Tokens{ID: secret.New(body.ID), Access: secret.New(body.Access)}, nil
}

// authenticate adds the client's credentials in the form the provider offers;
// without a word from it, client_secret_basic is the standard's default
// (Discovery §3).
func (p *Party) authenticate(request *backchannel.Request, m Metadata) {
	method := p.AuthMethod
	if method == AuthAuto || method == "" {
		method = AuthBasic
		if len(m.TokenAuthMethods) > 0 && !slices.Contains(m.TokenAuthMethods, AuthBasic) && slices.Contains(m.TokenAuthMethods, AuthPost) {
			method = AuthPost
		}
	}
	if method == AuthPost {
		request.Form.Set("client_id", p.ClientID)
		request.Form.Set("client_secret", p.ClientSecret.Reveal())
		return
	}
	request.Authorization = backchannel.Basic(p.ClientID, p.ClientSecret.Reveal())
}

// tokenError makes the fault of a refused token request (RFC 6749 §5.2).
func tokenError(response backchannel.Response) error {
	var body struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	_ = decode(response.Body, &body)
	detail := "the token endpoint answered with HTTP status " + strconv.Itoa(response.Status)
	if response.Location != "" {
		detail += ", a redirect to " + syslog.Quote(response.Location) + " that is not followed"
	}
	code := fault.TokenExchangeFailed
	if body.Error == "invalid_grant" {
		code = fault.OIDCInvalidGrant
	}
	return fault.New(code, detail+ProviderError(body.Error, body.Description))
}

// ProviderError is the part of a diagnostic line that cites a provider's
// error and its description; "" when it named none.
func ProviderError(value, description string) string {
	if value == "" {
		return ""
	}
	text := ", error " + syslog.Quote(value)
	if description != "" {
		text += " (" + syslog.Printable(description, 200) + ")"
	}
	return text
}
