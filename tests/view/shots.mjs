// SPDX-License-Identifier: Apache-2.0
//
// Pictures of the settings page in every state, for the docs and for looking
// at them:   LUCI_SSO_ROUTER_ROOT=DIR node tests/view/shots.mjs OUT [--lmo DIR] [NAME…]

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import * as fixtures from './fixtures.mjs';
import { browserPath, login, routerRoot, start } from './router.mjs';

const args = process.argv.slice(2);
const lmoAt = args.indexOf('--lmo');
const lmo = lmoAt >= 0 ? args.splice(lmoAt, 2)[1] : '';
const [ out, ...only ] = args;

if (!out || !routerRoot() || !browserPath()) {
	console.error('usage: LUCI_SSO_ROUTER_ROOT=DIR node tests/view/shots.mjs OUT [--lmo DIR] [NAME…]');
	console.error('DIR is a root file system with LuCI; it needs root and chromium.');
	process.exit(2);
}

mkdirSync(out, { recursive: true });

const router = await start({ lmo });
const browser = await chromium.launch({ executablePath: browserPath(), args: [ '--no-sandbox' ] });

const section = (page, selector) => page.locator(selector).scrollIntoViewIfNeeded();

async function openModal(page, role) {
	await page.locator(`tr[data-sid="${role}"] .cbi-button-edit`).click();
	await page.waitForSelector('.modal.cbi-modal .cbi-map');
}

async function conditions(page) {
	await openModal(page, 'admin');
	await page.locator('.cbi-modal [data-name="_more"] input[type="checkbox"]').check();
	await page.locator('.cbi-modal [data-name="match"] select').selectOption('all');
	await section(page, '.cbi-modal [data-name="claim"]');
}

async function runTest(page) {
	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-result]');
	await section(page, '[data-sso-test]');
}

const states = {
	empty: { config: "config oidc 'default'\n\toption enabled '0'\n\nconfig role 'admin'\n\tlist read '*'\n\tlist write '*'\n", replies: { status: fixtures.statusOff(), sessions: { sessions: [] }, events: { events: [] } } },
	filled: {},
	advanced: { act: (page) => page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click() },
	modal: { act: (page) => openModal(page, 'admin') },
	individual: { act: async (page) => {
		await openModal(page, 'viewer');
		await page.locator('.cbi-modal select').first().selectOption('individual');
		await page.waitForSelector('.cbi-modal [data-access-groups]');
		await page.locator('.cbi-modal [data-acl-group="luci-base"]').selectOption('');
	} },
	preview: { act: async (page) => {
		await page.fill('#luci-sso-preview-email', 'carol@example.com');
		await page.fill('#luci-sso-preview-groups', 'family');
		await section(page, '#luci-sso-preview');
	} },
	'test-passed': { act: runTest },
	'test-failed': { replies: { test_connection: fixtures.testFailed() }, act: runTest },
	'status-bad': { replies: { status: fixtures.statusBad() } },
	readonly: { user: 'viewer' },
	'readonly-modal': { user: 'viewer', act: (page) => openModal(page, 'admin') },
	phone: { width: 360, height: 740 },
	'phone-modal': { width: 360, height: 740, act: (page) => openModal(page, 'admin') },
	'phone-test': { width: 360, height: 740, act: runTest },
	dark: { dark: true },
	'dark-modal': { dark: true, act: (page) => openModal(page, 'admin') },
	german: { language: 'de' },
	'german-modal': { language: 'de', act: (page) => openModal(page, 'admin') },
	chinese: { language: 'zh_cn', locale: 'zh-CN' },
	material: { theme: 'material' },
	openwrt2020: { theme: 'openwrt2020' },
	'phone-material': { theme: 'material', width: 360, height: 740 },
	'phone-openwrt2020': { theme: 'openwrt2020', width: 360, height: 740 },
	'phone-openwrt2020-modal': { theme: 'openwrt2020', width: 360, height: 740, act: conditions },
	'phone-material-modal': { theme: 'material', width: 360, height: 740, act: conditions },
	'dark-material': { theme: 'material', dark: true },
	'dark-openwrt2020': { theme: 'openwrt2020', dark: true }
};

try {
	for (const [ name, state ] of Object.entries(states)) {
		if (only.length && !only.includes(name))
			continue;

		fixtures.prepare(router, state.replies);
		router.config(state.config || fixtures.configFilled());
		router.uci('set', `luci.main.lang=${state.language || 'en'}`);
		router.uci('set', `luci.main.mediaurlbase=/luci-static/${state.theme || 'bootstrap'}`);
		router.uci('commit', 'luci');

		const context = await browser.newContext({
			ignoreHTTPSErrors: true,
			viewport: { width: state.width || 1280, height: state.height || 900 },
			colorScheme: state.dark ? 'dark' : 'light',
			locale: state.locale || state.language || 'en'
		});
		const user = state.user || 'root';
		const page = await login(context, router, undefined, user, user == 'root' ? 'router' : user);

		await page.waitForSelector('#luci-sso-status [data-events]');
		await page.waitForTimeout(300);

		if (state.act)
			await state.act(page);

		await page.waitForTimeout(400);
		await page.screenshot({ path: join(out, `${name}.png`), fullPage: !(await page.locator('.modal.cbi-modal').count()) });

		const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
		// LuCI's own login page asks for more than it may.
		const problems = page.problems.filter((p) => !/403|Access denied/.test(p));

		console.log(`${name}${wide > 0 ? `: ${wide} px too wide` : ''}${problems.length ? `: ${problems.join('; ')}` : ''}`);
		await context.close();
	}
}
finally {
	await browser.close();
	await router.stop();
}
