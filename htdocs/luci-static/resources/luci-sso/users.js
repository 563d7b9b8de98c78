// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require form';
'require dom';
'require ui';
'require luci-sso.logic as logic';
'require luci-sso.validate as validate';
'require luci-sso.widgets as widgets';

// The Users section of the settings page: the roles, their editor, and who
// would get what.

return baseclass.extend({
	// roles of the form as it stands, in the order of the table
	roles() {
		const data = this.map.data;

		return data.sections(this.map.config, 'role').map((s) => ({
			name: s['.name'],
			email: logic.toList(s.email),
			group: logic.toList(s.group),
			sub: logic.toList(s.sub),
			read: logic.toList(s.read),
			write: logic.toList(s.write)
		}));
	},

	// add puts the section into the page's map. The page keeps what has been
	// typed into its settings while a role is saved.
	add(page, m, groups) {
		const users = this;

		this.page = page;
		this.map = m;
		this.groups = groups;

		let s, o;

		s = m.section(form.GridSection, 'role', _('Users'),
			_('A role lists people and what they may do. The first role that fits a person wins; drag the rows, or use the arrow keys on ☰, to change the order.'));
		s.addremove = true;
		s.anonymous = false;
		s.sortable = !m.readonly;
		s.nodescriptions = true;
		s.modaltitle = (section_id) => _('Role') + ' » ' + section_id;

		// The first column's sort would reorder the roles, which is no mere
		// matter of looks here.
		s.handleSort = function() {};

		s.handleModalSave = function(...args) {
			const kept = page.keepForm();

			return form.GridSection.prototype.handleModalSave.apply(this, args).then(() => page.restoreForm(kept));
		};

		s.renderRowActions = function(section_id) {
			const node = form.GridSection.prototype.renderRowActions.call(this, section_id);
			const handle = node.querySelector('.drag-handle');

			if (handle) {
				handle.setAttribute('aria-label', _('Move the role %s').format(section_id));
				handle.addEventListener('click', (ev) => ev.preventDefault());
				handle.addEventListener('keydown', (ev) => users.handleMove(ev, section_id));
			}

			return node;
		};

		s.renderSectionAdd = function(extra_class) {
			const node = form.GridSection.prototype.renderSectionAdd.call(this, extra_class);
			const input = node.querySelector('input');

			if (input)
				input.setAttribute('aria-label', _('Name of the new role'));

			return node;
		};

		s.handleAdd = function(ev, name) {
			const valid = validate.validateRoleName(name, users.roles().map((r) => r.name));

			if (valid !== true) {
				ui.addNotification(null, E('p', {}, [ valid ]), 'warning');
				return Promise.resolve();
			}

			const rv = form.GridSection.prototype.handleAdd.call(this, ev, name);
			const lists = logic.listsOf(logic.defaultLevel(name), {}, [], [], []);

			m.data.set(m.config, name, 'read', lists.read);
			if (lists.write.length)
				m.data.set(m.config, name, 'write', lists.write);

			return rv;
		};

		const people = (name, title, description, placeholder, check) => {
			o = s.option(form.DynamicList, name, title, description);
			o.placeholder = placeholder;
			o.validate = (section_id, value) => check(value);
			o.textvalue = function(section_id) {
				const list = logic.toList(this.cfgvalue(section_id));

				return list.length ? E('span', { 'style': 'overflow-wrap:anywhere' }, [ list.join(', ') ]) : '-';
			};

			return o;
		};

		o = s.option(form.DummyValue, '_notes');
		o.modalonly = true;
		o.render = function(option_index, section_id) {
			return users.renderNotes(this, section_id, groups);
		};

		people('email', _('Email Addresses'), _('Upper and lower case make no difference.'), 'user@example.com', validate.validateEmail);
		people('group', _('Groups'), _('Groups exactly as the provider sends them.'), 'router-admins', validate.validateEntry);
		people('sub', _('Subjects'), _('Identifiers (sub) of single people at the provider.'), '', validate.validateEntry);

		o = s.option(form.ListValue, '_level', _('Access level'));
		o.value('write', _('full', 'All permissions granted'));
		o.value('read', _('readonly', 'Only read permissions granted'));
		o.value('individual', _('individual', 'Select individual permissions manually'));
		o.load = function(section_id) {
			const data = this.map.data;

			return logic.levelOf(data.get(this.map.config, section_id, 'read'), data.get(this.map.config, section_id, 'write'));
		};
		o.textvalue = function(section_id) {
			const data = this.map.data;
			const read = data.get(this.map.config, section_id, 'read');
			const write = data.get(this.map.config, section_id, 'write');
			const granted = logic.countGranted(groups, read, write);

			switch (logic.levelOf(read, write)) {
			case 'write':
				return E('span', { 'class': 'label' }, [ _('full', 'All permissions granted') ]);

			case 'read':
				return E('span', { 'class': 'label' }, [ _('readonly', 'Only read permissions granted') ]);
			}

			if (!granted.read)
				return E('span', { 'class': 'label warning' }, [ _('denied', 'No permissions granted') ]);

			return E('span', { 'class': 'label' }, [ _('partial (%d/%d)', 'Some permissions granted').format(granted.read, granted.total) ]);
		};
		o.write = function(section_id, value) {
			const data = this.map.data;
			const matrix = this.map.lookupOption('_acl', section_id)[0].formvalue(section_id);
			const lists = logic.listsOf(value, matrix || {}, matrix ? groups : [],
				data.get(this.map.config, section_id, 'read'), data.get(this.map.config, section_id, 'write'));

			for (let name in lists) {
				if (lists[name].length)
					data.set(this.map.config, section_id, name, lists[name]);
				else
					data.unset(this.map.config, section_id, name);
			}
		};
		o.forcewrite = true;
		o.remove = function() {};

		o = s.option(widgets.AccessGroups, '_acl', _('Access groups'));
		o.modalonly = true;
		o.groups = groups;
		o.depends('_level', 'individual');
	},

	// handleMove does with the arrow keys what dragging does with the mouse.
	handleMove(ev, section_id) {
		const handle = ev.currentTarget;
		const row = handle.closest('[data-sid]');
		const down = (ev.key == 'ArrowDown');
		const other = down ? row.nextElementSibling : row.previousElementSibling;

		if ((!down && ev.key != 'ArrowUp') || !other || !other.hasAttribute('data-sid'))
			return;

		ev.preventDefault();
		this.map.data.move(this.map.config, section_id, other.getAttribute('data-sid'), down);
		row.parentNode.insertBefore(row, down ? other.nextElementSibling : other);
		handle.focus();
		this.updatePreview();
	},

	// renderNotes says, as the role is edited, what is odd about it.
	renderNotes(option, section_id, groups) {
		const node = E('div', { 'role': 'status', 'aria-live': 'polite', 'data-sso-notes': '' });
		const map = option.map;
		const value = (name) => {
			const found = map.lookupOption(name, section_id);

			return found ? found[0].formvalue(section_id) : null;
		};
		const update = () => {
			const matrix = value('_acl');
			const lists = logic.listsOf(value('_level'), matrix || {}, matrix ? groups : [],
				map.data.get(map.config, section_id, 'read'), map.data.get(map.config, section_id, 'write'));
			const notes = logic.roleNotes({
				name: section_id,
				email: logic.toList(value('email')),
				group: logic.toList(value('group')),
				sub: logic.toList(value('sub')),
				read: lists.read,
				write: lists.write
			}, this.roles(), groups);
			const text = notes.join('\n');

			if (node.ssoText === text)
				return;

			node.ssoText = text;
			dom.content(node, notes.map((n) => E('div', { 'class': 'alert-message warning', 'style': 'width:auto' }, [ n ])));
		};

		window.setTimeout(() => {
			if (!map.root)
				return;

			map.root.addEventListener('widget-change', update);
			map.root.addEventListener('keyup', update);
			update();
		}, 0);

		return node;
	},

	renderPreview() {
		const result = E('div', { 'role': 'status', 'aria-live': 'polite', 'data-sso-match': '' });
		const input = (id, title, placeholder) => E('div', { 'class': 'cbi-value' }, [
			E('label', { 'class': 'cbi-value-title', 'for': id }, [ title ]),
			E('div', { 'class': 'cbi-value-field' }, [
				E('input', { 'type': 'text', 'class': 'cbi-input-text', 'id': id, 'placeholder': placeholder, 'autocomplete': 'off', 'input': () => this.updatePreview() })
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

	updatePreview() {
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

		const roles = this.roles();
		const hit = logic.matchRole(roles, person);

		if (!hit) {
			dom.content(this.previewResult, E('span', { 'class': 'label warning' }, [ _('No role: this person cannot log in.') ]));
			return;
		}

		const role = roles.find((r) => r.name == hit.role);
		const granted = logic.countGranted(this.groups, role.read, role.write);

		dom.content(this.previewResult, [
			E('p', {}, [ E('strong', {}, [ _('Role %s').format(hit.role) ]), ', ', by[hit.by].format(hit.value) ]),
			E('p', {}, [
				(hit.by == 'email' && this.page.formvalue('require_email_verified') == '1')
					? _('The provider must say that the address is verified.') + ' ' : '',
				(role.read.length || role.write.length) && (granted.read || !this.groups.length)
					? _('%d of %d access groups can be read, %d of them changed.').format(granted.read, granted.total, granted.write)
					: E('span', { 'class': 'label warning' }, [ _('This role grants nothing: people with it cannot log in.') ])
			])
		]);
	}
});
