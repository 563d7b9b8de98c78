// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require form';
'require rpc';
'require ui';
'require luci-sso.options as options';
'require luci-sso.providers as providers';
'require luci-sso.trial as trial';
'require luci-sso.widgets as widgets';

// The buttons Test connection and Try a login. The first one asks the provider with what the form holds, and
// shows what came of it, check by check.

const callTest = rpc.declare({ object: 'luci-sso', method: 'test_connection', params: [ 'values', 'host', 'roles', 'provider' ] });

function checkTitles() {
	return {
		settings: _('Settings'),
		discovery: _('Discovery'),
		certificate: _('Certificate'),
		issuer: _('Issuer'),
		endpoints: _('Endpoints'),
		keys: _('Signing keys'),
		algorithms: _('Algorithms'),
		clock: _('Clock'),
		scopes: _('Scopes'),
		pkce: _('PKCE'),
		credentials: _('Client credentials'),
		redirect_uri: _('Redirect URI'),
		at_hash: _('Token binding (at_hash)'),
		email: _('E-mail'),
		groups: _('Groups'),
		refresh: _('Refresh token'),
		acr: _('Kind of sign-in (acr)'),
		product: _('Product'),
		people: _('Roles')
	};
}

const TestValue = form.DummyValue.extend({
	__name__: 'CBI.SSOTestValue',

	// ask tells what a field of the form holds, roles what its table of roles
	// does, and edit opens the editor of one; the page provides them.
	ask() {
		return '';
	},

	roles() {
		return [];
	},

	edit() {},

	renderWidget() {
		const result = E('div', { 'role': 'status', 'aria-live': 'polite', 'data-sso-test': '', 'style': 'margin-top:.5em' },
			this.reply ? this.renderResult(this.reply) : []);

		return E('div', {}, [
			E('button', {
				'type': 'button',
				'class': 'btn cbi-button cbi-button-action',
				'click': ui.createHandlerFn(this, 'handleTest', result)
			}, [ _('Test connection') ]), ' ',
			E('button', {
				'type': 'button',
				'class': 'btn cbi-button',
				'click': ui.createHandlerFn(this, 'handleTry', result)
			}, [ _('Try a login') ]),
			E('div', { 'class': 'cbi-value-description' }, [ _('Checks what this form holds, saved or not.') ]),
			result
		]);
	},

	// held is what the form holds.
	held() {
		const values = {};

		// An empty field counts as unset, whatever is saved; only the secret
		// may be left to the router.
		for (let o of options.all().filter((row) => row.tested)) {
			const value = this.ask(o.name);

			if (value !== '' || o.kind != 'secret')
				values[o.name] = String(value);
		}

		return values;
	},

	handleTry(node) {
		this.reply = null;

		return trial.run(node, this.held(), this.roles(), providers.asked(), checkTitles());
	},

	handleTest(node) {
		trial.asked = null;
		dom.content(node, E('p', { 'class': 'spinning' }, [ _('Asking the provider…') ]));

		return callTest(this.held(), window.location.host, this.roles(), providers.asked())
			.then((reply) => {
				// LuCI draws the form anew when a role is saved: the result stays.
				this.reply = reply || {};
				dom.content(node, this.renderResult(this.reply));
			})
			.catch((e) => dom.content(node, E('div', { 'class': 'alert-message danger', 'data-test-result': 'error' }, [
				_('The test could not be run: %s').format(e.message)
			])));
	},

	renderResult(reply) {
		const words = {
			pass: [ 'success', _('The connection works.') ],
			warn: [ 'warning', _('Nothing was found that prevents logging in; please read the warnings.') ],
			fail: [ 'danger', _('Logging in will not work yet.') ],
			people: [ 'warning', _('The connection works, but nobody can log in yet.') ]
		};
		const checks = reply.checks || [];
		const { bad, rest } = widgets.worstFirst(checks);
		const nobody = reply.status == 'warn' && bad.some((c) => c.id == 'people');
		const [ state, text ] = words[nobody ? 'people' : reply.status] || words.fail;
		const passed = rest.filter((c) => c.status == 'pass').length;
		const actions = {
			people: () => E('button', {
				'type': 'button',
				'class': 'btn cbi-button',
				'click': (ev) => { ev.preventDefault(); this.edit(); }
			}, [ _('Edit the roles') ])
		};

		return [
			E('div', { 'class': 'alert-message ' + state, 'data-test-result': reply.status || 'fail' }, [
				reply.busy ? _('Another test is still running.') : text
			]),
			bad.length ? widgets.checkTable(bad, checkTitles(), _('Test connection'), actions) : '',
			rest.length ? E('details', { 'data-test-rest': '' }, [
				E('summary', { 'style': widgets.FOLDS }, [ _('Passed: %d, not made: %d').format(passed, rest.length - passed) ]),
				widgets.checkTable(rest, checkTitles(), _('Test connection'))
			]) : ''
		];
	}
});

return baseclass.extend({
	TestValue,

	// words of the backend that stand in for a gap of its sentences: named
	// here to be translated.
	words() {
		return [ _('authorization endpoint'), _('token endpoint'), _('key set (JWKS)'), _('endpoint for pushed requests (PAR)'), _('UserInfo endpoint'), _('logout endpoint') ];
	}
});
