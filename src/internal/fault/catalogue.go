// SPDX-License-Identifier: Apache-2.0

package fault

import "slices"

// catalogue is the one table of codes, in the order of the reference. Statuses
// and chains are the contract's; what was added to it comes last. A new code
// is a constant and a row of one of these.
var catalogue = [...][]Entry{loginStartCodes[:], callbackCodes[:], tokensCodes[:], routerCodes[:], addedCodes[:], sessionCodes[:]}

// Catalogue returns all entries in the order of the reference.
func Catalogue() []Entry { return slices.Concat(catalogue[:]...) }

// Lookup finds the entry of a code.
func Lookup(code Code) (Entry, bool) {
	for _, part := range catalogue {
		for i := range part {
			if part[i].Code == code {
				return part[i], true
			}
		}
	}
	return Entry{}, false
}

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
	// The page says below it what is missing.
	sentenceInsufficient = "You may use this router, but not with this way of signing in."
	sentenceAwaited      = "The identity provider is slow to answer. Please try again in a few seconds."
	sentenceCSRF         = "This logout link is not valid. Please log out from the LuCI menu."
	sentenceTooLarge     = "The request is too large."
	sentenceNotFound     = "This page does not exist."
)

// What the page's list of the last errors says of several codes that send the
// administrator the same way; the log's own line has the details.
const (
	briefPlainAddress  = "The configured address of the provider does not use HTTPS."
	briefUnreachable   = "The router could not reach the provider."
	briefAnswered      = "The provider answered with an error."
	briefMalformed     = "The provider's answer is incomplete or malformed."
	briefPlainEndpoint = "The provider announces an address that does not use HTTPS."
	briefInternal      = "An internal error on the router; the system log has the details."
	briefIncomplete    = "The browser came back with an incomplete or altered login."
	briefTooLate       = "The login took longer than five minutes or had already been completed."
	briefStorage       = "The router could not read or write its login data; check the free space."
	briefTooMany       = "Too many logins were started within a short time."
	briefLacking       = "The provider's token lacks something that is required."
	briefUnverified    = "The provider's token could not be verified."
	briefSession       = "The router could not create the session; check that rpcd is running."
)

// Causes and remedies that several codes have in common.
var (
	causesUnreachable = []string{
		"The provider is down, or listens on another address or port",
		"the router's DNS does not know its name",
		"a firewall rule stops the router",
		"its certificate is not trusted by the router or the clock is wrong",
	}
	remediesUnreachable = []string{
		"Read the diagnostic line before the code, which names the reason",
		"run on the router: uclient-fetch -O - <issuer_url>/.well-known/openid-configuration",
		"for a private certificate authority set option ca_file",
		"inside the same network set option internal_issuer_url",
	}
	causesGarbled = []string{
		"Something between router and provider answers with a web page of its own",
		"the provider is broken or half-way through an update",
	}
	remediesGarbled = []string{
		"Open the address of the diagnostic line from the router and look at what comes",
		"read the provider's log",
	}
	causesOddProvider = []string{
		"The provider does not follow OpenID Connect, or this client is set up for something else than signing in",
	}
	remediesOddProvider = []string{
		"Set the client up as a web application with the authorization code flow at the provider",
		"update the provider",
	}
	causesPlainHTTP = []string{
		"The provider was set up without its public https:// address",
		"it stands behind a reverse proxy that hides TLS from it",
	}
	remediesPlainHTTP = []string{
		"At the provider, set the public base URL to https:// and have the proxy send X-Forwarded-Proto",
	}
	causesDefect = []string{
		"A defect in luci-sso",
	}
	remediesDefect = []string{
		"Report it with the log lines around it",
	}
	causesDiskFull = []string{
		"/var/run (tmpfs) is full",
		"it is read-only",
		"something else owns the directory",
	}
	remediesDiskFull = []string{
		"Run on the router: df /var/run and ls -ld /var/run/luci-sso",
		"remove what fills it, or reboot",
	}
	causesRPCD = []string{
		"rpcd or ubusd was restarted at this moment, has crashed or hangs",
	}
	remediesRPCD = []string{
		"Run on the router: ubus list session",
		"then /etc/init.d/rpcd restart, and try again",
	}
)
