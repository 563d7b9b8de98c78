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
	"io"
	"os"
	"strconv"
	"time"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/store"
	"luci-sso/internal/syslog"
)

// CacheLifetime is how long the discovery document and the keys are used
// before they are fetched again.
const CacheLifetime = 24 * time.Hour

// staleTime is how long the provider has to answer where a kept copy could
// serve as well.
const staleTime = 3 * time.Second

// AtHash says whether an ID token must carry at_hash.
type AtHash uint8

// AtHashAuto requires at_hash unless the provider's own claims_supported
// leaves it out.
const (
	AtHashAuto AtHash = iota
	AtHashRequired
	AtHashOptional
)

// Client authentication methods at the token endpoint (OIDC Core §9).
const (
	AuthAuto  = "auto"
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
)

// Party is the relying party: the client registered at one provider.
type Party struct {
	Issuer       string // Exactly as the provider states it.
	ClientID     string
	ClientSecret secret.Value
	AuthMethod   string // AuthAuto, AuthBasic or AuthPost.
	AtHash       AtHash
	Tolerance    time.Duration // For every comparison with the clock.

	Channel  *backchannel.Client
	CacheDir string // Keys and metadata are kept here between requests; "" keeps nothing.
	Now      func() time.Time
	Notice   func(diagnostic string) // For what the log should say although the login goes on.
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
	detail := what + " " + syslog.Quote(request.URL) + ": " + err.Error()
	switch {
	case errors.Is(err, backchannel.ErrTrust):
		return response, &fault.Fault{Code: fault.SSLInitFailed, Outcome: c.outcome, Err: err,
			Detail: err.Error() + "; install the package ca-bundle or set option ca_file"}
	case errors.Is(err, backchannel.ErrInsecure):
		return response, fault.Wrap(c.insecure, err, what+" "+syslog.Quote(request.URL)+" must begin with https://")
	case errors.Is(err, backchannel.ErrTooLarge):
		return response, fault.Wrap(c.tooLarge, err, detail)
	}
	return response, fault.Wrap(c.network, err, detail)
}

// document is a JSON document of the provider that is kept between requests.
type document struct {
	what  string // In diagnostics.
	name  string // Of its file.
	url   string
	codes codes
	// status is the fault for an answer other than 200.
	status fault.Code
	// check refuses a fetched document before it is kept. cached tells a
	// copy from disk, which passed when it was fetched.
	check func(body []byte, cached bool) error
}

// load returns the document through check: a kept copy that is fresh, else a
// fetched one, else, when the provider is down, the kept copy however old.
// force skips the fresh copy.
func (p *Party) load(ctx context.Context, d document, force bool) error {
	path := p.CacheDir + "/" + d.name
	var kept []byte
	age, usable := time.Duration(0), false
	var err error
	if p.CacheDir != "" {
		kept, age, err = readKept(path, p.Now())
		usable = err == nil && d.check(kept, true) == nil
	}
	if usable && !force && age >= 0 && age < CacheLifetime {
		return nil
	}
	if usable && !force {
		// The kept copy will do: keep the time for what has none.
		limited, cancel := context.WithTimeout(ctx, staleTime)
		defer cancel()
		ctx = limited
	}
	body, err := p.fetch(ctx, d)
	if err == nil {
		if err = d.check(body, false); err != nil {
			return err
		}
		if p.CacheDir == "" {
			return nil
		}
		if err := store.WriteFile(path, body); err != nil {
			p.Notice("cannot keep the " + d.what + ": " + err.Error())
		}
		return nil
	}
	if usable && !force && errors.Is(err, errDown) {
		p.Notice("using the kept " + d.what + " because the provider does not answer: " + plain(err))
		return nil
	}
	return err
}

// errDown marks a provider that cannot be reached or fails by itself, as
// against one that answers something wrong.
var errDown = errors.New("the provider is down")

func (p *Party) fetch(ctx context.Context, d document) ([]byte, error) {
	response, err := p.do(ctx, d.what, d.codes, backchannel.Request{URL: d.url, Accept: "application/json"})
	if err != nil {
		if f, ok := fault.As(err); ok && f.Code == d.codes.network {
			f.Err = errors.Join(errDown, f.Err)
		}
		return nil, err
	}
	if response.Status != 200 {
		detail := d.what + " " + syslog.Quote(d.url) + " answered with HTTP status " + strconv.Itoa(response.Status)
		if response.Location != "" {
			detail += ", a redirect to " + syslog.Quote(response.Location) + " that is not followed"
		}
		f := fault.New(d.status, detail)
		if response.Status >= 500 {
			f.Err = errDown
		}
		return nil, f
	}
	return response.Body, nil
}

// readKept reads a kept document and its age; the age is negative when the
// file comes from the future, as after a clock jump.
func readKept(path string, now time.Time) ([]byte, time.Duration, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, 0, err
	}
	body, err := io.ReadAll(io.LimitReader(file, backchannel.MaxBody))
	return body, now.Sub(info.ModTime()), err
}

// plain is an error's diagnostic without its code.
func plain(err error) string {
	if f, ok := fault.As(err); ok {
		return f.Detail
	}
	return err.Error()
}

var errTrailing = errors.New("something follows the JSON value")

// decode reads exactly one JSON value; numbers stay exact.
func decode(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return errTrailing
	}
	return nil
}
