#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# better-auth 1.7.5 (npm) with its plugin oauth-provider.
#
# Guess:  revoking a token is answered with 200, also when the token is already
#         gone: RFC 7009 2.2 wants that, since the client has what it asked for.
# Seen:   the first time 200, the second time 400 invalid_request. A client that
#         tries again after a lost answer sees a failure where all is done.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/better-auth-revoking-twice-is-an-error.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
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

const { refresh_token: token } = await authorize(await join('person'));

for (const what of [ 'first', 'second' ]) {
	const { status, error } = await post(meta.revocation_endpoint, { token, token_type_hint: 'refresh_token' });

	console.log(`the ${what} revocation: ${status}${error ? ` ${error}` : ''}`);
}

const { status, error } = await post(meta.token_endpoint, { grant_type: 'refresh_token', refresh_token: token });

console.log(`a refresh with it: ${status} ${error}`);
process.exit(0);
EOF

node probe.mjs | tee seen
cat >expected <<'EOF'
the first revocation: 200
the second revocation: 400 invalid_request
a refresh with it: 400 invalid_grant
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
