// SPDX-License-Identifier: Apache-2.0
//
// The settings page in a browser: what it shows of the router, and to whom.

import assert from 'node:assert/strict';
import * as fixtures from './fixtures.mjs';
import { apply, browserTest, done, edit, entry, field, open, prepare, preparedTest, router, save } from './page.mjs';

prepare();

preparedTest('status, sessions and events', async () => {
	const page = await open({ config: fixtures.configFilled() });

	assert.equal(await page.locator('[data-sso-summary]').getAttribute('data-sso-summary'), 'success');
	assert.match(await page.locator('[data-events]').innerText(), /The provider names itself differently from the Issuer URL/);
	await page.locator('[data-events] summary', { hasText: 'DISCOVERY_ISSUER_MISMATCH' }).click();
	await page.getByText('Copy the issuer from the discovery document.').waitFor();
	assert.match(await page.locator('[data-events]').innerText(), /address with Internal Issuer URL \(internal_issuer_url\)/, 'an option has the name of its field');

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

browserTest('until when a session lasts, when it was confirmed, and why one ended', async () => {
	const [ first, second ] = fixtures.sessions().sessions;
	const now = Math.floor(Date.now() / 1000);
	const page = await open({ replies: {
		sessions: { sessions: [ { ...first, until: now + 7230, confirmed: now - 130 }, { ...second, until: 0, confirmed: 0 } ] },
		events: { events: [ { time: now - 60, kind: 'ended', status: 403, code: 'SESSION_REVOKED', codes: [ 'SESSION_REVOKED' ], role: 'admin', name: '2bd806c9', client: '', detail: 'error "invalid_grant"' } ] }
	} });
	const row = (name) => page.locator('[data-sessions] tr', { hasText: name }).innerText();

	assert.match(await row(first.name), /confirmed 0h 2m \d+s ago/);
	assert.match(await row(first.name), /at the latest in 2h 0m/);
	assert.doesNotMatch(await row(second.name), /confirmed|latest/);
	const ended = await page.locator('[data-event="ended"]').innerText();

	assert.match(ended, /Session ended/);
	assert.match(ended, /the provider says that the sign-in does not hold any more/);
	await done(page);
});

browserTest('a list of sessions that is cut says so', async () => {
	const whole = await open({});

	assert.equal(await whole.getByText('There are more sessions than rpcd can list.').count(), 0);
	await done(whole);

	const [ known, unknown ] = fixtures.sessions().sessions;
	const page = await open({ replies: { sessions: { sessions: [ known, { ...unknown, expires: -1 } ], cut: true } } });

	await page.getByText('There are more sessions than rpcd can list. Some of these may have ended.').waitFor();
	assert.match(await page.locator('[data-sessions] tr', { hasText: unknown.name }).innerText(), /\?/);
	assert.equal(await page.locator('[data-sessions] button:enabled').count(), 2);
	await done(page);
});

browserTest('what comes from outside is text, not markup', async () => {
	const evil = '<img src=x onerror="document.title=\'owned\'">%s';
	const page = await open({
		config: fixtures.configFilled(),
		replies: {
			sessions: { sessions: [ { ...fixtures.sessions().sessions[0], name: evil, role: evil } ] },
			events: { events: [ { ...fixtures.events().events[1], name: evil, detail: evil, code: evil, codes: [ evil ], client: evil, kind: evil } ] },
			status: { ...fixtures.statusBad(), checks: [ { id: evil, status: evil, message: evil, args: [ evil ], remedy: evil }, { id: evil, status: 'fail', message: evil, args: [ evil ], remedy: evil } ] },
			access_groups: { groups: [ { name: evil, description: evil, read: true, write: true } ] },
			test_connection: { status: 'fail', checks: [ { id: evil, status: 'fail', message: '%s', args: [ evil ], remedy: '%s' } ] }
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
			call('luci-sso', 'test_connection', { values: {} }), call('luci-sso', 'end_session', { id: '00112233445566aa' }),
			call('luci-sso', 'try_login', { host: window.location.host }), call('luci-sso', 'try_result', { id: 'x' }), call('luci-sso', 'client_key', {})
		]);
	});

	for (const r of refused)
		assert.equal(!!r.error || (Array.isArray(r.result) && r.result[0] == 6), true, JSON.stringify(r));

	await edit(page, 'admin');
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
	await edit(page, 'admin');
	await entry(page, 'sub').fill('subject-1');
	await save(page);
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.default.client_id'), 'kept');
	assert.equal(router.uci('get', 'luci-sso.admin.sub'), 'subject-1');
	await page.locator('[aria-label="End the session of bob@example.com"]').click();
	await page.locator('#modal_overlay .cbi-button-negative').click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
	assert.deepEqual(denied, [], 'the access group should grant every call of the page');
	await done(page);
});
