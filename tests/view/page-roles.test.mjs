// SPDX-License-Identifier: Apache-2.0
//
// The settings page in a browser: roles, their editor and their order.

import assert from 'node:assert/strict';
import * as fixtures from './fixtures.mjs';
import { FRESH, apply, browserTest, done, edit, entry, open, prepare, router, save } from './page.mjs';

prepare();

browserTest('or Add to create it: admin starts at full access, anybody else at read-only', async () => {
	const page = await open({ config: "config oidc 'default'\n\toption enabled '0'\n" });

	for (const name of [ 'admin', 'guest' ]) {
		await page.locator('.cbi-section-create-name').pressSequentially(name);
		await page.locator('.cbi-section-create .cbi-button-add').click();
		await page.waitForSelector('.cbi-modal .cbi-map');
		await entry(page, 'email').fill(`${name}@example.com`);
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

browserTest('individual access: only what was chosen is granted', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await edit(page, 'viewer');
	await page.locator('.cbi-modal [data-name="_level"] select').selectOption('individual');
	await page.locator('.cbi-modal [data-access-groups] button', { hasText: 'denied' }).click();
	await page.getByText('This role grants nothing').first().waitFor();
	await page.locator('.cbi-modal [data-acl-group="luci-app-acl"]').selectOption('write');
	await page.getByText('Without the group luci-base').waitFor();
	await page.locator('.cbi-modal input[type="search"]').fill('basic procedures');
	assert.equal(await page.locator('.cbi-modal [data-acl-group]:visible').count(), 1);
	await page.locator('.cbi-modal [data-acl-group="luci-base"]').selectOption('read');
	assert.equal(await page.locator('.cbi-modal [data-count]').innerText(), '2 of 8 groups granted, 1 of them with write access'.replace('8', String(await page.locator('.cbi-modal [data-acl-group]').count())));
	await save(page);
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.viewer.read'), 'luci-app-acl luci-base');
	assert.equal(router.uci('get', 'luci-sso.viewer.write'), 'luci-app-acl');
	// As luci-app-acl counts: what may be read, and apart from it what may be
	// changed, with the group that everybody has.
	assert.match(await page.locator('tr[data-sid="viewer"] [data-name="_read"]').innerText(), /partial \(3\//i);
	assert.match(await page.locator('tr[data-sid="viewer"] [data-name="_write"]').innerText(), /partial \(1\//i);

	// And back.
	await page.locator('tr[data-sid="viewer"] .cbi-button-edit').click();
	await page.waitForSelector('.cbi-modal [data-access-groups]');
	await page.locator('.cbi-modal [data-name="_level"] select').selectOption('read');
	await save(page);
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
	await entry(page, 'email').fill('p@example.com');
	await save(page);
	await apply(page);
	assert.equal(router.uci('get', 'luci-sso.ops.read'), 'luci-* !luci-app-acl gone');
	assert.equal(router.uci('get', 'luci-sso.ops.email'), 'o@example.com p@example.com');
	await done(page);
});

browserTest('notes appear while a role is edited', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await edit(page, 'viewer');
	await entry(page, 'email').pressSequentially('Alice@Example.com');
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
