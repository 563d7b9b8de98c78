// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// Who may do what: access levels and the lists behind them, which role somebody
// gets, and what is odd about a role. No DOM, no ubus, no UCI in here, so that
// it can be tested without a browser. The rules are rpcd's and the router's.

const POCKETID_SUFFIX = '@PocketID';

function toList(value) {
	if (value == null || value === '')
		return [];

	return Array.isArray(value) ? value : [ value ];
}

function sameList(a, b) {
	return a.length == b.length && a.every((v, i) => v === b[i]);
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

// The suffix may be left out by the provider, not added: where people name
// groups themselves, one called admins@PocketID is not admins.
function bareGroup(name) {
	return name.endsWith(POCKETID_SUFFIX) ? name.slice(0, -POCKETID_SUFFIX.length) : name;
}

function matchOne(role, person) {
	const email = lowerAddress(person.email || '');
	const groups = toList(person.groups);

	for (let e of toList(role.email))
		if (email !== '' && lowerAddress(e) === email)
			return { by: 'email', value: e };

	for (let g of toList(role.group))
		if (bareGroup(g) !== '' && (groups.includes(g) || groups.includes(bareGroup(g))))
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
	toList,
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
