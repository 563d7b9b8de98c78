// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// what a reader puts in place of a guide's examples.
var (
	guideIssuer = regexp.MustCompile(`default\.issuer_url='[^']*'`)
	guideClient = regexp.MustCompile(`default\.client_id='[^']*'`)
	guideSecret = regexp.MustCompile(`default\.client_secret='[^']*'`)
	guideGroup  = regexp.MustCompile(`admin\.group='([^'@]*)(@[^']*)?'`)
	groupsClaim = regexp.MustCompile(`default\.groups_claim='([^']*)'`)
)

// TestGuidesLogIn follows the commands of each provider's guide on a router as
// it is shipped, with the lab's provider in place of the real one, and signs
// in: one person by e-mail, one by group. It shows that a guide leads to a
// working login, not what the real provider sends.
func TestGuidesLogIn(t *testing.T) {
	l, err := lab.Start(lab.Options{StandIns: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	programs := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(programs, "uci")); err != nil {
		t.Fatal(err)
	}
	guides := 0
	for _, page := range pages(t) {
		text := read(t, page)
		if !strings.HasPrefix(page, "docs/how-to/") || !strings.Contains(text, "| Field on the page |") {
			continue
		}
		guides++
		t.Run(page, func(t *testing.T) {
			script := uciCommands(text)
			script = guideIssuer.ReplaceAllLiteralString(script, "default.issuer_url='"+l.IDP.URL+"'")
			script = guideClient.ReplaceAllLiteralString(script, "default.client_id='"+l.IDP.Client.ID+"'")
			script = guideSecret.ReplaceAllLiteralString(script, "default.client_secret='"+l.IDP.Client.Secret+"'")
			script = strings.ReplaceAll(script, "user@example.com", "alice@example.com")

			dir := t.TempDir()
			path := filepath.Join(dir, "luci-sso")
			if err := os.WriteFile(path, []byte(read(t, shipped)), 0o600); err != nil {
				t.Fatal(err)
			}
			shell := exec.Command("/bin/sh", "-c", "set -e\n"+script)
			shell.Env = []string{"PATH=" + programs, configDir + "=" + dir, "GORACE=" + os.Getenv("GORACE")}
			if out, err := shell.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			config, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.WriteConfig(string(config)); err != nil {
				t.Fatal(err)
			}
			enter := func(person string) {
				t.Helper()
				// All guides in a minute are more than one router is asked.
				_ = os.Remove(l.Router.At("/var/run/luci-sso/ratelimit"))
				mark := l.Mark()
				session, err := l.Login(person)
				switch {
				case err != nil:
					t.Errorf("%s: %v\n%s\nwith\n%s", person, err, strings.Join(l.Log(mark), "\n"), config)
				case session.User != "sso:admin":
					t.Errorf("%s became %s", person, session.User)
				}
			}
			enter("alice")

			group := guideGroup.FindStringSubmatch(script)
			if group == nil {
				return // Google has none.
			}
			sent := group[1]
			if group[2] != "@PocketID" {
				sent += group[2]
			}
			claim := "groups"
			if set := groupsClaim.FindAllStringSubmatch(script, -1); set != nil {
				claim = set[len(set)-1][1]
			}
			remove := l.IDP.Inject(idp.Fault{IDToken: func(token *idp.IDToken) { token.Claims[claim] = []any{"others", sent} }})
			defer remove()
			enter("carol")
		})
	}
	if guides < 13 {
		t.Errorf("only %d provider guides were found", guides)
	}
}
