// SPDX-License-Identifier: Apache-2.0

package fault

// The browser comes back, and its code is traded for tokens.
const (
	IdPError                  Code = "IDP_ERROR"
	MissingCode               Code = "MISSING_CODE"
	MissingHandshakeCookie    Code = "MISSING_HANDSHAKE_COOKIE"
	StateParameterMismatch    Code = "STATE_PARAMETER_MISMATCH"
	StateNotFound             Code = "STATE_NOT_FOUND"
	StateCorrupted            Code = "STATE_CORRUPTED"
	StateSaveFailed           Code = "STATE_SAVE_FAILED"
	MalformedStateCookie      Code = "MALFORMED_STATE_COOKIE"
	HandshakeExpired          Code = "HANDSHAKE_EXPIRED"
	HandshakeNotYetValid      Code = "HANDSHAKE_NOT_YET_VALID"
	HandshakeCapacityExceeded Code = "HANDSHAKE_CAPACITY_EXCEEDED"
	InsecureTokenEndpoint     Code = "INSECURE_TOKEN_ENDPOINT"
	InvalidPKCEVerifier       Code = "INVALID_PKCE_VERIFIER"
	TokenEndpointNetworkError Code = "TOKEN_ENDPOINT_NETWORK_ERROR"
	OIDCInvalidGrant          Code = "OIDC_INVALID_GRANT"
	TokenExchangeFailed       Code = "TOKEN_EXCHANGE_FAILED"
	TokenResponseInvalidJSON  Code = "TOKEN_RESPONSE_INVALID_JSON"
)

var callbackCodes = [...]Entry{
	{
		Code: IdPError, Status: 400, Part: Outcome, Sentence: sentenceRefused,
		Brief:   "The provider refused the login: it was cancelled, or this person may not use this client.",
		Meaning: "The provider sent the browser back with an error instead of a code.",
		Causes: []string{
			"The person cancelled or may not use this client",
			"The client is set up differently at the provider than on the router",
			"The provider failed",
		},
		Remedies: []string{
			"Read the diagnostic line: it names the error, who can mend it and where",
			"luci-sso explain <error> says the same",
		},
	},
	{
		Code: MissingCode, Status: 400, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   briefIncomplete,
		Meaning: "The browser came back without a code, or with more than one.",
		Causes: []string{
			"The callback address was opened by hand or from the history",
			"A proxy cut the query off",
		},
		Remedies: []string{
			"Start again from LuCI's login page",
			"See that the client uses the response type code and response mode query",
		},
	},
	{
		Code: MissingHandshakeCookie, Status: 401, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   "The browser did not send the login cookie: it blocks cookies, or the login took too long.",
		Meaning: "The browser sent no cookie of a login in progress.",
		Causes: []string{
			"The login took longer than five minutes",
			"The browser blocks cookies",
			"Login and callback went to different host names of the router",
		},
		Remedies: []string{
			"Start again",
			"Allow cookies for the router",
			"See that a proxy passes the Host header and cookies on",
		},
	},
	{
		Code: StateParameterMismatch, Status: 403, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   "The login was completed in another browser window, or its link was forged.",
		Meaning: "The response does not belong to this browser's login, or does not come from the configured provider (iss, RFC 9207).",
		Causes: []string{
			"The link was forged or is an old one",
			"More than three tabs logged in at once",
			"The provider's iss differs from option issuer_url",
		},
		Remedies: []string{
			"Start again",
			"If the diagnostic line is about iss, make option issuer_url equal to the provider's issuer",
		},
	},
	{
		Code: StateNotFound, Status: 401, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   briefTooLate,
		Meaning: "There is no login in progress for the browser's cookie.",
		Causes: []string{
			"The callback was loaded twice (reload, back button)",
			"It was too late and was cleaned up",
			"The router was restarted meanwhile",
		},
		Remedies: []string{
			"Start again from LuCI's login page",
		},
	},
	{
		Code: StateCorrupted, Status: 401, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   briefStorage,
		Meaning: "The stored login in progress is damaged.",
		Causes: []string{
			"The router lost power or space while writing",
			"The secret key was replaced meanwhile",
		},
		Remedies: []string{
			"Start again",
			"If it comes back, check the free space in /var/run and dmesg",
		},
	},
	{
		Code: StateSaveFailed, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:    briefStorage,
		Meaning:  "The login in progress, or the session that it led to, could not be stored or removed.",
		Causes:   causesDiskFull,
		Remedies: remediesDiskFull,
	},
	{
		Code: MalformedStateCookie, Status: 401, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   briefIncomplete,
		Meaning: "The browser's login cookie is not one that this router made.",
		Causes: []string{
			"The cookie was altered by hand, an extension or an attacker",
		},
		Remedies: []string{
			"Delete the router's cookies in the browser and start again",
		},
	},
	{
		Code: HandshakeExpired, Status: 401, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   briefTooLate,
		Meaning: "The person took longer than five minutes at the provider.",
		Causes: []string{
			"Signing in at the provider was interrupted",
			"The router's clock jumped ahead",
		},
		Remedies: []string{
			"Start again",
			"Check the router's time (NTP)",
		},
	},
	{
		Code: HandshakeNotYetValid, Status: 401, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   "The router's clock was changed during the login.",
		Meaning: "The login was started later than it is now.",
		Causes: []string{
			"The router's clock was set back while the login was in progress",
		},
		Remedies: []string{
			"Check the router's time (NTP) and start again",
			"Raise option clock_tolerance only if the clock cannot be mended",
		},
	},
	{
		Code: HandshakeCapacityExceeded, Status: 503, Part: Outcome, Sentence: sentenceBusy,
		Brief:   briefTooMany,
		Meaning: "100 logins are in progress and none of them has expired.",
		Causes: []string{
			"Somebody floods the router with login starts",
			"A monitoring program polls the login address",
		},
		Remedies: []string{
			"Wait five minutes",
			"Set option rate_limit_per_client",
			"Keep the router's web interface off the internet",
		},
	},
	{
		Code: InsecureTokenEndpoint, Status: 500, Part: Outcome, Sentence: sentenceProvider,
		Brief:    briefPlainEndpoint,
		Meaning:  "The provider's token_endpoint is not https; code and client secret are not sent there.",
		Causes:   causesPlainHTTP,
		Remedies: remediesPlainHTTP,
	},
	{
		Code: InvalidPKCEVerifier, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:    briefInternal,
		Meaning:  "The PKCE verifier kept for this login does not have 43 to 128 characters.",
		Causes:   causesDefect,
		Remedies: remediesDefect,
	},
	{
		Code: TokenEndpointNetworkError, Status: 500, Part: Outcome, Sentence: sentenceProvider,
		Brief:    briefUnreachable,
		Meaning:  "The token endpoint gave no complete response, or one over 256 KB.",
		Causes:   causesUnreachable,
		Remedies: remediesUnreachable,
	},
	{
		Code: OIDCInvalidGrant, Status: 401, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   "The provider no longer accepts this login.",
		Meaning: "The provider no longer accepts the authorization code.",
		Causes: []string{
			"The code was used already or is too old",
			"The redirect URI or the PKCE verifier is not the one of the login",
			"The provider was restarted meanwhile",
		},
		Remedies: []string{
			"Start again",
			"Check that both clocks are right",
			"Check that option redirect_uri is exactly the address registered at the provider",
		},
	},
	{
		Code: TokenExchangeFailed, Status: 401, Part: Outcome, Sentence: sentenceUnverified,
		Brief:   "The provider rejected the router; check Client ID and Client Secret.",
		Meaning: "The provider refused to exchange the code for tokens.",
		Causes: []string{
			"Option client_id or client_secret is wrong or the secret was renewed or has expired",
			"The client authenticates in another way",
			"The provider failed",
		},
		Remedies: []string{
			"Read the diagnostic line",
			"Copy client ID and secret from the provider again",
			"Set option token_auth_method to what the provider expects",
		},
	},
	{
		Code: TokenResponseInvalidJSON, Status: 500, Part: Outcome, Sentence: sentenceProvider,
		Brief:    briefMalformed,
		Meaning:  "The token response is not JSON of the expected form.",
		Causes:   causesGarbled,
		Remedies: remediesGarbled,
	},
}
