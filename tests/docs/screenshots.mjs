// SPDX-License-Identifier: Apache-2.0
//
// Makes the pictures of docs/images; scripts/screenshots calls it.

import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '../lib/browser.mjs';
import { TOP, startLab } from '../lib/lab.mjs';
import * as fixtures from '../view/fixtures.mjs';
import { login, routerRoot, start as startRouter } from '../view/router.mjs';
import { pictures } from './pictures.mjs';

const NAME = 'router.example.com';
const out = join(TOP, 'docs/images');
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !pictures.some((picture) => picture.name === name));

if (unknown.length) {
	console.error(`scripts/screenshots: there is no picture called ${unknown.join(', ')}; there are: ${pictures.map(({ name }) => name).join(' ')}`);
	process.exit(2);
}

// WebP comes from the browser itself: no other program is needed, and a page
// of text is a quarter of the PNG's size.
async function shoot(page, picture) {
	const cdp = await page.context().newCDPSession(page);
	const box = picture.of ? await page.locator(picture.of).boundingBox() : null;
	const scroll = await page.evaluate(() => ({ x: window.scrollX, y: window.scrollY }));
	const clip = box && { x: box.x + scroll.x, y: box.y + scroll.y, width: box.width, height: Math.min(box.height, 1400), scale: 1 };
	const { data } = await cdp.send('Page.captureScreenshot', {
		format: 'webp', quality: 75, ...clip && { clip, captureBeyondViewport: true },
	});
	const file = join(out, `${picture.name}.webp`);

	writeFileSync(file, Buffer.from(data, 'base64'));
	console.log(`docs/images/${picture.name}.webp  ${statSync(file).size} bytes`);
}

const size = { ignoreHTTPSErrors: true, viewport: { width: 960, height: 600 }, colorScheme: 'light', locale: 'en' };

async function inLab(list, browser, options) {
	if (!list.length)
		return;
	const lab = await startLab(options);

	try {
		for (const picture of list) {
			const context = await browser.newContext({ ...size, viewport: { width: 960, height: picture.height ?? 600 } });
			const page = await context.newPage();

			await picture.act({ page, lab });
			await page.waitForTimeout(300);
			await shoot(page, picture);
			await context.close();
		}
	}
	finally {
		await lab.close();
	}
}

async function onPage(list, browser) {
	if (!list.length)
		return;
	// A name as readers have one, instead of this run's port.
	const router = await startRouter({ port: 443 });

	router.url = `https://${NAME}`;

	try {
		for (const picture of list) {
			fixtures.prepare(router, picture.quiet ? { status: fixtures.statusOff(), sessions: { sessions: [] }, events: { events: [] } } : {});
			router.config(picture.config ?? fixtures.configFilled());
			const context = await browser.newContext({ ...size, viewport: { width: 1000, height: 900 } });
			const page = await login(context, router, undefined, 'root', 'router');

			await page.waitForSelector('#luci-sso-status [data-events]');
			await picture.act({ page });
			await page.waitForTimeout(400);
			await shoot(page, picture);
			await context.close();
		}
	}
	finally {
		await router.stop();
	}
}

mkdirSync(out, { recursive: true });
const chosen = pictures.filter(({ name }) => !wanted.length || wanted.includes(name));
const of = (where) => chosen.filter((picture) => picture.where === where);
const browser = await launchBrowser(`--host-resolver-rules=MAP ${NAME} 127.0.0.1`);
const left = [];

try {
	await inLab(of('lab'), browser);
	if (routerRoot()) {
		await inLab(of('luci'), browser, { routerRoot: routerRoot() });
		await onPage(of('page'), browser);
	}
	else
		left.push(...of('luci'), ...of('page'));
}
finally {
	await browser.close();
}
if (left.length) {
	console.log(`left as they are, for want of a router's root file system (LUCI_SSO_ROUTER_ROOT, as root): ${left.map(({ name }) => name).join(' ')}`);
	process.exitCode = left.every(({ name }) => existsSync(join(out, `${name}.webp`))) ? 0 : 1;
}
