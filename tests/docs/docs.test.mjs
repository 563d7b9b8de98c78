// SPDX-License-Identifier: Apache-2.0
//
// What of the documentation can be checked without the program: links and
// anchors, pictures, the syntax of shell snippets, the form of every guide.
// What needs the program is the Go package src/tests/doccheck.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { drawings } from './drawings.mjs';
import { pictures } from './pictures.mjs';

const TOP = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const LARGEST_PICTURE = 80 * 1024;

function walk(dir) {
	return readdirSync(join(TOP, dir), { withFileTypes: true }).flatMap((entry) => {
		const path = `${dir}/${entry.name}`;

		return entry.isDirectory() ? walk(path) : [ path ];
	});
}

const pages = [ ...readdirSync(TOP).filter((name) => name.endsWith('.md')), ...walk('docs').filter((name) => name.endsWith('.md')), 'tests/README.md' ];
const texts = new Map(pages.map((page) => [ page, readFileSync(join(TOP, page), 'utf8') ]));

// blocks are the fenced blocks: { language, text, line }; prose is the rest,
// line by line, with empty lines in their place.
function blocks(text) {
	const found = [];
	const prose = [];
	let open = null;

	text.split('\n').forEach((line, i) => {
		const fence = /^( *)```(.*)$/.exec(line);

		if (fence && !open)
			open = { language: fence[2].trim(), indent: fence[1].length, lines: [], line: i + 1 };
		else if (fence) {
			found.push({ ...open, text: `${open.lines.join('\n')}\n` });
			open = null;
		}
		else if (open)
			open.lines.push(line.slice(open.indent));
		prose.push(open || fence ? '' : line);
	});

	return { found, prose, unclosed: open };
}

// anchors are the headings' as the hosts of Git repositories make them.
function anchors(text) {
	const seen = new Map();

	return new Set(blocks(text).prose.filter((line) => /^#{1,6} /.test(line)).map((line) => {
		const plain = line.replace(/^#+ /, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
		const slug = plain.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-');
		const times = seen.get(slug) ?? 0;

		seen.set(slug, times + 1);

		return times ? `${slug}-${times}` : slug;
	}));
}

// links are [text](target) and ![text](target) of the prose, across lines.
function links(text) {
	const prose = blocks(text).prose.join('\n').replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]()!]/g, ' '));

	return [ ...prose.matchAll(/(!?)\[([^\]]*)\]\(([^()\s]+)\)/g) ].map((m) => ({ picture: m[1] === '!', label: m[2], target: m[3] }));
}

for (const [ page, text ] of texts) {
	test(`links of ${page}`, () => {
		for (const { target, label, picture } of links(text)) {
			if (/^https?:/.test(target)) {
				assert.ok(target.startsWith('https://'), `${target}: link with https`);
				continue;
			}
			const [ path, anchor ] = target.split('#');
			const file = path === '' ? page : relative(TOP, resolve(TOP, dirname(page), path));

			assert.ok(!path.startsWith('/'), `${target}: relative, or it works on one machine only`);
			assert.ok(existsSync(join(TOP, file)), `${target}: there is no ${file}`);
			if (anchor) {
				assert.ok(texts.has(file), `${target}: an anchor needs a page`);
				assert.ok(anchors(texts.get(file)).has(anchor), `${target}: ${file} has no heading #${anchor}`);
			}
			if (picture)
				assert.ok(label.length > 10, `${target}: say in the brackets what the picture shows, for those who cannot see it`);
		}
	});
}

test('every fence is closed, and shell snippets parse', () => {
	const shell = spawnSync('busybox', [ 'ash', '-n' ], { input: '' }).status === 0 ? [ 'busybox', 'ash', '-n' ] : [ 'sh', '-n' ];
	let checked = 0;

	for (const [ page, text ] of texts) {
		const { found, unclosed } = blocks(text);

		assert.equal(unclosed, null, `${page}:${unclosed?.line}: the fence is not closed`);
		for (const block of found) {
			if (block.language === 'bash' || block.language === 'shell')
				assert.fail(`${page}:${block.line}: OpenWrt's shell is sh, so name the block sh`);
			if (block.language === 'json')
				assert.doesNotThrow(() => JSON.parse(block.text), `${page}:${block.line}`);
			if (block.language !== 'sh')
				continue;
			// A word in capitals in angle brackets stands for something of the reader's.
			const run = spawnSync(shell[0], shell.slice(1), { input: block.text.replace(/<[A-Z][A-Z_]*>/g, 'placeholder'), encoding: 'utf8' });

			assert.equal(run.status, 0, `${page}:${block.line}: ${run.stderr}`);
			assert.doesNotMatch(block.text, /^\$ /m, `${page}:${block.line}: without a prompt it can be pasted`);
			checked++;
		}
	}
	assert.ok(checked > 40, `only ${checked} shell snippets were found`);
});

test('every page is in the index', () => {
	const index = texts.get('docs/README.md') + texts.get('docs/explanation/decisions/README.md');

	for (const page of pages.filter((name) => name.startsWith('docs/') && !name.endsWith('README.md')))
		assert.ok(index.includes(`(${page.replace(/^docs\/(explanation\/decisions\/)?/, '')})`), `docs/README.md does not lead to ${page}`);
});

test('the four kinds are kept apart', () => {
	for (const page of pages.filter((name) => name.startsWith('docs/')))
		assert.match(page, /^docs\/(README\.md|(tutorial|how-to|reference|explanation)\/)/, `${page} is no tutorial, how-to, reference or explanation`);
});

test('every provider has its guide, with all of its parts', () => {
	const guides = [ ...texts ].filter(([ , text ]) => /^# Sign in with /.test(text));

	assert.ok(guides.length >= 13, `only ${guides.length} guides begin with “# Sign in with …”`);
	for (const [ page, text ] of guides) {
		for (const part of [
			'**Tried or read?**', '## Before you start', '## 1. ', '## 2. ', '### On the settings page', '### Or at the shell',
			'| Field on the page | Value |', '## 3. Say who may do what', '### By e-mail', '### By group', '## 4. Verify',
			'## Troubleshooting', '| Code |', '## What luci-sso relies on', '/cgi-bin/luci-sso/callback',
		])
			assert.ok(text.includes(part), `${page} lacks “${part}”`);
	}
});

test('pictures: those that are used, made and committed are the same, and small', () => {
	const used = new Set([ ...texts ].flatMap(([ page, text ]) => links(text).filter((link) => link.picture)
		.map((link) => relative(join(TOP, 'docs/images'), resolve(TOP, dirname(page), link.target)))));
	const committed = new Set(existsSync(join(TOP, 'docs/images')) ? readdirSync(join(TOP, 'docs/images')) : []);
	const made = new Set([ ...pictures.map((picture) => `${picture.name}.webp`), ...Object.keys(drawings) ]);

	assert.deepEqual([ ...made ].sort(), [ ...used ].sort(), 'scripts/screenshots makes other pictures than the pages show');
	assert.deepEqual([ ...committed ].sort(), [ ...made ].sort(), 'docs/images has other pictures than scripts/screenshots makes: run it');
	for (const name of committed) {
		const { size } = statSync(join(TOP, 'docs/images', name));

		assert.ok(size < LARGEST_PICTURE, `docs/images/${name} has ${size} bytes; the limit is ${LARGEST_PICTURE}`);
	}
});

test('drawings say what the tables say', () => {
	for (const [ name, draw ] of Object.entries(drawings))
		assert.equal(readFileSync(join(TOP, 'docs/images', name), 'utf8'), draw(), `docs/images/${name} is another: run node tests/docs/drawings.mjs`);
});

test('the methods of the rpcd plugin are in the reference', () => {
	const acl = JSON.parse(readFileSync(join(TOP, 'package/luci-app-sso/root/usr/share/rpcd/acl.d/luci-app-sso.json'), 'utf8'))['luci-app-sso'];
	const page = texts.get('docs/reference/doors.md');

	assert.ok(page, 'docs/reference/doors.md is missing');
	for (const method of [ ...acl.read.ubus['luci-sso'], ...acl.write.ubus['luci-sso'] ])
		assert.ok(page.includes(`\`${method}`) || page.includes(`### ${method}`), `docs/reference/doors.md does not describe ${method}`);
});

test('no page speaks of one machine, or promises what it cannot keep', () => {
	for (const [ page, text ] of texts) {
		assert.doesNotMatch(text, /\b(seamless|blazing|world-class|cutting-edge|revolutionary|effortless|enterprise-grade)/i, `${page}: say what it does instead`);
		assert.doesNotMatch(text, /\b(TBD|lorem ipsum|coming soon)\b/i, page);
	}
});
