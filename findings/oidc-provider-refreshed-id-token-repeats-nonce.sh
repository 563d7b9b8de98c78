#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# oidc-provider 9.13.3 (npm), a client that uses its refresh token.
#
# Guess:  the ID token of a refresh has no nonce, as OpenID Connect Core 12.2
#         recommends: nobody started a login that it could belong to.
# Seen:   every one repeats the nonce of the login, and so did the one after it.
#         A client that refuses an ID token with a nonce it did not just send
#         refuses every refresh here: it has to keep the first one to compare.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/oidc-provider-refreshed-id-token-repeats-nonce.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund oidc-provider@9.13.3

cat >probe.mjs <<'EOF'
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const BACK = 'https://client.example/back';
const server = createServer((request, response) => provider.callback()(request, response));

await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const issuer = `http://127.0.0.1:${server.address().port}`;
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const provider = new Provider(issuer, {
	clients: [ { client_id: 'client', client_secret: 'secret', redirect_uris: [ BACK ], response_types: [ 'code' ], grant_types: [ 'authorization_code', 'refresh_token' ] } ],
	jwks: { keys: [ { ...key, kid: 'one', use: 'sig', alg: 'RS256' } ] },
	cookies: { keys: [ 'cookies' ] },
	features: { devInteractions: { enabled: false } },
	issueRefreshToken: () => true,
	interactions: { url: (ctx, one) => `/interaction/${one.uid}` },
	findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
	async loadExistingGrant(ctx) {
		const grant = new ctx.oidc.provider.Grant({ clientId: 'client', accountId: ctx.oidc.session.accountId });

		grant.addOIDCScope('openid');
		await grant.save();

		return grant;
	},
});

provider.use(async (ctx, next) => {
	if (!ctx.path.startsWith('/interaction/'))
		return next();

	await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: 'person' } });
	ctx.respond = false;
});

async function token(body) {
	const response = await fetch(`${issuer}/token`, { method: 'POST', headers: { authorization: `Basic ${btoa('client:secret')}` }, body: new URLSearchParams(body) });

	return response.json();
}

const verifier = randomBytes(32).toString('base64url');
const nonce = randomBytes(32).toString('base64url');
const jar = new Map();
let url = `${issuer}/auth?${new URLSearchParams({
	client_id: 'client', response_type: 'code', redirect_uri: BACK, scope: 'openid', nonce,
	code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
})}`;

while (!url.startsWith(BACK)) {
	const response = await fetch(url, { redirect: 'manual', headers: { cookie: [ ...jar ].map((pair) => pair.join('=')).join('; ') } });

	for (const line of response.headers.getSetCookie()) {
		const [ , name, value ] = /^([^=]+)=([^;]*)/.exec(line);

		jar.set(name, value);
	}
	url = new URL(response.headers.get('location'), url).href;
}

let answer = await token({ grant_type: 'authorization_code', code: new URL(url).searchParams.get('code'), redirect_uri: BACK, code_verifier: verifier });

for (const what of [ 'the login', 'the first refresh', 'the second refresh' ]) {
	const claims = JSON.parse(Buffer.from(answer.id_token.split('.')[1], 'base64url'));

	console.log(`${what}: an ID token with ${claims.nonce === undefined ? 'no nonce' : claims.nonce === nonce ? "the login's nonce" : 'another nonce'}`);
	answer = await token({ grant_type: 'refresh_token', refresh_token: answer.refresh_token });
}
process.exit(0);
EOF

node probe.mjs 2>/dev/null | grep -v '^oidc-provider NOTICE' | tee seen
cat >expected <<'EOF'
the login: an ID token with the login's nonce
the first refresh: an ID token with the login's nonce
the second refresh: an ID token with the login's nonce
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
