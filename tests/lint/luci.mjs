// SPDX-License-Identifier: Apache-2.0
//
// What ESLint has to be told about LuCI's JavaScript. Such a file is the body
// of a function: directives at its top name the modules that LuCI's loader
// passes in ('require form' declares form, 'require tools.widgets as widgets'
// declares widgets), and it returns its class.

const DIRECTIVE = /^require[ \t]+(\S+)(?:[ \t]+as[ \t]+([a-zA-Z_]\S*))?$/;

function requires(program) {
	const found = [];
	for (const node of program.body) {
		if (node.type !== 'ExpressionStatement' || typeof node.directive !== 'string')
			break;
		const match = DIRECTIVE.exec(node.directive);
		if (match)
			found.push({ node, name: match[2] ?? match[1].replace(/[^a-zA-Z0-9_]/g, '_') });
	}
	return found;
}

const require = {
	meta: {
		type: 'problem',
		docs: { description: "declare what 'require' directives name, and report those never used" },
		messages: {
			unused: "'{{name}}' is required but never used",
			twice: "'{{name}}' is required twice",
		},
		schema: [],
	},
	create(context) {
		return {
			Program(program) {
				const { globalScope } = context.sourceCode.scopeManager;
				const seen = new Set();
				for (const { node, name } of requires(program)) {
					if (seen.has(name))
						context.report({ node, messageId: 'twice', data: { name } });
					seen.add(name);
					// no-undef reads the same list when the file ends.
					const rest = globalScope.through.filter((ref) => ref.identifier.name !== name);
					// A module named like something of the browser's (status, say) is found there.
					const used = rest.length < globalScope.through.length || globalScope.set.get(name)?.references.length > 0;
					globalScope.through.splice(0, Infinity, ...rest);
					// Modules of some names are loaded for their effect alone.
					if (!used && !/^(baseclass)$/.test(name))
						context.report({ node, messageId: 'unused', data: { name } });
				}
			},
		};
	},
};

// LuCI's build minifies with jsmin, which takes the slash of a regular
// expression right after an arrow for a division.
const arrowRegex = {
	meta: {
		type: 'problem',
		docs: { description: 'no regular expression right after =>' },
		messages: { arrow: "LuCI's minifier breaks a regular expression right after '=>': put it in a variable or in braces" },
		schema: [],
	},
	create(context) {
		return {
			ArrowFunctionExpression(node) {
				const arrow = context.sourceCode.getTokenBefore(node.body, (token) => token.value === '=>');
				const next = context.sourceCode.getTokenAfter(arrow);
				if (next?.type === 'RegularExpression')
					context.report({ node: next, messageId: 'arrow' });
			},
		};
	},
};

export default { rules: { require, 'arrow-regex': arrowRegex } };
