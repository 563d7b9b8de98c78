// SPDX-License-Identifier: Apache-2.0
//
// The settings page in a browser: the conditions of a role beyond addresses,
// groups and subjects.

import assert from 'node:assert/strict';
import * as fixtures from './fixtures.mjs';
import { apply, browserTest, done, edit, entry, field, open, prepare, router, save } from './page.mjs';

prepare();

const CONDITIONS = "\nconfig role 'noc'\n\tlist claim 'department=NOC'\n\tlist email_domain 'example.com'\n\toption match 'all'\n\tlist acr 'phr'\n\tlist amr 'hwk'\n\toption max_age '3600'\n\tlist read '*'\n";

const sentence = (page) => page.locator('.cbi-modal [data-sso-people]');

browserTest('more conditions, with the keyboard alone, are saved and read back', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.locator('tr[data-sid="viewer"] .cbi-button-edit').focus();
	await page.keyboard.press('Enter');
	await page.waitForSelector('.cbi-modal .cbi-map');
	await sentence(page).waitFor();
	assert.match(await sentence(page).innerText(), /^People who have any of these: .*the group family/);
	assert.equal(await page.locator('.cbi-modal [data-name="claim"]').isVisible(), false, 'the rare ones are not in the way');

	await page.locator('.cbi-modal [data-name="_more"] input[type="checkbox"]').focus();
	await page.keyboard.press('Space');
	await entry(page, 'claim').waitFor();

	for (const [ name, ...values ] of [ [ 'email_domain', 'example.com' ], [ 'claim', 'department=NOC', 'a.b=xy' ], [ 'acr', 'phr' ], [ 'amr', 'hwk', 'mfa' ] ])
		for (const value of values) {
			await entry(page, name).focus();
			await page.keyboard.type(value);
			await page.keyboard.press('Enter');
		}

	await page.locator('.cbi-modal [data-name="match"] select').focus();
	await page.keyboard.press('ArrowDown');
	await page.locator('.cbi-modal [data-name="max_age"] input').focus();
	await page.keyboard.type('600');
	await page.keyboard.press('Tab');
	await page.getByText('People who have all of these: ').waitFor();
	assert.match(await sentence(page).innerText(), /all of these: .*the group family.*verified e-mail address at example\.com; the claim department=NOC \/ a\.b=xy, and whose sign-in has: acr phr; amr hwk \+ mfa; an age of at most 600 seconds/);
	await save(page);
	await apply(page);

	for (const [ name, want ] of Object.entries({ email_domain: 'example.com', claim: 'department=NOC a.b=xy', match: 'all', acr: 'phr', amr: 'hwk mfa', max_age: '600', group: 'family' }))
		assert.equal(router.uci('get', `luci-sso.viewer.${name}`), want, name);

	assert.throws(() => router.uci('get', 'luci-sso.viewer._more'), 'the switch is no setting');
	assert.match(await page.locator('tr[data-sid="viewer"] [data-name="_more"]').innerText(), /department=NOC/);

	// What is set shows at once, and taking it away takes it away.
	await edit(page, 'viewer');
	await page.locator('.cbi-modal [data-name="max_age"] input').waitFor();
	await page.locator('.cbi-modal [data-name="max_age"] input').fill('');
	await page.locator('.cbi-modal [data-name="match"] select').selectOption('');
	// Folded up is not deleted.
	await page.locator('.cbi-modal [data-name="_more"] input[type="checkbox"]').uncheck();
	await page.locator('.cbi-modal [data-name="_more"] input[type="checkbox"]').check();
	await save(page);
	await apply(page);
	assert.throws(() => router.uci('get', 'luci-sso.viewer.max_age'));
	assert.throws(() => router.uci('get', 'luci-sso.viewer.match'));
	assert.equal(router.uci('get', 'luci-sso.viewer.claim'), 'department=NOC a.b=xy');
	await done(page);
});

browserTest('conditions that are folded up stay as they are', async () => {
	const page = await open({ config: fixtures.configFilled() + CONDITIONS });

	await edit(page, 'noc');
	await page.locator('.cbi-modal [data-name="_more"] input[type="checkbox"]').uncheck();
	assert.match(await sentence(page).innerText(), /whose sign-in has: acr phr; amr hwk; an age of at most 3600 seconds/);
	await entry(page, 'email').fill('p@example.com');
	await save(page);
	await apply(page);

	for (const [ name, want ] of Object.entries({ claim: 'department=NOC', email_domain: 'example.com', match: 'all', acr: 'phr', amr: 'hwk', max_age: '3600', email: 'p@example.com' }))
		assert.equal(router.uci('get', `luci-sso.noc.${name}`), want, name);

	await done(page);
});

browserTest('what means nothing is said while it is typed', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await edit(page, 'viewer');
	await page.locator('.cbi-modal [data-name="_more"] input[type="checkbox"]').check();

	for (const [ name, value, said ] of [
		[ 'claim', '=NOC', 'Enter the name of a claim, = and a value' ], [ 'claim', 'department', 'Enter the name of a claim, = and a value' ],
		[ 'claim', 'email=a@example.com', 'There is a field of its own for the claim email' ],
		[ 'email_domain', '@example.com', 'Enter a domain such as example.com' ], [ 'amr', 'HWK', 'Enter a registered name' ],
		[ 'acr', 'a b', 'Enter one value without spaces' ], [ 'max_age', '0', 'Enter a whole number from 1 to 31622400' ]
	]) {
		await entry(page, name).fill(value);
		await entry(page, name).press('End');
		await page.locator(`.cbi-modal [data-name="${name}"] [data-tooltip*="${said}"]`).waitFor();
		await entry(page, name).fill('');
	}

	await done(page);
});

browserTest('a broken role from the shell is named in its editor', async () => {
	const page = await open({ config: fixtures.configFilled() + CONDITIONS.replace("'3600'", "'0'") });

	await edit(page, 'noc');
	await page.locator('.cbi-modal [data-sso-notes]').getByText('Until this is mended, the role gives nothing to anybody').waitFor();
	await done(page);
});

browserTest('a name that nobody knows, from the shell, is named in the editor and in the preview', async () => {
	const page = await open({ config: fixtures.configFilled() + "\nconfig role 'noc'\n\tlist email 'eve@example.com'\n\toption max_auth_age '3600'\n\tlist read '*'\n\nconfig role 'last'\n\tlist group 'g'\n\tlist read '*'\n" });
	const result = page.locator('[data-sso-match]');

	await page.locator('#luci-sso-preview-email').fill('eve@example.com');
	await result.getByText('gives nothing to anybody: max_auth_age is not known').waitFor();
	await page.locator('#luci-sso-preview-email').fill('');
	await page.locator('#luci-sso-preview-groups').fill('g');
	await result.getByText('the search ends at the role noc, because its max_auth_age is not certain').waitFor();
	await edit(page, 'noc');
	await page.locator('.cbi-modal [data-sso-notes]').getByText('max_auth_age is not known').waitFor();
	await done(page);
});

browserTest('who would get what, by claims', async () => {
	const page = await open({ config: fixtures.configFilled() + CONDITIONS });
	const result = page.locator('[data-sso-match]');
	const claims = page.locator('#luci-sso-preview-claims');

	await claims.fill('{ "email": "eve@example.com",\n\t"email_verified": true, "department": "NOC" }');
	assert.match(await result.innerText(), /Role noc, because of the domain example\.com, because of the claim department=NOC/);
	assert.equal(await result.locator('[data-sso-lacks]').getAttribute('data-sso-lacks'), 'acr amr max_age');
	await claims.fill(`{ "email": "eve@example.com", "email_verified": true, "department": "NOC", "acr": "phr", "amr": ["hwk"], "auth_time": ${Math.floor(Date.now() / 1000)} }`);
	assert.equal(await result.locator('[data-sso-lacks]').count(), 0);
	await claims.fill('{ "email": "eve@example.com", "email_verified": true, "department": {} }');
	assert.match(await result.innerText(), /the search ends at the role noc, because its department is not certain/);
	await claims.fill('{ "email": ');
	assert.match(await result.innerText(), /no JSON object/);
	await done(page);
});

browserTest('on a phone nothing is too wide', async () => {
	const page = await open({ config: fixtures.configFilled() + CONDITIONS, viewport: { width: 360, height: 740 } });
	const wide = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

	assert.equal(await wide() <= 0, true, 'the page');
	await edit(page, 'noc');
	await page.locator('.cbi-modal [data-name="amr"]').waitFor();
	assert.equal(await wide() <= 0, true, 'the editor');

	if (process.env.LUCI_SSO_SHOTS)
		await page.locator('.cbi-modal, .modal').first().screenshot({ path: `${process.env.LUCI_SSO_SHOTS}/conditions-360.png` });

	assert.equal(await page.locator(field('max_age', 'noc')).inputValue(), '3600');
	await done(page);
});
