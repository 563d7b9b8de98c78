// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"strings"
	"testing"

	"luci-sso/lab"
)

// TestTutorial: what docs/tutorial/lab.md says will be seen is what the lab
// shows: the lines of the log, who is refused, and who is let in then.
func TestTutorial(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/tutorial/lab.md")
	l, err := lab.Start(lab.Options{StandIns: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	told := func(person string) {
		t.Helper()
		mark := l.Mark()
		session, err := l.Login(person)
		if person == "alice" && (err != nil || session.User != "sso:admin") || person == "dave" && err == nil {
			t.Errorf("%s: %v, %v", person, session, err)
		}
		for _, line := range l.Log(mark) {
			if !strings.Contains(page, "]: "+line+"\n") {
				t.Errorf("docs/tutorial/lab.md does not have the line that %s leaves in the log:\n%s", person, line)
			}
		}
	}
	told("alice")
	told("dave")
	if err := l.SetUCI("viewer.group", "router-viewers", "staff"); err != nil {
		t.Fatal(err)
	}
	if session, err := l.Login("dave"); err != nil || session.User != "sso:viewer" {
		t.Errorf("with his group in the role viewer, Dave gets %v, %v", session, err)
	}
	if _, err := l.Login("frank"); err == nil {
		t.Error("Frank, whose nonce is wrong, was let in")
	}
}
