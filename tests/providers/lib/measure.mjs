// SPDX-License-Identifier: Apache-2.0
//
// What a provider does, seen by a client that takes everything: it becomes the
// provider's row in docs/reference/providers.json. Each fact is a short text.

import { createHash, randomBytes, sign } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Visitor } from '../../lib/visitor.mjs';
import { part } from './stage.mjs';

// Claims of the protocol, which nobody needs to announce.
const PROTOCOL = new Set([ 'iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'nonce', 'at_hash', 'c_hash', 'azp', 'auth_time', 'acr', 'amr', 'sid', 'jti', 's_hash' ]);
const random = () => randomBytes(32).toString('base64url');

// walk follows a person from url through the provider's pages. stop says where not to go.
export async function walk(provider, visitor, person, url, { stop, pages = 8, ...options } = {}) {
	await provider.before?.(person);
	let answer = await visitor.go(url, { stop, ...options });

	for (let n = 0; n < pages && !answer.next && answer.url.startsWith(`${provider.origin}/`); n++) {
		const step = await provider.page(visitor, answer, person);

		if (!step)
			break;
		if (stop?.(step.url))
			return { ...answer, next: step.url };
		answer = await visitor.go(step.url, { ...step, stop });
	}

	return answer;
}

export class Client {
	constructor(provider, ca, callback, key) {
		Object.assign(this, { provider, ca, callback, key });
	}

	async #ask(url, options) {
		const answer = await new Visitor(this.ca).once(url, { ...options, headers: { accept: 'application/json', ...options.headers } });
		let json = null;

		try { json = JSON.parse(answer.body); } catch { /* It is no JSON: status and length say so. */ }

		return { ...answer, json };
	}

	async discover() {
		const answer = await new Visitor(this.ca).go(`${this.provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);

		this.meta = JSON.parse(answer.body);
		this.redirected = answer.url !== `${this.provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

		return this.meta;
	}

	// post sends a form as the client, with its secret unless told otherwise.
	post(url, form, { id = this.provider.client.id, secret = this.provider.client.secret } = {}) {
		const headers = {};
		const body = { ...form };

		if (secret !== null && this.provider.options?.token_auth_method === 'client_secret_post')
			Object.assign(body, { client_id: id, client_secret: secret });
		else if (secret !== null)
			headers.authorization = `Basic ${Buffer.from(`${this.#encode(id)}:${this.#encode(secret)}`).toString('base64')}`;

		return this.#ask(url, { method: 'POST', form: body, headers });
	}

	#encode(text) {
		return this.provider.plainBasic ? text : encodeURIComponent(text).replace(/%20/g, '+');
	}

	request(more = {}) {
		const verifier = random();

		return { verifier, query: {
			client_id: this.provider.client.id, response_type: 'code', redirect_uri: this.callback, scope: this.provider.options?.scope ?? 'openid profile email',
			state: random(), nonce: random(), code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256', ...more,
		} };
	}

	// authorize brings a person back with a code, or with an error.
	async authorize(person, more, visitor = new Visitor(this.ca)) {
		const { verifier, query } = this.request(more);
		const at = this.meta.authorization_endpoint;
		const url = `${at}${at.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`;
		const answer = await walk(this.provider, visitor, person, url, { stop: (to) => to.startsWith(this.callback) });

		if (!answer.next)
			throw new Error(`${this.provider.id}: ${person} did not come back:\n${visitor.trace()}\n${answer.body.slice(0, 2000)}`);
		const back = Object.fromEntries(new URL(answer.next).searchParams);

		return { back, verifier, query, visitor, code: back.code };
	}

	exchange({ code, verifier }, auth) {
		return this.post(this.meta.token_endpoint, { grant_type: 'authorization_code', code, redirect_uri: this.callback, code_verifier: verifier }, auth);
	}

	refresh(token) {
		return this.post(this.meta.token_endpoint, { grant_type: 'refresh_token', refresh_token: token });
	}

	async userinfo(token) {
		return (await this.#ask(this.meta.userinfo_endpoint, { headers: { authorization: `Bearer ${token}` } })).json ?? {};
	}

	assertion(aud, id = this.provider.keyClient) {
		const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
		const now = Math.floor(Date.now() / 1000);
		const input = `${encode({ alg: 'ES256', kid: 'test' })}.${encode({ iss: id, sub: id, aud, iat: now, exp: now + 60, jti: random() })}`;

		return {
			client_id: id, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
			client_assertion: `${input}.${sign('sha256', Buffer.from(input), { key: this.key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`,
		};
	}
}

// said is an answer in a few words.
export function said({ status, json, body }) {
	if (json?.error)
		return `${status} ${json.error}`;
	if (status < 300)
		return json ? `${status}` : `${status} without JSON`;

	return `${status} ${body ? 'without an error' : 'without a body'}`;
}

const where = (name, token, info) => name in token && name in info ? 'ID token and UserInfo' : name in token ? 'ID token' : name in info ? 'UserInfo' : 'none';
const announcement = (sent, announced) => `${sent ? 'sent' : 'not sent'}, ${announced ? 'announced' : 'not announced'}`;

// measure is the whole row.
export async function measure(client, { after, received, person = 'alice', unverified = 'carol' }) {
	const { provider } = client;
	const meta = await client.discover();
	const supported = meta.claims_supported ?? [];
	const first = await client.authorize(person);
	const wrong = await client.exchange(first, { secret: 'another secret' });
	let tokens = await client.exchange(first);
	let used = first;

	// Some take the code away with the first wrong secret.
	const spent = !tokens.json?.id_token;

	if (spent) {
		used = await client.authorize(person);
		tokens = await client.exchange(used);
	}
	if (!tokens.json?.id_token)
		throw new Error(`${provider.id}: no ID token: ${tokens.status} ${tokens.body.slice(0, 500)}`);
	const token = part(tokens.json.id_token);
	const info = await client.userinfo(tokens.json.access_token);
	const claims = { ...token, ...info };
	const doubt = await client.exchange(await client.authorize(unverified));
	const doubted = { ...await client.userinfo(doubt.json.access_token), ...part(doubt.json.id_token) };
	const came = Object.keys(claims).filter((name) => !PROTOCOL.has(name));
	const known = supported.filter((name) => !PROTOCOL.has(name));

	const row = {
		discovery: client.redirected ? 'at another address, by a redirect' : 'as it should be',
		signature: part(tokens.json.id_token, 0).alg,
		at_hash: announcement('at_hash' in token, supported.includes('at_hash')),
		aud: `${Array.isArray(token.aud) ? 'list' : 'text'}${'azp' in token ? ', with azp' : ''}`,
		iss: announcement('iss' in first.back, meta.authorization_response_iss_parameter_supported === true),
		email: where('email', token, info),
		email_verified: `${!('email_verified' in claims) ? 'never sent' : !('email_verified' in doubted) ? 'left out when false' : JSON.stringify(doubted.email_verified)}, ${
			supported.includes('email_verified') ? 'announced' : 'not announced'}`,
		groups: where(provider.options?.groups_claim ?? 'groups', token, info),
		announced_but_not_sent: known.filter((name) => !came.includes(name)).sort().join(' ') || 'none',
		sent_but_not_announced: came.filter((name) => !known.includes(name)).sort().join(' ') || 'none',
		wrong_secret: `${said(wrong)}${spent ? ', and the code is gone' : ''}`,
		unknown_client: said(await client.exchange({ code: random(), verifier: random() }, { id: 'nobody', secret: 'another secret' })),
		unknown_code: said(await client.exchange({ code: random(), verifier: random() })),
		unknown_code_and_wrong_secret: said(await client.exchange({ code: random(), verifier: random() }, { secret: 'another secret' })),
		used_code: said(await client.exchange(used)),
	};

	row.refresh_token = await refreshes(client, person);
	Object.assign(row, await refreshed(client, person));
	row.logout = await logout(client, person, after);
	row.par = await pushed(client);
	row.private_key_jwt = await keys(client, person);
	row.public_client = await secretless(client, person);

	row.backchannel = await logoutToken(client, person, received);

	return row;
}

// refreshes says which scope a refresh token takes.
async function refreshes(client, person) {
	const scope = client.request().query.scope;
	const plain = await client.exchange(await client.authorize(person));

	if (plain.json?.refresh_token)
		return `always${client.provider.lasting ? `; one that looks at the account with ${client.provider.lasting}` : ''}`;
	for (const [ more, name ] of [ [ {}, 'with offline_access' ], [ { prompt: 'consent' }, 'with offline_access and prompt=consent' ] ]) {
		const login = await client.authorize(person, { scope: `${scope} offline_access`, ...more });

		if (login.code && (await client.exchange(login)).json?.refresh_token)
			return name;
	}

	return 'never';
}

async function refreshed(client, person) {
	const scope = client.request().query.scope;
	let login = await client.authorize(person);
	let tokens = await client.exchange(login);

	for (const more of [ {}, { prompt: 'consent' } ]) {
		if (tokens.json?.refresh_token)
			break;
		login = await client.authorize(person, { scope: `${scope} offline_access`, ...more });
		if (login.code)
			tokens = await client.exchange(login);
	}
	const old = tokens.json?.refresh_token;

	if (!old)
		return {};
	const next = await client.refresh(old);
	const token = next.json?.id_token && part(next.json.id_token);
	const rotated = next.json?.refresh_token && next.json.refresh_token !== old;
	const row = {
		refresh: `${said(next)}: ${token ? `ID token${'nonce' in token ? ' with nonce' : ''}` : 'no ID token'}, ${rotated ? 'a new refresh token' : 'the same refresh token'}`,
		old_refresh_token: said(await client.refresh(old)),
	};

	if (rotated)
		row.old_refresh_token += `; the new one then: ${said(await client.refresh(next.json.refresh_token))}`;

	return row;
}

// logout: where people end, with and without an address to come back to.
async function logout(client, person, after) {
	const { provider, meta } = client;

	if (!meta.end_session_endpoint)
		return 'none';
	const ends = [];

	for (const more of [ { post_logout_redirect_uri: after }, {}, { post_logout_redirect_uri: 'https://elsewhere.example/' } ]) {
		const login = await client.authorize(person);
		const tokens = await client.exchange(login);
		const at = meta.end_session_endpoint;
		const outside = (to) => to === after || to.startsWith(`${after}?`) || to.startsWith('https://elsewhere.example/');
		const answer = await login.visitor.go(`${at}${at.includes('?') ? '&' : '?'}${new URLSearchParams({ id_token_hint: tokens.json.id_token, client_id: provider.client.id, state: 'x', ...more })}`, { stop: outside });

		ends.push(answer.next ? 'back' : answer.status >= 400 ? `${answer.status}` : /<form/.test(answer.body) ? 'asks' : 'own page');
	}

	return `registered address: ${ends[0]}; none: ${ends[1]}; another: ${ends[2]}`;
}

async function pushed(client) {
	const at = client.meta.pushed_authorization_request_endpoint;

	if (!at)
		return 'none';
	const { query } = client.request();

	return [
		said(await client.post(at, query)),
		`wrong address: ${said(await client.post(at, { ...query, redirect_uri: 'https://elsewhere.example/' }))}`,
		`wrong secret: ${said(await client.post(at, query, { secret: 'another secret' }))}`,
	].join('; ');
}

// logoutToken: what the provider sends by itself when somebody signs out there.
async function logoutToken(client, person, received) {
	const word = client.meta.backchannel_logout_supported === true ? 'announced' : 'not announced';

	if (!client.provider.signOut)
		return client.meta.backchannel_logout_supported === true ? word : 'none';
	const login = await client.authorize(person);
	const tokens = await client.exchange(login);

	received.length = 0;
	await client.provider.signOut(login.visitor, tokens.json);
	for (let tries = 0; tries < 50 && !received.length; tries++)
		await sleep(100);
	const token = received[0]?.form.get('logout_token');

	return token ? `${word}; ${part(token, 0).typ ?? 'no typ'}: ${Object.keys(part(token)).sort().join(' ')}` : `${word}; nothing comes to a loopback address`;
}

// secretless: a client that has no secret, with and without the proof that it began the login.
async function secretless(client, person) {
	const { provider: { publicClient: id }, meta } = client;

	if (!id)
		return (meta.token_endpoint_auth_methods_supported ?? []).includes('none') ? 'announced' : 'none';
	const answers = [];

	for (const proof of [ {}, { code_verifier: random() }, { code_verifier: undefined } ]) {
		const login = await client.authorize(person, { client_id: id });
		const form = { grant_type: 'authorization_code', client_id: id, code: login.code, redirect_uri: client.callback, code_verifier: login.verifier, ...proof };

		answers.push(said(await client.post(meta.token_endpoint, JSON.parse(JSON.stringify(form)), { secret: null })));
	}

	return `${(meta.token_endpoint_auth_methods_supported ?? []).includes('none') ? 'announced' : 'not announced'}; ${answers[0]}; wrong verifier: ${answers[1]}; none: ${answers[2]}`;
}

// keys: which audience an assertion may have.
async function keys(client, person) {
	const { provider, meta } = client;

	if (!provider.keyClient)
		return (meta.token_endpoint_auth_methods_supported ?? []).includes('private_key_jwt') ? 'announced' : 'none';
	const taken = [];
	const audiences = { issuer: meta.issuer, 'a list of the issuer': [ meta.issuer ], 'token endpoint': meta.token_endpoint, 'a list of both': [ meta.issuer, meta.token_endpoint ] };

	for (const [ name, aud ] of Object.entries(audiences)) {
		const login = await client.authorize(person, { client_id: provider.keyClient });
		const answer = await client.post(meta.token_endpoint, {
			grant_type: 'authorization_code', code: login.code, redirect_uri: client.callback, code_verifier: login.verifier, ...client.assertion(aud),
		}, { secret: null });

		if (answer.json?.id_token)
			taken.push(name);
	}

	return `aud: ${taken.join(', ') || 'none of ours'}`;
}
