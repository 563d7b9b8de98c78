// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the settings page share: one router and one browser for a
// file of tests, and the clicks they all make.
//
// The router is a real one, with LuCI, rpcd and uci, where LUCI_SSO_ROUTER_ROOT
// names its root file system, and elsewhere one of stand-ins. What the rpcd
// plugin answers is prepared, unless LUCI_SSO_PLUGIN names the binary.

import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import * as fixtures from './fixtures.mjs';
import { browserPath, login, start } from './router.mjs';

const PATH = '/cgi-bin/luci/admin/services/luci-sso';

export const FRESH = "config oidc 'default'\n\toption enabled '0'\n\toption scope 'openid profile email'\n\toption clock_tolerance '60'\n\n" +
	"config role 'admin'\n\tlist email 'admin@example.com'\n\tlist read '*'\n\tlist write '*'\n";

const missing = browserPath() ? '' : 'no chromium';

// router is the running one: not there yet when a file of tests is read.
export let router;

let browser;

// prepare starts router and browser before a file's tests, and ends them
// after. One file of them all says on what they run.
export function prepare({ note = false } = {}) {
	if (missing && note)
		console.log(`note: the page is not tested in a browser: ${missing}`);

	before(async () => {
		if (missing)
			return;

		const { chromium } = await import('playwright-core');

		router = await start({ plugin: process.env.LUCI_SSO_PLUGIN });
		browser = await chromium.launch({ executablePath: browserPath(), args: [ '--no-sandbox' ] });

		if (note)
			console.log(`note: the page is tested on ${router.real ? 'real LuCI and rpcd' : 'a STAND-IN for LuCI and rpcd (LUCI_SSO_ROUTER_ROOT would name real ones)'} ` +
				`with ${router.standin ? 'prepared answers for' : 'the answers of'} the rpcd plugin`);
	});

	after(async () => {
		if (browser)
			await browser.close();

		if (router)
			await router.stop();
	});
}

export async function open({ config = FRESH, user = 'root', viewport = { width: 1280, height: 900 }, replies = {} } = {}) {
	router.config(config);
	fixtures.prepare(router, replies);

	const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, permissions: [ 'clipboard-read', 'clipboard-write' ] });
	const page = await login(context, router, PATH, user, user == 'root' ? 'router' : user);

	await page.waitForSelector('#luci-sso-status [data-events]');

	return page;
}

export const field = (name, section = 'default') => `[id="widget.cbid.luci-sso.${section}.${name}"]`;
export const box = (name) => `[data-name="${name}"] input[type="checkbox"]`;

// edit opens a role's editor, entry is the text field at the end of one of its
// lists, save closes it.
export async function edit(page, role) {
	await page.locator(`tr[data-sid="${role}"] .cbi-button-edit`).click();
	await page.waitForSelector('.cbi-modal .cbi-map');
}

export const entry = (page, name) => page.locator(`.cbi-modal [data-name="${name}"] input:not([type="hidden"])`).last();

export async function save(page) {
	await page.locator('.cbi-modal .cbi-button-positive', { hasText: 'Save' }).click();
	await page.waitForFunction(() => !document.body.classList.contains('modal-overlay-active'));
}

export async function apply(page) {
	// LuCI confirms by itself that it can still reach the router, then it
	// loads the page again.
	await Promise.all([
		page.waitForEvent('load', { timeout: 60000 }),
		page.locator('.cbi-page-actions .cbi-button-apply').first().click()
	]);
	await page.waitForSelector('#luci-sso-status [data-events]');
}

export async function done(page) {
	const problems = page.problems.filter((p) => !p.includes('403') && !/Access denied|contains an invalid input value/.test(p));

	await page.context().close();
	assert.deepEqual(problems, [], 'the browser console should be quiet');
}

export function browserTest(name, run) {
	test(name, { skip: missing || false, timeout: 120000 }, run);
}

// preparedTest is one that needs answers the real plugin would not give here.
export function preparedTest(name, run) {
	test(name, { skip: missing || (process.env.LUCI_SSO_PLUGIN ? 'needs prepared answers' : false), timeout: 120000 }, run);
}
