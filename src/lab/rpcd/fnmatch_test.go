// SPDX-License-Identifier: Apache-2.0

package rpcd

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	const both, escaped, plain = "both", "escaped", "plain"
	for _, tt := range []struct {
		pattern, s string
		when       string // With which meaning of a backslash it matches; "": never.
	}{
		{"", "", both}, {"", "a", ""}, {"a", "a", both}, {"a", "A", ""}, {"a", "ab", ""}, {"ab", "a", ""},
		{"*", "", both}, {"*", "a/b.c", both}, {"**", "x", both}, {"a*c", "abbc", both}, {"a*c", "abcd", ""}, {"*a*a*", "ba", ""},
		{"?", "", ""}, {"?", "/", both}, {"a?c", "abc", both}, {"luci-*", "luci-", both}, {"luci-*", "luci", ""},
		{"[abc]", "b", both}, {"[abc]", "d", ""}, {"[!abc]", "d", both}, {"[^abc]", "d", both}, {"[!abc]", "a", ""}, {"[a-c]", "b", both},
		{"[c-a]", "b", ""}, {"[]a]", "]", both}, {"[!]a]", "b", both}, {"[a-]", "-", both}, {"[", "[", both}, {"[a", "[a", both}, {"[]", "[]", both},
		{"[[:digit:]]", "5", both}, {"[[:digit:]]", "a", ""}, {"[[:alpha:]_]x", "_x", both}, {"[![:space:]]", "a", both},
		{`\*`, "*", escaped}, {`\*`, `\*`, plain}, {`\*`, `\xyz`, plain}, {`a\`, `a\`, plain}, {`\a`, "a", escaped}, {`[\]]`, "]", escaped}, {`[\]]`, `\]`, plain},
	} {
		for _, escapes := range []bool{true, false} {
			want := tt.when == both || tt.when == escaped && escapes || tt.when == plain && !escapes
			if got := match(tt.pattern, tt.s, escapes); got != want {
				t.Errorf("match(%q, %q, %v) = %v", tt.pattern, tt.s, escapes, got)
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("a*[!b-d]?", "abcz", true)
	f.Add(`[[:alpha:]]\`, "x", false)
	f.Fuzz(func(t *testing.T, pattern, s string, escapes bool) {
		if strings.Count(pattern, "*") > 6 || len(s) > 50 {
			return // It backtracks as fnmatch does; its patterns are an admin's.
		}
		match(pattern, s, escapes)
	})
}
