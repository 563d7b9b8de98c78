// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require ui';

// The stand-in for LuCI: a page. Made, it loads what it needs, draws itself and
// gets the buttons below.

function maps() {
	return [ ...document.querySelectorAll('#maincontent .cbi-map') ];
}

class View extends L.Base {
	constructor() {
		super();

		const place = document.getElementById('view');

		dom.content(place, E('div', { 'class': 'spinning' }, [ _('Loading view…') ]));
		Promise.resolve().then(() => this.load()).then((data) => this.render(data)).then((nodes) => {
			dom.content(place, nodes);
			dom.append(place, this.addFooter());
			ui.changes.init();
		});
	}

	load() {}

	render() {}

	handleSave(ev) { // eslint-disable-line no-unused-vars
		return Promise.all(maps().map((node) => dom.callClassMethod(node, 'save')));
	}

	handleSaveApply(ev, mode) {
		return this.handleSave(ev).then(() => ui.changes.apply(mode == '0'));
	}

	handleReset(ev) { // eslint-disable-line no-unused-vars
		return Promise.all(maps().map((node) => dom.callClassMethod(node, 'reset')));
	}

	addFooter() {
		// A page that takes the handlers away has nothing to save.
		if (!this.handleSaveApply && !this.handleSave && !this.handleReset)
			return E([]);

		const readonly = maps().every((node) => dom.findClassInstance(node).readonly) || null;

		return E('div', { 'class': 'cbi-page-actions' }, [
			new ui.ComboButton('0', { 0: [ _('Save & Apply') ], 1: [ _('Apply unchecked') ] }, {
				classes: { 0: 'btn cbi-button cbi-button-apply important' },
				click: ui.createHandlerFn(this, 'handleSaveApply'),
				disabled: readonly
			}).render(), ' ',
			E('button', { 'class': 'cbi-button cbi-button-save', 'click': ui.createHandlerFn(this, 'handleSave'), 'disabled': readonly }, [ _('Save') ]), ' ',
			E('button', { 'class': 'cbi-button cbi-button-reset', 'click': ui.createHandlerFn(this, 'handleReset'), 'disabled': readonly }, [ _('Reset') ])
		]);
	}
}

return View;
