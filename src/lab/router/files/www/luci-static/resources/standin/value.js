// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require ui';

// The stand-in for LuCI: options of a section and the fields that show them.

function same(a, b) {
	return (Array.isArray(a) || Array.isArray(b)) ? JSON.stringify(a) === JSON.stringify(b) : a == b;
}

// choices is what value() has put down, by key.
function choices(o) {
	return Object.fromEntries((o.keylist || []).map((key, i) => [ key, o.vallist[i] ]));
}

// fieldOf is the element around an option, if it is shown.
function fieldOf(o, section_id) {
	return o.map.findElement('data-field', o.cbid(section_id));
}

function refusal(o, section_id) {
	return new TypeError('Option “%s” contains an invalid input value. %s'.format(o.title || o.option, o.getValidationError(section_id)));
}

// followLabel: a checkbox has an id of its own, which the label does not name.
function followLabel(ev) {
	const elem = ev.currentTarget.parentNode.querySelector('[data-widget-id="' + ev.currentTarget.getAttribute('for') + '"]');

	if (elem) {
		elem.click();
		elem.focus();
	}
}

function widgetOptions(o, section_id, more) {
	return Object.assign({
		id: o.cbid(section_id),
		optional: o.rmempty,
		placeholder: o.placeholder,
		validate: (value) => o.validate(section_id, value),
		disabled: (o.readonly != null) ? o.readonly : o.map.readonly
	}, more);
}

class Value extends L.Base {
	constructor(map, section, option, title, description) {
		super();
		this.map = map;
		this.section = section;
		this.config = map.config;
		this.option = option;
		this.title = title || '';
		this.description = description || '';
		this.default = null;
		this.rmempty = true;
		this.deps = [];

		// What a page may set besides; LuCI's other options are refused.
		for (let name of [ 'data', 'forcewrite', 'keylist', 'modalonly', 'onchange', 'password', 'placeholder', 'readonly', 'retain', 'tab', 'vallist' ])
			this[name] = undefined;
	}

	value(key, label) {
		this.keylist = [ ...this.keylist || [], String(key) ];
		this.vallist = [ ...this.vallist || [], String(label == null ? key : label) ];
	}

	depends(field, value) {
		if (typeof field != 'string')
			L.missing('condition on more than one option');

		this.deps.push({ [field]: value });
	}

	cbid(section_id) {
		return [ 'cbid', this.config, section_id, this.option ].join('.');
	}

	// --- values: configured, and in the form

	load(section_id) {
		return this.map.data.get(this.config, section_id, this.option);
	}

	cfgvalue(section_id, set_value) {
		this.data = this.data || {};

		if (arguments.length > 1)
			this.data[section_id] = set_value;

		return this.data[section_id];
	}

	getUIElement(section_id) {
		const node = this.map.findElement('id', this.cbid(section_id));
		const found = node && dom.findClassInstance(node);

		return (found instanceof ui.AbstractElement) ? found : null;
	}

	formvalue(section_id) {
		const elem = this.getUIElement(section_id);

		return elem ? elem.getValue() : null;
	}

	textvalue(section_id) {
		const value = this.cfgvalue(section_id);

		return (value == null) ? this.default : [].concat(value).join(' ');
	}

	// --- whether it is there, and right

	isActive(section_id) {
		const node = fieldOf(this, section_id);

		return node != null && !node.classList.contains('hidden');
	}

	setActive(section_id, active) {
		const node = fieldOf(this, section_id);

		if (node)
			node.classList.toggle('hidden', !active);
	}

	// checkDepends: one of the conditions is enough.
	checkDepends(section_id) {
		// Without an element of its own there is nothing to show or hide.
		if (!fieldOf(this, section_id))
			return false;

		return !this.deps.length || this.deps.some((d) => Object.entries(d).every(([ name, value ]) => {
			const found = this.map.lookupOption(name, section_id);

			return found && found[0].isActive(section_id) && same(found[0].formvalue(section_id), value);
		}));
	}

	validate(section_id, value) { // eslint-disable-line no-unused-vars
		return true;
	}

	isValid(section_id) {
		const elem = this.getUIElement(section_id);

		return elem ? elem.isValid() : true;
	}

	getValidationError(section_id) {
		const elem = this.getUIElement(section_id);

		return elem ? elem.getValidationError() : '';
	}

	triggerValidation(section_id) {
		const elem = this.getUIElement(section_id);

		return elem ? elem.triggerValidation() : true;
	}

	// --- saving

	parse(section_id) {
		if (!this.isActive(section_id))
			return Promise.resolve(this.retain ? null : this.remove(section_id));

		if (!this.isValid(section_id))
			return Promise.reject(refusal(this, section_id));

		const value = this.formvalue(section_id);

		if (value == null || value == '') {
			if (!this.rmempty)
				return Promise.reject(new TypeError('Option “%s” must not be empty.'.format(this.title || this.option)));

			return Promise.resolve(this.remove(section_id));
		}

		return Promise.resolve((this.forcewrite || !same(this.cfgvalue(section_id), value)) ? this.write(section_id, value) : null);
	}

	write(section_id, formvalue) {
		this.map.data.set(this.config, section_id, this.option, formvalue);
	}

	remove(section_id) {
		this.map.data.unset(this.config, section_id, this.option);
	}

	// --- drawing

	render(option_index, section_id, in_table) {
		if (in_table)
			L.missing('field in a table');

		return Promise.resolve(this.renderWidget(section_id, option_index, this.cfgvalue(section_id)))
			.then((node) => this.renderFrame(section_id, false, option_index, node));
	}

	renderFrame(section_id, in_table, option_index, node) {
		const depends = this.deps.map((d) => Object.fromEntries(Object.entries(d).map((e) => [ [ 'cbid', this.config, section_id, e[0] ].join('.'), e[1] ])));
		const frame = E('div', {
			'class': 'cbi-value' + (depends.length ? ' hidden' : ''),
			'id': [ 'cbi', this.config, section_id, this.option ].join('-'),
			'data-index': option_index,
			'data-depends': depends,
			'data-field': this.cbid(section_id),
			'data-name': this.option,
			'data-widget': this.__name__
		}, [
			this.title ? E('label', {
				'class': 'cbi-value-title',
				'for': 'widget.' + this.cbid(section_id),
				'click': followLabel
			}, [ this.title ]) : null,
			E('div', { 'class': 'cbi-value-field' }, [
				node,
				this.description ? E('div', { 'class': 'cbi-value-description' }, [ this.description ]) : null
			])
		]);
		let before;

		frame.addEventListener('widget-change', (ev) => this.map.checkDepends(ev));
		frame.addEventListener('widget-change', (ev) => {
			const value = this.onchange && this.formvalue(section_id);

			if (this.onchange && !same(value, before)) {
				before = value;
				this.onchange(ev, section_id, value);
			}
		});

		return dom.bindClassInstance(frame, this) && frame;
	}

	renderWidget(section_id, option_index, cfgvalue) {
		if (this.keylist)
			L.missing('text field with choices');

		return new ui.Textfield((cfgvalue == null) ? this.default : cfgvalue, widgetOptions(this, section_id, { password: this.password })).render();
	}
}

class DynamicList extends Value {
	renderWidget(section_id, option_index, cfgvalue) {
		return new ui.DynamicList((cfgvalue == null) ? [] : [].concat(cfgvalue), widgetOptions(this, section_id)).render();
	}
}

class MultiValue extends DynamicList {
	renderWidget(section_id, option_index, cfgvalue) {
		return new ui.Dropdown((cfgvalue == null) ? [] : [].concat(cfgvalue), choices(this),
			widgetOptions(this, section_id, { sort: this.keylist, multiple: true })).render();
	}
}

class ListValue extends Value {
	renderWidget(section_id, option_index, cfgvalue) {
		return new ui.Select((cfgvalue == null) ? this.default : cfgvalue, choices(this), widgetOptions(this, section_id, { optional: false, sort: this.keylist })).render();
	}
}

class Flag extends Value {
	constructor(...args) {
		super(...args);
		this.enabled = '1';
		this.disabled = '0';
		this.default = '0';
	}

	renderWidget(section_id, option_index, cfgvalue) {
		return new ui.Checkbox((cfgvalue == null) ? this.default : cfgvalue,
			widgetOptions(this, section_id, { value_enabled: this.enabled, value_disabled: this.disabled })).render();
	}

	textvalue(section_id) {
		const value = this.cfgvalue(section_id);

		return (value == null ? this.default : value) == this.enabled ? _('Yes') : _('No');
	}

	// What is as by default is not written, unless the page wants it to be.
	parse(section_id) {
		const value = this.formvalue(section_id);

		if (!this.isValid(section_id))
			return Promise.reject(refusal(this, section_id));

		return Promise.resolve((!this.isActive(section_id) || (value == this.default && this.rmempty)) ? this.remove(section_id) : this.write(section_id, value));
	}
}

class DummyValue extends Value {
	renderWidget(section_id, option_index, cfgvalue) { // eslint-disable-line no-unused-vars
		L.missing('widget of a DummyValue, which shows a value and is not drawn by the page');
	}

	write() {}

	remove() {}
}

for (let [ Kind, name ] of [ [ Value, 'Value' ], [ DynamicList, 'DynamicList' ], [ MultiValue, 'MultiValue' ], [ ListValue, 'ListValue' ], [ Flag, 'FlagValue' ], [ DummyValue, 'DummyValue' ] ])
	Kind.prototype.__name__ = 'CBI.' + name;

return baseclass.extend({ Value, DynamicList, MultiValue, ListValue, Flag, DummyValue });
