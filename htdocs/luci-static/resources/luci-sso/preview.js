// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require rpc';
'require luci-sso.logic as logic';
'require luci-sso.match as match';
'require luci-sso.providers as providers';

// Who would get what: the section that says which role a person would have,
// by the roles of the form, saved or not.

const callMatch = rpc.declare({ object: 'luci-sso', method: 'match', params: [ 'email', 'groups', 'sub', 'claims', 'roles', 'provider' ] });

// later runs the last of some calls that come close after each other.
function later(run) {
	let timer;

	return () => {
		window.clearTimeout(timer);
		timer = window.setTimeout(run, 250);
	};
}

return baseclass.extend({
	later,

	// render makes the section; `users` has the roles of the form.
	render(users) {
		this.users = users;

		const result = E('div', { 'role': 'status', 'aria-live': 'polite', 'data-sso-match': '' });
		const input = (id, title, placeholder) => E('div', { 'class': 'cbi-value' }, [
			E('label', { 'class': 'cbi-value-title', 'for': id }, [ title ]),
			E('div', { 'class': 'cbi-value-field' }, [
				E('input', { 'type': 'text', 'class': 'cbi-input-text', 'id': id, 'placeholder': placeholder, 'autocomplete': 'off', 'input': () => this.update() })
			])
		]);

		this.previewNode = E('div', { 'class': 'cbi-section', 'id': 'luci-sso-preview' }, [
			E('h3', {}, [ _('Who would get what') ]),
			E('div', { 'class': 'cbi-section-descr' }, [ _('Enter what the provider says about a person to see the role they would get.') ]),
			E('div', { 'class': 'cbi-section-node' }, [
				this.renderProviders(),
				input('luci-sso-preview-email', _('E-mail'), 'user@example.com'),
				input('luci-sso-preview-groups', _('Groups'), _('separated by commas')),
				input('luci-sso-preview-sub', _('Subject'), ''),
				E('div', { 'class': 'cbi-value' }, [
					E('label', { 'class': 'cbi-value-title', 'for': 'luci-sso-preview-claims' }, [ _('Claims') ]),
					E('div', { 'class': 'cbi-value-field' }, [
						E('textarea', {
							'class': 'cbi-input-textarea', 'id': 'luci-sso-preview-claims', 'rows': 3, 'spellcheck': 'false', 'autocomplete': 'off',
							'style': 'width:100%; max-width:32em; box-sizing:border-box', 'placeholder': '{"department": "NOC", "amr": ["hwk"]}',
							'input': () => this.update()
						}),
						E('div', { 'class': 'cbi-value-description' }, [ _('What the ID token says, as JSON.') ])
					])
				]),
				E('div', { 'class': 'cbi-value' }, [
					E('label', { 'class': 'cbi-value-title' }, [ _('Result') ]),
					E('div', { 'class': 'cbi-value-field' }, [ result ])
				])
			])
		]);
		this.previewResult = result;

		return this.previewNode;
	},

	// renderProviders is the choice of whose person it is, where there are several.
	renderProviders() {
		if (providers.names.length < 2)
			return '';

		const select = E('select', { 'class': 'cbi-input-select', 'id': 'luci-sso-preview-provider', 'change': () => this.update() },
			providers.names.map((name) => E('option', { 'value': name }, [ name ])));

		select.value = providers.section;

		return E('div', { 'class': 'cbi-value' }, [
			E('label', { 'class': 'cbi-value-title', 'for': 'luci-sso-preview-provider' }, [ _('Provider') ]),
			E('div', { 'class': 'cbi-value-field' }, [ select ])
		]);
	},

	// rolesOf are the roles for a provider's people. One for people of nobody
	// knows whom may be for anybody's.
	rolesOf(provider) {
		return this.users.roles()
			.filter((role) => role.unknown || (role.provider.length ? role.provider : [ providers.USUAL ]).includes(provider));
	},

	// because says by which entry of its lists a role fits.
	because(kind, value) {
		const words = {
			email: _('because of the e-mail address %s'),
			group: _('because of the group %s'),
			sub: _('because of the subject %s'),
			email_domain: _('because of the domain %s'),
			claim: _('because of the claim %s')
		};

		return words[kind] ? words[kind].format(value) : '';
	},

	update() {
		const value = (id) => this.previewNode.querySelector('#luci-sso-preview-' + id).value.trim();
		// Between the tokens of JSON, a line's end is as good as a space.
		const text = value('claims').replace(/[\r\n\t]+/g, ' ');
		const chosen = this.previewNode.querySelector('#luci-sso-preview-provider');
		const provider = chosen ? chosen.value : providers.section;
		const { page, map } = this.users;
		// The form holds one provider; of the others, what is saved counts.
		const setting = (name, global) => (provider == providers.section) ? page.formvalue(name)
			: map.data.get(map.config, global ? providers.USUAL : provider, name) || '';
		const person = {
			email: value('email'), groups: logic.splitEntries(value('groups')), sub: value('sub'),
			claims: text ? match.parseClaims(text) : null,
			groups_claim: setting('groups_claim'), required: setting('require_email_verified') == '1', tolerance: setting('clock_tolerance', true) || 0
		};
		const say = (style, ...content) => dom.content(this.previewResult, E('div', { 'class': 'alert-message ' + style, 'style': 'width:auto; overflow-wrap:anywhere' }, content));

		if (text && !person.claims) {
			say('warning', _('The claims are no JSON object.'));
			return;
		}

		if (person.email === '' && !person.groups.length && person.sub === '' && !text) {
			dom.content(this.previewResult, E('em', {}, [ _('Nothing entered yet.') ]));
			return;
		}

		const roles = this.rolesOf(provider);
		const hit = match.matchRole(roles, person);

		if (!hit || hit.undecided) {
			say('warning', hit
				? _('No role: the search ends at the role %s, because its %s is not certain and could decide it.').format(hit.undecided, hit.unknown)
				: _('No role: this person cannot log in.'));
			this.showLogName(person, text, roles, provider);
			return;
		}

		const role = roles.find((r) => r.name == hit.role);
		const granted = logic.countGranted(this.users.groups, role.read, role.write);
		const reasons = hit.reasons.map((r) => this.because(r.by, r.value)).join(', ');
		const how = match.signIn(role);

		dom.content(this.previewResult, [
			E('p', {}, [ E('strong', {}, [ _('Role %s').format(hit.role) ]), ', ', reasons ]),
			E('p', {}, [
				(hit.by == 'email' && person.required)
					? _('The provider must say that the address is verified.') + ' ' : '',
				hit.fault
					? E('strong', {}, [ _('Until this is mended, the role gives nothing to anybody: %s').format(hit.fault) ])
					: (role.read.length || role.write.length) && (logic.grantsPages(this.users.groups, role) || !this.users.groups.length)
						? _('%d of %d access groups can be read, %d of them changed.').format(granted.read, granted.total, granted.write)
						: E('strong', {}, [ _('This role grants nothing: people with it cannot log in.') ])
			]),
			(hit.lacks.length && !hit.fault)
				? E('p', { 'data-sso-lacks': hit.lacks.join(' ') }, [ E('strong', {}, [ _('The sign-in has to have, and by what is entered has not: %s').format(how) ]) ]) : ''
		]);
		this.showLogName(person, text, roles, provider);
	},

	// showLogName adds, once the router has said so, how the log calls the person.
	showLogName(person, claims, roles, provider) {
		const node = E('p');

		dom.append(this.previewResult, node);

		this.nameAsked = () => L.resolveDefault(callMatch(person.email, person.groups, person.sub, claims, roles, provider), {}).then((found) => {
			const names = [
				found.log_email ? _('e-mail %s').format(found.log_email) : '',
				found.log_subject ? _('subject %s').format(found.log_subject) : ''
			].filter((n) => n);

			if (names.length)
				dom.content(node, _('In the log: %s').format(names.join(', ')));
		});
		this.askName = this.askName || later(() => this.nameAsked());
		this.askName();
	}
});
