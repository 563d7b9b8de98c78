// SPDX-License-Identifier: Apache-2.0
//
// Doorkeeper with doorkeeper-openid_connect, Debian's packages, on a site of
// its own. A site's login page and claims are its own; here they are as plain
// as can be.

import { join } from 'node:path';
import { debianPackage, libraries, people, program } from '../lib/stage.mjs';
import { TOP } from '../../lib/lab.mjs';

const VERSION = '1.8.0-1';
// It does not undo Basic's form-encoding: a secret that needs none.
const SECRET = 'secret-of-the-tests';

let root;

function environment() {
	const lib = libraries(root);
	const under = (from, ...names) => names.map((name) => join(from, name));

	return {
		...process.env, LD_LIBRARY_PATH: lib,
		RUBYLIB: [ ...under(root, 'usr/lib/ruby/vendor_ruby', 'usr/lib/ruby/3.1.0'), ...under(lib, 'ruby/vendor_ruby/3.1.0', 'ruby/3.1.0') ].join(':'),
		GEM_PATH: [ ...under(root, 'usr/share/rubygems-integration/all', 'usr/share/rubygems-integration/3.1.0', 'usr/lib/ruby/gems/3.1.0'), join(lib, 'rubygems-integration/3.1.0') ].join(':'),
	};
}

export default [ {
	id: 'doorkeeper', name: 'doorkeeper-openid_connect', version: VERSION, quick: true,
	prepare() { root = debianPackage('ruby-doorkeeper-openid-connect', VERSION, 'ruby-rails', 'ruby-sqlite3', 'ruby-webrick'); },
	async start({ origin, inner, dir, callback }) {
		const running = await program(join(root, 'usr/bin/ruby3.1'), [ '-W0', join(TOP, 'tests/providers/doorkeeper/server.rb'),
			JSON.stringify({ origin, inner, dir, callback, people, secret: SECRET }) ], { ready: inner, cwd: dir, env: environment() });

		return {
			issuer: origin, client: { id: 'router', secret: SECRET }, publicClient: 'router-public',
			options: { scope: 'openid profile email groups' },
			page(visitor, answer, person) {
				const { pathname, searchParams } = new URL(answer.url);

				return pathname === '/login'
					? { url: `${origin}/sign-in?${new URLSearchParams({ person, next: searchParams.get('next') })}` }
					: null;
			},
			rotate: () => running.tell('rotate'),
			remove: (person) => running.tell(person),
			stop: () => running.stop(),
		};
	},
} ];
