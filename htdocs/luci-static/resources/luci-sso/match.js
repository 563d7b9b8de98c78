// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require luci-sso.validate as validate';

// Which role somebody gets, and a role in words. No DOM, no ubus, no UCI in
// here, so that it can be tested without a browser. The rules are the router's
// (src/internal/role), held to it by tests/view/match-vectors.json.

const POCKETID_SUFFIX = '@PocketID';

// The lists of a role that say who it is for, in the order of the search.
const KINDS = [ 'email', 'group', 'sub', 'email_domain', 'claim' ];
// The lists and options of a role's section: RoleLists of src/internal/config.
const NAMES = [ 'email', 'group', 'sub', 'email_domain', 'claim', 'match', 'acr', 'amr', 'max_age', 'provider', 'read', 'write' ];

function toList(value) {
	if (value == null || value === '')
		return [];

	return Array.isArray(value) ? value : [ value ];
}

// A number of a JSON text, which is compared by how it was written.
function Digits(text) {
	this.text = text;
}

// parseClaims reads a JSON object without losing how numbers are written: null
// for what is none.
function parseClaims(text) {
	const token = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

	try {
		// As it stands first: what follows would mend some mistakes.
		const plain = JSON.parse(text);

		if (plain === null || typeof plain != 'object' || Array.isArray(plain))
			return null;

		return JSON.parse(text.replace(token, (t) => (t[0] == '"') ? t : '"\\u0001' + t + '"'),
			(key, value) => (typeof value == 'string' && value[0] == '\u0001') ? new Digits(value.substring(1)) : value);
	}
	catch (e) {
		return null;
	}
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

function splitPath(path) {
	return path.split(/(?<!\\)\./).map((p) => p.replace(/\\\./g, '.'));
}

function own(object, name) {
	return Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;
}

function isObject(value) {
	return value !== null && typeof value == 'object' && !Array.isArray(value) && !(value instanceof Digits);
}

// lookup follows a path: at each level the longest key that exists.
function lookup(claims, path) {
	let node = claims, parts = splitPath(path);

	while (parts.length && node != null) {
		if (!isObject(node))
			return { value: null, broken: true };

		let n = parts.length;

		while (n > 0 && own(node, parts.slice(0, n).join('.')) === undefined)
			n--;

		if (n == 0)
			return { value: null };

		node = own(node, parts.slice(0, n).join('.'));
		parts = parts.slice(n);
	}

	return { value: (node === undefined) ? null : node };
}

// leads: whether the path goes through a claim.
function leads(path, claim) {
	return splitPath(path).some((p, i, parts) => parts.slice(0, i + 1).join('.') === claim);
}

function elsewhere(claims, path) {
	const names = own(claims, '_claim_names');

	if (own(claims, 'hasgroups') === true && path == 'groups')
		return true;

	if (names == null)
		return own(claims, '_claim_sources') != null;

	return isObject(names) ? Object.keys(names).some((n) => leads(path, n)) : true;
}

function plainText(value) {
	if (typeof value == 'string')
		return value;

	if (value instanceof Digits)
		return value.text;

	return (typeof value == 'boolean') ? String(value) : null;
}

// values reads a claim: its texts, whether they are one that may be several,
// and whether there is more to know.
function values(claims, path, read) {
	const found = lookup(claims, path);
	const rv = { names: [], joined: false, unknown: !!found.broken };

	if (Array.isArray(found.value)) {
		for (let element of found.value) {
			if (read(element) === null)
				rv.unknown = true;
			else
				rv.names.push(read(element));
		}
	}
	else if (found.value != null) {
		const text = read(found.value);

		if (text === null)
			rv.unknown = true;
		else if (text !== '')
			Object.assign(rv, { names: [ text ], joined: (typeof found.value == 'string'), unknown: false });
	}

	if (elsewhere(claims, path))
		rv.unknown = true;

	return rv;
}

// identify is who a person is to the roles: what is typed, and what their
// claims say.
function identify(person) {
	const claims = person.claims || {};
	const text = (value) => (typeof value == 'string') ? value : null;
	const email = own(claims, 'email');
	const flag = own(claims, 'email_verified');
	const sub = own(claims, 'sub');
	const groups = values(claims, person.groups_claim || 'groups', text);
	const amr = own(claims, 'amr');
	const time = own(claims, 'auth_time');
	const id = {
		claims, groups,
		sub: person.sub || ((typeof sub == 'string') ? sub : ''),
		email: (typeof email == 'string' && !/[ \t\r\n,;<>]/.test(email)) ? email : '',
		email_unknown: elsewhere(claims, 'email'),
		counts: (flag === true || flag === 'true') ? 'yes' : ((flag == null) ? 'unstated' : 'no'),
		acr: plainText(own(claims, 'acr')) || '',
		amr: (typeof amr == 'string') ? [ amr ] : (Array.isArray(amr) ? amr.filter((m) => typeof m == 'string') : []),
		at: (time instanceof Digits && +time.text > 0 && +time.text <= Math.pow(2, 53)) ? Math.trunc(+time.text) : 0
	};

	if (email != null && email !== '' && id.email === '')
		id.email_unknown = true;

	if (person.email)
		Object.assign(id, { email: person.email, counts: 'yes', email_unknown: false });

	if (toList(person.groups).length)
		id.groups = { names: toList(person.groups), joined: false, unknown: false };

	return id;
}

// holds: whether something wanted is part of a text that joins several names.
function holds(texts, wanted) {
	return texts.some((t) => t.split(/[ \t\r\n,;|[\]{}()"']/).some((part) => part !== '' && wanted(part)));
}

const YES = 2, UNKNOWN = 1, NO = 0;

// judgeKind says whether one of the lists fits.
function judgeKind(role, kind, id, required) {
	const list = toList(role[kind]);
	const yes = (value) => ({ fits: YES, hits: [ { by: kind, value } ] });
	const unknown = { fits: UNKNOWN, hits: [], kind };
	const no = { fits: NO, hits: [] };
	const sameGroup = (entry, name) => bareGroup(entry) !== '' && (name === entry || name === bareGroup(entry));
	const [ , address, domain ] = id.email.match(/^([^@]+)@([^@]+)$/) || [];
	const same = (a, b) => lowerAddress(a) === lowerAddress(b);
	const check = validate.conditions[kind];

	if (check && list.some((entry) => entry === '' || check(entry) !== true))
		return unknown;

	switch (kind) {
	case 'email': {
		const entry = list.find((e) => id.email !== '' && same(e, id.email));

		if (entry && (id.counts == 'yes' || id.counts == 'unstated' && !required))
			return yes(entry);

		return (entry || list.some((e) => e !== '') && id.email_unknown) ? unknown : no;
	}

	case 'email_domain': {
		const entry = list.find((d) => domain && same(d, domain));

		if (id.email !== '' && !address)
			return unknown;

		if (entry && id.counts == 'yes')
			return yes(entry);

		return (entry || id.email_unknown) ? unknown : no;
	}

	case 'group': {
		const entry = list.find((g) => id.groups.names.some((n) => sameGroup(g, n)));

		if (entry)
			return yes(entry);

		if (!list.some((g) => g !== ''))
			return no;

		return (id.groups.unknown || id.groups.joined && holds(id.groups.names, (p) => list.some((g) => sameGroup(g, p)))) ? unknown : no;
	}

	case 'sub':
		return (id.sub !== '' && list.includes(id.sub)) ? yes(id.sub) : no;
	}

	let rv = no;

	for (let entry of list) {
		const at = entry.indexOf('=');
		const claim = values(id.claims, entry.substring(0, at), plainText);
		const value = entry.substring(at + 1);

		if (claim.names.includes(value))
			return yes(entry);

		if (rv === no && (claim.unknown || claim.joined && holds(claim.names, (p) => p === value)))
			rv = { fits: UNKNOWN, hits: [], kind, path: entry.substring(0, at) };
	}

	return rv;
}

// judge says what one role is to a person, whatever the others are.
function judge(role, id, required) {
	const kinds = KINDS.filter((k) => toList(role[k]).length).map((k) => judgeKind(role, k, id, required));
	let one = { fits: NO, hits: [] }, each = { fits: YES, hits: [] };

	for (let j of kinds) {
		if (j.fits > one.fits)
			one = j;

		const hits = each.hits.concat(j.hits);

		each = Object.assign({}, (j.fits < each.fits) ? j : each, { hits });
	}

	if (!kinds.length)
		each = one;

	if (each.fits != YES)
		each = Object.assign({}, each, { hits: [] });

	// What nobody knows may say whom the role is for.
	if (role.unknown && (role.match == 'all' ? each : one).fits != YES)
		return { fits: UNKNOWN, hits: [], kind: role.unknown };

	if (role.match && role.match != 'any' && role.match != 'all')
		return (one.fits == each.fits) ? one : { fits: UNKNOWN, hits: [], kind: 'match' };

	return (role.match == 'all') ? each : one;
}

// lacks names what a role asks of the sign-in and was not there.
function lacks(role, id, now, tolerance) {
	const rv = [];
	const age = now - id.at;

	if (toList(role.acr).length && !toList(role.acr).includes(id.acr))
		rv.push('acr');

	if (toList(role.amr).some((m) => !id.amr.includes(m)))
		rv.push('amr');

	if (role.max_age && (!id.at || age > +role.max_age + tolerance || age < -tolerance))
		rv.push('max_age');

	return rv;
}

// strange is the first of a section's names that is none of a role's, '' when there is none: it may be a condition that nobody checks.
function strange(section) {
	return Object.keys(section || {}).find((name) => name[0] != '.' && !NAMES.includes(name)) || '';
}

// fault says what is wrong in a role, '' when nothing is: then it gives
// nothing to anybody.
function fault(role) {
	if (role.unknown)
		return _('%s is not known').format(role.unknown);

	for (let name in validate.conditions)
		for (let value of toList(role[name])) {
			// An empty entry means nothing, either.
			const valid = validate.conditions[name](value || ' ');

			if (valid !== true)
				return valid;
		}

	return '';
}

// matchRole finds who somebody would be: the first role, in the order given,
// that fits. Null: none. It goes no further than a role that what is unknown
// could decide. person has email, groups, sub and claims, and may have
// groups_claim, required (a verified address), now and tolerance.
function matchRole(roles, person) {
	const id = identify(person);

	for (let role of roles) {
		const j = judge(role, id, person.required);

		if (j.fits == UNKNOWN)
			return { role: '', by: '', value: '', undecided: role.name, unknown: j.path || j.kind };

		if (j.fits == YES) {
			const wrong = fault(role);

			return {
				role: role.name, by: j.hits[0].by, value: j.hits[0].value, reasons: j.hits, fault: wrong,
				lacks: wrong ? [] : lacks(role, id, person.now || Math.floor(Date.now() / 1000), (person.tolerance == null) ? 60 : +person.tolerance)
			};
		}
	}

	return null;
}

// named reports whether a role says at all who it is for.
function named(role) {
	return KINDS.some((k) => toList(role[k]).length);
}

// signIn says in words what a role asks of the sign-in; '' for nothing.
function signIn(role) {
	const items = [];

	if (toList(role.acr).length)
		items.push('acr ' + toList(role.acr).join(' / '));

	if (toList(role.amr).length)
		items.push('amr ' + toList(role.amr).join(' + '));

	if (role.max_age)
		items.push(_('an age of at most %s seconds').format(role.max_age));

	return items.join('; ');
}

// sentence says in words who gets a role; '' when nobody does.
function sentence(role) {
	const words = {
		email: _('the e-mail address %s'),
		group: _('the group %s'),
		sub: _('the identifier %s'),
		email_domain: _('a verified e-mail address at %s'),
		claim: _('the claim %s')
	};
	const items = KINDS.filter((k) => toList(role[k]).length).map((k) => words[k].format(toList(role[k]).join(' / ')));

	if (!items.length)
		return '';

	// One item is any as well as all of them.
	const people = ((role.match == 'all' && items.length > 1) ? _('People who have all of these: %s') : _('People who have any of these: %s')).format(items.join('; '));
	const how = signIn(role);

	return how ? _('%s, and whose sign-in has: %s').format(people, how) : people;
}

return baseclass.extend({ parseClaims, matchRole, named, sentence, signIn, fault, strange, lowerAddress });
