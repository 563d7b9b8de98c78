// SPDX-License-Identifier: Apache-2.0

package fault

// Who gets which role; rpcd, the system and the request itself.
const (
	UserNotAuthorized  Code = "USER_NOT_AUTHORIZED"
	TokenReplayed      Code = "TOKEN_REPLAYED"
	TokenRegistryError Code = "TOKEN_REGISTRY_ERROR"
	CSRFCheckFailed    Code = "CSRF_CHECK_FAILED"
	UbusLoginFailed    Code = "UBUS_LOGIN_FAILED"
	UbusConnectFailed  Code = "UBUS_CONNECT_FAILED"
	UbusError          Code = "UBUS_ERROR"
	UbusSessionFailed  Code = "UBUS_SESSION_FAILED"
	SystemInitFailed   Code = "SYSTEM_INIT_FAILED"
	SSLInitFailed      Code = "SSL_INIT_FAILED"
	CryptoError        Code = "CRYPTO_ERROR"
	CryptoInitFailed   Code = "CRYPTO_INIT_FAILED"
	TooManyRequests    Code = "TOO_MANY_REQUESTS"
	InputTooLarge      Code = "INPUT_TOO_LARGE"
	NotFound           Code = "NOT_FOUND"
)

var routerCodes = [...]Entry{
	{
		Code: UserNotAuthorized, Status: 403, Part: Outcome, Sentence: sentenceDenied,
		Brief:   "No role matches this person, or the role grants nothing.",
		Meaning: "The person is who they say, but no role gives them anything.",
		Causes: []string{
			"No role lists their e-mail, group or subject",
			"The provider sends no e-mail or groups",
			"The e-mail is not verified",
			"The role that matches has no read or write list",
		},
		Remedies: []string{
			"Read the diagnostic line: it says what came",
			"Add the person or group to a role under Services > SSO Login",
			"Ask for the groups with option scope and option groups_claim",
		},
	},
	{
		Code: TokenReplayed, Status: 403, Part: Outcome, Sentence: sentenceTryAgain,
		Brief:   "An access token was used a second time.",
		Meaning: "The access token was already used for a login.",
		Causes: []string{
			"The callback was sent twice",
			"The provider hands the same access token out again",
			"A stolen token is tried",
		},
		Remedies: []string{
			"Start again",
			"Have the provider issue a fresh access token for each login",
		},
	},
	{
		Code: TokenRegistryError, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:    briefStorage,
		Meaning:  "The used access token could not be remembered, so the login was not completed.",
		Causes:   causesDiskFull,
		Remedies: remediesDiskFull,
	},
	{
		Code: CSRFCheckFailed, Status: 403, Part: Outcome, Sentence: sentenceCSRF,
		Brief:   "A logout link had expired or was forged.",
		Meaning: "The logout request does not prove that it comes from LuCI's page.",
		Causes: []string{
			"An old or forged link",
			"The session was renewed meanwhile",
		},
		Remedies: []string{
			"Log out from LuCI's menu",
		},
	},
	{
		Code: UbusLoginFailed, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:    briefSession,
		Meaning:  "LuCI's session could not be created.",
		Causes:   causesRPCD,
		Remedies: remediesRPCD,
	},
	{
		Code: UbusConnectFailed, Status: 500, Part: Cause, EndsIn: UbusLoginFailed, Sentence: sentenceSystem,
		Brief:   briefSession,
		Meaning: "The ubus socket could not be reached.",
		Causes: []string{
			"Ubusd is not running",
			"/var/run/ubus/ubus.sock is missing or not accessible",
		},
		Remedies: []string{
			"Run on the router: ls -l /var/run/ubus and ubus list",
			"Reboot if ubusd is gone",
		},
	},
	{
		Code: UbusError, Status: 500, Part: Cause, EndsIn: UbusLoginFailed, Sentence: sentenceSystem,
		Brief:    briefSession,
		Meaning:  "A call to rpcd got no usable answer.",
		Causes:   causesRPCD,
		Remedies: remediesRPCD,
	},
	{
		Code: UbusSessionFailed, Status: 500, Part: Cause, EndsIn: UbusLoginFailed, Sentence: sentenceSystem,
		Brief:   briefSession,
		Meaning: "A session was created but could not be given its rights; it was destroyed again.",
		Causes: []string{
			"rpcd failed meanwhile",
			"There are no access groups in /usr/share/rpcd/acl.d",
		},
		Remedies: []string{
			"Run on the router: ls /usr/share/rpcd/acl.d",
			"Then /etc/init.d/rpcd restart, and try again",
		},
	},
	{
		Code: SystemInitFailed, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:   briefStorage,
		Meaning: "The secret key that seals logins in progress and sessions could not be made or read.",
		Causes: []string{
			"The overlay is full or read-only",
			"The key file is damaged",
			"Another process held the lock too long",
		},
		Remedies: []string{
			"Read the CRITICAL line before",
			"Run on the router: df /overlay and ls -l /etc/luci-sso",
			"Remove a damaged /etc/luci-sso/secret.key",
		},
	},
	{
		Code: SSLInitFailed, Status: 500, Part: Cause, Sentence: sentenceSystem,
		Brief:   "The CA certificates for HTTPS are missing or not readable.",
		Meaning: "There are no CA certificates to verify the provider with.",
		Causes: []string{
			"The package ca-bundle is not installed",
			"Option ca_file names a file that is missing or not PEM",
		},
		Remedies: []string{
			"Run on the router: opkg install ca-bundle (or apk add ca-bundle)",
			"Correct option ca_file",
		},
	},
	{
		Code: CryptoError, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:   briefInternal,
		Meaning: "A cryptographic operation failed.",
		Causes: []string{
			"The random source was replaced or is stuck",
			"A defect in luci-sso",
		},
		Remedies: []string{
			"Reboot",
			"Run on the router: ls -l /dev/urandom",
			"Report it with the log lines around it",
		},
	},
	{
		Code: CryptoInitFailed, Status: 500, Part: Outcome, Sentence: sentenceSystem,
		Brief:   briefInternal,
		Meaning: "The system's source of random numbers cannot be used.",
		Causes: []string{
			"The kernel or a container policy forbids getrandom",
			"/dev/urandom is missing",
		},
		Remedies: []string{
			"Run on the router: ls -l /dev/urandom and dmesg",
			"Loosen the container's seccomp policy",
			"Reboot",
		},
	},
	{
		Code: TooManyRequests, Status: 429, Part: Outcome, Sentence: sentenceBusy,
		Brief:   briefTooMany,
		Meaning: "More requests came within the window than the limit allows.",
		Causes: []string{
			"A scanner or a program that tries again without pause",
			"Many people behind one limit",
		},
		Remedies: []string{
			"Wait a minute",
			"Find the source in uhttpd's clients",
			"Set option rate_limit_per_client, or raise option rate_limit",
		},
	},
	{
		Code: InputTooLarge, Status: 431, Part: Outcome, Sentence: sentenceTooLarge,
		Brief:   "A request was too large.",
		Meaning: "The request's query, cookies or a header is over 16 KB, or there are more than 100 of them.",
		Causes: []string{
			"The browser collected many cookies for this host name",
			"Somebody probes the limits",
		},
		Remedies: []string{
			"Delete the router's cookies in the browser",
		},
	},
	{
		Code: NotFound, Status: 404, Part: Outcome, Sentence: sentenceNotFound,
		Brief:   "An address that does not exist was requested.",
		Meaning: "The address below /cgi-bin/luci-sso is none of /, /callback and /logout.",
		Causes: []string{
			"A wrong callback address is registered at the provider",
			"Somebody scans",
		},
		Remedies: []string{
			"Register https://<router>/cgi-bin/luci-sso/callback at the provider",
		},
	},
}
