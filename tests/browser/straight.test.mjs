// SPDX-License-Identifier: Apache-2.0
//
// The login page that goes to the provider by itself (option auto_login).
//
// tests/router runs this file again with the real daemons and LuCI.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProvider } from '../provider/server.mjs';
import {
	BUTTON, LOGOUT, MESSAGE, PASSWORD, cookies, inside, lab, neighbour, outside, passwordLogin, roles, second, shot, signIn, stays, trial,
} from './steps.mjs';

const CHOOSE = 'Choose how to log in.';
const OUT = 'You have logged out.';
const FAILED = 'The last login did not succeed.';
const SILENT = 'The login provider is not answering. Try again, or log in with your password.';

const straight = (options = {}, people, more) => lab.configure({ auto_login: '1', ...options }, people, more);

const atProvider = ({ page }) => page.waitForSelector('#person-alice');

// endSession is what time does to a session; forget, to what the tab remembers.
async function endSession({ context }) {
	await context.clearCookies({ name: 'sysauth_https' });
	await context.clearCookies({ name: 'sysauth' });
}

const forget = ({ page }) => page.evaluate(() => window.sessionStorage.clear());

trial('straight in: a first visit ends in LuCI without a click of its own', async (person) => {
	straight();
	await person.page.goto(lab.luci);
	await atProvider(person);
	await signIn(person, 'alice');
	assert.equal(await inside(person), 'sso:admin');
	assert.equal(person.page.url(), lab.luci);
	assert.ok(person.visits.length < 9, 'went round');
	// And again, after the session has ended by itself: without a question.
	await endSession(person);
	await forget(person);
	await person.page.goto(lab.luci);
	await atProvider(person);
});

trial('straight in: not when it is off, as it ships', async (person) => {
	await person.page.goto(lab.luci);
	await stays(person);
	await shot(person.page, '10-first-visit-as-shipped');
});

for (const [ name, mark ] of [ [ 'query', '?password' ], [ 'fragment', '#password' ] ]) {
	trial(`straight in: not with ${mark}, and both ways work from there (${name})`, async (person) => {
		straight();
		await person.page.goto(`${lab.luci}${mark}`);
		await stays(person, CHOOSE);
		await shot(person.page, `11-password-${name}`);
		await person.page.click(BUTTON);
		await signIn(person, 'alice');
		assert.equal(await inside(person), 'sso:admin');
		assert.equal(person.page.url(), lab.luci);
	});
}

trial('straight in: not after a logout, however it comes back', async (person) => {
	const { page } = person;

	straight({}, roles, second({ post_logout_redirect_uri: `${lab.router}/`, auto_login: '0' }));
	await page.goto(lab.luci);
	await signIn(person, 'alice');
	await inside(person);
	await page.click(LOGOUT);
	await page.waitForURL((url) => url.origin === lab.provider);
	await page.goto(lab.luci);
	await stays(person, OUT);
	await shot(page, '12-logged-out');
	await page.reload();
	await stays(person, OUT);
	// In another tab, too.
	const tab = await person.context.newPage();
	await tab.goto(lab.luci);
	await stays({ page: tab, visits: [] }, OUT);
	await tab.close();

	// Until somebody logs in again; this one's provider sends people back.
	neighbour.person = 'alice';
	await page.click('#luci-sso-login-1');
	assert.equal(await inside(person), 'sso:other');
	assert.equal((await cookies(person)).luci_sso_stay, undefined);
	await page.click(LOGOUT);
	await outside(person);
	await stays(person, OUT);
});

trial('straight in: not after the logout of a password login', async (person) => {
	straight();
	await person.page.goto(`${lab.luci}?password`);
	await person.page.waitForSelector(BUTTON);
	await person.page.fill('input[name="luci_username"]', 'root');
	await person.page.fill(PASSWORD, lab.password);
	await person.page.press(PASSWORD, 'Enter');
	assert.equal(await inside(person), 'root');
	await person.page.click(LOGOUT);
	await outside(person);
	await stays(person, OUT);
});

trial('straight in: not after a login that failed in this tab, but in another', async (person) => {
	const { page, context } = person;

	straight();
	await page.goto(lab.luci);
	await signIn(person, 'dave');
	await page.waitForURL((url) => url.href.startsWith(lab.callback));
	await page.click('a');
	await stays(person, FAILED);
	await shot(page, '13-failed');
	await page.goto(lab.luci);
	await stays(person, FAILED);

	const tab = await context.newPage();
	await tab.goto(lab.luci);
	await tab.waitForSelector('#person-alice');
	await tab.close();

	// The provider says no: the same.
	await page.click(BUTTON);
	await page.click('#cancel');
	await page.waitForURL((url) => url.href.startsWith(lab.callback));
	await page.click('a');
	await stays(person, FAILED);
});

trial('straight in: not with somebody’s wrong password', async (person) => {
	const { page } = person;

	straight();
	await page.goto(`${lab.luci}?password`);
	await page.waitForSelector(BUTTON);
	await page.fill('input[name="luci_username"]', 'root');
	await page.fill(PASSWORD, 'wrong');
	await page.press(PASSWORD, 'Enter');
	await page.waitForSelector('text=Invalid username');
	await page.waitForSelector(BUTTON);
	await sleep(1200);
	assert.ok(await page.isVisible('text=Invalid username'));
	assert.equal(await page.locator(MESSAGE).count(), 0, 'one sentence is enough');
	await shot(page, '14-wrong-password');
	// Nor when LuCI's own address is opened a moment later.
	await page.goto(lab.luci);
	await page.waitForSelector(BUTTON);
	await sleep(1200);
	assert.ok(await page.isVisible(PASSWORD));
});

trial('straight in: not while a second factor is asked for', async (person) => {
	const { page } = person;

	straight();
	await page.route(lab.luci, async (route) => {
		const response = await route.fetch();
		const body = (await response.text()).replace(/(<input[^>]*name="luci_password"[^>]*>)/, '$1<input type="text" name="otp" inputmode="numeric">');

		await route.fulfill({ response, body });
	});
	await page.goto(lab.luci);
	await stays(person);
});

trial('straight in: not with Back, which leads to where one was', async (person) => {
	const { page } = person;

	straight();
	// Straight on, the login page leaves no trace: Back goes further.
	await page.goto(`${lab.provider}/.well-known/openid-configuration`);
	await page.goto(lab.luci);
	await atProvider(person);
	await page.goBack();
	assert.equal(page.url(), `${lab.provider}/.well-known/openid-configuration`);

	// After a click of one's own it leads to the login page, which stays.
	await page.goto(`${lab.luci}?password`);
	await page.click(BUTTON);
	await atProvider(person);
	await page.goBack();
	await stays(person, CHOOSE);
	await shot(page, '15-back');
});

trial('straight in: a page that LuCI was asked for is not another site’s choice', async (person) => {
	const { page } = person;
	const wanted = `${lab.luci}admin/status/overview`;

	straight();
	await page.goto(`${lab.provider}/.well-known/openid-configuration`);
	await page.evaluate((url) => window.location.assign(url), wanted);
	await stays(person, CHOOSE);
	await shot(page, '16-deep-link');
	await page.click(BUTTON);
	await signIn(person, 'alice');
	await inside(person);
	assert.equal(page.url(), wanted);

	// A session that ends while one is at work: back to the page, straight.
	await page.evaluate((url) => window.location.assign(url), `${lab.luci}`);
	await inside(person);
	await endSession(person);
	await forget(person);
	await page.evaluate((url) => window.location.assign(url), wanted);
	await atProvider(person);
	await signIn(person, 'alice');
	await inside(person);
	assert.equal(page.url(), wanted);
});

trial('straight in: not to a provider that is dead, refuses or says nothing', async (person) => {
	const { page } = person;
	const mute = createServer(() => {}).listen(0, '127.0.0.1');

	await new Promise((done) => mute.once('listening', done));
	try {
		for (const issuer of [ 'https://127.0.0.1:1', `https://127.0.0.1:${mute.address().port}` ]) {
			straight({ issuer_url: issuer });
			await page.goto(lab.luci);
			await page.waitForSelector(MESSAGE);
			await stays(person, SILENT);
			await shot(page, '17-dead-provider');
		}
	}
	finally {
		mute.close();
	}
	assert.equal(await passwordLogin(person), 'root');
});

trial('straight in: not to a provider that was there a while ago', async (person) => {
	const { page } = person;
	const dying = await startProvider({ host: 'localhost', redirectURIs: [ lab.callback ], afterLogout: [] });

	lab.trust(dying.ca);
	straight({ issuer_url: dying.issuer, client_id: dying.clients.es256, client_secret: dying.secret },
		{ admin: { email: [ 'alice@example.org' ], read: [ '*' ] } });
	dying.person = 'alice';
	try {
		await page.goto(lab.luci);
		await inside(person);
	}
	finally {
		await dying.close();
	}
	lab.ageDocuments(60);
	await person.context.clearCookies();
	const tab = await person.context.newPage();

	await tab.goto(lab.luci);
	await tab.waitForSelector(MESSAGE);
	await stays({ page: tab, visits: [] }, SILENT);
});

trial('straight in: not once somebody has begun to type', async (person) => {
	const { page } = person;
	let release;
	const held = new Promise((done) => { release = done; });

	straight();
	await page.route(/providers=default/, async (route) => {
		await held;
		await route.continue();
	});
	await page.goto(lab.luci);
	await page.waitForSelector(`${BUTTON}.spinning`);
	assert.ok(await page.isVisible(PASSWORD), 'the password form is there while the provider is asked');
	await page.type(PASSWORD, 'x');
	release();
	await sleep(1200);
	assert.equal(await page.inputValue(PASSWORD), 'x');
	assert.ok(await page.isEnabled(BUTTON));
});

trial('straight in: not where nothing can be remembered', async (person) => {
	straight();
	await person.page.addInitScript(() => {
		Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } });
	});
	await person.page.goto(lab.luci);
	await stays(person, CHOOSE);
});

trial('straight in: a session that LuCI does not take leads round no circle', async (person) => {
	const { page, context, visits } = person;

	straight();
	await page.goto(lab.luci);
	// The cookies of the session get lost on the way back.
	await context.route(lab.luci, async (route) => {
		await endSession(person);
		await route.continue();
	});
	await signIn(person, 'alice');
	await stays(person, FAILED);
	assert.ok(visits.filter(({ url }) => url.startsWith(lab.callback)).length === 1);
});

trial('straight in: a login that succeeded is not called a failure when its session ends at once', async (person) => {
	straight();
	await person.page.goto(lab.luci);
	await signIn(person, 'alice');
	await inside(person);
	await sleep(1000); // As soon as a person would see it.
	await endSession(person);
	await person.page.goto(lab.luci);
	await stays(person, CHOOSE);
});

trial('straight in: two tabs at once, both end inside', async (person) => {
	const { page, context } = person;
	const tab = await context.newPage();

	tab.setDefaultTimeout(15000);
	straight();
	await page.goto(lab.luci);
	await tab.goto(lab.luci);
	await tab.waitForSelector('#person-alice');
	await shot(tab, '18-second-tab');
	await signIn({ page: tab }, 'alice');
	assert.equal(await inside({ page: tab, context }), 'sso:admin');
	await page.bringToFront();
	await signIn(person, 'alice');
	assert.equal(await inside(person), 'sso:admin');
});

trial('straight in: without JavaScript there is the form', async (person) => {
	straight();
	await person.page.goto(lab.luci);
	await sleep(500);
	await shot(person.page, '19-no-javascript');
	assert.equal(person.visits.length, 1);
	if (!lab.real)
		await outside(person);
}, { javaScriptEnabled: false });
