// SPDX-License-Identifier: Apache-2.0
//
// The settings page's decisions, without a browser: node --test tests/view

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { load, RESOURCES, TOP } from './load.mjs';

const logic = { ...load('luci-sso.validate'), ...load('luci-sso.logic') };
const match = load('luci-sso.match');
const codes = load('luci-sso.codes');
const presets = load('luci-sso.presets');

const groups = [ 'luci-app-acl', 'luci-app-sso', 'luci-base', 'luci-mod-status-index', 'unauthenticated' ]
	.map((name) => ({ name, description: '' }));

function verdicts(name, validate, good, bad) {
	test(name, () => {
		for (const v of good)
			assert.equal(validate(v), true, `${JSON.stringify(v)} should be accepted`);

		for (const v of bad)
			assert.equal(typeof validate(v), 'string', `${JSON.stringify(v)} should be refused`);
	});
}

verdicts('issuer', logic.validateIssuer,
	[ '', null, 'https://id.example.com', 'https://id.example.com/', 'https://id.example.com:8443/realms/home', 'https://[2001:db8::1]:9443', 'https://müller.example' ],
	[ 'http://id.example.com', 'HTTPS://id.example.com', 'id.example.com', 'https://', 'https:///path', 'https:/id.example.com', 'https://id.example.com/#a', 'https://id.example.com#',
		'https://id.example.com/?a=b', 'https://user:pw@id.example.com', 'https://user@id.example.com', 'https://id example.com', 'https://id.example.com\\x', ' https://id.example.com',
		'https://id.example.com/.well-known/openid-configuration', 'https://id.example.com:99999', 'javascript:alert(1)', 'https://id.example.com/<script>' ]);

verdicts('internal issuer', (v) => logic.validateInternal(v, 'https://sso.example.com/realms/home'),
	[ '', 'https://10.0.0.2', 'https://10.0.0.2:8443/', 'https://sso.lan/realms/home', 'https://sso.lan/realms/home/' ],
	[ 'http://10.0.0.2', 'https://10.0.0.2/other', 'https://sso.lan/realms', 'https://sso.lan/#x' ]);

verdicts('hosts', logic.validateHost,
	[ '', null, 'router', 'Router.example.com', '192.168.1.1', 'router.lan:8443', '[fd00::1]', '[fd00::1]:8443', 'router:443' ],
	[ 'https://router', 'router/', 'user@router', 'a b', 'router:', 'router:99999', '3232235777', 'fd00::1', 'röuter', 'router?' ]);

verdicts('addresses', logic.validateURL,
	[ '', 'https://router.lan/cgi-bin/luci-sso/callback', 'https://router.lan/?a=b' ],
	[ 'http://router.lan/', 'https://router.lan/#x', 'https://a:b@router.lan/', 'https://router.lan/a b', '//router.lan/' ]);

verdicts('scopes', logic.validateScope,
	[ '', 'openid', 'openid profile email groups', 'openid  https://example.com/scope', 'openid urn:zitadel:iam:org:project:roles' ],
	[ 'profile email', 'openid "x"', 'openid a\\b', 'openid ä', 'openid\temail' ]);

verdicts('claims', logic.validateClaim,
	[ '', 'groups', 'realm_access.roles', 'urn:zitadel:iam:org:project:roles', 'https://example.com/groups' ],
	[ 'a b', '.groups', 'groups.', 'a..b', 'ä', 'x'.repeat(256), 'a\nb' ]);

verdicts('texts with a limit', (v) => logic.validateText('label', v), [ '', null, 'x'.repeat(64), '😀'.repeat(64) ], [ 'x'.repeat(65) ]);
verdicts('texts without one', (v) => logic.validateText('groups_claim', v), [ '', 'x'.repeat(999) ], []);
verdicts('paths', logic.validatePath, [ '', '/etc/ssl/my-ca.pem' ], [ 'ca.pem', '/', '/etc/ssl/', '/a\nb', './ca.pem' ]);
verdicts('e-mail addresses', logic.validateEmail, [ '', 'a@b', 'user+tag@example.com' ], [ 'a', 'a@', '@b', 'a@b,c@d', 'a@b c', 'a@b@c', 'A <a@b>' ]);
verdicts('entries', logic.validateEntry, [ '', 'router admins', 'router-admins@PocketID' ], [ ' a', 'a ', 'a\u0000b', 'a\nb' ]);

for (const [ option, good, bad ] of [
	[ 'clock_tolerance', [ '', '0', '60', '3600' ], [ '-1', '3601', '1.5', '060', '1e2', 'x', ' 60' ] ],
	[ 'rate_limit', [ '1', '50', '100000' ], [ '0', '100001', '99999999999999999999' ] ],
	[ 'rate_window', [ '1', '3600' ], [ '0', '3601' ] ],
	[ 'rate_limit_per_client', [ '0', '10' ], [ '-1' ] ]
])
	verdicts(option, (v) => logic.validateNumber(option, v), good, bad);

test('hints speak only about legal values that are unlikely', () => {
	const hint = (v, id) => logic.hintIssuer(v, id && presets.get(id)) !== '';

	assert.equal(hint('https://id.lan'), false);
	assert.equal(hint('http://id.lan'), false, 'the validator speaks already');
	assert.equal(hint('https://id.example.com'), true, 'an example address');
	assert.equal(hint('https://192.168.1.2'), true, 'an IP address');
	assert.equal(hint('https://id.lan/', 'pocketid'), true, 'Pocket ID uses its bare address');
	assert.equal(hint('https://id.lan', 'pocketid'), false);
	assert.equal(hint('https://auth.lan/application/o/x', 'authentik'), true, 'authentik ends with a slash');
	assert.equal(hint('https://sso.lan/realms/x/', 'keycloak'), true, 'keycloak does not');

	const location = { hostname: 'router.lan' };

	assert.equal(logic.hintRedirect('https://router.lan/cgi-bin/luci-sso/callback', location), '');
	assert.notEqual(logic.hintRedirect('https://router.lan/cgi-bin/luci-sso', location), '');
	assert.notEqual(logic.hintRedirect('https://other.lan/cgi-bin/luci-sso/callback', location), '');

	assert.equal(logic.hintScope('openid email groups', [ { email: [ 'a@b' ], group: [ 'g' ] } ]), '');
	assert.notEqual(logic.hintScope('openid groups', [ { email: [ 'a@b' ] } ]), '');
	assert.notEqual(logic.hintScope('openid email', [ { group: [ 'g' ] } ]), '');
	assert.notEqual(logic.hintSecret('secret '), '');
	assert.equal(logic.hintSecret('secret'), '');
	assert.notEqual(logic.hintNumber('rate_limit', '2'), '');
	assert.notEqual(logic.hintNumber('rate_limit_per_client', '60', { rate_limit: '50' }), '');
	assert.equal(logic.hintNumber('rate_limit_per_client', '0', { rate_limit: '50' }), '');
	assert.notEqual(logic.hintNumber('clock_tolerance', '900'), '');
});

test('the redirect URI is this router under the name in the address bar', () => {
	for (const [ address, want ] of [
		[ 'https://router.lan/cgi-bin/luci/', 'https://router.lan/cgi-bin/luci-sso/callback' ],
		[ 'https://router.lan:8443/', 'https://router.lan:8443/cgi-bin/luci-sso/callback' ],
		[ 'https://[fd00::1]/', 'https://[fd00::1]/cgi-bin/luci-sso/callback' ],
		// The port of plain HTTP says nothing about the one of HTTPS.
		[ 'http://192.168.1.1:8080/', 'https://192.168.1.1/cgi-bin/luci-sso/callback' ]
	])
		assert.equal(logic.redirectURI(new URL(address)), want);
});

test('fnmatch as the router has it: the same vectors', () => {
	const vectors = JSON.parse(readFileSync(join(TOP, 'src/internal/acl/testdata/fnmatch.json'), 'utf8'));

	assert.equal(vectors.length > 60, true);

	for (const [ pattern, name, want ] of [ ...vectors, [ '*a*a*a*a*a*a*a*a*b', 'a'.repeat(2000), false ] ])
		assert.equal(logic.fnmatch(pattern, name), want, `${pattern} on ${name.slice(0, 40)}`);
});

test('rights as rpcd works them out', () => {
	for (const [ read, write, name, want ] of [
		[ [ '*' ], [], 'luci-base', 'read' ],
		[ [ '*' ], [ '*' ], 'luci-base', 'write' ],
		[ [], [ 'luci-*' ], 'luci-base', 'write' ],
		[ [ '*', '!luci-app-*' ], [], 'luci-app-acl', '' ],
		[ [ '!luci-app-*', '*' ], [], 'luci-base', 'read' ],
		[ [ '*', '! luci-base' ], [], 'luci-base', '' ],
		[ [ '!luci-base' ], [ '*' ], 'luci-base', 'write' ],
		[ '*', '', 'luci-base', 'read' ],
		[ [ '!', '*' ], [], 'luci-base', 'read' ],
		[ [], [], 'luci-base', '' ],
		[ [], [], 'unauthenticated', 'read' ],
		[ [ '!unauthenticated' ], [], 'unauthenticated', 'read' ],
		[ [ '!un*' ], [], 'unauthenticated', '' ],
		[ [ '!luci-base' ], [ '*' ], 'luci-base', 'write' ]
	])
		assert.equal(logic.access(read, write, name), want, JSON.stringify([ read, write, name ]));
});

test('access level and lists', () => {
	assert.equal(logic.levelOf([ '*' ], [ '*' ]), 'write');
	assert.equal(logic.levelOf([], [ '*' ]), 'write');
	assert.equal(logic.levelOf('*', null), 'read');
	assert.equal(logic.levelOf([ '*', '!luci-app-acl' ], [ '*' ]), 'individual');
	assert.equal(logic.levelOf([], []), 'individual');
	assert.equal(logic.levelOf([ '*' ], [ 'luci-base' ]), 'individual');

	assert.equal(logic.defaultLevel('admin'), 'write');
	assert.equal(logic.defaultLevel('guest'), 'read');

	assert.deepEqual(logic.listsOf('write', {}, groups, [], []), { read: [ '*' ], write: [ '*' ] });
	assert.deepEqual(logic.listsOf('read', {}, groups, [ 'x' ], [ 'y' ]), { read: [ '*' ], write: [] });

	// What nobody changed stays as somebody wrote it.
	const read = [ 'luci-*', '!luci-app-acl', 'gone' ];
	const matrix = logic.matrixOf(groups, read, []);

	assert.deepEqual(logic.listsOf('individual', matrix, groups, read, []), { read, write: [] });

	// What changed is written out; names of packages that are away stay.
	matrix['luci-base'] = 'write';
	assert.deepEqual(logic.listsOf('individual', matrix, groups, read, []),
		{ read: [ 'luci-app-sso', 'luci-base', 'luci-mod-status-index', 'gone' ], write: [ 'luci-base' ] });

	// Whatever the lists were, the editor's state is what comes back.
	for (const a of [ '', 'read', 'write' ])
		for (const b of [ '', 'read', 'write' ])
			for (const before of [ [ [ '*' ], [ '*' ] ], [ [ '*', '!luci-base' ], [] ], [ [], [] ] ]) {
				const wanted = Object.fromEntries(groups.map((g) => [ g.name, '' ]));

				wanted['luci-base'] = a;
				wanted['luci-app-acl'] = b;

				const lists = logic.listsOf('individual', wanted, groups, ...before);

				assert.deepEqual(logic.matrixOf(groups, lists.read, lists.write), wanted);
			}

	assert.deepEqual(logic.countGranted(groups, [ 'luci-*' ], [ 'luci-base' ]), { read: 5, write: 1, total: 5 });
	assert.deepEqual(logic.unknownGroups(groups, [ 'luci-*', 'gone', '!gone-too' ], [ 'gone', '*' ]), [ 'gone', 'gone-too' ]);
	assert.deepEqual(logic.unknownGroups([], [ 'gone' ], []), [], 'without a list of groups nothing can be unknown');
});

test('who would get what', () => {
	const vectors = JSON.parse(readFileSync(new URL('match-vectors.json', import.meta.url), 'utf8'));

	for (const { about, roles, cases } of vectors.sets)
		for (const c of cases) {
			const hit = match.matchRole(roles, { ...c, claims: c.claims ? match.parseClaims(c.claims) : null }) || {};

			assert.deepEqual({
				role: hit.role || '', by: hit.by || '', value: hit.value || '', lacks: hit.lacks || [], undecided: hit.undecided || '', fault: !!hit.fault
			}, {
				role: c.role, by: c.by || '', value: c.value || '', lacks: c.lacks || [], undecided: c.undecided || '', fault: !!c.fault
			}, `${about}: ${c.why}`);
		}

	assert.deepEqual(logic.splitEntries(' a, b c;\n d,,'), [ 'a', 'b c', 'd' ]);
});

test('notes about a role', () => {
	const role = (changes) => ({ name: 'staff', email: [ 'a@b' ], group: [], sub: [], read: [ '*' ], write: [], ...changes });
	const notes = (r, roles = []) => logic.roleNotes(r, roles, groups);

	assert.deepEqual(notes(role()), []);
	assert.match(notes(role({ email: [] }))[0], /nobody gets it/);
	assert.match(notes(role({ read: [] }))[0], /grants nothing/);
	assert.match(notes(role({ read: [ 'gone' ] }))[0], /grants nothing/);
	assert.match(notes(role({ read: [ 'gone' ] }))[1], /not installed on this router: gone/);
	assert.match(notes(role({ read: [ 'luci-app-acl' ] }))[0], /Without the group luci-base/);
	assert.match(notes(role({ name: 'default' }))[0], /default/);
	assert.match(notes(role(), [ { name: 'admin', email: [ 'A@B' ] } ])[0], /also listed in the role admin/);
	assert.deepEqual(notes(role(), [ role() ]), [], 'its own saved self is no other role');
});

test('names of new roles', () => {
	assert.equal(logic.validateRoleName('admin', []), true);
	assert.equal(typeof logic.validateRoleName('default', []), 'string');
	assert.equal(typeof logic.validateRoleName('admin', [ 'admin' ]), 'string');
});

test('a code is explained by its cause', () => {
	assert.equal(codes.all().length > 70, true);
	assert.equal(codes.explain('NO_SUCH_CODE'), '');
	assert.equal(codes.explainChain([ 'DISCOVERY_ISSUER_MISMATCH', 'OIDC_DISCOVERY_FAILED' ]), codes.explain('DISCOVERY_ISSUER_MISMATCH'));
});

test('options in a sentence get the names of their fields', () => {
	const rows = load('luci-sso.options').all();
	const name = (text) => logic.withLabels(text, rows);

	assert.equal(name('Copy option client_id again, and redirect_uri.'), 'Copy option Client ID (client_id) again, and Redirect URI (redirect_uri).');
	assert.equal(name('internal_issuer_url, not issuer_url'), 'Internal Issuer URL (internal_issuer_url), not Issuer URL (issuer_url)');
	assert.equal(name('authorization_endpoint and the scope email'), 'authorization_endpoint and the scope email');
	assert.equal(name('/etc/config/client_id.bak client_ids my_client_id'), '/etc/config/client_id.bak client_ids my_client_id');
});

test('every preset is usable as it is', () => {
	for (const p of presets.all()) {
		assert.equal(logic.validateIssuer(p.issuer), true, p.id);
		assert.equal(logic.validateScope(p.scope), true, p.id);
		assert.equal(logic.validateClaim(p.claim), true, p.id);
		assert.equal(presets.steps(p, 'https://r/').every((s) => s && !s.includes('%s')), true, p.id);
		assert.equal(presets.steps(p, 'https://r/cgi-bin/luci-sso/callback').some((s) => s.endsWith(`${p.logout}: https://r/`)), !!p.logout, p.id);
		assert.equal(presets.steps(p, 'https://r/').some((s) => s.endsWith(`: ${p.takes?.join(', ')}`)), !!p.takes, p.id);

		if (p.id != 'other')
			assert.equal(presets.guess(p.issuer), p.id, `the address ${p.issuer} should give ${p.id} away`);
	}

	assert.deepEqual(presets.get('authelia').takes.slice(0, 2), [ 'par', 'token_auth_method private_key_jwt' ]);
	assert.equal(presets.get('google').takes, undefined, 'what nobody has run takes nothing');
	assert.equal(presets.guess('https://env-1.eu.scalekit.dev'), 'scalekit');
	assert.equal(presets.guess('https://login.lan/oidc'), 'other');
	assert.equal(presets.get('no-such').id, 'other');
});

// scripts are all of this package's, below the resources.
function scripts() {
	return [ 'luci-sso', 'view/luci-sso' ].flatMap((dir) => readdirSync(join(RESOURCES, dir)).filter((f) => f.endsWith('.js')).map((f) => `${dir}/${f}`));
}

test('the scripts survive LuCI\'s minifier', () => {
	for (const name of scripts()) {
		const source = readFileSync(join(RESOURCES, name), 'utf8');

		assert.equal(/=>\s*\/[^/*]/.test(source), false, `${name}: jsmin takes a regular expression right after => for a division; put it in parentheses`);
		assert.equal(/\bconsole\./.test(source), false, `${name}: nothing is written to the console`);
		assert.equal(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/.test(source), false, `${name}: text from outside must never become markup`);
	}
});

test('translations are complete', () => {
	execFileSync(process.execPath, [ join(TOP, 'scripts/i18n'), 'check' ], { stdio: 'pipe', encoding: 'utf8' });
});

test('the access group grants what the page calls, and nothing else', () => {
	const acl = JSON.parse(readFileSync(join(TOP, 'package/luci-app-sso/root/usr/share/rpcd/acl.d/luci-app-sso.json'), 'utf8'))['luci-app-sso'];
	const granted = { read: acl.read.ubus['luci-sso'], write: acl.write.ubus['luci-sso'] };
	const source = scripts().map((f) => readFileSync(join(RESOURCES, f), 'utf8')).join('\n');
	const called = [ ...source.matchAll(/object: 'luci-sso', method: '(\w+)'/g) ].map((m) => m[1]);

	for (const method of called)
		assert.equal(granted.read.concat(granted.write).includes(method), true, `${method} is not granted`);

	assert.deepEqual(granted.write, [ 'client_key', 'end_session', 'test_connection', 'try_login', 'try_result' ]);
	assert.equal('uci' in acl.read, false, 'people who may only look must not read the client secret');
	assert.deepEqual(acl.write.uci, { 'luci-sso': [ 'read', 'write' ] });
	assert.deepEqual(Object.keys(acl.read).concat(Object.keys(acl.write)).filter((k) => k != 'ubus' && k != 'uci'), []);
});

test('what one script asks of another is there', () => {
	const modules = { logic: load('luci-sso.logic'), match, validate: load('luci-sso.validate'), codes, presets };

	for (const name of scripts()) {
		const source = readFileSync(join(RESOURCES, name), 'utf8');

		for (const [ , module, member ] of source.matchAll(/(?<![.\w])(logic|match|validate|codes|presets)\.(\w+)/g)) {
			// A script's own variable may be called like itself.
			if (name == `luci-sso/${module}.js`)
				continue;

			assert.equal(member in modules[module], true, `${name} uses ${module}.${member}`);
			assert.equal(source.includes(`'require luci-sso.${module} as ${module}'`), true, `${name} must require luci-sso.${module}`);
		}
	}
});

test('when the files of the page may be older than the program', () => {
	const { stale } = load('luci-sso.version');

	for (const [ page, program, last, want ] of [
		[ '1', '1', null, false ], [ '1', '1', '1', false ], [ '1', '2', null, true ], [ '1', '2', '1', true ],
		// What only looks new may be half of it; and nothing is fetched twice for one version.
		[ '2', '2', '1', true ], [ '1', '2', '2', false ], [ '1', undefined, '1', false ]
	])
		assert.equal(stale(page, program, last), want, `${page} ${program} ${last}`);
});
