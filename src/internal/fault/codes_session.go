// SPDX-License-Identifier: Apache-2.0

package fault

// Why a session ended that its owner did not end. Beyond the contract: it knows sessions
// that end by logging out alone.
const (
	SessionRoleGone     Code = "SESSION_ROLE_GONE"
	SessionLifetimeOver Code = "SESSION_LIFETIME_OVER"
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
}
