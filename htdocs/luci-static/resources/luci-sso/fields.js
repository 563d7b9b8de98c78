// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require form';
'require luci-sso.options as options';
'require luci-sso.validate as validate';
'require luci-sso.widgets as widgets';

// The fields of the settings, each made from its row in options: its label,
// its sentence of help, its default and what may stand in it. The page sets
// what a row cannot say.

const TYPES = { flag: form.Flag, choice: form.ListValue, list: form.DynamicList };

const CHECKS = {
	url: validate.validateIssuer,
	query_url: validate.validateURL,
	path: validate.validatePath
};

// What is left at its default is not written: the configuration stays as short
// as the guide has it.
function choices(o, row, own) {
	const words = Object.assign({ auto: _('automatic'), 1: _('always'), 0: _('never') }, own);

	for (let value of row.values)
		o.value((value == row.default) ? '' : value, words[value] || value);

	o.load = function(section_id) {
		const value = this.map.data.get(this.map.config, section_id, this.option);

		return (value == row.default) ? '' : value;
	};
}

return baseclass.extend({
	// begin is called with the section before its fields are added; `page`
	// tells what a field of the form holds.
	begin(section, page) {
		this.section = section;
		this.page = page;
		this.placed = {};
	},

	// add puts a field on a tab: `note` goes on after its help, and `words` are
	// its own for the values of a choice.
	add(tab, name, { note = '', words } = {}) {
		const row = options.get(name);
		const o = this.section.taboption(tab, TYPES[row.kind] || widgets.HintValue, name, row.label, row.help + (note ? ' ' + note : ''));

		this.placed[name] = true;

		if (row.kind == 'choice') {
			choices(o, row, words);
		}
		else if (row.kind == 'flag') {
			o.default = row.default;
		}
		else {
			o.placeholder = row.default || row.example;

			if (row.kind == 'text')
				o.validate = (section_id, value) => validate.validateText(name, value);
			else if (CHECKS[row.kind])
				o.validate = (section_id, value) => CHECKS[row.kind](value);
		}

		if (row.kind == 'url' || row.kind == 'query_url') {
			o.inputmode = 'url';
			o.wide = true;
		}

		if (row.kind == 'number') {
			o.inputmode = 'numeric';
			o.validate = (section_id, value) => validate.validateNumber(name, value);
			o.hint = (section_id, value) => validate.hintNumber(name, value, { rate_limit: this.page.formvalue('rate_limit') });
		}

		if (row.shipped) {
			o.default = row.default;
			o.rmempty = false;
		}

		return o;
	},

	// rest adds the fields of all rows that the page has no place of its own for.
	rest(tab) {
		for (let row of options.all())
			if (!this.placed[row.name])
				this.add(tab, row.name);
	}
});
