// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require rpc';
'require luci-sso.codes as codes';
'require luci-sso.preview as preview';
'require luci-sso.widgets as widgets';

// Try a login: a window with a whole sign-in, with what the form holds, and what
// came of it. The router makes no session from it.

const callTry = rpc.declare({ object: 'luci-sso', method: 'try_login', params: [ 'values', 'host', 'roles', 'provider' ] });
const callResult = rpc.declare({ object: 'luci-sso', method: 'try_result', params: [ 'id' ] });

const PATH = '/cgi-bin/luci-sso/try';
const LIFETIME = 300000;

function note(state, text) {
	return E('div', { 'class': 'alert-message ' + state, 'data-try-result': state, 'style': 'width:auto' }, [].concat(text));
}

function elsewhere(origin) {
	return note('warning', _('Open this page at %s to try a login: the provider sends people back there.').format(origin));
}

function claims(title, values) {
	return Object.keys(values || {}).length ? E('details', { 'data-claims': '' }, [
		E('summary', { 'style': widgets.FOLDS }, [ title ]),
		E('pre', { 'style': 'white-space:pre-wrap; overflow-wrap:anywhere' }, [ JSON.stringify(values, null, 2) ])
	]) : '';
}

return baseclass.extend({
	// run has a login at a provider tried and shows what comes of it in node;
	// titles are those of the checks that may have to be shown instead.
	run(node, values, roles, provider, titles) {
		if (window.location.protocol != 'https:') {
			dom.content(node, elsewhere('https://' + window.location.hostname));
			return Promise.resolve();
		}

		// Now, or the browser takes it for one that nobody has asked for.
		const opened = window.open('', 'luci-sso-try', 'width=640,height=800');

		if (!opened) {
			dom.content(node, note('danger', _('The browser did not open a window: allow this page to open one.')));
			return Promise.resolve();
		}

		const asked = this.asked = {};

		return callTry(values, window.location.host, roles, provider).then((reply) => {
			if (!reply.id) {
				opened.close();
				dom.content(node, reply.origin ? elsewhere(reply.origin) : widgets.checkTable(reply.checks || [], titles, _('Try a login')));
				return;
			}

			// The ticket is in no address: nobody can be sent on this way.
			document.cookie = '__Host-luci_sso_ticket=' + reply.id + '; Path=/; Secure; SameSite=Strict; Max-Age=60';
			opened.opener = null;
			opened.location.replace(PATH);
			dom.content(node, E('p', { 'class': 'spinning' }, [ _('Sign in in the new window. What comes of it is shown here.') ]));
			this.wait(node, reply.id, asked, Date.now() + LIFETIME);
		}).catch((e) => {
			opened.close();
			dom.content(node, note('danger', _('The test could not be run: %s').format(e.message)));
		});
	},

	// wait asks until something has come. A new trial ends the waiting.
	wait(node, id, asked, until) {
		window.setTimeout(() => {
			if (this.asked !== asked || !document.body.contains(node))
				return;

			L.resolveDefault(callResult(id), {}).then((reply) => {
				if (this.asked !== asked)
					return;

				if (reply.state == 'done')
					dom.content(node, this.render(reply));
				else if (Date.now() > until)
					dom.content(node, note('warning', _('Nothing came back within five minutes.')));
				else
					this.wait(node, id, asked, until);
			});
		}, 1500);
	},

	render(reply) {
		const fit = reply.match || {};
		const used = reply.used || {};
		const known = Object.keys(reply.id_token || {}).length > 0;
		const row = (title, text) => (text === '' || text == null) ? '' : E('tr', { 'class': 'tr' }, [
			E('td', { 'class': 'td', 'width': '30%', 'data-title': '' }, [ title ]),
			E('td', { 'class': 'td', 'style': 'overflow-wrap:anywhere' }, [ text ])
		]);

		return [
			reply.code
				? note('danger', [ E('p', {}, [ _('This login would be refused.') + ' ' + codes.explainChain(reply.codes || [ reply.code ]) ]),
					E('small', { 'lang': 'en' }, [ reply.detail || '' ]),
					E('div', {}, [ (reply.codes || []).join(', ') ]) ])
				: note('success', _('This login would succeed, with role %s.').format(fit.role)),
			known ? E('table', { 'class': 'table', 'data-try': '' }, [
				row(_('Role'), fit.role ? [ fit.role, preview.because(fit.by, fit.value) ].filter((s) => s).join(', ') : ''),
				row(_('Other roles that fit'), (reply.others || []).join(', ')),
				row(_('Subject'), used.sub),
				row(_('E-mail'), used.email ? used.email + (used.email_counts ? '' : ' – ' + _('does not count')) : ''),
				row(_('Groups'), (used.groups || []).join(', ')),
				row(_('Signature'), reply.algorithm),
				row(_('Token binding (at_hash)'), reply.at_hash ? _('sent') : _('not sent')),
				row(_('Lifetime of the ID token'), _('%d seconds').format(reply.lifetime)),
				row(_('Refresh token'), reply.refresh ? _('sent') : _('not sent')),
				row(_('UserInfo'), reply.no_answer)
			]) : '',
			claims(_('Claims in the ID token'), reply.id_token),
			claims(_('Claims at UserInfo'), reply.userinfo),
			...(reply.notes || []).map((text) => E('div', {}, [ E('small', { 'lang': 'en' }, [ text ]) ]))
		];
	}
});
