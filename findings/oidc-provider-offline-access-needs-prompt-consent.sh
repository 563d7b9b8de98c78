#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# oidc-provider 9.13.3 (npm), a web client with the grant refresh_token.
#
# Guess:  who asks for the scope offline_access, which the provider announces and
#         the person has granted, gets a refresh token; prompt=consent only decides
#         whether the person is asked again.
# Seen:   without prompt=consent the scope is dropped in silence: no error, no
#         refresh token, and offline_access is missing from the answer's scope.
#         With prompt=consent it comes. A client that wants to ask again later
#         has to send both, or the provider's issueRefreshToken has to be set.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/oidc-provider-offline-access-needs-prompt-consent.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
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
	interactions: { url: (ctx, one) => `/interaction/${one.uid}` },
	findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
});

// The person signs in, and grants whatever was asked for.
provider.use(async (ctx, next) => {
	if (!ctx.path.startsWith('/interaction/'))
		return next();

	const { prompt, session } = await provider.interactionDetails(ctx.req, ctx.res);
	let result = { login: { accountId: 'person' } };

	if (prompt.name === 'consent') {
		const grant = new provider.Grant({ accountId: session.accountId, clientId: 'client' });

		grant.addOIDCScope('openid offline_access');
		result = { consent: { grantId: await grant.save() } };
	}
	await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
	ctx.respond = false;
});

async function signIn(more) {
	const verifier = randomBytes(32).toString('base64url');
	const jar = new Map();
	let url = `${issuer}/auth?${new URLSearchParams({
		client_id: 'client', response_type: 'code', redirect_uri: BACK, scope: 'openid offline_access', ...more,
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

	const token = await fetch(`${issuer}/token`, {
		method: 'POST',
		headers: { authorization: `Basic ${btoa('client:secret')}` },
		body: new URLSearchParams({ grant_type: 'authorization_code', code: new URL(url).searchParams.get('code'), redirect_uri: BACK, code_verifier: verifier }),
	});

	return token.json();
}

const { scopes_supported: scopes } = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();

console.log(`offline_access is announced: ${scopes.includes('offline_access')}`);
for (const more of [ {}, { prompt: 'consent' } ]) {
	const { refresh_token: refresh, scope } = await signIn(more);

	console.log(`${more.prompt ? 'with' : 'without'} prompt=consent: scope "${scope}", a refresh token: ${refresh !== undefined}`);
}
process.exit(0);
EOF

node probe.mjs 2>/dev/null | grep -v '^oidc-provider NOTICE' | tee seen
cat >expected <<'EOF'
offline_access is announced: true
without prompt=consent: scope "openid", a refresh token: false
with prompt=consent: scope "openid offline_access", a refresh token: true
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
