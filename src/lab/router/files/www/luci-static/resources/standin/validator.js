// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// The stand-in for LuCI: a field that says what is wrong with it. The types
// are those LuCI itself asks for here; a page's own checks are functions.

const NAME = /^[a-zA-Z0-9_]+$/;

const types = {
	string: () => true,
	uciname: (value) => NAME.test(value) || _('valid UCI identifier')
};

function verdict(field, type, optional, vfunc) {
	const value = (field.value == null) ? '' : String(field.value);
	const basic = (value === '') ? (optional || _('non-empty value')) : types[type](value);

	if (basic !== true)
		return _('Expecting: %s').format(basic);

	return vfunc ? vfunc(value) : true;
}

return baseclass.extend({
	add(field, type, optional, vfunc, ...events) {
		if (!types[type])
			L.missing('data type “' + type + '”');

		const check = () => {
			// A field that is not on the page (yet) is not asked.
			if (!field.closest('body, [data-field]'))
				return true;

			const said = verdict(field, type, optional, vfunc);
			const valid = (said === true);

			field.classList.toggle('cbi-input-invalid', !valid);

			if (valid) {
				field.removeAttribute('data-tooltip');
				field.removeAttribute('data-tooltip-style');
			}
			else {
				field.setAttribute('data-tooltip', said);
				field.setAttribute('data-tooltip-style', 'error');
			}

			field.dispatchEvent(new CustomEvent(valid ? 'validation-success' : 'validation-failure', { bubbles: true, detail: { message: said } }));

			return valid;
		};

		for (let name of (events.length ? events : [ 'blur', 'keyup' ]))
			field.addEventListener(name, check);

		check();

		return check;
	}
});
