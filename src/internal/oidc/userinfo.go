// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"strconv"

	"luci-sso/internal/backchannel"
	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

// UserInfo asks the provider for the claims it did not put into the ID token
// (OIDC Core §5.3). subject is the verified one; a response about anybody
// else is IDENTITY_MISMATCH (§5.3.2). The other faults are notes.
func (p *Party) UserInfo(ctx context.Context, m Metadata, access secret.Value, subject string) (Claims, error) {
	m = p.latest(m)
	p.Veil.Hide(access)
	p.Veil.HidePerson(secret.New(subject))
	response, err := p.askUserInfo(ctx, m, access)
	if err == nil && moved(response) {
		// The access token follows no redirect, but goes where the issuer
		// says that its UserInfo is now.
		if fresh, ok := p.renew(ctx, m, func(m *Metadata) string { return m.UserInfoEndpoint }); ok {
			response, err = p.askUserInfo(ctx, fresh, access)
		}
	}
	if err != nil {
		return nil, err
	}
	return p.readUserInfo(response, subject)
}

func (p *Party) askUserInfo(ctx context.Context, m Metadata, access secret.Value) (backchannel.Response, error) {
	return p.do(ctx, "UserInfo endpoint", codes{
		network:  fault.UserInfoNetworkError,
		insecure: fault.InsecureUserInfoEndpoint,
		tooLarge: fault.UserInfoNetworkError,
		outcome:  fault.UserInfoNetworkError,
	}, backchannel.Request{
		URL:           m.UserInfoEndpoint,
		Accept:        "application/json",
		Authorization: "Bearer " + access.Reveal(),
	})
}

// readUserInfo reads the UserInfo endpoint's answer, whatever it is.
func (p *Party) readUserInfo(response backchannel.Response, subject string) (Claims, error) {
	if response.Status != 200 {
		value, description := errorOf(response.Body)
		return nil, fault.New(fault.UserInfoFetchFailed, "the UserInfo endpoint answered with HTTP status "+strconv.Itoa(response.Status)+": "+
			p.advice(fault.UserInfo, value, description, response.Status).Text)
	}
	o, err := readObject(response.Body)
	if err != nil {
		return nil, fault.Wrap(fault.UserInfoInvalidJSON, err,
			"the UserInfo response ("+p.Veil.Name(response.ContentType)+", "+strconv.Itoa(len(response.Body))+" bytes) is not a JSON object; a signed response is not supported")
	}
	claims := Claims(o.members)
	got, ok := claims.Text("sub")
	if sent := claims["sub"]; sent != nil && !ok && sent != "" {
		return nil, fault.New(fault.IdentityMismatch,
			"the UserInfo response's sub is not a text but "+form(sent))
	}
	if got != subject {
		return nil, fault.New(fault.IdentityMismatch,
			"the UserInfo response is about subject "+secret.Fingerprint(got)+", the ID token about "+secret.Fingerprint(subject))
	}
	return claims, nil
}
