// SPDX-License-Identifier: Apache-2.0
//
// A page that is none: it takes the place of the settings page and writes down
// what LuCI's modules, or the stand-in's, have to offer. And what a page looks
// like without its words and styles, for comparing two of them.

export const PROBE = `'use strict';
'require baseclass';
'require dom';
'require form';
'require poll';
'require rpc';
'require uci';
'require ui';
'require view';

function kind(value) {
	if (typeof value != 'function')
		return typeof value;

	return (/^class /.test(String(value)) || value.prototype && value.prototype.__id__ !== undefined) ? 'class' : 'function';
}

// members of an object and of what it inherits from, and under ' reads' what
// LuCI's functions among them read of it: options that a page may set.
function members(object) {
	const found = {};
	const reads = new Set();

	for (let o = object; o && o !== Object.prototype && o !== Function.prototype; o = Object.getPrototypeOf(o))
		for (let name of Object.getOwnPropertyNames(o)) {
			const d = Object.getOwnPropertyDescriptor(o, name);

			if (typeof d.value == 'function')
				for (let m of String(d.value).matchAll(/this\\.([a-z]\\w*)/gi))
					reads.add(m[1]);

			if (!(name in found) && name != 'constructor')
				found[name] = d.get ? { kind: 'refused' } : { kind: kind(d.value), length: typeof d.value == 'function' ? d.value.length : null };
		}

	return Object.assign(found, { ' reads': [ ...reads ] });
}

return view.extend({
	render() {
		const m = new form.Map('luci-sso', 'title', 'description');
		const named = m.section(form.NamedSection, 'default', 'oidc', 'title');
		const made = {
			Map: m, JSONMap: new form.JSONMap({}, 'title', 'description'), NamedSection: named,
			GridSection: m.section(form.GridSection, 'role', 'title')
		};
		const all = { modules: {}, form: {}, ui: {}, view: members(view.prototype) };

		for (let [ name, module ] of Object.entries({ L, dom, form, poll, rpc, uci, ui }))
			all.modules[name] = members(module);

		for (let name of [ 'Value', 'DynamicList', 'MultiValue', 'ListValue', 'Flag', 'DummyValue' ])
			made[name] = named.option(form[name], 'name', 'title', 'description');

		for (let name of Object.keys(made))
			all.form[name] = members(made[name]);

		for (let name of [ 'AbstractElement', 'Textfield', 'Checkbox', 'Select', 'DynamicList', 'ComboButton' ])
			all.ui[name] = members(ui[name].prototype);

		window.probe = all;

		return E('div', { 'id': 'probe' });
	}
});
`;

// skeleton runs in the browser: the elements below a node with what tests,
// style sheets and screen readers go by. Numbers that are made up each time,
// styles, and sentences are left out.
export function skeleton(selector) {
	const kept = (a) => a.name != 'style' && a.name != 'data-idref' && a.name != 'data-action-col-width' &&
		!(a.name == 'class' && a.value === '') && !/^cb[0-9a-f]{4,8}$/.test(a.value);
	const value = (a) => (a.name == 'class') ? a.value.split(/\s+/).filter((c) => c && c != 'flash').sort().join(' ')
		: a.name == 'data-tooltip' ? 'said' : a.name == 'disabled' ? '' : a.value;
	const lines = [];
	const walk = (node, depth) => {
		const attributes = [ ...node.attributes ].filter(kept).map((a) => `${a.name}="${value(a)}"`).sort();

		lines.push([ '  '.repeat(depth) + node.localName, ...attributes ].join(' '));

		for (const child of node.children)
			walk(child, depth + 1);
	};

	for (const node of document.querySelectorAll(selector))
		walk(node, 0);

	return lines;
}
