// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require rpc';
'require standin.sections as sections';

// The stand-in for LuCI: configurations. One that is loaded is kept twice, as
// the router has it and as the page would like it; save() tells the router the
// difference, which it keeps for this session until it is applied.

const callGet = rpc.declare({ object: 'uci', method: 'get', params: [ 'config' ], expect: { values: {} }, reject: true });
const callAdd = rpc.declare({ object: 'uci', method: 'add', params: [ 'config', 'type', 'name', 'values' ], reject: true });
const callSet = rpc.declare({ object: 'uci', method: 'set', params: [ 'config', 'section', 'values' ], reject: true });
const callDelete = rpc.declare({ object: 'uci', method: 'delete', params: [ 'config', 'section', 'options' ], reject: true });
const callOrder = rpc.declare({ object: 'uci', method: 'order', params: [ 'config', 'sections' ], reject: true });
const callChanges = rpc.declare({ object: 'uci', method: 'changes', expect: { changes: {} } });
const callApply = rpc.declare({ object: 'uci', method: 'apply', params: [ 'timeout', 'rollback' ], reject: true });
const callConfirm = rpc.declare({ object: 'uci', method: 'confirm', reject: true });

const loaded = {};
const loading = {};

function known(conf) {
	return loaded[conf] ? loaded[conf].draft : sections.of([]);
}

function options(section) {
	return Object.fromEntries(Object.entries(section).filter((o) => !o[0].startsWith('.')));
}

function same(a, b) {
	return JSON.stringify(a) === JSON.stringify(b);
}

// saveSection tells the router what is different about one section.
function saveSection(conf, before, after) {
	const sid = after['.name'];

	if (!before)
		return callAdd(conf, after['.type'], sid, options(after));

	const gone = Object.keys(options(before)).filter((name) => !(name in after));
	const changed = Object.fromEntries(Object.entries(options(after)).filter((o) => !same(o[1], before[o[0]])));
	const remove = gone.length ? callDelete(conf, sid, gone) : Promise.resolve();

	return remove.then(() => Object.keys(changed).length ? callSet(conf, sid, changed) : null);
}

function saveConfig(conf) {
	const { saved, draft } = loaded[conf];
	let work = Promise.resolve();

	for (let before of saved)
		if (!draft.find(before['.name']))
			work = work.then(() => callDelete(conf, before['.name']));

	for (let after of draft.list)
		work = work.then(() => saveSection(conf, saved.find((s) => s['.name'] === after['.name']), after));

	if (draft.reordered)
		work = work.then(() => callOrder(conf, draft.list.map((s) => s['.name'])));

	return work;
}

function fetchConfig(conf) {
	loading[conf] = loading[conf] || callGet(conf).then((values) => {
		const saved = Object.values(values).sort((a, b) => a['.index'] - b['.index']);

		loaded[conf] = { saved, draft: sections.of(saved.map((s) => Object.assign({}, s))) };
	});

	return loading[conf];
}

return baseclass.extend({
	load(packages) {
		const names = [].concat(packages);

		return Promise.all(names.map(fetchConfig)).then(() => names);
	},

	unload(packages) {
		for (let name of [].concat(packages)) {
			delete loaded[name];
			delete loading[name];
		}
	},

	get(conf, sid, opt) {
		return known(conf).get(sid, opt);
	},

	set(conf, sid, opt, val) {
		known(conf).set(sid, opt, val);
	},

	unset(conf, sid, opt) {
		known(conf).set(sid, opt, null);
	},

	sections(conf, type, cb) {
		if (cb)
			L.missing('callback of uci.sections()');

		return known(conf).ofType(type);
	},

	add(conf, type, name) {
		return known(conf).add(type, name);
	},

	remove(conf, sid) {
		known(conf).remove(sid);
	},

	move(conf, sid1, sid2, after) {
		return known(conf).move(sid1, sid2, after);
	},

	save() {
		const names = Object.keys(loaded);

		return Promise.all(names.map(saveConfig)).then(() => {
			this.unload(names);

			return this.load(names);
		});
	},

	changes() {
		return callChanges();
	},

	// apply makes the changes count, and says at once that the router can
	// still be reached: it would take them back otherwise.
	apply(timeout) {
		return callApply(timeout || 10, true).then(() => callConfirm());
	}
});
