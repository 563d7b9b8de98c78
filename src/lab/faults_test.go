// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"strings"
	"sync"
	"testing"

	"luci-sso/lab/idp"
)

// whatTheLogSays is the promise of the lab's list of faults: a login with the
// fault switched on logs these codes, in this order. "" is a login that
// succeeds all the same.
var whatTheLogSays = map[string]string{
	"slow":  "",
	"hang":  "DISCOVERY_NETWORK_ERROR OIDC_DISCOVERY_FAILED",
	"reset": "DISCOVERY_NETWORK_ERROR OIDC_DISCOVERY_FAILED",

	"discovery-500":               "DISCOVERY_FAILED OIDC_DISCOVERY_FAILED",
	"discovery-hang":              "DISCOVERY_NETWORK_ERROR OIDC_DISCOVERY_FAILED",
	"discovery-not-json":          "INVALID_DISCOVERY_DOC OIDC_DISCOVERY_FAILED",
	"discovery-huge":              "OIDC_DISCOVERY_FAILED",
	"discovery-no-issuer":         "DISCOVERY_MISSING_ISSUER OIDC_DISCOVERY_FAILED",
	"discovery-other-issuer":      "DISCOVERY_ISSUER_MISMATCH OIDC_DISCOVERY_FAILED",
	"discovery-no-token-endpoint": "DISCOVERY_MISSING_ENDPOINT OIDC_DISCOVERY_FAILED",
	"discovery-plain-http":        "INSECURE_ENDPOINT OIDC_DISCOVERY_FAILED",
	"no-end-session":              "",
	"basic-only":                  "",

	"jwks-500":      "JWKS_FETCH_FAILED",
	"jwks-reset":    "JWKS_NETWORK_ERROR JWKS_FETCH_FAILED",
	"jwks-not-json": "INVALID_JWKS_FORMAT JWKS_FETCH_FAILED",
	"jwks-empty":    "INVALID_SIGNATURE ID_TOKEN_VERIFICATION_FAILED",

	"access-denied":  "IDP_ERROR",
	"server-error":   "IDP_ERROR",
	"login-required": "IDP_ERROR",
	"no-code":        "MISSING_CODE",
	"wrong-state":    "STATE_PARAMETER_MISMATCH",
	"no-iss":         "STATE_PARAMETER_MISMATCH",
	"wrong-iss":      "STATE_PARAMETER_MISMATCH",

	"token-500":         "TOKEN_EXCHANGE_FAILED",
	"token-hang":        "TOKEN_ENDPOINT_NETWORK_ERROR",
	"token-reset":       "TOKEN_ENDPOINT_NETWORK_ERROR",
	"token-half":        "TOKEN_ENDPOINT_NETWORK_ERROR",
	"token-drip":        "TOKEN_ENDPOINT_NETWORK_ERROR",
	"token-not-json":    "TOKEN_RESPONSE_INVALID_JSON",
	"token-redirect":    "TOKEN_EXCHANGE_FAILED",
	"invalid-grant":     "OIDC_INVALID_GRANT",
	"invalid-client":    "TOKEN_EXCHANGE_FAILED",
	"pocketid-secret":   "TOKEN_EXCHANGE_FAILED",
	"no-id-token":       "MISSING_ID_TOKEN ID_TOKEN_VERIFICATION_FAILED",
	"no-access-token":   "MISSING_ACCESS_TOKEN ID_TOKEN_VERIFICATION_FAILED",
	"same-access-token": "",

	"wrong-nonce":          "NONCE_MISMATCH ID_TOKEN_VERIFICATION_FAILED",
	"no-nonce":             "MISSING_NONCE ID_TOKEN_VERIFICATION_FAILED",
	"expired":              "ID_TOKEN_VERIFICATION_FAILED",
	"future":               "ID_TOKEN_VERIFICATION_FAILED",
	"no-sub":               "MISSING_SUB_CLAIM ID_TOKEN_VERIFICATION_FAILED",
	"no-exp":               "MISSING_EXP_CLAIM ID_TOKEN_VERIFICATION_FAILED",
	"no-iat":               "MISSING_IAT_CLAIM ID_TOKEN_VERIFICATION_FAILED",
	"wrong-issuer":         "ID_TOKEN_VERIFICATION_FAILED",
	"wrong-audience":       "ID_TOKEN_VERIFICATION_FAILED",
	"two-audiences":        "MISSING_AZP_CLAIM ID_TOKEN_VERIFICATION_FAILED",
	"wrong-azp":            "AZP_MISMATCH ID_TOKEN_VERIFICATION_FAILED",
	"no-at-hash":           "MISSING_AT_HASH ID_TOKEN_VERIFICATION_FAILED",
	"wrong-at-hash":        "AT_HASH_MISMATCH ID_TOKEN_VERIFICATION_FAILED",
	"no-at-hash-announced": "",
	"bad-signature":        "INVALID_SIGNATURE ID_TOKEN_VERIFICATION_FAILED",
	"alg-none":             "UNSUPPORTED_ALGORITHM ID_TOKEN_VERIFICATION_FAILED",
	"alg-hs256":            "UNSUPPORTED_ALGORITHM ID_TOKEN_VERIFICATION_FAILED",
	"unknown-kid":          "INVALID_SIGNATURE ID_TOKEN_VERIFICATION_FAILED",
	"no-kid":               "",
	"huge-id-token":        "ID_TOKEN_VERIFICATION_FAILED",

	"userinfo-only":       "",
	"userinfo-500":        "USERINFO_FETCH_FAILED USER_NOT_AUTHORIZED",
	"userinfo-reset":      "USERINFO_NETWORK_ERROR USER_NOT_AUTHORIZED",
	"userinfo-not-json":   "USERINFO_INVALID_JSON USER_NOT_AUTHORIZED",
	"userinfo-other-sub":  "IDENTITY_MISMATCH",
	"userinfo-plain-http": "INSECURE_USERINFO_ENDPOINT USER_NOT_AUTHORIZED",

	"logout-500": "",
}

// slow are the faults that take as long as the program waits for a provider.
var slow = map[string]bool{"slow": true, "hang": true, "discovery-hang": true, "token-hang": true, "token-drip": true}

func TestEveryNamedFault(t *testing.T) {
	t.Parallel()
	// More of these than the machine has processors can wait side by side.
	var waiting sync.WaitGroup
	defer waiting.Wait()
	for _, fault := range idp.Catalogue() {
		if slow[fault.Name] {
			if testing.Short() {
				continue
			}
			l := start(t, Options{})
			waiting.Add(1)
			go func() {
				defer waiting.Done()
				tryFault(t, l, fault)
			}()
			continue
		}
		t.Run(fault.Name, func(t *testing.T) { tryFault(t, start(t, Options{}), fault) })
	}
}

func tryFault(t *testing.T, l *Lab, fault idp.Fault) {
	want, ok := whatTheLogSays[fault.Name]
	if !ok {
		t.Errorf("say in whatTheLogSays what a login with fault %s logs", fault.Name)
	}
	if err := l.IDP.SetNamed(fault.Name); err != nil {
		t.Error(err)
	}
	mark := l.Mark()
	_, err := l.Login("alice")
	var codes []string
	for _, line := range l.Log(mark) {
		if status, code, ok := strings.Cut(line, "] "); ok && len(status) == 4 && status[0] == '[' {
			codes = append(codes, code)
		}
	}
	if got := strings.Join(codes, " "); got != want {
		t.Errorf("%s (%s): the log has the codes %q, want %q\n%s", fault.Name, fault.Summary, got, want, strings.Join(l.Log(mark), "\n"))
	}
	if (err == nil) != (want == "") {
		t.Errorf("%s (%s): the login ended with %v", fault.Name, fault.Summary, err)
	}
}
