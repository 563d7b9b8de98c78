// SPDX-License-Identifier: Apache-2.0
//
// What `uci get`, `show` and `set` of a router do, for the router of stand-ins:
// on the files themselves, with a reader of its own.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WORD = /(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\#])+/g;
const PART = /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)/g;

function words(line) {
	return (line.replace(/^\s*#.*/, '').match(WORD) || []).map((word) =>
		word.replace(PART, (all, single, double, escaped, plain) => single ?? double?.replace(/\\(.)/g, '$1') ?? escaped ?? plain));
}

// parse gives [ { type, name, options: Map of name to list of values } ].
export function parse(text) {
	const sections = [];

	for (const line of text.split('\n')) {
		const [ keyword, name, value ] = words(line);

		if (keyword == 'config')
			sections.push({ type: name, name: value, options: new Map() });
		else if (keyword == 'option')
			sections.at(-1).options.set(name, [ value ]);
		else if (keyword == 'list')
			sections.at(-1).options.set(name, [ ...sections.at(-1).options.get(name) ?? [], value ]);
	}

	return sections;
}

export function uci(root, ...args) {
	const [ command, what = '' ] = args.filter((arg) => !arg.startsWith('-'));
	const [ , config, section, option, value ] = /^([^.=]+)(?:\.([^.=]+))?(?:\.([^.=]+))?(?:=(.*))?$/.exec(what);
	const file = join(root, 'etc/config', config);
	const text = readFileSync(file, 'utf8');
	const shown = parse(text).filter((s) => !section || s.name === section);
	const quote = (v) => `'${v.replaceAll("'", "'\\''")}'`;

	switch (command) {
	case 'get': {
		const found = option ? shown[0]?.options.get(option)?.join(' ') : shown[0]?.type;

		if (found === undefined)
			throw new Error(`uci: there is no ${what}`);

		return found;
	}

	case 'show':
		return shown.flatMap((s) => [ `${config}.${s.name}=${s.type}`,
			...[ ...s.options ].map(([ name, values ]) => `${config}.${s.name}.${name}=${values.map(quote).join(' ')}`) ]).join('\n');

	case 'set':
		writeFileSync(file, text.replace(new RegExp(`(config \\S+ '?${section}'?\\n(?:\\s+.*\\n)*?\\s+option ${option}) .*`), `$1 ${quote(value)}`));

		return '';

	case 'commit':
		return '';
	}

	throw new Error(`uci ${command} is not for the stand-in`);
}
