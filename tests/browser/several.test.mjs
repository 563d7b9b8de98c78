// SPDX-License-Identifier: Apache-2.0
//
// The login page with the buttons of several providers, and for whoever is in
// already.
//
// tests/router runs this file again with the real daemons and LuCI.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { BUTTON, LOGOUT, inside, lab, neighbour, outside, roles, second, shot, signIn, stays, trial } from './steps.mjs';

trial('two providers: a button each, in the order of the file, and each its own people', async (person) => {
	const { page } = person;
	const label = 'Sign in with <b>Neighbour</b> & "friends"';

	lab.configure({}, roles, second({ label }));
	await page.goto(lab.luci);
	await page.waitForSelector(BUTTON);
	assert.deepEqual(await page.locator('button[id^="luci-sso-login"]').allTextContents(), [ 'Login with SSO', label ]);
	await shot(page, '20-two-providers');
	neighbour.person = 'alice';
	await page.getByRole('button', { name: label }).click();
	assert.equal(await inside(person), 'sso:other');

	await page.click(LOGOUT);
	// Its provider's last page, which it gets to by itself.
	await page.waitForURL('**/session/end/success');
	await page.goto(lab.luci);
	await page.click(BUTTON);
	await signIn(person, 'alice');
	assert.equal(await inside(person), 'sso:admin');
});

trial('two providers: one that is off has no button, and the other can be the only one', async (person) => {
	const { page } = person;

	lab.configure({}, roles, second({ enabled: '0' }));
	await page.goto(lab.luci);
	await page.waitForSelector(BUTTON);
	assert.equal(await page.locator('button[id^="luci-sso-login"]').count(), 1);
	await shot(page, '21-one-disabled');

	lab.configure({ enabled: '0' }, roles, second({ auto_login: '1' }));
	neighbour.person = 'alice';
	await page.goto(lab.luci);
	assert.equal(await inside(person), 'sso:other');
});

trial('in already: who comes by another site’s link is taken in, and not to a page of its choice', async (person) => {
	const { page, visits } = person;

	await page.goto(lab.luci);
	await page.click(BUTTON);
	await signIn(person, 'alice');
	await inside(person);
	for (const target of [ '', 'admin/system/flash', 'admin/logout' ]) {
		await page.goto(`${lab.provider}/.well-known/openid-configuration`);
		visits.length = 0;
		await page.evaluate((url) => window.location.assign(url), lab.luci + target);
		await page.waitForURL(lab.luci);
		assert.equal(await inside(person), 'sso:admin');
		assert.ok(visits.length <= 2, 'more than one step');
		// Once a minute: it cannot go round.
		await page.evaluate(() => window.sessionStorage.clear());
	}
	// Who asks for the password login gets it.
	await page.goto(`${lab.provider}/.well-known/openid-configuration`);
	await page.evaluate((url) => window.location.assign(url), `${lab.luci}?password`);
	await outside(person);
	await stays(person);
});

trial('in already: a session that LuCI does not see makes no circle', async (person) => {
	const { page, context, visits } = person;
	const form = await (await page.goto(lab.luci)).text();

	await page.click(BUTTON);
	await signIn(person, 'alice');
	await inside(person);
	await context.route((url) => url.pathname.startsWith('/cgi-bin/luci/'), (route) =>
		route.fulfill({ status: 403, contentType: 'text/html', body: form }));
	visits.length = 0;
	await page.goto(lab.luci);
	await page.waitForSelector(BUTTON);
	await sleep(1000);
	assert.ok(visits.length <= 2, `${visits.length} loads`);
	await stays(person);
});
