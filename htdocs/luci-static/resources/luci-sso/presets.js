// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// What differs between identity providers: how their issuer looks, which scope
// and claim bring groups, whether the ID token lacks an at_hash without the
// provider saying so, whether addresses start as not verified, whether one that is not verified comes without saying so
// (then the flag is required), which further options were seen to work, and where in their own pages a client is made. The names of menus and fields over there
// stay as those pages spell them.

const GROUPS = 'openid profile email groups';
const PLAIN = 'openid profile email';

// begin presets: made by scripts/generate-docs from docs/reference/providers.json
const presets = [
	{
		id: 'pocketid', name: 'Pocket ID', issuer: 'https://id.example.com', scope: GROUPS, claim: 'groups', takes: [ 'token_auth_method private_key_jwt', 'token_auth_method none', 'revalidate' ],
		bare: true, unverified: true, where: 'OIDC Clients › Add OIDC Client', redirect: 'Callback URLs', logout: 'Logout Callback URLs',
		note: _('A new client lets nobody in: choose who may log in under “Allowed User Groups”, or press “Unrestrict”. Everybody needs a passkey.')
	},
	{
		id: 'keycloak', name: 'Keycloak', issuer: 'https://sso.example.com/realms/home', scope: PLAIN, claim: 'groups',
		slash: false, where: 'Clients › Create client › OpenID Connect › Client authentication: On', redirect: 'Valid redirect URIs', logout: 'Valid post logout redirect URIs',
		note: _('For groups add a mapper “Group Membership” named groups with “Full group path” off.')
	},
	{
		id: 'authentik', name: 'Authentik', issuer: 'https://auth.example.com/application/o/luci-router/', scope: PLAIN, claim: 'groups',
		slash: true, unverified: true, where: 'Applications › Create with Provider › OAuth2/OpenID', redirect: 'Redirect URIs/Origins',
		note: _('Choose a signing key there; groups come with the scope profile.')
	},
	{
		id: 'authelia', name: 'Authelia', issuer: 'https://auth.example.com', scope: GROUPS, claim: 'groups', takes: [ 'par', 'token_auth_method private_key_jwt', 'token_auth_method none', 'revalidate (offline_access)' ],
		slash: false, where: 'configuration.yml › identity_providers › oidc › clients', redirect: 'redirect_uris',
		note: _('Enter a hash of the secret there and the secret itself here.')
	},
	{
		id: 'google', name: 'Google', issuer: 'https://accounts.google.com', fixed: true, scope: PLAIN, claim: '',
		slash: false, where: 'Google Auth Platform › Clients › Create client › Web application', redirect: 'Authorized redirect URIs',
		note: _('Google sends no groups and accepts only public host names: map people by e-mail.')
	},
	{
		id: 'entra', name: 'Microsoft Entra ID', issuer: 'https://login.microsoftonline.com/TENANT-ID/v2.0', scope: PLAIN, claim: 'groups', at_hash: '0',
		slash: false, where: 'App registrations › New registration', redirect: 'Redirect URI (Web)',
		note: _('Under “Token configuration” add the claims email and groups; groups arrive as object IDs.')
	},
	{
		id: 'okta', name: 'Okta', issuer: 'https://example.okta.com', scope: GROUPS, claim: 'groups',
		slash: false, where: 'Applications › Create App Integration › OIDC › Web Application', redirect: 'Sign-in redirect URIs', logout: 'Sign-out redirect URIs',
		note: _('For groups set a “Groups claim filter” on the tab “Sign On”.')
	},
	{
		id: 'scalekit', name: 'Scalekit', issuer: 'https://example.scalekit.com', scope: PLAIN, claim: 'groups',
		slash: false, where: 'API credentials', redirect: 'Redirect URLs',
		note: _('With enterprise SSO alone Scalekit asks for the connection: let its own login page find it by the e-mail domain.')
	},
	{
		id: 'auth0', name: 'Auth0', issuer: 'https://example.eu.auth0.com/', scope: PLAIN, claim: 'router_groups',
		slash: true, where: 'Applications › Create Application › Regular Web Applications', redirect: 'Allowed Callback URLs', logout: 'Allowed Logout URLs',
		note: _('For groups add an action that puts them into the claim %s.').format('router_groups')
	},
	{
		id: 'zitadel', name: 'Zitadel', issuer: 'https://example.zitadel.cloud', scope: PLAIN, claim: 'groups', verified: '1', takes: [ 'token_auth_method private_key_jwt', 'token_auth_method none', 'revalidate (offline_access)' ],
		slash: false, where: 'Projects › Applications › New › Web', redirect: 'Redirect URIs', logout: 'Post Logout URIs',
		note: _('For groups add an action that puts them into the claim %s.').format('groups')
	},
	{
		id: 'kanidm', name: 'Kanidm', issuer: 'https://idm.example.com/oauth2/openid/router', scope: GROUPS, claim: 'groups', at_hash: '0',
		slash: false, where: 'kanidm system oauth2 create', redirect: 'kanidm system oauth2 add-redirect-url',
		note: _('Map the scopes to a group there; group names arrive as name@domain.')
	},
	{
		id: 'dex', name: 'Dex', issuer: 'https://dex.example.com/dex', scope: GROUPS, claim: 'groups', takes: [ 'token_auth_method none', 'revalidate (offline_access)' ],
		where: 'config.yaml › staticClients', redirect: 'redirectURIs',
		note: _('Whether there are groups depends on the connector behind Dex.')
	},
	{
		id: 'tinyauth', name: 'TinyAuth', issuer: 'https://tinyauth.example.com', scope: GROUPS, claim: 'groups', takes: [ 'revalidate' ],
		slash: false, where: 'tinyauth oidc create', redirect: 'TINYAUTH_OIDC_CLIENTS_ROUTER_TRUSTEDREDIRECTURIS',
		note: _('TinyAuth\'s own people have no groups: map them by e-mail.')
	},
	{
		id: 'casdoor', name: 'Casdoor', issuer: 'https://casdoor.example.com', scope: PLAIN, claim: 'groups', takes: [ 'token_auth_method none', 'revalidate', 'backchannel_logout' ],
		slash: false, unverified: true, where: 'Applications › Add', redirect: 'Redirect URLs', logout: 'Redirect URLs',
		note: _('Group names arrive as organization/group.')
	},
	{
		id: 'voidauth', name: 'VoidAuth', issuer: 'https://auth.example.com/oidc', scope: GROUPS, claim: 'groups', takes: [ 'par', 'token_auth_method none', 'revalidate (offline_access, prompt=consent)' ],
		slash: false, unverified: true, where: 'Admin › OIDC Apps › Create OIDC App', redirect: 'Redirect URLs', logout: 'PostLogout URL',
		note: _('Tick “Email Verified” for everybody whom you map by e-mail.')
	},
	{
		id: 'lemonldap', name: 'LemonLDAP::NG', issuer: 'https://lemonldap.example.com/', scope: GROUPS, claim: 'groups', takes: [ 'token_auth_method none', 'revalidate (offline_access)' ],
		where: 'OpenID Connect Relying Parties › Add OpenID Connect Relying Party', redirect: 'Allowed redirection addresses for login', logout: 'Allowed redirection addresses for logout',
		note: _('Set “ID Token signature algorithm” to RS256 there.')
	},
	{
		id: 'openbao', name: 'OpenBao', issuer: 'https://openbao.example.com:8200/v1/identity/oidc/provider/default', scope: 'openid email groups', claim: 'groups', takes: [ 'token_auth_method none' ],
		slash: false, where: 'bao write identity/oidc/client/router', redirect: 'redirect_uris',
		note: _('Make the scopes email and groups there first.')
	},
	{
		id: 'other', name: null, issuer: 'https://id.example.com', scope: GROUPS, claim: 'groups',
		where: 'OpenID Connect › Authorization Code', redirect: 'Redirect URI',
		note: _('The provider must support OpenID Connect Discovery and sign with RS256 or ES256.')
	}
];

const hosts = [
	[ 'google', /^https:\/\/accounts\.google\.com\b/ ],
	[ 'entra', /^https:\/\/login\.microsoftonline\.[a-z]+\// ],
	[ 'okta', /^https:\/\/[^\/]+\.okta(preview)?\.com\b/ ],
	[ 'scalekit', /^https:\/\/[^\/]+\.scalekit\.(com|dev|cloud)\b/ ],
	[ 'auth0', /^https:\/\/[^\/]+\.auth0\.com\b/ ],
	[ 'zitadel', /^https:\/\/[^\/]+\.zitadel\.cloud\b/ ],
	[ 'keycloak', /^https:\/\/[^\/]+\/(auth\/)?realms\// ],
	[ 'authentik', /^https:\/\/[^\/]+\/application\/o\// ],
	[ 'kanidm', /^https:\/\/[^\/]+\/oauth2\/openid\// ],
	[ 'openbao', /^https:\/\/[^\/]+\/v1\/(.+\/)?identity\/oidc\/provider\// ],
	[ 'dex', /^https:\/\/[^\/]+\/dex\/?$/ ],
	[ 'tinyauth', /^https:\/\/[^\/]*tinyauth[^\/]*\/?$/ ],
	[ 'casdoor', /^https:\/\/[^\/]*casdoor[^\/]*\/?$/ ],
	[ 'lemonldap', /^https:\/\/[^\/]*(lemonldap|llng)[^\/]*\/?$/ ],
	[ 'voidauth', /^https:\/\/[^\/]*(void|auth)[^\/]*\/oidc\/?$/ ],
	[ 'pocketid', /^https:\/\/(id\.|[^\/]*pocket)[^\/]*\/?$/ ],
	[ 'authelia', /^https:\/\/[^\/]*auth[^\/]*\/?$/ ]
];
// end

return baseclass.extend({
	all() {
		return presets;
	},

	get(id) {
		return presets.find((p) => p.id == id) || presets[presets.length - 1];
	},

	// guess names the provider a saved issuer belongs to, as far as its
	// address gives it away.
	guess(issuer) {
		const found = hosts.find((h) => h[1].test(issuer || ''));

		return found ? found[0] : (issuer ? 'other' : 'pocketid');
	},

	// steps are what has to be done in the provider's own pages.
	steps(preset, redirect_uri) {
		const steps = [
			_('Create a client: %s').format(preset.where),
			_('Enter this address as %s: %s').format(preset.redirect, redirect_uri),
			_('Copy its Client ID and Client Secret to this page.'),
			preset.note
		];

		// Where people would else be left with the provider's question.
		if (preset.logout)
			steps.push(_('So that people come back after logging out, enter this address as %s: %s').format(preset.logout, redirect_uri.replace(/\/cgi-bin\/.*$/, '/')));

		// By the measured table of docs/reference/compatibility.md.
		if (preset.takes)
			steps.push(_('Beyond a plain login, these were seen to work with it: %s').format(preset.takes.join(', ')));

		if (preset.unverified)
			steps.push(_('E-mail addresses there start as not verified, and such an address matches no role: have them verified, or map people by group.'));

		return steps;
	}
});
