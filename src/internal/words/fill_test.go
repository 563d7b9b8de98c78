// SPDX-License-Identifier: Apache-2.0

package words

import "testing"

func TestFill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sentence string
		args     []string
		want     string
	}{
		{"Nothing to fill in.", nil, "Nothing to fill in."},
		{"“%s” is not valid: %s", []string{"Scopes", "100% wrong"}, "“Scopes” is not valid: 100% wrong"},
		{"%s leads to %s", []string{"%s"}, "%s leads to "},
		{"One: %s", []string{"1", "2"}, "One: 1"},
	} {
		if got := Fill(c.sentence, c.args); got != c.want {
			t.Errorf("%q with %q: %q", c.sentence, c.args, got)
		}
	}
}
