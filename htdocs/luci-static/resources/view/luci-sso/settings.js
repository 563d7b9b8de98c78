// SPDX-License-Identifier: Apache-2.0
'use strict';
'require view';
'require form';
'require dom';
'require rpc';
'require uci';
'require luci-sso.clientkey as clientkey';
'require luci-sso.authparams as authparams';
'require luci-sso.connection as connection';
'require luci-sso.presets as presets';
'require luci-sso.providers as providers';
'require luci-sso.status as status';
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
const CHOSEN = 'luci-sso.provider';

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

	preset() {
		const issuer = this.formvalue('issuer_url');

		return presets.get(this.formvalue('_preset') || (issuer ? presets.guess(issuer) : 'other'));
	},

	// chosenPreset is the one that was chosen in this browser; where none was,
	// the address of the provider may give it away.
	chosenPreset(issuer) {
		let chosen = null;

		try {
			chosen = window.localStorage.getItem(CHOSEN);
		}
		catch (e) {
			// Private windows may have no storage.
		}

		if (chosen && presets.all().some((p) => p.id == chosen))
			return chosen;

		return issuer ? presets.guess(issuer) : '';
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
		if (this.formvalue('_preset') === '' && this.formvalue('issuer_url') === '')
			return E('em', {}, [ _('Choose the provider to see what to do there.') ]);

		const steps = presets.steps(this.preset(), this.formvalue('redirect_uri') || validate.redirectURI(window.location, providers.asked()));

		// Some themes take the numbers away from every list.
		return E('ol', { 'style': 'overflow-wrap:anywhere; margin-left:0; padding-left:2em; list-style:decimal' },
			steps.map((s) => E('li', { 'style': 'color:inherit; list-style:inherit' }, [ s ])));
	},

	updateSteps() {
		const node = this.map.findElement('data-sso-steps', 'on');

		if (node)
			dom.content(node, this.renderSteps());

		const address = this.map.findElement('data-sso-backchannel', 'on');

		if (address)
			dom.content(address, this.logoutAddress());
	},

	// logoutAddress is where the provider tells of whoever signs out there.
	logoutAddress() {
		return validate.logoutURI(this.formvalue('redirect_uri'), window.location);
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

		this.updateSteps();
	},

	handlePreset(id) {
		try {
			window.localStorage.setItem(CHOSEN, id);
		}
		catch (e) {
			// Then it is not kept.
		}

		if (id === '') {
			this.updateSteps();
			return;
		}

		const preset = presets.get(id);
		const issuer = this.formvalue('issuer_url');

		this.setPlaceholder('issuer_url', preset.issuer);
		this.setValue('scope', preset.scope);
		this.setValue('groups_claim', preset.claim == 'groups' ? '' : preset.claim);
		this.setValue('require_at_hash', preset.at_hash || '');

		// Never switched off by choosing something else.
		if (preset.verified)
			this.setValue('require_email_verified', preset.verified);

		if (preset.fixed && issuer === '')
			this.setValue('issuer_url', preset.issuer);

		this.map.lookupOption('issuer_url', SECTION)[0].updateHint(SECTION);
		this.updateSteps();
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

		o = s.taboption('general', form.ListValue, '_preset', _('Provider'),
			_('Fills in what is usual for this provider and shows what to do there.'));
		o.value('', _('-- Please choose --'));
		for (let p of presets.all())
			o.value(p.id, p.name || _('Other provider'));
		o.load = function(section_id) {
			return page.chosenPreset(m.data.get(m.config, section_id, 'issuer_url'));
		};
		o.cfgvalue = o.load;
		o.write = function() {};
		o.remove = function() {};
		o.onchange = (ev, section_id, value) => page.handlePreset(value);

		o = s.taboption('general', form.DummyValue, '_steps', _('At the provider'));
		o.renderWidget = function() {
			const node = E('div', { 'data-sso-steps': 'on', 'role': 'status' });

			window.setTimeout(() => page.updateSteps(), 0);

			return node;
		};

		const needed = (further) => function(section_id, value) {
			if ((value == null || value === '') && page.formvalue('enabled') == '1')
				return _('This is needed while SSO is enabled');

			return further ? further(value) : true;
		};

		o = s.taboption('general', widgets.HintValue, 'issuer_url', _('Issuer URL'),
			_('The address of the provider, exactly as it names itself.'));
		o.placeholder = presets.get(this.chosenPreset(m.data.get(m.config, SECTION, 'issuer_url')) || 'other').issuer;
		o.required = true;
		o.inputmode = 'url';
		o.wide = true;
		o.validate = needed(validate.validateIssuer);
		o.hint = (section_id, value) => validate.hintIssuer(value, page.preset());

		o = s.taboption('general', widgets.HintValue, 'client_id', _('Client ID'),
			_('The name under which the provider knows this router.'));
		o.required = true;
		o.validate = needed(validate.validateEntry);

		o = s.taboption('general', widgets.HintValue, 'client_secret', _('Client Secret'),
			_('The password that belongs to the Client ID.'));
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

		o = s.taboption('general', widgets.HintValue, 'redirect_uri', _('Redirect URI'),
			_('Where the provider sends people back to. Enter the same address at the provider.'));
		o.default = validate.redirectURI(window.location, providers.asked());
		o.rmempty = false;
		o.inputmode = 'url';
		o.wide = true;
		o.validate = (section_id, value) => validate.validateURL(value);
		o.hint = (section_id, value) => validate.hintRedirect(value, window.location);
		o.extra = () => [ widgets.copyButton(() => page.formvalue('redirect_uri')) ];
		o.onchange = () => page.updateSteps();

		o = s.taboption('general', widgets.HintValue, 'scope', _('Scopes'),
			_('What is asked of the provider about a person, separated by spaces.'));
		o.default = 'openid profile email';
		o.wide = true;
		o.rmempty = false;
		o.validate = (section_id, value) => validate.validateScope(value);
		o.hint = (section_id, value) => validate.hintScope(value, users.roles());

		o = s.taboption('general', form.Flag, 'enabled', _('Enable SSO'),
			_('Offers “Login with SSO” on the login page.'));
		o.rmempty = false;
		o.default = '0';
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

		o = s.taboption('advanced', widgets.HintValue, 'internal_issuer_url', _('Internal Issuer URL'),
			_('Where the router reaches the provider, if not under the Issuer URL.'));
		o.inputmode = 'url';
		o.wide = true;
		o.validate = (section_id, value) => validate.validateInternal(value, page.formvalue('issuer_url'));

		o = s.taboption('advanced', form.DynamicList, 'host', _('Names of this router'),
			_('More addresses at which a login may start while Redirect URI is empty: names that the router cannot know of itself.'));
		o.placeholder = 'router.example.com';
		o.validate = (section_id, value) => validate.validateHost(value);

		o = s.taboption('advanced', widgets.HintValue, 'ca_file', _('CA file'),
			_('A PEM file with the only CA to trust for the provider; empty means the CAs of the router.'));
		o.placeholder = '/etc/ssl/my-ca.pem';
		o.validate = (section_id, value) => validate.validatePath(value);

		o = s.taboption('advanced', form.ListValue, 'token_auth_method', _('Client authentication'),
			_('How the router proves to the provider who it is.'));
		this.automatic(o);
		o.value('client_secret_basic');
		o.value('client_secret_post');
		o.value('private_key_jwt');
		o.value('none');
		o.onchange = () => m.lookupOption('client_secret', SECTION)[0].triggerValidation(SECTION);

		if (!m.readonly) {
			o = s.taboption('advanced', clientkey.KeyValue, '_client_key', _('Public key'));
			o.depends('token_auth_method', 'private_key_jwt');
		}

		o = s.taboption('advanced', form.Flag, 'serve_jwks', _('Publish the public key'),
			_('Lets the provider fetch this router\'s public key from it.') + ' ' + window.location.origin.replace('http:', 'https:') + '/cgi-bin/luci-sso?action=jwks');
		o.depends('token_auth_method', 'private_key_jwt');

		o = s.taboption('advanced', form.ListValue, 'par', _('Pushed requests (PAR)'),
			_('Whether the router hands a login\'s request to the provider itself, instead of through the browser.'));
		this.automatic(o);
		o.value('1', _('always'));
		o.value('0', _('never'));

		o = s.taboption('advanced', widgets.HintValue, 'groups_claim', _('Groups claim'),
			_('The claim that lists the groups of a person; dots lead into nested claims, and \\. is a dot within a name.'));
		o.placeholder = 'groups';
		o.validate = (section_id, value) => validate.validateClaim(value);

		o = s.taboption('advanced', form.Flag, 'require_email_verified', _('Require verified e-mail'),
			_('Accepts an e-mail address only if the provider says that it is verified.'));

		o = s.taboption('advanced', form.ListValue, 'require_at_hash', _('Token binding (at_hash)'),
			_('Whether the ID token must name the access token it came with.'));
		this.automatic(o);
		o.value('1', _('always'));
		o.value('0', _('only if present'));

		authparams.add(s);

		o = s.taboption('advanced', widgets.HintValue, 'clock_tolerance', _('Clock tolerance'),
			_('By how many seconds the clocks of router and provider may differ.'));
		this.number(o, '60');
		o.default = '60';
		o.rmempty = false;

		o = s.taboption('advanced', form.ListValue, 'session_cookie_path', _('Session cookie path'),
			_('Where the browser sends the session: /cgi-bin keeps it from other services of this host name.'));
		o.value('', '/');
		o.value('/cgi-bin');
		o.load = function(section_id) {
			const value = m.data.get(m.config, section_id, this.option);

			return (value == '/') ? '' : value;
		};

		o = s.taboption('advanced', widgets.HintValue, 'rate_limit', _('Requests per window'),
			_('How many requests all clients together may send in one window.'));
		this.number(o, '50');

		o = s.taboption('advanced', widgets.HintValue, 'rate_window', _('Window'),
			_('The length of the window in seconds.'));
		this.number(o, '60');

		o = s.taboption('advanced', widgets.HintValue, 'rate_limit_per_client', _('Requests per client'),
			_('How many of them one client may send; 0 means no limit of its own.'));
		this.number(o, '0');

		o = s.taboption('advanced', form.Flag, 'provider_logout', _('Log out at the provider'),
			_('Whether logging out of the router logs out at the provider, too.'));
		o.default = '1';

		o = s.taboption('advanced', widgets.HintValue, 'post_logout_redirect_uri', _('Address after logout'),
			_('Where the provider sends people after logging out; it must be registered there.'));
		o.inputmode = 'url';
		o.wide = true;
		o.placeholder = window.location.origin.replace('http:', 'https:') + '/';
		o.validate = (section_id, value) => validate.validateURL(value);

		o = s.taboption('advanced', widgets.HintValue, 'label', _('Text of the button'),
			_('What the button on the login page says; empty means “Login with SSO”.'));
		o.placeholder = _('Login with SSO');
		o.validate = (section_id, value) => validate.validateLabel(value);

		o = s.taboption('advanced', form.Flag, 'auto_login', _('Straight to the provider'),
			_('The login page goes to the provider by itself; /cgi-bin/luci/?password still asks for the password.'));

		this.sessionOptions(s);

		if (!m.readonly) {
			o = s.taboption('advanced', form.DummyValue, '_providers', _('Providers'));
			o.renderWidget = () => providers.renderButtons();
		}

		providers.strip(s);
	},

	// sessionOptions say when a session ends that its owner does not end.
	sessionOptions(s) {
		let o;

		o = s.taboption('sessions', widgets.HintValue, 'session_lifetime', _('Longest session'),
			_('After how many seconds a session ends, in use or not; 0 means never.'));
		this.number(o, '0');

		o = s.taboption('sessions', form.Flag, 'backchannel_logout', _('Logout by the provider'),
			_('Ends the sessions here of whoever signs out at the provider; enter the address below there.'));

		o = s.taboption('sessions', form.DummyValue, '_backchannel', _('At the provider'));
		o.depends('backchannel_logout', '1');
		o.renderWidget = () => {
			window.setTimeout(() => this.updateSteps(), 0);

			return E('div', {}, [
				E('code', { 'data-sso-backchannel': 'on', 'style': 'overflow-wrap:anywhere' }), ' ',
				widgets.copyButton(() => this.logoutAddress(), 'backchannel_logout_uri')
			]);
		};

		o = s.taboption('sessions', widgets.HintValue, 'revalidate', _('Ask the provider again'),
			_('Every how many seconds the provider is asked whether a sign-in still holds; 0 means never, 300 is a good start.'));
		this.number(o, '0');

		o = s.taboption('sessions', widgets.HintValue, 'revalidate_grace', _('Patience with the provider'),
			_('For how many seconds the provider need not answer before a session ends.'));
		this.number(o, '3600');
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
		o.validate = (section_id, v) => validate.validateNumber(o.option, v);
		o.hint = (section_id, v) => validate.hintNumber(o.option, v, { rate_limit: this.formvalue('rate_limit') });
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

			return m.render().then((node) => E('div', {}, [ node, preview, issuer ? '' : statusNode ]));
		});
	}
});
