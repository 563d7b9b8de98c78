// SPDX-License-Identifier: Apache-2.0

package fault

// Codes beyond the contract, where none of its codes is true.
const (
	ProviderAwaited     Code = "PROVIDER_AWAITED"
	SignInInsufficient  Code = "SIGN_IN_INSUFFICIENT"
	PushedRequestFailed Code = "PUSHED_REQUEST_FAILED"
)

var addedCodes = [...]Entry{
	{
		Code: ProviderAwaited, Status: 503, Part: Outcome, Added: true, Sentence: sentenceAwaited,
		Brief:   "The provider kept another login waiting, so this one was told to try again.",
		Meaning: "The provider keeps another login waiting, nothing of its documents is kept, and this login does not wait as well.",
		Causes: []string{
			"The provider is slow, overloaded or gone without a word",
			"A firewall between router and provider drops packets",
		},
		Remedies: []string{
			"Try again in a few seconds",
			"Run on the router: uclient-fetch -O - <issuer_url>/.well-known/openid-configuration",
			"Read the provider's log",
		},
	},
	{
		Code: SignInInsufficient, Status: 403, Part: Outcome, Added: true, Sentence: sentenceInsufficient,
		Brief:   "A person's role asks for another way of signing in at the provider, or a more recent one.",
		Meaning: "A role fits the person and sets list acr, list amr or option max_age, and the sign-in at the provider was not of that kind.",
		Causes: []string{
			"The person signed in with less than the role asks for, or too long ago",
			"The provider does not send acr, amr or auth_time",
			"The role asks for values that this provider does not use",
		},
		Remedies: []string{
			"Press the button of the page: it asks the provider for what is missing, once",
			"Read the diagnostic line: it has what the role asks for and what the provider sent",
			"At the provider, require that way of signing in for this client, or have it send the claim",
		},
	},
	{
		Code: PushedRequestFailed, Status: 500, Part: Outcome, Added: true, Sentence: sentenceProvider,
		Brief:   "The provider did not take the login's request from the router.",
		Meaning: "The request of a login was pushed to the provider (PAR), which refused it or could not be reached.",
		Causes: []string{
			"Client ID, secret, redirect URI or scope are not as the provider has them",
			"Option par is 1, and the provider has no place for pushed requests",
		},
		Remedies: []string{
			"Read the diagnostic line: it repeats what the provider said",
			"Press Test connection, or run luci-sso doctor",
			"Set option par to auto or 0, unless the provider requires pushed requests",
		},
	},
}
