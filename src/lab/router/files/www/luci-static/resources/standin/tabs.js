// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require dom';

// The stand-in for LuCI: tabs. Panes that lie side by side get a menu above
// them. Which one is open is kept while the browser's tab lives, so that saving
// does not lead away from it.

function memory(group) {
	return 'standin-tab-' + group.id;
}

return baseclass.extend({
	initTabGroup(panes) {
		const group = panes[0].parentNode;

		if (group.getAttribute('data-initialized') === 'true')
			return;

		const kept = window.sessionStorage.getItem(memory(group));
		const open = [ ...panes ].find((pane) => pane.getAttribute('data-tab') === kept) || panes[0];
		const menu = E('ul', { 'class': 'cbi-tabmenu' }, [ ...panes ].map((pane) => E('li', {
			'class': (pane === open) ? 'cbi-tab' : 'cbi-tab-disabled',
			'data-tab': pane.getAttribute('data-tab')
		}, [ E('a', { 'href': '#', 'click': (ev) => this.switchTab(ev) }, [ pane.getAttribute('data-tab-title') ]) ])));

		for (let pane of panes)
			pane.setAttribute('data-tab-active', String(pane === open));

		group.parentNode.insertBefore(menu, group);
		group.setAttribute('data-initialized', 'true');
	},

	switchTab(ev) {
		const tab = ev.currentTarget.parentNode;
		const group = tab.parentNode.nextElementSibling;
		const name = tab.getAttribute('data-tab');

		ev.preventDefault();
		window.sessionStorage.setItem(memory(group), name);

		for (let li of tab.parentNode.children)
			li.className = (li === tab) ? 'cbi-tab' : 'cbi-tab-disabled';

		for (let pane of group.children)
			pane.setAttribute('data-tab-active', String(pane.getAttribute('data-tab') === name));
	},

	// updateTabs shows where fields are wrong, also on a tab that is closed.
	updateTabs(ev, root) {
		for (let pane of root.querySelectorAll('[data-tab-title]')) {
			const menu = pane.parentNode.previousElementSibling;
			const tab = menu && menu.querySelector('[data-tab="' + pane.getAttribute('data-tab') + '"]');
			const errors = pane.querySelectorAll('.cbi-input-invalid').length;

			if (!tab)
				continue;

			tab.style.display = dom.isEmpty(pane) ? 'none' : '';

			if (errors) {
				tab.setAttribute('data-errors', errors);
				tab.setAttribute('data-tooltip', _('%d invalid field(s)').format(errors));
				tab.setAttribute('data-tooltip-style', 'error');
			}
			else {
				tab.removeAttribute('data-errors');
				tab.removeAttribute('data-tooltip');
			}
		}
	}
});
