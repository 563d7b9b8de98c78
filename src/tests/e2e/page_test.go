// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// The contract's question has the contract's answer, whatever there is; what
// the login page wants besides has a parameter of its own.
func TestProbeForThePage(t *testing.T) {
	t.Parallel()
	e, other := two(t)
	if r := e.cgi(lab.Request{Query: "action=enabled"}); r.Body != `{"enabled": true}` {
		t.Errorf("the probe says %s", r.Body)
	}
	const label = `<b>"Ä & B"</b>`
	e.set("other.label", label)
	e.set("other.auto_login", "1")
	type answer struct {
		Enabled   bool
		Providers []struct {
			Name, Label string
			Auto        bool
		}
		SignedIn *bool `json:"signed_in"`
		Answers  *bool
	}
	ask := func(provider, cookie string, header http.Header) (a answer) {
		t.Helper()
		r := e.cgi(lab.Request{Query: "action=enabled&providers=" + provider, Cookie: cookie, Header: header})
		if err := json.Unmarshal([]byte(r.Body), &a); err != nil || r.Status != 200 || r.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%v: %s", err, r.Raw)
		}
		checkHeaders(t, r)
		return a
	}
	here := http.Header{"Referer": {e.Router.URL + lab.LuCI}}
	a := ask("", "", here)
	if !a.Enabled || len(a.Providers) != 2 || a.Providers[0].Name != "default" || a.Providers[0].Auto || a.Providers[1].Label != label || !a.Providers[1].Auto ||
		a.SignedIn != nil || a.Answers != nil {
		t.Errorf("the page is told %+v", a)
	}
	// Nobody else can have the router ask a provider, and none that the page
	// would not go to.
	ask("other", "", nil)
	ask("other", "", http.Header{"Referer": {"https://evil.example.com/"}})
	ask("default", "", here)
	if e.IDP.Count(idp.Discovery) != 0 || other.Count(idp.Discovery) != 0 {
		t.Error("a provider was asked")
	}
	for range 3 {
		if a := ask("other", "", here); a.Answers == nil || !*a.Answers {
			t.Errorf("a provider that answers: %+v", a)
		}
	}
	if n := other.Count(idp.Discovery); n != 1 {
		t.Errorf("it was asked %d times in a moment, want once", n)
	}
	// It answered a while ago, and does not now.
	other.Down()
	if a := ask("other", "", here); !*a.Answers {
		t.Error("what was known a moment ago is not believed")
	}
	names, _ := filepath.Glob(e.Router.At("/var/run/luci-sso/cache/*.json"))
	for _, name := range names {
		at := time.Now().Add(-time.Minute)
		e.must(os.Chtimes(name, at, at))
	}
	if a := ask("other", "", here); a.Answers == nil || *a.Answers {
		t.Errorf("a provider that is down: %+v", a)
	}
	e.must(other.Up())
	if a := ask("other", "", here); !*a.Answers {
		t.Error("a provider that is back")
	}

	// Who has a session is told so, and nobody else.
	session, err := e.Login("alice")
	e.must(err)
	if a := ask("", "sysauth_https="+session.ID, nil); a.SignedIn == nil || !*a.SignedIn {
		t.Errorf("signed in: %+v", a)
	}
	if a := ask("", "sysauth_https="+strings.Repeat("ab", 16), nil); a.SignedIn != nil {
		t.Errorf("with a session of nobody's: %+v", a)
	}
	// The word to stay comes with a logout, and only where the page would go.
	out := e.cgi(lab.Request{Path: "/logout", Query: "stoken=" + session.Token, Cookie: "sysauth_https=" + session.ID, Header: htmlClient})
	if c := out.Cookie("luci_sso_stay"); c == nil || c.Value != "1" || c.HttpOnly || !c.Secure || c.Path != "/cgi-bin/luci" {
		t.Errorf("logging out: %s", out.Raw)
	}
	e.set("other.auto_login", "0")
	session, err = e.Login("alice")
	e.must(err)
	out = e.cgi(lab.Request{Path: "/logout", Query: "stoken=" + session.Token, Cookie: "sysauth_https=" + session.ID, Header: htmlClient})
	if out.Cookie("luci_sso_stay") != nil {
		t.Errorf("logging out as it ships: %s", out.Raw)
	}
}
