// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require rpc';
'require luci-sso.logic as logic';

// Who would get what: the section that says which role a person would have,
// by the roles of the form, saved or not.

const callMatch = rpc.declare({ object: 'luci-sso', method: 'match', params: [ 'email', 'groups', 'sub', 'roles' ] });

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
				input('luci-sso-preview-email', _('E-mail'), 'user@example.com'),
				input('luci-sso-preview-groups', _('Groups'), _('separated by commas')),
				input('luci-sso-preview-sub', _('Subject'), ''),
				E('div', { 'class': 'cbi-value' }, [
					E('label', { 'class': 'cbi-value-title' }, [ _('Result') ]),
					E('div', { 'class': 'cbi-value-field' }, [ result ])
				])
			])
		]);
		this.previewResult = result;

		return this.previewNode;
	},

	update() {
		const value = (id) => this.previewNode.querySelector('#luci-sso-preview-' + id).value.trim();
		const person = { email: value('email'), groups: logic.splitEntries(value('groups')), sub: value('sub') };
		const by = {
			email: _('because of the e-mail address %s'),
			group: _('because of the group %s'),
			sub: _('because of the subject %s')
		};

		if (person.email === '' && !person.groups.length && person.sub === '') {
			dom.content(this.previewResult, E('em', {}, [ _('Nothing entered yet.') ]));
			return;
		}

		const roles = this.users.roles();
		const hit = logic.matchRole(roles, person);

		if (!hit) {
			dom.content(this.previewResult, E('div', { 'class': 'alert-message warning', 'style': 'width:auto' }, [ _('No role: this person cannot log in.') ]));
			this.showLogName(person, roles);
			return;
		}

		const role = roles.find((r) => r.name == hit.role);
		const granted = logic.countGranted(this.users.groups, role.read, role.write);

		dom.content(this.previewResult, [
			E('p', {}, [ E('strong', {}, [ _('Role %s').format(hit.role) ]), ', ', by[hit.by].format(hit.value) ]),
			E('p', {}, [
				(hit.by == 'email' && this.users.page.formvalue('require_email_verified') == '1')
					? _('The provider must say that the address is verified.') + ' ' : '',
				(role.read.length || role.write.length) && (logic.grantsPages(this.users.groups, role) || !this.users.groups.length)
					? _('%d of %d access groups can be read, %d of them changed.').format(granted.read, granted.total, granted.write)
					: E('strong', {}, [ _('This role grants nothing: people with it cannot log in.') ])
			])
		]);
		this.showLogName(person, roles);
	},

	// showLogName adds, once the router has said so, how the log calls the person.
	showLogName(person, roles) {
		const node = E('p');

		dom.append(this.previewResult, node);

		this.nameAsked = () => L.resolveDefault(callMatch(person.email, person.groups, person.sub, roles), {}).then((found) => {
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
