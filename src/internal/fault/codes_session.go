// SPDX-License-Identifier: Apache-2.0

package fault

// Why a session ended that its owner did not end, and what became of the
// provider's word that one is to end. Beyond the contract: it knows sessions
// that end by logging out alone.
const (
	SessionRoleGone         Code = "SESSION_ROLE_GONE"
	SessionLifetimeOver     Code = "SESSION_LIFETIME_OVER"
	SessionRevoked          Code = "SESSION_REVOKED"
	SessionUnconfirmed      Code = "SESSION_UNCONFIRMED"
	SessionEndedByProvider  Code = "SESSION_ENDED_BY_PROVIDER"
	LogoutTokenInvalid      Code = "LOGOUT_TOKEN_INVALID"
	BackchannelLogoutFailed Code = "BACKCHANNEL_LOGOUT_FAILED"
)

var sessionCodes = [...]Entry{
	{
		Code: SessionRoleGone, Status: 403, Part: Outcome, Added: true, Sentence: sentenceTryAgain,
		Brief:   "A session was ended: its role is gone, or its person has another one now.",
		Meaning: "The role that the session was made with is not configured any more, or the provider's claims lead to another role or none.",
		Causes: []string{
			"A role was deleted or renamed",
			"The person's groups, e-mail or the roles' lists have changed",
			"With option revalidate: the provider sends fewer claims when it is asked again than at the login",
		},
		Remedies: []string{
			"Nothing, if that is what was meant: the person signs in again and gets the role they have now",
			"Read the diagnostic line: it says what came",
		},
	},
	{
		Code: SessionLifetimeOver, Status: 403, Part: Outcome, Added: true, Sentence: sentenceTryAgain,
		Brief:   "A session was ended: it has lasted as long as it may.",
		Meaning: "The time that option session_lifetime or the provider's claim session_expiry gives a session is over.",
		Causes: []string{
			"The person has been signed in for that long",
		},
		Remedies: []string{
			"Nothing: the person signs in again",
			"Raise option session_lifetime",
		},
	},
	{
		Code: SessionRevoked, Status: 403, Part: Outcome, Added: true, Sentence: sentenceTryAgain,
		Brief:   "A session was ended: the provider says that the sign-in does not hold any more.",
		Meaning: "Asked again with the refresh token (option revalidate), the provider refused it, or spoke of another sign-in.",
		Causes: []string{
			"The account was disabled or removed, or the person signed out at the provider",
			"The refresh token expired or was revoked",
			"The provider ends refresh tokens that are used twice, and a kill or a full disk kept the router from storing the new one",
		},
		Remedies: []string{
			"Nothing, if the account is to stay out",
			"If it happens to everybody, raise the lifetime of refresh tokens at the provider",
		},
	},
	{
		Code: SessionUnconfirmed, Status: 403, Part: Outcome, Added: true, Sentence: sentenceTryAgain,
		Brief:   "A session was ended: the provider could not be asked about it for too long.",
		Meaning: "Option revalidate is on, and for as long as option revalidate_grace allows the provider gave no answer that says yes or no.",
		Causes: []string{
			"The provider gave no refresh token at the login",
			"The provider is down or refuses the client",
			"The session is older than option revalidate",
		},
		Remedies: []string{
			"Read the diagnostic line: it says what came",
			"Have the provider give refresh tokens: add offline_access to option scope, for some also prompt=consent to option auth_param, or allow the grant for this client",
			"Raise option revalidate_grace",
		},
	},
	{
		Code: SessionEndedByProvider, Status: 200, Part: Outcome, Added: true, Sentence: sentenceTryAgain,
		Brief:   "A session was ended: the person signed out at the provider.",
		Meaning: "The provider sent a logout token (option backchannel_logout), and it named this session.",
		Causes: []string{
			"The person signed out at the provider or in another application",
			"An administrator ended the person's sessions at the provider",
		},
		Remedies: []string{
			"Nothing: the person signs in again",
		},
	},
	{
		Code: LogoutTokenInvalid, Status: 400, Part: Outcome, Added: true, Sentence: sentenceUnverified,
		Brief:   "A logout token came that is not valid. No session was ended.",
		Meaning: "A request to /backchannel-logout brought no logout token of this provider for this client, or one that was used before.",
		Causes: []string{
			"The request is not the provider's",
			"The clocks of router and provider differ",
			"The provider leaves out something that the standard requires",
		},
		Remedies: []string{
			"Read the diagnostic line: it says what is wrong with it",
			"Check the router's clock (NTP) and option clock_tolerance",
		},
	},
	{
		Code: BackchannelLogoutFailed, Status: 400, Part: Outcome, Added: true, Sentence: sentenceSystem,
		Brief:   "The provider's logout could not be carried out.",
		Meaning: "A logout token came and could not be verified for lack of the provider's keys, or a session that it names could not be ended.",
		Causes: []string{
			"The provider's keys cannot be fetched",
			"rpcd does not answer",
		},
		Remedies: []string{
			"Read the diagnostic line: it has the code of the reason",
			"End the person's sessions under Services > SSO Login, or with luci-sso sessions --end",
		},
	},
}
