// SPDX-License-Identifier: Apache-2.0

package fault

// The codes of the catalogue, in the order of the reference.
const (
	SSODisabled               Code = "SSO_DISABLED"
	ConfigError               Code = "CONFIG_ERROR"
	UCIError                  Code = "UCI_ERROR"
	InsecureIssuerURL         Code = "INSECURE_ISSUER_URL"
	InsecureFetchURL          Code = "INSECURE_FETCH_URL"
	OIDCDiscoveryFailed       Code = "OIDC_DISCOVERY_FAILED"
	DiscoveryFailed           Code = "DISCOVERY_FAILED"
	DiscoveryNetworkError     Code = "DISCOVERY_NETWORK_ERROR"
	InvalidDiscoveryDoc       Code = "INVALID_DISCOVERY_DOC"
	DiscoveryMissingIssuer    Code = "DISCOVERY_MISSING_ISSUER"
	DiscoveryIssuerMismatch   Code = "DISCOVERY_ISSUER_MISMATCH"
	DiscoveryMissingEndpoint  Code = "DISCOVERY_MISSING_ENDPOINT"
	InsecureEndpoint          Code = "INSECURE_ENDPOINT"
	JWKSFetchFailed           Code = "JWKS_FETCH_FAILED"
	JWKSNetworkError          Code = "JWKS_NETWORK_ERROR"
	InsecureJWKSURI           Code = "INSECURE_JWKS_URI"
	InvalidJWKSFormat         Code = "INVALID_JWKS_FORMAT"
	InsecureAuthEndpoint      Code = "INSECURE_AUTH_ENDPOINT"
	InvalidAuthEndpoint       Code = "INVALID_AUTH_ENDPOINT"
	MissingStateParameter     Code = "MISSING_STATE_PARAMETER"
	MissingNonceParameter     Code = "MISSING_NONCE_PARAMETER"
	MissingPKCEChallenge      Code = "MISSING_PKCE_CHALLENGE"
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
	MissingIDToken            Code = "MISSING_ID_TOKEN"
	UnsupportedAlgorithm      Code = "UNSUPPORTED_ALGORITHM"
	InvalidSignature          Code = "INVALID_SIGNATURE"
	IDTokenVerificationFailed Code = "ID_TOKEN_VERIFICATION_FAILED"
	MissingSubClaim           Code = "MISSING_SUB_CLAIM"
	MissingExpClaim           Code = "MISSING_EXP_CLAIM"
	MissingIatClaim           Code = "MISSING_IAT_CLAIM"
	MissingNonce              Code = "MISSING_NONCE"
	NonceMismatch             Code = "NONCE_MISMATCH"
	MissingAzpClaim           Code = "MISSING_AZP_CLAIM"
	AzpMismatch               Code = "AZP_MISMATCH"
	MissingAccessToken        Code = "MISSING_ACCESS_TOKEN"
	MissingAtHash             Code = "MISSING_AT_HASH"
	AtHashMismatch            Code = "AT_HASH_MISMATCH"
	InsecureUserInfoEndpoint  Code = "INSECURE_USERINFO_ENDPOINT"
	UserInfoFetchFailed       Code = "USERINFO_FETCH_FAILED"
	UserInfoNetworkError      Code = "USERINFO_NETWORK_ERROR"
	UserInfoInvalidJSON       Code = "USERINFO_INVALID_JSON"
	IdentityMismatch          Code = "IDENTITY_MISMATCH"
	UserNotAuthorized         Code = "USER_NOT_AUTHORIZED"
	TokenReplayed             Code = "TOKEN_REPLAYED"
	TokenRegistryError        Code = "TOKEN_REGISTRY_ERROR"
	CSRFCheckFailed           Code = "CSRF_CHECK_FAILED"
	UbusLoginFailed           Code = "UBUS_LOGIN_FAILED"
	UbusConnectFailed         Code = "UBUS_CONNECT_FAILED"
	UbusError                 Code = "UBUS_ERROR"
	UbusSessionFailed         Code = "UBUS_SESSION_FAILED"
	SystemInitFailed          Code = "SYSTEM_INIT_FAILED"
	SSLInitFailed             Code = "SSL_INIT_FAILED"
	CryptoError               Code = "CRYPTO_ERROR"
	CryptoInitFailed          Code = "CRYPTO_INIT_FAILED"
	TooManyRequests           Code = "TOO_MANY_REQUESTS"
	InputTooLarge             Code = "INPUT_TOO_LARGE"
	NotFound                  Code = "NOT_FOUND"

	// Beyond the contract.
	ProviderAwaited Code = "PROVIDER_AWAITED"
)

// Sentences for the person signing in. They carry no code and no detail: those
// are for the log.
const (
	sentenceUnavailable = "Single sign-on is not available on this router."
	sentenceProvider    = "The identity provider could not be used. Please try again later or contact your administrator."
	sentenceTryAgain    = "Your session has expired or is invalid. You MUST try logging in again."
	sentenceUnverified  = "Your sign-in could not be verified. Please try again or contact your administrator."
	sentenceDenied      = "You are not allowed to use this router. Please contact your administrator."
	sentenceSystem      = "The router could not complete the request. Please try again later or contact your administrator."
	sentenceRefused     = "The identity provider refused the sign-in. Please try again or contact your administrator."
	sentenceBusy        = "Too many requests. Please wait a minute and try again."
	sentenceAwaited     = "The identity provider is slow to answer. Please try again in a few seconds."
	sentenceCSRF        = "This logout link is not valid. Please log out from the LuCI menu."
	sentenceTooLarge    = "The request is too large."
	sentenceNotFound    = "This page does not exist."
)

// catalogue is the one table of codes. Statuses and chains are the contract's;
// what was added to it comes after.
var catalogue = [...]Entry{
	{Code: SSODisabled, Status: 503, Role: Outcome, Sentence: sentenceUnavailable},
	{Code: ConfigError, Status: 503, Role: Cause, EndsIn: SSODisabled, Sentence: sentenceUnavailable},
	{Code: UCIError, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: InsecureIssuerURL, Status: 503, Role: Cause, EndsIn: ConfigError, Sentence: sentenceUnavailable},
	{Code: InsecureFetchURL, Status: 503, Role: Cause, EndsIn: ConfigError, Sentence: sentenceUnavailable},
	{Code: OIDCDiscoveryFailed, Status: 500, Role: Outcome, Sentence: sentenceProvider},
	{Code: DiscoveryFailed, Status: 500, Role: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider},
	{Code: DiscoveryNetworkError, Status: 500, Role: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider},
	{Code: InvalidDiscoveryDoc, Status: 500, Role: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider},
	{Code: DiscoveryMissingIssuer, Status: 500, Role: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider},
	{Code: DiscoveryIssuerMismatch, Status: 500, Role: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider},
	{Code: DiscoveryMissingEndpoint, Status: 500, Role: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider},
	{Code: InsecureEndpoint, Status: 500, Role: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider},
	{Code: JWKSFetchFailed, Status: 500, Role: Outcome, Sentence: sentenceProvider},
	{Code: JWKSNetworkError, Status: 500, Role: Cause, EndsIn: JWKSFetchFailed, Sentence: sentenceProvider},
	{Code: InsecureJWKSURI, Status: 500, Role: Cause, EndsIn: JWKSFetchFailed, Sentence: sentenceProvider},
	{Code: InvalidJWKSFormat, Status: 500, Role: Cause, EndsIn: JWKSFetchFailed, Sentence: sentenceProvider},
	{Code: InsecureAuthEndpoint, Status: 500, Role: Outcome, Sentence: sentenceProvider},
	{Code: InvalidAuthEndpoint, Status: 500, Role: Outcome, Sentence: sentenceProvider},
	{Code: MissingStateParameter, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: MissingNonceParameter, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: MissingPKCEChallenge, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: IdPError, Status: 400, Role: Outcome, Sentence: sentenceRefused},
	{Code: MissingCode, Status: 400, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: MissingHandshakeCookie, Status: 401, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: StateParameterMismatch, Status: 403, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: StateNotFound, Status: 401, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: StateCorrupted, Status: 401, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: StateSaveFailed, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: MalformedStateCookie, Status: 401, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: HandshakeExpired, Status: 401, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: HandshakeNotYetValid, Status: 401, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: HandshakeCapacityExceeded, Status: 503, Role: Outcome, Sentence: sentenceBusy},
	{Code: InsecureTokenEndpoint, Status: 500, Role: Outcome, Sentence: sentenceProvider},
	{Code: InvalidPKCEVerifier, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: TokenEndpointNetworkError, Status: 500, Role: Outcome, Sentence: sentenceProvider},
	{Code: OIDCInvalidGrant, Status: 401, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: TokenExchangeFailed, Status: 401, Role: Outcome, Sentence: sentenceUnverified},
	{Code: TokenResponseInvalidJSON, Status: 500, Role: Outcome, Sentence: sentenceProvider},
	{Code: MissingIDToken, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: UnsupportedAlgorithm, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: InvalidSignature, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: IDTokenVerificationFailed, Status: 401, Role: Outcome, Sentence: sentenceUnverified},
	{Code: MissingSubClaim, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: MissingExpClaim, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: MissingIatClaim, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: MissingNonce, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: NonceMismatch, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: MissingAzpClaim, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: AzpMismatch, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: MissingAccessToken, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: MissingAtHash, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: AtHashMismatch, Status: 401, Role: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified},
	{Code: InsecureUserInfoEndpoint, Status: 403, Role: Note, EndsIn: UserNotAuthorized, Sentence: sentenceDenied},
	{Code: UserInfoFetchFailed, Status: 403, Role: Note, EndsIn: UserNotAuthorized, Sentence: sentenceDenied},
	{Code: UserInfoNetworkError, Status: 403, Role: Note, EndsIn: UserNotAuthorized, Sentence: sentenceDenied},
	{Code: UserInfoInvalidJSON, Status: 403, Role: Note, EndsIn: UserNotAuthorized, Sentence: sentenceDenied},
	{Code: IdentityMismatch, Status: 403, Role: Outcome, Sentence: sentenceDenied},
	{Code: UserNotAuthorized, Status: 403, Role: Outcome, Sentence: sentenceDenied},
	{Code: TokenReplayed, Status: 403, Role: Outcome, Sentence: sentenceTryAgain},
	{Code: TokenRegistryError, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: CSRFCheckFailed, Status: 403, Role: Outcome, Sentence: sentenceCSRF},
	{Code: UbusLoginFailed, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: UbusConnectFailed, Status: 500, Role: Cause, EndsIn: UbusLoginFailed, Sentence: sentenceSystem},
	{Code: UbusError, Status: 500, Role: Cause, EndsIn: UbusLoginFailed, Sentence: sentenceSystem},
	{Code: UbusSessionFailed, Status: 500, Role: Cause, EndsIn: UbusLoginFailed, Sentence: sentenceSystem},
	{Code: SystemInitFailed, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: SSLInitFailed, Status: 500, Role: Cause, Sentence: sentenceSystem},
	{Code: CryptoError, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: CryptoInitFailed, Status: 500, Role: Outcome, Sentence: sentenceSystem},
	{Code: TooManyRequests, Status: 429, Role: Outcome, Sentence: sentenceBusy},
	{Code: InputTooLarge, Status: 431, Role: Outcome, Sentence: sentenceTooLarge},
	{Code: NotFound, Status: 404, Role: Outcome, Sentence: sentenceNotFound},

	{Code: ProviderAwaited, Status: 503, Role: Outcome, Sentence: sentenceAwaited, Added: true},
}
