// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// The stand-in for LuCI: the sections of one configuration, as a form works on
// them. A section is an object of its options; names that begin with a dot say
// what it is itself.

class Sections extends L.Base {
	constructor(list) {
		super();
		this.list = list;
		this.reordered = false;
	}

	find(sid) {
		return this.list.find((s) => s['.name'] === sid) || null;
	}

	get(sid, option) {
		const section = this.find(sid);

		if (option == null || !section)
			return section;

		return (section[option] == null) ? null : section[option];
	}

	// set to nothing takes an option out.
	set(sid, option, value) {
		const section = this.find(sid);

		if (!section || option.startsWith('.'))
			return;

		if (value == null || value === '')
			delete section[option];
		else
			section[option] = value;
	}

	ofType(type) {
		return this.list.filter((s) => type == null || s['.type'] == type)
			.map((s, i) => Object.assign({}, s, { '.index': i }));
	}

	add(type, name) {
		if (!name)
			L.missing('sections without a name');

		if (!this.find(name))
			this.list.push({ '.type': type, '.name': name, '.anonymous': false });

		return name;
	}

	remove(sid) {
		this.list = this.list.filter((s) => s['.name'] !== sid);
	}

	// move puts a section before another, or after it; to the end when there
	// is no other.
	move(sid, other, after) {
		const section = this.find(sid);
		const rest = this.list.filter((s) => s !== section);
		const at = (other == null) ? rest.length : rest.findIndex((s) => s['.name'] === other);

		if (!section || at < 0)
			return false;

		rest.splice(at + (after && other != null ? 1 : 0), 0, section);
		this.list = rest;
		this.reordered = true;

		return true;
	}
}

return baseclass.extend({
	of(list) {
		return new Sections(list);
	}
});
