// SPDX-License-Identifier: Apache-2.0
//
// mockoidc: a provider for tests, which asks nobody anything.

import { SECRET, goProgram, people, pinned, program } from '../lib/stage.mjs';

let file;

export default [ {
	id: 'mockoidc', name: 'mockoidc', quick: true, version: pinned('mockoidc', 'oauth2-proxy/mockoidc'),
	prepare() { file = goProgram('mockoidc'); },
	async start({ ca, inner }) {
		const running = await program(file, [ JSON.stringify({ Listen: `127.0.0.1:${inner}`, Cert: ca.cert, Key: ca.key, People: people }) ], { ready: inner });

		return {
			// It makes its addresses from the one that it listens at.
			origin: `https://127.0.0.1:${inner}`, issuer: `https://127.0.0.1:${inner}/oidc`,
			client: { id: 'router', secret: SECRET },
			// It announces Basic and reads the form only.
			options: { token_auth_method: 'client_secret_post', scope: 'openid profile email groups' },
			before: (person) => running.tell(person),
			page: () => null,
			rotate: () => running.tell('rotate'),
			stop: () => running.stop(),
		};
	},
} ];
