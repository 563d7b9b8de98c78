// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// The stand-in for LuCI: things done again and again. LuCI asks once at the
// start, and then every so many seconds; so does this.

return baseclass.extend({
	add(fn, interval) {
		if (interval == null || interval <= 0 || typeof fn != 'function')
			throw new TypeError('poll.add() wants a function and a number of seconds');

		window.setTimeout(fn, 0);
		window.setInterval(fn, interval * 1000);

		return true;
	}
});
