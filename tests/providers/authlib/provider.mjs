// SPDX-License-Identifier: Apache-2.0
//
// Authlib, Debian's package, in a site of its own. What the pages and claims
// are is the site's business, what the endpoints answer is Authlib's.

import { join } from 'node:path';
import { debianPackage, people, program } from '../lib/stage.mjs';
import { TOP } from '../../lib/lab.mjs';

const VERSION = '1.2.0-1+deb12u2';
// It does not undo Basic's form-encoding: a secret that needs none.
const SECRET = 'secret-of-the-tests';

let root;

export default [ {
	id: 'authlib', name: 'Authlib', version: VERSION, quick: true,
	prepare() { root = debianPackage('python3-authlib', VERSION, 'python3-flask'); },
	async start({ origin, inner, callback, jwks }) {
		const running = await program('/usr/bin/python3', [ '-W', 'ignore', join(TOP, 'tests/providers/authlib/server.py'),
			JSON.stringify({ inner, issuer: origin, callback, people, jwks, secret: SECRET }) ], {
			ready: inner, env: { ...process.env, PYTHONPATH: join(root, 'usr/lib/python3/dist-packages'), PYTHONDONTWRITEBYTECODE: '1', AUTHLIB_INSECURE_TRANSPORT: '1' },
		});

		return {
			issuer: origin, client: { id: 'router', secret: SECRET }, keyClient: 'router-key', publicClient: 'router-public',
			options: { scope: 'openid profile email groups' },
			page: (visitor, answer, person) => answer.url.includes('/authorize?') && !answer.url.includes('person=')
				? { url: `${answer.url}&person=${person}` }
				: null,
			rotate: () => running.tell('rotate'),
			remove: (person) => running.tell(person),
			stop: () => running.stop(),
		};
	},
} ];
