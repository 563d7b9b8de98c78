// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require form';
'require ui';
'require dom';
'require luci-sso.logic as logic';

// The form elements of the settings page that LuCI does not have ready made,
// each built from one that it has.

// A text field that can say more than valid or not: `hint` returns a sentence
// about a legal but unlikely value and is asked again as one types.
const HintValue = form.Value.extend({
	__name__: 'CBI.SSOHintValue',

	hint() {
		return '';
	},

	updateHint(section_id) {
		const node = this.hintNode && this.hintNode[section_id];

		if (!node)
			return;

		const elem = this.getUIElement(section_id);
		const text = this.map.readonly ? '' : this.hint(section_id, elem ? elem.getValue() || '' : '') || '';

		if (node.textContent !== text)
			dom.content(node, text);

		node.style.display = text ? '' : 'none';
	},

	// extra nodes to stand in one line with the field
	extra() {
		return [];
	},

	renderWidget(section_id, option_index, cfgvalue) {
		const widget = form.Value.prototype.renderWidget.call(this, section_id, option_index, cfgvalue);
		const hint = E('div', {
			'class': 'alert-message warning',
			'role': 'status',
			'data-hint': this.option,
			'style': 'display:none; margin:.5em 0; width:auto'
		});
		const update = () => this.updateHint(section_id);
		const input = widget.querySelector('input');

		if (input) {
			if (this.required)
				input.setAttribute('aria-required', 'true');

			if (this.password)
				input.setAttribute('autocomplete', 'new-password');

			if (this.inputmode)
				input.setAttribute('inputmode', this.inputmode);

			if (this.wide)
				input.style.width = 'min(100%, 32em)';
		}

		this.hintNode = this.hintNode || {};
		this.hintNode[section_id] = hint;

		widget.addEventListener('keyup', update);
		widget.addEventListener('widget-change', update);
		window.setTimeout(update, 0);

		const extra = this.extra(section_id);

		if (extra.length) {
			widget.style.flex = '1 1 20em';
			widget.style.maxWidth = '32em';
		}

		return E('div', {}, [
			extra.length ? E('div', { 'style': 'display:flex; flex-wrap:wrap; gap:.5em; align-items:center' }, [ widget, ...extra ]) : widget,
			hint
		]);
	}
});

// The table of access groups: one row a group of this router, with a search
// field and the number granted. It edits nothing but its own state; the level
// above it decides whether that state counts.
const AccessGroups = form.Value.extend({
	__name__: 'CBI.SSOAccessGroups',

	groups: [],

	renderWidget(section_id) {
		const read = this.map.data.get(this.map.config, section_id, 'read');
		const write = this.map.data.get(this.map.config, section_id, 'write');
		const matrix = logic.matrixOf(this.groups, read, write);
		const readonly = (this.readonly != null) ? this.readonly : this.map.readonly;
		const count = E('span', { 'role': 'status', 'data-count': '' });
		const rows = [];

		const changed = (node) => {
			const values = rows.map((r) => r.select.value);

			dom.content(count, _('%d of %d groups granted, %d of them with write access').format(
				values.filter((v) => v !== '').length, values.length,
				values.filter((v) => v === 'write').length));

			if (node)
				node.dispatchEvent(new CustomEvent('widget-change', { bubbles: true }));
		};

		for (let g of this.groups) {
			const select = E('select', {
				'class': 'cbi-input-select',
				'style': 'width:auto; min-width:0',
				'data-acl-group': g.name,
				'aria-label': _('Access level for %s').format(g.name),
				'disabled': readonly || null,
				'change': (ev) => changed(ev.currentTarget)
			}, [
				E('option', { 'value': '' }, [ _('denied', 'No permissions granted') ]),
				E('option', { 'value': 'read' }, [ _('readonly', 'Only read permissions granted') ]),
				E('option', { 'value': 'write' }, [ _('full', 'All permissions granted') ])
			]);

			select.value = matrix[g.name];

			rows.push({
				select,
				text: (g.name + ' ' + (g.description || '')).toLowerCase(),
				node: E('tr', { 'class': 'tr' }, [
					E('td', { 'class': 'td', 'data-title': _('Access group') }, [ g.name ]),
					E('td', { 'class': 'td', 'data-title': _('Description') }, [ g.description || '-' ]),
					E('td', { 'class': 'td', 'data-title': _('Access level') }, [ select ])
				])
			});
		}

		const search = E('input', {
			'type': 'search',
			'class': 'cbi-input-text',
			'placeholder': _('Search…'),
			'aria-label': _('Search access groups'),
			'input': (ev) => {
				const words = ev.currentTarget.value.toLowerCase().split(/\s+/);

				for (let r of rows)
					r.node.style.display = words.every((w) => r.text.includes(w)) ? '' : 'none';
			}
		});

		const setAll = (value, label) => E('button', {
			'type': 'button',
			'class': 'btn cbi-button',
			'disabled': readonly || null,
			'click': (ev) => {
				ev.preventDefault();

				for (let r of rows)
					if (r.node.style.display !== 'none')
						r.select.value = value;

				changed(ev.currentTarget);
			}
		}, [ label ]);

		changed();

		return E('div', { 'id': this.cbid(section_id), 'data-access-groups': '' }, [
			E('div', { 'style': 'display:flex; flex-wrap:wrap; gap:.5em; align-items:center; margin-bottom:.5em' }, [
				search,
				E('span', {}, [ _('Set all shown:') ]),
				setAll('', _('denied', 'No permissions granted')),
				setAll('read', _('readonly', 'Only read permissions granted')),
				setAll('write', _('full', 'All permissions granted'))
			]),
			E('p', {}, [ count ]),
			E('table', { 'class': 'table', 'aria-label': _('Access groups') }, [
				E('tr', { 'class': 'tr table-titles' }, [
					E('th', { 'class': 'th', 'scope': 'col' }, [ _('Access group') ]),
					E('th', { 'class': 'th', 'scope': 'col' }, [ _('Description') ]),
					E('th', { 'class': 'th', 'scope': 'col' }, [ _('Access level') ])
				]),
				...rows.map((r) => r.node)
			])
		]);
	},

	// formvalue is the matrix, not the lists: null when the table is not there.
	formvalue(section_id) {
		const node = this.map.findElement('id', this.cbid(section_id));
		const matrix = {};

		if (!node)
			return null;

		node.querySelectorAll('[data-acl-group]').forEach((select) => {
			matrix[select.getAttribute('data-acl-group')] = select.value;
		});

		return matrix;
	},

	isValid() {
		return true;
	},

	write() {},

	remove() {}
});

// copyButton puts the text that `value` returns on the clipboard, also where
// the page is not in a secure context and the clipboard API is missing.
function copyButton(value, name) {
	const label = _('Copy');
	const button = E('button', {
		'type': 'button',
		'class': 'btn cbi-button cbi-button-neutral',
		'aria-label': name ? label + ': ' + name : _('Copy the Redirect URI'),
		'click': ui.createHandlerFn(null, (ev) => {
			const text = value();
			let done;

			ev.preventDefault();

			if (navigator.clipboard && window.isSecureContext) {
				done = navigator.clipboard.writeText(text);
			}
			else {
				const area = E('textarea', { 'readonly': '', 'style': 'position:fixed; opacity:0' }, [ text ]);

				document.body.appendChild(area);
				area.select();
				done = document.execCommand('copy') ? Promise.resolve() : Promise.reject();
				document.body.removeChild(area);
			}

			return done.then(() => _('Copied'), () => _('Select the address and copy it')).then((said) => {
				dom.content(button, said);
				window.setTimeout(() => dom.content(button, label), 2500);
			});
		})
	}, [ label ]);

	return button;
}

// Where a screen is narrow, themes take a table's titles away, and most show
// none in the cells instead. Lists of texts are as wide as on a desk in some.
const STYLE = `
	[data-sso-narrow] :is(#view, .cbi-modal) td[data-title]:not(.cbi-section-actions) { padding-left: 0; padding-right: 0; }
	[data-sso-narrow] :is(#view, .cbi-modal) td[data-title]::before { content: attr(data-title); display: block; position: static; font-weight: bold; }
	[data-sso-narrow] :is(#view, .cbi-modal) td[data-title]::after { content: none; }
	[data-sso-narrow] :is(#view, .cbi-modal) .cbi-dynlist { min-width: 0; width: 100%; max-width: 100%; box-sizing: border-box; }
	[data-sso-narrow] :is(#view, .cbi-modal) .cbi-dynlist > .add-item { min-width: 0; max-width: 100%; flex: 1 1 100%; margin: 0; }
	[data-sso-narrow] :is(#view, .cbi-modal) .cbi-dynlist > .add-item > input { min-width: 0; width: 0; flex: 1 1 0; }
`;

// fitScreen is told to the browser once, and looks again whenever the page's
// width changes.
function fitScreen() {
	const look = () => {
		const title = document.querySelector('#luci-sso-status tr.table-titles th');

		document.body.toggleAttribute('data-sso-narrow', !!title && !title.offsetParent);
	};

	window.addEventListener('resize', look);
	window.setTimeout(look, 0);

	return E('style', {}, [ STYLE ]);
}

// FOLDS is the style of what opens and closes: the browser's own sign for it,
// which a theme that takes the signs of all lists away hides, too.
const FOLDS = 'list-style:revert; cursor:pointer';

// statusText is a word with a sign, so that nothing depends on colour alone.
function statusText(status) {
	const words = {
		pass: [ '✓', _('passed') ],
		warn: [ '⚠', _('warning') ],
		fail: [ '✗', _('failed') ],
		skip: [ '–', _('skipped') ]
	};
	const word = words[status] || words.skip;

	// No theme's word for it is red in all of them, so red is a rule of ours.
	return E('span', {
		'class': 'label ' + ({ pass: 'success', warn: 'warning', fail: 'danger' }[status] || ''),
		'style': 'white-space:nowrap; display:inline-block' + ((status == 'fail') ? '; background:#b3261e; border-color:#b3261e; color:#fff' : '')
	}, [ E('span', { 'aria-hidden': 'true' }, [ word[0] + ' ' ]), word[1] ]);
}

// sentence translates a template of the backend and fills it in afterwards.
function sentence(template, args) {
	if (!template)
		return '';

	const filling = logic.toList(args).map((a) => a === '' ? '' : _(String(a)));

	// A sentence without gaps may hold a percent sign of its own.
	return filling.length ? _(template).format(...filling) : _(template);
}

// checkTable shows the rows of a check; `titles` names them by their id, and
// `actions` has what to click for some of them.
function checkTable(checks, titles, label, actions) {
	return E('table', { 'class': 'table', 'aria-label': label, 'data-checks': '' }, [
		E('tr', { 'class': 'tr table-titles' }, [
			E('th', { 'class': 'th', 'scope': 'col', 'width': '20%' }, [ _('Check') ]),
			E('th', { 'class': 'th', 'scope': 'col', 'width': '10%' }, [ _('Result') ]),
			E('th', { 'class': 'th', 'scope': 'col' }, [ _('Details') ])
		]),
		...checks.map((c) => E('tr', { 'class': 'tr', 'data-check': c.id, 'data-status': c.status }, [
			E('td', { 'class': 'td', 'data-title': _('Check') }, [ titles[c.id] || c.id, c.provider ? ' (' + c.provider + ')' : '' ]),
			E('td', { 'class': 'td', 'data-title': _('Result') }, [ statusText(c.status) ]),
			E('td', { 'class': 'td', 'data-title': _('Details'), 'style': 'overflow-wrap:anywhere; text-align:left' }, [
				sentence(c.message, c.args),
				(c.remedy && c.status != 'pass') ? E('div', {}, [ E('em', {}, [ _(c.remedy) ]) ]) : '',
				(actions && actions[c.id] && c.status != 'pass') ? E('div', {}, [ actions[c.id]() ]) : ''
			])
		]))
	]);
}

// worstFirst parts a check's rows: what has to be read, by weight, and the rest.
function worstFirst(checks) {
	return {
		bad: checks.filter((c) => c.status == 'fail').concat(checks.filter((c) => c.status == 'warn')),
		rest: checks.filter((c) => c.status != 'fail' && c.status != 'warn')
	};
}

return baseclass.extend({ FOLDS, fitScreen, worstFirst, HintValue, AccessGroups, copyButton, statusText, sentence, checkTable });
