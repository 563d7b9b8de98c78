// SPDX-License-Identifier: Apache-2.0
//
// django-oauth-toolkit, Debian's package, on a site of its own. A site's login
// page and claims are its own; here they are as plain as can be.

import { join } from 'node:path';
import { SECRET, debianPackage, people, program } from '../lib/stage.mjs';
import { TOP } from '../../lib/lab.mjs';

const VERSION = '1.7.0-2';

let root;

export default [ {
	id: 'django-oauth-toolkit', name: 'django-oauth-toolkit', version: VERSION, quick: true,
	prepare() { root = debianPackage('python3-django-oauth-toolkit', VERSION); },
	async start({ origin, inner, dir, callback }) {
		const running = await program('/usr/bin/python3', [ '-W', 'ignore', join(TOP, 'tests/providers/django-oauth-toolkit/server.py'),
			JSON.stringify({ inner, dir, callback, people, secret: SECRET }) ], {
			ready: inner, env: { ...process.env, PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'), PYTHONDONTWRITEBYTECODE: '1' },
		});

		return {
			issuer: `${origin}/o`, client: { id: 'router', secret: SECRET }, publicClient: 'router-public',
			options: { scope: 'openid profile email groups' },
			page(visitor, answer, person) {
				const { pathname, searchParams } = new URL(answer.url);

				return pathname === '/login/'
					? { url: `${origin}/sign-in/?${new URLSearchParams({ person, next: searchParams.get('next') })}` }
					: null;
			},
			rotate: () => running.tell('rotate'),
			remove: (person) => running.tell(person),
			stop: () => running.stop(),
		};
	},
} ];
