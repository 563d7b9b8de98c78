// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require uci';
'require standin.tabs as tabs';
'require standin.validator as validator';
'require standin.widgets as widgets';

// The stand-in for LuCI: dialogs, notifications, handlers of buttons, and what
// becomes of changes that are saved. The widgets and the tabs are beside it.

const dialog = E('div', { 'class': 'modal', 'role': 'dialog', 'aria-modal': 'true' });
const overlay = E('div', {
	'id': 'modal_overlay',
	'tabindex': -1,
	'keydown': (ev) => {
		const button = dialog.querySelector('.right > button, .button-row > .btn');

		if (ev.key == 'Escape' && button)
			button.click();
	}
}, [ dialog ]);

document.body.append(overlay, E('div', { 'class': 'cbi-tooltip' }));

function showModal(title, children, ...classes) {
	dialog.className = [ 'modal', ...classes ].join(' ');
	dom.content(dialog, E('h4', {}, title));
	dom.append(dialog, children);
	document.body.classList.add('modal-overlay-active');
	overlay.focus();

	return dialog;
}

function hideModal() {
	document.body.classList.remove('modal-overlay-active');
	overlay.blur();
}

// changes: what the router keeps for this session, and making it count.
const changes = {
	init() {
		return uci.changes().then((all) => {
			const count = Object.values(all).reduce((n, list) => n + list.length, 0);

			dom.content(document.getElementById('indicators'), count ? [ E('span', { 'data-indicator': 'uci-changes' }, [ _('Unsaved Changes') + ': ' + count ]) ] : []);
		});
	},

	apply(checked) {
		if (!checked)
			L.missing('unchecked apply');

		showModal('', [ E('p', { 'class': 'spinning' }, [ _('Applying changes…') ]) ], 'alert-message', 'notice', 'spinning');

		return uci.apply().then(() => {
			dom.content(dialog, E('p', {}, [ _('The changes have been applied.') ]));
			window.setTimeout(() => { window.location = window.location.href.split('#')[0]; }, 100);
		}, (error) => {
			// No change is no error.
			if (error.status != 5)
				throw error;

			dom.content(dialog, E('p', {}, [ _('There is nothing to apply.') ]));
			window.setTimeout(hideModal, 100);
		});
	}
};

return baseclass.extend({
	AbstractElement: widgets.AbstractElement,
	Textfield: widgets.Textfield,
	Checkbox: widgets.Checkbox,
	Select: widgets.Select,
	DynamicList: widgets.DynamicList,
	Dropdown: widgets.Dropdown,
	ComboButton: widgets.ComboButton,

	showModal,
	hideModal,
	changes,
	tabs,

	addNotification(title, children, ...classes) {
		const note = E('div', { 'class': 'alert-message fade-in', 'style': 'display:flex' }, [
			E('div', { 'style': 'flex:10' }, title == null ? [] : [ E('h4', {}, title) ]),
			E('div', {}, [ E('button', { 'class': 'btn', 'click': () => note.remove() }, [ _('Dismiss') ]) ])
		]);

		dom.append(note.firstElementChild, children);
		note.classList.add(...classes);
		document.getElementById('maincontent').prepend(note);

		return note;
	},

	addValidator(field, type, optional, vfunc, ...events) {
		return validator.add(field, type, optional, vfunc, ...events);
	},

	// createHandlerFn keeps a button from being pressed again while what it
	// does goes on.
	createHandlerFn(ctx, fn, ...args) {
		const run = (typeof fn == 'string') ? ctx[fn] : fn;

		if (typeof run != 'function')
			return null;

		return (...given) => {
			const node = given[0].currentTarget;

			node.classList.add('spinning');
			node.disabled = true;
			node.blur();
			Promise.resolve(run.apply(ctx, [ ...args, ...given ])).finally(() => {
				node.classList.remove('spinning');
				node.disabled = false;
			});
		};
	}
});
