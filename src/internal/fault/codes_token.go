// SPDX-License-Identifier: Apache-2.0

package fault

// The ID token is verified; UserInfo has what is not in it.
const (
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
)

var tokensCodes = [...]Entry{
	{
		Code: MissingIDToken, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:   briefLacking,
		Meaning: "The token response has no id_token.",
		Causes: []string{
			"Option scope lacks openid",
			"The client is set up for OAuth only, without OpenID Connect",
		},
		Remedies: []string{
			"Put openid into option scope",
			"Switch OpenID Connect on for this client at the provider",
		},
	},
	{
		Code: UnsupportedAlgorithm, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:   "The provider signs with an algorithm other than RS256 or ES256.",
		Meaning: "The ID token is signed with something else than RS256 or ES256.",
		Causes: []string{
			"The client is set to HS256, PS256, EdDSA or none at the provider",
		},
		Remedies: []string{
			"Choose RS256 or ES256 as the client's ID token signature at the provider",
		},
	},
	{
		Code: InvalidSignature, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:   briefUnverified,
		Meaning: "The ID token's signature fits none of the provider's keys, which were fetched again to be sure.",
		Causes: []string{
			"Another provider or tenant signed it",
			"The provider publishes other keys than it signs with",
			"The token was altered on the way",
		},
		Remedies: []string{
			"Check that issuer_url and the token endpoint belong to one tenant",
			"See that the provider's jwks_uri lists the key ID of the diagnostic line",
		},
	},
	{
		Code: IDTokenVerificationFailed, Status: 401, Part: Outcome, Sentence: sentenceUnverified,
		Brief:   briefUnverified,
		Meaning: "The ID token is not one that this router may accept.",
		Causes: []string{
			"What the code or line before says",
			"The clocks of router and provider differ",
			"client_id belongs to another client",
		},
		Remedies: []string{
			"Follow the line before",
			"Check the router's time (NTP)",
			"Copy option client_id again",
		},
	},
	{
		Code: MissingSubClaim, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:    briefLacking,
		Meaning:  "The ID token does not say who signed in (sub).",
		Causes:   causesOddProvider,
		Remedies: remediesOddProvider,
	},
	{
		Code: MissingExpClaim, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:    briefLacking,
		Meaning:  "The ID token does not say until when it is valid (exp).",
		Causes:   causesOddProvider,
		Remedies: remediesOddProvider,
	},
	{
		Code: MissingIatClaim, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:    briefLacking,
		Meaning:  "The ID token does not say when it was issued (iat).",
		Causes:   causesOddProvider,
		Remedies: remediesOddProvider,
	},
	{
		Code: MissingNonce, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:    briefLacking,
		Meaning:  "The ID token or the stored login has no nonce, so the token could be an old one.",
		Causes:   causesOddProvider,
		Remedies: remediesOddProvider,
	},
	{
		Code: NonceMismatch, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:   briefUnverified,
		Meaning: "The ID token was made for another login.",
		Causes: []string{
			"The provider served a kept token",
			"Somebody tries to pass on a stolen one",
		},
		Remedies: []string{
			"Start again",
			"If it comes back, turn off caching of token responses in front of the provider",
		},
	},
	{
		Code: MissingAzpClaim, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:   briefLacking,
		Meaning: "The ID token is for several audiences and does not say which client asked for it (azp).",
		Causes: []string{
			"A mapper at the provider adds audiences to the ID token",
		},
		Remedies: []string{
			"Take the additional audiences out of the ID token at the provider",
		},
	},
	{
		Code: AzpMismatch, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:   briefUnverified,
		Meaning: "The ID token was issued to another client (azp).",
		Causes: []string{
			"Option client_id is of another client",
			"The provider mixes clients",
		},
		Remedies: []string{
			"Copy option client_id from the provider again",
		},
	},
	{
		Code: MissingAccessToken, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:   briefLacking,
		Meaning: "The token response has no access_token.",
		Causes: []string{
			"The client is set up to get ID tokens only",
		},
		Remedies: []string{
			"Let the client get access tokens in the code flow at the provider",
		},
	},
	{
		Code: MissingAtHash, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:   "The token carries no at_hash; the advanced settings can make it optional.",
		Meaning: "The ID token does not say which access token it belongs to (at_hash).",
		Causes: []string{
			"The provider never sends at_hash and does not say so in its discovery document",
		},
		Remedies: []string{
			"Have the provider add at_hash",
			"If it cannot, set option require_at_hash to 0",
		},
	},
	{
		Code: AtHashMismatch, Status: 401, Part: Cause, EndsIn: IDTokenVerificationFailed, Sentence: sentenceUnverified,
		Brief:   briefUnverified,
		Meaning: "The ID token belongs to another access token.",
		Causes: []string{
			"The access token was exchanged on the way",
			"The provider computes at_hash wrongly",
		},
		Remedies: []string{
			"Try again",
			"If it comes back, report it to the provider's maker",
		},
	},
	{
		Code: InsecureUserInfoEndpoint, Status: 403, Part: Note, EndsIn: UserNotAuthorized, Sentence: sentenceDenied,
		Brief:    briefPlainEndpoint,
		Meaning:  "The provider's userinfo_endpoint is not https and was not asked.",
		Causes:   causesPlainHTTP,
		Remedies: remediesPlainHTTP,
	},
	{
		Code: UserInfoFetchFailed, Status: 403, Part: Note, EndsIn: UserNotAuthorized, Sentence: sentenceDenied,
		Brief:   briefAnswered,
		Meaning: "The UserInfo endpoint refused the access token, so e-mail or groups are unknown.",
		Causes: []string{
			"The token lacks a scope",
			"The client may not use UserInfo",
		},
		Remedies: []string{
			"Check option scope against what the client is allowed at the provider",
			"Put e-mail and groups into the ID token instead",
		},
	},
	{
		Code: UserInfoNetworkError, Status: 403, Part: Note, EndsIn: UserNotAuthorized, Sentence: sentenceDenied,
		Brief:    briefUnreachable,
		Meaning:  "The UserInfo endpoint gave no complete response, or one over 256 KB.",
		Causes:   causesUnreachable,
		Remedies: remediesUnreachable,
	},
	{
		Code: UserInfoInvalidJSON, Status: 403, Part: Note, EndsIn: UserNotAuthorized, Sentence: sentenceDenied,
		Brief:   briefMalformed,
		Meaning: "The UserInfo response is not a JSON object.",
		Causes: []string{
			"The client is set to signed or encrypted UserInfo responses",
			"Something between router and provider answers",
		},
		Remedies: []string{
			"Set the client to plain JSON for UserInfo at the provider",
		},
	},
	{
		Code: IdentityMismatch, Status: 403, Part: Outcome, Sentence: sentenceDenied,
		Brief:   "The provider's UserInfo belongs to another person.",
		Meaning: "UserInfo speaks of another person than the ID token.",
		Causes: []string{
			"The provider uses different subject identifiers for the two",
			"Tokens were mixed up",
		},
		Remedies: []string{
			"Set one subject type for this client at the provider",
			"Report it to the provider's maker",
		},
	},
}
