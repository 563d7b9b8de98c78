// SPDX-License-Identifier: Apache-2.0
//
// The guide for Pocket ID from its second step to the login, with nothing but
// a browser: a fresh configuration, the settings page, Save & Apply, and then
// the button and a person of the lab's provider. On real LuCI where there is a
// router's root file system, elsewhere on the lab's stand-ins; the program and
// its rpcd plugin are the real ones on both.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { routerRoot, browserPath, TOP } from './router.mjs';

const missing = browserPath() ? '' : 'no chromium';

console.log(missing ? `note: the guide was not followed in a browser: ${missing}`
	: `note: the guide is followed on ${routerRoot() ? 'real LuCI and rpcd' : 'a STAND-IN for LuCI and rpcd'}`);

// copyRoot makes a root of its own for the lab, which links files there: the
// package links the rpcd plugin to the program; the lab knows only files.
function copyRoot() {
	const root = mkdtempSync(join(tmpdir(), 'luci-sso-guide-'));

	execFileSync('cp', [ '-a', `${routerRoot()}/.`, root ]);
	rmSync(join(root, 'usr/libexec/rpcd/luci-sso'), { force: true });
	symlinkSync('/www/cgi-bin/luci-sso', join(root, 'usr/libexec/rpcd/luci-sso'));

	return root;
}

async function saveAndApply(page) {
	await Promise.all([
		page.waitForEvent('load', { timeout: 60000 }),
		page.locator('.cbi-page-actions .cbi-button-apply').first().click()
	]);
	await page.waitForSelector('#luci-sso-status [data-events]');
}

async function edit(page, role, title, value) {
	await page.locator(`tr[data-sid="${role}"]`).getByText('Edit', { exact: true }).click();
	await page.waitForSelector('.cbi-modal .cbi-map');
	await page.locator('.cbi-modal .cbi-value', { hasText: title }).locator('input[type="text"]').last().fill(value);
	await page.locator('.cbi-modal').getByText('Save', { exact: true }).click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
}

test('the guide leads from a fresh router to a login, by e-mail and by group', { skip: missing || false, timeout: 240000 }, async () => {
	const { startLab } = await import('../lib/lab.mjs');
	const { launchBrowser, newPerson } = await import('../lib/browser.mjs');
	const root = routerRoot() ? copyRoot() : '';
	const lab = await startLab(root ? { routerRoot: root } : {});
	const browser = await launchBrowser();

	try {
		const config = join(lab.root, 'etc/config/luci-sso');
		const given = (name) => readFileSync(config, 'utf8').match(new RegExp(`option ${name} '([^']*)'`))[1];
		const provider = { issuer: given('issuer_url'), id: given('client_id'), secret: given('client_secret') };

		// What the package installs, and nothing more.
		writeFileSync(config, readFileSync(join(TOP, 'package/luci-sso/files/etc/config/luci-sso'), 'utf8'));

		const admin = await newPerson(browser, { locale: 'en' });
		const { page } = admin;
		const setting = (title) => page.locator('.cbi-value', { has: page.locator('label', { hasText: new RegExp(`^${title}$`) }) }).locator('input:not([type="hidden"])').first();

		// 2. Configure the router: Navigate to Services > SSO Login.
		await page.goto(lab.luci);
		await page.fill('input[name="luci_username"]', 'root');
		await page.fill('input[name="luci_password"]', lab.password);
		await page.press('input[name="luci_password"]', 'Enter');
		await page.waitForSelector('a[href*="/admin/services/luci-sso"]', { state: 'attached' });
		assert.equal(await page.locator('a[href*="/admin/services/luci-sso"]').first().textContent(), 'SSO Login');
		await page.goto(await page.locator('a[href*="/admin/services/luci-sso"]').first().getAttribute('href').then((path) => new URL(path, lab.luci).href));
		await page.waitForSelector('#luci-sso-status [data-events]');

		await setting('Enable SSO').check();
		await setting('Issuer URL').fill(provider.issuer);
		await setting('Client ID').fill(provider.id);
		await setting('Client Secret').fill(provider.secret);
		assert.equal(await setting('Redirect URI').inputValue(), lab.callback);

		// Does it work? Asked before anything is saved.
		await page.locator('button', { hasText: 'Test connection' }).click();
		await page.waitForSelector('[data-test-result]', { timeout: 30000 });

		const checks = await page.locator('[data-sso-test]').innerText();

		assert.notEqual(await page.locator('[data-test-result]').getAttribute('data-test-result'), 'fail', checks);
		assert.equal(checks.includes(provider.secret), false);
		assert.equal(await page.locator('[data-check="credentials"]').getAttribute('data-status'), 'pass', checks);

		await setting('Client Secret').fill('another secret');
		await page.locator('button', { hasText: 'Test connection' }).click();
		await page.waitForSelector('[data-test-result="fail"]', { timeout: 30000 });
		assert.equal(await page.locator('[data-check="credentials"]').getAttribute('data-status'), 'fail');
		await setting('Client Secret').fill(provider.secret);
		await saveAndApply(page);

		// 3. Map by email
		await edit(page, 'admin', 'Email Addresses', 'alice@example.com');
		await saveAndApply(page);

		// 4. Verify: the button, the provider, LuCI.
		const login = async (who) => {
			const person = await newPerson(browser, { locale: 'en' });

			await person.page.goto(lab.luci);
			await person.page.getByText('Login with SSO').click();
			await person.page.click(`#person-${who}`);

			return person;
		};
		const alice = await login('alice');

		await alice.page.waitForSelector('a[href*="/admin/logout"]', { state: 'attached' });

		// The page shows her session and ends it.
		await page.reload();
		await page.locator('[data-sessions] tr', { hasText: 'alice@example.com' }).getByText('End session').click();
		await page.locator('#modal_overlay .cbi-button-negative').click();
		await page.locator('[data-sessions]', { hasText: 'Nobody is logged in through SSO.' }).waitFor();
		assert.equal(await page.locator('[data-event="login"]').count(), 1);
		await alice.page.goto(lab.luci);
		await alice.page.waitForSelector('input[name="luci_password"]');
		await alice.close();

		// Whoever no role matches is refused, and the page says why.
		const carol = await login('carol');

		await carol.page.getByText('You are not allowed to use this router.').waitFor();
		await carol.close();
		await page.reload();
		await page.locator('[data-event="error"]', { hasText: 'No role matches this person' }).waitFor();
		await page.locator('[data-event="error"] summary').first().click();
		await page.getByText('Possible causes').waitFor();

		// 3. Map by group
		await setting('Scopes').fill('openid profile email groups');
		await saveAndApply(page);
		await edit(page, 'admin', 'Groups', 'router-operators@PocketID');
		await saveAndApply(page);

		const config_now = readFileSync(config, 'utf8');

		assert.match(config_now, /list group 'router-operators@PocketID'/);
		assert.match(config_now, /list email 'alice@example.com'/);

		const bob = await login('bob');

		await bob.page.waitForSelector('a[href*="/admin/logout"]', { state: 'attached' });

		// Bob is an admin now, and sees the page himself.
		await bob.page.goto(`${lab.luci}admin/services/luci-sso`);
		await bob.page.waitForSelector('#luci-sso-status [data-events]');
		assert.equal(await bob.page.locator('.cbi-page-actions button:enabled').count() > 0, true);
		await bob.close();
		await admin.close();
	}
	catch (error) {
		error.message += `\n\nThe lab said:\n${lab.transcript()}`;
		throw error;
	}
	finally {
		await browser.close();
		await lab.close();

		if (root)
			rmSync(root, { recursive: true, force: true });
	}
});
