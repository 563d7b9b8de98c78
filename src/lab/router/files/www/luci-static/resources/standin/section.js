// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';

// The stand-in for LuCI: what all sections have, and the one that shows a
// single section of UCI.

class AbstractSection extends L.Base {
	constructor(map, sectiontype, title, description) {
		super();
		this.map = map;
		this.config = map.config;
		this.sectiontype = sectiontype;
		this.title = title || '';
		this.description = description || '';
		this.children = [];
		this.addremove = false;
		this.tabs = undefined;
		this.tab_names = undefined;
	}

	tab(name, title, description) {
		if (description != null)
			L.missing('description of a tab');

		this.tabs = this.tabs || [];
		this.tab_names = this.tab_names || [];
		this.tabs.push(this.tabs[name] = { name, title, children: [] });
		this.tab_names.push(name);
	}

	option(Kind, name, title, description) {
		const o = new Kind(this.map, this, name, title, description);

		this.children.push(o);

		return o;
	}

	taboption(tabName, Kind, ...args) {
		if (!this.tabs || !this.tabs.some((t) => t.name === tabName))
			throw new ReferenceError('No tab is called ' + tabName);

		const o = this.option(Kind, ...args);

		o.tab = tabName;
		this.tabs[tabName].children.push(o);

		return o;
	}

	// load gives every option its value as it is configured.
	load() {
		return Promise.all(this.cfgsections().flatMap((sid) => this.children.map((o) =>
			Promise.resolve(o.load(sid)).then((value) => o.cfgvalue(sid, value)))));
	}

	parse() {
		return Promise.all(this.cfgsections().flatMap((sid) => this.children.map((o) => o.parse(sid))));
	}

	renderOptions(tabName, section_id) {
		const shown = (tabName == null) ? this.children : this.tabs[tabName].children;

		return Promise.all(shown.map((o, index) => o.render(index, section_id)));
	}

	// checkDepends: the options whose conditions are met are active; all that
	// are get checked once, not every time around.
	checkDepends(ev, n) {
		let changed = false;

		for (let sid of this.cfgsections())
			for (let o of this.children) {
				const wanted = o.checkDepends(sid);

				if (o.isActive(sid) != wanted) {
					o.setActive(sid, wanted);
					changed = true;
				}

				if (!n && wanted)
					o.triggerValidation(sid);
			}

		return changed;
	}
}

function heading(s) {
	return [
		s.title ? E('h3', {}, [ s.title ]) : null,
		s.description ? E('div', { 'class': 'cbi-section-descr' }, [ s.description ]) : null
	];
}

class NamedSection extends AbstractSection {
	constructor(map, section_id, ...args) {
		super(map, ...args);
		this.section = section_id;
	}

	cfgsections() {
		return [ this.section ];
	}

	render() {
		if (this.addremove)
			L.missing('button to make or delete a NamedSection');

		return this.renderUCISection(this.section).then((nodes) => {
			const node = E('div', { 'class': 'cbi-section' }, [
				...heading(this),
				E('div', {
					'id': 'cbi-' + this.config + '-' + this.section,
					'class': this.tabs ? 'cbi-section-node cbi-section-node-tabbed' : 'cbi-section-node',
					'data-section-id': this.section
				}, nodes)
			]);

			return dom.bindClassInstance(node, this) && node;
		});
	}

	renderUCISection(section_id) {
		if (!this.tabs)
			return this.renderOptions(null, section_id);

		return Promise.all(this.tabs.map((t) => this.renderOptions(t.name, section_id).then((nodes) => E('div', {
			'id': [ 'container', this.config, section_id, t.name ].join('.'),
			'data-tab': t.name,
			'data-tab-title': t.title
		}, nodes))));
	}
}

return baseclass.extend({ AbstractSection, NamedSection, heading });
