// SPDX-License-Identifier: Apache-2.0
//
// oidc-provider, as it is set up for the tests that go deeper (tests/provider).
// Its keys change when it starts anew, at the same address.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOP } from '../../lib/lab.mjs';
import { SECRET, fields, freePort, run } from '../lib/stage.mjs';

export default [ {
	id: 'oidc-provider', name: 'oidc-provider', quick: true,
	version: JSON.parse(readFileSync(join(TOP, 'tests/package.json'), 'utf8')).devDependencies['oidc-provider'],
	prepare() {
		if (!existsSync(join(TOP, 'tests/node_modules/oidc-provider')))
			run('npm', [ 'ci', '--ignore-scripts', '--no-audit', '--no-fund' ], { cwd: join(TOP, 'tests') });
	},
	async start({ ca, callback, after, jwks, logoutAt }) {
		const { people, startProvider } = await import('../../provider/server.mjs');
		const port = await freePort();
		const begin = () => startProvider({
			host: 'localhost', port, tls: ca, secret: SECRET, redirectURIs: [ callback ], afterLogout: [ after ], clientKeys: jwks, refresh: true, logout: logoutAt, asks: true,
		});
		let running = await begin();
		const { issuer, clients } = running;

		return {
			origin: issuer, issuer, client: { id: clients.rs256, secret: SECRET }, keyClient: clients.key, publicClient: clients.none,
			options: { scope: 'openid profile email groups' },
			requests: () => running.requests,
			before(person) { running.person = person; },
			// Its pages are forms that send themselves; only that for signing out waits for an answer.
			page: () => null,
			async signOut(visitor, tokens) {
				const form = fields(await visitor.go(`${issuer}/session/end?${new URLSearchParams({ id_token_hint: tokens.id_token })}`));

				await visitor.go(form.action, { method: 'POST', form: { ...form.fields, logout: 'yes' } });
			},
			async rotate() {
				await running.close();
				running = await begin();
			},
			remove(person) { running.removed.add(people[person].sub); },
			stop: () => running.close(),
		};
	},
} ];
