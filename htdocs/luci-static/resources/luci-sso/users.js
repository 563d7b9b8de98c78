// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require form';
'require dom';
'require ui';
'require luci-sso.logic as logic';
'require luci-sso.match as match';
'require luci-sso.notes as notes';
'require luci-sso.preview as preview';
'require luci-sso.providers as providers';
'require luci-sso.validate as validate';
'require luci-sso.widgets as widgets';

// The section with users and roles: the roles and their editor.

// The lists of a role that are behind "More conditions".
const LISTS = [ 'email_domain', 'claim', 'acr', 'amr' ];

// foreign are the providers that a role names and nobody has set up.
function foreign(names) {
	return logic.toList(names).filter((name) => name && !providers.names.includes(name));
}

// roleOf is a role as it is judged and put into words. value gives its lists
// and options, section is what is saved of it.
function roleOf(name, value, section) {
	const lists = [ 'email', 'group', 'sub', ...LISTS, 'provider', 'read', 'write' ];

	return {
		name,
		...Object.fromEntries(lists.map((list) => [ list, logic.toList(value(list)) ])),
		match: value('match') || '',
		max_age: value('max_age') || '',
		// What nobody knows in it, '' for nothing.
		unknown: match.strange(section) || foreign(value('provider'))[0] || ''
	};
}

return baseclass.extend({
	// roles of the form as it stands, in the order of the table
	roles() {
		const data = this.map.data;

		return data.sections(this.map.config, 'role').map((s) => roleOf(s['.name'], (name) => s[name], s));
	},

	// add puts the section into the page's map. The page keeps what has been
	// typed into its settings while a role is saved.
	add(page, m, groups) {
		const users = this;

		this.page = page;
		this.map = m;
		this.groups = groups;

		let s, o;

		s = m.section(form.GridSection, 'role', _('Users and roles'),
			_('A role lists people and what they may do. The first role that fits a person wins.') +
			(m.readonly ? '' : ' ' + _('Drag the rows, or use the arrow keys on ☰, to change the order.')));
		s.addremove = !m.readonly;
		s.anonymous = false;
		s.sortable = !m.readonly;
		s.nodescriptions = true;
		s.modaltitle = (section_id) => _('Role') + ' » ' + section_id;

		// The first column's sort would reorder the roles, which is no mere
		// matter of looks here.
		s.handleSort = function() {};

		s.handleModalSave = function(...args) {
			const kept = page.keepForm();
			const top = window.scrollY;

			return form.GridSection.prototype.handleModalSave.apply(this, args).then(() => {
				page.restoreForm(kept);
				window.scrollTo(0, top);
			});
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

			if (input) {
				input.setAttribute('aria-label', _('Name of the new role'));
				input.setAttribute('placeholder', 'operator');
				input.parentNode.insertBefore(E('span', { 'style': 'margin-right:.5em' }, [ _('New role:') ]), input);
			}

			return node;
		};

		// The first column is the role's name.
		s.renderHeaderRows = function(...args) {
			const node = form.GridSection.prototype.renderHeaderRows.apply(this, args);
			const name = _('Name');

			// A cell in newer releases of LuCI, an attribute in older ones.
			for (let cell of node.querySelectorAll('th, [data-title]')) {
				if (cell.textContent == name && !cell.children.length)
					dom.content(cell, _('Role'));

				if (cell.getAttribute('data-title') == name)
					cell.setAttribute('data-title', _('Role'));
			}

			return node;
		};

		s.handleAdd = function(ev, name) {
			const valid = validate.validateRoleName(name, users.roles().map((r) => r.name).concat(providers.names));

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
			const { map } = this;

			return notes.render(map, section_id, () => users.edited(map, section_id), () => users.roles(), groups);
		};

		people('email', _('Email Addresses'), _('Upper and lower case make no difference.'), 'user@example.com', validate.validateEmail);
		people('group', _('Groups'), _('Groups exactly as the provider sends them.'), 'router-admins', validate.validateEntry);
		people('sub', _('Subjects'), _('Identifiers (sub) of single people at the provider.'), '', validate.validateEntry);

		// One that was removed can still be taken out of a role.
		const choices = new Set(providers.names.concat(...this.roles().map((role) => foreign(role.provider))));

		if (choices.size > 1) {
			o = s.option(form.MultiValue, 'provider', _('Providers'), _('Whose people the role is for; without a choice those of default.'));
			o.modalonly = true;
			for (let name of choices)
				o.value(name);
		}

		this.addConditions(s);

		const column = (name, title, kind) => {
			const dummy = s.option(form.DummyValue, name, title);

			dummy.modalonly = false;
			dummy.textvalue = function(section_id) {
				const data = this.map.data;
				const granted = logic.countGranted(groups, data.get(this.map.config, section_id, 'read'), data.get(this.map.config, section_id, 'write'));

				if (groups.length && granted[kind] == granted.total)
					return E('span', { 'class': 'label' }, [ _('full', 'All permissions granted') ]);

				if (!granted[kind])
					return E('span', { 'class': (kind == 'read') ? 'label warning' : 'label' }, [ _('denied', 'No permissions granted') ]);

				return E('span', { 'class': 'label' }, [ _('partial (%d/%d)', 'Some permissions granted').format(granted[kind], granted.total) ]);
			};
		};

		column('_read', _('Read access'), 'read');
		column('_write', _('Write access'), 'write');

		o = s.option(form.ListValue, '_level', _('Access level'));
		o.modalonly = true;
		o.value('write', _('full', 'All permissions granted'));
		o.value('read', _('readonly', 'Only read permissions granted'));
		o.value('individual', _('individual', 'Select individual permissions manually'));
		o.load = function(section_id) {
			const data = this.map.data;

			return logic.levelOf(data.get(this.map.config, section_id, 'read'), data.get(this.map.config, section_id, 'write'));
		};
		o.write = function(section_id, value) {
			const data = this.map.data;
			const matrix = this.map.lookupOption('_acl', section_id)[0].formvalue(section_id);
			const lists = logic.listsOf(value, matrix || {}, matrix ? groups : [],
				data.get(this.map.config, section_id, 'read'), data.get(this.map.config, section_id, 'write'));

			// What is as it was is no change to show and to apply.
			for (let name in lists) {
				if (logic.sameList(logic.toList(data.get(this.map.config, section_id, name)), lists[name]))
					continue;

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

	// addConditions are the lists that few need, with the switch that shows them.
	addConditions(s) {
		const more = s.option(form.Flag, '_more', _('More conditions'));
		let o;

		// In the table, what there is of them.
		more.textvalue = function(section_id) {
			const role = Object.assign({}, this.map.data.get(this.map.config, section_id));

			for (let name of [ 'email', 'group', 'sub' ])
				delete role[name];

			return match.sentence(role) || match.signIn(role) || '-';
		};
		more.load = function(section_id) {
			const role = this.map.data.get(this.map.config, section_id);

			return LISTS.concat('match', 'max_age').some((name) => logic.toList(role[name]).length) ? '1' : '0';
		};
		more.write = function() {};
		more.remove = function() {};

		const condition = (type, name, title, description, placeholder) => {
			o = s.option(type, name, title, description);
			o.modalonly = true;
			o.depends('_more', '1');
			// Hidden is not deleted.
			o.retain = true;
			o.placeholder = placeholder;
			o.validate = (section_id, value) => validate.conditions[name](value);

			return o;
		};

		condition(form.DynamicList, 'email_domain', _('E-mail domains'), _('Everybody with an address there that the provider calls verified.'), 'example.com');
		condition(form.DynamicList, 'claim', _('Claims'), _('Whatever else the provider says of a person: the name of a claim, = and the value.'), 'department=NOC');
		condition(form.ListValue, 'match', _('Who fits'));
		o.value('', _('in one of the lists'));
		o.value('all', _('in each list with entries'));
		o.load = function(section_id) {
			const value = this.map.data.get(this.map.config, section_id, 'match');

			// What is neither stays to be seen, and to be mended.
			if (validate.conditions.match(value) !== true)
				this.value(value);

			return (value == 'any') ? '' : value;
		};
		condition(form.DynamicList, 'acr', _('Kind of sign-in (acr)'), _('The sign-in at the provider was one of these.'), 'phr');
		condition(form.DynamicList, 'amr', _('Ways of signing in (amr)'), _('The sign-in at the provider had all of these.'), 'hwk');
		condition(form.Value, 'max_age', _('Sign-in at most this old'), _('In seconds. Who signed in earlier has to do it again.'), '3600');
		o.inputmode = 'numeric';
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

	// edited is a role as its editor has it, saved or not.
	edited(map, section_id) {
		const value = (name) => {
			const found = map.lookupOption(name, section_id);

			return found ? found[0].formvalue(section_id) : null;
		};
		const matrix = value('_acl');
		const lists = logic.listsOf(value('_level'), matrix || {}, matrix ? this.groups : [],
			map.data.get(map.config, section_id, 'read'), map.data.get(map.config, section_id, 'write'));

		return roleOf(section_id, (name) => lists[name] || value(name), map.data.get(map.config, section_id));
	},

	// edit leads to the roles: into the editor when there is just one.
	edit() {
		const rows = this.map.root.querySelectorAll('tr[data-sid] .cbi-button-edit');

		if (rows.length == 1)
			rows[0].click();
		else
			this.map.root.querySelector('[id$="-role"], [id*=".role"], .cbi-section-create').scrollIntoView();
	},

	renderPreview() {
		return preview.render(this);
	},

	updatePreview() {
		preview.update();
	}
});
