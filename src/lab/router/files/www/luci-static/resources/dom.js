// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// The stand-in for LuCI: elements. Strings are what LuCI takes them for: a
// string alone is markup, one in a list is text.

const instances = new WeakMap();

return baseclass.extend({
	elem(e) {
		return e != null && typeof e == 'object' && 'nodeType' in e;
	},

	append(node, children) {
		if (!this.elem(node))
			return null;

		if (Array.isArray(children)) {
			for (let child of children)
				if (child != null)
					node.appendChild(this.elem(child) ? child : document.createTextNode(String(child)));
		}
		else if (this.elem(children)) {
			node.appendChild(children);
		}
		else if (typeof children == 'function') {
			L.missing('dom.append() of a function');
		}
		else if (children != null) {
			// As dangerous as in LuCI, so that tests see what it would do.
			// eslint-disable-next-line no-restricted-properties
			node.innerHTML = String(children);
		}

		return node.lastChild;
	},

	content(node, children) {
		if (!this.elem(node))
			return null;

		node.replaceChildren();

		return this.append(node, children);
	},

	attr(node, key, val) {
		const all = (typeof key == 'string') ? { [key]: val } : key;

		for (let [ name, value ] of Object.entries(all || {})) {
			if (value == null)
				continue;

			if (typeof value == 'function')
				node.addEventListener(name, value);
			else
				node.setAttribute(name, (typeof value == 'object') ? JSON.stringify(value) : value);
		}
	},

	// create is E(): a name of an element, or a list for a fragment; then
	// attributes and event handlers, then children.
	create(what, attributes, children) {
		let node;

		if (attributes === undefined || attributes === null || typeof attributes != 'object' || Array.isArray(attributes) || this.elem(attributes)) {
			children = (attributes == null) ? children : attributes;
			attributes = null;
		}

		if (Array.isArray(what)) {
			node = document.createDocumentFragment();
			this.append(node, what);
		}
		else if (/^[a-z][a-z0-9]*$/.test(what)) {
			node = document.createElement(what);
		}
		else {
			L.missing('E() of “' + what + '”');
		}

		this.attr(node, attributes);
		this.append(node, children);

		return node;
	},

	bindClassInstance(node, inst) {
		instances.set(node, inst);

		return inst;
	},

	// findClassInstance looks at the element and those around it.
	findClassInstance(node) {
		for (let n = node; n; n = n.parentNode)
			if (instances.has(n))
				return instances.get(n);

		return null;
	},

	callClassMethod(node, method, ...args) {
		const inst = this.findClassInstance(node);

		return (inst && typeof inst[method] == 'function') ? inst[method](...args) : null;
	},

	// isEmpty: nothing in it but what is hidden or is to be overlooked.
	isEmpty(node, ignoreFn) {
		return ![ ...node.children ].some((n) => !n.classList.contains('hidden') && !(ignoreFn && ignoreFn(n)));
	}
});
