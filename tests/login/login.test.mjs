// SPDX-License-Identifier: Apache-2.0
//
// The login page's script in Chromium, on pages in the shape of each theme's
// form. A small server stands in for LuCI and for the probe. Where LuCI itself runs, see tests/router.

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { launchBrowser } from '../lib/browser.mjs';

const script = readFileSync(new URL('../../package/luci-sso/files/www/luci-static/resources/luci-sso/login.js', import.meta.url));
const tag = '<script src="/luci-static/resources/luci-sso/login.js?v=1"></script>';

// LuCI's common template: the submit control inside the form.
const plain = `${tag}
<form method="post"><input type="text" name="luci_username"><input type="password" name="luci_password">
<div class="cbi-page-actions"><input type="submit" value="Log in" class="btn cbi-button cbi-button-apply"></div></form>`;

// bootstrap: hidden parts that another script moves into a dialog; it takes the
// first button of the page for its own.
const modal = `${tag}
<section hidden><form method="post"><input type="text" name="luci_username"><input type="password" name="luci_password"></form>
<hr><button class="btn cbi-button-positive important">Log in</button></section>
<div id="view"></div><script src="/modal.js"></script>`;
const modalScript = `setTimeout(() => {
	const first = document.querySelector('button'), parts = document.querySelectorAll('section > *');
	const dialog = document.createElement('div');
	dialog.className = 'modal login';
	dialog.append(...parts);
	document.body.append(dialog);
	first.addEventListener('click', () => { document.title = 'password login'; });
}, DELAY);`;

// A theme that draws its form late, from a script, and then once more.
const late = `${tag}<div id="view"></div><script src="/late.js"></script>`;
const lateScript = `const draw = () => { document.getElementById('view').innerHTML =
	'<form><input type="password"><p><button type="button">Show</button></p><button type="submit" class="big">Go</button></form>'; };
setTimeout(draw, 200); setTimeout(draw, 500);`;

// argon: one button over the whole width, and much room below it.
const wide = `${tag}<link rel="stylesheet" href="/wide.css">
<form method="post"><input type="text" name="luci_username"><input type="password" name="luci_password">
<div><input type="submit" value="Log in" class="cbi-button cbi-button-apply"></div></form><footer>foot</footer>`;
const wideCSS = `form { width: 320px; padding: 10px; box-sizing: border-box } .cbi-button { display: inline-block; width: auto !important; padding: 4px }
form .cbi-button-apply { width: 100% !important; min-height: 50px; margin: 30px 0 100px; box-sizing: border-box }
.alert-message { width: 400px; padding: 10px }`;

const words = 'window._ = (s) => ({ "Login with SSO": "Mit SSO anmelden" })[s] || s;';

let browser, server, base;
const answers = {}; // What a test wants the server to be like; see reset.

function reset() {
	Object.assign(answers, { body: plain, head: '', probe: { enabled: true }, delay: 0, started: [], pages: 0, slow: false });
}

before(async () => {
	server = http.createServer((request, response) => {
		const url = new URL(request.url, 'http://x');
		const send = (type, body, more = {}) => response.writeHead(200, { 'Content-Type': type, ...more }).end(body);

		if (url.pathname === '/luci-static/resources/luci-sso/login.js')
			return send('application/javascript', script);
		if (url.pathname === '/modal.js')
			return send('application/javascript', modalScript.replace('DELAY', answers.delay));
		if (url.pathname === '/late.js')
			return send('application/javascript', lateScript);
		if (url.pathname === '/wide.css')
			return send('text/css', wideCSS);
		if (url.pathname === '/words.js')
			return send('application/javascript', words);
		if (url.pathname === '/cgi-bin/luci-sso' && url.searchParams.get('action') === 'enabled')
			return answers.probe === null ? request.socket.destroy() : send('application/json', JSON.stringify(answers.probe));
		if (url.pathname === '/cgi-bin/luci-sso') {
			answers.started.push(request.url);
			return answers.slow ? undefined : send('text/plain', 'the provider');
		}
		if (url.pathname.startsWith('/cgi-bin/luci')) {
			answers.pages++;
			// Nothing inline may be needed, neither script nor style.
			return send('text/html', `<!DOCTYPE html><html><head>${answers.head}</head><body>${answers.body}</body></html>`,
				{ 'Content-Security-Policy': "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; form-action 'self'" });
		}
		return response.writeHead(404).end();
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	base = `http://localhost:${server.address().port}`;
	browser = await launchBrowser();
});

after(async () => {
	await browser?.close();
	server?.closeAllConnections();
	server?.close();
});

// open: a page with the script on it, over plain http, in a profile of its own.
async function open(t, path = '/cgi-bin/luci/', { cookies = [], hurry = false } = {}) {
	const context = await browser.newContext();
	t.after(() => context.close());
	await context.addCookies(cookies.map((c) => ({ domain: 'localhost', path: '/cgi-bin/luci', ...c })));
	const page = await context.newPage();
	const errors = [];
	page.on('pageerror', (e) => errors.push(e.message));
	page.on('console', (m) => m.text().includes('Content Security Policy') && errors.push(m.text()));
	if (hurry) // Fifteen seconds pass in one.
		await page.addInitScript(() => {
			const wait = window.setTimeout;
			window.setTimeout = (f, ms, ...more) => wait(f, ms === 15000 ? 1000 : ms, ...more);
		});
	await page.goto(base + path);
	t.after(() => assert.deepEqual(errors, [], 'the page reports errors'));
	return page;
}

const button = (page) => page.getByRole('button', { name: 'Login with SSO' });

for (const [name, set] of Object.entries({
	'the common form': () => {},
	'a dialog drawn at once': () => { answers.body = modal; },
	'a dialog drawn after the button': () => { answers.body = modal; answers.delay = 700; },
	'a form drawn late and twice': () => { answers.body = late; },
	'two templates with the tag': () => { answers.body = tag + plain; },
})) {
	test(`one button on ${name}`, async (t) => {
		reset();
		set();
		const page = await open(t);
		await button(page).waitFor();
		await page.waitForTimeout(1000);
		assert.equal(await button(page).count(), 1);
		const own = await page.evaluate(() => {
			const all = [ ...document.querySelectorAll('input[type=submit], button') ];
			const ours = document.getElementById('luci-sso-login');
			return { after: all.indexOf(ours) === all.length - 1, type: ours.type, classes: ours.className };
		});
		assert.ok(own.after, 'themes take the first button for theirs: ours comes last');
		assert.equal(own.type, 'button', 'Enter in a field must not press it');
		assert.match(own.classes, /\bcbi-button cbi-button-action\b/);
		assert.doesNotMatch(own.classes, /positive|apply/, 'the theme\'s main action stays the only one');
	});
}

test('the theme\'s own measure: as wide as its button, and near it', async (t) => {
	reset();
	answers.body = wide;
	answers.probe = { enabled: true, providers: [ { name: 'default', label: '' }, { name: 'b', label: 'W'.repeat(64) } ] };
	const page = await open(t);
	await button(page).waitFor();
	const [ theirs, first, second, foot ] = await Promise.all([ 'input[type=submit]', '#luci-sso-login', '#luci-sso-login-1', 'footer' ]
		.map((name) => page.locator(name).boundingBox()));

	assert.deepEqual([ first.width, second.width, first.x, second.x ], [ theirs.width, theirs.width, theirs.x, theirs.x ]);
	assert.ok(first.height >= theirs.height && second.height > first.height, 'a long text takes more lines');
	assert.equal(first.y - theirs.y - theirs.height, 12);
	assert.equal(second.y - first.y - first.height, 12);
	assert.ok(foot.y - second.y - second.height >= 100, 'the room below is below all of them');
});

for (const [ name, mark ] of [ [ 'markup', '<img src=x onerror="document.title=1"><b>&amp;' ], [ 'quotes', '"\' onclick=' ], [ 'another direction', '\u202eevil\u2066' ] ]) {
	test(`a label with ${name} is text`, async (t) => {
		reset();
		answers.probe = { enabled: true, providers: [ { name: 'default', label: mark } ] };
		const page = await open(t);
		await page.locator('#luci-sso-login').waitFor();
		assert.equal(await page.locator('#luci-sso-login').evaluate((one) => one.textContent), mark);
		assert.equal(await page.locator('#luci-sso-login *').count(), 0);
		assert.equal(await page.title(), '');
	});
}

test('a button for each provider starts a login at its own', async (t) => {
	reset();
	answers.probe = { enabled: false, providers: [ { name: 'one', label: '' }, { name: 'two', label: 'Second' } ] };
	const page = await open(t, '/cgi-bin/luci/admin/status');
	let left = null;
	await page.route('https://localhost/**', (route) => { left = route.request().url(); return route.fulfill({ body: 'the provider' }); });
	await page.getByRole('button', { name: 'Login with SSO (one)' }).waitFor();
	await page.getByRole('button', { name: 'Second' }).click();
	await page.waitForURL('https://localhost/**');
	assert.equal(left, 'https://localhost/cgi-bin/luci-sso?return=%2Fcgi-bin%2Fluci%2Fadmin%2Fstatus&provider=two');
});

test('over plain http the page stays where it is, and says so', async (t) => {
	reset();
	answers.probe = { enabled: true, providers: [ { name: 'default', label: '', auto: true } ] };
	const page = await open(t);
	await page.locator('#luci-sso-login-message').waitFor();
	assert.equal(await page.locator('#luci-sso-login-message').textContent(), 'Choose how to log in.');
	await page.waitForTimeout(700);
	assert.equal(answers.pages, 1);
});

test('a dialog\'s own button still works', async (t) => {
	reset();
	answers.body = modal;
	answers.delay = 300;
	const page = await open(t);
	await button(page).waitFor();
	await page.getByRole('button', { name: 'Log in', exact: true }).click();
	assert.equal(await page.title(), 'password login');
});

test('the keyboard reaches it', async (t) => {
	reset();
	answers.slow = true;
	const page = await open(t);
	await button(page).waitFor();
	await page.locator('input[type=password]').focus();
	await page.keyboard.press('Tab');
	await page.keyboard.press('Tab');
	assert.equal(await page.evaluate(() => document.activeElement.id), 'luci-sso-login');
});

for (const [name, probe] of [ [ 'off', { enabled: false } ], [ 'an answer of another kind', { enabled: 'yes' } ], [ 'no answer', null ] ]) {
	test(`no button when the probe says ${name}`, async (t) => {
		reset();
		answers.probe = probe;
		const page = await open(t);
		await page.waitForTimeout(700);
		assert.equal(await page.locator('#luci-sso-login').count(), 0);
		assert.equal(await page.locator('input[type=submit]').count(), 1);
	});
}

test('it speaks the page\'s language', async (t) => {
	reset();
	answers.head = '<script src="/words.js"></script>';
	const page = await open(t);
	await page.getByRole('button', { name: 'Mit SSO anmelden' }).waitFor();
});

for (const [path, want] of [
	[ '/cgi-bin/luci/', '' ],
	[ '/cgi-bin/luci', '' ],
	[ '/cgi-bin/luci/admin/network/wireless', '?return=%2Fcgi-bin%2Fluci%2Fadmin%2Fnetwork%2Fwireless' ],
	[ '/cgi-bin/luci/admin/x?a=1&b=2', '?return=%2Fcgi-bin%2Fluci%2Fadmin%2Fx%3Fa%3D1%26b%3D2' ],
	[ '/cgi-bin/luci/admin/logout', '' ],
	[ '/cgi-bin/luci//evil.example/', '' ],
	[ '/cgi-bin/luci/;stok=abc/admin', '' ],
]) {
	test(`from ${path} it returns ${want ? 'there' : 'to the start page'}`, async (t) => {
		reset();
		const page = await open(t, path);
		// A plain http page leaves over https, on the standard port.
		let left = null;
		await page.route('https://localhost/**', (route) => { left = route.request().url(); return route.fulfill({ body: 'the provider' }); });
		await button(page).click();
		await page.waitForURL('https://localhost/**');
		assert.equal(left, 'https://localhost/cgi-bin/luci-sso' + want);
	});
}

test('after 15 s without an answer it says so and lets go', async (t) => {
	reset();
	const page = await open(t, '/cgi-bin/luci/', { hurry: true });
	// The page stays, as while a navigation is under way. Everything goes
	// through evaluate: Playwright's locators would wait for the navigation.
	await page.route('https://localhost/**', (route) => route.fulfill({ status: 204 }));
	await button(page).waitFor();
	const press = () => page.evaluate(() => document.getElementById('luci-sso-login').click());
	const now = () => page.evaluate(() => [
		document.getElementById('luci-sso-login').disabled,
		document.querySelector('[role=alert]')?.textContent ?? '',
	]);
	const sorry = 'The login provider is not answering. Try again, or log in with your password.';

	await press();
	assert.deepEqual(await now(), [ true, '' ], 'pressed once is enough');
	await delay(1500);
	assert.deepEqual(await now(), [ false, sorry ]);
	await press();
	assert.deepEqual(await now(), [ true, '' ], 'trying again takes the message away');
	await delay(1500);
	assert.deepEqual(await now(), [ false, sorry ]);
});

for (const [name, cookie, loads, path] of [
	[ 'leads to the page once more', {}, 2, '/cgi-bin/luci/admin/status' ],
	[ 'also with a fragment', {}, 2, '/cgi-bin/luci/admin/status#tab' ],
	[ 'that cannot be cleared leads nowhere', { path: '/cgi-bin/luci/admin' }, 1, '/cgi-bin/luci/admin/status' ],
	[ 'that no script can see leads nowhere', { httpOnly: true }, 1, '/cgi-bin/luci/admin/status' ],
	[ 'of another name is not ours', { name: 'luci_sso_landing2' }, 1, '/cgi-bin/luci/admin/status' ],
	[ 'with a query leads there', {}, 2, '/cgi-bin/luci/admin/status?a=1;b=%22,%252C&c=+' ],
	[ 'for another page leads nowhere', { value: '%2Fcgi-bin%2Fluci%2F' }, 1, '/cgi-bin/luci/admin/system/flash' ],
	[ 'for the page without its query leads nowhere', { value: '%2Fcgi-bin%2Fluci%2Fadmin' }, 1, '/cgi-bin/luci/admin?x=1' ],
	[ 'for another site leads nowhere', { value: 'https%3A%2F%2Fevil.example%2Fcgi-bin%2Fluci%2F' }, 1, '/cgi-bin/luci/' ],
	[ 'for the logout leads nowhere', {}, 1, '/cgi-bin/luci/admin/logout' ],
	[ 'without a page leads nowhere', { value: '1' }, 1, '/cgi-bin/luci/' ],
	[ 'that cannot be read leads nowhere', { value: '%E0%A4%A' }, 1, '/cgi-bin/luci/' ],
]) {
	test(`a landing marker ${name}`, async (t) => {
		reset();
		const page = await open(t, path, { cookies: [ { name: 'luci_sso_landing', value: encodeURIComponent(path.split('#')[0]), ...cookie } ] });
		await button(page).waitFor();
		await page.waitForTimeout(1000);
		assert.equal(answers.pages, loads, 'loads of the page');
		if (loads == 1)
			assert.equal((await page.context().cookies()).length, 1, 'the marker is left for the page it is for');
	});
}
