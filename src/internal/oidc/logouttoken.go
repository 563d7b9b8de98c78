// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
)

const (
	// maxLogoutToken is the longest logout token accepted, in bytes.
	maxLogoutToken = 16 << 10

	// logoutLife is how long a logout token that states no exp is good for:
	// what the standard recommends for those that do. Glewlwyd sends such.
	logoutLife = 120

	// logoutEvent is the member of events that makes a token a logout token.
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
)

// SignedOut is what a verified logout token says: whose sessions end.
type SignedOut struct {
	Subject   string // "" when it names a session alone.
	SessionID string // The provider's sid; "" for all sessions of Subject.
	ID        string // jti: it counts once.
	Expires   time.Time
}

// VerifyLogout checks a logout token as OpenID Connect Back-Channel Logout 1.0
// §2.6 requires, in that order; that jti is new is for the caller to see. Its
// faults are LOGOUT_TOKEN_INVALID, and BACKCHANNEL_LOGOUT_FAILED when the
// provider's keys cannot be had.
func (p *Party) VerifyLogout(ctx context.Context, m Metadata, token secret.Value) (SignedOut, error) {
	if n := token.Len(); n > maxLogoutToken {
		return SignedOut{}, refuseLogout("it has " + strconv.Itoa(n) + " bytes, the limit is " + strconv.Itoa(maxLogoutToken))
	}
	claims, err := p.authentic(ctx, m, logoutToken, token)
	if err == nil {
		if iat, _, ok := claims.seconds("iat"); ok && claims["exp"] == nil {
			claims["exp"] = json.Number(strconv.FormatInt(iat+logoutLife, 10))
		}
		err = p.checkOurs(claims)
	}
	if err != nil {
		return SignedOut{}, asLogout(err)
	}
	var out SignedOut
	var hasSubject, hasSession, hasID bool
	out.Subject, hasSubject = claims.Text("sub")
	out.SessionID, hasSession = claims.Text("sid")
	out.ID, hasID = claims.Text("jti")
	events, _ := claims["events"].(map[string]any)
	_, isLogout := events[logoutEvent].(map[string]any)
	_, hasNonce := claims["nonce"]
	switch {
	case !hasSubject && claims["sub"] != nil, !hasSession && claims["sid"] != nil:
		// Read as absent, one of them would widen what ends.
		return out, refuseLogout("its sub or sid is not a text")
	case !hasSubject && !hasSession:
		return out, refuseLogout("it has neither sub nor sid")
	case !isLogout:
		return out, refuseLogout("its events do not say that it is about a logout")
	case hasNonce:
		// What has one may be an ID token under a false name.
		return out, refuseLogout("it has a nonce")
	case !hasID || len(out.ID) > 255:
		return out, refuseLogout("it has no jti, or one of more than 255 characters")
	}
	out.Expires = claims.Expires()
	return out, nil
}

func refuseLogout(why string) error {
	return fault.New(fault.LogoutTokenInvalid, "the logout token is refused: "+why)
}

// asLogout gives a refusal by a check that ID tokens share the code and the
// words of this one. Keys that cannot be had are no fault of the token's.
func asLogout(err error) error {
	f, ok := fault.As(err)
	if !ok {
		return err
	}
	if f.Ends().Code != fault.IDTokenVerificationFailed {
		return fault.Wrap(fault.BackchannelLogoutFailed, err, "a logout token cannot be verified: "+f.Error())
	}
	return fault.Wrap(fault.LogoutTokenInvalid, err, strings.ReplaceAll(f.Detail, "the ID token", "the logout token"))
}
