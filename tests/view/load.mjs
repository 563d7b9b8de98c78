// SPDX-License-Identifier: Apache-2.0
//
// Loads a LuCI module of this project into node: the few things of LuCI's
// runtime that the logic uses, and nothing that needs a browser.

import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const TOP = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const RESOURCES = join(TOP, 'htdocs/luci-static/resources');

// LuCI adds format() to strings; this one knows what the project uses.
if (!String.prototype.format)
	Object.defineProperty(String.prototype, 'format', {
		value(...args) {
			return this.replace(/%[sdt]/g, () => String(args.shift()));
		}
	});

// load returns a module, with those of ours that it requires.
export function load(name) {
	const source = readFileSync(join(RESOURCES, `${name.replace(/\./g, '/')}.js`), 'utf8');
	const baseclass = { extend: (members) => members };
	const required = [ ...source.matchAll(/^'require (luci-sso\.\w+) as (\w+)';$/gm) ];

	return new Function('baseclass', '_', ...required.map((m) => m[2]), source)(baseclass, (s) => s, ...required.map((m) => load(m[1])));
}
