#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# better-auth 1.7.5 (npm) with its plugins oauth-provider and admin.
#
# Guess:  once an administrator has banned a person, and once the account is
#         removed, a refresh is answered with 400 invalid_grant.
# Seen:   banning ends the person's sessions and forbids new ones, but refresh
#         tokens go on: 200, with a new refresh token and a new ID token. After
#         the removal it is 400 invalid_request, "user not found", so that a
#         client which waits for invalid_grant takes it for a fault of its own.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/better-auth-refresh-goes-on-for-a-banned-person.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --legacy-peer-deps --no-audit --no-fund \
	better-auth@1.7.5 @better-auth/core@1.7.5 @better-auth/oauth-provider@1.7.5 @better-auth/memory-adapter@1.7.5 @better-auth/utils@0.4.2 @better-fetch/fetch@1.3.2

cat >probe.mjs <<'EOF'
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { admin, jwt } from 'better-auth/plugins';
import { oauthProvider } from '@better-auth/oauth-provider';

const BACK = 'https://client.example/back';
const PASSWORD = 'a password of this test';
const server = createServer((request, response) => toNodeHandler(auth)(request, response));

await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const origin = `http://127.0.0.1:${server.address().port}`;
const tables = Object.fromEntries([
	'user', 'session', 'account', 'verification', 'jwks', 'oauthClient', 'oauthRefreshToken', 'oauthAccessToken', 'oauthConsent',
	'oauthResource', 'oauthClientResource', 'oauthClientAssertion',
].map((name) => [ name, [] ]));
const auth = betterAuth({
	baseURL: origin, secret: randomBytes(32).toString('base64url'), database: memoryAdapter(tables),
	emailAndPassword: { enabled: true }, rateLimit: { enabled: false }, logger: { disabled: true }, disabledPaths: [ '/token' ],
	plugins: [
		admin(), jwt({ jwks: { keyPairConfig: { alg: 'RS256' } } }),
		oauthProvider({ loginPage: '/login', consentPage: '/consent', silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true } }),
	],
});

// join makes an account and returns the headers of its session.
async function join(name) {
	const response = await auth.api.signUpEmail({ asResponse: true, body: { email: `${name}@example.org`, password: PASSWORD, name } });

	return new Headers({ cookie: response.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ') });
}

// Who comes first makes the client.
const boss = await join('boss');

tables.user[0].role = 'admin';

const client = await auth.api.adminCreateOAuthClient({ headers: boss, body: {
	redirect_uris: [ BACK ], skip_consent: true, grant_types: [ 'authorization_code', 'refresh_token' ], token_endpoint_auth_method: 'client_secret_basic',
} });
const meta = await (await fetch(`${origin}/api/auth/.well-known/openid-configuration`)).json();

async function post(url, body) {
	const response = await fetch(url, { method: 'POST', headers: { authorization: `Basic ${btoa(`${client.client_id}:${client.client_secret}`)}` }, body: new URLSearchParams(body) });

	return { status: response.status, ...await response.json().catch(() => ({})) };
}

// authorize: a person with these cookies comes back with a code, which becomes tokens.
async function authorize(headers) {
	const verifier = randomBytes(32).toString('base64url');
	const response = await fetch(`${meta.authorization_endpoint}?${new URLSearchParams({
		client_id: client.client_id, response_type: 'code', redirect_uri: BACK, scope: 'openid offline_access', state: randomBytes(16).toString('hex'),
		code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
	})}`, { redirect: 'manual', headers });
	const url = new URL(response.headers.get('location') ?? (await response.json()).url, origin);

	return post(meta.token_endpoint, { grant_type: 'authorization_code', code: url.searchParams.get('code'), redirect_uri: BACK, code_verifier: verifier });
}

const person = await join('person');
const { user } = await auth.api.getSession({ headers: person });
const first = await authorize(person);

await auth.api.banUser({ headers: boss, body: { userId: user.id } });
console.log(`sessions of the banned person: ${tables.session.filter((one) => one.userId === user.id).length}`);

const again = await fetch(`${origin}/api/auth/sign-in/email`, {
	method: 'POST', headers: { 'content-type': 'application/json', origin }, body: JSON.stringify({ email: user.email, password: PASSWORD }),
});

console.log(`a new login: ${again.status} ${(await again.json()).code}`);

const second = await post(meta.token_endpoint, { grant_type: 'refresh_token', refresh_token: first.refresh_token });

console.log(`a refresh: ${second.status}, a new refresh token: ${second.refresh_token !== first.refresh_token}, an ID token: ${second.id_token !== undefined}`);
await auth.api.removeUser({ headers: boss, body: { userId: user.id } });

const third = await post(meta.token_endpoint, { grant_type: 'refresh_token', refresh_token: second.refresh_token });

console.log(`a refresh after the removal: ${third.status} ${third.error}, ${third.error_description}`);
process.exit(0);
EOF

node probe.mjs | tee seen
cat >expected <<'EOF'
sessions of the banned person: 0
a new login: 403 BANNED_USER
a refresh: 200, a new refresh token: true, an ID token: true
a refresh after the removal: 400 invalid_request, user not found
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
