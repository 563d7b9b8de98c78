// SPDX-License-Identifier: Apache-2.0
//
// The stand-in for LuCI's JavaScript: what the settings page uses of it, and
// nothing else, written anew. It is for tests and for the lab, where no router
// is at hand. It must not be kinder than LuCI: whatever the page asks for and
// is not here is an error that names it, never silence.

(function () {
	'use strict';

	// missing ends whatever asked for something the stand-in does not have. It
	// is said on the console too, for callers that swallow what they catch.
	function missing(what) {
		const error = new Error('The stand-in for LuCI has no ' + what);

		console.error(error.message);
		throw error;
	}

	// strict hands out the members of an object and refuses all others. What
	// JavaScript itself asks any object for is let through.
	function strict(name, target) {
		const asked = [ 'then', 'toJSON' ];

		return new Proxy(target, {
			get(object, key, receiver) {
				if (typeof key == 'string' && !(key in object) && !asked.includes(key))
					missing(name + '.' + key);

				return Reflect.get(object, key, receiver);
			}
		});
	}

	// Base is what LuCI calls baseclass: classes are made from objects.
	class Base {
		static extend(members) {
			const Extended = class extends this {};

			for (let [ name, value ] of Object.entries(members)) {
				if (name == '__init__')
					missing('constructor (__init__) for classes of a page');

				Object.defineProperty(Extended.prototype, name, { value, writable: true, configurable: true });
			}

			return Extended;
		}
	}

	// refuse takes names that LuCI's class has and this one has not. Setting
	// one is as wrong as reading it: both would do nothing here.
	function refuse(target, name, names) {
		for (let key of names.split(/\s+/)) {
			if (key in target.prototype)
				throw new Error('The stand-in has ' + name + '.' + key + ' and refuses it');

			Object.defineProperty(target.prototype, key, {
				configurable: true,
				get: () => missing(name + '.' + key),
				set() {
					missing(name + '.' + key);
				}
			});
		}
	}

	refuse(Base, 'baseclass', 'super varargs');

	const env = {};
	const modules = { baseclass: strict('baseclass', Base) };

	// A module is the body of a function; the directives at its top name the
	// modules it is given.
	function load(name) {
		const path = env.resource + '/' + name.replace(/\./g, '/') + '.js';
		const ours = /^(luci-sso|view)\./.test(name);

		return fetch(path).then((reply) => reply.ok ? reply.text() : missing('module ' + name)).then((source) => {
			const wanted = [ ...source.matchAll(/^'require (\S+?)(?: as (\S+))?';$/gm) ]
				.map((m) => [ m[1], m[2] || m[1].replace(/[^a-zA-Z0-9_]/g, '_') ]);

			return Promise.all(wanted.map((w) => require(w[0]))).then((found) => {
				// LuCI's loader makes functions of its files in the same way.
				// eslint-disable-next-line no-new-func
				const run = new Function(...wanted.map((w) => w[1]), 'L', source + '\n//# sourceURL=' + path);
				const result = run(...found, ours ? L : inner);

				if (typeof result != 'function' || !(result.prototype instanceof Base))
					throw new Error(path + ' returns no class');

				// What others extend stays a class; a module is its only object.
				if (name == 'view')
					return result;

				return (ours || name.startsWith('standin.')) ? new result() : strict(name, new result());
			});
		});
	}

	function require(name) {
		return Promise.resolve(modules[name] = modules[name] || load(name));
	}

	const L = strict('L', {
		env: env,

		// hasViewPermission: null, false and true are LuCI's answers for no
		// page, one to look at, one to work on.
		hasViewPermission() {
			return env.nodespec ? !env.nodespec.readonly : null;
		},

		resolveDefault(value, otherwise) {
			return Promise.resolve(value).catch(() => otherwise);
		}
	});

	// What the stand-in's own files need besides.
	const inner = { env, missing, refuse, Base };

	window.L = L;

	function start() {
		Object.assign(env, JSON.parse(document.getElementById('luci-env').textContent));
		document.documentElement.lang = env.language;

		const words = (env.language == 'en') ? Promise.resolve({})
			: fetch(env.resource + '/standin/i18n/' + env.language + '.json').then((reply) => reply.json());

		return words.then((catalogue) => { window.TR = catalogue; })
			.then(() => require('dom'))
			.then((dom) => { window.E = (...args) => dom.create(...args); })
			.then(() => require('ui'))
			.then(() => require('view.' + env.view.replace(/\//g, '.')));
	}

	document.addEventListener('DOMContentLoaded', start);
})();
