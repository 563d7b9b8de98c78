// SPDX-License-Identifier: Apache-2.0

package check

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"luci-sso/lab"
)

func start(t *testing.T, options lab.Options) *lab.Lab {
	t.Helper()
	dir, err := os.MkdirTemp("", "ls-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	options.TempDir = dir
	l, err := lab.Start(options)
	if err != nil {
		t.Fatalf("no lab: %v", err)
	}
	t.Cleanup(l.Close)
	return l
}

func TestAllIsWell(t *testing.T) {
	t.Parallel()
	l := start(t, lab.Options{StandIns: true})
	if err := Run(l, func(step Step) {
		if !step.OK {
			t.Errorf("%s: %s\n%s", step.Name, step.Detail, strings.Join(step.Log, "\n"))
		}
	}); err != nil {
		t.Error(err)
	}
}

// TestOnARealRouter is the same with OpenWrt's own daemons.
func TestOnARealRouter(t *testing.T) {
	root := os.Getenv(lab.RealRootVariable)
	if root == "" {
		t.Skip("the lab's self-test ran on stand-ins alone: " + lab.RealRootVariable + " names no root file system")
	}
	if os.Geteuid() != 0 {
		t.Skip("the lab's self-test ran on stand-ins alone: chroot needs root")
	}
	fmt.Println("note: " + t.Name() + " ran against the real router's programs")
	l := start(t, lab.Options{RealRoot: root})
	for _, when := range []string{"first", "after a reload of rpcd"} {
		if err := Run(l, func(step Step) {
			if !step.OK {
				t.Errorf("%s, %s: %s\n%s", when, step.Name, step.Detail, strings.Join(step.Log, "\n"))
			}
		}); err != nil {
			t.Error(err)
		}
		if err := l.Router.ReloadRPCD(); err != nil {
			t.Error(err)
		}
	}
	// What a reload does to somebody who is signed in: the rights stay.
	session, err := l.Login("bob")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Router.ReloadRPCD(); err != nil {
		t.Fatal(err)
	}
	after, ok, err := l.Session(session.ID)
	if err != nil || !ok || fmt.Sprint(after.Rights) != fmt.Sprint(session.Rights) {
		t.Errorf("after a reload of rpcd the session is %v, %v, with the rights\n%v\ninstead of\n%v", ok, err, after.Rights, session.Rights)
	}
}

// TestItNoticesWhatIsBroken breaks one thing at a time.
func TestItNoticesWhatIsBroken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		broken func(*lab.Lab) error
		step   string // Part of the first failing step's name.
	}{
		{"switched off", func(l *lab.Lab) error { return l.SetUCI("enabled", "0") }, "says that single sign-on is enabled"},
		{"no script", func(l *lab.Lab) error { return os.Remove(l.Router.At("/www/luci-static/resources/luci-sso/login.js")) }, "login page"},
		{"no role for Alice", func(l *lab.Lab) error { return l.SetUCI("admin.email") }, "Alice signs in"},
		{"no role for Bob", func(l *lab.Lab) error { return l.SetUCI("operator.group") }, "Bob signs in"},
		{"Dave is somebody", func(l *lab.Lab) error { return l.SetUCI("viewer.sub", "dave") }, "Dave is refused"},
		{"the provider keeps her", func(l *lab.Lab) error {
			return l.IDP.SetNamed("no-end-session")
		}, "logs out"},
		{"no password", func(l *lab.Lab) error { l.Router.RPCD.SetPassword("root", "other"); return nil }, "root still logs in"},
		{"no program", func(l *lab.Lab) error { return os.Remove(l.Router.CGI()) }, "says that single sign-on is enabled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := start(t, lab.Options{StandIns: true})
			if err := test.broken(l); err != nil {
				t.Fatal(err)
			}
			var failed string
			err := Run(l, func(step Step) {
				if !step.OK && failed == "" {
					failed = step.Name
				}
			})
			if (err == nil) != (test.step == "") || !strings.Contains(failed, test.step) {
				t.Errorf("the first failing step is %q (%v), want one about %q", failed, err, test.step)
			}
		})
	}
}
