// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/lab/idp"
)

// personAt is Alice with a session that she got at a provider.
func (e *env) personAt(provider string) person {
	e.t.Helper()
	r := e.cgi(e.at(provider).request(htmlClient))
	for _, c := range r.Cookies() {
		if s, ok, err := e.Session(c.Value); err == nil && ok && c.Name == "sysauth_https" {
			return person{&s}
		}
	}
	e.t.Fatalf("no login at provider %q:\n%s", provider, r.Raw)
	return person{}
}

// What a provider gave goes to nobody else: when the section names another
// one, its sessions end, and neither is asked with the other's token.
func TestRefreshTokenStaysWithItsProvider(t *testing.T) {
	t.Parallel()
	for _, ends := range []string{"asked", "over"} {
		e := newEnv(t)
		other, err := e.AddProvider("other")
		e.must(err)
		e.IDP.SetRefreshing(idp.Refreshing{Always: true})
		other.SetRefreshing(idp.Refreshing{Always: true})
		e.set("revalidate", "1")
		s := e.signedIn("alice")
		if ends == "over" {
			e.set("session_lifetime", "1") // Its token is to be revoked then.
		}
		e.set("issuer_url", other.URL)
		time.Sleep(2200 * time.Millisecond)
		mark := e.Mark()
		e.luciSSO("sessions", "--due")
		e.luciSSO("sessions", "--due")
		if e.lives(s) {
			t.Errorf("%s: who signed in at another provider is still in", ends)
		}
		if ends == "asked" {
			e.told(mark, fault.SessionRevoked, "issuer_url")
		}
		for _, endpoint := range []idp.Endpoint{idp.Token, idp.Revocation} {
			if got := other.Requests(endpoint); len(got) != 0 {
				t.Errorf("%s: the new provider got %d requests at %v, with %v", ends, len(got), endpoint, got[0].Form)
			}
		}
		if left := names(t, e.Router.At(sessionFiles)); len(left) != 0 {
			t.Errorf("%s: files of sessions are left: %v", ends, left)
		}
	}
}

// Whose provider is taken out of the file is put out with it. One that is only
// switched off keeps its people, as default does.
func TestProviderGone(t *testing.T) {
	t.Parallel()
	e, _ := two(t)
	here, there := e.signedIn("alice"), e.personAt("other")
	e.set("other.enabled", "0")
	e.luciSSO("sync", "--pending")
	if !e.lives(here) || !e.lives(there) {
		t.Fatal("a provider that is switched off loses its people")
	}
	text, err := os.ReadFile(e.Router.At("/etc/config/luci-sso"))
	e.must(err)
	before, rest, _ := strings.Cut(string(text), "config oidc 'other'")
	_, after, more := strings.Cut(rest, "\nconfig ")
	if more {
		after = "config " + after
	}
	e.must(e.WriteConfig(before + after))
	mark := e.Mark()
	e.luciSSO("sync", "--pending")
	if !e.lives(here) || e.lives(there) {
		t.Errorf("the person of default lives: %t, that of the provider that is gone: %t", e.lives(here), e.lives(there))
	}
	e.told(mark, fault.SessionRoleGone, "provider")
}

// A role whose list of providers has a typing error in its name may be for
// anybody's people: nobody goes past it.
func TestMisspeltListOfProviders(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	_, err := e.AddProvider("other")
	e.must(err)
	e.set("guest.email", "alice@example.com")
	e.set("guest.provder", "other")
	e.set("guest.read", "luci-base")
	e.set("later.email", "alice@example.com")
	e.set("later.provider", "other")
	e.set("later.read", "*")
	mark := e.Mark()
	r := e.cgi(e.at("other").request(htmlClient))
	if log := strings.Join(e.Log(mark), "\n"); r.Status == 302 || !strings.Contains(log, `role "guest" matches by email and gives nothing`) {
		t.Errorf("status %d\n%s", r.Status, log)
	}
}

// A provider signs out its own people, not those whom another one let in by the
// same section.
func TestLogoutOfAnotherProvidersPeople(t *testing.T) {
	t.Parallel()
	e, other := two(t)
	e.set("backchannel_logout", "1")
	s := e.signedIn("alice")
	there := e.personAt("other")
	if s.subject() != there.subject() {
		t.Fatal("this test needs one name at two providers")
	}
	settings, err := config.Parse(e.Router.At("/etc/config/luci-sso"), "other")
	e.must(err)
	e.set("issuer_url", other.URL)
	e.set("client_id", settings.Text("client_id"))
	e.set("client_secret", settings.ClientSecret.Reveal())
	token, err := other.LogoutToken(s.subject(), "", nil)
	e.must(err)
	if r := e.says(url.Values{"logout_token": {token}}.Encode()); r.Status != 200 {
		t.Fatalf("the token was not accepted:\n%s\n%s", r.Raw, strings.Join(e.logOf(r, 0), "\n"))
	}
	if !e.lives(s) || !e.lives(there) {
		t.Errorf("whom the one before let in lives: %t, whom the other section let in: %t", e.lives(s), e.lives(there))
	}
}

// The ID token of a refresh is about the sign-in of the login and its person
// (OIDC Core §12.2), or the session ends.
func TestRefreshIsAboutTheSameSignIn(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.IDP.SetRefreshing(idp.Refreshing{Always: true})
	e.set("revalidate", "1")
	for claim, value := range map[string]any{"sub": "somebody-else", "nonce": "of another login"} {
		s := e.signedIn("alice")
		time.Sleep(1200 * time.Millisecond)
		mark := e.Mark()
		e.With(func() { e.luciSSO("sessions", "--due") }, idp.Fault{IDToken: func(token *idp.IDToken) { token.Claims[claim] = value }})
		if e.lives(s) {
			t.Errorf("an ID token with another %s keeps a session", claim)
		}
		e.told(mark, fault.SessionRevoked, "another "+claim)
	}
}
