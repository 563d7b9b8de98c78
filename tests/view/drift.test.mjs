// SPDX-License-Identifier: Apache-2.0
//
// Is the stand-in for LuCI an honest one? It must name what it lacks, and where
// there is a real LuCI it must offer nothing that LuCI does not, and draw the
// page as LuCI does.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import * as fixtures from './fixtures.mjs';
import { PROBE, skeleton } from './probe.mjs';
import { browserPath, login, routerRoot, start } from './router.mjs';

const missing = browserPath() ? '' : 'no chromium';
const alone = missing || (routerRoot() ? '' : 'no router root with LuCI (LUCI_SSO_ROUTER_ROOT, as root)');

if (alone)
	console.log(`note: the stand-in for LuCI is not compared with the real one: ${alone}`);

let standin, real, browser;

before(async () => {
	if (missing)
		return;

	const { chromium } = await import('playwright-core');

	browser = await chromium.launch({ executablePath: browserPath(), args: [ '--no-sandbox' ] });
	standin = await start({ lab: true });

	if (!alone)
		real = await start();

	for (const router of [ standin, real ].filter((r) => r))
		fixtures.prepare(router);
});

after(async () => {
	for (const part of [ browser?.close(), standin?.stop(), real?.stop() ])
		await part;
});

// view opens another page in the place of the settings page.
async function view(router, source, user = 'root') {
	const context = await browser.newContext({ ignoreHTTPSErrors: true });

	await context.route('**/view/luci-sso/settings.js*', (route) => route.fulfill({ contentType: 'text/javascript', body: source }));

	return login(context, router, undefined, user, user == 'root' ? 'router' : user);
}

async function probe(router) {
	const page = await view(router, PROBE);

	await page.waitForSelector('#probe', { state: 'attached' });

	const found = await page.evaluate(() => window.probe);

	await page.context().close();

	return found;
}

test('whatever of LuCI the stand-in lacks is an error that names it', { skip: missing || false, timeout: 120000 }, async () => {
	const uses = {
		'ui.uploadFile': 'ui.uploadFile("/tmp/x");',
		'poll.stop': 'poll.stop();',
		'L.bind': 'L.bind(console.log, null);',
		'form.TextValue': 'form.TextValue;',
		'uci.get_bool': 'uci.get_bool("luci", "main", "x");',
		'form.Value.datatype': 'new form.Map("luci-sso").section(form.NamedSection, "default", "oidc").option(form.Value, "x").datatype = "port";',
		'form.GridSection.cloneable': 'new form.Map("luci-sso").section(form.GridSection, "role").cloneable = true;',
		'baseclass.singleton': 'baseclass.singleton({});',
		'constructor (__init__)': 'form.Value.extend({ __init__() {} });',
		'baseclass.super': 'form.Value.prototype.super;',
		'E() of “<b>x</b>”': 'E("<b>x</b>");',
		'option “filter” of rpc.declare()': 'rpc.declare({ object: "uci", method: "get", filter: () => null });',
		'widget of a DummyValue': 'new form.Map("luci-sso").section(form.NamedSection, "default", "oidc").option(form.DummyValue, "x").renderWidget("default", 0, "");',
		'format %5.2f': '"%5.2f".format(1);'
	};
	const requires = [ 'baseclass', 'form', 'poll', 'rpc', 'uci', 'ui', 'view' ].map((name) => `'require ${name}';\n`).join('');

	// Caught by the page or not, it has to be seen.
	const tries = Object.values(uses).map((use) => `try { ${use} window.silent++; } catch (e) { window.said.push(e.message); }\n`).join('');
	const user = await view(standin, `'use strict';\n${requires}window.silent = 0; window.said = [];\n${tries}` +
		"return view.extend({ render: () => E('div', { 'id': 'tried' }) });\n");

	await user.waitForSelector('#tried', { state: 'attached' });
	assert.deepEqual(await user.evaluate(() => window.said.filter((text) => !text.startsWith('The stand-in for LuCI has no '))), []);
	assert.equal(await user.evaluate(() => window.silent), 0, 'every one is an error');

	for (const name of Object.keys(uses))
		assert.equal(user.problems.some((p) => p.includes(`The stand-in for LuCI has no ${name}`)), true, `${name}: ${user.problems.join('; ')}`);

	await user.context().close();

	const page = await view(standin, "'use strict';\n'require view';\n'require fs';\nreturn view.extend({ render: () => fs });\n");

	for (let i = 0; i < 50 && !page.problems.some((p) => p.includes('no module fs')); i++)
		await page.waitForTimeout(100);

	assert.match(page.problems.join('; '), /no module fs/);
	await page.context().close();
});

test('every member of the stand-in is one of LuCI and takes no fewer arguments', { skip: alone || false, timeout: 120000 }, async () => {
	const [ ours, luci ] = [ await probe(standin), await probe(real) ];
	const wrong = [];
	const compare = (where, own, other) => {
		for (const [ name, { kind, length } ] of Object.entries(own).filter(([ , m ]) => [ 'function', 'class' ].includes(m.kind)))
			if (other[name]?.kind !== kind || length < other[name].length)
				wrong.push(`${where}.${name}: ${JSON.stringify({ kind, length })}, in LuCI ${JSON.stringify(other[name])}`);
	};

	for (const group of [ 'modules', 'form', 'ui' ])
		for (const name of Object.keys(ours[group]))
			compare(`${group}.${name}`, ours[group][name], luci[group][name]);

	compare('view', ours.view, luci.view);
	assert.deepEqual(wrong, []);
});

// documented are the options in the comments of LuCI's form.js, by class.
function documented() {
	const found = {};
	let current;

	for (const comment of readFileSync(join(routerRoot(), 'www/luci-static/resources/form.js'), 'utf8').split('/**')) {
		current = comment.match(/@memberof LuCI\.form\.(\w+)/)?.[1] ?? current;

		const option = comment.match(/@member (?:\{[^}]*\}+ ?)?\[?(\w+)/)?.[1];

		if (option)
			(found[current] ??= []).push(option);

		current = comment.match(/@lends LuCI\.form\.(\w+)/)?.[1] ?? current;
	}

	return found;
}

test('every option of LuCI’s forms works in the stand-in or is refused', { skip: alone || false, timeout: 120000 }, async () => {
	const [ ours, luci ] = [ await probe(standin), await probe(real) ];
	const options = documented();
	const inherited = {
		NamedSection: [ 'AbstractSection' ], GridSection: [ 'AbstractSection', 'TypedSection', 'TableSection' ], JSONMap: [ 'Map' ],
		Value: [ 'AbstractValue' ], DynamicList: [ 'AbstractValue', 'Value' ], ListValue: [ 'AbstractValue', 'Value' ],
		Flag: [ 'AbstractValue', 'Value' ], DummyValue: [ 'AbstractValue', 'Value' ]
	};
	// Of every class of LuCI, and no option.
	const common = /^(__\w+__|constructor|fs|uci|validation| reads)$/;
	const silent = [];

	assert.equal(options.AbstractValue.includes('datatype'), true, 'the comments of LuCI are read');

	for (const name of Object.keys(ours.form)) {
		const all = new Set([ ...Object.keys(luci.form[name]), ...luci.form[name][' reads'],
			...[ ...inherited[name] ?? [], name ].flatMap((c) => options[c] ?? []) ]);

		silent.push(...[ ...all ].filter((o) => !(o in ours.form[name]) && !common.test(o)).map((o) => `form.${name}.${o}`));
	}

	assert.deepEqual(silent, []);
});

const ready = (page) => page.waitForSelector('#luci-sso-status [data-events]');
const field = (page, name) => page.locator(`[id="widget.cbid.luci-sso.default.${name}"]`);

// What is done before the looks are compared.
const states = {
	'the page': {},
	'a fresh page': { config: readFileSync(join(import.meta.dirname, '../../package/luci-sso/files/etc/config/luci-sso'), 'utf8') },
	'the other tab': { act: (page) => page.locator('.cbi-tabmenu a', { hasText: 'Advanced Settings' }).click() },
	'a value that is wrong': { act: async (page) => {
		await field(page, 'issuer_url').fill('http://id.example.com');
		await field(page, 'issuer_url').press('End');
		await page.locator('.cbi-page-actions .cbi-button-save').click();
		await page.waitForSelector('#modal_overlay .modal em');
	} },
	'a test': { act: async (page) => {
		await page.locator('button', { hasText: 'Test connection' }).click();
		await page.waitForSelector('[data-test-result]');
	} },
	'the editor of a role': { act: async (page) => {
		await page.locator('tr[data-sid="viewer"] .cbi-button-edit').click();
		await page.waitForSelector('.cbi-modal .cbi-map');
	} },
	'individual access': { act: async (page) => {
		await page.locator('tr[data-sid="viewer"] .cbi-button-edit').click();
		await page.waitForSelector('.cbi-modal .cbi-map');
		await page.locator('.cbi-modal [data-name="_level"] select').selectOption('individual');
	} },
	'a session to end': { act: (page) => page.locator('[aria-label="End the session of bob@example.com"]').click() },
	'people who may only look': { user: 'viewer' },
	'the editor of a role for them': { user: 'viewer', act: async (page) => {
		await page.locator('tr[data-sid="viewer"] .cbi-button-edit').click();
		await page.waitForSelector('.cbi-modal .cbi-map');
	} }
};

async function look(router, { config = fixtures.configFilled(), user = 'root', act }) {
	const context = await browser.newContext({ ignoreHTTPSErrors: true });

	router.config(config);

	const page = await login(context, router, undefined, user, user == 'root' ? 'router' : user);

	await ready(page);

	if (act)
		await act(page);

	// What a theme does a moment later belongs to the looks.
	await page.waitForTimeout(300);

	const lines = await page.evaluate(skeleton, '#view, body.modal-overlay-active #modal_overlay');

	await context.close();

	return lines.map((line) => line.replaceAll(router.url, 'https://router'));
}

test('the stand-in draws the page as LuCI does', { skip: alone || false, timeout: 240000 }, async (t) => {
	for (const [ name, state ] of Object.entries(states))
		await t.test(name, async () => {
			assert.deepEqual(await look(standin, state), await look(real, state));
		});
});
