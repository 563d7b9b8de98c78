// SPDX-License-Identifier: Apache-2.0
//
// The settings page in a browser: what a role's rights amount to, and a router
// on which nobody can log in yet.

import assert from 'node:assert/strict';
import * as fixtures from './fixtures.mjs';
import { FRESH, browserTest, done, edit, entry, open, prepare, preparedTest, router, save } from './page.mjs';

prepare();

const unsaved = { kind: 'unsaved', group: 'luci-base', what: [ 'firewall' ], message: fixtures.words().RightsUnsaved, args: [ 'firewall', 'luci-base' ] };
const secret = { kind: 'secret', group: 'luci-app-acl', what: [ 'uci luci-sso' ], message: fixtures.words().RightsSecret, args: [ 'luci-app-acl', 'uci luci-sso' ] };
const root = { kind: 'root', group: 'luci-app-sso', what: [ 'uci luci-sso' ], message: fixtures.words().RightsRoot, args: [ 'luci-app-sso', 'uci luci-sso' ] };

const rights = (...findings) => ({ rights: { roles: [ { name: 'x', access: {}, read: 0, write: 0, total: 0, unmatched: [], findings } ] } });

preparedTest('the editor says what the rights amount to, and mends it at a click', async () => {
	const page = await open({ config: fixtures.configFilled(), replies: rights(unsaved, secret, root) });

	await edit(page, 'viewer');
	await page.locator('.cbi-modal [data-finding="root"][data-group="luci-app-sso"]').waitFor();
	assert.match(await page.locator('.cbi-modal [data-finding="secret"]').innerText(), /luci-app-acl lets people read the client secret/);

	// It asks about the lists of the form, saved or not.
	if (router.standin)
		assert.deepEqual(router.request('rights').roles, [ { name: 'viewer', read: [ '*' ], write: [] } ]);

	await page.locator('.cbi-modal [data-finding="secret"] button').click();
	assert.equal(await page.locator('.cbi-modal [data-name="_level"] select').inputValue(), 'individual');
	assert.equal(await page.locator('.cbi-modal [data-acl-group="luci-app-acl"]').inputValue(), '');
	await page.locator('.cbi-modal [data-finding="unsaved"] button').click();
	assert.equal(await page.locator('.cbi-modal [data-acl-group="luci-base"]').inputValue(), 'write');
	await page.waitForTimeout(600);

	if (router.standin) {
		const asked = router.request('rights').roles[0];

		assert.deepEqual(asked.write, [ 'luci-base' ]);
		assert.equal(asked.read.includes('luci-app-acl'), false);
	}

	await done(page);
});

browserTest('one address added to a role is one change, and the page stays where it was', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.locator('tr[data-sid="viewer"]').scrollIntoViewIfNeeded();

	const top = await page.evaluate(() => window.scrollY);

	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-result]');
	await page.evaluate((y) => window.scrollTo(0, y), top);
	await edit(page, 'viewer');
	await entry(page, 'email').fill('one@example.com');
	await save(page);
	assert.equal(await page.locator('tr[data-sid="viewer"]').innerText().then((t) => t.includes('one@example.com')), true);
	assert.equal(Math.abs(await page.evaluate(() => window.scrollY) - top) < 5, true, 'the view should not jump');
	assert.equal(await page.locator('[data-test-result]').count(), 1, 'the result of the test should stay');

	if (router.real)
		assert.deepEqual(router.run('/sbin/uci', 'changes').trim(), '', 'uci changes are the session\'s own');

	const changes = await page.evaluate(() => fetch(L.env.ubuspath, { method: 'POST', headers: { 'Content-Type': 'application/json' },
		body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'call', params: [ L.env.sessionid, 'uci', 'changes', { config: 'luci-sso' } ] }) }).then((r) => r.json()));

	const list = Array.isArray(changes.result[1].changes) ? changes.result[1].changes : changes.result[1].changes['luci-sso'];

	assert.deepEqual(list.filter((c) => !/^(list-add|list-del|set)$/.test(c[0]) || c[2] != 'email'), [], `these are the changes: ${JSON.stringify(list)}`);
	assert.equal(JSON.stringify(list).includes('one@example.com'), true);
	await done(page);
});

preparedTest('a connection that works is not a login that works', async () => {
	const w = fixtures.words();
	const row = (id, status, message, remedy = '') => ({ id, status, message, args: [], remedy, code: '' });
	const page = await open({
		config: FRESH.replace("\tlist email 'admin@example.com'\n", ''),
		replies: { test_connection: { status: 'warn', took_ms: 1, checks: [ row('pkce', 'pass', w.PKCEGood), row('keys', 'skip', w.NotRun), row('people', 'warn', w.NobodyListed, w.ListPeople) ] } }
	});

	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-result]');
	assert.match(await page.locator('[data-test-result]').innerText(), /The connection works, but nobody can log in yet/);

	if (router.standin)
		assert.deepEqual(router.request('test_connection').roles.map((r) => [ r.name, r.email ]), [ [ 'admin', [] ] ]);

	// What went wrong is on top and red; the rest is one line.
	assert.equal(await page.locator('[data-sso-test] > table [data-check]').count(), 1);
	assert.match(await page.locator('[data-test-rest] summary').innerText(), /Passed: 1, not made: 1/);
	assert.equal(await page.locator('[data-check="pkce"]').isVisible(), false);

	await page.locator('[data-check="people"] button').click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	await done(page);
});

preparedTest('what failed is red', async () => {
	const page = await open({ config: fixtures.configFilled(), replies: { test_connection: fixtures.testFailed() } });

	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-result="fail"]');

	const [ r, g, b ] = (await page.locator('[data-check="issuer"] .label').evaluate((n) => window.getComputedStyle(n).backgroundColor)).match(/\d+/g).map(Number);

	assert.equal(r > 150 && g < 80 && b < 80, true, `“failed” is rgb(${r}, ${g}, ${b})`);
	await done(page);
});

browserTest('the provider is chosen, not guessed: nothing at first, and then what was chosen', async () => {
	const page = await open({ config: "config oidc 'default'\n\toption enabled '0'\n" });
	const preset = page.locator('[id="widget.cbid.luci-sso.default._preset"]');

	assert.equal(await preset.inputValue(), '');
	await preset.selectOption('pocketid');
	assert.match(await page.locator('[id="widget.cbid.luci-sso.default.scope"]').inputValue(), /groups/);
	await preset.selectOption('authelia');
	await page.reload();
	await page.waitForSelector('#luci-sso-status [data-events]');
	assert.equal(await preset.inputValue(), 'authelia');
	await done(page);
});

browserTest('status comes first once there is a provider; who may only look is told so', async () => {
	const above = (page) => page.evaluate(() => !!(document.querySelector('#luci-sso-status').compareDocumentPosition(document.querySelector('[data-name="issuer_url"]')) & window.Node.DOCUMENT_POSITION_FOLLOWING));
	const filled = await open({ config: fixtures.configFilled() });

	assert.equal(await above(filled), true);
	await done(filled);

	const fresh = await open({ config: "config oidc 'default'\n\toption enabled '0'\n" });

	assert.equal(await above(fresh), false);
	await done(fresh);

	const viewer = await open({ config: fixtures.configFilled(), user: 'viewer' });

	assert.match(await viewer.locator('[data-sso-readonly]').innerText(), /look at these settings, but not change them/);
	assert.equal(await viewer.locator('.cbi-page-actions button, [data-sessions] button').count(), 0);
	assert.equal(await viewer.locator('button', { hasText: 'Test connection' }).count(), 0);
	assert.doesNotMatch(await viewer.locator('#view').innerText(), /[Dd]rag the rows/);
	await done(viewer);
});

preparedTest('somebody in the sessions can be found in the events', async () => {
	const sessions = fixtures.sessions();

	sessions.sessions[0].log_name = '2bd806c9';

	const page = await open({ config: fixtures.configFilled(), replies: { sessions, match: { role: 'admin', log_email: '1f2e3d4c', log_subject: '' } } });

	assert.match(await page.locator('[data-sessions] tr', { hasText: 'alice@example.com' }).innerText(), /2bd806c9/);
	await page.fill('#luci-sso-preview-email', 'alice@example.com');
	await page.getByText('In the log: e-mail 1f2e3d4c').waitFor();
	await done(page);
});
