#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# openid-client 6.9.0 (npm) signs in at Glewlwyd 2.7.5-3+deb12u1 (Debian 12) with
# client_secret_basic, which is registered there and announced.
#
# Guess:  a Client ID and a secret of letters and hyphens need no encoding, so both
#         are sent as they are, and the login works.
# Seen:   openid-client encodes the hyphen as well (%2D: RFC 6749, 2.3.1 lets it), and
#         Glewlwyd does not undo the encoding: "my-router" is a client that it does not
#         know, as with a wrong secret. The same client without hyphens signs in, and so
#         does "my-router" with client_secret_post. Who writes either end has tried
#         names without a hyphen.
set -eu

case ${1:-} in
-h | --help) echo "Usage: findings/openid-client-hyphens-in-a-client-id-are-refused-by-glewlwyd.sh: what came, or exit code 1 when it has changed"; exit 0 ;;
esac

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"

# The Debian package and what it needs, unpacked here: nothing is installed.
mkdir -p archives/partial root/usr/lib/glewlwyd/user_middleware
apt-get -qq -y --no-install-recommends --download-only -o DPkg::Lock::Timeout=120 -o APT::Sandbox::User=root -o "Dir::Cache::archives=$dir/archives" install glewlwyd=2.7.5-3+deb12u1 >/dev/null
for package in archives/*.deb; do dpkg -x "$package" root; done
LD_LIBRARY_PATH=$(dirname "$(find "$dir/root" -name "libulfius.so*" | head -n 1)")
export LD_LIBRARY_PATH

npm init -y >/dev/null
npm install --silent --no-audit --no-fund openid-client@6.9.0

cat >probe.mjs <<'EOF'
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import * as oidc from 'openid-client';

const BACK = 'https://client.example/back';
const free = createServer();

await new Promise((resolve) => free.listen(0, '127.0.0.1', resolve));
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
for (const id of [ 'router', 'my-router' ]) {
	await admin('POST', '/client/', { client_id: id, name: id, confidential: true, enabled: true, client_secret: `${id}secret`, redirect_uri: [ BACK ], authorization_type: [ 'code' ], scope: [],
		token_endpoint_auth_method: [ 'client_secret_basic', 'client_secret_post' ] });
}
await admin('POST', '/user/', { ...account, password: 'a password' });

const person = browser();

await person('POST', '/auth/', { username: 'person', password: 'a password' });
for (const id of [ 'router', 'my-router' ]) {
	for (const method of [ 'ClientSecretBasic', 'ClientSecretPost' ]) {
		const client = await oidc.discovery(new URL(`${api}/oidc`), id, undefined, oidc[method](`${id}secret`), { execute: [ oidc.allowInsecureRequests ] });
		const verifier = oidc.randomPKCECodeVerifier();
		const state = oidc.randomState();
		const nonce = oidc.randomNonce();

		await person('PUT', `/auth/grant/${id}`, { scope: 'openid' });
		const response = await person('GET', `${oidc.buildAuthorizationUrl(client, {
			redirect_uri: BACK, scope: 'openid', state, nonce, code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
		})}&g_continue`);
		const came = await oidc.authorizationCodeGrant(client, new URL(response.headers.get('location')), { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce })
			.then((tokens) => `signed in as ${tokens.claims().aud}'s person`, (error) => `${error.status ?? error.code} ${error.error ?? error.message}`);

		console.log(`${id}, ${method}: ${came}`);
	}
}
process.exit(0);
EOF

/usr/bin/python3 -c "import sqlite3; sqlite3.connect('database').executescript(open('root/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3').read())"
node probe.mjs | tee seen
cat >expected <<'EOF'
router, ClientSecretBasic: signed in as router's person
router, ClientSecretPost: signed in as router's person
my-router, ClientSecretBasic: 403 unauthorized_client
my-router, ClientSecretPost: signed in as my-router's person
EOF
cmp -s seen expected || { echo "this has changed; it was:"; cat expected; exit 1; }
