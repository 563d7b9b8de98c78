// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// One plain sentence for every code of the catalogue, for the list of the last
// errors.

// begin codes: made by scripts/generate-docs from src/internal/fault
const sentences = [
	[ 'SSO_DISABLED',
		_('SSO is switched off, or its settings are incomplete.') ],
	[ 'CONFIG_ERROR',
		_('A setting is missing or not valid.') ],
	[ 'UCI_ERROR',
		_('The configuration could not be read.') ],
	[ 'INSECURE_ISSUER_URL INSECURE_FETCH_URL',
		_('The configured address of the provider does not use HTTPS.') ],
	[ 'OIDC_DISCOVERY_FAILED DISCOVERY_NETWORK_ERROR JWKS_NETWORK_ERROR TOKEN_ENDPOINT_NETWORK_ERROR USERINFO_NETWORK_ERROR',
		_('The router could not reach the provider.') ],
	[ 'DISCOVERY_FAILED JWKS_FETCH_FAILED USERINFO_FETCH_FAILED',
		_('The provider answered with an error.') ],
	[ 'INVALID_DISCOVERY_DOC DISCOVERY_MISSING_ISSUER DISCOVERY_MISSING_ENDPOINT INVALID_JWKS_FORMAT INVALID_AUTH_ENDPOINT TOKEN_RESPONSE_INVALID_JSON USERINFO_INVALID_JSON',
		_('The provider\'s answer is incomplete or malformed.') ],
	[ 'DISCOVERY_ISSUER_MISMATCH',
		_('The provider names itself differently from the Issuer URL.') ],
	[ 'INSECURE_ENDPOINT INSECURE_JWKS_URI INSECURE_AUTH_ENDPOINT INSECURE_TOKEN_ENDPOINT INSECURE_USERINFO_ENDPOINT',
		_('The provider announces an address that does not use HTTPS.') ],
	[ 'MISSING_STATE_PARAMETER MISSING_NONCE_PARAMETER MISSING_PKCE_CHALLENGE INVALID_PKCE_VERIFIER CRYPTO_ERROR CRYPTO_INIT_FAILED',
		_('An internal error on the router; the system log has the details.') ],
	[ 'IDP_ERROR',
		_('The provider refused the login: it was cancelled, or this person may not use this client.') ],
	[ 'MISSING_CODE MALFORMED_STATE_COOKIE',
		_('The browser came back with an incomplete or altered login.') ],
	[ 'MISSING_HANDSHAKE_COOKIE',
		_('The browser did not send the login cookie: it blocks cookies, or the login took too long.') ],
	[ 'STATE_PARAMETER_MISMATCH',
		_('The login was completed in another browser window, or its link was forged.') ],
	[ 'STATE_NOT_FOUND HANDSHAKE_EXPIRED',
		_('The login took longer than five minutes or had already been completed.') ],
	[ 'STATE_CORRUPTED STATE_SAVE_FAILED TOKEN_REGISTRY_ERROR SYSTEM_INIT_FAILED',
		_('The router could not read or write its login data; check the free space.') ],
	[ 'HANDSHAKE_NOT_YET_VALID',
		_('The router\'s clock was changed during the login.') ],
	[ 'HANDSHAKE_CAPACITY_EXCEEDED TOO_MANY_REQUESTS',
		_('Too many logins were started within a short time.') ],
	[ 'OIDC_INVALID_GRANT',
		_('The provider no longer accepts this login.') ],
	[ 'TOKEN_EXCHANGE_FAILED',
		_('The provider rejected the router; check Client ID and Client Secret.') ],
	[ 'MISSING_ID_TOKEN MISSING_SUB_CLAIM MISSING_EXP_CLAIM MISSING_IAT_CLAIM MISSING_NONCE MISSING_AZP_CLAIM MISSING_ACCESS_TOKEN',
		_('The provider\'s token lacks something that is required.') ],
	[ 'UNSUPPORTED_ALGORITHM',
		_('The provider signs with an algorithm other than RS256 or ES256.') ],
	[ 'INVALID_SIGNATURE ID_TOKEN_VERIFICATION_FAILED NONCE_MISMATCH AZP_MISMATCH AT_HASH_MISMATCH',
		_('The provider\'s token could not be verified.') ],
	[ 'MISSING_AT_HASH',
		_('The token carries no at_hash; the advanced settings can make it optional.') ],
	[ 'IDENTITY_MISMATCH',
		_('The provider\'s UserInfo belongs to another person.') ],
	[ 'USER_NOT_AUTHORIZED',
		_('No role matches this person, or the role grants nothing.') ],
	[ 'TOKEN_REPLAYED',
		_('An access token was used a second time.') ],
	[ 'CSRF_CHECK_FAILED',
		_('A logout link had expired or was forged.') ],
	[ 'UBUS_LOGIN_FAILED UBUS_CONNECT_FAILED UBUS_ERROR UBUS_SESSION_FAILED',
		_('The router could not create the session; check that rpcd is running.') ],
	[ 'SSL_INIT_FAILED',
		_('The CA certificates for HTTPS are missing or not readable.') ],
	[ 'INPUT_TOO_LARGE',
		_('A request was too large.') ],
	[ 'NOT_FOUND',
		_('An address that does not exist was requested.') ],
	[ 'PROVIDER_AWAITED',
		_('The provider kept another login waiting, so this one was told to try again.') ],
	[ 'SIGN_IN_INSUFFICIENT',
		_('A person\'s role asks for another way of signing in at the provider, or a more recent one.') ],
	[ 'PUSHED_REQUEST_FAILED',
		_('The provider did not take the login\'s request from the router.') ],
	[ 'SESSION_ROLE_GONE',
		_('A session was ended: its role is gone, or its person has another one now.') ],
	[ 'SESSION_LIFETIME_OVER',
		_('A session was ended: it has lasted as long as it may.') ],
	[ 'SESSION_REVOKED',
		_('A session was ended: the provider says that the sign-in does not hold any more.') ],
	[ 'SESSION_UNCONFIRMED',
		_('A session was ended: the provider could not be asked about it for too long.') ],
	[ 'SESSION_ENDED_BY_PROVIDER',
		_('A session was ended: the person signed out at the provider.') ],
	[ 'LOGOUT_TOKEN_INVALID',
		_('A logout token came that is not valid. No session was ended.') ],
	[ 'BACKCHANNEL_LOGOUT_FAILED',
		_('The provider\'s logout could not be carried out.') ]
];
// end

return baseclass.extend({
	all() {
		return sentences.reduce((rv, s) => rv.concat(s[0].split(' ')), []);
	},

	// explain tells what a code means, '' for one it does not know.
	explain(code) {
		const found = sentences.find((s) => s[0].split(' ').includes(code));

		return found ? found[1] : '';
	},

	// explainChain prefers the cause, which comes first, to the outcome.
	explainChain(codes) {
		for (let code of codes)
			if (this.explain(code) !== '')
				return this.explain(code);

		return '';
	}
});
