// SPDX-License-Identifier: Apache-2.0
//
// The settings page after an upgrade, in a browser that keeps files as it may:
// those of a package without file times for years.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import * as fixtures from './fixtures.mjs';
import { done, FRESH, prepare, preparedTest, router } from './page.mjs';
import { browserPath, login, TOP } from './router.mjs';

prepare();

// trusting starts a browser that trusts the router's certificate: what comes
// with an error of the certificate is not kept.
async function trusting() {
	const { chromium } = await import('playwright-core');
	const { hostname, port } = new URL(router.url);
	const key = await new Promise((found, fail) => {
		const socket = connect({ host: hostname, port, rejectUnauthorized: false }, () => {
			found(socket.getPeerX509Certificate().publicKey.export({ type: 'spki', format: 'der' }));
			socket.end();
		});

		socket.on('error', fail);
	});

	return chromium.launch({
		executablePath: browserPath(),
		args: [ '--no-sandbox', `--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}` ]
	});
}

// lay puts the page's files of a version where the router has them, without
// times, as a package brings them. The lab has links into this tree there.
function lay(version) {
	const resources = join(router.dir, 'www/luci-static/resources');

	for (const part of [ 'luci-sso', 'view' ]) {
		const dir = join(resources, part);

		cpSync(dir, `${dir}.copy`, { recursive: true, dereference: true });
		rmSync(dir, { recursive: true });
		cpSync(`${dir}.copy`, dir, { recursive: true });
		rmSync(`${dir}.copy`, { recursive: true });
	}

	for (const part of [ 'luci-sso', 'view/luci-sso' ])
		for (const name of readdirSync(join(TOP, 'htdocs/luci-static/resources', part))) {
			const file = join(resources, part, name);
			const text = readFileSync(join(TOP, 'htdocs/luci-static/resources', part, name), 'utf8');

			writeFileSync(file, text.replace("const PAGE = 'dev';", `const PAGE = '${version}';`));
			utimesSync(file, 0, 0);
		}
}

const answer = (version) => fixtures.prepare(router, { status: { ...fixtures.statusOn(), version } });
const noted = (page, version) => page.waitForFunction((v) => window.localStorage.getItem('luci-sso.version') == v, version);
const shown = (page) => page.waitForSelector('#luci-sso-status [data-events]');
const notices = (page) => page.locator('[data-sso-version]').count();

preparedTest('after an upgrade the page is the new one, whatever the browser has kept', async () => {
	const browser = await trusting();

	try {
		lay('1.0-r1');
		answer('1.0-r1');
		router.config(FRESH);

		const context = await browser.newContext();
		const page = await login(context, router);
		const loads = [];

		page.on('load', () => loads.push(1));
		await noted(page, '1.0-r1');
		await shown(page);
		assert.equal(await notices(page), 0, 'page and program are of one version');

		lay('2.0-r1');
		await page.reload();
		await shown(page);
		assert.equal(await page.evaluate(() => fetch(performance.getEntriesByType('resource').map((e) => e.name).find((n) => n.includes('/luci-sso/version.js')))
			.then((r) => r.text()).then((t) => t.includes('1.0-r1'))), true, 'this browser keeps nothing, so it shows nothing here');

		answer('2.0-r1');
		await page.reload();
		await noted(page, '2.0-r1');
		await shown(page);
		assert.equal(await notices(page), 0, 'the browser shows the old page');

		// The program alone is upgraded: fetching does not help, and does not go on.
		answer('3.0-r1');
		await page.reload();
		await noted(page, '3.0-r1');
		await page.waitForSelector('[data-sso-version]');
		assert.match(await page.locator('[data-sso-version]').innerText(), /2\.0-r1.*3\.0-r1/);

		const before = loads.length;

		await page.waitForTimeout(1500);
		assert.equal(loads.length, before, 'the page goes round in circles');
		await done(page);
	}
	finally {
		await browser.close();
	}
});
