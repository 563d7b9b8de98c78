// SPDX-License-Identifier: Apache-2.0
//
// What every provider stands on: people, a certificate, a front that ends TLS
// for those that speak plain http, and programs that end with the tests.

import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer as createPlain, request } from 'node:http';
import { createServer } from 'node:https';
import { createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCA } from '../../lib/ca.mjs';
import { TOP } from '../../lib/lab.mjs';

export const SECRET = 'a secret of the tests';
export const PASSWORD = 'a password of the tests';

// Carol's address is hers by her own word only.
export const people = {
	alice: { email: 'alice@example.org', email_verified: true, groups: [ 'admins', 'staff' ] },
	bob: { email: 'bob@example.org', email_verified: true, groups: [ 'staff' ] },
	carol: { email: 'carol@example.org', email_verified: false, groups: [] },
	mallory: { email: 'mallory@example.org', email_verified: true, groups: [] },
};

// Unavailable: this machine cannot have the provider, for a reason in one line.
export class Unavailable extends Error {}

// cache is where installed providers stay between runs.
export function cache(name) {
	const dir = join(TOP, 'out/providers', name);

	mkdirSync(dir, { recursive: true });

	return dir;
}

export function run(command, args, options = {}) {
	try {
		return execFileSync(command, args, { encoding: 'utf8', stdio: [ 'ignore', 'pipe', 'pipe' ], maxBuffer: 1 << 26, ...options });
	} catch (error) {
		const lines = `${error.stderr ?? ''}`.trim().split('\n');

		throw new Unavailable(`${command} ${args.slice(0, 2).join(' ')}: ${lines.at(-1) || error.message}`);
	}
}

// goProgram builds dir/main.go, or a program of another module, with the modules
// that pinned.mod and pinned.sum name. They are no go.mod: the project's own
// checks and Go versions are not theirs.
export function goProgram(name, other) {
	const from = join(TOP, 'tests/providers', name);
	const dir = cache(name);
	const wanted = readFileSync(join(from, 'pinned.mod'), 'utf8').match(/^go (\d+)\.(\d+)/m).slice(1).map(Number);
	const have = run('go', [ 'env', 'GOVERSION' ]).match(/go(\d+)\.(\d+)/).slice(1).map(Number);

	if (have[0] * 1000 + have[1] < wanted[0] * 1000 + wanted[1])
		throw Object.assign(new Unavailable(`needs Go ${wanted.join('.')}, here is ${have.join('.')}`), { allowed: true });
	for (const [ file, to ] of [ ...other ? [] : [ [ 'main.go', 'main.go' ] ], [ 'pinned.mod', 'go.mod' ], [ 'pinned.sum', 'go.sum' ] ])
		copyFileSync(join(from, file), join(dir, to));
	run('go', [ 'build', '-mod=readonly', '-o', 'program', other ?? '.' ], { cwd: dir, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' } });

	return join(dir, 'program');
}

// pinned is the version of a Go module in pinned.mod.
export function pinned(name, module) {
	return new RegExp(`${module} v(\\S+)`).exec(readFileSync(join(TOP, 'tests/providers', name, 'pinned.mod'), 'utf8'))[1];
}

// npmPackages installs what the provider's own lock file names.
export function npmPackages(name) {
	const from = join(TOP, 'tests/providers', name);
	const dir = cache(name);
	const stamp = join(dir, 'node_modules/.installed');

	for (const file of [ 'package.json', 'package-lock.json', 'server.mjs' ])
		copyFileSync(join(from, file), join(dir, file));
	if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== readFileSync(join(dir, 'package-lock.json'), 'utf8')) {
		run('npm', [ 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps' ], { cwd: dir });
		copyFileSync(join(dir, 'package-lock.json'), stamp);
	}

	return dir;
}

// debianPackage unpacks name=version, more, and what they need into a folder:
// nothing of it is installed.
export function debianPackage(name, version, ...more) {
	const dir = cache(name);
	const root = join(dir, 'root');
	const stamp = join(dir, `unpacked-${version}`);

	if (existsSync(stamp))
		return root;
	if (!existsSync('/usr/bin/apt-get'))
		throw Object.assign(new Unavailable('there is no apt-get here'), { allowed: true });
	const offered = () => run('apt-cache', [ 'madison', name ]).includes(` ${version} `);

	// A machine that never asked knows no packages; a later release of Debian has others.
	if (!offered()) {
		run('apt-get', [ '-qq', 'update' ]);
		if (!offered())
			throw Object.assign(new Unavailable(`Debian offers no ${name} ${version} here`), { allowed: true });
	}
	rmSync(dir, { recursive: true, force: true });
	mkdirSync(join(dir, 'archives/partial'), { recursive: true });
	run('apt-get', [ '-qq', '-y', '--no-install-recommends', '--download-only', '-o', 'APT::Sandbox::User=root', '-o', 'DPkg::Lock::Timeout=300',
		'-o', `Dir::Cache::archives=${dir}/archives`, 'install', `${name}=${version}`, ...more ]);
	run('sh', [ '-c', `for package in archives/*.deb; do dpkg -x "$package" root; done && rm -r archives && touch '${stamp}'` ], { cwd: dir });

	return root;
}

// libraries is the folder of the machine's kind in an unpacked package.
export function libraries(root) {
	return join(root, 'usr/lib', readdirSync(join(root, 'usr/lib')).find((name) => name.endsWith('-linux-gnu')));
}

export async function freePort() {
	const server = createSocket();

	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	const { port } = server.address();

	await new Promise((done) => server.close(done));

	return port;
}

// program starts one and waits until its address answers. Its input stays open:
// what is told through it is answered with a line.
// greets: it prints a line when it is there.
export async function program(command, args, { ready, greets = false, ...options }) {
	const child = spawn(command, args, { stdio: [ 'pipe', 'pipe', 'pipe' ], ...options });
	const said = [];
	let ended = false;
	let heard;

	child.once('exit', () => { ended = true; heard?.(); });
	child.stdout.on('data', (data) => { said.push(`${data}`); heard?.(); });
	child.stderr.on('data', (data) => said.push(`${data}`));
	const kill = () => child.kill('SIGKILL');

	process.once('exit', kill);
	for (let tries = 0; ; tries++) {
		if (ended || tries > 600)
			throw new Error(`${command} does not answer at ${ready}:\n${said.join('').slice(-4000)}`);
		if (await answers(ready) && (!greets || said.join('').includes('\n')))
			break;
		await sleep(100);
	}

	return {
		said: () => said.join(''),
		async tell(line) {
			const answer = new Promise((done) => { heard = done; });

			child.stdin.write(`${line}\n`);
			await answer;
		},
		async stop() {
			const gone = ended ? null : new Promise((done) => child.once('exit', done));

			process.removeListener('exit', kill);
			kill();
			await gone;
		},
	};
}

function answers(port) {
	return new Promise((done) => {
		const req = request({ host: '127.0.0.1', port, path: '/', timeout: 5000 }, (res) => { res.resume(); done(true); });

		// One that speaks TLS answers, too, in its way.
		req.on('error', (error) => done(!/ECONNREFUSED|ECONNRESET/.test(error.code ?? '') || error.code === 'HPE_INVALID_CONSTANT'));
		req.on('timeout', () => req.destroy());
		req.end();
	});
}

// stage is a certificate and a front for one provider. Requests through the
// front are listed; whoever comes over plain http behind it is told so.
export async function stage() {
	const dir = mkdtempSync(join(tmpdir(), 'luci-sso-providers-'));
	const ca = makeCA(dir);
	const requests = [];
	let target = 0;
	const agentless = (req, res) => {
		requests.push(`${req.method} ${req.url.split('?')[0]}`);
		const to = request({ host: '127.0.0.1', port: target, method: req.method, path: req.url, agent: false,
			headers: { ...req.headers, 'x-forwarded-proto': 'https', 'x-forwarded-host': req.headers.host, connection: 'close' } }, (from) => {
			res.writeHead(from.statusCode, from.rawHeaders);
			from.pipe(res);
		});

		to.on('error', () => { res.statusCode = 502; res.end(); });
		req.pipe(to);
	};
	const front = createServer({ cert: ca.cert, key: ca.key }, agentless);

	await new Promise((done) => front.listen(0, '127.0.0.1', done));
	const inner = await freePort();

	target = inner;

	return {
		dir, ca, requests, inner, origin: `https://localhost:${front.address().port}`,
		async close() {
			front.closeAllConnections();
			await new Promise((done) => front.close(done));
			rmSync(dir, { recursive: true, force: true });
		},
	};
}

// listener takes what a provider sends to a loopback address by itself.
export async function listener() {
	const received = [];
	const server = createPlain(async (req, res) => {
		let body = '';

		for await (const chunk of req)
			body += chunk;
		received.push({ path: req.url, form: new URLSearchParams(body) });
		res.end();
	});

	await new Promise((done) => server.listen(0, '127.0.0.1', done));

	return {
		received, url: `http://127.0.0.1:${server.address().port}/`,
		async close() {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
}

// fields of the first form of a page, as they are filled in, and where it goes.
export function fields({ body, url }) {
	const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/.exec(body);
	const attribute = (text, name) => new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1].replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, '&');

	return form && {
		action: new URL(attribute(form[1], 'action') || url, url).href,
		fields: Object.fromEntries([ ...form[2].matchAll(/<input\b([^>]*)>/g) ].map(([ , input ]) => [ attribute(input, 'name'), attribute(input, 'value') ?? '' ]).filter(([ name ]) => name)),
	};
}

// clientKey is a key to sign assertions with.
export function clientKey() {
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

	return { privateKey, jwks: { keys: [ { ...publicKey.export({ format: 'jwk' }), kid: 'test', use: 'sig', alg: 'ES256' } ] } };
}

// claims of a token, and its header.
export function part(token, which = 1) {
	return JSON.parse(Buffer.from(token.split('.')[which], 'base64url'));
}
