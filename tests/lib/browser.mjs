// SPDX-License-Identifier: Apache-2.0
//
// Chromium for tests: headless, quiet on the network, with a profile of its own.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

// browserPath finds the browser; the variable CHROMIUM names another.
export function browserPath() {
	return process.env.CHROMIUM || [ '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome' ].find(existsSync) || '';
}

export function launchBrowser(...more) {
	return chromium.launch({
		executablePath: browserPath(),
		args: [
			'--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
			'--disable-background-networking', '--disable-component-update', '--disable-sync',
			...more,
		],
	});
}

// newPerson is a browser profile without a past: cookies of its own, and every
// document it was shown in visits, newest last: { url, status }.
export async function newPerson(browser, options = {}) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1000, height: 760 }, ...options });
	const page = await context.newPage();
	const visits = [];

	page.setDefaultTimeout(15000);
	page.on('response', (response) => {
		if (response.request().isNavigationRequest() && response.frame() === page.mainFrame())
			visits.push({ url: response.url(), status: response.status() });
	});

	return { context, page, visits, close: () => context.close() };
}

// screenshots returns a function that keeps what a page looks like.
export function screenshots(dir) {
	return (page, name) => page.screenshot({ path: join(dir, `${name}.png`) });
}
