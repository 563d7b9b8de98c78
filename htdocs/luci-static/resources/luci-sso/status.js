// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require poll';
'require rpc';
'require ui';
'require luci-sso.codes as codes';
'require luci-sso.logic as logic';
'require luci-sso.options as options';
'require luci-sso.version as version';
'require luci-sso.widgets as widgets';

// The Status section: whether SSO is on, who is logged in through it, and what
// happened last. It reads through the rpcd plugin and never touches UCI.

const callStatus = rpc.declare({ object: 'luci-sso', method: 'status' });
const callSessions = rpc.declare({ object: 'luci-sso', method: 'sessions', expect: { '': {} } });
const callEvents = rpc.declare({ object: 'luci-sso', method: 'events', expect: { events: [] } });
const callExplain = rpc.declare({ object: 'luci-sso', method: 'explain', params: [ 'code' ] });
const callEndSession = rpc.declare({ object: 'luci-sso', method: 'end_session', params: [ 'id' ], expect: { ended: false } });

function formatTime(unix) {
	if (!unix)
		return '-';

	const when = new Date(unix * 1000);

	try {
		return when.toLocaleString((document.documentElement.lang || 'en').replace(/_/g, '-'));
	}
	catch (e) {
		return when.toLocaleString();
	}
}

function formatAge(seconds) {
	return '%t'.format(Math.max(0, Math.round(seconds)));
}

return baseclass.extend({
	titles() {
		return {
			config: _('Configuration'),
			button: _('Login page'),
			roles: _('Roles'),
			people: _('Roles'),
			rights: _('Rights of roles'),
			saving: _('Rights of roles'),
			options: _('Unknown options'),
			host: _('Names of this router'),
			https: _('HTTPS')
		};
	},

	renderSummary(status) {
		if (!status)
			return E('div', { 'class': 'alert-message warning' }, [ _('The service does not answer. Is the package luci-sso installed?') ]);

		const bad = (status.checks || []).filter((c) => c.status == 'warn' || c.status == 'fail');
		let text, state;

		if (status.ready && status.button && !bad.some((c) => c.status == 'fail')) {
			text = _('SSO is on and the login page carries the button.');
			state = 'success';
		}
		else if (status.ready) {
			text = _('SSO is on, but not everything is in order.');
			state = 'warning';
		}
		else if (status.enabled) {
			text = _('SSO is enabled, but its settings are not complete.');
			state = 'warning';
		}
		else {
			text = _('SSO is switched off.');
			state = 'notice';
		}

		return E('div', {}, [
			version.notice(status.version),
			E('div', { 'class': 'alert-message ' + state, 'role': 'status', 'data-sso-summary': state }, [ text ]),
			bad.length ? widgets.checkTable(bad, this.titles(), _('What is not in order'), this.actions || {}) : ''
		]);
	},

	handleEnd(session) {
		ui.showModal(_('End session'), [
			E('p', {}, [ _('%s will be logged out of this router at once.').format(session.name || session.role) ]),
			session.own ? E('p', { 'class': 'alert-message warning' }, [ _('This is your own session.') ]) : '',
			E('div', { 'class': 'button-row' }, [
				E('button', { 'class': 'btn cbi-button', 'click': ui.hideModal }, [ _('Dismiss') ]), ' ',
				E('button', {
					'class': 'btn cbi-button cbi-button-negative important',
					'click': ui.createHandlerFn(this, () => callEndSession(session.id)
						.catch((e) => ui.addNotification(null, E('p', {}, [ e.message ]), 'error'))
						.then(() => { ui.hideModal(); return this.refresh(); }))
				}, [ _('End session') ])
			])
		]);
	},

	renderSessions(reply, readonly) {
		const sessions = reply.sessions || [];
		const now = Date.now() / 1000;
		const small = (text) => E('div', {}, [ E('small', {}, [ text ]) ]);
		const table = E('table', { 'class': 'table', 'aria-label': _('Sessions'), 'data-sessions': '' }, [
			E('tr', { 'class': 'tr table-titles' }, [
				E('th', { 'class': 'th', 'scope': 'col' }, [ _('User') ]),
				E('th', { 'class': 'th', 'scope': 'col' }, [ _('Role') ]),
				E('th', { 'class': 'th', 'scope': 'col' }, [ _('Logged in') ]),
				E('th', { 'class': 'th', 'scope': 'col' }, [ _('Expires in') ]),
				E('th', { 'class': 'th cbi-section-actions' }, [])
			])
		]);

		for (let s of sessions)
			dom.append(table, E('tr', { 'class': 'tr' }, [
				E('td', { 'class': 'td', 'data-title': _('User'), 'style': 'overflow-wrap:anywhere' }, [
					s.name || '-', s.own ? E('em', {}, [ ' ', _('(you)') ]) : '',
					s.log_name ? E('div', {}, [ E('small', { 'title': _('The name in the log and under Last events') }, [ s.log_name ]) ]) : '' ]),
				E('td', { 'class': 'td', 'data-title': _('Role') }, [ s.role, (s.provider && s.provider != 'default') ? ' (' + s.provider + ')' : '' ]),
				E('td', { 'class': 'td', 'data-title': _('Logged in') }, [
					s.login ? _('%s ago').format(formatAge(now - s.login)) : '-',
					s.confirmed ? small(_('confirmed %s ago').format(formatAge(now - s.confirmed))) : '' ]),
				E('td', { 'class': 'td', 'data-title': _('Expires in') }, [
					s.expires < 0 ? '?' : formatAge(s.expires || 0),
					s.until ? small(_('at the latest in %s').format(formatAge(Math.max(0, s.until - now)))) : '' ]),
				E('td', { 'class': 'td cbi-section-actions' }, readonly ? [] : [
					E('button', {
						'class': 'btn cbi-button cbi-button-remove',
						'aria-label': _('End the session of %s').format(s.name || s.role),
						'click': ui.createHandlerFn(this, 'handleEnd', s)
					}, [ _('End session') ])
				])
			]));

		if (!sessions.length)
			dom.append(table, E('tr', { 'class': 'tr placeholder' }, [
				E('td', { 'class': 'td' }, [ E('em', {}, [ _('Nobody is logged in through SSO.') ]) ]) ]));

		if (reply.cut)
			return [ E('div', { 'class': 'alert-message warning' }, [
				_('There are more sessions than rpcd can list. Some of these may have ended.') ]), table ];

		return table;
	},

	// renderCode is a code that opens to what the catalogue says about it.
	renderCode(code) {
		const body = E('div', { 'style': 'margin:.25em 0 .5em 1em' });
		const said = (text) => logic.withLabels(_(text), options.all());
		const list = (title, entries) => (entries && entries.length) ? [
			E('div', {}, [ E('strong', {}, [ title ]) ]),
			E('ul', { 'style': 'margin-left:0; padding-left:1.5em; list-style:disc' }, entries.map((e) => E('li', { 'style': 'color:inherit; list-style:inherit' }, [ said(e) ])))
		] : [];

		return E('details', {
			'toggle': (ev) => {
				if (!ev.currentTarget.open || body.firstChild)
					return;

				return L.resolveDefault(callExplain(code), {}).then((found) => dom.content(body, [
					E('p', {}, [ found.meaning ? said(found.meaning) : '' ]),
					...list(_('Possible causes'), found.causes),
					...list(_('What helps'), found.remedies)
				]));
			}
		}, [ E('summary', { 'style': widgets.FOLDS }, [ E('code', { 'style': 'overflow-wrap:anywhere' }, [ code ]) ]), body ]);
	},

	renderEvents(events) {
		const kinds = { login: _('Login'), logout: _('Logout'), ended: _('Session ended'), error: _('Error') };
		const table = E('table', { 'class': 'table', 'aria-label': _('Last events'), 'data-events': '' }, [
			E('tr', { 'class': 'tr table-titles' }, [
				E('th', { 'class': 'th', 'scope': 'col' }, [ _('Time') ]),
				E('th', { 'class': 'th', 'scope': 'col' }, [ _('Event') ]),
				E('th', { 'class': 'th', 'scope': 'col', 'style': 'text-align:left' }, [ _('Details') ])
			])
		]);

		for (let ev of events.slice(0, 20)) {
			const chain = (ev.codes && ev.codes.length) ? ev.codes : (ev.code ? [ ev.code ] : []);
			const who = [ ev.name, ev.role ? _('role %s').format(ev.role) : '', ev.client, ev.provider ].filter((s) => s);
			const text = codes.explainChain(chain);

			dom.append(table, E('tr', { 'class': 'tr', 'data-event': ev.kind }, [
				E('td', { 'class': 'td', 'data-title': _('Time') }, [ formatTime(ev.time) ]),
				E('td', { 'class': 'td', 'data-title': _('Event') }, [ kinds[ev.kind] || ev.kind ]),
				E('td', { 'class': 'td', 'data-title': _('Details'), 'style': 'overflow-wrap:anywhere; text-align:left' }, [
					text ? E('div', {}, [ text ]) : '',
					E('div', {}, [ who.join(', ') ]),
					ev.detail ? E('div', {}, [ E('small', { 'lang': 'en' }, [ ev.detail ]) ]) : '',
					...chain.map((code) => this.renderCode(code))
				])
			]));
		}

		if (!events.length)
			dom.append(table, E('tr', { 'class': 'tr placeholder' }, [
				E('td', { 'class': 'td' }, [ E('em', {}, [ _('Nothing has happened since the router started.') ]) ]) ]));

		return table;
	},

	// refresh leaves a part alone that has not changed, so that nobody loses
	// the focus or the place in a table every few seconds.
	refresh() {
		return Promise.all([
			L.resolveDefault(callStatus(), null),
			L.resolveDefault(callSessions(), {}),
			L.resolveDefault(callEvents(), [])
		]).then((data) => {
			// Only before the page is shown: nobody loses what they have typed.
			const ready = this.followed ? Promise.resolve() : version.follow(data[0] && data[0].version);

			this.followed = true;

			return ready.then(() => data);
		}).then((data) => {
			const parts = [
				[ this.summaryNode, () => this.renderSummary(data[0]), JSON.stringify(data[0]) ],
				[ this.sessionsNode, () => this.renderSessions(data[1], this.readonly), JSON.stringify(data[1]) + Math.floor(Date.now() / 60000) ],
				[ this.eventsNode, () => this.renderEvents(data[2]), JSON.stringify(data[2]) ]
			];

			for (let part of parts) {
				if (part[0].ssoState === part[2] || part[0].contains(document.activeElement))
					continue;

				part[0].ssoState = part[2];
				dom.content(part[0], part[1]());
			}
		});
	},

	render(readonly) {
		this.readonly = readonly;
		this.summaryNode = E('div');
		this.sessionsNode = E('div');
		this.eventsNode = E('div');

		// The poll asks at once when it starts; the page has just done so.
		let fresh = true;

		poll.add(() => {
			if (!fresh)
				return this.refresh();

			fresh = false;
		}, 15);

		return this.refresh().then(() => E('div', { 'class': 'cbi-section', 'id': 'luci-sso-status' }, [
			E('h3', {}, [ _('Status') ]),
			this.summaryNode,
			E('h4', {}, [ _('Sessions') ]),
			this.sessionsNode,
			E('h4', {}, [ _('Last events') ]),
			this.eventsNode
		]));
	}
});
