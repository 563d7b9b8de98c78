// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

const lacking = {};

return baseclass.extend({
	refuse(form) {
		for (let [ name, names ] of Object.entries(lacking))
			L.refuse(form[name], 'form.' + name, names);
	}
});
