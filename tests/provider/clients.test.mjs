// SPDX-License-Identifier: Apache-2.0
//
// How the router proves to panva's oidc-provider who it is: with a secret, with
// none, with a key, in pushed requests; and what Test connection and a login
// that is only tried make of each.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { people } from './server.mjs';
import { lab, providers, signedIn, use } from './steps.mjs';

test('a wrong client secret is refused by the provider and named in the log', async () => {
	const visitor = use(providers.userinfo, { options: { client_secret: 'wrong' } });
	const mark = lab.mark();
	const answer = await visitor.go(lab.start);
	const lines = await lab.log(mark);

	assert.ok(answer.status >= 400, visitor.trace());
	assert.match(lines.join('\n'), /invalid_client/, lab.transcript());
	assert.match(lines.join('\n'), /client_secret/, 'the log names the option to change');
	assert.doesNotMatch(lines.join('\n'), /wrong'|"wrong"/, 'the secret itself is never logged');
});

test('a public client: PKCE and no secret', async () => {
	const provider = providers.userinfo;
	const visitor = use(provider, { client: 'none', options: { client_secret: null, token_auth_method: 'none' } });

	assert.equal(signedIn(visitor, await visitor.go(lab.start)).user, 'sso:admin');

	// Not because the provider offers it.
	const other = use(provider, { client: 'none' });
	const mark = lab.mark();

	assert.ok((await other.go(lab.start)).status >= 400, other.trace());
	assert.match((await lab.log(mark)).join('\n'), /invalid_client/, lab.transcript());
});

test('private_key_jwt: an assertion of the router\'s own key', async () => {
	const provider = providers.userinfo;
	const visitor = use(provider, { client: 'key', options: { client_secret: null, token_auth_method: 'private_key_jwt' } });

	assert.equal(signedIn(visitor, await visitor.go(lab.start)).user, 'sso:admin');
});

for (const client of [ 'rs256', 'post', 'none', 'key' ]) {
	test(`a pushed request, client ${client}`, async () => {
		const method = { none: 'none', key: 'private_key_jwt' }[client];
		const options = method ? { client_secret: null, token_auth_method: method } : {};

		for (const [ provider, par ] of [ [ providers.pushed, 'auto' ], [ providers.userinfo, '1' ], [ providers.userinfo, 'auto' ] ]) {
			const visitor = use(provider, { client, options: { ...options, par } });
			const from = provider.requests.length;

			assert.equal(signedIn(visitor, await visitor.go(lab.start)).user, 'sso:admin');
			assert.equal(provider.requests.slice(from).filter((line) => line === 'POST /request').length, provider === providers.userinfo && par === 'auto' ? 0 : 1);
		}
	});
}

test('a pushed request that the provider refuses', async () => {
	const visitor = use(providers.pushed, { options: { redirect_uri: 'https://localhost:1/cgi-bin/luci-sso/callback', host: null } });
	const mark = lab.mark();
	const answer = await visitor.go(`${lab.start}?moved=1`);

	assert.equal(answer.status, 500, visitor.trace());
	assert.match((await lab.log(mark)).join('\n'), /redirect_uri/, lab.transcript());
});

// administrator signs the visitor in as root, and returns how the page calls.
async function administrator(visitor) {
	await visitor.once(lab.luci, { method: 'POST', form: { luci_username: 'root', luci_password: lab.password } });

	const [ session ] = visitor.cookies(lab.luci).filter(({ name }) => name === 'sysauth_https');

	return async (method, args) => {
		const json = { jsonrpc: '2.0', id: 1, method: 'call', params: [ session.value, 'luci-sso', method, args ] };

		return JSON.parse((await visitor.once(`${lab.router}/ubus`, { method: 'POST', json })).body).result[1];
	};
}

test('what Test connection says of each method', async () => {
	const provider = providers.userinfo;
	const ask = async (client, options = {}) => {
		const call = await administrator(use(provider, { client, options }));
		const reply = await call('test_connection', {});

		return (id) => reply.checks.filter((check) => check.id === id).map((check) => `${check.status} ${check.message} ${check.args.join(' ')}`).join('; ');
	};
	const without = (method) => ({ client_secret: null, token_auth_method: method });

	for (const [ client, options ] of [ [ 'rs256' ], [ 'post' ], [ 'none', without('none') ], [ 'key', without('private_key_jwt') ] ]) {
		const said = await ask(client, { ...options, redirect_uri: lab.callback });

		assert.match(said('credentials'), /^pass /, client);
		assert.match(said('offers'), /^pass .*offers.*private_key_jwt.*PAR/, client);
		assert.match(said('redirect_uri'), /^pass /, client);
	}
	assert.match((await ask('key', { ...without('none'), redirect_uri: lab.callback }))('credentials'), /^fail /);
	assert.match((await ask('rs256', { redirect_uri: 'https://elsewhere.example/cgi-bin/luci-sso/callback' }))('redirect_uri'), /^fail .*redirect_uri/);
});

test('a login is tried with each method, and opens nothing', async () => {
	const provider = providers.userinfo;

	for (const [ client, method ] of [ [ 'rs256' ], [ 'post' ], [ 'none', 'none' ], [ 'key', 'private_key_jwt' ] ]) {
		const visitor = use(provider, { client, options: { enabled: '0', ...method ? { client_secret: null, token_auth_method: method } : {} } });
		const call = await administrator(visitor);
		const { id, checks, origin } = await call('try_login', { host: new URL(lab.router).host });

		assert.ok(id, JSON.stringify([ checks, origin ]));
		visitor.setCookie(lab.router, `__Host-luci_sso_ticket=${id}; Path=/; Secure`);
		const answer = await visitor.go(`${lab.start}/try`);

		assert.equal(answer.status, 200, visitor.trace());
		assert.match(answer.body, /may be closed/);
		const result = await call('try_result', { id });

		assert.equal(result.code, '', result.detail);
		assert.equal(result.match.role, 'admin');
		assert.equal(result.used.sub, people.alice.sub);
		assert.equal(result.userinfo.email, people.alice.email);
		assert.equal(result.at_hash, false, 'this provider sends none');
		assert.ok(!JSON.stringify(result).includes('eyJ'), 'a token is shown');
	}
});
