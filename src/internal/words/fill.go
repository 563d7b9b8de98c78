// SPDX-License-Identifier: Apache-2.0

package words

import "strings"

// Fill puts arguments into the places of a sentence, in their order. A place
// without one stays empty, and one too many is left out.
func Fill(sentence string, args []string) string {
	parts := strings.Split(sentence, "%s")
	text := parts[0]
	for i, part := range parts[1:] {
		if i < len(args) {
			text += args[i]
		}
		text += part
	}
	return text
}
