// SPDX-License-Identifier: Apache-2.0
//
// Rules for every line of JavaScript here: LuCI's (htdocs), the lab's pages and
// the tests. The packages live with the tests, so that a checkout without them
// stays a checkout without npm.

import { createRequire } from 'node:module';
import luci from './tests/lint/luci.mjs';

const load = createRequire(new URL('./tests/package.json', import.meta.url));
const js = load('@eslint/js');
const globals = load('globals');
const json = load('@eslint/json').default;

const common = {
	'no-unused-vars': ['error', { args: 'after-used', caughtErrors: 'none' }],
	'no-var': 'error',
	'prefer-const': ['error', { destructuring: 'all' }],
	'no-eval': 'error',
	'no-implied-eval': 'error',
	'no-new-func': 'error',
	'no-script-url': 'error',
	'no-shadow': ['error', { builtinGlobals: false }],
	'no-throw-literal': 'error',
	'no-template-curly-in-string': 'error',
	'no-constant-binary-expression': 'error',
};

export default [
	{ ignores: ['out/**', '**/node_modules/**', 'tests/**/package-lock.json', '**/testdata/**'] },
	{ linterOptions: { reportUnusedDisableDirectives: 'error' } },
	{
		files: ['**/*.js'],
		plugins: { luci },
		languageOptions: {
			ecmaVersion: 2021,
			sourceType: 'script',
			parserOptions: { ecmaFeatures: { globalReturn: true } },
			globals: {
				...globals.browser,
				E: 'readonly',
				L: 'readonly',
				N_: 'readonly',
				_: 'readonly',
			},
		},
		rules: {
			...js.configs.recommended.rules,
			...common,
			// LuCI's habits: let in loops, o = s.option(…) throughout, and an
			// escaped slash inside a class, which its minifier needs.
			'prefer-const': 'off',
			'no-useless-escape': 'off',
			'no-useless-assignment': 'off',
			// Validators look for control characters on purpose.
			'no-control-regex': 'off',
			'luci/require': 'error',
			'luci/arrow-regex': 'error',
			// Markup from strings is how a value of the provider becomes a script.
			'no-restricted-properties': ['error',
				{ property: 'innerHTML', message: 'build elements with E() and text nodes' },
				{ property: 'outerHTML', message: 'build elements with E() and text nodes' },
				{ property: 'insertAdjacentHTML', message: 'build elements with E() and text nodes' },
				{ object: 'document', property: 'write', message: 'build elements with E() and text nodes' },
			],
		},
	},
	{
		files: ['**/*.mjs'],
		languageOptions: {
			ecmaVersion: 2024,
			sourceType: 'module',
			// Functions that a test hands to the browser's page see its globals.
			globals: { ...globals.nodeBuiltin, document: 'readonly', window: 'readonly', L: 'readonly' },
		},
		rules: {
			...js.configs.recommended.rules,
			...common,
			// LuCI's loader makes functions of its files, and so do their tests.
			'no-new-func': 'off',
			'no-script-url': 'off',
		},
	},
	{
		files: ['scripts/i18n'],
		languageOptions: { ecmaVersion: 2024, sourceType: 'commonjs', globals: { ...globals.node } },
		rules: { ...js.configs.recommended.rules, ...common, 'prefer-const': 'off', 'no-useless-escape': 'off' },
	},
	{
		files: ['**/*.json'],
		plugins: { json },
		language: 'json/json',
		rules: {
			'json/no-duplicate-keys': 'error',
			'json/no-empty-keys': 'error',
			'json/no-unsafe-values': 'error',
		},
	},
];
