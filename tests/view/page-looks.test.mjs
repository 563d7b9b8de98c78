// SPDX-License-Identifier: Apache-2.0
//
// The settings page in a browser: other languages, small screens, screen readers.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fixtures from './fixtures.mjs';
import { messages } from './lmo.mjs';
import { browserTest, done, edit, open, prepare, preparedTest, router } from './page.mjs';
import { TOP } from './router.mjs';

prepare();

preparedTest('the page speaks every language there is a translation for', async () => {
	const languages = readdirSync(join(TOP, 'po')).filter((name) => name != 'templates');

	try {
		for (const language of languages) {
			const words = messages(join(TOP, `po/${language}/sso.po`));
			const code = { pt_BR: 'pt_br', zh_Hans: 'zh_cn', zh_Hant: 'zh_tw' }[language] || language;

			router.uci('set', `luci.main.lang=${code}`);
			router.uci('commit', 'luci');

			const page = await open({ config: fixtures.configFilled() });
			const text = await page.locator('#view').innerText();

			for (const id of [ 'Lets people log in to this router with the account they have at an identity provider (OpenID Connect).', 'Redirect URI', 'Who would get what', 'Last events',
				'The provider names itself differently from the Issuer URL.', 'SSO is on and the login page carries the button.' ])
				assert.equal(text.includes(words.get(id) || id), true, `${language}: “${words.get(id)}” should be on the page`);

			await page.locator('button', { hasText: words.get('Test connection') }).click();
			await page.waitForSelector('[data-test-result]');
			assert.equal((await page.locator('[data-check="redirect_uri"]').innerText()).includes(words.get(fixtures.words().RegisterRedirect)), true, language);
			await done(page);
		}
	}
	finally {
		router.uci('set', 'luci.main.lang=en');
		router.uci('commit', 'luci');
	}
});

browserTest('at 360 pixels nothing runs out of the page', async () => {
	const page = await open({ config: fixtures.configFilled(), viewport: { width: 360, height: 740 } });

	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-result]');
	assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), true);
	await edit(page, 'viewer');
	await page.locator('.cbi-modal [data-name="_level"] select').selectOption('individual');
	assert.equal(await page.evaluate(() => {
		const modal = document.querySelector('.cbi-modal');

		return modal.scrollWidth <= modal.clientWidth;
	}), true);
	await done(page);
});

preparedTest('on a telephone each theme says what is in a table, and shows the whole of a list', async () => {
	const themes = router.real ? [ 'bootstrap', 'material', 'openwrt2020' ] : [ 'bootstrap' ];

	try {
		for (const theme of themes) {
			router.uci('set', `luci.main.mediaurlbase=/luci-static/${theme}`);
			router.uci('commit', 'luci');

			const page = await open({ config: fixtures.configFilled(), viewport: { width: 360, height: 740 } });

			await page.waitForTimeout(300);

			const unnamed = await page.evaluate(() => [ ...document.querySelectorAll('#view td[data-title]') ]
				.filter((cell) => cell.offsetParent && window.getComputedStyle(cell, '::before').content == 'none')
				.map((cell) => cell.getAttribute('data-title')));
			const titles = await page.evaluate(() => [ ...document.querySelectorAll('#view th') ].filter((cell) => cell.offsetParent).length);

			assert.deepEqual(titles ? [] : unnamed, [], `${theme}: cells without a title`);
			await edit(page, 'viewer');

			const cut = await page.evaluate(() => [ ...document.querySelectorAll('.cbi-modal .cbi-dynlist .add-item > *') ]
				.filter((node) => node.offsetParent && node.getBoundingClientRect().right > 360 - 8).map((node) => `${node.className} ${Math.round(node.getBoundingClientRect().right)}`));

			assert.deepEqual(cut, [], `${theme}: a list runs out of the page`);
			await done(page);
		}
	}
	finally {
		router.uci('set', 'luci.main.mediaurlbase=/luci-static/bootstrap');
		router.uci('commit', 'luci');
	}
});

preparedTest('what folds shows it, and steps have numbers, where a theme takes the signs of lists away', async () => {
	const page = await open({ config: fixtures.configFilled() });
	const sign = (selector) => page.locator(selector).first().evaluate((node) => window.getComputedStyle(node).listStyleType);

	await page.addStyleTag({ content: '* { list-style: none; }' });
	await page.locator('button', { hasText: 'Test connection' }).click();
	await page.waitForSelector('[data-test-rest]');
	assert.equal(await sign('[data-sso-steps] ol > li'), 'decimal');
	assert.equal(await sign('[data-test-rest] summary'), 'disclosure-closed');
	assert.equal(await sign('[data-events] summary'), 'disclosure-closed');
	await page.locator('[data-events] summary').first().click();
	assert.equal(await sign('[data-events] summary'), 'disclosure-open');
	await page.locator('[data-events] details li').first().waitFor();
	assert.equal(await sign('[data-events] details li'), 'disc');
	await done(page);
});

browserTest('every control has a name for a screen reader, and no script is inline', async () => {
	const page = await open({ config: fixtures.configFilled() });

	await page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click();

	const find = () => page.evaluate(() => [ ...document.querySelectorAll('#view input:not([type="hidden"]), #view select, #view button, .cbi-modal input, .cbi-modal select, .cbi-modal button') ]
		.filter((n) => n.offsetParent && !n.getAttribute('aria-label') && !n.textContent.trim() && !n.title && !(n.labels && n.labels.length) &&
			!document.querySelector(`label[for="${n.id}"]`))
		.map((n) => n.outerHTML.slice(0, 120)));

	assert.deepEqual(await find(), []);
	await edit(page, 'viewer');
	await page.locator('.cbi-modal [data-name="_level"] select').selectOption('individual');
	assert.deepEqual(await find(), []);
	assert.equal(await page.evaluate(() => [ ...document.querySelectorAll('#view *') ].some((n) => [ ...n.attributes ].some((a) => a.name.startsWith('on')))), false);
	await done(page);
});
