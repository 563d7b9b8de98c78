// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luci-sso/internal/doctor"
	"luci-sso/lab"
	"luci-sso/lab/router"
)

// plainUCI changes the one option that a test's file has; whole sections it
// leaves alone.
const plainUCI = `#!/bin/sh
set -eu
verb=$1 name=${2%%=*}
config=$ROUTER/etc/config/${name%%.*} option=${name##*.}
case $verb in
set) sed "s|option $option .*|option $option '${2#*=}'|" "$config" >"$config.new" ;;
delete) sed "/option $option /d" "$config" >"$config.new" ;;
commit) exit 0 ;;
*) echo "uci: $verb is not known here" >&2; exit 1 ;;
esac
cat "$config.new" >"$config"
`

// TestSystemRemediesHeal: what the doctor gives to paste for the router itself
// mends what its row says is wrong.
func TestSystemRemediesHeal(t *testing.T) {
	t.Parallel()
	write := func(name, text string) func(*testing.T, *lab.Lab) {
		return func(t *testing.T, l *lab.Lab) {
			must(t, os.WriteFile(l.Router.At("/etc/config/"+name), []byte(text), 0o600))
		}
	}
	for name, c := range map[string]struct {
		id    string
		spoil func(t *testing.T, l *lab.Lab)
	}{
		"a session time that an older rpcd refuses": {"session_time", write("luci", "config internal 'sauth'\n\toption sessiontime '99999999'\n")},
		"one script at a time":                      {"uhttpd", write("uhttpd", "config uhttpd 'main'\n\toption max_requests '1'\n")},
		"scripts that end early":                    {"uhttpd", write("uhttpd", "config uhttpd 'main'\n\toption script_timeout '3'\n")},
		"a Redirect URI that leads elsewhere": {"cookies", func(t *testing.T, l *lab.Lab) {
			must(t, l.SetUCI("redirect_uri", "https://router.example.com/cgi-bin/luci"))
		}},
		"a configuration that everybody may read": {"permissions", func(t *testing.T, l *lab.Lab) {
			must(t, os.Chmod(l.Router.At("/etc/config/luci-sso"), 0o644)) // #nosec G302 -- what is tested
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			c.spoil(t, l)
			row := check(t, l, c.id)
			if row.Status == doctor.Pass || row.Command == "" {
				t.Fatalf("%s is %s with %q: %s", c.id, row.Status, row.Command, row.Text())
			}
			dir := t.TempDir()
			must(t, router.WriteProgram(filepath.Join(dir, "uci"), []byte(plainUCI)))
			// The lab's router is a folder: its services are not there to restart.
			command := strings.Replace(row.Command, "/etc/init.d/", ": ", 1)
			cmd := exec.Command("sh", "-ec", command) // #nosec G204 -- what is tested
			cmd.Env = []string{"PATH=" + dir + ":/bin:/usr/bin", "ROUTER=" + l.Router.At("/")}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", command, err, out)
			}
			if after := check(t, l, c.id); after.Status != doctor.Pass {
				t.Errorf("after %s: %s is %s: %s", row.Command, c.id, after.Status, after.Text())
			}
		})
	}
}
