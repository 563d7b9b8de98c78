// SPDX-License-Identifier: Apache-2.0
//
// ory/fosite, the library that Hydra and Authelia are made of, in a site of
// its own. What the pages and claims are is the site's business, what the
// endpoints answer is fosite's.

import { SECRET, goProgram, people, pinned, program } from '../lib/stage.mjs';

let file;

export default [ {
	id: 'fosite', name: 'ory/fosite', quick: true, version: pinned('fosite', 'ory/fosite'),
	prepare() { file = goProgram('fosite'); },
	async start({ origin, inner, callback, jwks }) {
		const running = await program(file, [ JSON.stringify({ Issuer: origin, Listen: `127.0.0.1:${inner}`, Callback: callback, Secret: SECRET, Keys: jwks, People: people }) ], { ready: inner });

		return {
			issuer: origin, client: { id: 'router', secret: SECRET }, keyClient: 'router-key', publicClient: 'router-public',
			// Each of its clients has one method: what is registered for it.
			options: { scope: 'openid profile email groups', token_auth_method: 'client_secret_basic' },
			page: (visitor, answer, person) => answer.url.includes('/authorize?') && !answer.url.includes('person=')
				? { url: `${answer.url}&person=${person}` }
				: null,
			rotate: () => running.tell('rotate'),
			stop: () => running.stop(),
		};
	},
} ];
