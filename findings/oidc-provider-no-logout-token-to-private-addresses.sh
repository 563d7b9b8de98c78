#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# oidc-provider 9.13.3 (npm), back-channel logout switched on.
#
# Guess:  when a person signs out, each client with a backchannel_logout_uri
#         gets its logout token by POST, wherever that address is.
# Seen:   nothing is sent to a private address. The person's logout succeeds
#         all the same, with a redirect to the client; only the provider's event
#         backchannel.error tells, "hostname resolves to a special-use IP
#         address". A router in a home's network is never told.
#
# It runs in a network namespace of its own, where 192.168.77.1 is this machine.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/oidc-provider-no-logout-token-to-private-addresses.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
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
const events = [];
let received = 0;

async function listen(handler, address) {
	const server = createServer(handler);

	await new Promise((resolve) => server.listen(0, address, resolve));

	return server;
}

// The clients' own server, reached in two ways.
const client = await listen((request, response) => { received++; response.end(); }, '0.0.0.0');
const server = await listen((request, response) => provider.callback()(request, response), '127.0.0.1');
const issuer = `http://127.0.0.1:${server.address().port}`;
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const entry = (id, uri) => ({
	client_id: id, client_secret: 'a secret of this test', redirect_uris: [ BACK ], post_logout_redirect_uris: [ BACK ],
	response_types: [ 'code' ], grant_types: [ 'authorization_code' ], backchannel_logout_uri: uri,
});
const provider = new Provider(issuer, {
	clients: [ entry('loopback', `http://127.0.0.1:${client.address().port}/`), entry('private', `http://192.168.77.1:${client.address().port}/`) ],
	jwks: { keys: [ { ...key, kid: 'one', use: 'sig', alg: 'RS256' } ] },
	cookies: { keys: [ 'cookies' ] },
	features: {
		devInteractions: { enabled: false },
		backchannelLogout: { enabled: true },
		rpInitiatedLogout: { enabled: true, logoutSource(ctx, form) { ctx.body = form; } },
	},
	interactions: { url: (ctx, one) => `/interaction/${one.uid}` },
	findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
	async loadExistingGrant(ctx) {
		const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });

		grant.addOIDCScope('openid');
		await grant.save();

		return grant;
	},
});

provider.on('backchannel.error', (ctx, error, one) => events.push(`${one.clientId}: ${error.cause?.message}`));
provider.on('backchannel.success', (ctx, one) => events.push(`${one.clientId}: sent`));
provider.use(async (ctx, next) => {
	if (!ctx.path.startsWith('/interaction/'))
		return next();

	await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: 'person' } });
	ctx.respond = false;
});

const jar = new Map();

async function visit(url, init = {}) {
	for (;;) {
		const cookie = [ ...jar ].map((pair) => pair.join('=')).join('; ');
		const response = await fetch(url, { redirect: 'manual', ...init, headers: { ...init.headers, cookie } });

		for (const line of response.headers.getSetCookie()) {
			const [ , name, value ] = /^([^=]+)=([^;]*)/.exec(line);

			if (value)
				jar.set(name, value);
			else
				jar.delete(name);
		}

		const to = response.headers.get('location');

		if (!to || to.startsWith(BACK))
			return { response, to };

		url = new URL(to, url).href;
	}
}

let idToken;

for (const id of [ 'loopback', 'private' ]) {
	const verifier = randomBytes(32).toString('base64url');
	const { to } = await visit(`${issuer}/auth?${new URLSearchParams({
		client_id: id, response_type: 'code', redirect_uri: BACK, scope: 'openid',
		code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
	})}`);
	const token = await fetch(`${issuer}/token`, {
		method: 'POST',
		headers: { authorization: `Basic ${btoa(`${id}:a+secret+of+this+test`)}` },
		body: new URLSearchParams({ grant_type: 'authorization_code', code: new URL(to).searchParams.get('code'), redirect_uri: BACK, code_verifier: verifier }),
	});

	idToken = (await token.json()).id_token;
}

const { response } = await visit(`${issuer}/session/end?${new URLSearchParams({ id_token_hint: idToken, post_logout_redirect_uri: BACK })}`);
const xsrf = /name="xsrf" value="([^"]+)"/.exec(await response.text())[1];
const end = await visit(`${issuer}/session/end/confirm`, { method: 'POST', body: new URLSearchParams({ xsrf, logout: 'yes' }) });

console.log(`the person is sent back to the client: ${end.to === BACK}`);
console.log(`logout tokens that arrived: ${received}`);
for (const line of events.sort())
	console.log(line);
process.exit(0);
EOF

unshare -n sh -c 'ip link set lo up && ip address add 192.168.77.1/32 dev lo && exec node probe.mjs' 2>/dev/null | grep -v '^oidc-provider NOTICE' | tee seen
cat >expected <<'EOF'
the person is sent back to the client: true
logout tokens that arrived: 0
loopback: hostname resolves to a special-use IP address
private: hostname resolves to a special-use IP address
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
