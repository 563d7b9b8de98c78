// SPDX-License-Identifier: Apache-2.0
//
// The login page's part of luci-sso: a button for each provider, such as
// "Login with SSO", on whatever form the theme draws, and the way straight to
// a provider where the router is told so. The file is loaded by a plain script tag in
// LuCI's sysauth templates, before LuCI's own loader has run, so it uses
// nothing of LuCI except the translation lookup, and that only if it is there.
// No inline script, no style: it works under script-src 'self'; style-src
// 'self'. It is one file, because the login page waits for each.

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
	const STAY = 'luci_sso_stay';
	const PATIENCE_MS = 15000;

	// What is remembered in this tab, and for how long it counts.
	const LEFT = 'left', LEFT_MS = 300000; // For a provider.
	const LANDED = 'landed', LANDED_MS = 60000; // And back in.
	const TYPED = 'typed', TYPED_MS = 60000; // With a password in the form.
	const TAKEN_IN = 'in', TAKEN_IN_MS = 60000;

	let providers = [];
	let patience = null;
	let touched = false; // Somebody has begun to fill in the form.
	let leaving = false;

	// Looked up when needed, not now: a theme may load the catalog later.
	function _(s) {
		return (typeof window._ === 'function') ? window._(s) : s;
	}

	function dropCookie(name) {
		document.cookie = name + '=; Path=' + LUCI + '; Max-Age=0; Secure; SameSite=Lax';
	}

	function passwordField() {
		return document.querySelector('input[type="password"]');
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

		dropCookie(LANDING);

		if (landing())
			return false;

		// For a moment more: a session that LuCI does not take is no reason to
		// go to the provider and back for ever.
		note(LEFT, 0);
		note(LANDED, Date.now());
		// With its fragment the address would only scroll, not load.
		window.location.replace(page);

		return true;
	}

	// The LuCI page the person asked for, or '' for LuCI's start page. The
	// router checks again; this only keeps pointless values out. Logging out
	// is no place to return to.
	function wantedPage() {
		const path = window.location.pathname;
		const page = path + (asksForPassword() ? '' : window.location.search);

		if (!path.startsWith(LUCI + '/') || path.length <= LUCI.length + 1 || page.length > 512)
			return '';

		if (path.includes('//') || path.includes('/.') || page.includes('\\'))
			return '';

		if (path.startsWith(LOGOUT) || path.includes(';'))
			return '';

		return page;
	}

	function startAddress(provider) {
		const page = wantedPage();
		const query = [];
		const secure = (window.location.protocol === 'https:');

		if (page)
			query.push('return=' + encodeURIComponent(page));

		if (provider.name !== 'default')
			query.push('provider=' + encodeURIComponent(provider.name));

		// The port of a plain http page says nothing about the https one.
		return (secure ? window.location.origin : 'https://' + window.location.hostname) + CGI +
			(query.length ? '?' + query.join('&') : '');
	}

	// A note of this tab's. Where none can be made nothing goes by itself: it
	// could go round in circles.
	function note(what, when) {
		try {
			window.sessionStorage.setItem(BUTTON + '-' + what, String(when));

			return true;
		}
		catch (e) {
			return false;
		}
	}

	function noted(what) {
		return Number(window.sessionStorage.getItem(BUTTON + '-' + what));
	}

	function lately(what, within) {
		try {
			const age = Date.now() - noted(what);

			return age >= 0 && age < within;
		}
		catch (e) {
			return true;
		}
	}

	function asksForPassword() {
		return new URLSearchParams(window.location.search).has('password') || window.location.hash === '#password';
	}

	// Shown after a wrong password, or for a second factor: the page has a
	// message or a field of its own.
	function underWay() {
		const control = loginControl();
		const password = passwordField();
		let around = password;

		while (around && !around.contains(control))
			around = around.parentElement;

		if (!control || !around)
			return false;

		const more = Array.from(around.querySelectorAll('input:not([type="hidden"]):not([type="submit"]):not([type="checkbox"])'))
			.some((field) => field !== password && field.name !== 'luci_username');

		return more || Array.from(around.querySelectorAll('.alert-message, .errorbox, [role="alert"]'))
			.some((one) => one.id !== BUTTON + '-message');
	}

	// Whether this page is what the landing opened: then LuCI did not take the
	// session. Later ones come up after a session that has ended since.
	function notTaken() {
		return Date.now() - window.performance.now() - noted(LANDED) < 500;
	}

	function cameBack() {
		const [ navigation ] = window.performance.getEntriesByType('navigation');

		return !!navigation && navigation.type === 'back_forward';
	}

	function cameFromHere() {
		try {
			return new URL(document.referrer).hostname === window.location.hostname;
		}
		catch (e) {
			return false;
		}
	}

	// Why the page does not go to the provider by itself: a sentence, '' for
	// one that the page shows already, or null when it may go. Which page was
	// asked for may be another site's choice, as long as nobody has pressed a
	// button here.
	function reasonToStay() {
		const choose = _('Choose how to log in.');

		if (underWay())
			return '';

		if (document.cookie.split(';').some((pair) => pair.trim() === STAY + '=1') ||
		    new URLSearchParams(window.location.search).get('password') === 'logout')
			return _('You have logged out.');

		if (window.location.protocol !== 'https:' || asksForPassword() || cameBack() || !note('works', 1))
			return choose;

		if (lately(TYPED, TYPED_MS))
			return choose;

		if (lately(LEFT, LEFT_MS) || (lately(LANDED, LANDED_MS) && notTaken()))
			return _('The last login did not succeed.');

		if (lately(LANDED, LANDED_MS))
			return choose;

		return (wantedPage() && !cameFromHere()) ? choose : null;
	}

	// What the theme logs in with: the submit control of the form with the
	// password, or, where the theme keeps it outside the form, the nearest
	// button around it.
	function loginControl() {
		const password = passwordField();

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

	function showMessage(text, alarm) {
		const message = document.createElement('div');
		const first = document.getElementById(BUTTON);
		const control = first.closest('.cbi-page-actions') || loginControl() || first;

		hideMessage();
		message.id = BUTTON + '-message';
		message.className = 'alert-message ' + (alarm ? 'warning' : 'notice');
		message.setAttribute('role', alarm ? 'alert' : 'status');
		message.textContent = text;
		message.style.cssText = 'box-sizing: border-box; min-width: 0; max-width: 100%';
		control.parentNode.insertBefore(message, control);

		if (parseFloat(window.getComputedStyle(message).marginBottom) < 4)
			message.style.marginBottom = '12px';
	}

	function hideMessage() {
		const message = document.getElementById(BUTTON + '-message');

		if (message)
			message.remove();
	}

	function showSilence() {
		showMessage(_('The login provider is not answering. Try again, or log in with your password.'), true);
	}

	function leave(provider, button, how) {
		hideMessage();
		busy(button, true);
		leaving = true;
		note(LEFT, Date.now());
		dropCookie(STAY);

		patience = window.setTimeout(function () {
			busy(button, false);
			leaving = false;
			showSilence();
			button.focus();
		}, PATIENCE_MS);

		window.location[how](startAddress(provider));
	}

	function buttonOf(i) {
		return document.getElementById(i ? BUTTON + '-' + i : BUTTON);
	}

	function wording(provider) {
		const usual = _('Login with SSO');

		return provider.label || ((provider.name === 'default' || providers.length === 1) ? usual : usual + ' (' + provider.name + ')');
	}

	// A text that is too long for the form takes more lines. Themes have one,
	// of a height of their own.
	function wrap(button) {
		const style = button.style;

		style.cssText = 'white-space: nowrap';

		const own = window.getComputedStyle(button);
		const line = button.offsetHeight;

		style.cssText = 'box-sizing: border-box; white-space: normal; overflow-wrap: anywhere; word-break: normal; height: auto; min-height: ' + line + 'px; ' +
			'max-width: calc(100% - ' + own.marginLeft + ' - ' + own.marginRight + ')';

		if (button.offsetHeight > line * 1.2)
			style.cssText += '; line-height: 1.3 !important; padding-top: 6px; padding-bottom: 6px';
	}

	// The theme's own measure, where its button takes the whole width: themes
	// give that, and the room around, to their one button by its name or place.
	// Elsewhere there is only to be some room between the lines of buttons.
	function fit(control) {
		providers.forEach((provider, i) => wrap(buttonOf(i)));

		const around = control.parentNode;
		const inner = window.getComputedStyle(around);
		const room = around.clientWidth - parseFloat(inner.paddingLeft) - parseFloat(inner.paddingRight);
		const below = window.getComputedStyle(control).marginBottom;
		const whole = control.offsetWidth >= room * 0.95;
		let above = control;

		if (!control.offsetWidth)
			return;

		providers.forEach(function (provider, i) {
			const style = buttonOf(i).style;

			if (whole && buttonOf(i).offsetWidth < control.offsetWidth * 0.95) {
				style.setProperty('width', '100%', 'important');
				style.marginLeft = style.marginRight = '0';
			}

			if (whole && buttonOf(i).offsetHeight < control.offsetHeight)
				style.minHeight = control.offsetHeight + 'px';

			const top = buttonOf(i).getBoundingClientRect().top;
			const gap = top - above.getBoundingClientRect().bottom;

			if (whole ? (gap < 4 || gap > 40) : (gap < 4 && top > above.getBoundingClientRect().top + 4)) {
				above.style.setProperty('margin-bottom', '0', 'important');
				style.marginTop = '12px';
			}

			above = buttonOf(i);
		});

		if (whole && parseFloat(below) > 40)
			above.style.marginBottom = below;
	}

	// Puts the buttons next to the theme's own, which comes first: themes take
	// the first button of the page for theirs.
	function place() {
		const control = loginControl();
		let last = control;

		if (!control || !providers.length || buttonOf(0))
			return;

		const classes = buttonClasses(control);

		providers.forEach(function (provider, i) {
			const button = document.createElement('button');

			button.id = i ? BUTTON + '-' + i : BUTTON;
			button.type = 'button';
			button.className = classes;
			button.textContent = button.title = wording(provider);
			button.addEventListener('click', function (ev) {
				ev.preventDefault();
				leave(provider, button, 'assign');
			});
			// The blank keeps inline buttons apart, as it does those of LuCI.
			last.after(' ', button);
			last = button;
		});
		fit(control);

		// Its style may still be on the way.
		if (document.readyState !== 'complete')
			window.addEventListener('load', () => fit(control), { once: true });
	}

	// The router's answer, or null. What more the page wants to know than
	// whether there is single sign-on it asks with the parameter; a router
	// before an upgrade does not know it.
	function ask(about) {
		return window.fetch(CGI + '?action=enabled&providers=' + encodeURIComponent(about), { cache: 'no-store', credentials: 'same-origin' })
			.then(function (response) {
				return response.ok ? response.json() : null;
			})
			.catch(function () {
				// No answer, no button: the password form works as ever.
				return null;
			});
	}

	function known(reply) {
		if (reply && Array.isArray(reply.providers))
			return reply.providers;

		return (reply && reply.enabled === true) ? [ { name: 'default' } ] : [];
	}

	// In a tab that nobody sees nothing happens: a browser that opens ten of
	// them does not log in ten times.
	function whenSeen(go) {
		if (!document.hidden && !document.prerendering)
			return go();

		document.addEventListener('visibilitychange', function () { whenSeen(go); }, { once: true });
	}

	function goStraight(provider) {
		const button = buttonOf(providers.indexOf(provider));

		busy(button, true);
		ask(provider.name).then(function (reply) {
			busy(button, false);

			if (touched || leaving)
				return;

			if (!reply || reply.answers !== true)
				return showSilence();

			leave(provider, button, 'replace');
		});
	}

	function decide() {
		const provider = providers.find((one) => one.auto === true);

		if (!provider || !buttonOf(0))
			return;

		const reason = reasonToStay();

		if (reason)
			showMessage(reason);
		else if (reason === null)
			whenSeen(() => goStraight(provider));
	}

	function start() {
		ask('').then(function (reply) {
			// Signed in, but the browser has not said so: it came from another
			// site, which does not choose the page.
			if (reply && reply.signed_in === true && !asksForPassword() && !underWay() &&
			    !lately(TYPED, TYPED_MS) && !lately(TAKEN_IN, TAKEN_IN_MS) && note(TAKEN_IN, Date.now()))
				return window.location.replace(LUCI + '/');

			providers = known(reply);

			if (!providers.length)
				return;

			place();

			let decided = !!buttonOf(0);

			if (decided)
				decide();

			// Themes draw their form from scripts, some of them again.
			new MutationObserver(function () {
				place();

				if (!decided && buttonOf(0)) {
					decided = true;
					decide();
				}
			}).observe(document.documentElement, { childList: true, subtree: true });
		});
	}

	document.addEventListener('input', function () {
		touched = true;
	});

	// Some themes send their form without a submit event.
	window.addEventListener('pagehide', function () {
		const password = passwordField();

		if (!leaving && password && password.value)
			note(TYPED, Date.now());
	});

	// Back from the provider with the browser's Back button.
	window.addEventListener('pageshow', function (ev) {
		if (!ev.persisted || !buttonOf(0))
			return;

		leaving = false;
		providers.forEach((provider, i) => busy(buttonOf(i), false));
		hideMessage();

		if (providers.some((one) => one.auto === true))
			showMessage(_('Choose how to log in.'));
	});

	if (land())
		return;

	if (document.readyState === 'loading')
		document.addEventListener('DOMContentLoaded', start);
	else
		start();
})();
