// SPDX-License-Identifier: Apache-2.0
//
// The lab, panva's oidc-provider in four settings, and the steps of a visitor
// between them, for the tests of the provider lane.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { startLab } from '../lib/lab.mjs';
import { Visitor } from '../lib/visitor.mjs';
import { people, startProvider } from './server.mjs';

const ROLES = {
	admin: { email: [ 'Alice@Example.ORG' ], read: [ '*' ], write: [ '*' ] },
	helper: { group: [ 'staff' ], read: [ '*' ] },
	empty: { email: [ people.carol.email ] },
};

// What before() makes: a binding that importers see change.
export let lab;
export const providers = {};

before(async () => {
	lab = await startLab();
	const options = {
		redirectURIs: [ lab.callback ], afterLogout: [ `${lab.router}/` ],
		clientKeys: JSON.parse(execFileSync(join(lab.root, 'www/cgi-bin/luci-sso'), [ 'client-key', '--jwks' ])),
	};

	providers.userinfo = await startProvider(options);
	providers.idToken = await startProvider({ ...options, claimsInIDToken: true });
	providers.lasting = await startProvider({
		...options, refresh: true, logout: `${lab.router}/cgi-bin/luci-sso/backchannel-logout`, logoutCA: lab.ca,
	});
	providers.pushed = await startProvider({ ...options, pushedOnly: true });
	for (const provider of Object.values(providers))
		lab.trust(provider.ca);
});

after(async () => {
	await lab?.close();
	for (const provider of Object.values(providers))
		await provider.close();
});

// use points the router at a provider and says who signs in next.
export function use(provider, { client = 'rs256', person = 'alice', options = {}, roles = ROLES } = {}) {
	provider.person = person;
	provider.refuse = null;
	lab.configure({
		issuer_url: provider.issuer,
		client_id: provider.clients[client],
		client_secret: provider.secret,
		scope: 'openid profile email groups',
		...options,
	}, roles);

	return new Visitor([ lab.ca, provider.ca ]);
}

// signedIn checks that the visitor is inside LuCI, and returns what it shows.
export function signedIn(visitor, answer) {
	assert.equal(answer.status, 200, `not inside LuCI:\n${visitor.trace()}\n${lab.transcript()}`);
	const field = (name) => new RegExp(`id="luci-${name}">([^<]*)<`).exec(answer.body)?.[1];

	return { user: field('user'), role: field('role'), name: field('name'), sub: field('sub'), issuer: field('issuer') };
}

// refused checks an error response and the log's last words.
export async function refused(answer, mark, status, ...codes) {
	assert.equal(answer.status, status, `${answer.body}\n${lab.transcript()}`);
	const lines = (await lab.log(mark)).filter((line) => /^\[\d+\] /.test(line));

	assert.deepEqual(lines, codes.map((code) => `[${status}] ${code}`), lab.transcript());
	assert.ok(!(answer.headers['set-cookie'] ?? []).some((line) => /^sysauth[^=]*=[^;]/.test(line)), 'a refused person got a session');
}
