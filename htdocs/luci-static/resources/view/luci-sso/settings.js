// SPDX-License-Identifier: Apache-2.0
'use strict';
'require view';
'require form';
'require rpc';
'require uci';
'require luci-sso.clientkey as clientkey';
'require luci-sso.authparams as authparams';
'require luci-sso.connection as connection';
'require luci-sso.fields as fields';
'require luci-sso.presets as presets';
'require luci-sso.providers as providers';
'require luci-sso.status as status';
'require luci-sso.steps as steps';
'require luci-sso.users as users';
'require luci-sso.validate as validate';
'require luci-sso.widgets as widgets';

// Services > SSO Login. People who may change the settings work on UCI itself.
// People who may only look have no right to read it, because it holds the
// client secret: they get what the rpcd plugin gives out, in a read-only map.

const callSettings = rpc.declare({ object: 'luci-sso', method: 'settings' });
const callGroups = rpc.declare({ object: 'luci-sso', method: 'access_groups', expect: { groups: [] } });

// The section that the form shows: see providers.
let SECTION = providers.USUAL;

return view.extend({
	load() {
		const readonly = !L.hasViewPermission();

		return Promise.all([
			L.resolveDefault(callGroups(), []),
			readonly ? L.resolveDefault(callSettings(), null) : null,
			readonly ? null : uci.load('luci-sso')
		]);
	},

	formvalue(name) {
		const option = this.map.lookupOption(name, SECTION);

		return (option && option[0].formvalue(SECTION)) || '';
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

			if (!elem || !(o.option in kept) || String(elem.getValue()) === String(kept[o.option]))
				continue;

			elem.setValue(kept[o.option]);
			elem.triggerValidation();

			if (o.updateHint)
				o.updateHint(SECTION);
		}

		steps.update();
	},

	addSettings(m, secret_set) {
		const page = this;
		let s, o;

		s = m.section(form.NamedSection, SECTION, 'oidc', _('Settings'));
		this.settings = s;
		s.addremove = false;
		s.tab('general', _('General Settings'));
		s.tab('advanced', _('Advanced Settings'));
		s.tab('sessions', _('Sessions'));
		fields.begin(s, this);
		steps.begin(this);

		o = s.taboption('general', form.ListValue, '_preset', _('Provider'),
			_('Fills in what is usual for this provider and shows what to do there.'));
		o.value('', _('-- Please choose --'));
		for (let p of presets.all())
			o.value(p.id, p.name || _('Other provider'));
		o.load = function(section_id) {
			return steps.chosen(m.data.get(m.config, section_id, 'issuer_url'));
		};
		o.cfgvalue = o.load;
		o.write = function() {};
		o.remove = function() {};
		o.onchange = (ev, section_id, value) => steps.choose(value);

		o = s.taboption('general', form.DummyValue, '_steps', _('At the provider'));
		o.renderWidget = function() {
			const node = E('div', { 'data-sso-steps': 'on', 'role': 'status' });

			window.setTimeout(() => steps.update(), 0);

			return node;
		};

		const needed = (further) => function(section_id, value) {
			if ((value == null || value === '') && page.formvalue('enabled') == '1')
				return _('This is needed while SSO is enabled');

			return further ? further(value) : true;
		};

		o = fields.add('general', 'issuer_url');
		o.placeholder = presets.get(steps.chosen(m.data.get(m.config, SECTION, 'issuer_url')) || 'other').issuer;
		o.required = true;
		o.validate = needed(validate.validateIssuer);
		o.hint = (section_id, value) => validate.hintIssuer(value, steps.preset());

		o = fields.add('general', 'client_id');
		o.required = true;
		o.validate = needed(validate.validateEntry);

		o = fields.add('general', 'client_secret');
		if (m.readonly) {
			// Nothing to mask: the secret has not been sent to this browser.
			o.renderWidget = () => E('em', {}, [ secret_set ? _('is set') : _('is not set') ]);
		}
		else {
			o.password = true;
			o.required = true;
			o.validate = (section_id, value) => validate.withoutSecret(page.formvalue('token_auth_method')) || needed()(section_id, value);
			o.hint = (section_id, value) => validate.hintSecret(value);
		}

		o = fields.add('general', 'redirect_uri');
		o.default = validate.redirectURI(window.location, providers.asked());
		o.rmempty = false;
		o.hint = (section_id, value) => validate.hintRedirect(value, window.location);
		o.extra = () => [ widgets.copyButton(() => page.formvalue('redirect_uri')) ];
		o.onchange = () => steps.update();

		o = fields.add('general', 'scope');
		o.wide = true;
		o.validate = (section_id, value) => validate.validateScope(value);
		o.hint = (section_id, value) => validate.hintScope(value, users.roles());

		o = fields.add('general', 'enabled');
		o.onchange = function() {
			for (let name of [ 'issuer_url', 'client_id', 'client_secret' ])
				m.lookupOption(name, SECTION)[0].triggerValidation(SECTION);
		};

		// A test is for those who may change what it finds.
		if (!m.readonly) {
			o = s.taboption('general', connection.TestValue, '_test', _('Test connection'));
			o.ask = (name) => page.formvalue(name);
			o.roles = () => users.roles();
			o.edit = () => users.edit();
		}

		this.addAdvanced(m, s);
		this.addSessions(s);
		fields.rest('advanced');

		if (!m.readonly) {
			o = s.taboption('advanced', form.DummyValue, '_providers', _('Providers'));
			o.renderWidget = () => providers.renderButtons();
		}

		providers.strip(s);
	},

	addAdvanced(m, s) {
		const secure = window.location.origin.replace('http:', 'https:');
		let o;

		o = fields.add('advanced', 'internal_issuer_url');
		o.validate = (section_id, value) => validate.validateInternal(value, this.formvalue('issuer_url'));

		o = fields.add('advanced', 'host');
		o.validate = (section_id, value) => validate.validateHost(value);

		fields.add('advanced', 'ca_file');

		o = fields.add('advanced', 'token_auth_method');
		o.onchange = () => m.lookupOption('client_secret', SECTION)[0].triggerValidation(SECTION);

		if (!m.readonly) {
			o = s.taboption('advanced', clientkey.KeyValue, '_client_key', _('Public key'));
			o.depends('token_auth_method', 'private_key_jwt');
		}

		o = fields.add('advanced', 'serve_jwks', { note: secure + '/cgi-bin/luci-sso?action=jwks' });
		// It is the key for all providers, and this form need not be the one that uses it.
		if (providers.names.length < 2)
			o.depends('token_auth_method', 'private_key_jwt');

		fields.add('advanced', 'par');

		o = fields.add('advanced', 'groups_claim');
		o.validate = (section_id, value) => validate.validateClaim(value);

		fields.add('advanced', 'require_email_verified');

		fields.add('advanced', 'require_at_hash', { words: { 0: _('only if present') } });

		authparams.add(s);

		for (let name of [ 'clock_tolerance', 'session_cookie_path', 'rate_limit', 'rate_window', 'rate_limit_per_client', 'provider_logout' ])
			fields.add('advanced', name);

		o = fields.add('advanced', 'post_logout_redirect_uri');
		o.placeholder = secure + '/';

		o = fields.add('advanced', 'label');
		o.placeholder = _('Login with SSO');

		fields.add('advanced', 'auto_login');
	},

	// addSessions says when a session ends that its owner does not end.
	addSessions(s) {
		let o;

		fields.add('sessions', 'session_lifetime');
		fields.add('sessions', 'backchannel_logout');

		o = s.taboption('sessions', form.DummyValue, '_backchannel', _('At the provider'));
		o.depends('backchannel_logout', '1');
		o.renderWidget = () => {
			window.setTimeout(() => steps.update(), 0);

			return E('div', {}, [
				E('code', { 'data-sso-backchannel': 'on', 'style': 'overflow-wrap:anywhere' }), ' ',
				widgets.copyButton(() => steps.logoutAddress(), 'backchannel_logout_uri')
			]);
		};

		fields.add('sessions', 'revalidate');
		fields.add('sessions', 'revalidate_grace');
	},

	render(data) {
		const groups = data[0];
		const readonly = !L.hasViewPermission();
		const settings = data[1] || { options: {}, roles: [], client_secret_set: false };
		const title = _('SSO Login');
		const description = _('Lets people log in to this router with the account they have at an identity provider (OpenID Connect).');
		let m;

		SECTION = providers.choose(readonly ? Object.keys(settings.providers || {}) : uci.sections('luci-sso', 'oidc')
			.filter((s) => !s['.anonymous']).map((s) => s['.name']));

		if (readonly) {
			const own = (settings.providers || {})[SECTION] || settings;

			settings.client_secret_set = own.client_secret_set;
			m = new form.JSONMap({
				oidc: [ Object.assign({}, own.options, { '.name': SECTION, host: (own.options.host || '').split(' ').filter(Boolean) }) ],
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
		this.addSettings(m, settings.client_secret_set);
		users.add(this, m, groups);

		const preview = users.renderPreview();
		const renderContents = m.renderContents;
		const issuer = m.data.get(m.config, SECTION, 'issuer_url');
		const note = readonly ? E('div', { 'class': 'alert-message notice', 'data-sso-readonly': '' }, [
			_('You may look at these settings, but not change them.')
		]) : '';

		// What cannot be used is not there.
		if (readonly)
			this.handleSaveApply = this.handleSave = this.handleReset = null;

		status.actions = readonly ? {} : {
			people: () => E('button', {
				'type': 'button',
				'class': 'btn cbi-button',
				'click': (ev) => { ev.preventDefault(); users.edit(); }
			}, [ _('Edit the roles') ])
		};

		return status.render(readonly).then((statusNode) => {
			m.renderContents = (...args) => renderContents.apply(m, args).then((node) => {
				const first = node.querySelector('.cbi-section');

				if (note)
					node.insertBefore(note, first);

				// Once there is a provider, who is in and what failed is what
				// one comes for.
				if (issuer)
					node.insertBefore(statusNode, first);

				// The status is that of all providers; only the form is of one.
				node.insertBefore(providers.renderTabs() || document.createTextNode(''), first);

				users.updatePreview();

				return node;
			});

			return m.render().then((node) => E('div', {}, [ widgets.fitScreen(), node, preview, issuer ? '' : statusNode ]));
		});
	}
});
