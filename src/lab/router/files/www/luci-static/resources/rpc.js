// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// The stand-in for LuCI: calls over ubus, as JSON-RPC over HTTP. LuCI sends
// several in one request; this sends each by itself.

let number = 0;

function kind(value) {
	return Object.prototype.toString.call(value);
}

// expected gives back the one value a caller wants, or what it takes for
// granted when that is not there or is something else.
function expected(reply, expect) {
	const [ key, otherwise ] = Object.entries(expect)[0];
	const value = (key === '' || reply == null) ? reply : reply[key];

	return (value == null || kind(value) != kind(otherwise)) ? otherwise : value;
}

return baseclass.extend({
	// declare makes a function of a method. A refusal by ubus itself is an
	// answer (its number) unless `reject` says that it is an error.
	declare(options) {
		for (let name of Object.keys(options))
			if (![ 'object', 'method', 'params', 'expect', 'reject' ].includes(name))
				L.missing('option “' + name + '” of rpc.declare()');

		const where = options.object + '.' + options.method;

		return (...args) => {
			const values = {};

			(options.params || []).forEach((name, i) => { values[name] = args[i]; });

			return fetch(L.env.ubuspath + '?' + where, {
				method: 'POST',
				headers: { 'Content-Type': 'application/json' },
				body: JSON.stringify({ jsonrpc: '2.0', id: ++number, method: 'call', params: [ L.env.sessionid, options.object, options.method, values ] })
			}).then((reply) => {
				if (!reply.ok)
					throw new Error('ubus call ' + where + ': HTTP status ' + reply.status);

				return reply.json();
			}).then((message) => {
				if (message.error)
					throw new Error('ubus call ' + where + ': ' + message.error.message);

				const [ status, data ] = message.result;

				if (options.reject && status)
					throw Object.assign(new Error('ubus call ' + where + ': status ' + status), { status });

				const value = (data === undefined) ? status : data;

				return options.expect ? expected(value, options.expect) : value;
			});
		};
	}
});
