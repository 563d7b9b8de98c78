// SPDX-License-Identifier: Apache-2.0
'use strict';
'require view';
'require form';
'require dom';
'require rpc';
'require uci';
'require ui';
'require luci-sso.logic as logic';
'require luci-sso.presets as presets';
'require luci-sso.status as status';
'require luci-sso.widgets as widgets';

// Services > SSO Login. People who may change the settings work on UCI itself.
// People who may only look have no right to read it, because it holds the
// client secret: they get what the rpcd plugin gives out, in a read-only map.

const callSettings = rpc.declare({ object: 'luci-sso', method: 'settings' });
const callGroups = rpc.declare({ object: 'luci-sso', method: 'access_groups', expect: { groups: [] } });
const callTest = rpc.declare({ object: 'luci-sso', method: 'test_connection', params: [ 'values' ] });

const SECTION = 'default';

// The options of the settings section that a test needs to know.
const TESTED = [
	'issuer_url', 'internal_issuer_url', 'client_id', 'client_secret', 'redirect_uri', 'scope', 'clock_tolerance',
	'ca_file', 'groups_claim', 'require_at_hash', 'require_email_verified', 'token_auth_method'
];

// Words of the backend that stand in for a gap of its sentences.
function backendWords() {
	return [ _('authorization endpoint'), _('token endpoint'), _('key set (JWKS)'), _('UserInfo endpoint'), _('logout endpoint') ];
}

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
		groups: _('Groups')
	};
}

return view.extend({
	load() {
		const readonly = !L.hasViewPermission();

		return Promise.all([
			L.resolveDefault(callGroups(), []),
			readonly ? L.resolveDefault(callSettings(), null) : null,
			readonly ? null : uci.load('luci-sso')
		]);
	},

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

	formvalue(name) {
		const option = this.map.lookupOption(name, SECTION);

		return (option && option[0].formvalue(SECTION)) || '';
	},

	preset() {
		return presets.get(this.formvalue('_preset') || presets.guess(this.formvalue('issuer_url')));
	},

	setValue(name, value) {
		const option = this.map.lookupOption(name, SECTION);
		const elem = option ? option[0].getUIElement(SECTION) : null;

		if (!elem)
			return;

		elem.setValue(value);
		elem.triggerValidation();
		elem.node.dispatchEvent(new CustomEvent('widget-change', { bubbles: true }));
	},

	setPlaceholder(name, text) {
		const node = this.map.findElement('id', 'widget.cbid.%s.%s.%s'.format(this.map.config, SECTION, name));

		if (node)
			node.setAttribute('placeholder', text);
	},

	renderSteps() {
		const steps = presets.steps(this.preset(), this.formvalue('redirect_uri') || logic.redirectURI(window.location));

		return E('ol', { 'style': 'overflow-wrap:anywhere' }, steps.map((s) => E('li', { 'style': 'color:inherit' }, [ s ])));
	},

	updateSteps() {
		const node = this.map.findElement('data-sso-steps', 'on');

		if (node)
			dom.content(node, this.renderSteps());
	},

	// keepForm remembers what has been typed into the settings but not saved:
	// LuCI draws the whole form anew when the editor of a role is saved.
	keepForm() {
		const kept = {};

		for (let o of this.settings.children) {
			const elem = o.getUIElement(SECTION);

			if (elem)
				kept[o.option] = elem.getValue();
		}

		return kept;
	},

	restoreForm(kept) {
		for (let o of this.settings.children) {
			const elem = o.getUIElement(SECTION);

			if (!elem || !(o.option in kept) || elem.getValue() === kept[o.option])
				continue;

			elem.setValue(kept[o.option]);
			elem.triggerValidation();

			if (o.updateHint)
				o.updateHint(SECTION);
		}

		this.updateSteps();
	},

	handlePreset(id) {
		const preset = presets.get(id);
		const issuer = this.formvalue('issuer_url');

		this.setPlaceholder('issuer_url', preset.issuer);
		this.setValue('scope', preset.scope);
		this.setValue('groups_claim', preset.claim == 'groups' ? '' : preset.claim);

		if (preset.fixed && issuer === '')
			this.setValue('issuer_url', preset.issuer);

		this.map.lookupOption('issuer_url', SECTION)[0].updateHint(SECTION);
		this.updateSteps();
	},

	handleTest(node) {
		const values = {};

		// An empty field counts as unset, whatever is saved; only the secret
		// may be left to the router.
		for (let name of TESTED) {
			const value = this.formvalue(name);

			if (value !== '' || name != 'client_secret')
				values[name] = String(value);
		}

		dom.content(node, E('p', { 'class': 'spinning' }, [ _('Asking the provider…') ]));

		return callTest(values).then((reply) => {
			const words = {
				pass: [ 'success', _('Everything is ready for the first login.') ],
				warn: [ 'warning', _('Logging in should work; please read the warnings.') ],
				fail: [ 'danger', _('Logging in will not work yet.') ]
			};
			const word = (reply && words[reply.status]) || words.fail;

			dom.content(node, [
				E('div', { 'class': 'alert-message ' + word[0], 'data-test-result': (reply && reply.status) || 'fail' }, [
					(reply && reply.busy) ? _('Another test is still running.') : word[1]
				]),
				(reply && reply.checks && reply.checks.length) ? widgets.checkTable(reply.checks, checkTitles(), _('Test connection')) : ''
			]);
		}).catch((e) => {
			dom.content(node, E('div', { 'class': 'alert-message danger', 'data-test-result': 'error' }, [
				_('The test could not be run: %s').format(e.message)
			]));
		});
	},

	addSettings(m, secret_set) {
		const page = this;
		let s, o;

		s = m.section(form.NamedSection, SECTION, 'oidc', _('Settings'));
		this.settings = s;
		s.addremove = false;
		s.tab('general', _('General Settings'));
		s.tab('advanced', _('Advanced Settings'));

		o = s.taboption('general', form.ListValue, '_preset', _('Provider'),
			_('Fills in what is usual for this provider and shows what to do there.'));
		for (let p of presets.all())
			o.value(p.id, p.name || _('Other provider'));
		o.load = function(section_id) {
			return presets.guess(m.data.get(m.config, section_id, 'issuer_url'));
		};
		o.write = function() {};
		o.remove = function() {};
		o.onchange = (ev, section_id, value) => page.handlePreset(value);

		o = s.taboption('general', form.DummyValue, '_steps', _('At the provider'));
		o.renderWidget = function() {
			const node = E('div', { 'data-sso-steps': 'on', 'role': 'status' });

			window.setTimeout(() => page.updateSteps(), 0);

			return node;
		};

		o = s.taboption('general', form.Flag, 'enabled', _('Enable SSO'),
			_('Offers “Login with SSO” on the login page.'));
		o.rmempty = false;
		o.default = '0';
		o.onchange = function() {
			for (let name of [ 'issuer_url', 'client_id', 'client_secret' ])
				m.lookupOption(name, SECTION)[0].triggerValidation(SECTION);
		};

		const needed = (validate) => function(section_id, value) {
			if ((value == null || value === '') && page.formvalue('enabled') == '1')
				return _('This is needed while SSO is enabled');

			return validate ? validate(value) : true;
		};

		o = s.taboption('general', widgets.HintValue, 'issuer_url', _('Issuer URL'),
			_('The address of the provider, exactly as it names itself.'));
		o.placeholder = presets.get(presets.guess(m.data.get(m.config, SECTION, 'issuer_url'))).issuer;
		o.required = true;
		o.inputmode = 'url';
		o.wide = true;
		o.validate = needed(logic.validateIssuer);
		o.hint = (section_id, value) => logic.hintIssuer(value, page.preset());

		o = s.taboption('general', widgets.HintValue, 'client_id', _('Client ID'),
			_('The name under which the provider knows this router.'));
		o.required = true;
		o.validate = needed(logic.validateEntry);

		o = s.taboption('general', widgets.HintValue, 'client_secret', _('Client Secret'),
			_('The password that belongs to the Client ID.'));
		if (m.readonly) {
			// Nothing to mask: the secret has not been sent to this browser.
			o.renderWidget = () => E('em', {}, [ secret_set ? _('is set') : _('is not set') ]);
		}
		else {
			o.password = true;
			o.required = true;
			o.validate = needed();
			o.hint = (section_id, value) => logic.hintSecret(value);
		}

		o = s.taboption('general', widgets.HintValue, 'redirect_uri', _('Redirect URI'),
			_('Where the provider sends people back to. Enter the same address at the provider.'));
		o.default = logic.redirectURI(window.location);
		o.rmempty = false;
		o.inputmode = 'url';
		o.wide = true;
		o.validate = (section_id, value) => logic.validateURL(value);
		o.hint = (section_id, value) => logic.hintRedirect(value, window.location);
		o.extra = () => [ widgets.copyButton(() => page.formvalue('redirect_uri')) ];
		o.onchange = () => page.updateSteps();

		o = s.taboption('general', widgets.HintValue, 'scope', _('Scopes'),
			_('What is asked of the provider about a person, separated by spaces.'));
		o.default = 'openid profile email';
		o.wide = true;
		o.rmempty = false;
		o.validate = (section_id, value) => logic.validateScope(value);
		o.hint = (section_id, value) => logic.hintScope(value, page.roles());

		o = s.taboption('general', form.DummyValue, '_test', _('Test connection'));
		o.renderWidget = function() {
			const result = E('div', { 'role': 'status', 'aria-live': 'polite', 'data-sso-test': '', 'style': 'margin-top:.5em' });

			return E('div', {}, [
				E('button', {
					'type': 'button',
					'class': 'btn cbi-button cbi-button-action',
					'disabled': m.readonly || null,
					'click': ui.createHandlerFn(page, 'handleTest', result)
				}, [ _('Test connection') ]),
				E('div', { 'class': 'cbi-value-description' }, [ _('Checks what this form holds, saved or not.') ]),
				result
			]);
		};

		o = s.taboption('advanced', widgets.HintValue, 'internal_issuer_url', _('Internal Issuer URL'),
			_('Where the router reaches the provider, if not under the Issuer URL.'));
		o.inputmode = 'url';
		o.wide = true;
		o.validate = (section_id, value) => logic.validateInternal(value, page.formvalue('issuer_url'));

		o = s.taboption('advanced', widgets.HintValue, 'ca_file', _('CA file'),
			_('A PEM file with the only CA to trust for the provider; empty means the CAs of the router.'));
		o.placeholder = '/etc/ssl/my-ca.pem';
		o.validate = (section_id, value) => logic.validatePath(value);

		o = s.taboption('advanced', form.ListValue, 'token_auth_method', _('Client authentication'),
			_('How the router presents the Client Secret.'));
		this.automatic(o);
		o.value('client_secret_basic');
		o.value('client_secret_post');

		o = s.taboption('advanced', widgets.HintValue, 'groups_claim', _('Groups claim'),
			_('The claim that lists the groups of a person; dots lead into nested claims.'));
		o.placeholder = 'groups';
		o.validate = (section_id, value) => logic.validateClaim(value);

		o = s.taboption('advanced', form.Flag, 'require_email_verified', _('Require verified e-mail'),
			_('Accepts an e-mail address only if the provider says that it is verified.'));

		o = s.taboption('advanced', form.ListValue, 'require_at_hash', _('Token binding (at_hash)'),
			_('Whether the ID token must name the access token it came with.'));
		this.automatic(o);
		o.value('1', _('always'));
		o.value('0', _('only if present'));

		o = s.taboption('advanced', widgets.HintValue, 'clock_tolerance', _('Clock tolerance'),
			_('By how many seconds the clocks of router and provider may differ.'));
		this.number(o, '60');
		o.default = '60';
		o.rmempty = false;

		o = s.taboption('advanced', widgets.HintValue, 'rate_limit', _('Requests per window'),
			_('How many requests all clients together may send in one window.'));
		this.number(o, '50');

		o = s.taboption('advanced', widgets.HintValue, 'rate_window', _('Window'),
			_('The length of the window in seconds.'));
		this.number(o, '60');

		o = s.taboption('advanced', widgets.HintValue, 'rate_limit_per_client', _('Requests per client'),
			_('How many of them one client may send; 0 means no limit of its own.'));
		this.number(o, '0');

		o = s.taboption('advanced', widgets.HintValue, 'post_logout_redirect_uri', _('Address after logout'),
			_('Where the provider sends people after logging out; it must be registered there.'));
		o.inputmode = 'url';
		o.wide = true;
		o.placeholder = window.location.origin.replace('http:', 'https:') + '/';
		o.validate = (section_id, value) => logic.validateURL(value);
	},

	// What is left at its default is not written: the configuration stays as
	// short as the guide has it.
	automatic(o) {
		o.value('', _('automatic'));
		o.load = function(section_id) {
			const value = this.map.data.get(this.map.config, section_id, this.option);

			return (value == 'auto') ? '' : value;
		};
	},

	number(o, value) {
		o.placeholder = value;
		o.inputmode = 'numeric';
		o.validate = (section_id, v) => logic.validateNumber(o.option, v);
		o.hint = (section_id, v) => logic.hintNumber(o.option, v, { rate_limit: this.formvalue('rate_limit') });
	},

	addUsers(m, groups) {
		const page = this;
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
				handle.addEventListener('keydown', (ev) => page.handleMove(ev, section_id));
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
			const valid = logic.validateRoleName(name, page.roles().map((r) => r.name));

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

		const people = (name, title, description, placeholder, validate) => {
			o = s.option(form.DynamicList, name, title, description);
			o.placeholder = placeholder;
			o.validate = (section_id, value) => validate(value);
			o.textvalue = function(section_id) {
				const list = logic.toList(this.cfgvalue(section_id));

				return list.length ? E('span', { 'style': 'overflow-wrap:anywhere' }, [ list.join(', ') ]) : '-';
			};

			return o;
		};

		o = s.option(form.DummyValue, '_notes');
		o.modalonly = true;
		o.render = function(option_index, section_id) {
			return page.renderNotes(this, section_id, groups);
		};

		people('email', _('Email Addresses'), _('Upper and lower case make no difference.'), 'user@example.com', logic.validateEmail);
		people('group', _('Groups'), _('Groups exactly as the provider sends them.'), 'router-admins', logic.validateEntry);
		people('sub', _('Subjects'), _('Identifiers (sub) of single people at the provider.'), '', logic.validateEntry);

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
				(hit.by == 'email' && this.formvalue('require_email_verified') == '1')
					? _('The provider must say that the address is verified.') + ' ' : '',
				(role.read.length || role.write.length) && (granted.read || !this.groups.length)
					? _('%d of %d access groups can be read, %d of them changed.').format(granted.read, granted.total, granted.write)
					: E('span', { 'class': 'label warning' }, [ _('This role grants nothing: people with it cannot log in.') ])
			])
		]);
	},

	render(data) {
		const groups = data[0];
		const readonly = !L.hasViewPermission();
		const settings = data[1] || { options: {}, roles: [], client_secret_set: false };
		const title = _('SSO Login');
		const description = _('Lets people log in to this router with the account they have at an identity provider (OpenID Connect).');
		let m;

		backendWords();

		if (readonly) {
			m = new form.JSONMap({
				oidc: [ Object.assign({}, settings.options, { '.name': SECTION }) ],
				role: (settings.roles || []).map((r) => Object.assign({}, r, { '.name': r.name }))
			}, title, description);
			m.readonly = true;
		}
		else {
			// A package whose configuration was emptied by hand still opens.
			if (!uci.get('luci-sso', SECTION))
				uci.add('luci-sso', 'oidc', SECTION);

			m = new form.Map('luci-sso', title, description);
		}

		this.map = m;
		this.groups = groups;
		this.addSettings(m, settings.client_secret_set);
		this.addUsers(m, groups);

		const preview = this.renderPreview();
		const renderContents = m.renderContents;

		m.renderContents = (...args) => renderContents.apply(m, args).then((node) => {
			this.updatePreview();
			return node;
		});

		return Promise.all([ m.render(), status.render(readonly) ]).then((nodes) =>
			E('div', {}, [ nodes[0], preview, nodes[1] ]));
	}
});
