// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require ui';
'require standin.map as map';
'require standin.section as section';

// The stand-in for LuCI: a table with a row for each section of a type, and an
// editor for one of them in a dialog. Rows are not dragged here.

function columns(s) {
	return s.children.filter((o) => !o.modalonly);
}

function row(s, sid) {
	return E('tr', { 'id': 'cbi-' + s.config + '-' + sid, 'class': 'tr cbi-section-table-row', 'data-sid': sid, 'data-title': sid, 'data-section-id': sid }, [
		E('td', { 'class': 'td cbi-value-field cbi-section-table-titles' }, [ sid ]),
		...columns(s).map((o) => s.renderTextValue(sid, o)),
		s.renderRowActions(sid)
	]);
}

class GridSection extends section.AbstractSection {
	constructor(...args) {
		super(...args);

		for (let name of [ 'anonymous', 'modaltitle', 'nodescriptions', 'sortable' ])
			this[name] = undefined;
	}

	cfgsections() {
		return this.map.data.sections(this.config, this.sectiontype).map((s) => s['.name']);
	}

	// parse: the table only shows; what is edited belongs to the editor's map.
	parse() {
		return Promise.resolve();
	}

	checkDepends(ev, n) { // eslint-disable-line no-unused-vars
		return false;
	}

	render() {
		const rows = this.cfgsections().map((sid) => row(this, sid));
		const node = E('div', { 'id': 'cbi-' + this.config + '-' + this.sectiontype, 'class': 'cbi-section cbi-tblsection' }, [
			...section.heading(this),
			E('table', { 'class': 'table cbi-section-table' }, [
				E('thead', { 'class': 'thead cbi-section-thead' }, [ this.renderHeaderRows(true) ]),
				E('tbody', { 'class': 'tbody cbi-section-tbody' }, rows.length ? rows : [
					E('tr', { 'class': 'tr cbi-section-table-row placeholder' }, [ E('td', { 'class': 'td' }, [ E('em', {}, [ _('Nothing here yet') ]) ]) ]) ])
			]),
			this.renderSectionAdd('cbi-tblsection-create')
		]);

		return dom.bindClassInstance(node, this) && node;
	}

	renderHeaderRows(has_action) { // eslint-disable-line no-unused-vars
		const sortable = this.sortable ? '' : null;

		if (this.anonymous || !this.nodescriptions)
			L.missing('table of sections without names, or with descriptions');

		return E('tr', { 'class': 'tr cbi-section-table-titles named', 'click': this.sortable ? ui.createHandlerFn(this, 'handleSort') : null }, [
			E('th', { 'class': 'th cbi-section-table-cell', 'data-sortable-row': sortable }, [ _('Name') ]),
			...columns(this).map((o) => E('th', { 'class': 'th cbi-section-table-cell', 'data-widget': o.__name__, 'data-sortable-row': sortable }, [ o.title ])),
			E('th', { 'class': 'th cbi-section-table-cell cbi-section-actions' })
		]);
	}

	renderTextValue(sid, o) {
		const value = o.textvalue(sid);

		return E('td', {
			'class': 'td cbi-value-field',
			'data-title': o.title,
			'data-description': o.description || null,
			'data-name': o.option,
			'data-widget': 'CBI.DummyValue'
		}, (value != null) ? value : E('em', {}, [ _('none') ]));
	}

	renderRowActions(section_id) {
		const buttons = [];

		if (this.sortable)
			buttons.push(E('button', {
				'title': _('Drag to reorder'),
				'class': 'cbi-button drag-handle center',
				'draggable': true,
				'dragstart': () => L.missing('dragging of rows')
			}, [ '☰' ]));

		buttons.push(E('button', { 'title': _('Edit'), 'class': 'btn cbi-button cbi-button-edit', 'click': ui.createHandlerFn(this, 'renderMoreOptionsModal', section_id) }, [ _('Edit') ]));

		if (this.addremove)
			buttons.push(E('button', {
				'title': _('Delete'),
				'class': 'btn cbi-button cbi-button-remove',
				'click': ui.createHandlerFn(this, 'handleRemove', section_id),
				'disabled': this.map.readonly || null
			}, [ _('Delete') ]));

		return E('td', { 'class': 'td cbi-section-table-cell nowrap cbi-section-actions' }, [ E('div', {}, buttons) ]);
	}

	renderSectionAdd(extra_class) {
		if (!this.addremove)
			return E([]);

		const name = E('input', { 'type': 'text', 'class': 'cbi-section-create-name', 'disabled': this.map.readonly || null });
		const button = E('button', {
			'class': 'cbi-button cbi-button-add',
			'title': _('Add'),
			'disabled': 'true',
			'click': ui.createHandlerFn(this, (ev) => name.classList.contains('cbi-input-invalid') ? null : this.handleAdd(ev, name.value))
		}, [ _('Add') ]);

		if (!this.map.readonly)
			ui.addValidator(name, 'uciname', true, (value) => {
				button.disabled = (value === '');

				return value !== '' || _('A name is needed');
			}, 'blur', 'keyup');

		return E('div', { 'class': 'cbi-section-create ' + (extra_class || '') }, [ E('div', {}, [ name ]), button ]);
	}

	handleAdd(ev, name) {
		this.map.addedSection = this.map.data.add(this.config, this.sectiontype, name);

		return this.renderMoreOptionsModal(name);
	}

	handleRemove(section_id, ev) { // eslint-disable-line no-unused-vars
		this.map.data.remove(this.config, section_id);

		return this.map.save(null, true);
	}

	handleSort(ev) { // eslint-disable-line no-unused-vars
		L.missing('sorting of rows');
	}

	// cloneOptions gives the editor options like the table's, with whatever
	// the page has set on them.
	cloneOptions(src_section, dest_section) {
		for (let o of src_section.children) {
			// Only a column of the table.
			if (o.modalonly === false)
				continue;

			const twin = dest_section.option(o.constructor, o.option, o.title, o.description);

			for (let key of Object.keys(o))
				if (![ 'map', 'section', 'option', 'title', 'description' ].includes(key))
					twin[key] = o[key];
		}
	}

	renderMoreOptionsModal(section_id, ev) { // eslint-disable-line no-unused-vars
		const parent = this.map;
		const editor = (parent instanceof map.JSONMap) ? new map.JSONMap(null) : new map.Map(parent.config);
		const s = editor.section(section.NamedSection, section_id, this.sectiontype);

		editor.data = parent.data;
		editor.parent = parent;
		editor.readonly = parent.readonly;
		this.cloneOptions(this, s);

		return editor.render().then((nodes) => ui.showModal(this.modaltitle(section_id), [
			nodes,
			E('div', { 'class': 'button-row' }, [
				E('button', { 'class': 'btn cbi-button', 'click': ui.createHandlerFn(this, 'handleModalCancel', editor) }, [ _('Dismiss') ]), ' ',
				E('button', {
					'class': 'btn cbi-button cbi-button-positive important',
					'click': ui.createHandlerFn(this, 'handleModalSave', editor),
					'disabled': editor.readonly || null
				}, [ _('Save') ])
			])
		], 'cbi-modal'));
	}

	// handleModalSave saves, as LuCI does, all that is pending: with the role
	// whatever else the page has set before. A role that is not valid stays.
	handleModalSave(modalMap, ev) {
		return modalMap.save(null, true)
			.then(() => modalMap.parent.load())
			.then(() => modalMap.parent.reset())
			.then(() => this.handleModalCancel(modalMap, ev, true))
			.catch((e) => {
				if (!(e instanceof TypeError))
					throw e;
			});
	}

	handleModalCancel(modalMap, ev, isSaving) {
		if (this.map.addedSection != null && !isSaving)
			this.map.data.remove(this.config, this.map.addedSection);

		delete this.map.addedSection;
		ui.hideModal();

		return Promise.resolve();
	}
}

return baseclass.extend({ GridSection });
