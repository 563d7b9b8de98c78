// SPDX-License-Identifier: Apache-2.0
//
// A router to show the settings page on where there is no OpenWrt: the lab,
// with its stand-ins for rpcd, uhttpd and LuCI's JavaScript. The page, its
// menu entry and its rights are the real ones.

import { appendFileSync, copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startLab, TOP } from '../lib/lab.mjs';
import { messages } from './lmo.mjs';
import { uci } from './uci.mjs';

// catalogues puts the translations where the stand-in looks for them.
export function catalogues(root) {
	const dir = join(root, 'www/luci-static/resources/standin/i18n');

	mkdirSync(dir);

	for (const language of readdirSync(join(TOP, 'po')).filter((name) => name != 'templates')) {
		const code = { pt_BR: 'pt_br', zh_Hans: 'zh_cn', zh_Hant: 'zh_tw' }[language] || language;

		writeFileSync(join(dir, `${code}.json`), JSON.stringify(Object.fromEntries(messages(join(TOP, `po/${language}/sso.po`)))));
	}
}

// groups makes the access groups more like a router's: without the one of early
// releases, which grants everybody everything and which the lab has on purpose,
// with the one that every LuCI has besides, and with the words that a test
// searches for.
function groups(root) {
	const dir = join(root, 'usr/share/rpcd/acl.d');
	const base = JSON.parse(readFileSync(join(dir, 'base.json'), 'utf8'));

	delete base['luci-access'];
	base['luci-base'].description = 'The basic procedures of LuCI';
	writeFileSync(join(dir, 'base.json'), JSON.stringify(base));
	writeFileSync(join(dir, 'acl.json'), JSON.stringify({ 'luci-app-acl': { description: 'Who may do what', read: { uci: [ 'rpcd' ] }, write: { uci: [ 'rpcd' ] } } }));
}

export async function startStandIn(options, logins) {
	const lab = await startLab();
	const dir = lab.root;
	const prepared = join(dir, 'tmp/luci-sso-standin');

	groups(dir);
	catalogues(dir);
	mkdirSync(prepared);
	copyFileSync(join(TOP, 'package/luci-sso/files/etc/config/luci-sso'), join(dir, 'etc/config/luci-sso'));

	// The lab has linked its own build of the real plugin there.
	if (!options.plugin) {
		rmSync(join(dir, 'usr/libexec/rpcd/luci-sso'));
		copyFileSync(join(TOP, 'tests/view/standin.sh'), join(dir, 'usr/libexec/rpcd/luci-sso'));
	}

	for (const { name, lists } of logins)
		appendFileSync(join(dir, 'etc/config/rpcd'), `\nconfig login\n\toption username '${name}'\n\toption password '${name}'\n${lists}`);

	return {
		dir,
		url: lab.router,
		real: false,
		standin: !options.plugin,
		uci: (...args) => uci(dir, ...args),
		reply: (method, value) => writeFileSync(join(prepared, `${method}.json`), JSON.stringify(value)),
		request: (method) => JSON.parse(readFileSync(join(prepared, `${method}.request`), 'utf8')),
		config: (text) => writeFileSync(join(dir, 'etc/config/luci-sso'), text),
		stop: () => lab.close()
	};
}
