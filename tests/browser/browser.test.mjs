// SPDX-License-Identifier: Apache-2.0
//
// What only a browser does: run our script, keep to SameSite, follow a person
// from the button to LuCI and out again. The lab's provider (127.0.0.1) is
// another site than the router (localhost), as in most homes; oidc-provider
// runs on the router's own site.
//
// tests/router runs this file again with the real daemons and LuCI.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
	BUTTON, LOGOUT, PASSWORD, cookies, inside, lab, neighbour, outside, passwordLogin, shot, signIn, toProvider, trial,
} from './steps.mjs';

const useNeighbour = (options = {}) => lab.configure({
	issuer_url: neighbour.issuer, client_id: neighbour.clients.es256, client_secret: neighbour.secret,
	scope: 'openid profile email groups', ...options,
}, { admin: { email: [ 'alice@example.org' ], read: [ '*' ], write: [ '*' ] }, staff: { group: [ 'staff' ], read: [ '*' ] } });

// loginPagesAfterCallback counts how often LuCI showed its login page after the callback.
function loginPagesAfterCallback(visits) {
	const callback = visits.findLastIndex(({ url }) => url.startsWith(lab.callback));

	return visits.slice(callback + 1).filter(({ url, status }) => url.startsWith(lab.luci) && status === 403).length;
}

trial('the button is there when single sign-on works, and only then', async (person) => {
	const { page } = person;

	await page.goto(lab.luci);
	await page.waitForSelector(BUTTON);
	assert.equal(await page.locator(BUTTON).count(), 1);
	await shot(page, '1-login-page');

	lab.configure({ enabled: '0' });
	const asked = page.waitForResponse((response) => response.url().includes('?action=enabled'));
	await page.reload();
	await asked;
	await sleep(300);
	assert.equal(await page.locator(BUTTON).count(), 0, 'a button that leads nowhere');
	await outside(person);
});

trial('the keyboard reaches the button after the form, and Enter presses it', async ({ page }) => {
	await page.goto(lab.luci);
	await page.waitForSelector(BUTTON);
	await page.focus(PASSWORD);
	const reached = async () => page.evaluate(() => document.activeElement?.id);

	for (let presses = 0; presses < 6 && await reached() !== 'luci-sso-login'; presses++)
		await page.keyboard.press('Tab');
	assert.equal(await reached(), 'luci-sso-login', 'Tab does not lead to the button');
	await shot(page, '2-button-focused');
	await page.keyboard.press('Enter');
	await page.waitForSelector('#person-alice');
});

trial('a login at a provider on another site lands in LuCI', async (person) => {
	const { page, visits } = person;

	await toProvider(person);
	await page.waitForSelector('#person-alice');
	await shot(page, '3-provider');
	await signIn(person, 'alice');
	assert.equal(await inside(person), 'sso:admin');
	// For the picture: LuCI fetches its pages after it has loaded.
	await page.waitForFunction(() => !document.querySelector('#view .spinning')).catch(() => {});
	await shot(page, '4-inside');
	assert.equal(page.url(), lab.luci);
	assert.equal(loginPagesAfterCallback(visits), 1, 'the login page is passed once, unseen');

	const { sysauth_https: session, luci_sso_landing: landing, ...rest } = await cookies(person);
	assert.deepEqual([ session.sameSite, session.httpOnly, session.secure, session.path, session.expires ], [ 'Strict', true, true, '/', -1 ]);
	assert.equal(landing, undefined, 'the marker should be used up');
	assert.equal(rest['__Host-luci_sso_state'], undefined, 'the state cookie should be gone');
});

trial('a login at a provider on the same site lands in LuCI', async (person) => {
	useNeighbour();
	neighbour.person = 'alice';
	await toProvider(person);
	assert.equal(await inside(person), 'sso:admin');
	assert.equal(loginPagesAfterCallback(person.visits), 0, 'on the same site the browser sends the cookie at once');
});

trial('the page that was asked for is the page one lands on', async (person) => {
	const wanted = `${lab.luci}admin/status/overview`;

	await toProvider(person, wanted);
	await signIn(person, 'alice');
	await inside(person);
	assert.equal(person.page.url(), wanted);
});

trial('logging out ends the session at the router and at the provider', async (person) => {
	const { page, context } = person;

	await toProvider(person);
	await signIn(person, 'alice');
	await inside(person);
	const held = await cookies(person);

	await page.click(LOGOUT);
	await page.waitForURL((url) => url.origin === lab.provider);
	await shot(page, '5-logged-out');
	const left = await cookies(person);
	assert.equal(left.sysauth_https, undefined);
	assert.equal(left.sysauth, undefined);

	// The old cookie opens nothing any more.
	await context.addCookies([ held.sysauth_https ]);
	await page.goto(lab.luci);
	await outside(person);
	await context.clearCookies({ name: 'sysauth_https' });

	// The provider asks again, and another person can sign in.
	await toProvider(person);
	await signIn(person, 'bob');
	assert.equal(await inside(person), 'sso:operator');
});

trial('logging out at oidc-provider, and logging in again', async (person) => {
	useNeighbour();
	neighbour.person = 'alice';
	await toProvider(person);
	await inside(person);
	await person.page.click(LOGOUT);
	await person.page.waitForSelector('text=Signed out at the provider');
	neighbour.person = 'bob';
	await toProvider(person);
	assert.equal(await inside(person), 'sso:staff');
});

trial('after a logout the browser comes back to the router, when that is configured', async (person) => {
	useNeighbour({ post_logout_redirect_uri: `${lab.router}/` });
	neighbour.person = 'alice';
	await toProvider(person);
	await inside(person);
	await person.page.click(LOGOUT);
	await person.page.waitForURL((url) => url.origin === lab.router && !url.pathname.endsWith('/logout'));
	await outside(person);
});

trial('a person without a role is told so, and can go back', async (person) => {
	const { page } = person;

	await toProvider(person);
	await signIn(person, 'dave');
	await page.waitForURL((url) => url.href.startsWith(lab.callback));
	assert.equal(person.visits.at(-1).status, 403);
	await shot(page, '6-refused');
	assert.ok(await page.getAttribute('html', 'lang'), 'the page says its language');
	assert.ok((await page.title()).length > 3);
	assert.equal(await page.locator('h1').count(), 1);
	assert.equal((await cookies(person)).sysauth_https, undefined);

	// The way back is one that the keyboard finds first.
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement?.tagName), 'A');
	await page.keyboard.press('Enter');
	await outside(person);
	await page.waitForSelector(BUTTON);
});

trial('the error page reads well on a telephone', async (person) => {
	await toProvider(person);
	await person.page.click('#cancel');
	await person.page.waitForURL((url) => url.href.startsWith(lab.callback));
	assert.ok(person.visits.at(-1).status >= 400);
	await shot(person.page, '7-cancelled-telephone');
	const { width, content } = await person.page.evaluate(() => ({ width: window.innerWidth, content: document.documentElement.scrollWidth }));
	assert.ok(content <= width, `the page is ${content} wide on a screen of ${width}`);
}, { viewport: { width: 360, height: 640 } });

trial('nothing on the error page is kept from loading by its own policy', async (person) => {
	const complaints = [];

	person.page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
	await toProvider(person);
	await signIn(person, 'dave');
	await person.page.waitForURL((url) => url.href.startsWith(lab.callback));
	await sleep(300);
	assert.deepEqual(complaints.filter((text) => /Content Security Policy/i.test(text)), []);
});

for (const path of [ '/cgi-bin/luci/', '/cgi-bin/luci' ]) {
	trial(`an old cookie of a password login at ${path} does not shadow the new session`, async (person) => {
		const { page, context } = person;

		assert.equal(await passwordLogin(person), 'root');
		const old = (await cookies(person)).sysauth_https;
		assert.ok(old, 'the password login set its cookie');
		await context.clearCookies({ name: 'sysauth_https' });
		const { hostname } = new URL(lab.router);
		await context.addCookies([ { ...old, domain: hostname, path } ]);

		// Signed in as root, the person starts single sign-on by its address.
		await page.goto(lab.start);
		await signIn(person, 'bob');
		assert.equal(await inside(person), 'sso:operator');
		const named = (await context.cookies(lab.luci)).filter((one) => one.name === 'sysauth_https');
		assert.deepEqual(named.map((one) => one.path), [ '/' ], 'the old cookie should have been expired');
	});
}

trial('the password login works beside single sign-on, and its logout is its own', async (person) => {
	assert.equal(await passwordLogin(person), 'root');
	await person.page.click(LOGOUT);
	await outside(person);
	assert.ok(!person.visits.some(({ url }) => url.startsWith(lab.provider) || url.includes('/luci-sso/logout')));
});

trial('a page of another site that floods the router keeps nobody out', async (person) => {
	const { page, context } = person;
	const flood = await context.newPage();
	// As the router comes: 50 requests in a minute.
	lab.configure({ rate_limit: '50' });
	// A window of its own: one that the tests before began may end on the way.
	rmSync(join(lab.root, 'var/run/luci-sso/ratelimit'), { force: true });
	const mark = lab.mark();

	await flood.goto(`${lab.provider}/.well-known/openid-configuration`);
	await flood.evaluate((start) => {
		for (let i = 0; i < 70; i++)
			document.createElement('img').src = `${start}/?${i}`;
	}, lab.start);
	for (let i = 0; i < 300 && !(await lab.log(mark)).includes('[429] TOO_MANY_REQUESTS'); i++)
		await sleep(100);
	assert.ok((await lab.log(mark)).includes('[429] TOO_MANY_REQUESTS'), 'the flood does not fill the window');

	await toProvider(person);
	await signIn(person, 'alice');
	assert.equal(await inside(person), 'sso:admin');

	// Who comes from elsewhere is refused until the window ends.
	assert.equal((await page.request.get(lab.start, { maxRedirects: 0 })).status(), 429);
	rmSync(join(lab.root, 'var/run/luci-sso/ratelimit'), { force: true });
});

trial('another site does not choose where a login lands', async (person) => {
	const { page, context } = person;

	await toProvider(person);
	// A router takes its time for a page; this one as much as a thief needs.
	let release;
	const robbed = new Promise((done) => { release = done; });

	await page.route('**/luci-sso/login.js*', async (route) => {
		await robbed;
		await route.continue();
	}, { times: 1 });
	await page.click('#person-alice', { noWaitAfter: true });
	while (!(await cookies(person)).luci_sso_landing)
		await sleep(50);

	for (const target of [ '/cgi-bin/luci/admin/system/flash', '/cgi-bin/luci/admin/logout' ]) {
		const thief = await context.newPage();

		await thief.goto(`${lab.provider}/.well-known/openid-configuration`);
		await thief.evaluate((url) => window.location.assign(url), lab.router + target);
		// The thief's page is taken in, as the session lives, and not where it wanted.
		await thief.waitForURL(lab.luci);
		await inside({ page: thief, context });
	}

	assert.ok((await cookies(person)).luci_sso_landing, 'the marker is gone before the page it is for was there');
	release();
	assert.equal(await inside(person), 'sso:admin');
});

trial('the landing never goes round in circles', async (person) => {
	const { page, context, visits } = person;
	const { hostname } = new URL(lab.router);
	const marker = { name: 'luci_sso_landing', value: encodeURIComponent('/cgi-bin/luci/'), domain: hostname, secure: true, sameSite: 'Lax' };

	// Left over, without a session: one more load, and the form stays.
	await context.addCookies([ { ...marker, path: '/cgi-bin/luci' } ]);
	await page.goto(lab.luci);
	await page.waitForSelector(BUTTON);
	await sleep(500);
	assert.equal(visits.length, 2, 'one load with the marker, one without');
	assert.equal((await cookies(person)).luci_sso_landing, undefined);

	// One that the script cannot clear leads nowhere at all.
	for (const stubborn of [ { path: '/' }, { path: '/cgi-bin/luci/' }, { path: '/cgi-bin/luci', httpOnly: true } ]) {
		await context.clearCookies();
		await context.addCookies([ { ...marker, ...stubborn } ]);
		visits.length = 0;
		await page.goto(lab.luci);
		await page.waitForSelector(BUTTON);
		await sleep(500);
		assert.equal(visits.length, 1, `a marker with ${JSON.stringify(stubborn)} made the page load again`);
	}
});

trial('a session that ended while the marker lives shows the form', async (person) => {
	await toProvider(person);
	await signIn(person, 'alice');
	await inside(person);
	await person.context.clearCookies({ name: 'sysauth_https' });
	await person.context.clearCookies({ name: 'sysauth' });
	await person.page.goto(lab.luci);
	await outside(person);
	await person.page.waitForSelector(BUTTON);
});

trial('going back to the callback does no harm', async (person) => {
	const { page, visits } = person;

	await toProvider(person);
	await signIn(person, 'alice');
	await inside(person);
	const { url } = visits.findLast((one) => one.url.startsWith(lab.callback));

	// From the address bar or the history the session goes along.
	await page.goto(url);
	assert.equal(page.url(), lab.luci);
	assert.equal(await inside(person), 'sso:admin');

	// From another site it does not: SameSite=Strict.
	await page.goto(`${lab.provider}/.well-known/openid-configuration`);
	await page.evaluate((address) => window.location.assign(address), url);
	await page.waitForURL(url);
	assert.ok(visits.at(-1).status >= 400);
	await shot(page, '8-callback-again');
	await page.click('a');
	assert.equal(await inside(person), 'sso:admin');
});

trial('without the provider there is a page that says so, and the password form works', async (person) => {
	lab.configure({ issuer_url: 'https://127.0.0.1:1' });
	const { page, visits } = person;

	await page.goto(lab.luci);
	await page.click(BUTTON);
	await page.waitForURL((url) => url.href.startsWith(lab.start));
	assert.ok(visits.at(-1).status >= 400);
	await shot(page, '9-no-provider');
	assert.equal(await passwordLogin(person), 'root');
});
