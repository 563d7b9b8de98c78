// SPDX-License-Identifier: Apache-2.0
//
// Turns a po file of this project into LuCI's catalogue format, for tests that
// look at the page in another language. Packages are made by scripts/package.

import { readFileSync } from 'node:fs';

const encoder = new TextEncoder();

// hash is the key of a text in a catalogue: Paul Hsieh's, started with the
// length, as LuCI's own reader has it.
export function hash(text) {
	const b = encoder.encode(text);
	const pair = (i) => b[i] | b[i + 1] << 8;
	const signed = (i) => (b[i] << 24) >> 24;
	let h = b.length >>> 0;
	let i = 0;

	if (!b.length)
		return 0;

	for (; b.length - i >= 4; i += 4) {
		h = (h + pair(i)) >>> 0;
		h = ((h << 16) ^ ((pair(i + 2) << 11) ^ h)) >>> 0;
		h = (h + (h >>> 11)) >>> 0;
	}

	switch (b.length - i) {
	case 3:
		h = (h + pair(i)) >>> 0;
		h = (h ^ (h << 16)) >>> 0;
		h = (h ^ (signed(i + 2) << 18)) >>> 0;
		h = (h + (h >>> 11)) >>> 0;
		break;

	case 2:
		h = (h + pair(i)) >>> 0;
		h = (h ^ (h << 11)) >>> 0;
		h = (h + (h >>> 17)) >>> 0;
		break;

	case 1:
		h = (h + signed(i)) >>> 0;
		h = (h ^ (h << 10)) >>> 0;
		h = (h + (h >>> 1)) >>> 0;
		break;
	}

	for (const [ left, n ] of [ [ true, 3 ], [ false, 5 ], [ true, 4 ], [ false, 17 ], [ true, 25 ], [ false, 6 ] ])
		h = left ? (h ^ (h << n)) >>> 0 : (h + (h >>> n)) >>> 0;

	return h;
}

// messages reads the translations of a po file by their keys.
export function messages(file) {
	const rv = new Map();

	for (const block of readFileSync(file, 'utf8').split('\n\n').slice(1)) {
		const field = (name) => {
			const m = block.match(new RegExp(`^${name} (".*")$`, 'm'));

			return m ? JSON.parse(m[1]) : '';
		};

		if (field('msgstr'))
			rv.set(field('msgctxt') ? `${field('msgctxt')}\u0001${field('msgid')}` : field('msgid'), field('msgstr'));
	}

	return rv;
}

export function catalogue(file) {
	const data = [];
	const index = [];
	let offset = 0;

	for (const [ key, text ] of messages(file)) {
		const bytes = Buffer.from(text);

		// What is its own translation needs no entry.
		if (hash(key) === hash(text))
			continue;

		index.push([ hash(key), 1, offset, bytes.length ]);
		data.push(bytes, Buffer.alloc((4 - bytes.length % 4) % 4));
		offset += bytes.length + (4 - bytes.length % 4) % 4;
	}

	index.sort((a, b) => a[0] - b[0]);

	const words = Buffer.alloc(index.length * 16 + 4);

	index.flat().forEach((n, i) => words.writeUInt32BE(n, i * 4));
	words.writeUInt32BE(offset, index.length * 16);

	return Buffer.concat([ ...data, words ]);
}
