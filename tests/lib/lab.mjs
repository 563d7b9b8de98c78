// SPDX-License-Identifier: Apache-2.0
//
// The lab for tests in JavaScript: starts luci-sso-lab on free ports, edits
// the router's configuration and collects the router's log.

import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export const TOP = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const OUT = process.env.LUCI_SSO_OUT ?? join(TOP, 'out/test/by-hand');

// output makes a folder for what a test leaves behind.
export function output(name) {
	const dir = join(OUT, name);

	mkdirSync(dir, { recursive: true });

	return dir;
}

function build() {
	// Files of tests that run side by side each build their own.
	const program = join(output('bin'), `luci-sso-lab-${process.pid}`);

	execFileSync('go', [ 'build', '-o', program, './lab/cmd/luci-sso-lab' ], {
		cwd: join(TOP, 'src'), stdio: 'inherit', env: { ...process.env, CGO_ENABLED: '0' },
	});

	return program;
}

// startLab answers when router and provider listen. routerRoot is the root
// file system of a real router; without it, stand-ins run.
export async function startLab({ routerRoot } = {}) {
	const args = [ '--json', '--plain', '--router', 'localhost:0', '--provider', '127.0.0.1:0' ];
	const child = spawn(build(), [ ...args, ...routerRoot ? [ '--router-root', routerRoot ] : [] ], {
		// A variable for Go's tests; here the argument decides.
		env: { ...process.env, LUCI_SSO_SOURCES: TOP, LUCI_SSO_ROUTER_ROOT: '' },
		stdio: [ 'ignore', 'pipe', 'pipe' ],
	});
	const said = [];
	const ended = new Promise((done) => child.once('exit', done));
	const first = new Promise((done, fail) => {
		createInterface({ input: child.stdout }).on('line', (line) => line.startsWith('{') ? done(JSON.parse(line)) : said.push(line));
		createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
		ended.then((code) => fail(new Error(`luci-sso-lab ended with ${code}:\n${said.join('\n')}`)));
	});
	// A test run that dies must not leave a router behind.
	const kill = () => child.kill('SIGINT');
	process.once('exit', kill);

	return new Lab(await first, said, async () => {
		process.removeListener('exit', kill);
		kill();
		await ended;
	});
}

class Lab {
	#said;
	#config;
	#original;

	constructor(addresses, said, close) {
		// router, provider: addresses without trailing slash; root: the router's
		// files on this machine; real: no stand-ins; ca; password (of root).
		Object.assign(this, addresses);
		this.#said = said;
		this.close = close;
		this.#config = join(this.root, 'etc/config/luci-sso');
		this.#original = readFileSync(this.#config, 'utf8');
		// The tests make more requests in a minute than people do.
		this.configure({});
	}

	get callback() { return `${this.router}/cgi-bin/luci-sso/callback`; }
	get start() { return `${this.router}/cgi-bin/luci-sso`; }
	get luci() { return `${this.router}/cgi-bin/luci/`; }

	// configure sets options (an array is a list) of the section oidc over the lab's own
	// configuration, and, when roles are given ({ name: { email: […], … } }),
	// replaces its roles. more are further providers: { name: { issuer_url: … } }.
	configure(options, roles, more = {}) {
		let [ head, ...rest ] = this.#original.split(/^(?=config role)/m);

		for (const [ name, value ] of Object.entries({ rate_limit: '100000', ...options })) {
			head = head.replace(new RegExp(`^\\s*option ${name} .*\n`, 'm'), '');
			if (value !== null)
				head = `${head.trimEnd()}\n${[ value ].flat().map((one) => `\t${Array.isArray(value) ? 'list' : 'option'} ${name} ${quote(one)}\n`).join('')}\n`;
		}
		if (roles) {
			rest = Object.entries(roles).map(([ role, lists ]) => `config role '${role}'\n` + Object.entries(lists)
				.flatMap(([ name, values ]) => values.map((value) => `\tlist ${name} ${quote(value)}\n`)).join('') + '\n');
		}
		const providers = Object.entries(more).map(([ name, own ]) => `config oidc '${name}'\n` + Object.entries(own)
			.map(([ option, value ]) => `\toption ${option} ${quote(value)}\n`).join('') + '\n');

		writeFileSync(this.#config, head + providers.join('') + rest.join(''));
	}

	// trust puts an authority into the router's certificate store.
	trust(pem) {
		appendFileSync(join(this.root, 'etc/ssl/certs/ca-certificates.crt'), `\n${pem}`);
	}

	// ageDocuments makes what the router keeps of providers older.
	ageDocuments(seconds) {
		const dir = join(this.root, 'var/run/luci-sso/cache');
		const then = Date.now() / 1000 - seconds;

		for (const name of readdirSync(dir))
			utimesSync(join(dir, name), then, then);
	}

	// mark and log: what luci-sso wrote to the router's log since a mark.
	mark() { return this.#said.length; }

	async log(mark) {
		await sleep(100); // A log line may come after the response.

		return this.#said.slice(mark)
			.map((line) => /\bluci-sso\[\d+\]:? (.*)$/.exec(line)?.[1])
			.filter((line) => line !== undefined);
	}

	// everything the lab said, for a test that failed.
	transcript() { return this.#said.join('\n'); }
}

function quote(value) {
	return `'${String(value).replaceAll("'", "'\\''")}'`;
}
