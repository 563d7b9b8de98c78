// SPDX-License-Identifier: Apache-2.0
//
// better-auth with its oauth-provider. Its login page is the application's
// own: what it does is to sign in by the API and to hand the request back.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOP } from '../../lib/lab.mjs';
import { PASSWORD, npmPackages, people, program } from '../lib/stage.mjs';

let dir;

export default [ {
	id: 'better-auth', name: 'better-auth, oauth-provider', quick: true,
	version: JSON.parse(readFileSync(join(TOP, 'tests/providers/better-auth/package.json'), 'utf8')).dependencies['better-auth'],
	prepare() { dir = npmPackages('better-auth'); },
	async start({ origin, inner, callback, after, jwks }) {
		const running = await program(process.execPath, [ 'server.mjs', JSON.stringify({ origin, inner, callback, after, jwks, people, password: PASSWORD }) ], { cwd: dir, ready: inner, greets: true });
		const { id, secret, key, open } = JSON.parse(/^\{.*\}$/m.exec(running.said())[0]);

		return {
			issuer: `${origin}/api/auth`, client: { id, secret }, keyClient: key, publicClient: open,
			async page(visitor, answer, person) {
				const { pathname, search } = new URL(answer.url);

				if (pathname !== '/login')
					return null;
				const signed = await visitor.once(`${origin}/api/auth/sign-in/email`, {
					method: 'POST', headers: { origin }, json: { email: people[person].email, password: PASSWORD, oauth_query: search.slice(1) },
				});
				const to = signed.headers.location ?? JSON.parse(signed.body).url;

				if (!to)
					throw new Error(`better-auth: ${signed.status} ${signed.body}`);

				return { url: new URL(to, origin).href };
			},
			rotate: () => running.tell('rotate'),
			remove: (person) => running.tell(person),
			stop: () => running.stop(),
		};
	},
} ];
