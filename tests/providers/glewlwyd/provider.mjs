// SPDX-License-Identifier: Apache-2.0
//
// Glewlwyd, Debian's package. Its pages are scripts that talk to its API, so
// the tests talk to the API, too. A group is what its user property says.

import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Visitor } from '../../lib/visitor.mjs';
import { PASSWORD, debianPackage, libraries, part, people, program, run } from '../lib/stage.mjs';

const VERSION = '2.7.5-3+deb12u1';
// Its form-decoding of Basic is missing: a secret that needs none.
const SECRET = 'secret-of-the-tests';
const SCHEMA = 'usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';

let root;

function configuration({ origin, inner, dir }) {
	const lib = join(root, 'usr/lib/glewlwyd');

	mkdirSync(join(dir, 'middleware'), { recursive: true });

	return `port=${inner}\nbind_address="127.0.0.1"\nexternal_url="${origin}"\nlogin_url="login.html"\napi_prefix="api"\nstatic_files_path="${root}/usr/share/glewlwyd/webapp"
log_mode="console"\nlog_level="NONE"\ncookie_domain="localhost"\ncookie_secure=1\nsession_expiration=3600\nsession_key="SESSION"\nadmin_scope="g_admin"\nprofile_scope="g_profile"
user_module_path="${lib}/user"\nuser_middleware_module_path="${dir}/middleware"\nclient_module_path="${lib}/client"\nuser_auth_scheme_module_path="${lib}/scheme"\nplugin_module_path="${lib}/plugin"
hash_algorithm="SHA512"\ndatabase = { type = "sqlite3"; path = "${dir}/database"; };\n`;
}

export default [ {
	id: 'glewlwyd', name: 'Glewlwyd', version: VERSION, quick: true,
	prepare() { root = debianPackage('glewlwyd', VERSION); },
	async start({ ca, origin, inner, dir, callback, after, jwks, logoutAt }) {
		const api = `${origin}/api`;

		writeFileSync(join(dir, 'conf'), configuration({ origin, inner, dir }));
		rmSync(join(dir, 'database'), { force: true });
		run('/usr/bin/python3', [ '-c', `import sqlite3; sqlite3.connect('${dir}/database').executescript(open('${root}/${SCHEMA}').read())` ]);
		const running = await program(join(root, 'usr/bin/glewlwyd'), [ '-c', join(dir, 'conf') ], { ready: inner, env: { ...process.env, LD_LIBRARY_PATH: libraries(root) } });

		async function call(visitor, method, path, json) {
			const answer = await visitor.once(api + path, { method, json });

			if (answer.status >= 400)
				throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);

			return answer;
		}

		const admin = new Visitor([ ca.ca ]);
		const plugin = () => {
			const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

			return { module: 'oidc', name: 'oidc', display_name: 'oidc', parameters: {
				iss: `${api}/oidc`, 'jwt-type': 'rsa', 'jwt-key-size': '256', key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: pair.publicKey.export({ type: 'spki', format: 'pem' }),
				'access-token-duration': 3600, 'refresh-token-duration': 86400, 'code-duration': 600, 'refresh-token-rolling': true, 'auth-type-code-enabled': true, 'auth-type-refresh-enabled': true,
				'jwks-show': true, 'pkce-allowed': true, scope: [], 'subject-type': 'public', 'session-management-allowed': true, 'session-cookie-name': 'OIDC', 'session-cookie-expiration': 3600,
				'email-claim': 'mandatory', 'name-claim': 'no', 'back-channel-logout-allowed': true, 'request-parameter-allow': true, 'request-maximum-exp': 3600, 'client-jwks-parameter': 'jwks', 'client-pubkey-parameter': 'pubkey', 'client-jwks_uri-parameter': 'jwks_uri',
				'oauth-as-iss-id': true,
				'oauth-par-allowed': true, 'oauth-par-request_uri-prefix': 'urn:test:', 'oauth-par-duration': 90,
				claims: [
					{ name: 'groups', 'user-property': 'groups', type: 'string', mandatory: true },
					{ name: 'email_verified', 'user-property': 'email_verified', type: 'boolean', 'boolean-value-true': 'yes', 'boolean-value-false': 'no', mandatory: true },
				],
			} };
		};

		await call(admin, 'POST', '/auth/', { username: 'admin', password: 'password' });
		// Properties beyond its own have to be named.
		for (const [ kind, fields ] of [ [ 'user', { groups: true, email_verified: false } ],
			[ 'client', { token_endpoint_auth_method: true, post_logout_redirect_uris: true, backchannel_logout_uri: false, jwks: 'jwks' } ] ]) {
			const module = JSON.parse((await call(admin, 'GET', `/mod/${kind}/database`)).body);

			for (const [ name, multiple ] of Object.entries(fields))
				module.parameters['data-format'] = { ...module.parameters['data-format'], [name]: { multiple: multiple === true, read: true, write: true, ...multiple === 'jwks' && { convert: 'jwks' } } };
			await call(admin, 'PUT', `/mod/${kind}/database`, module);
			await call(admin, 'PUT', `/mod/${kind}/database/reset`);
		}
		await call(admin, 'POST', '/mod/plugin/', plugin());
		for (const [ id, more ] of [ [ 'router', { token_endpoint_auth_method: [ 'client_secret_basic' ] } ], [ 'router-key', { token_endpoint_auth_method: [ 'private_key_jwt' ], jwks } ],
			[ 'router-public', { token_endpoint_auth_method: [ 'none' ], confidential: false } ] ]) {
			await call(admin, 'POST', '/client/', {
				client_id: id, name: id, confidential: true, enabled: true, client_secret: SECRET, redirect_uri: [ callback ], authorization_type: [ 'code', 'refresh_token' ], scope: [],
				post_logout_redirect_uris: [ after ], ...logoutAt && { backchannel_logout_uri: logoutAt }, ...more,
			});
		}
		for (const [ name, { email, email_verified: verified, groups } ] of Object.entries(people))
			await call(admin, 'POST', '/user/', { username: name, name, email, password: PASSWORD, enabled: true, scope: [ 'openid', 'g_profile' ], groups, email_verified: verified ? 'yes' : 'no' });

		return {
			issuer: `${api}/oidc`, client: { id: 'router', secret: SECRET }, keyClient: 'router-key', publicClient: 'router-public',
			options: { scope: 'openid' },
			// Its login page asks the API to sign in and to grant, and goes on.
			async page(visitor, answer, person) {
				const query = new URL(answer.url).searchParams;
				const next = query.get('callback_url');

				if (!answer.url.includes('login.html') || !next)
					return null;
				await call(visitor, 'POST', '/auth/', { username: person, password: PASSWORD });
				await call(visitor, 'PUT', `/auth/grant/${query.get('client_id')}`, { scope: 'openid' });

				return { url: `${next}&g_continue` };
			},
			// What its page does once the person has confirmed.
			signOut: (visitor, tokens) => call(visitor, 'DELETE', `/oidc/session/${part(tokens.id_token).sid}/`),
			async rotate() {
				await call(admin, 'PUT', '/mod/plugin/oidc', plugin());
				await call(admin, 'PUT', '/mod/plugin/oidc/reset');
			},
			remove: (person) => call(admin, 'DELETE', `/user/${person}`),
			stop: () => running.stop(),
		};
	},
} ];
