// SPDX-License-Identifier: Apache-2.0

// Package oidc owns this router's part as an OpenID Connect relying party:
// discovery, keys, the authorization request, the token request, the ID
// token, UserInfo and RP-initiated logout. It decides whether the provider's
// words are true; who gets which rights is decided elsewhere. It knows
// neither the browser's request nor the router's sessions.
package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"time"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
)

// AtHash says whether an ID token must carry at_hash.
type AtHash uint8

// AtHashAuto requires at_hash unless the provider's own claims_supported
// leaves it out.
const (
	AtHashAuto AtHash = iota
	AtHashRequired
	AtHashOptional
)

// Party is the relying party: the client registered at one provider.
type Party struct {
	Issuer       string // Exactly as the provider states it.
	ClientID     string
	ClientSecret secret.Value
	AuthMethod   string // AuthAuto or the only one to use.
	Push         string // Whether requests are pushed: auto, 1 or 0.
	AtHash       AtHash
	Tolerance    time.Duration // For every comparison with the clock.

	// AuthParams are sent with each authorization request besides.
	AuthParams url.Values

	InternalHost string // By which the router reaches the issuer's host; "" for its own name.

	Channel  *backchannel.Client
	CacheDir string // Keys and metadata are kept here between requests; "" keeps nothing.
	Now      func() time.Time
	Veil     syslog.Veil             // What no text of the provider's may show.
	Notice   func(diagnostic string) // For what the log should say although the login goes on.

	fetched map[string][]byte // Documents by kind, for KeepFetched.
	renewed *Metadata         // What was fetched again because an endpoint had moved.
	asked   bool              // That was tried.
}

// codes are the faults of one kind of back-channel request.
type codes struct {
	network  fault.Code // The transport failed.
	insecure fault.Code // The URL is not https.
	tooLarge fault.Code // The body is over the limit.
	outcome  fault.Code // What SSL_INIT_FAILED ends in.
}

// do sends a request; what names its target in diagnostics.
func (p *Party) do(ctx context.Context, what string, c codes, request backchannel.Request) (backchannel.Response, error) {
	response, err := p.Channel.Do(ctx, request)
	if err == nil {
		return response, nil
	}
	detail := what + " " + p.Veil.Address(request.URL) + ": " + p.Veil.Plain(err.Error(), 300)
	switch {
	case errors.Is(err, backchannel.ErrTrust):
		return response, &fault.Fault{Code: fault.SSLInitFailed, Outcome: c.outcome, Err: err,
			Detail: err.Error() + "; install the package ca-bundle or set option ca_file"}
	case errors.Is(err, backchannel.ErrInsecure):
		return response, fault.Wrap(c.insecure, err, what+" "+p.Veil.Address(request.URL)+" must begin with https://")
	case errors.Is(err, backchannel.ErrTooLarge):
		return response, fault.Wrap(c.tooLarge, err, detail)
	}
	return response, fault.Wrap(c.network, err, detail)
}

var (
	errTrailing = errors.New("something follows the JSON value")
	errNoObject = errors.New("it is null")
)

// decode reads exactly one JSON value; numbers stay exact.
func decode(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if len(bytes.TrimSpace(body[decoder.InputOffset():])) > 0 {
		return errTrailing
	}
	return nil
}
