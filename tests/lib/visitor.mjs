// SPDX-License-Identifier: Apache-2.0
//
// A person with a browser, reduced to what a login needs: cookies by host and
// path, redirects, and forms that are sent as they are. No script runs and
// SameSite is not looked at: Chromium does both in the browser lane.

import { request } from 'node:https';

export class Visitor {
	#ca;
	#jar = [];

	// history lists every request, newest last: { method, url, status, headers, body }.
	history = [];

	constructor(ca) {
		this.#ca = ca;
	}

	cookies(url) {
		const { hostname, pathname } = new URL(url);

		this.#jar = this.#jar.filter((cookie) => cookie.expires > Date.now());

		return this.#jar
			.filter((cookie) => cookie.host === hostname && matches(cookie.path, pathname))
			// The longer path first (RFC 6265, 5.4): this is how one cookie shadows another.
			.sort((a, b) => b.path.length - a.path.length);
	}

	setCookie(url, line) {
		const [ pair, ...attributes ] = line.split(';').map((part) => part.trim());
		const [ name, ...value ] = pair.split('=');
		const cookie = { name, value: value.join('='), host: new URL(url).hostname, path: '/', expires: Infinity };

		for (const one of attributes) {
			const [ key, text = '' ] = one.split('=');

			if (key.toLowerCase() === 'path')
				cookie.path = text;
			if (key.toLowerCase() === 'max-age')
				cookie.expires = Date.now() + Number(text) * 1000;
		}

		this.#jar = this.#jar.filter((one) => !(one.name === name && one.host === cookie.host && one.path === cookie.path));
		if (cookie.expires > Date.now())
			this.#jar.push(cookie);
	}

	// once sends one request and follows nothing.
	once(url, { method = 'GET', form, json, headers = {} } = {}) {
		const body = json ? JSON.stringify(json) : form && new URLSearchParams(form).toString();
		const cookie = this.cookies(url).map((one) => `${one.name}=${one.value}`).join('; ');

		return new Promise((resolve, reject) => {
			const req = request(url, {
				method, ca: this.#ca, timeout: 30000, agent: false,
				headers: {
					accept: 'text/html,*/*',
					...cookie && { cookie },
					...body !== undefined && { 'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) },
					...headers,
				},
			}, (res) => {
				const chunks = [];

				res.on('data', (chunk) => chunks.push(chunk));
				res.on('error', reject);
				res.on('end', () => {
					const answer = { method, url, status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks).toString() };

					for (const line of res.headers['set-cookie'] ?? [])
						this.setCookie(url, line);
					this.history.push(answer);
					resolve(answer);
				});
			});

			req.on('timeout', () => req.destroy(new Error(`no answer within 30 s: ${method} ${url}`)));
			req.on('error', reject);
			req.end(body);
		});
	}

	// go follows redirects, and forms that send themselves, to where they end.
	// stop(url) says where not to go: the answer then has that address in next.
	async go(url, { stop = () => false, ...options } = {}) {
		let answer = await this.once(url, options);

		for (let hops = 0; hops < 20; hops++) {
			const next = this.#next(answer);

			if (!next)
				return answer;
			if (stop(next.url))
				return { ...answer, next: next.url };
			answer = await this.once(next.url, next);
		}

		throw new Error(`more than 20 steps:\n${this.trace()}`);
	}

	#next(answer) {
		const { location } = answer.headers;

		if (location && answer.status >= 300 && answer.status < 400)
			return { url: new URL(location, answer.url).href };

		const form = /<form\b([^>]*)>([\s\S]*?)<\/form>/.exec(answer.body);

		if (!form || !answer.body.includes('forms[0].submit()'))
			return null;

		const fields = {};

		for (const [ , input ] of form[2].matchAll(/<input\b([^>]*)>/g))
			fields[attribute(input, 'name')] = attribute(input, 'value') ?? '';

		return { url: new URL(attribute(form[1], 'action') ?? answer.url, answer.url).href, method: 'POST', form: fields };
	}

	// trace tells a failing test's reader which way the visitor went.
	trace() {
		return this.history.map(({ method, url, status }) => `${status} ${method} ${url.slice(0, 200)}`).join('\n');
	}
}

function attribute(text, name) {
	const match = new RegExp(`\\b${name}="([^"]*)"`).exec(text);

	return match && match[1].replace(/&amp;/g, '&').replace(/&quot;/g, '"').replace(/&#39;/g, "'");
}

function matches(cookiePath, path) {
	return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}
