// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require standin.validator as validator';

// The stand-in for LuCI: the widgets of a form, and what they tell the page:
// `widget-change` when somebody has changed something, `widget-update` at every
// stroke. The elements, their classes and ids are LuCI's.

class AbstractElement extends L.Base {
	constructor(value, options) {
		super();
		this.value = value;
		this.options = options;
	}

	isValid() {
		return this.validState !== false;
	}

	getValidationError() {
		return this.validationError || '';
	}

	// triggerValidation tells whether the answer is another one than before.
	triggerValidation() {
		const before = this.isValid();

		if (this.vfunc)
			this.vfunc();

		return before != this.isValid();
	}

	registerEvents(target, synevent, events) {
		for (let name of events)
			target.addEventListener(name, () => this.node.dispatchEvent(new CustomEvent(synevent, { bubbles: true })));
	}

	setUpdateEvents(target, ...events) {
		this.registerEvents(target, 'widget-update', events);
		this.node.addEventListener('validation-success', () => { this.validState = true; this.validationError = ''; });
		this.node.addEventListener('validation-failure', (ev) => { this.validState = false; this.validationError = ev.detail.message; });
		this.vfunc = validator.add(target, 'string', this.options.optional, this.options.validate, ...events);
	}

	setChangeEvents(target, ...events) {
		for (let name of events)
			target.addEventListener(name, () => this.node.setAttribute('data-changed', 'true'));

		this.registerEvents(target, 'widget-change', events);
	}
}

// frame makes a widget's outer element, which the widget keeps.
function frame(widget, attributes, children) {
	widget.node = E('div', Object.assign({ 'id': widget.options.id }, attributes), children);
	dom.bindClassInstance(widget.node, widget);
}

// input makes the element with a widget's own id.
function input(widget, tag, attributes, children) {
	return E(tag, Object.assign({ 'id': 'widget.' + widget.options.id, 'disabled': widget.options.disabled ? '' : null }, attributes), children);
}

function revealButton(field) {
	return E('button', {
		'class': 'cbi-button cbi-button-neutral',
		'title': _('Reveal/hide password'),
		'aria-label': _('Reveal/hide password'),
		'click': (ev) => {
			ev.preventDefault();
			field.type = (field.type == 'password') ? 'text' : 'password';
		}
	}, [ '∗' ]);
}

class Textfield extends AbstractElement {
	render() {
		const secret = this.options.password;
		const field = input(this, 'input', {
			'type': secret ? 'password' : 'text',
			'class': secret ? 'cbi-input-password' : 'cbi-input-text',
			'placeholder': this.options.placeholder,
			'value': this.value
		});

		frame(this, {}, [ secret ? E('div', { 'class': 'control-group' }, [ field, revealButton(field) ]) : field ]);
		this.field = field;
		this.setUpdateEvents(field, 'keyup', 'blur');
		this.setChangeEvents(field, 'change');

		return this.node;
	}

	getValue() {
		return this.field.value;
	}

	setValue(value) {
		this.field.value = value;
	}
}

class Checkbox extends AbstractElement {
	render() {
		const id = 'cb' + Math.random().toString(16).slice(2, 10).padEnd(8, '0');

		this.field = E('input', {
			'id': id,
			'type': 'checkbox',
			'value': this.options.value_enabled,
			'checked': (this.value == this.options.value_enabled) ? '' : null,
			'disabled': this.options.disabled ? '' : null,
			'data-widget-id': 'widget.' + this.options.id
		});
		frame(this, { 'class': 'cbi-checkbox' }, [ this.field, E('label', { 'for': id }) ]);
		this.setUpdateEvents(this.field, 'click', 'blur');
		this.setChangeEvents(this.field, 'change');

		return this.node;
	}

	isChecked() {
		return this.field.checked;
	}

	getValue() {
		return this.field.checked ? this.options.value_enabled : this.options.value_disabled;
	}

	setValue(value) {
		this.field.checked = (value == this.options.value_enabled);
	}
}

class Select extends AbstractElement {
	constructor(value, choices, options) {
		super(value, options);
		this.choices = choices || {};
	}

	render() {
		const value = (this.value == null) ? '' : String(this.value);
		const option = (key, label) => E('option', { 'value': key, 'selected': (key === value) ? '' : null }, [ label ]);
		const keys = this.options.sort.filter((key) => key !== '');
		const entries = keys.map((key) => option(key, this.choices[key]));

		// No choice is one, and comes first.
		if ('' in this.choices || this.options.optional)
			entries.unshift(option('', this.choices[''] || _('-- Please choose --')));

		this.field = input(this, 'select', { 'class': 'cbi-input-select' }, entries);
		this.options.optional = this.options.optional || '' in this.choices;
		frame(this, {}, [ this.field ]);
		this.setUpdateEvents(this.field, 'change', 'click', 'blur');
		this.setChangeEvents(this.field, 'change');

		return this.node;
	}

	getValue() {
		return this.field.value;
	}

	setValue(value) {
		this.field.value = (value == null) ? '' : value;
	}
}

// itemsOf are the entries of a list; addTyped adds what stands in its field.
function itemsOf(list) {
	return [ ...list.node.querySelectorAll('.item > input[type="hidden"]') ].map((n) => n.value);
}

function addTyped(list) {
	if (list.field.value === '' || list.field.classList.contains('cbi-input-invalid'))
		return;

	list.addItem(list.node, list.field.value);
	list.field.value = '';
}

class DynamicList extends AbstractElement {
	render() {
		this.field = input(this, 'input', { 'type': 'text', 'class': 'cbi-input-text', 'placeholder': this.options.placeholder });
		this.last = E('div', { 'class': 'add-item control-group' }, [ this.field, E('div', { 'class': 'btn cbi-button cbi-button-add' }, [ '+' ]) ]);
		frame(this, { 'class': 'cbi-dynlist', 'disabled': this.options.disabled ? '' : null }, [ this.last ]);
		validator.add(this.field, 'string', true, this.options.validate, 'blur', 'keyup');

		for (let value of this.value)
			this.addItem(this.node, value);

		this.node.addEventListener('click', (ev) => this.handleClick(ev));
		this.node.addEventListener('keydown', (ev) => this.handleKeydown(ev));
		this.node.addEventListener('dragstart', () => L.missing('dragging in a list'));
		this.options.optional = true;
		this.setUpdateEvents(this.node, 'cbi-dynlist-change');
		this.setChangeEvents(this.node, 'cbi-dynlist-change');

		return this.node;
	}

	addItem(dl, value, text, flash) {
		if (text != null || flash)
			L.missing('entry of a list that shows another text, or flashes');

		if (!itemsOf(this).includes(value))
			dl.insertBefore(E('div', { 'class': 'item', 'tabindex': 0, 'draggable': true }, [
				E('span', {}, [ value ]), E('input', { 'type': 'hidden', 'value': value }) ]), this.last);

		dl.dispatchEvent(new CustomEvent('cbi-dynlist-change', { bubbles: true }));
	}

	removeItem(dl, item) {
		item.remove();
		dl.dispatchEvent(new CustomEvent('cbi-dynlist-change', { bubbles: true }));
	}

	handleClick(ev) {
		const item = ev.target.closest('.item');

		if (this.options.disabled)
			return;

		if (ev.target.matches('.cbi-button-add'))
			addTyped(this);

		// The cross is drawn by the style sheet, behind the text.
		if (item && item.getBoundingClientRect().right - ev.clientX <= parseFloat(window.getComputedStyle(item, '::after').width))
			this.removeItem(this.node, item);
	}

	handleKeydown(ev) {
		const item = ev.target.closest('.item');

		if (item && !this.options.disabled && [ 'Backspace', 'Delete' ].includes(ev.key))
			this.removeItem(this.node, item);

		if (!item && ev.key == 'Enter') {
			ev.preventDefault();
			addTyped(this);
		}
	}

	// getValue counts what has been typed but not yet added, if it is valid.
	getValue() {
		const items = itemsOf(this);
		const text = this.field.value;

		if (/\S/.test(text) && !this.field.classList.contains('cbi-input-invalid') && !items.includes(text))
			items.push(text);

		return items;
	}

	setValue(values) { // eslint-disable-line no-unused-vars
		L.missing('setValue() of a list');
	}
}

// A choice of several. What is not among the choices is lost, as in LuCI.
class Dropdown extends AbstractElement {
	constructor(values, choices, options) {
		super(values, options);
		this.choices = choices;
	}

	render() {
		const chosen = (key) => this.value.includes(key);

		this.list = E('ul', { 'tabindex': -1 }, this.options.sort.map((key) => E('li', {
			'data-value': key,
			'selected': chosen(key) ? '' : null
		}, [ E('form', {}, [ E('input', { 'type': 'checkbox', 'checked': chosen(key) ? '' : null, 'tabindex': -1 }) ]), this.choices[key] ])));
		frame(this, {
			'class': 'cbi-dropdown',
			'multiple': '',
			'optional': this.options.optional ? '' : null,
			'disabled': this.options.disabled ? '' : null,
			'tabindex': 0,
			'click': (ev) => this.handleClick(ev)
		}, [ this.list, E('span', { 'class': 'more', 'tabindex': -1 }, [ '···' ]), E('span', { 'class': 'open', 'tabindex': -1 }, [ '▾' ]), E('div') ]);
		this.setUpdateEvents(this.node, 'cbi-dropdown-open', 'cbi-dropdown-close');
		this.setChangeEvents(this.node, 'cbi-dropdown-change', 'cbi-dropdown-close');

		return this.node;
	}

	handleClick(ev) {
		const item = ev.target.closest('li');

		if (this.options.disabled)
			return;

		if (item && this.node.hasAttribute('open')) {
			item.toggleAttribute('selected');
			item.querySelector('input').checked = item.hasAttribute('selected');
			this.node.dispatchEvent(new CustomEvent('cbi-dropdown-change', { bubbles: true }));
		}
		else if (!item) {
			// Only what is open can be chosen from.
			const open = this.node.toggleAttribute('open');

			for (let li of this.list.children)
				li.toggleAttribute('tabindex', open);

			this.node.dispatchEvent(new CustomEvent(open ? 'cbi-dropdown-open' : 'cbi-dropdown-close', { bubbles: true }));
		}
	}

	getValue() {
		return [ ...this.list.querySelectorAll('li[selected]') ].map((li) => li.getAttribute('data-value'));
	}

	setValue(values) { // eslint-disable-line no-unused-vars
		L.missing('setValue() of a choice of several');
	}
}

// The button with a choice behind it. The choice does not open: only its first
// entry can be pressed.
class ComboButton extends AbstractElement {
	constructor(value, choices, options) {
		super(value, options);
		this.choices = choices;
	}

	render() {
		return E('div', {
			'class': 'cbi-dropdown ' + this.options.classes[this.value],
			'disabled': this.options.disabled ? '' : null,
			'tabindex': 0,
			'click': (ev) => {
				if (ev.target.matches('.more, .open'))
					L.missing('menu behind “' + this.choices[this.value] + '”');

				if (!this.options.disabled)
					this.options.click(ev, this.value);
			}
		}, [
			E('ul', { 'tabindex': -1 }, Object.entries(this.choices).map((c) => E('li', {
				'data-value': c[0],
				'selected': (c[0] == this.value) ? '' : null,
				'display': (c[0] == this.value) ? 0 : null
			}, c[1]))),
			E('span', { 'class': 'more', 'tabindex': -1 }, [ '···' ]),
			E('span', { 'class': 'open', 'tabindex': -1 }, [ '▾' ]),
			E('div', {}, [ E('input', { 'type': 'hidden', 'value': this.value }) ])
		]);
	}
}

return baseclass.extend({ AbstractElement, Textfield, Checkbox, Select, DynamicList, Dropdown, ComboButton });
