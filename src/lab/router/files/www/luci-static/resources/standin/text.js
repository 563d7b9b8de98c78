// SPDX-License-Identifier: Apache-2.0
//
// The stand-in for LuCI: words. A plain script, before all others, as LuCI's
// own is: translations, and the format() that LuCI gives every string.

(function () {
	'use strict';

	// English, unless luci.js has loaded a catalogue: { text: translation },
	// with a context before the text and the character 1 between them.
	window.TR = {};

	window._ = function (text, context) {
		return window.TR[context == null ? text : context + '\u0001' + text] || text;
	};

	// N_ chooses by English rules: the stand-in has no plural forms.
	window.N_ = function (n, singular, plural, context) {
		return window._(n == 1 ? singular : plural, context);
	};

	// %t is a length of time in seconds.
	function duration(seconds) {
		let left = Math.floor(seconds);
		const s = left % 60;

		left = (left - s) / 60;

		const m = left % 60;

		left = (left - m) / 60;

		const h = left % 24;
		const days = (left - h) / 24;

		return (days ? days + 'd ' : '') + h + 'h ' + m + 'm ' + s + 's';
	}

	const conversions = {
		s: (value) => String(value),
		d: (value) => String(Math.floor(+value) || 0),
		t: duration
	};

	Object.defineProperty(String.prototype, 'format', {
		configurable: true,
		writable: true,
		value: function (...args) {
			return this.replace(/%(%|[-0-9.']*[a-zA-Z])/g, (all, kind) => {
				if (kind == '%')
					return '%';

				if (!conversions[kind]) {
					const error = new Error('The stand-in for LuCI has no format ' + all);

					console.error(error.message);
					throw error;
				}

				return conversions[kind](args.shift());
			});
		}
	});
})();
