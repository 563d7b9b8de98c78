// SPDX-License-Identifier: Apache-2.0
//
// The settings page in a browser: the settings themselves.
//
//   node --test tests/view/page-settings.test.mjs

import assert from 'node:assert/strict';
import * as fixtures from './fixtures.mjs';
import { load } from './load.mjs';
import { apply, box, browserTest, done, edit, entry, field, open, prepare, preparedTest, router, save } from './page.mjs';

prepare({ note: true });

browserTest('the guide for Pocket ID, click by click', async () => {
	const page = await open();

	// 2. Configure the router
	await page.getByText('Enable SSO', { exact: true }).waitFor();
	await page.locator(box('enabled')).check();
	await page.locator(field('issuer_url')).fill('https://id.example.com');
	await page.locator(field('client_id')).fill('router-client');
	await page.locator(field('client_secret')).fill('the secret from step 1');
	assert.equal(await page.locator(field('redirect_uri')).inputValue(), `${router.url}/cgi-bin/luci-sso/callback`, 'prefilled from the address bar');
	await apply(page);

	assert.equal(router.uci('get', 'luci-sso.default.enabled'), '1');
	assert.equal(router.uci('get', 'luci-sso.default.issuer_url'), 'https://id.example.com');
	assert.equal(router.uci('get', 'luci-sso.default.client_id'), 'router-client');
	assert.equal(router.uci('get', 'luci-sso.default.client_secret'), 'the secret from step 1');
	assert.equal(router.uci('get', 'luci-sso.default.redirect_uri'), `${router.url}/cgi-bin/luci-sso/callback`, 'saved although nobody touched it');
	assert.equal(router.uci('get', 'luci-sso.default.scope'), 'openid profile email');

	assert.deepEqual(router.uci('show', 'luci-sso.default').split('\n').slice(1).map((l) => l.replace(/^[^.]+\.[^.]+\.|=.*/g, '')).sort(),
		[ 'client_id', 'client_secret', 'clock_tolerance', 'enabled', 'issuer_url', 'redirect_uri', 'scope' ], 'what nobody touched is not written');

	// 3. Map by email
	await edit(page, 'admin');
	await entry(page, 'email').fill('user@example.com');
	await save(page);
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.admin.email'), 'admin@example.com user@example.com');
	assert.equal(router.uci('get', 'luci-sso.admin.read'), '*');
	assert.equal(router.uci('get', 'luci-sso.admin.write'), '*');

	// 3. Map by group
	await page.locator(field('scope')).fill('openid profile email groups');
	await apply(page);
	await edit(page, 'admin');
	await entry(page, 'group').fill('router-admins@PocketID');
	await save(page);
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.default.scope'), 'openid profile email groups');
	assert.equal(router.uci('get', 'luci-sso.admin.group'), 'router-admins@PocketID');

	await done(page);
});

browserTest('every field is saved and read back', async () => {
	const page = await open();
	const values = {
		issuer_url: 'https://id.example.net', client_id: 'id with space', client_secret: "it's \"quoted\" \\ and ä", redirect_uri: 'https://r.example.net/cgi-bin/luci-sso/callback',
		scope: 'openid email x', internal_issuer_url: 'https://10.0.0.2', ca_file: '/etc/ssl/my ca.pem', groups_claim: 'realm_access.roles', clock_tolerance: '90',
		rate_limit: '77', rate_window: '120', rate_limit_per_client: '9', post_logout_redirect_uri: 'https://r.example.net/bye',
		label: 'Sign in <b>here</b> & now', session_lifetime: '28800', revalidate: '300', revalidate_grace: '7200'
	};
	const selects = { token_auth_method: 'client_secret_post', par: '1', require_at_hash: '1', session_cookie_path: '/cgi-bin' };

	for (const name in values) {
		if (name == 'internal_issuer_url')
			await page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();

		if (name == 'session_lifetime')
			await page.locator('.cbi-tabmenu a', { hasText: 'Sessions' }).click();

		await page.locator(field(name)).fill(values[name]);
	}

	await page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();

	for (const name in selects)
		await page.locator(field(name)).selectOption(selects[name]);

	const hosts = page.locator('[data-name="host"] input:not([type="hidden"])');

	for (const host of [ 'router.example.com', '[fd00::1]:8443' ]) {
		await hosts.last().fill(host);
		await hosts.last().press('Enter');
	}

	// Fields for the usual parameters, and a list for the rest: one list.
	await page.locator(field('_auth_prompt')).selectOption('select_account');
	await page.locator(field('_auth_acr_values')).fill('phr');
	await page.locator(field('_auth_hd')).fill('example.com');

	const params = page.locator('[data-name="auth_param"] input:not([type="hidden"])');

	await params.last().fill('resource=a');
	await params.last().press('Enter');

	await page.locator(box('require_email_verified')).check();
	await page.locator(box('auto_login')).check();
	await page.locator(box('provider_logout')).uncheck();
	await page.locator('.cbi-tabmenu a', { hasText: 'Sessions' }).click();
	assert.equal(await page.locator('[data-sso-backchannel]').isVisible(), false);
	await page.locator(box('backchannel_logout')).check();
	assert.equal(await page.locator('[data-sso-backchannel]').innerText(), 'https://r.example.net/cgi-bin/luci-sso/backchannel-logout');
	await apply(page);

	const saved = {
		...values, ...selects, require_email_verified: '1', auto_login: '1', provider_logout: '0', backchannel_logout: '1',
		host: 'router.example.com [fd00::1]:8443', auth_param: 'prompt=select_account acr_values=phr hd=example.com resource=a'
	};

	for (const name in saved)
		assert.equal(router.uci('get', `luci-sso.default.${name}`), saved[name], name);

	assert.deepEqual(load('luci-sso.options').all().map((o) => o.name).filter((name) => !(name in saved)), [ 'enabled', 'serve_jwks' ], 'all the others are tried here');
	assert.equal(/_preset|\._auth_/.test(router.uci('show', 'luci-sso')), false, 'the fields that are none are no settings');

	await page.reload();
	await page.waitForSelector('#luci-sso-status [data-events]');

	for (const [ name, value ] of Object.entries({ ...values, ...selects, _auth_prompt: 'select_account', _auth_acr_values: 'phr', _auth_hd: 'example.com', _auth_domain_hint: '' }))
		assert.equal(await page.locator(field(name)).inputValue(), value, name);

	assert.equal(await page.locator(box('require_email_verified')).isChecked(), true);
	await done(page);
});

browserTest('wrong values are refused as one types, and not saved', async () => {
	const page = await open();

	await page.locator(box('enabled')).check();
	assert.match(await page.locator(field('issuer_url')).getAttribute('class'), /cbi-input-invalid/, 'needed while SSO is enabled');

	await page.locator(field('issuer_url')).pressSequentially('http://id.example.com');
	assert.match(await page.locator(field('issuer_url')).getAttribute('data-tooltip'), /https:\/\//);
	await page.locator('.cbi-page-actions .cbi-button-save').click();
	await page.waitForSelector('#modal_overlay .modal');
	assert.match(await page.locator('#modal_overlay .modal').innerText(), /Issuer URL/);
	assert.equal(router.uci('-X', 'show', 'luci-sso').includes('http://'), false);
	await page.locator('#modal_overlay .modal button').first().click();
	await page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();

	const limited = load('luci-sso.options').all().filter((o) => o.kind == 'text' && o.high);

	assert.ok(limited.some(({ name }) => name == 'label'));
	for (const { name, high } of limited) {
		await page.locator(field(name)).fill('ä'.repeat(high));
		assert.doesNotMatch(await page.locator(field(name)).getAttribute('class'), /cbi-input-invalid/, name);
		await page.locator(field(name)).pressSequentially('x');
		assert.match(await page.locator(field(name)).getAttribute('class'), /cbi-input-invalid/, name);
		assert.match(await page.locator(field(name)).getAttribute('data-tooltip'), new RegExp(`at most ${high} characters`));
	}
	await done(page);
});

browserTest('a client without a secret needs none', async () => {
	const page = await open();
	const secret = page.locator(field('client_secret'));

	await page.locator(box('enabled')).check();
	await page.locator(field('issuer_url')).fill('https://id.example.com');
	await page.locator(field('client_id')).fill('router');
	assert.match(await secret.getAttribute('class'), /cbi-input-invalid/, 'needed while SSO is enabled');
	await page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();
	await page.locator(field('token_auth_method')).selectOption('none');
	assert.doesNotMatch(await secret.getAttribute('class'), /cbi-input-invalid/);
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.default.token_auth_method'), 'none');
	await done(page);
});

browserTest('the public key is shown in every form', async () => {
	const page = await open({ config: fixtures.configFilled() });
	const key = page.locator('[data-sso-key]');

	await page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();
	assert.equal(await key.isVisible(), false, 'only where it is needed');
	await page.locator(field('token_auth_method')).selectOption('private_key_jwt');
	await page.getByText('Show the public key').click();
	assert.deepEqual(JSON.parse(await key.locator('[data-key="JWK"]').textContent()), fixtures.clientKey().jwk);
	assert.deepEqual(JSON.parse(await key.locator('[data-key="JWKS"]').textContent()), fixtures.clientKey().jwks);
	assert.equal((await key.locator('[data-key="PEM"]').textContent()).trim(), fixtures.clientKey().pem.trim());
	await page.locator(box('serve_jwks')).check();
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.default.token_auth_method'), 'private_key_jwt');
	assert.equal(router.uci('get', 'luci-sso.default.serve_jwks'), '1');
	await done(page);
});

browserTest('the key is changed in two steps, by keyboard, and what fails is said', async () => {
	const page = await open({ config: fixtures.configFilled() });
	const state = page.locator('[data-key-state]');
	const now = fixtures.clientKey();
	const kid = 'W'.repeat(43);
	const next = { ...fixtures.clientKey(), kid, jwk: { ...now.jwk, kid }, pem: now.pem.replace('MFkw', 'MFkx') };
	const both = { ...now, next: { kid: next.kid, jwk: next.jwk, pem: next.pem }, jwks: { keys: [ now.jwk, next.jwk ] } };
	const press = async (name, where = '#view') => {
		const button = page.locator(`${where} button`).filter({ hasText: name });

		await button.focus();
		await page.keyboard.press('Enter');
	};

	await page.setViewportSize({ width: 360, height: 740 });
	await page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();
	await page.locator(field('token_auth_method')).selectOption('private_key_jwt');
	await press('Show the public key');
	await page.locator('[data-key="JWK"]').waitFor();
	assert.equal(router.request('client_key').change, undefined, 'looking changes nothing');
	assert.equal((await state.innerText()).trim(), '');

	router.reply('client_key', both);
	await press('Change the key');
	await state.getByText(kid).waitFor();
	assert.equal(router.request('client_key').change, 'rotate');
	assert.deepEqual(JSON.parse(await page.locator('[data-key="New key: JWK"]').textContent()), next.jwk);
	assert.deepEqual(JSON.parse(await page.locator('[data-key="JWKS"]').textContent()).keys.length, 2, 'the set has both');
	assert.deepEqual(JSON.parse(await page.locator('[data-key="JWK"]').textContent()), now.jwk, 'the old one is the one in use');
	assert.equal(await page.evaluate(() => document.activeElement.innerText), 'Use the new key', 'the keyboard stays where it was');
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true, 'nothing is wider than a telephone');

	// It is asked first, and Dismiss is no.
	await press('Use the new key');
	await page.waitForSelector('#modal_overlay .modal');
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
	assert.match(await page.locator('#modal_overlay .modal').innerText(), /W{43} yet refuses every login/);
	await press('Dismiss', '#modal_overlay');
	assert.equal(router.request('client_key').change, 'rotate');

	// What the router says no to is shown, and the keys stay.
	await page.context().route(/\/ubus/, (route) => (route.request().postData() || '').includes('"use"') ?
		route.fulfill({ contentType: 'application/json', body: JSON.stringify([].concat(JSON.parse(route.request().postData())).map(({ id }) => ({ jsonrpc: '2.0', id, result: [ 9 ] }))) }) : route.continue());
	await press('Use the new key');
	await press('Use the new key', '#modal_overlay');
	await state.locator('.alert-message.danger').waitFor();
	assert.equal(await page.locator('[data-key="New key: JWK"]').count(), 1);
	await page.context().unroute(/\/ubus/);

	router.reply('client_key', next);
	await press('Use the new key');
	await press('Use the new key', '#modal_overlay');
	await state.locator('.alert-message.success').waitFor();
	assert.match(await state.innerText(), /W{43} is used now/);
	assert.equal(router.request('client_key').change, 'use');
	assert.deepEqual(JSON.parse(await page.locator('[data-key="JWK"]').textContent()), next.jwk);
	assert.equal(await page.locator('[data-key="New key: JWK"]').count(), 0);
	assert.equal(await page.evaluate(() => document.activeElement.innerText), 'Change the key');
	await done(page);
});

browserTest('a login is tried in a window, and shown here', async () => {
	const page = await open({ config: fixtures.configFilled() });
	const result = page.locator('[data-sso-test]');
	let asked;

	// The program, as far as the window sees it.
	await page.context().route('**/cgi-bin/luci-sso/try', (route) => {
		asked = route.request();

		return route.fulfill({ contentType: 'text/html', body: 'the provider' });
	});
	await page.locator(field('client_id')).fill('not-saved');

	const [ popup ] = await Promise.all([ page.waitForEvent('popup'), page.getByText('Try a login', { exact: true }).click() ]);

	await result.locator('[data-try]').waitFor();
	assert.match(await result.locator('[data-try]').innerText(), /viewer, because of the group staff/);
	assert.equal(router.request('try_login').values.client_id, 'not-saved');
	assert.equal(router.request('try_login').host, new URL(router.url).host);
	assert.ok(router.request('try_login').roles.length > 0, 'the roles of the form');
	assert.equal(router.request('try_result').id, 'T'.repeat(43));
	assert.equal(new URL(asked.url()).search, '', 'the ticket is in no address');
	assert.match((await asked.allHeaders()).cookie, /__Host-luci_sso_ticket=T{43}/);
	assert.equal(await popup.evaluate(() => window.opener), null, 'the provider cannot reach the page');

	const text = await result.textContent();

	for (const word of [ 'viewer', 'staff', 'admin', 'sub-7', 'does not count', 'ES256', '600 seconds', '<img src=x' ])
		assert.ok(text.includes(word), `${word} is not in ${text}`);

	assert.equal(await result.locator('img').count(), 0, 'what a provider sends is text');

	fixtures.prepare(router, { try_result: fixtures.tried({ code: 'USER_NOT_AUTHORIZED', codes: [ 'USER_NOT_AUTHORIZED' ], detail: 'no role matches', match: {}, others: [] }) });
	await Promise.all([ page.waitForEvent('popup').catch(() => null), page.getByText('Try a login', { exact: true }).click() ]);
	await result.locator('[data-try-result="danger"]').waitFor();
	assert.match(await result.textContent(), /refused.*no role matches.*USER_NOT_AUTHORIZED/s);

	fixtures.prepare(router, { try_login: { id: '', checks: [], origin: 'https://r.example.com' } });
	await page.getByText('Try a login', { exact: true }).click();
	await result.locator('[data-try-result="warning"]').waitFor();
	assert.match(await result.textContent(), /https:\/\/r\.example\.com/);
	await done(page);
});

browserTest('hints warn without blocking', async () => {
	const page = await open();

	await page.locator('[id="widget.cbid.luci-sso.default._preset"]').selectOption('authentik');
	await page.locator(field('issuer_url')).fill('');
	await page.locator(field('issuer_url')).pressSequentially('https://auth.lan/application/o/x');
	await page.getByText('This provider\'s issuer ends with a slash').waitFor();
	await page.locator(field('issuer_url')).press('/');
	await page.waitForFunction(() => document.querySelector('[data-hint="issuer_url"]').style.display == 'none');
	await done(page);
});

browserTest('a preset fills scopes, groups claim and the steps at the provider', async () => {
	const page = await open();

	await page.locator('[id="widget.cbid.luci-sso.default._preset"]').selectOption('auth0');
	assert.equal(await page.locator(field('scope')).inputValue(), 'openid profile email');
	assert.equal(await page.locator(field('groups_claim')).inputValue(), 'router_groups');
	assert.equal(await page.locator(field('issuer_url')).getAttribute('placeholder'), 'https://example.eu.auth0.com/');
	assert.match(await page.locator('[data-sso-steps]').innerText(), /Allowed Callback URLs: https:.*\/cgi-bin\/luci-sso\/callback/);

	// Entra ID announces at_hash but sends none.
	await page.locator('[id="widget.cbid.luci-sso.default._preset"]').selectOption('entra');
	assert.equal(await page.locator(field('require_at_hash')).inputValue(), '0');

	// Zitadel leaves email_verified out when it is false.
	const required = page.locator(box('require_email_verified'));

	assert.equal(await required.isChecked(), false);
	await page.locator('[id="widget.cbid.luci-sso.default._preset"]').selectOption('zitadel');
	assert.equal(await required.isChecked(), true);

	await page.locator('[id="widget.cbid.luci-sso.default._preset"]').selectOption('google');
	assert.equal(await required.isChecked(), true, 'what protects is not switched off by the way');
	assert.equal(await page.locator(field('issuer_url')).inputValue(), 'https://accounts.google.com');
	assert.equal(await page.locator(field('require_at_hash')).inputValue(), '');
	await done(page);
});

preparedTest('test connection sends the form as it stands and never shows the secret', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.locator(field('client_id')).fill('unsaved id');
	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-result="warn"]');
	assert.equal(await page.locator('[data-check="issuer"]').getAttribute('data-status'), 'pass');
	assert.equal((await page.locator('[data-sso-test]').innerHTML()).includes('correct horse'), false);

	if (router.standin) {
		const asked = router.request('test_connection');

		assert.equal(asked.values.client_id, 'unsaved id');
		assert.equal(asked.values.client_secret, 'correct horse battery staple');
		assert.equal(asked.values.clock_tolerance, '60', 'fields on the other tab count too');
		assert.equal(asked.values.internal_issuer_url, '', 'an empty field is tested as unset');
		assert.equal('_preset' in asked.values, false);
		assert.equal(asked.host, new URL(router.url).host, 'a login would start where the page is');

		fixtures.prepare(router, { test_connection: fixtures.testFailed() });
		await page.locator('button', { hasText: 'Test connection' }).click();
		await page.waitForSelector('[data-test-result="fail"]');
		assert.match(await page.locator('[data-check="issuer"]').innerText(), /configured is https:\/\/id\.example\.com\//);
		assert.match(await page.locator('[data-check="issuer"]').innerText(), /exactly as the provider names itself/);
	}

	await done(page);
});

browserTest('the redirect URI can be copied', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.locator('[aria-label="Copy the Redirect URI"]').click();
	await page.getByText('Copied').waitFor();
	assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'https://router.lan/cgi-bin/luci-sso/callback');
	await done(page);
});
