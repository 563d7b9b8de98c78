// SPDX-License-Identifier: Apache-2.0
//
// The router against panva's oidc-provider: what two implementations of the
// standards that never saw each other make of one another. How the router
// proves who it is, is in clients.test.mjs.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { people } from './server.mjs';
import { lab, providers, refused, signedIn, use } from './steps.mjs';

for (const kind of [ 'userinfo', 'idToken' ]) {
	for (const client of [ 'rs256', 'es256', 'post' ]) {
		test(`a login: claims from ${kind}, client ${client}`, async () => {
			const provider = providers[kind];
			const alice = use(provider, { client });

			assert.deepEqual(signedIn(alice, await alice.go(lab.start)), {
				user: 'sso:admin', role: 'admin', name: people.alice.email, sub: people.alice.sub, issuer: provider.issuer,
			});

			const bob = use(provider, { client, person: 'bob' });

			assert.equal(signedIn(bob, await bob.go(lab.start)).user, 'sso:helper', 'a role by group');
		});
	}

	test(`who matches no role is refused: claims from ${kind}`, async () => {
		const mallory = use(providers[kind], { person: 'mallory' });
		const mark = lab.mark();

		await refused(await mallory.go(lab.start), mark, 403, 'USER_NOT_AUTHORIZED');
	});

	test(`an e-mail that the provider calls unverified matches nothing: claims from ${kind}`, async () => {
		const carol = use(providers[kind], { person: 'carol', roles: { admin: { email: [ people.carol.email ], read: [ '*' ] } } });
		const mark = lab.mark();

		await refused(await carol.go(lab.start), mark, 403, 'USER_NOT_AUTHORIZED');
	});
}

test('UserInfo is asked only when the ID token leaves something out', async () => {
	for (const [ kind, want ] of [ [ 'userinfo', 1 ], [ 'idToken', 0 ] ]) {
		const provider = providers[kind];
		const visitor = use(provider);
		const from = provider.requests.length;

		signedIn(visitor, await visitor.go(lab.start));
		assert.equal(provider.requests.slice(from).filter((line) => line.endsWith('/me')).length, want, kind);
	}
});

test('a role without any permission lets nobody in', async () => {
	const visitor = use(providers.userinfo, { roles: { empty: { email: [ people.alice.email ] } } });
	const mark = lab.mark();

	await refused(await visitor.go(lab.start), mark, 403, 'USER_NOT_AUTHORIZED');
});

test('at_hash: the provider sends none, which auto accepts and 1 refuses', async () => {
	const visitor = use(providers.userinfo, { options: { require_at_hash: '1' } });
	const mark = lab.mark();

	await refused(await visitor.go(lab.start), mark, 401, 'MISSING_AT_HASH', 'ID_TOKEN_VERIFICATION_FAILED');

	const again = use(providers.userinfo, { options: { require_at_hash: 'auto' } });

	signedIn(again, await again.go(lab.start));
});

test('logging out ends both sessions', async () => {
	const provider = providers.userinfo;
	const visitor = use(provider);

	signedIn(visitor, await visitor.go(lab.start));

	// While the provider knows the visitor, it asks for nothing.
	const quick = provider.requests.length;
	signedIn(visitor, await visitor.go(lab.start));
	assert.ok(!provider.requests.slice(quick).some((line) => line.includes('/interaction/')), 'the provider should remember the visitor');

	const end = await visitor.go(`${lab.luci}admin/logout`);
	assert.match(end.body, /Signed out at the provider/, visitor.trace());
	const [ , query ] = visitor.history.find(({ url }) => url.includes('/session/end?')).url.split('?');
	const sent = new URLSearchParams(query);
	assert.equal(sent.get('client_id'), provider.clients.rs256);
	assert.equal(sent.get('id_token_hint')?.split('.').length, 3, 'the provider is told whom to sign out');

	const outside = await visitor.go(lab.luci);
	assert.equal(outside.status, 403);
	assert.match(outside.body, /luci_password/);

	const slow = provider.requests.length;
	signedIn(visitor, await visitor.go(lab.start));
	assert.ok(provider.requests.slice(slow).some((line) => line.includes('/interaction/')), 'the provider should have forgotten the visitor');
});

test('after a logout the provider sends people back where the router wants them', async () => {
	const visitor = use(providers.userinfo, { options: { post_logout_redirect_uri: `${lab.router}/` } });

	signedIn(visitor, await visitor.go(lab.start));
	await visitor.go(`${lab.luci}admin/logout`, { stop: (url) => url.startsWith(`${lab.router}/?`) || url === `${lab.router}/` });
	assert.match(visitor.history.at(-1).headers.location ?? '', new RegExp(`^${lab.router}/`), visitor.trace());
});

test('a logout needs the token of the session', async () => {
	const visitor = use(providers.userinfo);

	signedIn(visitor, await visitor.go(lab.start));
	for (const query of [ '', '?stoken=', '?stoken=0123456789abcdef0123456789abcdef' ]) {
		const answer = await visitor.once(`${lab.start}/logout${query}`);

		assert.equal(answer.status, 403, query);
	}
	signedIn(visitor, await visitor.go(lab.luci));
});

test("the person's no at the provider is told as such", async () => {
	const provider = providers.userinfo;
	const visitor = use(provider);
	const mark = lab.mark();

	provider.refuse = 'access_denied';
	const answer = await visitor.go(lab.start);
	const lines = await lab.log(mark);

	assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
	assert.match(lines.join('\n'), /access_denied/, 'the log names the error');
	assert.match(answer.headers['content-type'], /text\/html/);
	provider.refuse = null;
	signedIn(visitor, await visitor.go(lab.start));
});

// sessions are those that live, by the person's name.
function sessions() {
	const text = execFileSync(join(lab.root, 'www/cgi-bin/luci-sso'), [ 'sessions', '--json' ]);

	return JSON.parse(text).sessions;
}

// nobody ends all sessions, also those of other tests.
function nobody() {
	for (const { id } of sessions())
		execFileSync(join(lab.root, 'www/cgi-bin/luci-sso'), [ 'sessions', '--end', id ]);
}

// due is cron's job; the provider is in this process and has to go on.
const due = () => promisify(execFile)(join(lab.root, 'www/cgi-bin/luci-sso'), [ 'sessions', '--due' ]);

test('asked again: who is in good standing stays, whose account is gone does not', async () => {
	const provider = providers.lasting;
	const options = { scope: 'openid profile email groups offline_access', auth_param: [ 'prompt=consent' ], revalidate: '1' };

	nobody();
	for (const person of [ 'alice', 'bob' ]) {
		const visitor = use(provider, { person, options });

		signedIn(visitor, await visitor.go(lab.start));
	}
	const from = provider.requests.length;

	assert.doesNotMatch(lab.transcript(), /gave no refresh token/);
	await sleep(1200);
	await due();
	assert.equal(sessions().length, 2, lab.transcript());
	assert.equal(provider.requests.slice(from).filter((line) => line === 'POST /token').length, 2);

	const mark = lab.mark();

	provider.removed.add(people.alice.sub);
	await sleep(1200);
	await due();
	provider.removed.clear();
	assert.deepEqual(sessions().map((one) => one.name), [ people.bob.email ], lab.transcript());
	assert.ok((await lab.log(mark)).includes('[403] SESSION_REVOKED'), lab.transcript());
});

test('without a refresh token the log says what to add', async () => {
	const visitor = use(providers.lasting, { options: { revalidate: '300' } });
	const mark = lab.mark();

	signedIn(visitor, await visitor.go(lab.start));
	assert.match((await lab.log(mark)).join('\n'), /gave no refresh token.*add offline_access to option scope, for some also prompt=consent to option auth_param/);
});

test('signing out at the provider ends the session here, and nobody else’s', async () => {
	const provider = providers.lasting;
	const options = { backchannel_logout: '1' };

	nobody();
	const bob = use(provider, { person: 'bob', options });

	signedIn(bob, await bob.go(lab.start));
	const alice = use(provider, { options });

	signedIn(alice, await alice.go(lab.start));
	const mark = lab.mark();

	// At the provider itself, not by way of the router.
	await alice.go(`${provider.issuer}/session/end`);
	assert.deepEqual(sessions().map((one) => one.name), [ people.bob.email ], `${lab.transcript()}\n${alice.trace()}`);
	assert.ok((await lab.log(mark)).includes('[200] SESSION_ENDED_BY_PROVIDER'), lab.transcript());
});

test('a callback is good once', async () => {
	const visitor = use(providers.userinfo);

	signedIn(visitor, await visitor.go(lab.start));
	const { url } = visitor.history.find(({ url: one }) => one.startsWith(lab.callback));
	const again = await visitor.once(url);

	// Who is signed in is led to LuCI, and nothing else happens.
	assert.equal(again.headers.location, '/cgi-bin/luci/');
	assert.doesNotMatch(String(again.headers['set-cookie'] ?? ''), /sysauth/);
	signedIn(visitor, await visitor.go(lab.luci));

	const other = await use(providers.userinfo).once(url);

	assert.ok(other.status >= 400, `${other.status}`);
});

test('a forged callback is refused and cannot cancel the login in progress', async () => {
	const visitor = use(providers.userinfo);
	const paused = await visitor.go(lab.start, { stop: (url) => url.startsWith(lab.callback) });

	for (const [ name, value ] of [ [ 'state', 'A'.repeat(43) ], [ 'iss', 'https://elsewhere.example' ] ]) {
		const forged = new URL(paused.next);

		forged.searchParams.set(name, value);
		assert.ok((await visitor.once(forged.href)).status >= 400, `${name} was not looked at`);
	}
	signedIn(visitor, await visitor.go(paused.next));
});

test('RFC 9207: a provider that announces iss has to send it', async () => {
	const visitor = use(providers.userinfo);
	const paused = await visitor.go(lab.start, { stop: (url) => url.startsWith(lab.callback) });
	const forged = new URL(paused.next);

	forged.searchParams.delete('iss');
	assert.ok((await visitor.once(forged.href)).status >= 400);
	signedIn(visitor, await visitor.go(paused.next));
});

test('a code of one login does not serve another', async () => {
	const provider = providers.userinfo;
	const alice = use(provider);
	const hers = await alice.go(lab.start, { stop: (url) => url.startsWith(lab.callback) });
	const bob = use(provider, { person: 'bob' });
	const his = await bob.go(lab.start, { stop: (url) => url.startsWith(lab.callback) });
	const mixed = new URL(his.next);
	const mark = lab.mark();

	mixed.searchParams.set('code', new URL(hers.next).searchParams.get('code'));
	const answer = await bob.go(mixed.href);

	assert.ok(answer.status >= 400, bob.trace());
	assert.match((await lab.log(mark)).join('\n'), /invalid_grant/i, lab.transcript());
});

test('split horizon: the router reaches the provider under another name', async () => {
	const provider = providers.userinfo;
	const inside = provider.issuer.replace('127.0.0.1', 'localhost');
	const visitor = use(provider, { options: { internal_issuer_url: inside } });

	assert.equal(signedIn(visitor, await visitor.go(lab.start)).issuer, provider.issuer);
});

test('ca_file pins the one authority that counts', async () => {
	const provider = providers.userinfo;
	const pinned = use(provider, { options: { ca_file: provider.caFile } });

	signedIn(pinned, await pinned.go(lab.start));

	const other = use(provider, { options: { ca_file: providers.idToken.caFile } });
	const mark = lab.mark();
	const answer = await other.go(lab.start);

	assert.ok(answer.status >= 400, other.trace());
	assert.match((await lab.log(mark)).join('\n'), /ca_file/, 'the log names the option to change');
});
