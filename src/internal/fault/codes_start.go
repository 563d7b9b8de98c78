// SPDX-License-Identifier: Apache-2.0

package fault

// The configuration, the discovery document, the keys, and the address to sign
// in at.
const (
	SSODisabled              Code = "SSO_DISABLED"
	ConfigError              Code = "CONFIG_ERROR"
	UCIError                 Code = "UCI_ERROR"
	InsecureIssuerURL        Code = "INSECURE_ISSUER_URL"
	InsecureFetchURL         Code = "INSECURE_FETCH_URL"
	OIDCDiscoveryFailed      Code = "OIDC_DISCOVERY_FAILED"
	DiscoveryFailed          Code = "DISCOVERY_FAILED"
	DiscoveryNetworkError    Code = "DISCOVERY_NETWORK_ERROR"
	InvalidDiscoveryDoc      Code = "INVALID_DISCOVERY_DOC"
	DiscoveryMissingIssuer   Code = "DISCOVERY_MISSING_ISSUER"
	DiscoveryIssuerMismatch  Code = "DISCOVERY_ISSUER_MISMATCH"
	DiscoveryMissingEndpoint Code = "DISCOVERY_MISSING_ENDPOINT"
	InsecureEndpoint         Code = "INSECURE_ENDPOINT"
	JWKSFetchFailed          Code = "JWKS_FETCH_FAILED"
	JWKSNetworkError         Code = "JWKS_NETWORK_ERROR"
	InsecureJWKSURI          Code = "INSECURE_JWKS_URI"
	InvalidJWKSFormat        Code = "INVALID_JWKS_FORMAT"
	InsecureAuthEndpoint     Code = "INSECURE_AUTH_ENDPOINT"
	InvalidAuthEndpoint      Code = "INVALID_AUTH_ENDPOINT"
	MissingStateParameter    Code = "MISSING_STATE_PARAMETER"
	MissingNonceParameter    Code = "MISSING_NONCE_PARAMETER"
	MissingPKCEChallenge     Code = "MISSING_PKCE_CHALLENGE"
)

var loginStartCodes = [...]Entry{
	{
		Code: SSODisabled, Status: 503, Part: Outcome, Sentence: sentenceUnavailable,
		Brief:   "SSO is switched off, or its settings are incomplete.",
		Meaning: "Single sign-on is switched off, or there is no configuration that could be used.",
		Causes: []string{
			"Option enabled is not 1",
			"/etc/config/luci-sso is missing",
			"The configuration is not valid, which the lines before say",
		},
		Remedies: []string{
			"Run: uci set luci-sso.default.enabled=1 and uci commit luci-sso",
			"Mend what the code logged before this one names",
		},
	},
	{
		Code: ConfigError, Status: 503, Part: Cause, EndsIn: SSODisabled, Sentence: sentenceUnavailable,
		Brief:   "A setting is missing or not valid.",
		Meaning: "An option in /etc/config/luci-sso is missing, malformed, or the file cannot be parsed.",
		Causes: []string{
			"issuer_url, client_id, client_secret or clock_tolerance was never set",
			"A value is out of its range",
			"A hand-made edit broke the file's quoting",
		},
		Remedies: []string{
			"Read the diagnostic line: it names the option or the line of the file",
			"See uci show luci-sso",
			"Correct it on the page Services > SSO Login",
		},
	},
	{
		Code: UCIError, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:   "The configuration could not be read.",
		Meaning: "The configuration directory or file could not be read at all.",
		Causes: []string{
			"The overlay file system is damaged or was not mounted",
			"/etc/config or the file lost its permissions",
		},
		Remedies: []string{
			"Run on the router: ls -l /etc/config and dmesg",
			"Restore a backup of the configuration",
		},
	},
	{
		Code: InsecureIssuerURL, Status: 503, Part: Cause, EndsIn: ConfigError, Sentence: sentenceUnavailable,
		Brief:   briefPlainAddress,
		Meaning: "option issuer_url does not begin with https://, which every address of a provider must.",
		Causes: []string{
			"The address was typed with http:// or without a scheme",
		},
		Remedies: []string{
			"Give the provider a certificate and set option issuer_url to its https:// address",
		},
	},
	{
		Code: InsecureFetchURL, Status: 503, Part: Cause, EndsIn: ConfigError, Sentence: sentenceUnavailable,
		Brief:   briefPlainAddress,
		Meaning: "option internal_issuer_url does not begin with https://; that holds inside one's own network as well.",
		Causes: []string{
			"An internal address was set that has no TLS",
		},
		Remedies: []string{
			"Put TLS on the internal address and set option ca_file if its authority is your own",
			"Or remove option internal_issuer_url",
		},
	},
	{
		Code: OIDCDiscoveryFailed, Status: 500, Part: Outcome, Sentence: sentenceProvider,
		Brief:    briefUnreachable,
		Meaning:  "The provider's discovery document could not be had, so no login can start.",
		Causes:   causesUnreachable,
		Remedies: remediesUnreachable,
	},
	{
		Code: DiscoveryFailed, Status: 500, Part: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider,
		Brief:   briefAnswered,
		Meaning: "The provider answered the request for its discovery document with another status than 200.",
		Causes: []string{
			"Option issuer_url has a wrong path (a realm, tenant or application is missing)",
			"The provider is failing",
			"A proxy in front of it refuses the router",
		},
		Remedies: []string{
			"Open <issuer_url>/.well-known/openid-configuration in a browser: it must show JSON",
			"Copy the issuer from the provider's own page",
			"Read the provider's log",
		},
	},
	{
		Code: DiscoveryNetworkError, Status: 500, Part: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider,
		Brief:    briefUnreachable,
		Meaning:  "No HTTP response to the request for the discovery document was received.",
		Causes:   causesUnreachable,
		Remedies: remediesUnreachable,
	},
	{
		Code: InvalidDiscoveryDoc, Status: 500, Part: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider,
		Brief:    briefMalformed,
		Meaning:  "What came instead of the discovery document is not JSON of the expected form.",
		Causes:   causesGarbled,
		Remedies: remediesGarbled,
	},
	{
		Code: DiscoveryMissingIssuer, Status: 500, Part: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider,
		Brief:    briefMalformed,
		Meaning:  "The discovery document does not say which issuer it belongs to.",
		Causes:   causesOddProvider,
		Remedies: remediesOddProvider,
	},
	{
		Code: DiscoveryIssuerMismatch, Status: 500, Part: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider,
		Brief:   "The provider names itself differently from the Issuer URL.",
		Meaning: "The provider calls itself differently from option issuer_url. The two must be equal to the last character.",
		Causes: []string{
			"A slash at the end, a path or a port is too much or missing",
			"The provider does not know its public address",
			"issuer_url holds the internal address",
		},
		Remedies: []string{
			"Copy the issuer from the diagnostic line into option issuer_url, if that is your provider",
			"For another address inside the network use option internal_issuer_url",
		},
	},
	{
		Code: DiscoveryMissingEndpoint, Status: 500, Part: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider,
		Brief:    briefMalformed,
		Meaning:  "The discovery document lacks authorization_endpoint, token_endpoint or jwks_uri.",
		Causes:   causesOddProvider,
		Remedies: remediesOddProvider,
	},
	{
		Code: InsecureEndpoint, Status: 500, Part: Cause, EndsIn: OIDCDiscoveryFailed, Sentence: sentenceProvider,
		Brief:    briefPlainEndpoint,
		Meaning:  "The discovery document names a required address that is not https.",
		Causes:   causesPlainHTTP,
		Remedies: remediesPlainHTTP,
	},
	{
		Code: JWKSFetchFailed, Status: 500, Part: Outcome, Sentence: sentenceProvider,
		Brief:   briefAnswered,
		Meaning: "The provider's signing keys could not be had, so no ID token can be verified.",
		Causes: []string{
			"The key set's address answers with an error",
			"A proxy refuses it",
			"The provider is failing",
		},
		Remedies: []string{
			"Open the jwks_uri of the discovery document from the router",
			"Read the provider's log",
		},
	},
	{
		Code: JWKSNetworkError, Status: 500, Part: Cause, EndsIn: JWKSFetchFailed, Sentence: sentenceProvider,
		Brief:    briefUnreachable,
		Meaning:  "No HTTP response to the request for the signing keys was received.",
		Causes:   causesUnreachable,
		Remedies: remediesUnreachable,
	},
	{
		Code: InsecureJWKSURI, Status: 500, Part: Cause, EndsIn: JWKSFetchFailed, Sentence: sentenceProvider,
		Brief:    briefPlainEndpoint,
		Meaning:  "The provider's jwks_uri is not https, so its keys could be exchanged on the way.",
		Causes:   causesPlainHTTP,
		Remedies: remediesPlainHTTP,
	},
	{
		Code: InvalidJWKSFormat, Status: 500, Part: Cause, EndsIn: JWKSFetchFailed, Sentence: sentenceProvider,
		Brief:    briefMalformed,
		Meaning:  "What came instead of the key set is not JSON or has no keys array.",
		Causes:   causesGarbled,
		Remedies: remediesGarbled,
	},
	{
		Code: InsecureAuthEndpoint, Status: 500, Part: Outcome, Sentence: sentenceProvider,
		Brief:    briefPlainEndpoint,
		Meaning:  "The provider's authorization_endpoint is not https; the browser is not sent there.",
		Causes:   causesPlainHTTP,
		Remedies: remediesPlainHTTP,
	},
	{
		Code: InvalidAuthEndpoint, Status: 500, Part: Outcome, Sentence: sentenceProvider,
		Brief:   briefMalformed,
		Meaning: "The provider's authorization_endpoint contains a fragment (#), which RFC 6749 forbids, or is too long to reach the browser.",
		Causes: []string{
			"The provider's base URL was set to an address of its web interface",
		},
		Remedies: []string{
			"Correct the base URL at the provider",
		},
	},
	{
		Code: MissingStateParameter, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:    briefInternal,
		Meaning:  "The login was about to start without its state value.",
		Causes:   causesDefect,
		Remedies: remediesDefect,
	},
	{
		Code: MissingNonceParameter, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:    briefInternal,
		Meaning:  "The login was about to start without its nonce.",
		Causes:   causesDefect,
		Remedies: remediesDefect,
	},
	{
		Code: MissingPKCEChallenge, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:    briefInternal,
		Meaning:  "The login was about to start without its PKCE challenge.",
		Causes:   causesDefect,
		Remedies: remediesDefect,
	},
}
