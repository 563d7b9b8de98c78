// SPDX-License-Identifier: Apache-2.0
//
// The drawings of the documentation: the login flow, and plots of the numbers
// that stand in the pages' own tables, so that a plot cannot say other things
// than its table. `node tests/docs/drawings.mjs` writes docs/images/*.svg;
// tests/docs compares.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const TOP = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const INK = '#24292f', FAINT = '#8c959f', OURS = '#0b6e99', OTHER = '#c9a227', LINE = '#d0d7de';

const escape = (words) => String(words).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

function text(x, y, words, { anchor = 'start', fill = INK, size = 13, weight = 400 } = {}) {
	return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${fill}" font-size="${size}" font-weight="${weight}">${escape(words)}</text>`;
}

// sheet has its own background: pages are read on dark ones, too.
function sheet(width, height, title, body) {
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" role="img" aria-label="${escape(title)}">
<title>${escape(title)}</title>
<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6" fill="#ffffff" stroke="${LINE}"/>
${body.join('\n')}
</svg>
`;
}

// table returns the rows of the first table of a page whose heading begins so,
// as lists of cells without Markdown.
function table(page, heading) {
	const lines = readFileSync(join(TOP, page), 'utf8').split('\n');
	const first = lines.findIndex((line) => line.startsWith(heading));

	if (first < 0)
		throw new Error(`${page} has no table that begins with ${heading}`);

	const rows = [];

	for (let i = first + 2; lines[i].startsWith('|'); i++)
		rows.push(lines[i].split('|').slice(1, -1).map((cell) => cell.trim().replace(/[*`]/g, '').replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')));

	return rows;
}

const number = (cell) => parseFloat(cell.replace(/ /g, ''));

// bars is a plot with a group of bars for each row: { label, values: [ { value, text, colour } ] }.
function bars(title, rows, legend, note) {
	const left = 275, width = 800, scale = (width - left - 130) / Math.max(...rows.flatMap((r) => r.values.map((v) => v.value)));
	const body = [ text(16, 28, title, { size: 15, weight: 600 }) ];
	let y = 48;

	legend.forEach(([ colour, words ], i) => body.push(
		`<rect x="${16 + 230 * i}" y="${y - 10}" width="12" height="12" fill="${colour}"/>`, text(34 + 230 * i, y, words, { fill: FAINT })));
	y += 18;

	for (const row of rows) {
		const height = 18 * row.values.length;

		body.push(text(left - 10, y + height / 2 + 5, row.label, { anchor: 'end' }));
		row.values.forEach((v, i) => body.push(
			`<rect x="${left}" y="${y + 18 * i + 2}" width="${Math.max(1, v.value * scale).toFixed(1)}" height="14" fill="${v.colour}"/>`,
			text(+(left + Math.max(1, v.value * scale) + 6).toFixed(1), y + 18 * i + 14, v.text, { size: 12 })));
		y += height + 8;
	}

	body.push(text(16, y + 12, note, { fill: FAINT, size: 12 }));

	return sheet(width, y + 26, title, body);
}

function cost() {
	const rows = table('docs/explanation/performance.md', '| | CPU | wall | peak memory | of it its own | ucode: CPU').filter((r) => r[5] !== '');

	return bars('CPU time of one request', rows.map((r) => ({
		label: r[0],
		values: [ { value: number(r[1]), text: r[1], colour: OURS }, { value: number(r[5]), text: r[5], colour: OTHER } ]
	})), [ [ OURS, 'this program' ], [ OTHER, 'the ucode implementation' ] ], 'Real daemons of OpenWrt, x86_64; the table has memory and wall time.');
}

function growth() {
	const rows = table('docs/explanation/performance.md', '| | from | to |');
	const side = (cell) => ({ count: cell.split(':')[0], ms: number(cell.split(':')[1]) });

	return bars('CPU time of a login as the router fills', rows.map((r) => {
		const from = side(r[1]), to = side(r[2]);

		return { label: r[0], values: [
			{ value: from.ms, text: `${from.ms} ms with ${from.count}`, colour: LINE }, { value: to.ms, text: `${to.ms} ms with ${to.count}`, colour: OURS } ] };
	}), [ [ LINE, 'few' ], [ OURS, 'many' ] ], 'Start and callback together, on the real daemons.');
}

function kills() {
	const rows = table('docs/explanation/endurance.md', '| | real daemons');
	const row = (name) => rows.find((r) => r[0].startsWith(name)) || (() => { throw new Error(`no row ${name}`); })();
	const [ through, refused, twice ] = row('callbacks repeated afterwards')[1].split('/').map(number);

	return bars('What became of callbacks that were killed, when they were repeated', [
		[ 'went through', through ], [ 'refused as used', refused ], [ 'accepted twice', twice ]
	].map(([ label, value ]) => ({ label, values: [ { value, text: value, colour: OURS } ] })), [], 'SIGKILL at a random moment, or a browser that hangs up, under load, on the real daemons.');
}

// flow is a diagram of who says what to whom, in time.
function flow() {
	const lanes = { browser: 110, router: 400, provider: 690 };
	const steps = [
		[ 'browser', 'router', 'GET /cgi-bin/luci-sso' ],
		[ 'router', null, 'limits, then configuration' ],
		[ 'router', 'provider', 'discovery (kept 24 h)' ],
		[ 'router', null, 'state, nonce, PKCE verifier: one sealed file' ],
		[ 'router', 'browser', '302, with a cookie that names the file' ],
		[ 'browser', 'provider', 'authorization request: state, nonce, S256 challenge' ],
		[ 'provider', null, 'the person signs in' ],
		[ 'provider', 'browser', '302 to /callback: code, state, iss' ],
		[ 'browser', 'router', 'GET /callback, with the cookie' ],
		[ 'router', null, 'is it this browser’s login? is it this provider’s answer?' ],
		[ 'router', null, 'consume the pending login: one request can' ],
		[ 'router', 'provider', 'code, verifier, client secret' ],
		[ 'provider', 'router', 'ID token, access token' ],
		[ 'router', 'provider', 'keys (kept 24 h)' ],
		[ 'router', null, 'verify the ID token' ],
		[ 'router', 'provider', 'UserInfo, if a claim is missing' ],
		[ 'router', null, 'access token not used before? which role?' ],
		[ 'router', null, 'a session in rpcd with that role’s rights' ],
		[ 'router', 'browser', '302 to LuCI, session cookie' ]
	];
	const body = [], top = 44, step = 34, bottom = top + step * steps.length + 24;

	for (const [ name, x ] of Object.entries(lanes))
		body.push(`<rect x="${x - 60}" y="12" width="120" height="28" rx="4" fill="${OURS}"/>`, text(x, 31, name, { anchor: 'middle', fill: '#ffffff', weight: 600 }),
			`<line x1="${x}" y1="40" x2="${x}" y2="${bottom}" stroke="${LINE}" stroke-width="2"/>`);

	steps.forEach(([ from, to, words ], i) => {
		const y = top + step * (i + 1);

		if (!to) {
			const w = words.length * 6.6 + 20, x = Math.min(lanes[from] - w / 2, 790 - w);

			body.push(`<rect x="${x.toFixed(1)}" y="${y - 17}" width="${w.toFixed(1)}" height="24" rx="12" fill="#f6f8fa" stroke="${LINE}"/>`, text(+(x + w / 2).toFixed(1), y, words, { anchor: 'middle', size: 12 }));
			return;
		}

		const a = lanes[from], b = lanes[to], d = Math.sign(b - a);

		body.push(`<line x1="${a}" y1="${y}" x2="${b - 8 * d}" y2="${y}" stroke="${INK}"/>`, `<path d="M${b} ${y} l${-9 * d} -4 v8 z" fill="${INK}"/>`,
			`<rect x="${((a + b) / 2 - words.length * 3.2 - 4).toFixed(1)}" y="${y - 18}" width="${(words.length * 6.4 + 8).toFixed(1)}" height="15" fill="#ffffff"/>`,
			text((a + b) / 2, y - 6, words, { anchor: 'middle', size: 12 }));
	});

	return sheet(800, bottom + 12, 'The login flow between browser, router and provider', body);
}

export const drawings = { 'login-flow.svg': flow, 'cost.svg': cost, 'growth.svg': growth, 'kills.svg': kills };

if (process.argv[1] === fileURLToPath(import.meta.url))
	for (const [ name, draw ] of Object.entries(drawings))
		writeFileSync(join(TOP, 'docs/images', name), draw());
