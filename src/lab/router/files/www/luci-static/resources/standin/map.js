// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require rpc';
'require uci';
'require ui';
'require standin.sections as sections';

// The stand-in for LuCI: maps. One works on UCI; the other on an object it is
// given, under the same methods, and saves nothing.

const callAccess = rpc.declare({ object: 'session', method: 'access', params: [ 'scope', 'object', 'function' ], expect: { access: false } });

class Map extends L.Base {
	constructor(config, title, description) {
		super();
		this.config = config;
		this.title = title;
		this.description = description;
		this.children = [];
		this.data = uci;

		for (let name of [ 'addedSection', 'parent', 'readonly', 'root' ])
			this[name] = undefined;
	}

	section(Kind, ...args) {
		const s = new Kind(this, ...args);

		this.children.push(s);

		return s;
	}

	findElements(...args) {
		return this.root.querySelectorAll(args.length == 2 ? '[' + args[0] + '="' + args[1] + '"]' : args[0]);
	}

	findElement(...args) {
		return this.findElements(...args)[0] || null;
	}

	// lookupOption finds an option that is shown: [ option, section ].
	lookupOption(name, section_id, config_name) {
		if (config_name != null)
			L.missing('option of another configuration');

		const node = this.findElement('data-field', [ 'cbid', this.config, section_id, name ].join('.'));

		return node ? [ dom.findClassInstance(node), section_id ] : null;
	}

	// load finds out as well whether the session may write here at all.
	load() {
		const doubtful = !(this instanceof JSONMap) && this.readonly == null;
		const asked = doubtful ? callAccess('uci', this.config, 'write') : Promise.resolve(true);

		return asked.then((granted) => {
			if (!granted)
				this.readonly = true;

			return this.data.load(this.config);
		}).then(() => Promise.all(this.children.map((s) => s.load())));
	}

	parse() {
		return Promise.all(this.children.map((s) => s.parse()));
	}

	save(cb, silent) {
		this.checkDepends();

		return this.parse().then(cb).then(() => this.data.save()).then(() => this.load()).then(() => ui.changes.init()).catch((e) => {
			if (!silent)
				ui.showModal(_('Not saved'), [
					E('p', {}, [ _('The form could not be saved:') ]),
					E('p', {}, [ E('em', { 'style': 'white-space:pre-wrap' }, [ e.message ]) ]),
					E('div', { 'class': 'right' }, [ E('button', { 'class': 'cbi-button', 'click': ui.hideModal }, [ _('Dismiss') ]) ])
				]);

			throw e;
		}).then(() => this.renderContents());
	}

	// reset draws the form as it was loaded.
	reset() {
		return this.renderContents();
	}

	render() {
		return this.load().then(() => this.renderContents());
	}

	renderContents() {
		this.root = this.root || E('div', { 'id': 'cbi-' + this.config, 'class': 'cbi-map' });
		dom.bindClassInstance(this.root, this);

		return Promise.all(this.children.map((s) => s.render())).then((nodes) => {
			dom.content(this.root, [
				this.title ? E('h2', { 'name': 'content' }, [ this.title ]) : null,
				this.description ? E('div', { 'class': 'cbi-map-descr' }, [ this.description ]) : null,
				...nodes
			]);
			this.checkDepends();

			for (let group of this.root.querySelectorAll('.cbi-section-node-tabbed'))
				ui.tabs.initTabGroup(group.childNodes);

			ui.tabs.updateTabs(null, this.root);

			return this.root;
		});
	}

	// checkDepends shows and hides options until nothing changes any more.
	checkDepends(ev, n) {
		const changed = this.children.map((s) => s.checkDepends(ev, n)).includes(true);

		if (changed && (n || 0) < 10)
			this.checkDepends(ev, (n || 0) + 1);

		ui.tabs.updateTabs(ev, this.root);
	}
}

// Data has uci's methods for an object: { type: [ { '.name', options } ] }.
class Data extends L.Base {
	constructor(object) {
		super();
		this.draft = sections.of(Object.entries(object).flatMap(([ type, list ]) =>
			list.map((s) => Object.assign({ '.type': type, '.anonymous': false }, s))));
	}

	load() { return Promise.resolve(); }
	save() { return Promise.resolve(); }
	get(conf, sid, opt) { return this.draft.get(sid, opt); }
	set(conf, sid, opt, val) { this.draft.set(sid, opt, val); }
	unset(conf, sid, opt) { this.draft.set(sid, opt, null); }
	sections(conf, type) { return this.draft.ofType(type); }
	move(conf, sid1, sid2, after) { return this.draft.move(sid1, sid2, after); }
	add(conf, type, name) { return this.draft.add(type, name); }
	remove(conf, sid) { this.draft.remove(sid); }
}

class JSONMap extends Map {
	constructor(data, title, description) {
		super('json', title, description);
		this.data = new Data(data || {});
	}
}

return baseclass.extend({ Map, JSONMap });
