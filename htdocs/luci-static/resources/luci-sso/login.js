// SPDX-License-Identifier: Apache-2.0
//
// The login page's part of luci-sso: one button, "Login with SSO", on
// whatever form the theme draws. The file is loaded by a plain script tag in
// LuCI's sysauth templates, before LuCI's own loader has run, so it uses
// nothing of LuCI except the translation lookup, and that only if it is there.
// No inline script, no style: it works under script-src 'self'; style-src
// 'self'.

(function () {
	'use strict';

	// A page can include two templates that both carry the tag.
	if (window.luciSSOLogin)
		return;

	window.luciSSOLogin = true;

	const CGI = '/cgi-bin/luci-sso';
	const LUCI = '/cgi-bin/luci';
	const LOGOUT = LUCI + '/admin/logout';
	const LANDING = 'luci_sso_landing';
	const BUTTON = 'luci-sso-login';
	const PATIENCE_MS = 15000;

	let enabled = false;
	let patience = null;

	// Looked up when needed, not now: a theme may load the catalog later.
	function _(s) {
		return (typeof window._ === 'function') ? window._(s) : s;
	}

	// The page that the router sent this browser to after a login, or ''.
	function landing() {
		for (let pair of document.cookie.split(';')) {
			const at = pair.indexOf('=');

			if (at < 0 || pair.slice(0, at).trim() !== LANDING)
				continue;

			try {
				const page = new URL(decodeURIComponent(pair.slice(at + 1)), window.location.origin);

				return (page.origin === window.location.origin) ? page.pathname + page.search : '';
			}
			catch (e) {
				return '';
			}
		}

		return '';
	}

	// After a login the browser comes back from another site, and does not
	// send the new session's SameSite=Strict cookie on that one request: LuCI
	// shows this page although the session is good. The marker says so. The
	// same address, asked for by this page, gets the cookie. It has to be the
	// address the router decided on: any site can open another one, in a
	// window of its own, just at that moment. Only a marker that is really
	// gone leads anywhere, so this cannot go round in circles.
	function land() {
		const page = window.location.pathname + window.location.search;

		if (landing() !== page || page.startsWith(LOGOUT))
			return false;

		document.cookie = LANDING + '=; Path=' + LUCI + '; Max-Age=0; Secure; SameSite=Lax';

		if (landing())
			return false;

		// With its fragment the address would only scroll, not load.
		window.location.replace(page);

		return true;
	}

	// The LuCI page the person asked for, or '' for LuCI's start page. The
	// router checks again; this only keeps pointless values out. Logging out
	// is no place to return to.
	function wantedPage() {
		const path = window.location.pathname;
		const page = path + window.location.search;

		if (!path.startsWith(LUCI + '/') || path.length <= LUCI.length + 1 || page.length > 512)
			return '';

		if (path.includes('//') || path.includes('/.') || page.includes('\\'))
			return '';

		if (path.startsWith(LOGOUT) || path.includes(';'))
			return '';

		return page;
	}

	function startAddress() {
		const page = wantedPage();
		const query = page ? '?return=' + encodeURIComponent(page) : '';
		const secure = (window.location.protocol === 'https:');

		// The port of a plain http page says nothing about the https one.
		return (secure ? window.location.origin : 'https://' + window.location.hostname) + CGI + query;
	}

	// What the theme logs in with: the submit control of the form with the
	// password, or, where the theme keeps it outside the form, the nearest
	// button around it.
	function loginControl() {
		const password = document.querySelector('input[type="password"]');

		for (let node = password && (password.form || password.parentElement); node; node = node.parentElement) {
			const controls = node.querySelectorAll('input[type="submit"], button:not([type]), button[type="submit"]');

			if (controls.length)
				return controls[controls.length - 1];
		}

		return null;
	}

	// The classes of the theme's own control give size and place; its colour
	// belongs to the main action alone.
	function buttonClasses(control) {
		const classes = [ 'btn', 'cbi-button', 'cbi-button-action' ];

		control.classList.forEach(function (name) {
			if (!name.startsWith('cbi-button') && !classes.includes(name))
				classes.push(name);
		});

		return classes.join(' ');
	}

	function busy(button, on) {
		window.clearTimeout(patience);
		patience = null;
		button.disabled = on;
		button.classList.toggle('spinning', on);
	}

	function showMessage(button, text) {
		const message = document.createElement('div');
		const actions = button.closest('.cbi-page-actions');
		const control = actions || loginControl() || button;

		hideMessage();
		message.id = BUTTON + '-message';
		message.className = 'alert-message warning';
		message.setAttribute('role', 'alert');
		message.textContent = text;
		control.parentNode.insertBefore(message, control);
	}

	function hideMessage() {
		const message = document.getElementById(BUTTON + '-message');

		if (message)
			message.remove();
	}

	function leave(ev) {
		const button = ev.currentTarget;

		ev.preventDefault();
		hideMessage();
		busy(button, true);

		patience = window.setTimeout(function () {
			busy(button, false);
			showMessage(button, _('The login provider is not answering. Try again, or log in with your password.'));
			button.focus();
		}, PATIENCE_MS);

		window.location.assign(startAddress());
	}

	// Puts the button next to the theme's own, which comes first: themes take
	// the first button of the page for theirs.
	function place() {
		if (!enabled || document.getElementById(BUTTON))
			return;

		const control = loginControl();

		if (!control)
			return;

		const button = document.createElement('button');

		button.id = BUTTON;
		button.type = 'button';
		button.className = buttonClasses(control);
		button.textContent = _('Login with SSO');
		button.addEventListener('click', leave);
		// The blank keeps inline buttons apart, as it does those of LuCI.
		control.after(' ', button);
	}

	function start() {
		window.fetch(CGI + '?action=enabled', { cache: 'no-store', credentials: 'omit' })
			.then(function (response) {
				return response.ok ? response.json() : null;
			})
			.then(function (reply) {
				enabled = !!(reply && reply.enabled === true);

				if (!enabled)
					return;

				place();

				// Themes draw their form from scripts, some of them again.
				new MutationObserver(place).observe(document.documentElement, { childList: true, subtree: true });
			})
			.catch(function () {
				// No answer, no button: the password form works as ever.
			});
	}

	// Back from the provider with the browser's Back button.
	window.addEventListener('pageshow', function (ev) {
		const button = document.getElementById(BUTTON);

		if (ev.persisted && button) {
			busy(button, false);
			hideMessage();
		}
	});

	if (land())
		return;

	if (document.readyState === 'loading')
		document.addEventListener('DOMContentLoaded', start);
	else
		start();
})();
