// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';
'require luci-sso.presets as presets';
'require luci-sso.providers as providers';
'require luci-sso.validate as validate';

// Which provider it is: what is usual for one of its kind is filled into the
// form, and what to do there stands beside it.

const CHOSEN = 'luci-sso.provider';

return baseclass.extend({
	// begin is called before the form is drawn: `page` has its map and tells
	// what a field holds.
	begin(page) {
		this.page = page;
	},

	// What was chosen is remembered for each provider.
	key() {
		return CHOSEN + (providers.asked() ? '.' + providers.asked() : '');
	},

	field(name) {
		const option = this.page.map.lookupOption(name, providers.section);

		return option ? option[0] : null;
	},

	preset() {
		const issuer = this.page.formvalue('issuer_url');

		return presets.get(this.page.formvalue('_preset') || (issuer ? presets.guess(issuer) : 'other'));
	},

	// chosen is the one that was chosen in this browser; where none was,
	// the address of the provider may give it away.
	chosen(issuer) {
		let id = null;

		try {
			id = window.localStorage.getItem(this.key());
		}
		catch (e) {
			// Private windows may have no storage.
		}

		if (id && presets.all().some((p) => p.id == id))
			return id;

		return issuer ? presets.guess(issuer) : '';
	},

	choose(id) {
		try {
			window.localStorage.setItem(this.key(), id);
		}
		catch (e) {
			// Then it is not kept.
		}

		if (id === '') {
			this.update();
			return;
		}

		const preset = presets.get(id);
		const issuer = this.page.formvalue('issuer_url');

		this.setPlaceholder('issuer_url', preset.issuer);
		this.setValue('scope', preset.scope);
		this.setValue('groups_claim', preset.claim == 'groups' ? '' : preset.claim);
		this.setValue('require_at_hash', preset.at_hash || '');

		// Never switched off by choosing something else.
		if (preset.verified)
			this.setValue('require_email_verified', preset.verified);

		if (preset.fixed && issuer === '')
			this.setValue('issuer_url', preset.issuer);

		this.field('issuer_url').updateHint(providers.section);
		this.update();
	},

	setValue(name, value) {
		const option = this.field(name);
		const elem = option ? option.getUIElement(providers.section) : null;

		if (!elem)
			return;

		elem.setValue(value);
		elem.triggerValidation();
		elem.node.dispatchEvent(new CustomEvent('widget-change', { bubbles: true }));
	},

	setPlaceholder(name, text) {
		const node = this.page.map.findElement('id', 'widget.cbid.%s.%s.%s'.format(this.page.map.config, providers.section, name));

		if (node)
			node.setAttribute('placeholder', text);
	},

	render() {
		if (this.page.formvalue('_preset') === '' && this.page.formvalue('issuer_url') === '')
			return E('em', {}, [ _('Choose the provider to see what to do there.') ]);

		const steps = presets.steps(this.preset(), this.page.formvalue('redirect_uri') || validate.redirectURI(window.location, providers.asked()));

		// Some themes take the numbers away from every list.
		return E('ol', { 'style': 'overflow-wrap:anywhere; margin-left:0; padding-left:2em; list-style:decimal' },
			steps.map((s) => E('li', { 'style': 'color:inherit; list-style:inherit' }, [ s ])));
	},

	update() {
		const node = this.page.map.findElement('data-sso-steps', 'on');

		if (node)
			dom.content(node, this.render());

		const address = this.page.map.findElement('data-sso-backchannel', 'on');

		if (address)
			dom.content(address, this.logoutAddress());
	},

	// logoutAddress is where the provider tells of whoever signs out there.
	logoutAddress() {
		return validate.logoutURI(this.page.formvalue('redirect_uri'), window.location);
	}
});
