// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// What the settings page decides, apart from how it looks: no DOM, no ubus, no
// UCI in here, so that it can be tested without a browser. Validators return
// true or the sentence that says what is wrong; hints return '' or a sentence
// about a value that is legal but unlikely to be meant.

const CALLBACK_PATH = '/cgi-bin/luci-sso/callback';
const POCKETID_SUFFIX = '@PocketID';
const LIMITS = {
	clock_tolerance: [ 0, 3600 ],
	rate_limit: [ 1, 100000 ],
	rate_window: [ 1, 3600 ],
	rate_limit_per_client: [ 0, 100000 ]
};

function toList(value) {
	if (value == null || value === '')
		return [];

	return Array.isArray(value) ? value : [ value ];
}

function sameList(a, b) {
	return a.length == b.length && a.every((v, i) => v === b[i]);
}

// parseURL is the browser's own parser, which also repairs what it is given;
// so everything it would repair silently is refused before.
function parseURL(value) {
	if (/[\s\\<>"'`{}|^]/.test(value))
		return null;

	try {
		return new URL(value);
	}
	catch (e) {
		return null;
	}
}

function validateURL(value) {
	if (value == null || value === '')
		return true;

	if (!value.startsWith('https://'))
		return _('The address must start with https://');

	const url = parseURL(value);

	if (!url || !url.hostname || !/^https:\/\/[^\/?#]/.test(value))
		return _('This is not a valid address');

	if (url.username || url.password)
		return _('The address must not contain a user name or password');

	if (value.includes('#'))
		return _('The address must not contain a fragment (#)');

	return true;
}

function validateIssuer(value) {
	const valid = validateURL(value);

	if (valid !== true || value == null || value === '')
		return valid;

	if (value.includes('?'))
		return _('The address must not contain a query (?)');

	if (value.includes('/.well-known/'))
		return _('Enter the address without “/.well-known/…”');

	return true;
}

// validateInternal is for the address the router itself asks: an origin, since
// the paths come from the issuer; the issuer's own path is let pass.
function validateInternal(value, issuer) {
	const valid = validateIssuer(value);

	if (valid !== true || value == null || value === '')
		return valid;

	const path = (v) => (parseURL(v) || { pathname: '' }).pathname.replace(/\/$/, '');

	if (path(value) !== '' && issuer && path(value) !== path(issuer))
		return _('Enter only the origin, such as https://id.lan: the paths come from the Issuer URL');

	return true;
}

function validateNumber(option, value) {
	const limits = LIMITS[option];

	if (value == null || value === '')
		return true;

	if (!/^(0|[1-9][0-9]{0,8})$/.test(value) || +value < limits[0] || +value > limits[1])
		return _('Enter a whole number from %d to %d').format(limits[0], limits[1]);

	return true;
}

function validateScope(value) {
	const scopes = String(value || '').split(' ').filter((s) => s !== '');

	if (!scopes.length)
		return true;

	for (let s of scopes)
		if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(s))
			return _('“%s” is not a valid scope').format(s);

	return scopes.includes('openid') ? true : _('The scope “openid” is required');
}

function validateClaim(value) {
	if (value == null || value === '')
		return true;

	return /^[\x21-\x7e]{1,255}$/.test(value) && !/^\.|\.\.|\.$/.test(value)
		? true : _('Enter the name of a claim, such as groups or realm_access.roles');
}

function validatePath(value) {
	if (value == null || value === '')
		return true;

	return /^\/[^\0\n\r]*[^\0\n\r\/]$/.test(value) ? true : _('Enter an absolute path such as /etc/ssl/my-ca.pem');
}

function validateEmail(value) {
	if (value == null || value === '')
		return true;

	return /^[^\s@,;<>]+@[^\s@,;<>]+$/.test(value) ? true : _('Enter one e-mail address');
}

function validateEntry(value) {
	if (value == null || value === '')
		return true;

	if (/[\x00-\x1f\x7f]/.test(value))
		return _('Control characters are not allowed');

	return value.trim() === value ? true : _('Remove the spaces at the beginning or end');
}

// validateRoleName keeps a role from colliding with the settings section.
function validateRoleName(name, taken) {
	if (name === 'default')
		return _('The name “default” is taken by the settings');

	if (toList(taken).includes(name))
		return _('There is already a role of this name');

	return true;
}

function hintIssuer(value, preset) {
	const url = (validateIssuer(value) === true && value) ? parseURL(value) : null;

	if (!url)
		return '';

	if (preset && preset.bare && value.replace(/^https:\/\/[^\/]+/i, '') !== '')
		return _('This provider uses its bare address, without a path or slash at the end');

	if (preset && preset.slash === true && !value.endsWith('/'))
		return _('This provider\'s issuer ends with a slash');

	if (preset && preset.slash === false && value.endsWith('/'))
		return _('This provider\'s issuer does not end with a slash');

	if (/^(localhost|127\.|\[)/.test(url.hostname))
		return _('This address is the router itself or an IP address; certificates are usually issued for names');

	if (/^[0-9.]+$/.test(url.hostname))
		return _('This address is the router itself or an IP address; certificates are usually issued for names');

	if (/example\.(com|org|net)$/.test(url.hostname))
		return _('This is an example address');

	return '';
}

function hintRedirect(value, location) {
	const url = (validateURL(value) === true && value) ? parseURL(value) : null;

	if (!url)
		return '';

	if (url.pathname !== CALLBACK_PATH || url.search !== '')
		return _('The router answers only at %s').format(CALLBACK_PATH);

	if (location && location.hostname && url.hostname !== location.hostname)
		return _('This is another host than the one in your address bar');

	return '';
}

function hintScope(value, roles) {
	const scopes = String(value || '').split(' ');

	if (validateScope(value) !== true || !value)
		return '';

	if (!scopes.includes('email') && roles.some((r) => toList(r.email).length))
		return _('Roles are mapped by e-mail, but the scope “email” is not requested');

	if (!scopes.includes('groups') && roles.some((r) => toList(r.group).length))
		return _('Roles are mapped by group; most providers send groups only with the scope “groups”');

	return '';
}

function hintSecret(value) {
	return (value && value.trim() !== value) ? _('There is a space at the beginning or end') : '';
}

function hintNumber(option, value, values) {
	if (validateNumber(option, value) !== true || value == null || value === '')
		return '';

	if (option == 'clock_tolerance' && +value > 300)
		return _('More than five minutes weakens the protection against replayed logins');

	if (option == 'rate_limit' && +value < 10)
		return _('Every login needs two requests; this may lock people out');

	if (option == 'rate_limit_per_client' && +value > 0 && values && +value > +(values.rate_limit || 50))
		return _('This is more than all clients together may send');

	return '';
}

// redirectURI is where the provider has to send people back to: this router,
// under the name in the address bar, over HTTPS.
function redirectURI(location) {
	const host = (location.protocol == 'https:') ? location.host : location.hostname;

	return 'https://' + host + CALLBACK_PATH;
}

// fnmatch follows fnmatch(3) without flags, as rpcd uses it for access groups.
function fnmatch(pattern, name) {
	const bracket = (p) => {
		let i = p + 1;
		const negate = (pattern[i] == '!' || pattern[i] == '^');
		const items = [];

		if (negate)
			i++;

		for (let first = true; first || pattern[i] != ']'; first = false) {
			if (i >= pattern.length)
				return null;

			if (pattern[i] == '\\' && i + 1 < pattern.length)
				i++;

			const low = pattern[i++];
			let high = low;

			if (pattern[i] == '-' && i + 1 < pattern.length && pattern[i + 1] != ']') {
				i++;
				if (pattern[i] == '\\' && i + 1 < pattern.length)
					i++;
				high = pattern[i++];
			}

			items.push([ low, high ]);
		}

		return {
			next: i + 1,
			test: (c) => items.some((r) => r[0] <= c && c <= r[1]) != negate
		};
	};

	// One backtracking point is enough: a later star covers what an earlier
	// one could. So the time is bounded by pattern × name.
	let p = 0, n = 0, starP = -1, starN = 0;

	for (;;) {
		let step = 0;

		if (p < pattern.length) {
			const c = pattern[p];

			if (c == '*') {
				starP = ++p;
				starN = n;
				continue;
			}

			if (n < name.length) {
				const set = (c == '[') ? bracket(p) : null;

				if (c == '?')
					step = 1;
				else if (set)
					step = set.test(name[n]) ? set.next - p : 0;
				else if (c == '\\' && p + 1 < pattern.length)
					step = (pattern[p + 1] == name[n]) ? 2 : 0;
				else
					step = (c == name[n]) ? 1 : 0;
			}
		}
		else if (n == name.length) {
			return true;
		}

		if (step) {
			p += step;
			n++;
		}
		else if (starP >= 0 && starN < name.length) {
			p = starP;
			n = ++starN;
		}
		else {
			return false;
		}
	}
}

// allowed answers as rpcd does: an exclusion (“!pattern”) wins over everything.
function allowed(list, name) {
	for (let p of list) {
		const pattern = (p[0] == '!') ? p.substring(1).trimStart() : '';

		if (pattern !== '' && fnmatch(pattern, name))
			return false;
	}

	return list.some((p) => p !== '' && p[0] != '!' && fnmatch(p, name));
}

// access says what a role may do in one access group: '', 'read' or 'write'.
function access(read, write, name) {
	if (allowed(toList(write), name))
		return 'write';

	return allowed(toList(read), name) ? 'read' : '';
}

function levelOf(read, write) {
	read = toList(read);
	write = toList(write);

	if (sameList(write, [ '*' ]) && (!read.length || sameList(read, [ '*' ])))
		return 'write';

	if (sameList(read, [ '*' ]) && !write.length)
		return 'read';

	return 'individual';
}

// defaultLevel of a role that has just been added. The guide adds “admin” and
// types nothing but an address; everybody else starts with looking.
function defaultLevel(name) {
	return (name == 'admin') ? 'write' : 'read';
}

function matrixOf(groups, read, write) {
	const matrix = {};

	for (let g of groups)
		matrix[g.name] = access(read, write, g.name);

	return matrix;
}

// unknownGroups are plain names that no installed package explains. They grant
// nothing, but may belong to a package that comes back.
function unknownGroups(groups, read, write) {
	const known = groups.map((g) => g.name);
	const unknown = [];

	for (let p of toList(read).concat(toList(write))) {
		const name = (p[0] == '!') ? p.substring(1).trimStart() : p;

		if (name !== '' && !known.some((k) => fnmatch(name, k)) && !unknown.includes(name))
			unknown.push(name);
	}

	return groups.length ? unknown : [];
}

// listsOf turns the editor's state into the two lists. Lists nobody changed
// stay as they are, patterns and exclusions included.
function listsOf(level, matrix, groups, read, write) {
	read = toList(read);
	write = toList(write);

	if (level == 'write')
		return { read: [ '*' ], write: [ '*' ] };

	if (level == 'read')
		return { read: [ '*' ], write: [] };

	const before = matrixOf(groups, read, write);

	if (groups.every((g) => before[g.name] === (matrix[g.name] || '')))
		return { read, write };

	const unknown = unknownGroups(groups, read, write);
	const rv = { read: [], write: [] };

	for (let g of groups) {
		if (matrix[g.name])
			rv.read.push(g.name);

		if (matrix[g.name] == 'write')
			rv.write.push(g.name);
	}

	rv.read = rv.read.concat(read.filter((n) => unknown.includes(n)));
	rv.write = rv.write.concat(write.filter((n) => unknown.includes(n)));

	return rv;
}

function countGranted(groups, read, write) {
	const rv = { read: 0, write: 0, total: groups.length };

	for (let g of groups) {
		switch (access(read, write, g.name)) {
		case 'write': rv.write++; // fall through
		case 'read': rv.read++;
		}
	}

	return rv;
}

// Only ASCII letters: Unicode's rules would make other people's addresses
// equal, as with the Kelvin sign and k.
function lowerAddress(address) {
	return address.replace(/[A-Z]/g, (c) => c.toLowerCase());
}

function bareGroup(name) {
	return name.endsWith(POCKETID_SUFFIX) ? name.slice(0, -POCKETID_SUFFIX.length) : name;
}

function matchOne(role, person) {
	const email = lowerAddress(person.email || '');
	const groups = toList(person.groups).map(bareGroup);

	for (let e of toList(role.email))
		if (email !== '' && lowerAddress(e) === email)
			return { by: 'email', value: e };

	for (let g of toList(role.group))
		if (bareGroup(g) !== '' && groups.includes(bareGroup(g)))
			return { by: 'group', value: g };

	for (let s of toList(role.sub))
		if (s !== '' && s === person.sub)
			return { by: 'sub', value: s };

	return null;
}

// matchRole finds who somebody would be: the first role, in the order given,
// that lists the address, one of the groups or the subject.
function matchRole(roles, person) {
	for (let role of roles) {
		const hit = matchOne(role, person);

		if (hit)
			return { role: role.name, by: hit.by, value: hit.value };
	}

	return null;
}

function splitEntries(text) {
	return String(text || '').split(/[,;\n]/).map((s) => s.trim()).filter((s) => s !== '');
}

// roleNotes says what is odd about a role before it is saved.
function roleNotes(role, roles, groups) {
	const notes = [];
	const people = [ 'email', 'group', 'sub' ].reduce((n, k) => n + toList(role[k]).length, 0);
	const granted = countGranted(groups, role.read, role.write);
	const unknown = unknownGroups(groups, role.read, role.write);

	if (role.name == 'default')
		notes.push(_('The name “default” is taken by the settings'));

	if (!people)
		notes.push(_('This role has no e-mail address, group or subject: nobody gets it.'));

	if (!toList(role.read).length && !toList(role.write).length || groups.length && !granted.read)
		notes.push(_('This role grants nothing: people with it cannot log in.'));
	else if (groups.some((g) => g.name == 'luci-base') && !access(role.read, role.write, 'luci-base'))
		notes.push(_('Without the group luci-base no page of LuCI opens.'));

	if (unknown.length)
		notes.push(_('These access groups are not installed on this router: %s').format(unknown.join(', ')));

	for (let e of toList(role.email)) {
		const other = roles.find((r) => r.name != role.name &&
			toList(r.email).some((x) => lowerAddress(x) == lowerAddress(e)));

		if (other)
			notes.push(_('%s is also listed in the role %s; the upper role wins.').format(e, other.name));
	}

	return notes;
}

return baseclass.extend({
	CALLBACK_PATH,
	toList,
	validateURL,
	validateIssuer,
	validateInternal,
	validateNumber,
	validateScope,
	validateClaim,
	validatePath,
	validateEmail,
	validateEntry,
	validateRoleName,
	hintIssuer,
	hintRedirect,
	hintScope,
	hintSecret,
	hintNumber,
	redirectURI,
	fnmatch,
	allowed,
	access,
	levelOf,
	defaultLevel,
	matrixOf,
	unknownGroups,
	listsOf,
	countGranted,
	matchRole,
	splitEntries,
	roleNotes
});
