#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Glewlwyd 2.7.5-3+deb12u1 (Debian 12), back-channel logout switched on.
#
# Guess:  its logout token reaches a loopback address, too, and is of type logout+jwt,
#         as OpenID Connect Back-Channel Logout 1.0 recommends.
# Seen:   it arrives, but its type is JWT, as of an ID token. Who tells a logout token
#         by its type refuses every logout from here.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/glewlwyd-logout-token-is-typed-jwt.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# The Debian package and what it needs, unpacked here: nothing is installed.
mkdir -p archives/partial root/usr/lib/glewlwyd/user_middleware
apt-get -qq -y --no-install-recommends --download-only -o APT::Sandbox::User=root -o "Dir::Cache::archives=$dir/archives" install glewlwyd=2.7.5-3+deb12u1 >/dev/null
for package in archives/*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find "$dir/root" -name "libulfius.so*" | head -n 1)")
export LD_LIBRARY_PATH

cat >probe.mjs <<'EOF'
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';

const BACK = 'https://client.example/back';
const received = [];

async function listen(handler) {
	const server = createServer(handler);

	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

	return server;
}

const logout = await listen(async (request, response) => {
	let body = '';

	for await (const part of request)
		body += part;
	received.push(new URLSearchParams(body).get('logout_token'));
	response.end();
});
const free = await listen();
const { port } = free.address();

await new Promise((resolve) => free.close(resolve));

const api = `http://localhost:${port}/api`;
const lib = 'root/usr/lib/glewlwyd';

writeFileSync('conf', `port=${port}\nbind_address="127.0.0.1"\nexternal_url="http://localhost:${port}"\nlogin_url="login.html"\napi_prefix="api"
log_mode="console"\nlog_level="NONE"\ncookie_domain="localhost"\ncookie_secure=0\nsession_expiration=3600\nsession_key="SESSION"\nadmin_scope="g_admin"\nprofile_scope="g_profile"
user_module_path="${lib}/user"\nuser_middleware_module_path="${lib}/user_middleware"\nclient_module_path="${lib}/client"\nuser_auth_scheme_module_path="${lib}/scheme"\nplugin_module_path="${lib}/plugin"
hash_algorithm="SHA512"\ndatabase = { type = "sqlite3"; path = "database"; };\n`);

const glewlwyd = spawn('root/usr/bin/glewlwyd', [ '-c', 'conf' ], { stdio: 'ignore' });

process.on('exit', () => glewlwyd.kill());
for (let tries = 0; tries < 100 && !await fetch(`${api}/config`).then(() => true, () => false); tries++)
	await new Promise((resolve) => setTimeout(resolve, 100));

// browser returns a function that makes requests with one jar of cookies.
function browser() {
	const jar = new Map();

	return async (method, path, body) => {
		const response = await fetch(path.startsWith('http') ? path : api + path, {
			method, redirect: 'manual', headers: { 'content-type': 'application/json', cookie: [ ...jar ].map((pair) => pair.join('=')).join('; ') }, body: body && JSON.stringify(body),
		});

		for (const line of response.headers.getSetCookie()) {
			const [ , name, value ] = /^([^=]+)=([^;]*)/.exec(line);

			jar.set(name, value);
		}
		if (response.status >= 400)
			throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);

		return response;
	};
}

const admin = browser();
const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const account = { username: 'person', name: 'Person', email: 'person@example.org', scope: [ 'openid', 'g_profile' ], enabled: true };

await admin('POST', '/auth/', { username: 'admin', password: 'password' });
await admin('POST', '/mod/plugin/', { module: 'oidc', name: 'oidc', display_name: 'oidc', parameters: {
	iss: `${api}/oidc`, 'jwt-type': 'rsa', 'jwt-key-size': '256', key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: pair.publicKey.export({ type: 'spki', format: 'pem' }),
	'access-token-duration': 3600, 'refresh-token-duration': 86400, 'code-duration': 600, 'refresh-token-rolling': true, 'auth-type-code-enabled': true, 'auth-type-refresh-enabled': true,
	'jwks-show': true, 'pkce-allowed': true, scope: [], 'subject-type': 'public', 'session-management-allowed': true, 'session-cookie-name': 'OIDC', 'session-cookie-expiration': 3600,
	'back-channel-logout-allowed': true, 'oauth-par-allowed': true, 'oauth-par-request_uri-prefix': 'urn:test:', 'oauth-par-duration': 90,
} });
await admin('POST', '/client/', { client_id: 'client', name: 'client', confidential: true, enabled: true, client_secret: 'secret', redirect_uri: [ BACK ], authorization_type: [ 'code', 'refresh_token' ], scope: [],
	token_endpoint_auth_method: [ 'client_secret_basic' ], backchannel_logout_uri: `http://127.0.0.1:${logout.address().port}/` });
await admin('POST', '/user/', { ...account, password: 'a password' });

const meta = await (await fetch(`${api}/oidc/.well-known/openid-configuration`)).json();
const person = browser();

async function post(url, body, secret = 'secret') {
	const response = await fetch(url, { method: 'POST', headers: { authorization: `Basic ${btoa(`client:${secret}`)}` }, body: new URLSearchParams(body) });
	const text = await response.text();

	return { status: response.status, text, ...text && JSON.parse(text) };
}

const words = ({ status, text, error, access_token: access }) => `${status}, ${access ? 'a new access token' : error ?? (text ? 'a body without error' : 'without a body')}`;
const verifier = randomBytes(32).toString('base64url');
const request = {
	client_id: 'client', response_type: 'code', redirect_uri: BACK, scope: 'openid', state: 'state', nonce: 'nonce',
	code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
};

async function signIn() {
	await person('POST', '/auth/', { username: 'person', password: 'a password' });
	await person('PUT', '/auth/grant/client', { scope: 'openid' });

	const response = await person('GET', `${meta.authorization_endpoint}?${new URLSearchParams(request)}&g_continue`);
	const code = new URL(response.headers.get('location')).searchParams.get('code');

	return post(meta.token_endpoint, { grant_type: 'authorization_code', code, redirect_uri: BACK, code_verifier: verifier });
}

const part = (jwt, which) => JSON.parse(Buffer.from(jwt.split('.')[which], 'base64url'));

// What its page does once the person has confirmed the logout.
async function signOut({ id_token: token }) {
	await person('DELETE', `/oidc/session/${part(token, 1).sid}/`);
}

await signOut(await signIn());
for (let tries = 0; tries < 100 && !received.length; tries++)
	await new Promise((resolve) => setTimeout(resolve, 100));

const claims = part(received[0], 1);

console.log(`announced: ${meta.backchannel_logout_supported ?? 'no'}`);
console.log(`logout tokens that arrived: ${received.length}`);
console.log(`typ: ${part(received[0], 0).typ}`);
console.log(`claims: ${Object.keys(claims).sort().join(', ')}`);
process.exit(0);
EOF

/usr/bin/python3 -c "import sqlite3; sqlite3.connect('database').executescript(open('root/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3').read())"
node probe.mjs | tee seen
cat >expected <<'EOF'
announced: no
logout tokens that arrived: 1
typ: JWT
claims: aud, events, iat, iss, jti, sub
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
