// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// Whether the page and the program on the router belong together. Packages may
// come without file times: a browser then keeps the old page for years after an
// upgrade. So the page fetches its own files anew, past the browser's cache,
// once for each version of the program that it meets.

// The build of the package puts its version in place of this one.
const PAGE = 'dev';

const KEY = 'luci-sso.version';

// loaded are the addresses of this page's files, as the browser asked for them.
function loaded() {
	return performance.getEntriesByType('resource')
		.map((entry) => new URL(entry.name))
		.filter((url) => url.origin == window.location.origin && /\/luci-sso\/[a-z-]+\.js$/.test(url.pathname))
		.map((url) => url.href);
}

return baseclass.extend({
	PAGE,

	// stale says whether the files that are loaded may be older than the
	// program. last is the version they were last fetched for.
	stale(page, program, last) {
		if (!program || program == last)
			return false;

		return page != program || last != null;
	},

	// follow fetches the files anew when they may be old, and loads the page
	// again. Where it cannot note that it has done so it does nothing, as it
	// might never end.
	follow(program) {
		const note = () => window.localStorage.setItem(KEY, program);

		return Promise.resolve().then(() => {
			if (!this.stale(PAGE, program, window.localStorage.getItem(KEY)))
				return program ? note() : null;

			return Promise.all(loaded().map((url) => fetch(url, { cache: 'reload' }))).then(() => {
				note();
				window.location.reload();
			});
		}).catch(() => {});
	},

	// notice is what a person reads when the two do not belong together.
	notice(program) {
		if (!program || program == PAGE)
			return '';

		return E('div', { 'class': 'alert-message warning', 'data-sso-version': '' }, [
			_('This page is version %s, the program on the router %s. Upgrade the packages luci-sso and luci-app-sso together, then load the page again.').format(PAGE, program) ]);
	}
});
