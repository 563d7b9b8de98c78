// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"luci-sso/internal/fault"
	"luci-sso/internal/secret"
	"luci-sso/internal/syslog"
)

// MaxIDToken is the longest ID token accepted, in bytes.
const MaxIDToken = 16 << 10

// The signature algorithms accepted (RFC 7518 §3.1). Symmetric ones are left
// out on purpose: with them the client secret could sign.
const (
	RS256 = "RS256"
	ES256 = "ES256"
)

// Verify checks an ID token as OIDC Core §3.1.3.7 and §3.1.3.8 require, in
// that order, and returns its claims. Its faults end in
// ID_TOKEN_VERIFICATION_FAILED, or in JWKS_FETCH_FAILED when there are no
// keys to check against.
func (p *Party) Verify(ctx context.Context, m Metadata, tokens Tokens, nonce secret.Value) (Claims, error) {
	if tokens.ID.Empty() {
		return nil, fault.New(fault.MissingIDToken, "the token response has no id_token; the scope must contain openid")
	}
	if n := tokens.ID.Len(); n > MaxIDToken {
		return nil, invalid("the ID token has " + strconv.Itoa(n) + " bytes, the limit is " + strconv.Itoa(MaxIDToken) + "; have the provider send fewer groups")
	}
	claims, err := p.authentic(ctx, m, idToken, tokens.ID)
	if err != nil {
		return nil, err
	}
	p.Veil.Hide(nonce)
	if err := p.checkOurs(claims); err != nil {
		return nil, err
	}
	for _, check := range []func() error{
		func() error { return checkNonce(claims, nonce) },
		func() error { return checkSubject(claims) },
		func() error { return p.checkAccessToken(m, claims, tokens.Access) },
	} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	return claims, nil
}

// checkOurs: a token whose signature is good is of this provider, for this
// client and valid now. That holds for logout tokens as well.
func (p *Party) checkOurs(c Claims) error {
	err := p.checkIssuer(c)
	if err == nil {
		err = p.checkAudience(c)
	}
	if err == nil {
		err = p.checkTimes(c, p.Now())
	}
	return err
}

// kind is what a token is to be.
type kind uint8

const (
	idToken kind = iota
	logoutToken
)

// mayBe reports whether a header's typ is one of a kind's. What is of another
// type, an access token for one, is neither (RFC 8725 §3.11). Without the type
// of its own (Back-Channel Logout 1.0 §2.4) a logout token is known by its
// claims.
func (k kind) mayBe(typ string) bool {
	typ = strings.ToLower(strings.TrimPrefix(typ, "application/"))
	return !strings.HasSuffix(typ, "+jwt") || k == logoutToken && typ == "logout+jwt"
}

// Algorithm is what an ID token says that it is signed with.
func (p *Party) Algorithm(token secret.Value) string {
	h, _ := p.readHeader(idToken, token.Reveal())
	return h.Algorithm
}

func invalid(detail string) error { return fault.New(fault.IDTokenVerificationFailed, detail) }

// header is a token's JOSE header, unverified.
type header struct {
	Algorithm string          `json:"alg"`
	KeyID     string          `json:"kid"`
	Type      string          `json:"typ"`
	Critical  json.RawMessage `json:"crit"`
}

func (p *Party) readHeader(k kind, token string) (header, error) {
	var h header
	encoded, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || strings.Count(token, ".") != 2 || decode(raw, &h) != nil {
		return h, invalid("the ID token is not a JWS in compact form; encrypted ID tokens are not supported")
	}
	switch {
	case h.Algorithm != RS256 && h.Algorithm != ES256:
		return h, fault.New(fault.UnsupportedAlgorithm,
			"the ID token is signed with "+p.Veil.Name(h.Algorithm)+"; set this client's ID token signature to RS256 or ES256 at the provider")
	case h.Critical != nil:
		// RFC 7515 §4.1.11: an extension nobody here understands.
		return h, invalid("the ID token's header has a crit member")
	case !k.mayBe(h.Type):
		return h, invalid("the token is of type " + p.Veil.Name(h.Type) + " and no ID token")
	}
	return h, nil
}

// authentic returns the claims of a token whose signature is the provider's.
// The keys are fetched again, once, when a token with a kid does not verify:
// the provider may have rotated them. A token without a kid gives no reason
// to think so.
func (p *Party) authentic(ctx context.Context, m Metadata, k kind, token secret.Value) (Claims, error) {
	h, err := p.readHeader(k, token.Reveal())
	if err != nil {
		return nil, err
	}
	var reason error
	left := ""
	for _, refresh := range []bool{false, true} {
		if refresh && h.KeyID == "" {
			break
		}
		set, err := p.keys(ctx, m, refresh, k)
		if err != nil {
			return nil, err
		}
		claims, err := signedBy(set, h, token)
		if err == nil {
			return claims, nil
		}
		left = set.leftOut()
		if reason = err; errors.Is(err, jwt.ErrTokenMalformed) {
			return nil, invalid("the ID token's claims are not a JSON object")
		}
	}
	detail := "the ID token's signature (" + h.Algorithm + ", key " + p.Veil.Name(h.KeyID) + ") is not valid: " + p.Veil.Plain(reason.Error(), 120)
	if left != "" {
		detail += "; " + left
	}
	return nil, fault.Wrap(fault.InvalidSignature, reason, detail)
}

func signedBy(set keySet, h header, token secret.Value) (Claims, error) {
	key, err := set.find(h.Algorithm, h.KeyID)
	if err != nil {
		return nil, err
	}
	claims := jwt.MapClaims{}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{h.Algorithm}), jwt.WithoutClaimsValidation(), jwt.WithJSONNumber())
	if _, err := parser.ParseWithClaims(token.Reveal(), claims, func(*jwt.Token) (any, error) { return key, nil }); err != nil {
		return nil, err
	}
	return Claims(claims), nil
}

// checkIssuer: §3.1.3.7 number 2.
func (p *Party) checkIssuer(c Claims) error {
	if issuer, _ := c.Text("iss"); issuer != p.Issuer {
		return invalid("the ID token's iss is " + p.Veil.Name(issuer) + ", expected " + syslog.Quote(p.Issuer))
	}
	return nil
}

// checkAudience: §3.1.3.7 numbers 3 to 5.
func (p *Party) checkAudience(c Claims) error {
	var audience []string
	switch aud := c["aud"].(type) {
	case string:
		audience = []string{aud}
	case []any:
		for _, element := range aud {
			name, _ := element.(string)
			audience = append(audience, name)
		}
	}
	if !slices.Contains(audience, p.ClientID) {
		return invalid("the ID token's aud does not contain option client_id " + syslog.Quote(p.ClientID))
	}
	party, present := c["azp"]
	if !present && len(audience) > 1 {
		return fault.New(fault.MissingAzpClaim, "the ID token has "+strconv.Itoa(len(audience))+" audiences but no azp")
	}
	if present && party != p.ClientID {
		name, _ := party.(string)
		return fault.New(fault.AzpMismatch, "the ID token's azp is "+p.Veil.Name(name)+", expected option client_id "+syslog.Quote(p.ClientID))
	}
	return nil
}

// checkTimes: §3.1.3.7 numbers 9 and 10, and nbf of RFC 7519 §4.1.5.
func (p *Party) checkTimes(c Claims, now time.Time) error {
	exp, present, ok := c.seconds("exp")
	switch {
	case !present:
		return fault.New(fault.MissingExpClaim, "the ID token has no exp")
	case !ok:
		return invalid("the ID token's exp is not a number")
	case now.Add(-p.Tolerance).Unix() >= exp:
		return invalid("the ID token expired " + ago(now, exp) + ", check the router's clock (NTP) and option clock_tolerance")
	}
	iat, present, ok := c.seconds("iat")
	switch {
	case !present:
		return fault.New(fault.MissingIatClaim, "the ID token has no iat")
	case !ok:
		return invalid("the ID token's iat is not a number")
	case now.Add(p.Tolerance).Unix() < iat:
		return invalid("the ID token was issued " + ago(now, iat) + ", check the router's clock (NTP) and option clock_tolerance")
	}
	nbf, present, ok := c.seconds("nbf")
	if present && (!ok || now.Add(p.Tolerance).Unix() < nbf) {
		return invalid("the ID token's nbf is in the future or no number, check the router's clock (NTP)")
	}
	return nil
}

func ago(now time.Time, at int64) string {
	seconds := now.Unix() - at
	if seconds < 0 {
		return strconv.FormatInt(-seconds, 10) + " s in the future"
	}
	return strconv.FormatInt(seconds, 10) + " s ago"
}

// checkNonce: §3.1.3.7 number 11.
func checkNonce(c Claims, nonce secret.Value) error {
	got, _ := c.Text("nonce")
	if got == "" || nonce.Empty() {
		return fault.New(fault.MissingNonce, "the ID token or the pending login has no nonce")
	}
	if !nonce.Equal(secret.New(got)) {
		return fault.New(fault.NonceMismatch, "the ID token's nonce is not the one of this login")
	}
	return nil
}

// checkSubject: OIDC Core §2, at most 255 characters.
func checkSubject(c Claims) error {
	subject, ok := c.Text("sub")
	switch value := c["sub"].(type) {
	case nil:
		return fault.New(fault.MissingSubClaim, "the ID token has no sub")
	case string:
		if !ok {
			return fault.New(fault.MissingSubClaim, "the ID token has no sub: it is empty")
		}
	default:
		return fault.New(fault.MissingSubClaim, "the ID token's sub is not a text but "+form(value))
	}
	if len(subject) > 255 {
		return invalid("the ID token's sub is longer than 255 characters")
	}
	return nil
}

// checkAccessToken: §3.1.3.8, the access token belongs to this ID token.
func (p *Party) checkAccessToken(m Metadata, c Claims, access secret.Value) error {
	if access.Empty() {
		return fault.New(fault.MissingAccessToken, "the token response has no access_token")
	}
	stated, present := c["at_hash"]
	if !present {
		if p.AtHash == AtHashOptional || p.AtHash == AtHashAuto && m.AnnouncesNoAtHash() {
			return nil
		}
		return fault.New(fault.MissingAtHash,
			"the ID token has no at_hash; if this provider never sends it, set option require_at_hash to 0")
	}
	hash, _ := stated.(string)
	sum := sha256.Sum256([]byte(access.Reveal()))
	want := secret.New(base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]))
	if !want.Equal(secret.New(hash)) {
		return fault.New(fault.AtHashMismatch, "the ID token's at_hash is not that of the access token")
	}
	return nil
}
