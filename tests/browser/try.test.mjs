// SPDX-License-Identifier: Apache-2.0
//
// Try a login, from the settings page through the provider and back: in a
// browser, with the program, the page, rpcd and the provider that there are.

import assert from 'node:assert/strict';
import { cookies, inside, lab, passwordLogin, shot, trial } from './steps.mjs';

const RESULT = '[data-sso-test]';

async function settings(person) {
	await passwordLogin(person);
	await person.page.goto(`${lab.luci}admin/services/luci-sso`);
	await person.page.getByText('Try a login', { exact: true }).waitFor();
}

// tryAs tries a login as somebody, and returns what the page says then.
async function tryAs({ page, context }, who) {
	const [ popup ] = await Promise.all([ context.waitForEvent('page'), page.getByText('Try a login', { exact: true }).click() ]);

	await popup.click(`#person-${who}`);
	await popup.getByText('This window may be closed', { exact: false }).waitFor();
	const address = popup.url();
	await page.locator(`${RESULT} [data-try-result]`).waitFor();

	return { popup, address, text: await page.locator(RESULT).textContent() };
}

trial('a login is tried while single sign-on is switched off, and opens nothing', async (person) => {
	lab.configure({ enabled: '0' });
	await settings(person);
	const before = (await cookies(person)).sysauth_https ?? (await cookies(person)).sysauth;
	const { popup, address, text } = await tryAs(person, 'bob');

	assert.match(text, /would succeed, with role operator/);
	assert.match(text, /bob@example\.com/);
	assert.match(text, /Claims in the ID token/);
	await shot(person.page, '8-tried');
	await shot(popup, '9-tried-window');

	// The session is root's as it was, and the window has none of its own.
	const after = (await cookies(person)).sysauth_https ?? (await cookies(person)).sysauth;
	assert.equal(after.value, before.value);
	assert.deepEqual(Object.keys(await cookies(person)).filter((name) => name.startsWith('__Host-')), []);

	// The address it came back by opens nothing, here or elsewhere.
	await popup.goto(address);
	assert.equal(await popup.getByText('may be closed', { exact: false }).count(), 0);
	await popup.goto(`${lab.start}/try`);
	assert.equal(await popup.getByText('This page does not exist.').count(), 1);
	await person.page.goto(lab.luci);
	assert.equal(await inside(person), 'root');
});

trial('what a login would end in is said, with its code', async (person) => {
	await settings(person);
	const { text } = await tryAs(person, 'dave');

	assert.match(text, /would be refused/);
	assert.match(text, /USER_NOT_AUTHORIZED/);
});

trial('a login and a trial in the same browser do not meet', async (person) => {
	await settings(person);
	const [ popup ] = await Promise.all([ person.context.waitForEvent('page'), person.page.getByText('Try a login', { exact: true }).click() ]);

	await popup.waitForSelector('#person-bob');
	const other = await person.context.newPage();
	await other.goto(lab.start);
	await other.waitForSelector('#person-carol');
	await popup.click('#person-bob');
	await popup.getByText('may be closed', { exact: false }).waitFor();
	await person.page.locator(`${RESULT} [data-try-result="success"]`).waitFor();
	await other.click('#person-carol');
	assert.equal(await inside({ ...person, page: other }), 'sso:viewer', 'the login is a login');
});
