// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require rpc';
'require luci-sso.logic as logic';
'require luci-sso.match as match';
'require luci-sso.preview as preview';
'require luci-sso.widgets as widgets';

// What the editor of a role says of it while it is edited: who gets it, what is
// odd about it, and what its rights amount to, which is asked of the router.

const callRights = rpc.declare({ object: 'luci-sso', method: 'rights', params: [ 'roles' ], expect: { roles: [] } });

return baseclass.extend({
	// render makes the lines at the top of a role's editor. edited gives the
	// role as the editor has it, roles all of them.
	render(map, section_id, edited, roles, groups) {
		const node = E('div', { 'role': 'status', 'aria-live': 'polite', 'data-sso-notes': '' });
		// What the router says of the rights, for the lists it was asked about.
		let asked = '', findings = [];
		const show = () => {
			const role = edited();
			const lines = logic.roleNotes(role, roles(), groups);
			const people = match.sentence(role);
			const wrong = match.fault(role);

			if (wrong)
				lines.push(_('Until this is mended, the role gives nothing to anybody: %s').format(wrong));

			const key = JSON.stringify([ role.read, role.write ]);
			const text = [ people, ...lines ].join('\n') + JSON.stringify(findings);

			if (key !== asked)
				ask();

			if (node.ssoText === text)
				return;

			node.ssoText = text;
			dom.content(node, [
				people ? E('p', { 'data-sso-people': '', 'style': 'overflow-wrap:anywhere' }, [ people ]) : '',
				...lines.map((n) => E('div', { 'class': 'alert-message warning', 'style': 'width:auto' }, [ n ])),
				...this.renderFindings(findings, map.readonly ? null : (name, level) => this.setGroup(map, section_id, name, level))
			]);
		};
		const ask = preview.later(() => {
			const role = edited();

			asked = JSON.stringify([ role.read, role.write ]);

			return L.resolveDefault(callRights([ { name: role.name, read: role.read, write: role.write } ]), []).then((reply) => {
				findings = (reply[0] && reply[0].findings) || [];
				show();
			});
		});

		window.setTimeout(() => {
			if (!map.root)
				return;

			map.root.addEventListener('widget-change', show);
			map.root.addEventListener('keyup', show);
			show();
		}, 0);

		return node;
	},

	// renderFindings says what the rights of a role amount to, with the click
	// that mends it: `set` sets a group's access level.
	renderFindings(findings, set) {
		const button = (style, text, level) => (f) => E('div', {}, [
			E('button', {
				'type': 'button',
				'class': 'btn cbi-button ' + style,
				'click': (ev) => { ev.preventDefault(); set(f.group, level); }
			}, [ text.format(f.group) ])
		]);
		const mend = {
			secret: button('cbi-button-remove', _('Leave out the group %s'), ''),
			unsaved: button('cbi-button-add', _('Add the group %s in full'), 'write')
		};

		return findings.map((f) => E('div', {
			'class': 'alert-message ' + ((f.kind == 'root') ? 'notice' : 'warning'),
			'style': 'width:auto; overflow-wrap:anywhere',
			'data-finding': f.kind,
			'data-group': f.group
		}, [
			widgets.sentence(f.message, f.args),
			(mend[f.kind] && f.group && set) ? mend[f.kind](f) : ''
		]));
	},

	// setGroup sets one row of the editor's table of access groups.
	setGroup(map, section_id, name, value) {
		const level = map.lookupOption('_level', section_id)[0].getUIElement(section_id);

		if (level && level.getValue() != 'individual') {
			level.setValue('individual');
			level.node.dispatchEvent(new CustomEvent('widget-change', { bubbles: true }));
		}

		for (let select of map.root.querySelectorAll('[data-acl-group]')) {
			if (select.getAttribute('data-acl-group') != name)
				continue;

			select.value = value;
			select.dispatchEvent(new Event('change', { bubbles: true }));
		}
	}
});
