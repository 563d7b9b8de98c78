// SPDX-License-Identifier: Apache-2.0
//
// The router against providers that nobody here wrote. What is the same for
// all is here; a provider's folder says how to have it and how to use its pages.
//
//   LUCI_SSO_PROVIDERS=all        also those that take long to install or start
//   LUCI_SSO_PROVIDERS=NAME,…     these only
//   LUCI_SSO_PROVIDERS_RECORD=1   writes what came into docs/reference/providers.json

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TOP, startLab } from '../lib/lab.mjs';
import { Visitor } from '../lib/visitor.mjs';
import { Client, measure, walk } from './lib/measure.mjs';
import { Unavailable, clientKey, listener, people, stage } from './lib/stage.mjs';

const HERE = join(TOP, 'tests/providers');
const TABLE = join(TOP, 'docs/reference/providers.json');
const wanted = process.env.LUCI_SSO_PROVIDERS ?? '';
const names = wanted === 'all' ? [] : wanted.split(',').filter(Boolean);
const ROLES = {
	admin: { email: [ people.alice.email ], read: [ '*' ], write: [ '*' ] },
	helper: { group: [ 'staff' ], read: [ '*' ] },
	unverified: { email: [ people.carol.email ], read: [ '*' ] },
};

const folders = readdirSync(HERE).filter((name) => existsSync(join(HERE, name, 'provider.mjs'))).sort();
const found = (await Promise.all(folders.map((name) => import(`./${name}/provider.mjs`)))).flatMap((module) => module.default);
const ids = found.map(({ id }) => id);
const unknown = names.filter((name) => !ids.includes(name));

if (unknown.length)
	throw new Error(`LUCI_SSO_PROVIDERS names ${unknown.join(', ')}, which no provider.mjs here has as its id; there are: ${ids.join(', ')}`);

const chosen = found.filter(({ id, quick }) => wanted === 'all' || (names.length ? names.includes(id) : quick));

for (const { id } of found.filter((one) => !chosen.includes(one)))
	console.log(`${id}: not asked for (LUCI_SSO_PROVIDERS=all)`);

let lab;

before(async () => { lab = await startLab(); });
after(() => lab?.close());

for (const one of chosen) {
	let reason = null;

	try {
		await one.prepare();
	} catch (error) {
		if (!(error instanceof Unavailable))
			throw error;
		reason = error;
	}
	if (reason) {
		console.log(`note: ${one.id} is not to be had: ${reason.message}`);
		test(`${one.id} can be had`, { skip: process.env.CI !== 'true' || reason.allowed }, () => assert.fail(reason.message));
		continue;
	}
	describe(one.id, () => suite(one));
}

function suite(one) {
	const key = clientKey();
	const row = () => JSON.parse(readFileSync(TABLE, 'utf8')).measured[one.id] ?? {};
	let around, told, provider, ours;

	before(async () => {
		around = await stage();
		told = await listener();
		ours = JSON.parse(execFileSync(join(lab.root, 'www/cgi-bin/luci-sso'), [ 'client-key', '--jwks' ]));
		provider = {
			id: one.id, origin: around.origin,
			...await one.start({ ...around, callback: lab.callback, after: `${lab.router}/`, logoutAt: told.url, jwks: { keys: [ ...key.jwks.keys, ...ours.keys ] } }),
		};
		lab.trust(around.ca.ca);
	});

	after(async () => {
		await provider?.stop();
		await around?.close();
		await told?.close();
	});

	// use configures the router and returns a visitor.
	function use(options = {}, roles = ROLES) {
		lab.configure({
			issuer_url: provider.issuer, client_id: provider.client.id, client_secret: provider.client.secret, scope: 'openid profile email', ...provider.options, ...options,
		}, roles);

		return new Visitor([ lab.ca, around.ca.ca ]);
	}

	const command = (...args) => promisify(execFile)(join(lab.root, 'www/cgi-bin/luci-sso'), args);
	// due is cron's job.
	const due = () => command('sessions', '--due');
	const sessions = async () => JSON.parse((await command('sessions', '--json')).stdout).sessions;

	async function nobody() {
		for (const { id } of await sessions())
			await command('sessions', '--end', id);
	}

	// verdict is doctor's word on a check: pass, warn, fail or skip.
	async function verdict(check) {
		const { stdout } = await command('doctor').catch((error) => error);

		return new RegExp(`^  (\\w+) +${check} `, 'm').exec(stdout)?.[1] ?? stdout;
	}

	const login = (visitor, person, options) => walk(provider, visitor, person, lab.start, options);

	function signedIn(visitor, answer, role) {
		assert.equal(answer.status, 200, `not inside LuCI:\n${visitor.trace()}\n${lab.transcript()}`);
		assert.equal(/id="luci-user">([^<]*)</.exec(answer.body)?.[1], `sso:${role}`, visitor.trace());
	}

	async function refused(answer, mark, status, pattern) {
		assert.equal(answer.status, status, `${answer.body}\n${lab.transcript()}`);
		const lines = (await lab.log(mark)).join('\n');

		assert.match(lines, pattern, lab.transcript());
		assert.ok(!(answer.headers['set-cookie'] ?? []).some((line) => /^sysauth[^=]*=[^;]/.test(line)), 'a refused person got a session');

		return lines;
	}

	test('what it does is what its row says', async () => {
		const client = new Client(provider, [ around.ca.ca ], lab.callback, key.privateKey);
		const came = await measure(client, { after: `${lab.router}/`, received: told.received });

		if (process.env.LUCI_SSO_PROVIDERS_RECORD) {
			const table = JSON.parse(readFileSync(TABLE, 'utf8'));

			table.measured[one.id] = { ...table.measured[one.id], name: one.name, version: one.version, date: new Date().toISOString().slice(0, 10), facts: came };
			writeFileSync(TABLE, `${JSON.stringify(table, null, '\t')}\n`);
		} else {
			assert.equal(one.version, row().version);
			assert.deepEqual(came, row().facts, 'LUCI_SSO_PROVIDERS_RECORD=1 writes what came into the table');
		}
	});

	test('a login by e-mail', async () => {
		const alice = use();

		signedIn(alice, await login(alice, 'alice'), 'admin');
	});

	test('a login by group', async (t) => {
		if (provider.groups === false)
			return t.skip('it has no groups');
		const bob = use();

		signedIn(bob, await login(bob, 'bob'), 'helper');
	});

	test('who matches no role is refused', async () => {
		const mallory = use();
		const mark = lab.mark();

		await refused(await login(mallory, 'mallory'), mark, 403, /USER_NOT_AUTHORIZED/);
	});

	test('an address that is not verified matches nothing', async () => {
		// Where nothing is said of it, the administrator has to want the word.
		const silent = /^(never sent|left out).*, not announced$/.test(row().facts.email_verified);
		const carol = use(silent ? { require_email_verified: '1' } : {});
		const mark = lab.mark();

		await refused(await login(carol, 'carol'), mark, 403, /USER_NOT_AUTHORIZED/);
	});

	test('doctor takes no wrong secret for a right one, nor a right one for a wrong one', async () => {
		use();
		assert.notEqual(await verdict('credentials'), 'fail', 'the right one');
		use({ client_secret: 'another-secret' });
		assert.notEqual(await verdict('credentials'), 'pass', 'a wrong one');
	});

	test('a wrong client secret', async () => {
		const visitor = use({ client_secret: 'another-secret' });
		const mark = lab.mark();
		const lines = await refused(await login(visitor, 'alice'), mark, 401, /client_secret/);

		assert.doesNotMatch(lines, /another-secret/, 'the secret itself is never logged');
	});

	test('a code that was used', async () => {
		const alice = use();
		const stop = (url) => url.startsWith(lab.callback);
		const hers = await login(alice, 'alice', { stop });

		signedIn(alice, await alice.go(hers.next), 'admin');
		const bob = use();
		const mixed = new URL((await login(bob, 'bob', { stop })).next);
		const mark = lab.mark();

		mixed.searchParams.set('code', new URL(hers.next).searchParams.get('code'));
		await refused(await bob.go(mixed.href), mark, 401, /OIDC_INVALID_GRANT|TOKEN_EXCHANGE_FAILED/);
	});

	test('new signing keys', async (t) => {
		if (!provider.rotate)
			return t.skip('its keys cannot be changed from outside');
		const first = use();

		signedIn(first, await login(first, 'alice'), 'admin');
		await provider.rotate();
		const visitor = use();

		signedIn(visitor, await login(visitor, 'alice'), 'admin');
	});

	test('logging out', async () => {
		const visitor = use({ post_logout_redirect_uri: `${lab.router}/` });

		signedIn(visitor, await login(visitor, 'alice'), 'admin');
		const from = visitor.history.length;

		await visitor.go(`${lab.luci}admin/logout`, { stop: (url) => url === `${lab.router}/` || url.startsWith(`${lab.router}/?`) });
		const there = visitor.history.slice(from).some(({ url }) => url.startsWith(`${provider.origin}/`));

		assert.equal(there, row().facts.logout !== 'none', visitor.trace());
		if (row().facts.logout.startsWith('registered address: back'))
			assert.ok(visitor.history.at(-1).headers.location.startsWith(`${lab.router}/`), visitor.trace());
		assert.match((await visitor.go(lab.luci)).body, /luci_password/);
	});

	test('a pushed request', async (t) => {
		if (row().facts.par === 'none')
			return t.skip('it takes none');
		const visitor = use({ par: '1' });
		// One that ends TLS itself does not come through the front.
		const requests = provider.requests?.() ?? around.requests;
		const from = requests.length;
		const { pushed_authorization_request_endpoint: at } = await new Client(provider, [ around.ca.ca ], lab.callback).discover();

		signedIn(visitor, await login(visitor, 'alice'), 'admin');
		assert.ok(requests.slice(from).includes(`POST ${new URL(at).pathname}`));
	});

	test('a logout token', async (t) => {
		if (!provider.signOut)
			return t.skip('it sends none');
		await nobody();
		const visitor = use({ backchannel_logout: '1' });

		signedIn(visitor, await login(visitor, 'alice'), 'admin');
		told.received.length = 0;
		const client = new Client(provider, [ around.ca.ca ], lab.callback, key.privateKey);

		await client.discover();
		// Its page knows the session from the token of a login in the same browser.
		await provider.signOut(visitor, (await client.exchange(await client.authorize('alice', {}, visitor))).json);
		for (let tries = 0; tries < 50 && !told.received.length; tries++)
			await sleep(100);
		const answer = await new Visitor([ lab.ca ]).once(`${lab.start}/backchannel-logout`, { method: 'POST', form: Object.fromEntries(told.received[0].form) });

		assert.equal(answer.status, 200, lab.transcript());
		assert.equal((await sessions()).length, 0);
	});

	test('a public client: no secret, PKCE alone', async (t) => {
		if (!provider.publicClient)
			return t.skip('it takes none here');
		const visitor = use({ client_id: provider.publicClient, client_secret: null, ...provider.options, token_auth_method: 'none' });

		signedIn(visitor, await login(visitor, 'alice'), 'admin');
		assert.notEqual(await verdict('credentials'), 'fail');
	});

	test("private_key_jwt: the router's own key", async (t) => {
		if (!provider.keyClient)
			return t.skip('it takes none here');
		const visitor = use({ client_id: provider.keyClient, client_secret: null, ...provider.options, token_auth_method: 'private_key_jwt' });
		const mark = lab.mark();
		const answer = await login(visitor, 'alice');

		// The router's assertions are for the issuer.
		if (/^aud: issuer\b/.test(row().facts.private_key_jwt))
			signedIn(visitor, answer, 'admin');
		else
			await refused(answer, mark, 401, /TOKEN_EXCHANGE_FAILED/);
	});

	// The last one: nobody signs in there afterwards.
	test('asked again, whose account is there stays, and whose is gone does not', async (t) => {
		if (!provider.remove)
			return t.skip('no account can be taken away here');
		const scope = provider.options?.scope ?? 'openid profile email';

		await nobody();
		const visitor = use({
			revalidate: '1', scope: row().facts.refresh_token === 'always' ? scope : `${scope} offline_access`,
			...row().facts.refresh_token.endsWith('prompt=consent') && { auth_param: [ 'prompt=consent' ] },
		});

		signedIn(visitor, await login(visitor, 'alice'), 'admin');
		await sleep(1200);
		await due();
		assert.equal((await sessions()).length, 1, lab.transcript());
		await provider.remove('alice');
		await sleep(1200);
		await due();
		assert.equal((await sessions()).length, 0, lab.transcript());
	});
}
