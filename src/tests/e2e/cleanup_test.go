// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"luci-sso/lab"
)

// What cron runs: it leaves every login that may still be finished, that is
// within the lifetime and the tolerated difference of the clocks, and removes
// the rest, the files of killed programs included.
func TestCleanup(t *testing.T) {
	t.Parallel()
	l, err := lab.Start(lab.Options{StandIns: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if err := l.SetUCI("clock_tolerance", "300"); err != nil {
		t.Fatal(err)
	}
	browsers := map[time.Duration]*lab.Browser{0: l.Browser(), 500 * time.Second: l.Browser(), 700 * time.Second: l.Browser()}
	dir := l.Router.At("/var/run/luci-sso/handshakes")
	for age, browser := range browsers {
		before := names(t, dir)
		if _, err := browser.Begin(); err != nil {
			t.Fatal(err)
		}
		for name := range names(t, dir) {
			if !before[name] {
				backdate(t, filepath.Join(dir, name), age)
			}
		}
	}
	abandoned := []string{
		l.Router.At("/var/run/luci-sso/.tmp-0123456789abcdef0123456789abcdef"),
		l.Router.At("/etc/luci-sso/.tmp-0123456789abcdef0123456789abcdef"),
		l.Router.At("/etc/config/.rpcd.luci-sso-1234567890"),
	}
	for _, path := range abandoned {
		if err := os.WriteFile(path, []byte("3:key"), 0o600); err != nil {
			t.Fatal(err)
		}
		backdate(t, path, time.Hour)
	}
	if out, err := exec.Command(l.Router.CGI(), "cleanup").CombinedOutput(); err != nil {
		t.Fatalf("cleanup: %v\n%s", err, out)
	}
	if n := len(names(t, dir)); n != 2 {
		t.Errorf("%d pending logins are left, want the two that are at most 600 s old", n)
	}
	for _, path := range abandoned {
		if _, err := os.Stat(path); err == nil {
			t.Error("the file of a killed program is still there: " + path)
		}
	}
}

func names(t *testing.T, dir string) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	set := map[string]bool{}
	for _, entry := range entries {
		set[entry.Name()] = true
	}
	return set
}

func backdate(t *testing.T, path string, age time.Duration) {
	t.Helper()
	then := time.Now().Add(-age)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}
