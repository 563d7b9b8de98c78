// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"os"
	"testing"

	"luci-sso/internal/doctor"
)

// A session time that an older rpcd refuses does not keep anybody out, doctor
// says what is wrong with it, and what it has to paste mends it.
func TestSessionTimeThatRPCDRefuses(t *testing.T) {
	t.Parallel()
	l := start(t)
	path := l.Router.At("/etc/config/luci")
	configure := func(seconds string) {
		must(t, os.WriteFile(path, []byte("config internal 'sauth'\n\toption sessiontime '"+seconds+"'\n"), 0o600))
	}
	configure("2592000")
	if _, err := l.Login("alice"); err != nil {
		t.Errorf("nobody gets in: %v", err)
	}
	row := check(t, l, "session_time")
	if row.Status != doctor.Warn || row.Command != "uci set luci.sauth.sessiontime=2147483; uci commit luci" {
		t.Errorf("%+v", row)
	}
	configure("2147483") // What the command does.
	if row := check(t, l, "session_time"); row.Status != doctor.Pass {
		t.Errorf("mended, it is %+v", row)
	}
}
