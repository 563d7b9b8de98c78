// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require luci-sso.options as options';

// What may stand in a field of the settings page: no DOM, no ubus, no UCI in
// here, so that it can be tested without a browser. Validators return true or
// the sentence that says what is wrong; hints return '' or a sentence about a
// value that is legal but unlikely to be meant.

const CALLBACK_PATH = '/cgi-bin/luci-sso/callback';
function toList(value) {
	if (value == null || value === '')
		return [];

	return Array.isArray(value) ? value : [ value ];
}

// parseURL is the browser's own parser, which also repairs what it is given;
// so everything it would repair silently is refused before.
function parseURL(value) {
	if (/[\s\\<>"'`{}|^]/.test(value))
		return null;

	try {
		return new URL(value);
	}
	catch (e) {
		return null;
	}
}

function validateURL(value) {
	if (value == null || value === '')
		return true;

	if (!value.startsWith('https://'))
		return _('The address must start with https://');

	const url = parseURL(value);

	if (!url || !url.hostname || !/^https:\/\/[^\/?#]/.test(value))
		return _('This is not a valid address');

	if (url.username || url.password)
		return _('The address must not contain a user name or password');

	if (value.includes('#'))
		return _('The address must not contain a fragment (#)');

	return true;
}

// validateHost is for what stands in an address bar between https:// and the
// first slash.
function validateHost(value) {
	if (value == null || value === '')
		return true;

	const url = parseURL('https://' + value);

	if (!url || /[\/?#@]/.test(value) || url.host !== value.toLowerCase().replace(/:443$/, ''))
		return _('This is not a host name, such as router.example.com');

	return true;
}

function validateIssuer(value) {
	const valid = validateURL(value);

	if (valid !== true || value == null || value === '')
		return valid;

	if (value.includes('?'))
		return _('The address must not contain a query (?)');

	if (value.includes('/.well-known/'))
		return _('Enter the address without “/.well-known/…”');

	return true;
}

// validateInternal is for the address the router itself asks: an origin, since
// the paths come from the issuer; the issuer's own path is let pass.
function validateInternal(value, issuer) {
	const valid = validateIssuer(value);

	if (valid !== true || value == null || value === '')
		return valid;

	const path = (v) => (parseURL(v) || { pathname: '' }).pathname.replace(/\/$/, '');

	if (path(value) !== '' && issuer && path(value) !== path(issuer))
		return _('Enter only the origin, such as https://id.lan: the paths come from the Issuer URL');

	return true;
}

function validateNumber(option, value) {
	const limits = options.get(option);

	if (value == null || value === '')
		return true;

	if (!/^(0|[1-9][0-9]{0,8})$/.test(value) || +value < limits.low || +value > limits.high)
		return _('Enter a whole number from %d to %d').format(limits.low, limits.high);

	return true;
}

function validateScope(value) {
	const scopes = String(value || '').split(' ').filter((s) => s !== '');

	if (!scopes.length)
		return true;

	for (let s of scopes)
		if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(s))
			return _('“%s” is not a valid scope').format(s);

	return scopes.includes('openid') ? true : _('The scope “openid” is required');
}

function validateClaim(value) {
	if (value == null || value === '')
		return true;

	return /^[\x21-\x7e]{1,255}$/.test(value) && !/^\.|\.\.|\.$/.test(value)
		? true : _('Enter the name of a claim, such as groups or realm_access.roles');
}

function validatePath(value) {
	if (value == null || value === '')
		return true;

	return /^\/[^\0\n\r]*[^\0\n\r\/]$/.test(value) ? true : _('Enter an absolute path such as /etc/ssl/my-ca.pem');
}

function validateEmail(value) {
	if (value == null || value === '')
		return true;

	return /^[^\s@,;<>]+@[^\s@,;<>]+$/.test(value) ? true : _('Enter one e-mail address');
}

function validateEntry(value) {
	if (value == null || value === '')
		return true;

	if (/[\x00-\x1f\x7f]/.test(value))
		return _('Control characters are not allowed');

	return value.trim() === value ? true : _('Remove the spaces at the beginning or end');
}

// validateParam is for what goes into an authorization request besides.
function validateParam(value) {
	if (value == null || value === '')
		return true;

	const m = String(value).match(/^([!$'-*,-.\/-;@A-~]+)=([^\x00-\x1f\x7f]+)$/);

	if (!m || /[&?#+%"'<>\\]/.test(m[1]))
		return _('Enter a name, = and a value, such as prompt=login');

	return options.protocol.includes(m[1].toLowerCase())
		? _('%s belongs to the protocol and is set by the router').format(m[1]) : true;
}

function validateDomain(value) {
	if (value == null || value === '')
		return true;

	return value.length <= 253 && /^[^\x00-\x20\x7f@*=,;:\/\\<>()[\]"'.]+(\.[^\x00-\x20\x7f@*=,;:\/\\<>()[\]"'.]+)+$/.test(value)
		? true : _('Enter a domain such as example.com, without @ and *');
}

// validateClaimValue is for a role's list claim: a path, =, a value.
function validateClaimValue(value) {
	if (value == null || value === '')
		return true;

	const at = value.indexOf('=');
	const path = value.substring(0, at);
	const first = path.split('.')[0];

	if (at < 1 || at == value.length - 1 || path.trim() !== path || value.substring(at + 1).trim() !== value.substring(at + 1))
		return _('Enter the name of a claim, = and a value, such as department=NOC');

	if (/^email$/i.test(first) || [ 'acr', 'amr', 'auth_time' ].includes(first))
		return _('There is a field of its own for the claim %s').format(first);

	return true;
}

function validateACR(value) {
	return /^[^\x00-\x20\x7f]*$/.test(value || '') ? true : _('Enter one value without spaces');
}

function validateAMR(value) {
	if (value == null || value === '' || options.methods.includes(value))
		return true;

	return /[:\/]/.test(value) && validateACR(value) === true ? true : _('Enter a registered name: %s').format(options.methods.join(', '));
}

function validateMaxAge(value) {
	if (value == null || value === '')
		return true;

	return /^[0-9]{1,8}$/.test(value) && +value >= 1 && +value <= 31622400 ? true : _('Enter a whole number from %d to %d').format(1, 31622400);
}

function validateMatch(value) {
	return [ '', 'any', 'all' ].includes(value || '') ? true : _('This is neither any nor all');
}

// What the conditions of a role may be, by the name of the list or option.
const conditions = {
	email_domain: validateDomain,
	claim: validateClaimValue,
	match: validateMatch,
	acr: validateACR,
	amr: validateAMR,
	max_age: validateMaxAge
};

// validateText counts characters, as the router does.
function validateText(option, value) {
	const most = options.get(option).high;

	return !most || Array.from(value || '').length <= most ? true : _('Enter at most %d characters').format(most);
}

// validateRoleName keeps a role from colliding with the settings section.
function validateRoleName(name, taken) {
	if (name === 'default')
		return _('The name “default” is taken by the settings');

	if (toList(taken).includes(name))
		return _('There is already a role of this name');

	return true;
}

// validateProviderName is for a section's name, which no other may have.
function validateProviderName(name, taken) {
	if (!/^[A-Za-z0-9_]{1,32}$/.test(name))
		return _('A short name: letters, digits and _');

	return toList(taken).includes(name) ? _('This name is taken') : true;
}

function hintIssuer(value, preset) {
	const url = (validateIssuer(value) === true && value) ? parseURL(value) : null;

	if (!url)
		return '';

	if (preset && preset.bare && value.replace(/^https:\/\/[^\/]+/i, '') !== '')
		return _('This provider uses its bare address, without a path or slash at the end');

	if (preset && preset.slash === true && !value.endsWith('/'))
		return _('This provider\'s issuer ends with a slash');

	if (preset && preset.slash === false && value.endsWith('/'))
		return _('This provider\'s issuer does not end with a slash');

	if (/^(localhost|127\.|\[)/.test(url.hostname))
		return _('This address is the router itself or an IP address; certificates are usually issued for names');

	if (/^[0-9.]+$/.test(url.hostname))
		return _('This address is the router itself or an IP address; certificates are usually issued for names');

	if (/example\.(com|org|net)$/.test(url.hostname))
		return _('This is an example address');

	return '';
}

function hintRedirect(value, location) {
	const url = (validateURL(value) === true && value) ? parseURL(value) : null;

	if (!url)
		return '';

	if (url.pathname !== CALLBACK_PATH || (url.search !== '' && !/^\?provider=[A-Za-z0-9_]+$/.test(url.search)))
		return _('The router answers only at %s').format(CALLBACK_PATH);

	if (location && location.hostname && url.hostname !== location.hostname)
		return _('This is another host than the one in your address bar');

	return '';
}

function hintScope(value, roles) {
	const scopes = String(value || '').split(' ');

	if (validateScope(value) !== true || !value)
		return '';

	if (!scopes.includes('email') && roles.some((r) => toList(r.email).length))
		return _('Roles are mapped by e-mail, but the scope “email” is not requested');

	if (!scopes.includes('groups') && roles.some((r) => toList(r.group).length))
		return _('Roles are mapped by group; most providers send groups only with the scope “groups”');

	return '';
}

function hintSecret(value) {
	return (value && value.trim() !== value) ? _('There is a space at the beginning or end') : '';
}

// withoutSecret says of a way of client authentication that it takes no
// Client Secret.
function withoutSecret(method) {
	return method == 'none' || method == 'private_key_jwt';
}

function hintNumber(option, value, values) {
	if (validateNumber(option, value) !== true || value == null || value === '')
		return '';

	if (option == 'clock_tolerance' && +value > 300)
		return _('More than five minutes weakens the protection against replayed logins');

	if (option == 'rate_limit' && +value < 10)
		return _('Every login needs two requests; this may lock people out');

	if (option == 'rate_limit_per_client' && +value > 0 && values && +value > +(values.rate_limit || 50))
		return _('This is more than all clients together may send');

	return '';
}

// redirectURI is where the provider has to send people back to: this router,
// under the name in the address bar, over HTTPS.
function redirectURI(location, provider) {
	const host = (location.protocol == 'https:') ? location.host : location.hostname;

	return 'https://' + host + CALLBACK_PATH + (provider ? '?provider=' + provider : '');
}

// logoutURI is where the provider tells of whoever signs out there.
function logoutURI(redirect, location) {
	const callback = URL.canParse(redirect) ? redirect : redirectURI(location);

	return new URL(callback).origin + '/cgi-bin/luci-sso/backchannel-logout';
}

return baseclass.extend({
	CALLBACK_PATH,
	validateURL,
	validateHost,
	validateIssuer,
	validateInternal,
	validateNumber,
	validateScope,
	validateClaim,
	validatePath,
	validateEmail,
	validateEntry,
	validateParam,
	conditions,
	validateText,
	validateRoleName,
	validateProviderName,
	hintIssuer,
	hintRedirect,
	hintScope,
	hintSecret,
	withoutSecret,
	hintNumber,
	redirectURI,
	logoutURI
});
