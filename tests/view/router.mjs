// SPDX-License-Identifier: Apache-2.0
//
// A router to show the settings page on. Where LUCI_SSO_ROUTER_ROOT names one,
// a copy of a root file system with OpenWrt's ubusd, procd, rpcd, uhttpd and
// LuCI, started in a chroot on this machine, with this working copy's page in
// it; elsewhere the lab (router-standin.mjs). The rpcd plugin is the real
// binary when one is given, else a stand-in that gives out prepared answers.

import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync, chmodSync, cpSync, openSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { catalogue } from './lmo.mjs';
import { startStandIn } from './router-standin.mjs';

export const TOP = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const DAEMON_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
const SOCKET = '/var/run/ubus/ubus.sock';

export function routerRoot() {
	const dir = process.env.LUCI_SSO_ROUTER_ROOT || '';

	return (dir && process.getuid() === 0 && existsSync(join(dir, 'www/luci-static/resources/form.js'))) ? dir : '';
}

function sleep(ms) {
	return new Promise((done) => setTimeout(done, ms));
}

async function until(what, test) {
	for (let i = 0; i < 100; i++) {
		if (await test())
			return;

		await sleep(100);
	}

	throw new Error(`gave up waiting for ${what}`);
}

// Somebody who may look at everything and change nothing, and somebody who may
// change nothing but this page. Their passwords are their names.
const LOGINS = [
	{ name: 'viewer', lists: "\tlist read '*'\n" },
	{ name: 'keeper', lists: [ 'unauthenticated', 'luci-base', 'luci-app-sso' ].map((g) => `\tlist read '${g}'\n\tlist write '${g}'\n`).join('') }
];

// start brings a router up. Options: plugin (path of the binary that is the
// rpcd plugin; else the stand-in), port (HTTPS), lmo (directory with further
// *.lmo, for the rest of LuCI), lab (stand-ins although there is a root).
export async function start(options = {}) {
	if (options.lab || !routerRoot())
		return startStandIn(options, LOGINS);

	const dir = realpathSync(mkdtempSync(join(tmpdir(), 'luci-sso-view-')));
	const port = options.port || 20000 + process.pid % 20000;
	const processes = [];
	const router = {
		dir,
		port,
		url: `https://127.0.0.1:${port}`,
		real: true,
		standin: !options.plugin,

		run(...argv) {
			// What never answers is a failure with a name, not a test run that hangs.
			return execFileSync('chroot', [ dir, ...argv ], { encoding: 'utf8', env: DAEMON_ENV, timeout: 20000, killSignal: 'SIGKILL' });
		},

		uci(...argv) {
			return this.run('/sbin/uci', '-q', ...argv).trim();
		},

		// reply prepares what the stand-in answers to a method.
		reply(method, value) {
			writeFileSync(join(dir, 'tmp/luci-sso-standin', `${method}.json`), JSON.stringify(value));
		},

		// request returns what the stand-in was last asked.
		request(method) {
			return JSON.parse(readFileSync(join(dir, 'tmp/luci-sso-standin', `${method}.request`), 'utf8'));
		},

		config(text) {
			writeFileSync(join(dir, 'etc/config/luci-sso'), text);
		},

		async stop() {
			for (const p of processes.reverse()) {
				try {
					process.kill(-p.pid, 'SIGKILL');
				}
				catch {
					// It has ended by itself.
				}
			}

			await sleep(200);
			rmSync(dir, { recursive: true, force: true });
		}
	};

	execFileSync('cp', [ '-a', `${routerRoot()}/.`, dir ]);

	for (const [ from, to ] of [
		[ 'htdocs', 'www' ],
		[ 'package/luci-sso/files/www', 'www' ],
		[ 'package/luci-app-sso/root', '.' ]
	])
		cpSync(join(TOP, from), join(dir, to), { recursive: true });

	// As OpenWrt builds it: JSMIN names LuCI's minifier.
	if (process.env.JSMIN)
		for (const part of [ 'luci-sso', 'view/luci-sso' ])
			for (const name of readdirSync(join(dir, 'www/luci-static/resources', part)).filter((n) => n.endsWith('.js'))) {
				const file = join(dir, 'www/luci-static/resources', part, name);

				writeFileSync(file, execFileSync(process.env.JSMIN, { input: readFileSync(file) }));
			}

	for (const language of readdirSync(join(TOP, 'po')).filter((name) => name != 'templates')) {
		const code = { pt_BR: 'pt-br', zh_Hans: 'zh-cn', zh_Hant: 'zh-tw' }[language] || language;

		mkdirSync(join(dir, 'usr/lib/lua/luci/i18n'), { recursive: true });
		writeFileSync(join(dir, `usr/lib/lua/luci/i18n/sso.${code}.lmo`), catalogue(join(TOP, `po/${language}/sso.po`)));
	}

	if (options.lmo)
		for (const name of readdirSync(options.lmo))
			cpSync(join(options.lmo, name), join(dir, 'usr/lib/lua/luci/i18n', name));

	mkdirSync(join(dir, 'tmp/luci-sso-standin'), { recursive: true });
	mkdirSync(join(dir, 'tmp/run/ubus'), { recursive: true });
	cpSync(options.plugin || join(TOP, 'tests/view/standin.sh'), join(dir, 'usr/libexec/rpcd/luci-sso'));
	chmodSync(join(dir, 'usr/libexec/rpcd/luci-sso'), 0o755);

	if (existsSync(join(TOP, 'package/luci-sso/files/etc/config/luci-sso')))
		cpSync(join(TOP, 'package/luci-sso/files/etc/config/luci-sso'), join(dir, 'etc/config/luci-sso'));

	for (const { name, lists } of LOGINS)
		appendFileSync(join(dir, 'etc/config/rpcd'), `\nconfig login\n\toption username '${name}'\n\toption password '` +
			execFileSync('openssl', [ 'passwd', '-1', name ], { encoding: 'utf8' }).trim() + `'\n${lists}`);

	const daemon = (name, ...argv) => {
		const log = openSync(join(dir, `tmp/${name}.out`), 'w');

		processes.push(spawn('chroot', [ dir, ...argv ], { env: DAEMON_ENV, detached: true, stdio: [ 'ignore', log, log ] }));
	};
	const object = (name) => until(`the ubus object ${name}`, () => {
		try {
			router.run('/bin/ubus', 'list', name);
			return true;
		}
		catch {
			return false;
		}
	});

	try {
		daemon('ubusd', '/sbin/ubusd', '-s', SOCKET);
		await until('ubusd', () => existsSync(join(dir, 'tmp/run/ubus/ubus.sock')));
		daemon('procd', '/sbin/procd', '-S', '-s', SOCKET);
		await object('service');
		daemon('rpcd', '/sbin/rpcd', '-s', SOCKET, '-t', '30');
		await object('luci-sso');
		daemon('uhttpd', '/usr/sbin/uhttpd', '-f', '-h', '/www', '-r', 'OpenWrt', '-x', '/cgi-bin', '-u', '/ubus',
			'-o', '/cgi-bin/luci', '-O', '/usr/share/ucode/luci/uhttpd.uc', '-t', '60', '-T', '30', '-k', '20', '-A', '1',
			'-n', '3', '-N', '100', '-C', '/etc/uhttpd.crt', '-K', '/etc/uhttpd.key', '-s', `127.0.0.1:${port}`);
		await until('uhttpd', () => {
			try {
				return execFileSync('curl', [ '-ks', '-m', '5', `${router.url}/cgi-bin/luci/` ], { encoding: 'utf8' }).includes('luci_password');
			}
			catch {
				return false;
			}
		});
	}
	catch (e) {
		await router.stop();
		throw e;
	}

	return router;
}

// processesOf says what runs in the router and what each waits for.
function processesOf(router) {
	const found = [];

	for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
		try {
			if (readlinkSync(`/proc/${pid}/root`) === router.dir)
				found.push(`${readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 2).join(' ')} (${readFileSync(`/proc/${pid}/wchan`, 'utf8')})`);
		}
		catch {
			// It has ended meanwhile.
		}
	}

	return `in it run: ${found.join(', ') || 'nothing'}`;
}

// login opens a page as somebody, on the given path.
export async function login(context, router, path = '/cgi-bin/luci/admin/services/luci-sso', user = 'root', password = 'router') {
	const page = await context.newPage();

	page.problems = [];
	page.on('pageerror', (e) => page.problems.push(String(e)));
	page.on('console', (m) => { if (m.type() === 'error') page.problems.push(m.text()); });

	// A script of LuCI that waits for ubus for ever takes one of uhttpd's three
	// places, and the browser would wait with it.
	page.setDefaultTimeout(30000);
	page.setDefaultNavigationTimeout(30000);

	await page.goto(router.url + path).catch((e) => { throw new Error(`the router does not answer; ${processesOf(router)}`, { cause: e }); });
	await page.evaluate(([ name, secret ]) => {
		const form = document.createElement('form');

		form.method = 'post';
		form.action = window.location.href;

		for (const [ k, v ] of [ [ 'luci_username', name ], [ 'luci_password', secret ] ]) {
			const input = document.createElement('input');

			input.name = k;
			input.value = v;
			form.appendChild(input);
		}

		document.body.appendChild(form);
		form.submit();
	}, [ user, password ]);
	await page.waitForURL('**' + path).catch((e) => { throw new Error(`the router does not finish the login; ${processesOf(router)}`, { cause: e }); });

	return page;
}

export function browserPath() {
	return process.env.CHROMIUM || [ '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome' ].find(existsSync) || '';
}
