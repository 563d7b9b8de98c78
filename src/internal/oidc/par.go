// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"net/url"
	"strconv"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
)

// This file pushes authorization requests (RFC 9126): the router hands them to
// the provider itself, and the browser carries nothing but their name.

// pushes reports whether a login's request is pushed: where the provider
// requires it, unless the option says always or never.
func (p *Party) pushes(m Metadata) bool {
	return p.Push == "1" || p.Push != "0" && m.RequiresPushed
}

// push hands a request to the provider and returns what is left for the
// browser to carry. Its faults are PUSHED_REQUEST_FAILED.
func (p *Party) push(ctx context.Context, m Metadata, parameters url.Values) (url.Values, error) {
	if m.PushedEndpoint == "" {
		return nil, fault.New(fault.PushedRequestFailed, "the provider announces no pushed_authorization_request_endpoint; set option par to auto or 0")
	}
	response, err := p.pushRequest(ctx, m, parameters, p.credential())
	if err != nil {
		return nil, err
	}
	if moved(response) {
		if fresh, ok := p.renew(ctx, m, func(m *Metadata) string { return m.PushedEndpoint }); ok {
			return p.push(ctx, fresh, parameters) // Once: it is not renewed again.
		}
	}
	if name := pushedName(response); name != "" {
		return url.Values{"client_id": {p.ClientID}, "request_uri": {name}}, nil
	}
	value, description := errorOf(response.Body)
	advice := p.advice(fault.Callback, value, description, response.Status)
	method := ""
	if advice.Client {
		method = p.methodAdvice(m)
	}
	return nil, fault.New(fault.PushedRequestFailed, "the provider answered the pushed request with HTTP status "+strconv.Itoa(response.Status)+": "+advice.Text+method)
}

func (p *Party) pushRequest(ctx context.Context, m Metadata, parameters url.Values, c credential) (backchannel.Response, error) {
	request := backchannel.Request{URL: m.PushedEndpoint, Accept: "application/json", Form: parameters}
	if err := p.present(&request, p.Method(m), c); err != nil {
		return backchannel.Response{}, err
	}
	const failed = fault.PushedRequestFailed
	return p.do(ctx, "pushed_authorization_request_endpoint", codes{network: failed, insecure: failed, tooLarge: failed, outcome: failed}, request)
}

// pushedName is the name that a provider has given to a pushed request, "" if
// it has not taken it (RFC 9126 §2.2). Some say 200.
func pushedName(response backchannel.Response) string {
	if response.Status != 201 && response.Status != 200 {
		return ""
	}
	o, err := readObject(response.Body)
	if err != nil {
		return ""
	}
	return text(o.members["request_uri"])
}

// Pushed is what a provider says to a request that is pushed and goes no
// further.
type Pushed struct {
	Verdict Verdict
	Client  bool   // It refuses the client.
	Scope   bool   // It refuses the scope.
	Reason  string // Its own words.
}

// TryPush pushes the request of a login that nobody will make. A provider that
// takes it knows the client and the redirect URI, and it has to be shown that
// it would not take it from anybody.
func (p *Party) TryPush(ctx context.Context, m Metadata, redirectURI, scope string) Pushed {
	if m.PushedEndpoint == "" {
		return Pushed{}
	}
	response, err := p.tryPush(ctx, m, redirectURI, scope, p.credential())
	if err != nil {
		return Pushed{}
	}
	if pushedName(response) != "" {
		return Pushed{Verdict: Accepted}
	}
	value, description := errorOf(response.Body)
	if value == "" || response.Status < 400 || response.Status >= 500 || response.Status == 429 {
		return Pushed{} // Nor does it say what it refuses.
	}
	advice := p.advice(fault.Callback, value, description, response.Status)
	said := "HTTP status " + strconv.Itoa(response.Status) + ", " + p.Veil.Known(value)
	if description != "" {
		said += ": " + p.Veil.Known(description)
	}
	pushed := Pushed{Verdict: Refused, Scope: value == "invalid_scope", Reason: said}
	pushed.Client = advice.Client || response.Status == 401 || advice.Known && advice.Who == fault.RouterAdmin && !pushed.Scope
	if pushed.Client && !p.pushes(m) {
		return Pushed{} // Some take the client's secret in one way here and in another for a code.
	}
	return pushed
}

// PushTells reports whether the provider refuses a request that is pushed with
// credentials that are wrong for sure.
func (p *Party) PushTells(ctx context.Context, m Metadata, redirectURI, scope string) bool {
	wrong, err := p.wrongCredential(p.Method(m))
	if err != nil {
		return false
	}
	response, err := p.tryPush(ctx, m, redirectURI, scope, wrong)
	return err == nil && pushedName(response) == "" && response.Status >= 400 && response.Status < 500 && response.Status != 429
}

func (p *Party) tryPush(ctx context.Context, m Metadata, redirectURI, scope string, c credential) (backchannel.Response, error) {
	request, err := p.question(redirectURI, scope)
	if err != nil {
		return backchannel.Response{}, err
	}
	parameters, err := p.parameters(m, request)
	if err != nil {
		return backchannel.Response{}, err
	}
	parameters.Set("client_id", c.id)
	return p.pushRequest(ctx, m, parameters, c)
}
