// SPDX-License-Identifier: Apache-2.0

package fault

import "strings"

// Explanation is what an administrator is told about a code, in English.
type Explanation struct {
	Meaning  string
	Causes   []string // The likely ones, most likely first.
	Remedies []string // What to do, in the order to try it.
}

// Explain returns the explanation of a code.
func Explain(code Code) (Explanation, bool) {
	for i := range explanations {
		if explanations[i].code == code {
			parts := strings.Split(explanations[i].text, "|")
			return Explanation{parts[0], strings.Split(parts[1], "; "), strings.Split(parts[2], "; ")}, true
		}
	}
	return Explanation{}, false
}

// What several codes have in common.
const (
	unreachable = "The provider is down, or listens on another address or port; the router's DNS does not know its name; a firewall rule stops the router; its certificate is not trusted by the router or the clock is wrong" +
		"|Read the diagnostic line before the code, which names the reason; run on the router: uclient-fetch -O - <issuer_url>/.well-known/openid-configuration; for a private certificate authority set option ca_file; inside the same network set option internal_issuer_url"
	plainHTTP  = "|The provider was set up without its public https:// address; it stands behind a reverse proxy that hides TLS from it|At the provider, set the public base URL to https:// and have the proxy send X-Forwarded-Proto"
	jsonBroken = "|Something between router and provider answers with a web page of its own; the provider is broken or half-way through an update|Open the address of the diagnostic line from the router and look at what comes; read the provider's log"
	internal   = "|A defect in luci-sso|Report it with the log lines around it"
	claims     = "|The provider does not follow OpenID Connect, or this client is set up for something else than signing in|Set the client up as a web application with the authorization code flow at the provider; update the provider"
	diskFull   = "|/var/run (tmpfs) is full; it is read-only; something else owns the directory|Run on the router: df /var/run and ls -ld /var/run/luci-sso; remove what fills it, or reboot"
	rpcdDown   = "|rpcd or ubusd was restarted at this moment, has crashed or hangs|Run on the router: ubus list session; then /etc/init.d/rpcd restart, and try again"
)

// explanations has the texts in the order of the catalogue: the meaning, the
// causes and the remedies, separated by "|", items by "; ". They are packed
// because every byte lies in a router's flash.
var explanations = [...]struct {
	code Code
	text string
}{
	{SSODisabled, "Single sign-on is switched off, or there is no configuration that could be used." +
		"|option enabled is not 1; /etc/config/luci-sso is missing; the configuration is not valid, which the lines before say|Run: uci set luci-sso.default.enabled=1 and uci commit luci-sso; mend what the code logged before this one names"},
	{ConfigError, "An option in /etc/config/luci-sso is missing, malformed, or the file cannot be parsed." +
		"|issuer_url, client_id, client_secret or clock_tolerance was never set; a value is out of its range; a hand-made edit broke the file's quoting|Read the diagnostic line: it names the option or the line of the file; see uci show luci-sso; correct it on the page Services > SSO Login"},
	{UCIError, "The configuration directory or file could not be read at all." +
		"|The overlay file system is damaged or was not mounted; /etc/config or the file lost its permissions|Run on the router: ls -l /etc/config and dmesg; restore a backup of the configuration"},
	{InsecureIssuerURL, "option issuer_url does not begin with https://, which every address of a provider must." +
		"|The address was typed with http:// or without a scheme|Give the provider a certificate and set option issuer_url to its https:// address"},
	{InsecureFetchURL, "option internal_issuer_url does not begin with https://; that holds inside one's own network as well." +
		"|An internal address was set that has no TLS|Put TLS on the internal address and set option ca_file if its authority is your own; or remove option internal_issuer_url"},
	{OIDCDiscoveryFailed, "The provider's discovery document could not be had, so no login can start." +
		"|" + unreachable},
	{DiscoveryFailed, "The provider answered the request for its discovery document with another status than 200." +
		"|option issuer_url has a wrong path (a realm, tenant or application is missing); the provider is failing; a proxy in front of it refuses the router|Open <issuer_url>/.well-known/openid-configuration in a browser: it must show JSON; copy the issuer from the provider's own page; read the provider's log"},
	{DiscoveryNetworkError, "No HTTP response to the request for the discovery document was received." +
		"|" + unreachable},
	{InvalidDiscoveryDoc, "What came instead of the discovery document is not JSON of the expected form." + jsonBroken},
	{DiscoveryMissingIssuer, "The discovery document does not say which issuer it belongs to." + claims},
	{DiscoveryIssuerMismatch, "The provider calls itself differently from option issuer_url. The two must be equal to the last character." +
		"|A slash at the end, a path or a port is too much or missing; the provider does not know its public address; issuer_url holds the internal address|Copy the issuer from the diagnostic line into option issuer_url, if that is your provider; for another address inside the network use option internal_issuer_url"},
	{DiscoveryMissingEndpoint, "The discovery document lacks authorization_endpoint, token_endpoint or jwks_uri." + claims},
	{InsecureEndpoint, "The discovery document names a required address that is not https." + plainHTTP},
	{JWKSFetchFailed, "The provider's signing keys could not be had, so no ID token can be verified." +
		"|The key set's address answers with an error; a proxy refuses it; the provider is failing|Open the jwks_uri of the discovery document from the router; read the provider's log"},
	{JWKSNetworkError, "No HTTP response to the request for the signing keys was received." + "|" + unreachable},
	{InsecureJWKSURI, "The provider's jwks_uri is not https, so its keys could be exchanged on the way." + plainHTTP},
	{InvalidJWKSFormat, "What came instead of the key set is not JSON or has no keys array." + jsonBroken},
	{InsecureAuthEndpoint, "The provider's authorization_endpoint is not https; the browser is not sent there." + plainHTTP},
	{InvalidAuthEndpoint, "The provider's authorization_endpoint contains a fragment (#), which RFC 6749 forbids, or is too long to reach the browser." +
		"|The provider's base URL was set to an address of its web interface|Correct the base URL at the provider"},
	{MissingStateParameter, "The login was about to start without its state value." + internal},
	{MissingNonceParameter, "The login was about to start without its nonce." + internal},
	{MissingPKCEChallenge, "The login was about to start without its PKCE challenge." + internal},
	{IdPError, "The provider sent the browser back with an error instead of a code." +
		"|The person cancelled or may not use this client; the client is set up differently at the provider than on the router; the provider failed|Read the diagnostic line: it names the error, who can mend it and where; luci-sso explain <error> says the same"},
	{MissingCode, "The browser came back without a code, or with more than one." +
		"|The callback address was opened by hand or from the history; a proxy cut the query off|Start again from LuCI's login page; see that the client uses the response type code and response mode query"},
	{MissingHandshakeCookie, "The browser sent no cookie of a login in progress." +
		"|The login took longer than five minutes; the browser blocks cookies; login and callback went to different host names of the router|Start again; allow cookies for the router; see that a proxy passes the Host header and cookies on"},
	{StateParameterMismatch, "The response does not belong to this browser's login, or does not come from the configured provider (iss, RFC 9207)." +
		"|The link was forged or is an old one; more than three tabs logged in at once; the provider's iss differs from option issuer_url|Start again; if the diagnostic line is about iss, make option issuer_url equal to the provider's issuer"},
	{StateNotFound, "There is no login in progress for the browser's cookie." +
		"|The callback was loaded twice (reload, back button); it was too late and was cleaned up; the router was restarted meanwhile|Start again from LuCI's login page"},
	{StateCorrupted, "The stored login in progress is damaged." +
		"|The router lost power or space while writing; the secret key was replaced meanwhile|Start again; if it comes back, check the free space in /var/run and dmesg"},
	{StateSaveFailed, "The login in progress could not be stored or removed." + diskFull},
	{MalformedStateCookie, "The browser's login cookie is not one that this router made." +
		"|The cookie was altered by hand, an extension or an attacker|Delete the router's cookies in the browser and start again"},
	{HandshakeExpired, "The person took longer than five minutes at the provider." +
		"|Signing in at the provider was interrupted; the router's clock jumped ahead|Start again; check the router's time (NTP)"},
	{HandshakeNotYetValid, "The login was started later than it is now." +
		"|The router's clock was set back while the login was in progress|Check the router's time (NTP) and start again; raise option clock_tolerance only if the clock cannot be mended"},
	{HandshakeCapacityExceeded, "100 logins are in progress and none of them has expired." +
		"|Somebody floods the router with login starts; a monitoring program polls the login address|Wait five minutes; set option rate_limit_per_client; keep the router's web interface off the internet"},
	{InsecureTokenEndpoint, "The provider's token_endpoint is not https; code and client secret are not sent there." + plainHTTP},
	{InvalidPKCEVerifier, "The PKCE verifier kept for this login does not have 43 to 128 characters." + internal},
	{TokenEndpointNetworkError, "The token endpoint gave no complete response, or one over 256 KB." + "|" + unreachable},
	{OIDCInvalidGrant, "The provider no longer accepts the authorization code." +
		"|The code was used already or is too old; the redirect URI or the PKCE verifier is not the one of the login; the provider was restarted meanwhile|Start again; check that both clocks are right; check that option redirect_uri is exactly the address registered at the provider"},
	{TokenExchangeFailed, "The provider refused to exchange the code for tokens." +
		"|option client_id or client_secret is wrong or the secret was renewed or has expired; the client authenticates in another way; the provider failed|Read the diagnostic line; copy client ID and secret from the provider again; set option token_auth_method to what the provider expects"},
	{TokenResponseInvalidJSON, "The token response is not JSON of the expected form." + jsonBroken},
	{MissingIDToken, "The token response has no id_token." +
		"|option scope lacks openid; the client is set up for OAuth only, without OpenID Connect|Put openid into option scope; switch OpenID Connect on for this client at the provider"},
	{UnsupportedAlgorithm, "The ID token is signed with something else than RS256 or ES256." +
		"|The client is set to HS256, PS256, EdDSA or none at the provider|Choose RS256 or ES256 as the client's ID token signature at the provider"},
	{InvalidSignature, "The ID token's signature fits none of the provider's keys, which were fetched again to be sure." +
		"|Another provider or tenant signed it; the provider publishes other keys than it signs with; the token was altered on the way|Check that issuer_url and the token endpoint belong to one tenant; see that the provider's jwks_uri lists the key ID of the diagnostic line"},
	{IDTokenVerificationFailed, "The ID token is not one that this router may accept." +
		"|What the code or line before says; the clocks of router and provider differ; client_id belongs to another client|Follow the line before; check the router's time (NTP); copy option client_id again"},
	{MissingSubClaim, "The ID token does not say who signed in (sub)." + claims},
	{MissingExpClaim, "The ID token does not say until when it is valid (exp)." + claims},
	{MissingIatClaim, "The ID token does not say when it was issued (iat)." + claims},
	{MissingNonce, "The ID token or the stored login has no nonce, so the token could be an old one." + claims},
	{NonceMismatch, "The ID token was made for another login." +
		"|The provider served a kept token; somebody tries to pass on a stolen one|Start again; if it comes back, turn off caching of token responses in front of the provider"},
	{MissingAzpClaim, "The ID token is for several audiences and does not say which client asked for it (azp)." +
		"|A mapper at the provider adds audiences to the ID token|Take the additional audiences out of the ID token at the provider"},
	{AzpMismatch, "The ID token was issued to another client (azp)." +
		"|option client_id is of another client; the provider mixes clients|Copy option client_id from the provider again"},
	{MissingAccessToken, "The token response has no access_token." +
		"|The client is set up to get ID tokens only|Let the client get access tokens in the code flow at the provider"},
	{MissingAtHash, "The ID token does not say which access token it belongs to (at_hash)." +
		"|The provider never sends at_hash and does not say so in its discovery document|Have the provider add at_hash; if it cannot, set option require_at_hash to 0"},
	{AtHashMismatch, "The ID token belongs to another access token." +
		"|The access token was exchanged on the way; the provider computes at_hash wrongly|Try again; if it comes back, report it to the provider's maker"},
	{InsecureUserInfoEndpoint, "The provider's userinfo_endpoint is not https and was not asked." + plainHTTP},
	{UserInfoFetchFailed, "The UserInfo endpoint refused the access token, so e-mail or groups are unknown." +
		"|The token lacks a scope; the client may not use UserInfo|Check option scope against what the client is allowed at the provider; put e-mail and groups into the ID token instead"},
	{UserInfoNetworkError, "The UserInfo endpoint gave no complete response, or one over 256 KB." + "|" + unreachable},
	{UserInfoInvalidJSON, "The UserInfo response is not a JSON object." +
		"|The client is set to signed or encrypted UserInfo responses; something between router and provider answers|Set the client to plain JSON for UserInfo at the provider"},
	{IdentityMismatch, "UserInfo speaks of another person than the ID token." +
		"|The provider uses different subject identifiers for the two; tokens were mixed up|Set one subject type for this client at the provider; report it to the provider's maker"},
	{UserNotAuthorized, "The person is who they say, but no role gives them anything." +
		"|No role lists their e-mail, group or subject; the provider sends no e-mail or groups; the e-mail is not verified; the role that matches has no read or write list|Read the diagnostic line: it says what came; add the person or group to a role under Services > SSO Login; ask for the groups with option scope and option groups_claim"},
	{TokenReplayed, "The access token was already used for a login." +
		"|The callback was sent twice; the provider hands the same access token out again; a stolen token is tried|Start again; have the provider issue a fresh access token for each login"},
	{TokenRegistryError, "The used access token could not be remembered, so the login was not completed." + diskFull},
	{CSRFCheckFailed, "The logout request does not prove that it comes from LuCI's page." +
		"|An old or forged link; the session was renewed meanwhile|Log out from LuCI's menu"},
	{UbusLoginFailed, "LuCI's session could not be created." + rpcdDown},
	{UbusConnectFailed, "The ubus socket could not be reached." +
		"|ubusd is not running; /var/run/ubus/ubus.sock is missing or not accessible|Run on the router: ls -l /var/run/ubus and ubus list; reboot if ubusd is gone"},
	{UbusError, "A call to rpcd got no usable answer." + rpcdDown},
	{UbusSessionFailed, "A session was created but could not be given its rights; it was destroyed again." +
		"|rpcd failed meanwhile; there are no access groups in /usr/share/rpcd/acl.d|Run on the router: ls /usr/share/rpcd/acl.d; then /etc/init.d/rpcd restart, and try again"},
	{SystemInitFailed, "The secret key that seals logins in progress could not be made or read." +
		"|The overlay is full or read-only; the key file is damaged; another process held the lock too long|Read the CRITICAL line before; run on the router: df /overlay and ls -l /etc/luci-sso; remove a damaged /etc/luci-sso/secret.key"},
	{SSLInitFailed, "There are no CA certificates to verify the provider with." +
		"|The package ca-bundle is not installed; option ca_file names a file that is missing or not PEM|Run on the router: opkg install ca-bundle (or apk add ca-bundle); correct option ca_file"},
	{CryptoError, "A cryptographic operation failed." +
		"|The random source was replaced or is stuck; a defect in luci-sso|Reboot; run on the router: ls -l /dev/urandom; report it with the log lines around it"},
	{CryptoInitFailed, "The system's source of random numbers cannot be used." +
		"|The kernel or a container policy forbids getrandom; /dev/urandom is missing|Run on the router: ls -l /dev/urandom and dmesg; loosen the container's seccomp policy; reboot"},
	{TooManyRequests, "More requests came within the window than the limit allows." +
		"|A scanner or a program that tries again without pause; many people behind one limit|Wait a minute; find the source in uhttpd's clients; set option rate_limit_per_client, or raise option rate_limit"},
	{InputTooLarge, "The request's query, cookies or a header is over 16 KB, or there are more than 100 of them." +
		"|The browser collected many cookies for this host name; somebody probes the limits|Delete the router's cookies in the browser"},
	{NotFound, "The address below /cgi-bin/luci-sso is none of /, /callback and /logout." +
		"|A wrong callback address is registered at the provider; somebody scans|Register https://<router>/cgi-bin/luci-sso/callback at the provider"},
	{ProviderAwaited, "The provider keeps another login waiting, nothing of its documents is kept, and this login does not wait as well." +
		"|The provider is slow, overloaded or gone without a word; a firewall between router and provider drops packets|Try again in a few seconds; run on the router: uclient-fetch -O - <issuer_url>/.well-known/openid-configuration; read the provider's log"},
}
