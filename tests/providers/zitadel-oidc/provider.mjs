// SPDX-License-Identifier: Apache-2.0
//
// zitadel/oidc: the example server of the library that Zitadel is made of. It
// has no groups. Keys change when it starts anew.

import { SECRET, goProgram, people, pinned, program } from '../lib/stage.mjs';

function variant(id, wrapped) {
	let file;

	return {
		id, quick: true, version: pinned('zitadel-oidc', 'zitadel/oidc/v3'),
		name: wrapped ? 'zitadel/oidc, its server wrapper' : 'zitadel/oidc, plain handlers',
		prepare() { file = goProgram('zitadel-oidc'); },
		async start({ origin, inner, callback, after, jwks }) {
			const begin = () => program(file, [ JSON.stringify({
				Issuer: origin, Listen: `127.0.0.1:${inner}`, Callback: callback, After: after, Wrapped: wrapped, Keys: jwks, People: people,
			}) ], { ready: inner });
			let running = await begin();
			const again = async () => {
				await running.stop();
				running = await begin();
			};

			return {
				issuer: origin, client: { id: 'router', secret: SECRET }, keyClient: 'router-key', publicClient: 'router-public',
				groups: false,
				// The form of its login page.
				page(visitor, answer, person) {
					const request = new URL(answer.url).searchParams.get('authRequestID');

					return request && answer.url.includes('/login/username')
						? { url: `${origin}/login/username`, method: 'POST', form: { id: request, username: person, password: 'verysecure' } }
						: null;
				},
				rotate: again,
				// All that it gave out is gone with it.
				remove: again,
				stop: () => running.stop(),
			};
		},
	};
}

export default [ variant('zitadel-oidc', true), variant('zitadel-oidc-plain', false) ];
