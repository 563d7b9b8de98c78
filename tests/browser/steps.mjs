// SPDX-License-Identifier: Apache-2.0
//
// What a person does at a router in a browser, for the tests of the browser
// lane: the lab, the browser and the steps of logging in and out.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBrowser, newPerson, screenshots } from '../lib/browser.mjs';
import { TOP, startLab } from '../lib/lab.mjs';
import { startProvider } from '../provider/server.mjs';

export const BUTTON = '#luci-sso-login';
export const PASSWORD = 'input[name="luci_password"]';
export const LOGOUT = 'a[href*="/admin/logout"]';
export const MESSAGE = '#luci-sso-login-message';

const routerRoot = process.env.LUCI_SSO_BROWSER_ON === 'router' ? process.env.LUCI_SSO_ROUTER_ROOT : undefined;
const pictures = join(TOP, 'out/screenshots', routerRoot ? 'router' : 'lab');

export const shot = screenshots(pictures);

// What before() makes: a binding that importers see change.
export let lab, browser, neighbour;

before(async () => {
	mkdirSync(pictures, { recursive: true });
	lab = await startLab({ routerRoot });
	// The callback of default, and the one of a further provider.
	neighbour = await startProvider({
		host: 'localhost', redirectURIs: [ lab.callback, `${lab.callback}?provider=neighbour` ], afterLogout: [ `${lab.router}/` ],
	});
	lab.trust(neighbour.ca);
	browser = await launchBrowser();
	console.log(`note: the browser ran against ${lab.real ? 'the real ubusd, rpcd, uhttpd and LuCI' : 'stand-ins for ubusd, rpcd, uhttpd and LuCI'}`);
});

after(async () => {
	await browser?.close();
	await neighbour?.close();
	await lab?.close();
});

// trial is a test with a person at a fresh browser and the lab's own configuration.
export function trial(name, body, options) {
	test(name, async () => {
		lab.configure({});
		const person = await newPerson(browser, options);

		try {
			await body(person);
		}
		catch (error) {
			await shot(person.page, `failed-${name.replace(/[^a-z0-9]+/gi, '-')}`).catch(() => {});
			error.message += `\n\nThe browser was shown:\n${person.visits.map(({ url, status }) => `${status} ${url.slice(0, 160)}`).join('\n')}\n\nThe lab said:\n${lab.transcript()}`;
			throw error;
		}
		finally {
			await person.close();
		}
	});
}

// toProvider presses the button; signIn chooses who one is at the lab's provider.
export async function toProvider({ page }, address = lab.luci) {
	await page.goto(address);
	await page.click(BUTTON);
}

export async function signIn({ page }, who) {
	await page.click(`#person-${who}`);
}

export async function cookies({ context }, address = lab.luci) {
	return Object.fromEntries((await context.cookies(address)).map((one) => [ one.name, one ]));
}

// inside waits for LuCI and says who LuCI takes the person for.
export async function inside(person) {
	const { page } = person;

	await page.waitForSelector(LOGOUT, { state: 'attached' });
	assert.equal(await page.locator(PASSWORD).count(), 0, 'the login form is still there');
	if (!lab.real)
		return page.textContent('#luci-user');

	const id = (await cookies(person)).sysauth_https.value;
	const reply = execFileSync('chroot', [ lab.root, 'ubus', 'call', 'session', 'get', JSON.stringify({ ubus_rpc_session: id }) ]);

	return JSON.parse(reply).values.username;
}

export async function outside({ page }) {
	await page.waitForSelector(PASSWORD);
	assert.equal(await page.locator(LOGOUT).count(), 0);
}

export async function passwordLogin(person) {
	const { page } = person;

	await page.goto(lab.luci);
	await page.fill('input[name="luci_username"]', 'root');
	await page.fill(PASSWORD, lab.password);
	await page.press(PASSWORD, 'Enter');

	return inside(person);
}

// second is a further provider, and roles who is let in by which.
export const second = (options = {}) => ({
	neighbour: {
		enabled: '1', issuer_url: neighbour.issuer, client_id: neighbour.clients.es256, client_secret: neighbour.secret,
		scope: 'openid profile email groups', ...options,
	},
});

export const roles = {
	admin: { email: [ 'alice@example.com' ], read: [ '*' ], write: [ '*' ] },
	other: { provider: [ 'neighbour' ], email: [ 'alice@example.org' ], read: [ '*' ] },
};

// stays: the page says why, both ways are there, and nothing moves.
export async function stays({ page, visits }, why) {
	await page.waitForSelector(BUTTON);
	if (why)
		assert.equal(await page.textContent(MESSAGE), why);
	else
		assert.equal(await page.locator(MESSAGE).count(), 0);
	const loads = visits.length;

	await sleep(1200);
	assert.equal(visits.length, loads, 'the page went away by itself');
	assert.ok(await page.isVisible(PASSWORD), 'the password login is not there');
	assert.ok(await page.isEnabled(BUTTON), 'the button cannot be pressed');
}
