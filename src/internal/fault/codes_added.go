// SPDX-License-Identifier: Apache-2.0

package fault

// Codes beyond the contract, where none of its codes is true.
const (
	ProviderAwaited Code = "PROVIDER_AWAITED"
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
}
