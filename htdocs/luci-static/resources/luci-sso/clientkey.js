// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require form';
'require rpc';
'require ui';
'require luci-sso.widgets as widgets';

// The router's public key, in the forms that providers ask for.

const callKey = rpc.declare({ object: 'luci-sso', method: 'client_key' });

const KeyValue = form.DummyValue.extend({
	__name__: 'CBI.SSOKeyValue',

	renderWidget() {
		const node = E('div', { 'role': 'status', 'data-sso-key': '' });

		return E('div', {}, [
			E('button', {
				'type': 'button',
				'class': 'btn cbi-button',
				'click': ui.createHandlerFn(this, 'handleShow', node)
			}, [ _('Show the public key') ]),
			E('div', { 'class': 'cbi-value-description' }, [ _('Give it to the provider, in the form that it asks for. The private key stays on this router and is in no backup.') ]),
			node
		]);
	},

	handleShow(node) {
		return callKey().then((key) => {
			const forms = [ [ 'JWK', JSON.stringify(key.jwk) ], [ 'JWKS', JSON.stringify(key.jwks) ], [ 'PEM', key.pem ] ];

			dom.content(node, forms.map(([ name, text ]) => E('div', { 'style': 'margin-top:.5em' }, [
				E('strong', {}, [ name ]), ' ',
				widgets.copyButton(() => text, name),
				E('pre', { 'data-key': name, 'style': 'white-space:pre-wrap; overflow-wrap:anywhere' }, [ text ])
			])));
		}).catch((e) => dom.content(node, E('div', { 'class': 'alert-message danger' }, [ e.message ])));
	}
});

return baseclass.extend({ KeyValue });
