// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require form';
'require luci-sso.fields as fields';
'require luci-sso.logic as logic';
'require luci-sso.validate as validate';

// What is asked of the provider besides: fields for the parameters that people
// use, and a list for the rest. All of them are entries of list auth_param.

const USUAL = [ 'prompt', 'acr_values', 'domain_hint', 'hd' ];

function nameOf(entry) {
	return entry.split('=')[0];
}

return baseclass.extend({
	// add puts the fields into the section with the settings.
	add(s) {
		const entries = (o, section_id) => logic.toList(o.map.data.get(o.map.config, section_id, 'auth_param'));
		const store = (o, section_id, list) => {
			if (list.length)
				o.map.data.set(o.map.config, section_id, 'auth_param', list);
			else
				o.map.data.unset(o.map.config, section_id, 'auth_param');
		};
		// Only the first of a name has a field; what is there twice is seen in
		// the list, and refused.
		const own = (list, name) => list.findIndex((e) => nameOf(e) == name);
		const rest = (list) => list.filter((e, i) => !USUAL.includes(nameOf(e)) || own(list, nameOf(e)) != i);
		let o;

		const usual = (type, name, description) => {
			o = s.taboption('advanced', type, '_auth_' + name, name, description);
			o.load = function(section_id) {
				const list = entries(this, section_id);
				const i = own(list, name);

				return (i < 0) ? '' : list[i].substring(name.length + 1);
			};
			o.write = function(section_id, value) {
				const list = entries(this, section_id).slice();
				const i = own(list, name);

				list.splice((i < 0) ? list.length : i, (i < 0) ? 0 : 1, name + '=' + value);
				store(this, section_id, list);
			};
			o.remove = function(section_id) {
				const list = entries(this, section_id);
				const i = own(list, name);

				if (i >= 0)
					store(this, section_id, list.filter((e, n) => n != i));
			};
			o.validate = (section_id, value) => value ? validate.validateParam(name + '=' + value) : true;
		};

		usual(form.ListValue, 'prompt', _('What the provider shows each time, whoever is signed in there.'));
		o.value('', _('automatic'));
		for (let value of [ 'login', 'select_account', 'consent' ])
			o.value(value);

		const load = o.load;

		o.load = function(section_id) {
			const value = load.call(this, section_id);

			// Another one is kept.
			if (value && !this.keylist.includes(value))
				this.value(value);

			return value;
		};

		usual(form.Value, 'acr_values', _('The kinds of sign-in to ask for, separated by spaces. Roles decide whether one is needed.'));
		usual(form.Value, 'domain_hint', _('For Microsoft: shows the sign-in page of this organisation at once. It keeps nobody out.'));
		o.placeholder = 'example.com';
		usual(form.Value, 'hd', _('For Google: offers only accounts of this organisation. It keeps nobody out.'));
		o.placeholder = 'example.com';

		o = fields.add('advanced', 'auth_param');
		o.placeholder = 'login_hint=user@example.com';
		o.validate = (section_id, value) => validate.validateParam(value);
		o.load = function(section_id) {
			return rest(entries(this, section_id));
		};
		o.write = function(section_id, values) {
			const list = entries(this, section_id);

			store(this, section_id, list.filter((e) => !rest(list).includes(e)).concat(logic.toList(values)));
		};
		o.remove = function(section_id) {
			if (rest(entries(this, section_id)).length)
				this.write(section_id, []);
		};
	}
});
