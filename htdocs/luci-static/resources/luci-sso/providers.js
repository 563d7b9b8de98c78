// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require ui';
'require uci';
'require luci-sso.logic as logic';
'require luci-sso.options as options';
'require luci-sso.validate as validate';

// Several providers: which one the form shows, the tabs that lead to the
// others, and the buttons that add and remove one. Where there is only the
// usual one there are no tabs.

const USUAL = 'default';

return baseclass.extend({
	USUAL,

	// The one that the address asks for, as long as there is one of that name.
	choose(names) {
		const wanted = new URLSearchParams(window.location.search).get('provider');

		this.names = names.includes(USUAL) ? names : [ USUAL ].concat(names);
		this.section = this.names.includes(wanted) ? wanted : USUAL;

		return this.section;
	},

	address(name) {
		return window.location.pathname + (name == USUAL ? '' : '?provider=' + encodeURIComponent(name));
	},

	// What the router is asked about; nothing for the usual one.
	asked() {
		return (this.section == USUAL) ? undefined : this.section;
	},

	renderTabs() {
		if (this.names.length < 2)
			return '';

		return E('ul', { 'class': 'cbi-tabmenu', 'data-sso-providers': '', 'aria-label': _('Providers') }, this.names.map((name) =>
			E('li', { 'class': (name == this.section) ? 'cbi-tab' : 'cbi-tab-disabled' }, [
				E('a', { 'href': this.address(name), 'aria-current': (name == this.section) ? 'page' : null }, [ name ])
			])));
	},

	// strip takes out of the form of a further provider what is for all of them.
	strip(section) {
		if (this.section == USUAL)
			return;

		const drop = (list) => list.filter((o) => !(options.get(o.option) || {}).global);

		section.children = drop(section.children);
		for (let name of section.tab_names || [])
			section.tabs[name].children = drop(section.tabs[name].children);
	},

	renderButtons() {
		const button = (style, text, click) => E('button', {
			'type': 'button',
			'class': 'btn cbi-button ' + style,
			'click': ui.createHandlerFn(this, click)
		}, [ text ]);

		return E('div', {}, [
			button('cbi-button-add', _('Add a provider'), 'handleAdd'), ' ',
			(this.section == USUAL) ? '' : button('cbi-button-remove', _('Remove this provider'), 'handleRemove')
		]);
	},

	leave(name) {
		return uci.save().then(() => window.location.assign(this.address(name)));
	},

	handleAdd() {
		const name = E('input', { 'type': 'text', 'class': 'cbi-input-text', 'id': 'luci-sso-provider-name', 'maxlength': 32, 'placeholder': 'spare' });
		const wrong = E('div', { 'class': 'cbi-value-description', 'role': 'alert' });

		ui.showModal(_('Add a provider'), [
			E('p', {}, [ E('label', { 'for': 'luci-sso-provider-name' }, [ _('A short name: letters, digits and _') ]) ]),
			E('p', {}, [ name ]), wrong,
			E('div', { 'class': 'button-row' }, [
				E('button', { 'class': 'btn cbi-button', 'click': ui.hideModal }, [ _('Dismiss') ]), ' ',
				E('button', {
					'class': 'btn cbi-button cbi-button-positive important',
					'click': ui.createHandlerFn(this, () => {
						const valid = validate.validateProviderName(name.value, uci.sections('luci-sso').map((s) => s['.name']));

						if (valid !== true) {
							wrong.textContent = valid;
							name.focus();

							return;
						}

						uci.add('luci-sso', 'oidc', name.value);

						return this.leave(name.value);
					})
				}, [ _('Add a provider') ])
			])
		]);
		name.focus();
	},

	handleRemove() {
		for (let role of uci.sections('luci-sso', 'role')) {
			const names = logic.toList(role.provider);
			const others = names.filter((name) => name != this.section);

			// Without a name in its list, a role would be for the people of default.
			if (others.length && others.length < names.length)
				uci.set('luci-sso', role['.name'], 'provider', others);
		}

		uci.remove('luci-sso', this.section);

		return this.leave(USUAL);
	}
});
