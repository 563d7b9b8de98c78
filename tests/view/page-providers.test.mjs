// SPDX-License-Identifier: Apache-2.0
//
// More than one provider on the settings page.

import assert from 'node:assert/strict';
import { output } from '../lib/lab.mjs';
import { configFilled } from './fixtures.mjs';
import { load } from './load.mjs';
import { apply, box, browserTest, done, edit, field, open, prepare, router, save } from './page.mjs';

const SPARE = "\nconfig oidc 'spare'\n\toption enabled '1'\n\toption issuer_url 'https://spare.example.com'\n\toption client_id 'r'\n\toption client_secret 's'\n\toption token_auth_method 'private_key_jwt'\n";

prepare();

const advanced = (page) => page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();
const tabs = (page) => page.locator('[data-sso-providers] a');

// choose toggles providers in a role's editor and saves it.
async function choose(page, role, ...names) {
	const arrow = page.locator('.cbi-modal [data-name="provider"] .cbi-dropdown > .open');

	await edit(page, role);
	await arrow.click();

	for (const name of names)
		await page.locator(`.cbi-modal [data-name="provider"] li[tabindex][data-value="${name}"]`).click();

	await arrow.click();
	await save(page);
}

browserTest('the form of each provider has a field for every option, and a further one none for what is for all', async () => {
	const rows = load('luci-sso.options').all();

	for (const section of [ 'default', 'spare' ]) {
		const page = await open({ config: configFilled() + SPARE });

		if (section != 'default') {
			await tabs(page).last().click();
			await page.waitForURL(/provider=spare/);
			await page.waitForSelector(field('issuer_url', 'spare'));
		}

		for (const row of rows)
			assert.equal(await page.locator(`[data-field="cbid.luci-sso.${section}.${row.name}"]`).count(), (section == 'default' || !row.global) ? 1 : 0, `${section}.${row.name}`);

		// The key is the router's, whichever provider asks for it.
		await advanced(page);
		assert.equal(await page.getByText('Show the public key').isVisible(), section == 'spare');
		if (section == 'default')
			assert.equal(await page.locator(box('serve_jwks')).isVisible(), true, 'another provider may need it');

		await done(page);
	}
});

browserTest('who would get what asks by which provider a person comes', async () => {
	const page = await open({ config: configFilled() + SPARE + "\nconfig role 'guest'\n\tlist provider 'spare'\n\tlist email 'alice@example.com'\n\tlist read '*'\n" });
	const result = page.locator('[data-sso-match]');

	await page.fill('#luci-sso-preview-email', 'alice@example.com');
	await result.getByText('Role admin').waitFor();
	await page.selectOption('#luci-sso-preview-provider', 'spare');
	await result.getByText('Role guest').waitFor();
	await page.fill('#luci-sso-preview-email', 'bob@example.com');
	await result.getByText('No role').waitFor();
	await done(page);
});

browserTest('a role for people of a provider that is not there gives nothing, and the editor can take it out', async () => {
	const page = await open({ config: configFilled().replace("config role 'admin'\n", "config role 'admin'\n\tlist provider 'default'\n\tlist provider 'gone'\n") });

	await page.fill('#luci-sso-preview-email', 'alice@example.com');
	await page.locator('[data-sso-match]').getByText('gives nothing to anybody: gone is not known').waitFor();
	await edit(page, 'admin');
	await page.locator('.cbi-modal [data-sso-notes]').getByText('gone is not known').waitFor();
	await page.locator('.cbi-modal .button-row button', { hasText: 'Dismiss' }).click();
	await choose(page, 'admin', 'gone');
	await page.fill('#luci-sso-preview-email', 'bob@example.com');
	await page.fill('#luci-sso-preview-email', 'alice@example.com');
	await page.locator('[data-sso-match]').getByText('Role admin').waitFor();
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.admin.provider'), 'default');
	await done(page);
});

browserTest('with one provider there are no tabs, and a second one gets a form of its own', async () => {
	const page = await open({ config: configFilled() });

	assert.equal(await tabs(page).count(), 0);
	await advanced(page);
	await page.locator('button', { hasText: 'Add a provider' }).click();
	await page.locator('#luci-sso-provider-name').fill('not this');
	await page.locator('.modal .cbi-button-positive').click();
	assert.match(await page.locator('.modal [role="alert"]').innerText(), /short name/);
	await page.locator('#luci-sso-provider-name').fill('admin');
	await page.locator('.modal .cbi-button-positive').click();
	assert.match(await page.locator('.modal [role="alert"]').innerText(), /taken/);
	await page.locator('#luci-sso-provider-name').fill('spare');
	await Promise.all([
		page.waitForURL(/provider=spare/),
		page.locator('.modal .cbi-button-positive').click()
	]);
	await page.waitForSelector(field('issuer_url', 'spare'));
	assert.deepEqual(await tabs(page).allInnerTexts(), [ 'default', 'spare' ]);

	await page.screenshot({ path: `${output('screenshots')}/page-providers.png`, fullPage: true });

	// What is for all of them is not asked for again.
	await advanced(page);
	assert.equal(await page.locator(field('groups_claim', 'spare')).count(), 1);
	for (const name of [ 'clock_tolerance', 'rate_limit', 'session_cookie_path' ])
		assert.equal(await page.locator(field(name, 'spare')).count(), 0, name);
	await page.locator('.cbi-tabmenu a', { hasText: 'General Settings' }).click();
	assert.match(await page.locator(field('redirect_uri', 'spare')).inputValue(), /\/callback\?provider=spare$/);

	await page.locator(field('issuer_url', 'spare')).fill('https://spare.example.com');
	await page.locator(field('client_id', 'spare')).fill('router');
	await page.locator(field('client_secret', 'spare')).fill('s3cret');
	await page.locator(box('enabled')).check();
	await choose(page, 'admin', 'spare');
	await choose(page, 'viewer', 'default', 'spare');
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.spare.issuer_url'), 'https://spare.example.com');
	assert.equal(router.uci('get', 'luci-sso.spare.enabled'), '1');
	assert.equal(router.uci('get', 'luci-sso.admin.provider'), 'spare');
	assert.equal(router.uci('get', 'luci-sso.default.issuer_url') === 'https://spare.example.com', false);

	await tabs(page).first().click();
	await page.waitForSelector(field('issuer_url', 'default'), { state: 'attached' });
	assert.ok(!page.url().includes('provider='));
	await tabs(page).last().click();
	await page.waitForSelector(field('issuer_url', 'spare'));
	await advanced(page);
	await page.locator('button', { hasText: 'Remove this provider' }).click();
	await page.waitForSelector(field('issuer_url', 'default'), { state: 'attached' });
	assert.equal(await tabs(page).count(), 0);
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.viewer.provider'), 'default', 'it goes out of the roles as well');
	assert.equal(router.uci('get', 'luci-sso.admin.provider'), 'spare', 'but a role does not pass to the people of default');
	await done(page);
});
