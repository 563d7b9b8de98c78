// SPDX-License-Identifier: Apache-2.0

package near

import (
	"strings"
	"testing"
)

func TestName(t *testing.T) {
	t.Parallel()
	known := []string{"require_email_verified", "require_at_hash", "group", "read", "write", "email", "sub", "host"}
	for name, want := range map[string]string{
		"require_email_verifed": "require_email_verified", "require_emailverified": "require_email_verified", "requrie_at_hash": "require_at_hash",
		"groups": "group", "wirte": "write", "raed": "read", "e-mail": "email", "subs": "sub", "Read": "read",
		"note": "", "": "", "x": "", "comment": "", strings.Repeat("a", 200): "", "requires": "", "hots": "host",
	} {
		if got := Name(name, known); got != want {
			t.Errorf("%q is near %q, want %q", name, got, want)
		}
	}
}
