// SPDX-License-Identifier: Apache-2.0
//
// LuCI's "Log out". A session that came from the provider ends there too;
// every other session gets LuCI's own logout, untouched.

import { access } from 'fs';

const program = '/www/cgi-bin/luci-sso';

// Whether an option is on for an enabled provider.
function any_provider(option) {
	let found = false;

	uci.foreach('luci-sso', 'oidc', s => {
		if (s.enabled == '1' && s[option] == '1')
			found = true;
	});

	return found;
}

// The provider can only be told while SSO is configured and switched on;
// otherwise the person would see an error and stay logged in.
function sso_logout_works() {
	return http.getenv('HTTPS') == 'on' && any_provider('enabled') && access(program, 'x');
}

return {
	action_logout: function() {
		const user = ctx.authuser,
		      token = ctx.authtoken;

		if (type(user) == 'string' && substr(user, 0, 4) == 'sso:' &&
		    type(token) == 'string' && match(token, /^[0-9a-f]{32}$/) &&
		    sso_logout_works())
			return http.redirect('/cgi-bin/luci-sso/logout?stoken=' + token);

		// Who has logged out wants no login page that logs them in again: it
		// stays when the address says so.
		if (any_provider('auto_login')) {
			const redirect = http.redirect;

			http.redirect = function(url) {
				this.redirect = redirect;

				return this.redirect(url + '?password=logout');
			};
		}

		return require('luci.controller.admin.index').action_logout();
	}
};
