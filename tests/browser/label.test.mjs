// SPDX-License-Identifier: Apache-2.0
//
// A long text on the button of the login page, on a telephone, in each theme of
// the router.
//
// tests/router runs this file again with the real daemons and LuCI.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUTTON, lab, shot, trial } from './steps.mjs';

const LABELS = {
	'one word': 'W'.repeat(64),
	'many words': 'Sign in with the account that the example organisation gave you.',
};

// inThemes calls back with the name of each theme, while LuCI shows it.
async function inThemes(look) {
	if (!lab.real)
		return look('stand-in');

	const file = join(lab.root, 'etc/config/luci');
	const config = readFileSync(file, 'utf8');
	const themes = [ ...config.matchAll(/'?(\/luci-static\/[\w.-]+)'?$/gm) ].map((m) => m[1]);

	assert.ok(themes.length > 1, 'the router has one theme alone');

	try {
		for (const theme of new Set(themes)) {
			writeFileSync(file, config.replace(/(option mediaurlbase ).*/, `$1'${theme}'`));
			await look(theme.split('/').pop());
		}
	}
	finally {
		writeFileSync(file, config);
	}
}

for (const [ name, label ] of Object.entries(LABELS)) {
	trial(`a text of 64 characters in ${name} stays within a telephone's page`, async ({ page }) => {
		lab.configure({ label });

		await inThemes(async (theme) => {
			await page.goto(lab.luci);
			await page.waitForSelector(BUTTON);
			await page.waitForLoadState('load');

			const seen = await page.evaluate((selector) => {
				const button = document.querySelector(selector);
				const { left, right } = button.getBoundingClientRect();
				const wide = () => document.documentElement.scrollWidth;
				const range = document.createRange();

				range.selectNodeContents(button);
				const text = range.getBoundingClientRect();
				const within = text.left >= left && text.right <= right &&
					text.top >= button.getBoundingClientRect().top && text.bottom <= button.getBoundingClientRect().bottom;
				const whole = wide();

				button.style.display = 'none';
				const bare = wide();

				button.style.display = '';

				return { left, right, within, more: whole - bare, text: button.textContent };
			}, BUTTON);

			await shot(page, `16-label-${name.replace(' ', '-')}-${theme}`);
			assert.equal(seen.text, label);
			assert.ok(seen.left >= 0 && seen.right <= 360, `${theme}: the button is at ${seen.left} to ${seen.right}`);
			assert.equal(seen.more, 0, `${theme}: the button makes the page ${seen.more} px wider`);
			assert.ok(seen.within, `${theme}: a part of the text is not to be seen`);
		});
	}, { viewport: { width: 360, height: 740 } });
}
