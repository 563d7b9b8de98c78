// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require form';
'require rpc';
'require ui';
'require luci-sso.widgets as widgets';

// The router's public key, in the forms that providers ask for, and its change:
// a second key is published first, and used when the provider knows it.

const callKey = rpc.declare({ object: 'luci-sso', method: 'client_key', params: [ 'change' ], reject: true });

// The name of a key is longer than a telephone is wide.
const WRAP = 'overflow-wrap:anywhere';

function text(name, value) {
	return E('div', { 'style': 'margin-top:.5em' }, [
		E('strong', {}, [ name ]), ' ',
		widgets.copyButton(() => value, name),
		E('pre', { 'data-key': name, 'style': 'white-space:pre-wrap; ' + WRAP }, [ value ])
	]);
}

const KeyValue = form.DummyValue.extend({
	__name__: 'CBI.SSOKeyValue',

	renderWidget() {
		// What is read out is the state, not the keys.
		this.state = E('div', { 'role': 'status', 'data-key-state': '' });
		this.keys = E('div', { 'data-sso-key': '' });

		return E('div', {}, [
			E('button', {
				'type': 'button',
				'class': 'btn cbi-button',
				'click': ui.createHandlerFn(this, 'handleChange', '')
			}, [ _('Show the public key') ]),
			E('div', { 'class': 'cbi-value-description' }, [ _('Give it to the provider, in the form that it asks for. The private key stays on this router and is in no backup.') ]),
			this.state,
			this.keys
		]);
	},

	// handleChange shows the keys, after rotate or use where one is named.
	handleChange(change) {
		return callKey(change || undefined).then((key) => this.show(key, change)).catch((e) => {
			dom.content(this.state, E('div', { 'class': 'alert-message danger' }, [ e.message ]));
		});
	},

	show(key, change) {
		const next = key.next;
		const button = E('button', {
			'type': 'button',
			'class': 'btn cbi-button' + (next ? ' cbi-button-action important' : ''),
			'click': next ? () => this.confirm(next.kid) : ui.createHandlerFn(this, 'handleChange', 'rotate')
		}, [ next ? _('Use the new key') : _('Change the key') ]);

		dom.content(this.state, next ? E('div', { 'class': 'alert-message warning', 'style': WRAP }, [
			_('There is a new key, %s, which is not used yet. Give it to the provider too, or wait until the provider has fetched the set.').format(next.kid)
		]) : change == 'use' ? E('div', { 'class': 'alert-message success', 'style': WRAP }, [ _('The key %s is used now.').format(key.kid) ]) : '');

		dom.content(this.keys, [
			text('JWK', JSON.stringify(key.jwk)),
			text('PEM', key.pem),
			next ? text(_('New key') + ': JWK', JSON.stringify(next.jwk)) : '',
			next ? text(_('New key') + ': PEM', next.pem) : '',
			text('JWKS', JSON.stringify(key.jwks)),
			E('div', { 'style': 'margin-top:.5em' }, [ button ])
		]);

		// The button that was pressed is gone.
		if (change)
			button.focus();
	},

	confirm(kid) {
		ui.showModal(_('Use the new key'), [
			E('p', { 'style': WRAP }, [ _('The key before it is removed. A provider that does not know the key %s yet refuses every login.').format(kid) ]),
			E('div', { 'class': 'button-row' }, [
				E('button', { 'type': 'button', 'class': 'btn cbi-button', 'click': ui.hideModal }, [ _('Dismiss') ]), ' ',
				E('button', {
					'type': 'button',
					'class': 'btn cbi-button cbi-button-negative important',
					'click': ui.createHandlerFn(this, () => {
						ui.hideModal();

						return this.handleChange('use');
					})
				}, [ _('Use the new key') ])
			])
		]);
	}
});

return baseclass.extend({ KeyValue });
