// SPDX-License-Identifier: Apache-2.0
//
// Prepared answers of the rpcd plugin, in the shapes the page relies on, for
// the router with the stand-in.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOP } from './router.mjs';

// words are the backend's sentences by the names of their constants.
export function words() {
	const source = readFileSync(join(TOP, 'src/internal/words/words.go'), 'utf8');
	const rv = {};

	for (const m of source.matchAll(/^\t(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"/gm))
		rv[m[1]] = JSON.parse(`"${m[2]}"`);

	return rv;
}

export const now = () => Math.floor(Date.now() / 1000);

export function groups() {
	return { groups: [
		[ 'luci-app-acl', 'Grant access to ACL configuration' ],
		[ 'luci-app-firewall', 'Grant access to firewall configuration' ],
		[ 'luci-app-sso', 'Grant access to the SSO login settings' ],
		[ 'luci-base', 'Grant access to basic LuCI procedures' ],
		[ 'luci-base-network-status', 'Grant access to network status information' ],
		[ 'luci-mod-status-index', 'Grant access to main status display' ],
		[ 'luci-mod-status-logs', 'Grant access to system logs' ],
		[ 'unauthenticated', 'Allow system feature probing' ]
	].map(([ name, description ]) => ({ name, description, read: true, write: true, packages: [ name ] })) };
}

function row(id, status, message, args = [], remedy = '') {
	return { id, status, message, args, remedy, code: '' };
}

export function testPassed() {
	const w = words();

	return { status: 'warn', took_ms: 812, checks: [
		row('discovery', 'pass', w.DiscoveryRead, [ 'https://id.example.com/.well-known/openid-configuration' ]),
		row('certificate', 'pass', w.CertificateGood, [ '2027-02-01' ]),
		row('issuer', 'pass', w.IssuerMatches, [ 'https://id.example.com' ]),
		row('endpoints', 'pass', w.EndpointsGood),
		row('keys', 'pass', w.KeysUsable, [ '2' ]),
		row('algorithms', 'pass', w.AlgorithmsGood, [ 'RS256' ]),
		row('clock', 'pass', w.ClockGood, [ '1' ]),
		row('scopes', 'pass', w.ScopesGood),
		row('pkce', 'pass', w.PKCEGood),
		row('credentials', 'pass', w.CredentialsGood, [ 'client_secret_basic' ]),
		row('redirect_uri', 'warn', w.RedirectUnknown, [ 'https://router.lan/cgi-bin/luci-sso/callback' ], w.RegisterRedirect),
		row('at_hash', 'pass', w.AtHashAbsent),
		row('email', 'pass', w.EmailExpected)
	] };
}

export function testFailed() {
	const w = words();

	return { status: 'fail', took_ms: 240, checks: [
		row('discovery', 'pass', w.DiscoveryRead, [ 'https://id.example.com/.well-known/openid-configuration' ]),
		row('certificate', 'warn', w.CertificateSoon, [ '2026-11-29' ], w.RenewCertificate),
		row('issuer', 'fail', w.IssuerDiffers, [ 'https://id.example.com', 'https://id.example.com/' ], w.CopyIssuer),
		row('endpoints', 'fail', w.EndpointMissing, [ 'token endpoint' ], w.AskProvider),
		row('keys', 'skip', w.NotRun),
		row('credentials', 'skip', w.NotRun)
	] };
}

export function statusOn() {
	return { version: 'dev', enabled: true, ready: true, issuer: 'https://id.example.com', button: true, sessions: 2, last_login: now() - 60, last_error: now() - 7200, checks: [
		row('config', 'pass', words().ConfigGood), row('button', 'pass', words().ButtonThere, [ 'bootstrap' ])
	] };
}

export function statusOff() {
	return { version: 'dev', enabled: false, ready: false, issuer: '', button: true, sessions: 0, last_login: 0, last_error: 0, checks: [] };
}

export function statusBad() {
	const w = words();

	return { ...statusOn(), button: false, checks: [
		row('button', 'fail', w.ButtonMissing, [ 'material' ], w.RunService), row('roles', 'warn', w.RolesDiffer, [ 'admin' ], w.RunService)
	] };
}

export function sessions() {
	return { sessions: [
		{ id: '00112233445566aa', role: 'admin', name: 'alice@example.com', issuer: 'https://id.example.com', login: now() - 90, expires: 3500, own: false },
		{ id: '00112233445566bb', role: 'viewer', name: 'bob@example.com', issuer: 'https://id.example.com', login: now() - 5400, expires: 1200, own: false }
	] };
}

export function events() {
	return { events: [
		{ time: now() - 90, kind: 'login', status: 302, code: '', codes: [], role: 'admin', name: 'alice@example.com', client: '192.168.1.20', detail: '' },
		{ time: now() - 7200, kind: 'error', status: 403, code: 'USER_NOT_AUTHORIZED', codes: [ 'USER_NOT_AUTHORIZED' ], role: '', name: '', client: '192.168.1.21',
			detail: 'no role matches e-mail 1f2e3d4c or groups family' },
		{ time: now() - 9000, kind: 'error', status: 500, code: 'OIDC_DISCOVERY_FAILED', codes: [ 'DISCOVERY_ISSUER_MISMATCH', 'OIDC_DISCOVERY_FAILED' ], role: '', name: '', client: '',
			detail: 'issuer_url is https://id.example.com/, the provider says https://id.example.com' }
	] };
}

export function explain() {
	return { code: 'DISCOVERY_ISSUER_MISMATCH', known: true, status: 500, outcome: 'OIDC_DISCOVERY_FAILED', sentence: '', meaning: 'The provider names itself differently from issuer_url.',
		causes: [ 'A slash too many at the end.' ], remedies: [ 'Copy the issuer from the discovery document.', 'Give the router\'s address with internal_issuer_url.' ] };
}

export function settings() {
	return {
		options: { enabled: '1', issuer_url: 'https://id.example.com', client_id: '4d1c7b1e-0000-4000-8000-8e1f0c7e5a11', redirect_uri: 'https://router.lan/cgi-bin/luci-sso/callback', scope: 'openid profile email groups' },
		client_secret_set: true,
		roles: [
			{ name: 'admin', email: [ 'alice@example.com' ], group: [ 'router-admins@PocketID' ], sub: [], read: [ '*' ], write: [ '*' ] },
			{ name: 'viewer', email: [], group: [ 'family' ], sub: [], read: [ '*' ], write: [] }
		]
	};
}

export function configFilled() {
	const s = settings();
	const lines = [ "config oidc 'default'" ];

	for (const [ k, v ] of Object.entries({ ...s.options, client_secret: 'correct horse battery staple' }))
		lines.push(`\toption ${k} '${v}'`);

	for (const r of s.roles) {
		lines.push('', `config role '${r.name}'`);

		for (const k of [ 'email', 'group', 'sub', 'read', 'write' ])
			for (const v of r[k])
				lines.push(`\tlist ${k} '${v}'`);
	}

	return lines.join('\n') + '\n';
}

// tried is what came of a trial.
export function tried(changes = {}) {
	return {
		state: 'done', code: '', codes: [], detail: '', algorithm: 'ES256', at_hash: true, lifetime: 600, refresh: false, no_answer: '', needed: true, notes: [],
		id_token: { sub: 'sub-7', email: 'user@example.com', '<b>odd</b>': '<img src=x onerror=alert(1)>' }, userinfo: { sub: 'sub-7', groups: [ 'staff' ] },
		used: { sub: 'sub-7', email: 'user@example.com', email_counts: false, groups: [ 'staff' ] },
		match: { role: 'viewer', by: 'group', value: 'staff' }, others: [ 'admin' ], ...changes
	};
}

// clientKey is the public key of a router.
export function clientKey() {
	const jwk = { kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0', use: 'sig', alg: 'ES256', kid: 'key-1' };

	return { kid: jwk.kid, jwk, jwks: { keys: [ jwk ] }, pem: '-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n' };
}

// prepare gives the stand-in an answer to everything.
export function prepare(router, changes = {}) {
	const replies = { access_groups: groups(), status: statusOn(), sessions: sessions(), events: events(), settings: settings(), test_connection: testPassed(), end_session: { ended: true }, client_key: clientKey(), try_login: { id: 'T'.repeat(43), checks: [], origin: '' }, try_result: tried(), explain: explain(), rights: { roles: [] }, match: {}, ...changes };

	for (const name of Object.keys(replies))
		router.reply(name, replies[name]);
}
