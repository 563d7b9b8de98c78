// SPDX-License-Identifier: Apache-2.0
//
// better-auth with its plugin oauth-provider, in memory, with people and
// clients as its one argument says. It prints its clients, and ends with its input.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { jwt } from 'better-auth/plugins';
import { oauthProvider } from '@better-auth/oauth-provider';

const { origin, inner, callback, after, jwks, people, password } = JSON.parse(process.argv[2]);
const tables = Object.fromEntries([
	'user', 'session', 'account', 'verification', 'jwks', 'oauthClient', 'oauthRefreshToken', 'oauthAccessToken', 'oauthConsent',
	'oauthResource', 'oauthClientResource', 'oauthClientAssertion',
].map((name) => [ name, [] ]));
const groups = ({ user }) => ({ groups: people[user.name].groups });
const auth = betterAuth({
	baseURL: origin, secret: randomBytes(32).toString('base64url'), database: memoryAdapter(tables),
	emailAndPassword: { enabled: true }, rateLimit: { enabled: false }, logger: { disabled: true }, disabledPaths: [ '/token' ],
	plugins: [
		jwt({ jwks: { keyPairConfig: { alg: 'RS256' } } }),
		oauthProvider({
			loginPage: '/login', consentPage: '/consent', silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
			customIdTokenClaims: groups, customUserInfoClaims: groups,
		}),
	],
});
let session;

for (const [ name, { email, email_verified: verified } ] of Object.entries(people)) {
	const response = await auth.api.signUpEmail({ asResponse: true, body: { email, password, name } });

	session ??= new Headers({ cookie: response.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ') });
	tables.user.find((one) => one.email === email).emailVerified = verified;
}

const client = (more) => auth.api.adminCreateOAuthClient({ headers: session, body: {
	redirect_uris: [ 'https://router.example/callback' ], post_logout_redirect_uris: [ 'https://router.example/' ], enable_end_session: true, skip_consent: true, grant_types: [ 'authorization_code', 'refresh_token' ], ...more,
} });
const web = await client({ token_endpoint_auth_method: 'client_secret_basic' });
const open = await client({ token_endpoint_auth_method: 'none' });
const key = await client({ token_endpoint_auth_method: 'private_key_jwt', jwks });

// It registers no loopback address for such a client, and the tests' router has no other.
for (const one of tables.oauthClient)
	Object.assign(one, { redirectUris: [ callback ], postLogoutRedirectUris: [ after ] });

createServer(toNodeHandler(auth)).listen(inner, '127.0.0.1', () => {
	console.log(JSON.stringify({ id: web.client_id, secret: web.client_secret, key: key.client_id, open: open.client_id }));
});
process.stdin.on('data', (line) => {
	// New keys: the old ones are gone from its table.
	if (String(line).trim() === 'rotate')
		tables.jwks.length = 0;
	else
		tables.user.splice(tables.user.findIndex((one) => one.name === String(line).trim()), 1);
	console.log('ok');
}).on('end', () => process.exit(0));
