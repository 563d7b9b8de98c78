// SPDX-License-Identifier: Apache-2.0
//
// The settings page in a browser, on a real LuCI with real rpcd and uci. What
// the rpcd plugin answers is a stand-in's here, unless LUCI_SSO_PLUGIN names
// the binary.
//
//   LUCI_SSO_ROUTER_ROOT=DIR node --test tests/view/page.test.mjs

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import * as fixtures from './fixtures.mjs';
import { messages } from './lmo.mjs';
import { browserPath, login, routerRoot, start, TOP } from './router.mjs';

const PATH = '/cgi-bin/luci/admin/services/luci-sso';
const FRESH = "config oidc 'default'\n\toption enabled '0'\n\toption scope 'openid profile email'\n\toption clock_tolerance '60'\n\n" +
	"config role 'admin'\n\tlist email 'admin@example.com'\n\tlist read '*'\n\tlist write '*'\n";
const missing = !routerRoot() ? 'no router root with LuCI (LUCI_SSO_ROUTER_ROOT, as root)' : !browserPath() ? 'no chromium' : '';

if (missing)
	console.log(`note: the page is not tested in a browser: ${missing}`);

let router, browser;

before(async () => {
	if (missing)
		return;

	const { chromium } = await import('playwright-core');

	router = await start({ plugin: process.env.LUCI_SSO_PLUGIN });
	browser = await chromium.launch({ executablePath: browserPath(), args: [ '--no-sandbox' ] });
	console.log(`note: the page is tested on real LuCI and rpcd with ${router.standin ? 'a stand-in for' : 'the real'} rpcd plugin`);
});

after(async () => {
	if (browser)
		await browser.close();

	if (router)
		await router.stop();
});

async function open({ config = FRESH, user = 'root', viewport = { width: 1280, height: 900 }, replies = {} } = {}) {
	router.config(config);
	fixtures.prepare(router, replies);

	const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, permissions: [ 'clipboard-read', 'clipboard-write' ] });
	const page = await login(context, router, PATH, user, user == 'root' ? 'router' : user);

	await page.waitForSelector('#luci-sso-status [data-events]');

	return page;
}

const field = (name, section = 'default') => `[id="widget.cbid.luci-sso.${section}.${name}"]`;
const box = (name) => `[data-name="${name}"] input[type="checkbox"]`;
const fields = (page, section, name) => page.locator(`.cbi-modal [data-name="${name}"] input:not([type="hidden"])`).last();

async function apply(page) {
	// LuCI confirms by itself that it can still reach the router, then it
	// loads the page again.
	await Promise.all([
		page.waitForEvent('load', { timeout: 60000 }),
		page.locator('.cbi-page-actions .cbi-button-apply').first().click()
	]);
	await page.waitForSelector('#luci-sso-status [data-events]');
}

async function done(page) {
	const problems = page.problems.filter((p) => !p.includes('403') && !/Access denied|contains an invalid input value/.test(p));

	await page.context().close();
	assert.deepEqual(problems, [], 'the browser console should be quiet');
}

function browserTest(name, run) {
	test(name, { skip: missing || false, timeout: 120000 }, run);
}

// preparedTest is one that needs answers the real plugin would not give here.
function preparedTest(name, run) {
	test(name, { skip: missing || (process.env.LUCI_SSO_PLUGIN ? 'needs prepared answers' : false), timeout: 120000 }, run);
}

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
	await page.locator('tr[data-sid="admin"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	await fields(page, 'admin', 'email').fill('user@example.com');
	await page.locator('.cbi-modal .cbi-button-positive', { hasText: 'Save' }).click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.admin.email'), 'admin@example.com user@example.com');
	assert.equal(router.uci('get', 'luci-sso.admin.read'), '*');
	assert.equal(router.uci('get', 'luci-sso.admin.write'), '*');

	// 3. Map by group
	await page.locator(field('scope')).fill('openid profile email groups');
	await apply(page);
	await page.locator('tr[data-sid="admin"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	await fields(page, 'admin', 'group').fill('router-admins@PocketID');
	await page.locator('.cbi-modal .cbi-button-positive', { hasText: 'Save' }).click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.default.scope'), 'openid profile email groups');
	assert.equal(router.uci('get', 'luci-sso.admin.group'), 'router-admins@PocketID');

	await done(page);
});

browserTest('or Add to create it: admin starts at full access, anybody else at read-only', async () => {
	const page = await open({ config: "config oidc 'default'\n\toption enabled '0'\n" });

	for (const name of [ 'admin', 'guest' ]) {
		await page.locator('.cbi-section-create-name').pressSequentially(name);
		await page.locator('.cbi-section-create .cbi-button-add').click();
		await page.waitForSelector('.cbi-modal .cbi-map');
		await fields(page, name, 'email').fill(`${name}@example.com`);
		await page.locator('.cbi-modal .cbi-button-positive', { hasText: 'Save' }).click();
		await page.waitForSelector(`tr[data-sid="${name}"]`);
		await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
	}

	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.admin'), 'role');
	assert.equal(router.uci('get', 'luci-sso.admin.read'), '*');
	assert.equal(router.uci('get', 'luci-sso.admin.write'), '*');
	assert.equal(router.uci('get', 'luci-sso.guest.read'), '*');
	assert.throws(() => router.uci('get', 'luci-sso.guest.write'));
	assert.match(router.uci('show', 'luci-sso'), /guest\.read='\*'/);

	// The settings section's own name is no name for a role.
	await page.locator('.cbi-section-create-name').pressSequentially('default');
	await page.locator('.cbi-section-create .cbi-button-add').click();
	await page.getByText('The name “default” is taken by the settings').waitFor();
	assert.equal(await page.locator('body.modal-overlay-active').count(), 0);

	await done(page);
});

browserTest('every field is saved and read back', async () => {
	const page = await open();
	const values = {
		issuer_url: 'https://id.example.net', client_id: 'id with space', client_secret: "it's \"quoted\" \\ and ä", redirect_uri: 'https://r.example.net/cgi-bin/luci-sso/callback',
		scope: 'openid email x', internal_issuer_url: 'https://10.0.0.2', ca_file: '/etc/ssl/my ca.pem', groups_claim: 'realm_access.roles', clock_tolerance: '90',
		rate_limit: '77', rate_window: '120', rate_limit_per_client: '9', post_logout_redirect_uri: 'https://r.example.net/bye'
	};
	const selects = { token_auth_method: 'client_secret_post', require_at_hash: '1' };

	for (const name in values) {
		if (name == 'internal_issuer_url')
			await page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();

		await page.locator(field(name)).fill(values[name]);
	}

	for (const name in selects)
		await page.locator(field(name)).selectOption(selects[name]);

	await page.locator(box('require_email_verified')).check();
	await apply(page);

	for (const [ name, value ] of Object.entries({ ...values, ...selects, require_email_verified: '1' }))
		assert.equal(router.uci('get', `luci-sso.default.${name}`), value, name);

	assert.equal(router.uci('show', 'luci-sso').includes('_preset'), false, 'the preset is no setting');

	await page.reload();
	await page.waitForSelector('#luci-sso-status [data-events]');

	for (const [ name, value ] of Object.entries({ ...values, ...selects }))
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

	await page.locator('[id="widget.cbid.luci-sso.default._preset"]').selectOption('google');
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

browserTest('individual access: only what was chosen is granted', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.locator('tr[data-sid="viewer"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	await page.locator('.cbi-modal [data-name="_level"] select').selectOption('individual');
	await page.locator('.cbi-modal [data-access-groups] button', { hasText: 'denied' }).click();
	await page.getByText('This role grants nothing').first().waitFor();
	await page.locator('.cbi-modal [data-acl-group="luci-app-acl"]').selectOption('write');
	await page.getByText('Without the group luci-base').waitFor();
	await page.locator('.cbi-modal input[type="search"]').fill('basic procedures');
	assert.equal(await page.locator('.cbi-modal [data-acl-group]:visible').count(), 1);
	await page.locator('.cbi-modal [data-acl-group="luci-base"]').selectOption('read');
	assert.equal(await page.locator('.cbi-modal [data-count]').innerText(), '2 of 8 groups granted, 1 of them with write access'.replace('8', String(await page.locator('.cbi-modal [data-acl-group]').count())));
	await page.locator('.cbi-modal .cbi-button-positive', { hasText: 'Save' }).click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.viewer.read'), 'luci-app-acl luci-base');
	assert.equal(router.uci('get', 'luci-sso.viewer.write'), 'luci-app-acl');
	assert.match(await page.locator('tr[data-sid="viewer"]').innerText(), /partial \(2\//i);

	// And back.
	await page.locator('tr[data-sid="viewer"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal [data-access-groups]');
	await page.locator('.cbi-modal [data-name="_level"] select').selectOption('read');
	await page.locator('.cbi-modal .cbi-button-positive', { hasText: 'Save' }).click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.viewer.read'), '*');
	assert.throws(() => router.uci('get', 'luci-sso.viewer.write'));
	await done(page);
});

browserTest('patterns and exclusions survive an edit of something else', async () => {
	const page = await open({ config: FRESH + "\nconfig role 'ops'\n\tlist email 'o@example.com'\n\tlist read 'luci-*'\n\tlist read '!luci-app-acl'\n\tlist read 'gone'\n" });

	await page.locator('tr[data-sid="ops"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal [data-access-groups]');
	await page.getByText('These access groups are not installed on this router: gone').waitFor();
	await fields(page, 'ops', 'email').fill('p@example.com');
	await page.locator('.cbi-modal .cbi-button-positive', { hasText: 'Save' }).click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.ops.read'), 'luci-* !luci-app-acl gone');
	assert.equal(router.uci('get', 'luci-sso.ops.email'), 'o@example.com p@example.com');
	await done(page);
});

browserTest('notes appear while a role is edited', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.locator('tr[data-sid="viewer"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	await fields(page, 'viewer', 'email').pressSequentially('Alice@Example.com');
	await page.getByText('Alice@Example.com is also listed in the role admin').waitFor();
	await done(page);
});

browserTest('the order of roles changes with the keyboard and is saved', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.fill('#luci-sso-preview-groups', 'family, router-admins');
	assert.match(await page.locator('[data-sso-match]').innerText(), /Role admin/);
	await page.locator('tr[data-sid="viewer"] .drag-handle').focus();
	await page.keyboard.press('ArrowUp');
	assert.match(await page.locator('[data-sso-match]').innerText(), /Role viewer, because of the group family/);
	assert.equal(await page.evaluate(() => document.activeElement.className.includes('drag-handle')), true, 'the focus stays on the handle');
	await apply(page);
	assert.equal(router.uci('show', 'luci-sso').indexOf('.viewer=role') < router.uci('show', 'luci-sso').indexOf('.admin=role'), true);
	await done(page);
});

browserTest('a role can be deleted', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.locator('tr[data-sid="viewer"] .cbi-button-remove').click();
	await page.waitForSelector('tr[data-sid="viewer"]', { state: 'detached' });
	await apply(page);
	assert.throws(() => router.uci('get', 'luci-sso.viewer'));
	await done(page);
});

browserTest('who would get what', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.fill('#luci-sso-preview-email', 'ALICE@example.com');
	assert.match(await page.locator('[data-sso-match]').innerText(), /Role admin, because of the e-mail address alice@example.com/);
	await page.fill('#luci-sso-preview-email', 'eve@example.com');
	assert.match(await page.locator('[data-sso-match]').innerText(), /cannot log in/i);
	await page.fill('#luci-sso-preview-email', '<img src=x onerror=alert(1)>');
	assert.equal(await page.locator('[data-sso-match] img').count(), 0);
	await done(page);
});

preparedTest('status, sessions and events', async () => {
	const page = await open({ config: fixtures.configFilled() });

	assert.equal(await page.locator('[data-sso-summary]').getAttribute('data-sso-summary'), 'success');
	assert.match(await page.locator('[data-events]').innerText(), /The provider names itself differently from the Issuer URL/);
	await page.locator('[data-events] summary', { hasText: 'DISCOVERY_ISSUER_MISMATCH' }).click();
	await page.getByText('Copy the issuer from the discovery document.').waitFor();

	if (router.standin)
		assert.equal(router.request('explain').code, 'DISCOVERY_ISSUER_MISMATCH');

	await page.locator('[aria-label="End the session of bob@example.com"]').click();
	await page.locator('#modal_overlay .cbi-button-negative').click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));

	if (router.standin)
		assert.equal(router.request('end_session').id, '00112233445566bb');

	await done(page);

	const bad = await open({ replies: { status: fixtures.statusBad() } });

	assert.equal(await bad.locator('[data-sso-summary]').getAttribute('data-sso-summary'), 'warning');
	assert.match(await bad.locator('#luci-sso-status').innerText(), /material/);
	await done(bad);
});

browserTest('what comes from outside is text, not markup', async () => {
	const evil = '<img src=x onerror="document.title=\'owned\'">%s';
	const page = await open({
		config: fixtures.configFilled(),
		replies: {
			sessions: { sessions: [ { ...fixtures.sessions().sessions[0], name: evil, role: evil } ] },
			events: { events: [ { ...fixtures.events().events[1], name: evil, detail: evil, code: evil, codes: [ evil ], client: evil, kind: evil } ] },
			status: { ...fixtures.statusBad(), checks: [ { id: evil, status: evil, message: evil, args: [ evil ], remedy: evil, remedy_args: [] }, { id: evil, status: 'fail', message: evil, args: [ evil ], remedy: evil, remedy_args: [] } ] },
			access_groups: { groups: [ { name: evil, description: evil, read: true, write: true } ] },
			test_connection: { status: 'fail', checks: [ { id: evil, status: 'fail', message: '%s', args: [ evil ], remedy: '%s', remedy_args: [ evil ] } ] }
		}
	});

	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-result]');
	assert.equal(await page.locator('#view img').count(), 0);
	assert.notEqual(await page.title(), 'owned');
	await done(page);
});

browserTest('people who may only look see everything disabled and no secret', async () => {
	const seen = [];
	const page = await open({ config: fixtures.configFilled(), user: 'viewer' });

	page.on('response', async (r) => seen.push(await r.text().catch(() => '')));
	await page.reload();
	await page.waitForSelector('#luci-sso-status [data-events]');

	assert.equal((await page.content()).includes('correct horse'), false);
	assert.equal(seen.some((t) => t.includes('correct horse')), false, 'the secret must not even reach the browser');
	assert.equal(await page.locator('[id*="client_secret"] input').count(), 0);
	assert.equal(await page.locator('[data-name="client_secret"]').innerText().then((t) => t.includes('is set')), true);
	assert.equal(await page.locator('[id="widget.cbid.json.default.issuer_url"]').inputValue(), 'https://id.example.com');

	const enabled = await page.locator('#view .cbi-map input:not([type="hidden"]):enabled:visible, #view .cbi-map select:enabled:visible, .cbi-page-actions button:enabled:visible').count();

	assert.equal(enabled, 0, 'nothing in the form can be changed');
	assert.equal(await page.locator('[data-sessions] button:enabled').count(), 0);
	assert.equal(await page.locator('button:enabled', { hasText: 'Test connection' }).count(), 0);

	// And the router refuses what the page does not offer.
	const refused = await page.evaluate(async () => {
		const call = (object, method, args) => fetch(L.env.ubuspath, { method: 'POST', headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'call', params: [ L.env.sessionid, object, method, args ] }) }).then((r) => r.json());

		return Promise.all([
			call('uci', 'get', { config: 'luci-sso' }), call('uci', 'set', { config: 'luci-sso', section: 'default', values: { enabled: '0' } }),
			call('luci-sso', 'test_connection', { values: {} }), call('luci-sso', 'end_session', { id: '00112233445566aa' })
		]);
	});

	for (const r of refused)
		assert.equal(!!r.error || (Array.isArray(r.result) && r.result[0] == 6), true, JSON.stringify(r));

	await page.locator('tr[data-sid="admin"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	assert.equal(await page.locator('.cbi-modal .cbi-button-positive:enabled').count(), 0);
	await done(page);
});

preparedTest('somebody with no other right than this page can use all of it', async () => {
	const page = await open({ config: fixtures.configFilled(), user: 'keeper' });
	const denied = [];

	page.on('response', async (r) => {
		const text = r.url().includes('/ubus') ? await r.text().catch(() => '') : '';

		if (text.includes('Access denied') || /"result":\[6\]/.test(text))
			denied.push(r.request().postData() + text);
	});
	await page.reload();
	await page.waitForSelector('#luci-sso-status [data-events]');
	await page.locator(field('client_id')).fill('kept');
	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-result]');
	await page.locator('tr[data-sid="admin"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	await fields(page, 'admin', 'sub').fill('subject-1');
	await page.locator('.cbi-modal .cbi-button-positive', { hasText: 'Save' }).click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.default.client_id'), 'kept');
	assert.equal(router.uci('get', 'luci-sso.admin.sub'), 'subject-1');
	await page.locator('[aria-label="End the session of bob@example.com"]').click();
	await page.locator('#modal_overlay .cbi-button-negative').click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
	assert.deepEqual(denied, [], 'the access group should grant every call of the page');
	await done(page);
});

preparedTest('the page speaks every language there is a translation for', async () => {
	const languages = readdirSync(join(TOP, 'po')).filter((name) => name != 'templates');

	try {
		for (const language of languages) {
			const words = messages(join(TOP, `po/${language}/sso.po`));
			const code = { pt_BR: 'pt_br', zh_Hans: 'zh_cn', zh_Hant: 'zh_tw' }[language] || language;

			router.uci('set', `luci.main.lang=${code}`);
			router.uci('commit', 'luci');

			const page = await open({ config: fixtures.configFilled() });
			const text = await page.locator('#view').innerText();

			for (const id of [ 'Lets people log in to this router with the account they have at an identity provider (OpenID Connect).', 'Redirect URI', 'Who would get what', 'Last events',
				'The provider names itself differently from the Issuer URL.', 'SSO is on and the login page carries the button.' ])
				assert.equal(text.includes(words.get(id) || id), true, `${language}: “${words.get(id)}” should be on the page`);

			await page.locator('button', { hasText: words.get('Test connection') }).click();
			await page.waitForSelector('[data-test-result]');
			assert.equal((await page.locator('[data-check="redirect_uri"]').innerText()).includes(words.get(fixtures.words().RegisterRedirect)), true, language);
			await done(page);
		}
	}
	finally {
		router.uci('set', 'luci.main.lang=en');
		router.uci('commit', 'luci');
	}
});

browserTest('at 360 pixels nothing runs out of the page', async () => {
	const page = await open({ config: fixtures.configFilled(), viewport: { width: 360, height: 740 } });

	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-result]');
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), true);
	await page.locator('tr[data-sid="viewer"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	await page.locator('.cbi-modal [data-name="_level"] select').selectOption('individual');
	assert.equal(await page.evaluate(() => {
		const modal = document.querySelector('.cbi-modal');

		return modal.scrollWidth <= modal.clientWidth;
	}), true);
	await done(page);
});

browserTest('every control has a name for a screen reader, and no script is inline', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();

	const find = () => page.evaluate(() => [ ...document.querySelectorAll('#view input:not([type="hidden"]), #view select, #view button, .cbi-modal input, .cbi-modal select, .cbi-modal button') ]
		.filter((n) => n.offsetParent && !n.getAttribute('aria-label') && !n.textContent.trim() && !n.title && !(n.labels && n.labels.length) &&
			!document.querySelector(`label[for="${n.id}"]`))
		.map((n) => n.outerHTML.slice(0, 120)));

	assert.deepEqual(await find(), []);
	await page.locator('tr[data-sid="viewer"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	await page.locator('.cbi-modal [data-name="_level"] select').selectOption('individual');
	assert.deepEqual(await find(), []);
	assert.equal(await page.evaluate(() => [ ...document.querySelectorAll('#view *') ].some((n) => [ ...n.attributes ].some((a) => a.name.startsWith('on')))), false);
	await done(page);
});
