// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"luci-sso/internal/fault"
)

// codesScript is what the page says of the codes in its list of the last
// errors: codes that send the administrator the same way share a sentence.
func codesScript(string) (string, error) {
	var order []string
	codes := map[string][]string{}
	for _, entry := range fault.Catalogue() {
		if codes[entry.Brief] == nil {
			order = append(order, entry.Brief)
		}
		codes[entry.Brief] = append(codes[entry.Brief], string(entry.Code))
	}
	var b strings.Builder
	b.WriteString(`// SPDX-License-Identifier: Apache-2.0
'use strict';
'require baseclass';

// One plain sentence for every code of the catalogue, for the list of the last
// errors. Made by scripts/generate-docs from src/internal/fault: edit that and
// run it again.

const sentences = [
`)
	for i, brief := range order {
		comma := ","
		if i == len(order)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "\t[ %s,\n\t\t_(%s) ]%s\n", quote(strings.Join(codes[brief], " ")), quote(brief), comma)
	}
	b.WriteString(`];

return baseclass.extend({
	all() {
		return sentences.reduce((rv, s) => rv.concat(s[0].split(' ')), []);
	},

	// explain tells what a code means, '' for one it does not know.
	explain(code) {
		const found = sentences.find((s) => s[0].split(' ').includes(code));

		return found ? found[1] : '';
	},

	// explainChain prefers the cause, which comes first, to the outcome.
	explainChain(codes) {
		for (let code of codes)
			if (this.explain(code) !== '')
				return this.explain(code);

		return '';
	}
});
`)
	return b.String(), nil
}
