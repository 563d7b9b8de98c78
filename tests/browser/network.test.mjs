// SPDX-License-Identifier: Apache-2.0
//
// A provider on a public address and a router on a local one, with what
// Chromium checks, or will check, before a public page may lead to a local
// address: its Local Network Access. Tried with Chromium 156, where the check
// of requests (LocalNetworkAccessChecks) is on for everybody and the one of
// navigations (LocalNetworkAccessForNavigations) is coming. Which address is
// what is told by --ip-address-space-overrides.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchBrowser, newPerson } from '../lib/browser.mjs';
import { BUTTON, LOGOUT, inside, lab, outside, signIn } from './steps.mjs';

const FEATURES = 'LocalNetworkAccessChecks,LocalNetworkAccessForNavigations,LocalNetworkAccessForSubframeNavigations';

const place = (address, kind) => [ '127.0.0.1', '[::1]' ].map((host) => `${host}:${new URL(address).port}=${kind}`);

async function withBrowser(run, provider = 'public') {
	const spaces = [ ...place(lab.provider, provider), ...place(lab.router, 'local') ].join(',');
	const browser = await launchBrowser(`--ip-address-space-overrides=${spaces}`, `--enable-features=${FEATURES}`);

	try {
		await run(browser, await newPerson(browser));
	}
	finally {
		await browser.close();
	}
}

for (const straight of [ '0', '1' ]) {
	test(`login and logout arrive without a prompt, with auto_login ${straight}`, async () => {
		lab.configure({ auto_login: straight, post_logout_redirect_uri: `${lab.router}/` });
		await withBrowser(async (browser, person) => {
			const { page } = person;

			await page.goto(lab.luci);
			if (straight === '0')
				await page.click(BUTTON);
			await signIn(person, 'alice');
			assert.equal(await inside(person), 'sso:admin');
			await page.click(LOGOUT);
			await outside(person);
			assert.equal(new URL(page.url()).origin, lab.router);
			console.log(`note: Chromium ${browser.version()} with ${FEATURES}`);
		});
	});
}

// Else the two above would show nothing.
test('the check is in force: a public page’s request to the router is not made', async () => {
	const made = async ({ page }) => {
		await page.goto(`${lab.provider}/.well-known/openid-configuration`);

		return page.evaluate((url) => fetch(url, { mode: 'no-cors' }).then(() => true, () => false), `${lab.start}?action=enabled`);
	};

	lab.configure({});
	await withBrowser(async (_, person) => assert.equal(await made(person), false));
	await withBrowser(async (_, person) => assert.equal(await made(person), true, 'it is made where both are local'), 'local');
});
