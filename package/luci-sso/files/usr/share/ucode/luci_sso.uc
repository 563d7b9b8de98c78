// SPDX-License-Identifier: Apache-2.0
//
// What the settings page knows, for scripts: the methods of the ubus object
// luci-sso. docs/reference/doors.md describes arguments and replies. Each
// returns null when the service does not answer or refuses the arguments.

import { connect } from 'ubus';

function call(method, args) {
	let bus = connect();

	if (!bus)
		return null;

	let reply = bus.call('luci-sso', method, args ?? {});

	bus.disconnect();

	return reply;
}

// Whether single sign-on is on, and what is not in order.
export function status() {
	return call('status');
};

// Which role a person would get: { email, groups: [ … ], sub }.
export function match(person) {
	return (type(person) == 'object') ? call('match', person) : null;
};

// What a code of the log means.
export function explain(code) {
	return (type(code) == 'string') ? call('explain', { code }) : null;
};
