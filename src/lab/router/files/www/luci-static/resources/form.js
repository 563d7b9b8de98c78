// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';
'require standin.grid as grid';
'require standin.lacking as lacking';
'require standin.map as map';
'require standin.section as section';
'require standin.value as value';

// The stand-in for LuCI: forms. A map is one configuration, a section of it
// shows a section of UCI or a table of them, a value one option.

const form = {
	Map: map.Map,
	JSONMap: map.JSONMap,
	NamedSection: section.NamedSection,
	GridSection: grid.GridSection,
	Value: value.Value,
	DynamicList: value.DynamicList,
	MultiValue: value.MultiValue,
	ListValue: value.ListValue,
	Flag: value.Flag,
	DummyValue: value.DummyValue
};

lacking.refuse(form);

return baseclass.extend(form);
