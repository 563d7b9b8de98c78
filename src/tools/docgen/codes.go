// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"luci-sso/internal/fault"
)

// codesScript is what the page says of the codes in its list of the last
// errors: codes that send the administrator the same way share a sentence.
func codesScript(repo string) (string, error) {
	var order []string
	codes := map[string][]string{}
	for _, entry := range fault.Catalogue() {
		if codes[entry.Brief] == nil {
			order = append(order, entry.Brief)
		}
		codes[entry.Brief] = append(codes[entry.Brief], string(entry.Code))
	}
	var b strings.Builder
	b.WriteString("const sentences = [\n")
	for i, brief := range order {
		comma := ","
		if i == len(order)-1 {
			comma = ""
		}
		fmt.Fprintf(&b, "\t[ %s,\n\t\t_(%s) ]%s\n", quote(strings.Join(codes[brief], " ")), quote(brief), comma)
	}
	b.WriteString("];\n")
	return scriptBlock(repo, "codes", "src/internal/fault", b.String())
}
