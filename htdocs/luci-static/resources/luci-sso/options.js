// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// The options of the settings; the parameters of an authorization request that
// list auth_param may not have (protocol); the values of amr that are
// registered, and others that providers send (methods).

// begin options: made by scripts/generate-docs from src/internal/config
const options = [
	{
		name: 'enabled', kind: 'flag', tested: false, required: false,
		label: _('Enable SSO'),
		help: _('Offers “Login with SSO” on the login page.'),
		default: '0',
		shipped: true
	},
	{
		name: 'issuer_url', kind: 'url', tested: true, required: true,
		label: _('Issuer URL'),
		help: _('The address of the provider, exactly as it names itself.'),
		example: 'https://id.example.com'
	},
	{
		name: 'internal_issuer_url', kind: 'url', tested: true, required: false,
		label: _('Internal Issuer URL'),
		help: _('Where the router reaches the provider, if not under the Issuer URL.'),
		example: 'https://id.lan'
	},
	{
		name: 'client_id', kind: 'text', tested: true, required: true,
		label: _('Client ID'),
		help: _('The name under which the provider knows this router.'),
		example: 'router'
	},
	{
		name: 'client_secret', kind: 'secret', tested: true, required: true,
		label: _('Client Secret'),
		help: _('The password that belongs to the Client ID.')
	},
	{
		name: 'redirect_uri', kind: 'query_url', tested: true, required: false,
		label: _('Redirect URI'),
		help: _('Where the provider sends people back to. Enter the same address at the provider.'),
		example: 'https://router.example.com/cgi-bin/luci-sso/callback'
	},
	{
		name: 'host', kind: 'list', tested: false, required: false,
		label: _('Names of this router'),
		help: _('More addresses at which a login may start while Redirect URI is empty: names that the router cannot know of itself.'),
		example: 'router.example.com',
		global: true
	},
	{
		name: 'scope', kind: 'text', tested: true, required: false,
		label: _('Scopes'),
		help: _('What is asked of the provider about a person, separated by spaces.'),
		default: 'openid profile email',
		shipped: true
	},
	{
		name: 'auth_param', kind: 'list', tested: false, required: false,
		label: _('Further parameters'),
		help: _('What else is asked of the provider at each sign-in, as name=value.'),
		example: 'prompt=select_account'
	},
	{
		name: 'clock_tolerance', kind: 'number', tested: true, required: true,
		label: _('Clock tolerance'),
		help: _('By how many seconds the clocks of router and provider may differ.'),
		default: '60',
		shipped: true,
		global: true,
		low: 0, high: 3600
	},
	{
		name: 'ca_file', kind: 'path', tested: true, required: false,
		label: _('CA file'),
		help: _('A PEM file with the only CA to trust for the provider; empty means the CAs of the router.'),
		example: '/etc/ssl/my-ca.pem'
	},
	{
		name: 'groups_claim', kind: 'text', tested: true, required: false,
		label: _('Groups claim'),
		help: _('The claim that lists the groups of a person; dots lead into nested claims, and \\. is a dot within a name.'),
		default: 'groups'
	},
	{
		name: 'require_at_hash', kind: 'choice', tested: true, required: false,
		label: _('Token binding (at_hash)'),
		help: _('Whether the ID token must name the access token it came with.'),
		default: 'auto',
		values: [ 'auto', '1', '0' ]
	},
	{
		name: 'require_email_verified', kind: 'flag', tested: true, required: false,
		label: _('Require verified e-mail'),
		help: _('Accepts an e-mail address only if the provider says that it is verified.'),
		default: '0'
	},
	{
		name: 'token_auth_method', kind: 'choice', tested: true, required: false,
		label: _('Client authentication'),
		help: _('How the router proves to the provider who it is.'),
		default: 'auto',
		values: [ 'auto', 'client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none' ]
	},
	{
		name: 'par', kind: 'choice', tested: true, required: false,
		label: _('Pushed requests (PAR)'),
		help: _('Whether the router hands a login\'s request to the provider itself, instead of through the browser.'),
		default: 'auto',
		values: [ 'auto', '1', '0' ]
	},
	{
		name: 'serve_jwks', kind: 'flag', tested: false, required: false,
		label: _('Publish the public key'),
		help: _('Lets the provider fetch this router\'s public key from it.'),
		default: '0',
		global: true
	},
	{
		name: 'session_cookie_path', kind: 'choice', tested: false, required: false,
		label: _('Session cookie path'),
		help: _('Where the browser sends the session: /cgi-bin keeps it from other services of this host name.'),
		default: '/',
		global: true,
		values: [ '/', '/cgi-bin' ]
	},
	{
		name: 'session_lifetime', kind: 'number', tested: false, required: false,
		label: _('Longest session'),
		help: _('After how many seconds a session ends, in use or not; 0 means never.'),
		default: '0',
		low: 0, high: 31536000
	},
	{
		name: 'backchannel_logout', kind: 'flag', tested: true, required: false,
		label: _('Logout by the provider'),
		help: _('Ends the sessions here of whoever signs out at the provider; enter the address below there.'),
		default: '0'
	},
	{
		name: 'revalidate', kind: 'number', tested: true, required: false,
		label: _('Ask the provider again'),
		help: _('Every how many seconds the provider is asked whether a sign-in still holds; 0 means never, 300 is a good start.'),
		default: '0',
		low: 0, high: 86400
	},
	{
		name: 'revalidate_grace', kind: 'number', tested: false, required: false,
		label: _('Patience with the provider'),
		help: _('For how many seconds the provider need not answer before a session ends.'),
		default: '3600',
		low: 0, high: 604800
	},
	{
		name: 'rate_limit', kind: 'number', tested: false, required: false,
		label: _('Requests per window'),
		help: _('How many requests all clients together may send in one window.'),
		default: '50',
		global: true,
		low: 1, high: 100000
	},
	{
		name: 'rate_window', kind: 'number', tested: false, required: false,
		label: _('Window'),
		help: _('The length of the window in seconds.'),
		default: '60',
		global: true,
		low: 1, high: 3600
	},
	{
		name: 'rate_limit_per_client', kind: 'number', tested: false, required: false,
		label: _('Requests per client'),
		help: _('How many of them one client may send; 0 means no limit of its own.'),
		default: '0',
		global: true,
		low: 0, high: 100000
	},
	{
		name: 'provider_logout', kind: 'flag', tested: false, required: false,
		label: _('Log out at the provider'),
		help: _('Whether logging out of the router logs out at the provider, too.'),
		default: '1'
	},
	{
		name: 'post_logout_redirect_uri', kind: 'query_url', tested: false, required: false,
		label: _('Address after logout'),
		help: _('Where the provider sends people after logging out; it must be registered there.'),
		example: 'https://router.example.com/'
	},
	{
		name: 'label', kind: 'text', tested: false, required: false,
		label: _('Text of the button'),
		help: _('What the button on the login page says; empty means “Login with SSO”.'),
		example: 'Sign in with Example',
		high: 64
	},
	{
		name: 'auto_login', kind: 'flag', tested: false, required: false,
		label: _('Straight to the provider'),
		help: _('The login page goes to the provider by itself; /cgi-bin/luci/?password still asks for the password.'),
		default: '0'
	}
];

const protocol = [ 'client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce', 'code', 'code_challenge', 'code_challenge_method', 'code_verifier', 'grant_type', 'request', 'request_uri', 'registration', 'id_token_hint', 'iss', 'dpop_jkt' ];

const methods = [ 'face', 'fpt', 'geo', 'hwk', 'iris', 'kba', 'mca', 'mfa', 'otp', 'pin', 'pop', 'pwd', 'rba', 'retina', 'sc', 'sms', 'swk', 'tel', 'user', 'vbm', 'wia', 'fido', 'ngcmfa', 'rsa', 'email', 'passkey', 'webauthn' ];
// end

return baseclass.extend({
	protocol, methods,

	all() {
		return options;
	},

	get(name) {
		return options.find((o) => o.name == name);
	}
});
