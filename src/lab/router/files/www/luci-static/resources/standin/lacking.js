// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// What LuCI's forms have and the stand-in's have not: their options, which a
// page could set without any effect here, and their methods. A test compares
// the list with LuCI, where there is one.

const lacking = {
	Map: 'append chain isDependencySatisfied loadChildren parsechain renderChildren stripTags tabbed titleFn',

	NamedSection: 'append cfgvalue dynamic filter formvalue getOption getUIElement handleAdd handleRemove hidetitle loadChildren ' +
		'optional parentoption renderChildren renderContents renderTabContainers selected_tab stripTags titleFn uciconfig',

	GridSection: 'actionstitle addbtntitle addModalOptions append cfgvalue cloneable clonebtntitle delbtntitle determineBackgroundColor dynamic extedit ' +
		'filter filterrow footer formvalue getActiveModalMap getOption getPreviousModalMap getUIElement handleClone handleDragEnd ' +
		'handleDragEnter handleDragInit handleDragLeave handleDragOver handleDragStart handleDrop handleTouchEnd handleTouchMove ' +
		'hidetitle loadChildren max_cols optional parentoption renderChildren renderContents renderFooterRows ' +
		'renderSectionPlaceholder renderTabContainers renderUCISection rowcolors sectiontitle selected_tab ' +
		'stabilizeActionColumnWidth stripTags tabbed titleFn titledesc uciconfig',

	Value: 'append children datatype defaults editable getValidator handleValueChange initial last_child loadChildren optional renderChildren ' +
		'size stripTags template titleFn titledesc titleref transformChoices transformDepList typename uciconfig ucioption ' +
		'ucisection updateDefaultValue width',

	DynamicList: 'allowduplicates',
	MultiValue: 'create display_size dropdown_size',
	ListValue: 'deplist orientation widget',
	Flag: 'tooltip tooltipicon',
	DummyValue: 'hidden href rawhtml'
};

return baseclass.extend({
	refuse(form) {
		for (let [ name, names ] of Object.entries(lacking))
			L.refuse(form[name], 'form.' + name, names);
	}
});
