// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require luci-sso.match as match';

// Who may do what: access levels and the lists behind them, and what is odd
// about a role. No DOM, no ubus, no UCI in here, so that
// it can be tested without a browser. The rules are rpcd's and the router's.

function toList(value) {
	if (value == null || value === '')
		return [];

	return Array.isArray(value) ? value : [ value ];
}

function sameList(a, b) {
	return a.length == b.length && a.every((v, i) => v === b[i]);
}

// bytes makes one character of each byte: the router's patterns work on bytes.
function bytes(text) {
	return unescape(encodeURIComponent(text));
}

const CLASSES = {
	alnum: /[A-Za-z0-9]/, alpha: /[A-Za-z]/, blank: /[ \t]/, cntrl: /[\x00-\x1f\x7f]/, digit: /[0-9]/, graph: /[!-~]/,
	lower: /[a-z]/, print: /[ -~]/, punct: /[!-\/:-@\[-`{-~]/, space: /[ \t-\r]/, upper: /[A-Z]/, xdigit: /[0-9A-Fa-f]/
};

// classEnd says where the “[:name:]”, “[.x.]” or “[=x=]” that starts at i has
// its “]”. 0: none starts there. -1: it does not end.
function classEnd(p, i) {
	const mark = p[i + 1];

	if (p[i] != '[' || (mark != ':' && mark != '.' && mark != '='))
		return 0;

	for (i += 3; i < p.length; i++)
		if (p[i - 1] == mark && p[i] == ']')
			return i;

	return -1;
}

// bracketEnd finds the “]” that closes the “[” at p; 0 when there is none.
function bracketEnd(pattern, p) {
	let i = p + 1;

	if (pattern[i] == '^' || pattern[i] == '!')
		i++;

	if (pattern[i] == ']')
		i++;

	for (; i < pattern.length; i++) {
		if (pattern[i] == ']')
			return i;

		const end = classEnd(pattern, i);

		if (end > 0)
			i = end;
		else if (end < 0)
			return 0;
	}

	return 0;
}

// inBracket tests c against what stands between brackets.
function inBracket(set, c) {
	let low = '[', i = 0, negate = false;

	if (set[0] == '^' || set[0] == '!') {
		negate = true;
		low = set[0];
		set = set.substring(1);
	}

	if (set[0] == ']' || set[0] == '-') {
		if (c == set[0])
			return !negate;

		low = set[0];
		i++;
	}

	for (; i < set.length; i++) {
		if (set[i] == '-' && i + 1 < set.length) {
			// The upper end stays in place: it also counts by itself.
			if (low <= c && c <= set[i + 1])
				return !negate;

			continue;
		}

		const end = classEnd(set, i);

		if (end > 0) {
			const charset = (set[i + 1] == ':') ? CLASSES[set.substring(i + 2, end - 1)] : null;

			if (charset && charset.test(c))
				return !negate;

			i = end;
			continue;
		}

		low = set[i];

		if (c == low)
			return !negate;
	}

	return negate;
}

// fnmatch is fnmatch(3) without flags in the C library of OpenWrt, by which
// rpcd takes access groups: step for step what the router does, and held to it
// by the same vectors (src/internal/acl/testdata/fnmatch.json).
function fnmatch(pattern, name) {
	pattern = bytes(pattern);
	name = bytes(name);

	const one = (p, c) => {
		switch (pattern[p]) {
		case '?':
			return 1;

		case '\\':
			if (p + 1 < pattern.length)
				return (pattern[p + 1] == c) ? 2 : 0;

			break;

		case '[': {
			const end = bracketEnd(pattern, p);

			if (end > 0)
				return inBracket(pattern.substring(p + 1, end), c) ? end + 1 - p : 0;
		}
		}

		return (pattern[p] == c) ? 1 : 0;
	};

	// One backtracking point is enough: a later star covers what an earlier
	// one could. So the time is bounded by pattern × name.
	let p = 0, n = 0, starP = -1, starN = 0;

	for (;;) {
		if (pattern[p] == '*') {
			starP = p++;
			starN = n;
			continue;
		}

		if (n == name.length) {
			if (p == pattern.length)
				return true;
		}
		else if (p < pattern.length) {
			const width = one(p, name[n]);

			if (width) {
				p += width;
				n++;
				continue;
			}
		}

		if (starP < 0 || starN >= name.length)
			return false;

		p = starP + 1;
		n = ++starN;
	}
}

// allowed answers as rpcd does: an exclusion (“!pattern”) wins over everything.
// Null: no entry of the list is about the group.
function allowed(list, name) {
	for (let p of list) {
		const pattern = (p[0] == '!') ? p.substring(1).replace(/^[ \t-\r]+/, '') : '';

		if (pattern !== '' && fnmatch(pattern, name))
			return false;
	}

	return list.some((p) => p !== '' && p[0] != '!' && fnmatch(p, name)) ? true : null;
}

// readList has the group that every session needs, as the router adds it.
function readList(read) {
	return toList(read).filter((p) => !(p[0] == '!' && p.substring(1).trim() == 'unauthenticated')).concat([ 'unauthenticated' ]);
}

// rights says whether a role may read and write an access group.
function rights(read, write, name) {
	const writable = (allowed(toList(write), name) === true);
	const answer = allowed(readList(read), name);

	// Who may write may read, unless the list says no.
	return { read: answer === true || (answer === null && writable), write: writable };
}

// access says what a role may do in one access group: '', 'read' or 'write'.
function access(read, write, name) {
	const may = rights(read, write, name);

	return may.write ? 'write' : (may.read ? 'read' : '');
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

// named is access without what everybody gets unasked: it is in no list.
function named(read, write, name) {
	if (allowed(toList(write), name) === true)
		return 'write';

	return (allowed(toList(read), name) === true) ? 'read' : '';
}

function matrixOf(groups, read, write) {
	const matrix = {};

	for (let g of groups)
		matrix[g.name] = named(read, write, g.name);

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
		const may = rights(read, write, g.name);

		rv.read += may.read ? 1 : 0;
		rv.write += may.write ? 1 : 0;
	}

	return rv;
}

// grantsPages: whether there is more than what everybody gets.
function grantsPages(groups, role) {
	return groups.some((g) => g.name != 'unauthenticated' && access(role.read, role.write, g.name) !== '');
}

function splitEntries(text) {
	return String(text || '').split(/[,;\n]/).map((s) => s.trim()).filter((s) => s !== '');
}

// roleNotes says what is odd about a role before it is saved.
function roleNotes(role, roles, groups) {
	const notes = [];
	const unknown = unknownGroups(groups, role.read, role.write);

	if (role.name == 'default')
		notes.push(_('The name “default” is taken by the settings'));

	if (!match.named(role))
		notes.push(_('This role has no e-mail address, group or subject: nobody gets it.'));

	if (!toList(role.read).length && !toList(role.write).length || groups.length && !grantsPages(groups, role))
		notes.push(_('This role grants nothing: people with it cannot log in.'));
	else if (groups.some((g) => g.name == 'luci-base') && !access(role.read, role.write, 'luci-base'))
		notes.push(_('Without the group luci-base no page of LuCI opens.'));

	if (unknown.length)
		notes.push(_('These access groups are not installed on this router: %s').format(unknown.join(', ')));

	for (let e of toList(role.email)) {
		const other = roles.find((r) => r.name != role.name &&
			toList(r.email).some((x) => match.lowerAddress(x) == match.lowerAddress(e)));

		if (other)
			notes.push(_('%s is also listed in the role %s; the upper role wins.').format(e, other.name));
	}

	return notes;
}

// withLabels puts the name of its field before each option in a sentence, whatever the language: what the catalogue says is for the
// shell as well. Options of one word stay as they are: scope and host are words of any sentence.
function withLabels(text, options) {
	return text.replace(/[\w./-]+/g, (word) => {
		const name = word.replace(/\.$/, '');
		const option = name.includes('_') ? options.find((o) => o.name === name) : null;

		return (option && option.label) ? '%s (%s)'.format(option.label, name) + word.substring(name.length) : word;
	});
}

return baseclass.extend({
	toList,
	sameList,
	fnmatch,
	allowed,
	access,
	levelOf,
	defaultLevel,
	matrixOf,
	unknownGroups,
	listsOf,
	countGranted,
	grantsPages,
	splitEntries,
	roleNotes,
	withLabels
});
