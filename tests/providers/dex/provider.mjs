// SPDX-License-Identifier: Apache-2.0
//
// Dex, the program of its release, built as a Go module: its tags are no
// versions to Go, which is why pinned.mod names the commit. People and clients
// are those of its configuration, everything else is in memory. Building it
// takes minutes.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PASSWORD, SECRET, fields, goProgram, people, program } from '../lib/stage.mjs';

// By bcrypt, of the password that all people of the tests have.
const HASH = '$2b$10$abcdefghijklmnopqrstuu8CW9EmJsI9zZnesxGrkGdsQI/hGXXEu';

let file;

export default [ {
	id: 'dex', name: 'Dex', quick: false, version: '2.45.1',
	prepare() { file = goProgram('dex', 'github.com/dexidp/dex/cmd/dex'); },
	async start({ origin, inner, dir, callback }) {
		const config = join(dir, 'dex.json');

		// What is JSON is YAML as well.
		writeFileSync(config, JSON.stringify({
			issuer: `${origin}/dex`,
			storage: { type: 'memory' },
			web: { http: `127.0.0.1:${inner}` },
			enablePasswordDB: true,
			staticClients: [
				{ id: 'router', name: 'Router', secret: SECRET, redirectURIs: [ callback ] },
				{ id: 'router-public', name: 'Router', public: true, redirectURIs: [ callback ] },
			],
			staticPasswords: Object.entries(people).map(([ name, { email, email_verified, groups } ]) =>
				({ email, emailVerified: email_verified, groups, hash: HASH, username: name, userID: `id-${name}` })),
		}));
		const running = await program(file, [ 'serve', config ], { ready: inner });

		return {
			issuer: `${origin}/dex`, client: { id: 'router', secret: SECRET }, publicClient: 'router-public',
			options: { scope: 'openid profile email groups' },
			page(visitor, answer, person) {
				const form = fields(answer);

				if (!form)
					return null;
				if ('password' in form.fields)
					return { url: form.action, method: 'POST', form: { ...form.fields, login: people[person].email, password: PASSWORD } };

				return 'approval' in form.fields ? { url: form.action, method: 'POST', form: { ...form.fields, approval: 'approve' } } : null;
			},
			stop: () => running.stop(),
		};
	},
} ];
