// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"

	"luci-sso/internal/doctor"
	"luci-sso/internal/methods"
	"luci-sso/lab"
	"luci-sso/lab/certs"
	"luci-sso/lab/idp"
)

// connection runs the test and returns the checks by id: the worst of each.
func connection(t *testing.T, l *lab.Lab, values map[string]string) (methods.TestReply, map[string]*doctor.Check) {
	t.Helper()
	return connectionAt(t, l, values, "")
}

// connectionAt is connection from a page that was opened at a host.
func connectionAt(t *testing.T, l *lab.Lab, values map[string]string, host string) (methods.TestReply, map[string]*doctor.Check) {
	t.Helper()
	var reply methods.TestReply
	call(t, l, "test_connection", map[string]any{"values": values, "host": host}, &reply)
	checks := map[string]*doctor.Check{}
	rank := map[string]int{doctor.Skip: 0, doctor.Pass: 1, doctor.Warn: 2, doctor.Fail: 3}
	order := -1
	ids := []string{"settings", "discovery", "certificate", "issuer", "endpoints", "keys", "algorithms", "clock", "scopes", "pkce", "credentials", "offers", "redirect_uri", "at_hash", "email", "groups", "product"}
	for _, c := range reply.Checks {
		at := -1
		for i, id := range ids {
			if c.ID == id {
				at = i
			}
		}
		if at < order || at < 0 {
			t.Errorf("check %s is out of order", c.ID)
		}
		order = at
		if strings.Count(c.Message, "%s") != len(c.Args) {
			t.Errorf("%s: %q has %d arguments", c.ID, c.Message, len(c.Args))
		}
		if old := checks[c.ID]; old == nil || rank[c.Status] > rank[old.Status] {
			checks[c.ID] = c
		}
	}
	if n := slices.IndexFunc(reply.Checks, func(c *doctor.Check) bool { return c.ID == "credentials" }); n >= 0 &&
		slices.ContainsFunc(reply.Checks[n+1:], func(c *doctor.Check) bool { return c.ID == "credentials" }) {
		t.Error("there are two rows credentials")
	}
	for _, id := range ids {
		if checks[id] == nil && id != "offers" && id != "product" { // They are there when the provider says what it offers, and looks like a known one.
			t.Errorf("there is no row %s", id)
			checks[id] = &doctor.Check{}
		}
	}
	return reply, checks
}

func TestConnectionThatWorks(t *testing.T) {
	t.Parallel()
	l := start(t)
	reply, checks := connection(t, l, map[string]string{"redirect_uri": "https://localhost/cgi-bin/luci-sso/callback", "client_secret": ""})
	for id, c := range checks {
		if c.Status == doctor.Fail {
			t.Errorf("%s fails: %s", id, c.Text())
		}
	}
	for _, id := range []string{"discovery", "certificate", "issuer", "endpoints", "keys", "algorithms", "clock", "credentials"} {
		if checks[id].Status != doctor.Pass {
			t.Errorf("%s is %s: %s", id, checks[id].Status, checks[id].Text())
		}
	}
	if reply.Status == doctor.Fail || reply.Busy || reply.Took > 15000 {
		t.Errorf("reply = %+v", reply)
	}
	if n := len(l.Log(0)); n != 0 {
		t.Errorf("a test wrote %d lines to the log", n)
	}
}

func TestConnectionThatDoesNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		named   string
		values  map[string]string
		prepare func(*testing.T, *lab.Lab)
		id      string
		status  string
		code    string
	}{
		"not https":         {values: map[string]string{"issuer_url": "http://id.example.com"}, id: "settings", status: doctor.Fail, code: "INSECURE_ISSUER_URL"},
		"no client":         {values: map[string]string{"client_id": ""}, id: "settings", status: doctor.Fail, code: "CONFIG_ERROR"},
		"nobody there":      {values: map[string]string{"issuer_url": "https://127.0.0.1:1"}, id: "discovery", status: doctor.Fail, code: "DISCOVERY_NETWORK_ERROR"},
		"no such CA file":   {values: map[string]string{"ca_file": "/nonexistent/ca.pem"}, id: "certificate", status: doctor.Fail, code: "SSL_INIT_FAILED"},
		"wrong secret":      {values: map[string]string{"client_secret": "another secret"}, id: "credentials", status: doctor.Fail, code: "TOKEN_EXCHANGE_FAILED"},
		"unknown redirect":  {values: map[string]string{"redirect_uri": "https://other.example.com/cgi-bin/luci-sso/callback"}, id: "redirect_uri", status: doctor.Fail, code: "IDP_ERROR"},
		"unknown scope":     {values: map[string]string{"scope": "openid nonsense"}, id: "scopes", status: doctor.Warn},
		"discovery 500":     {named: "discovery-500", id: "discovery", status: doctor.Fail, code: "DISCOVERY_FAILED"},
		"no JSON":           {named: "discovery-not-json", id: "discovery", status: doctor.Fail, code: "INVALID_DISCOVERY_DOC"},
		"no issuer":         {named: "discovery-no-issuer", id: "issuer", status: doctor.Fail, code: "DISCOVERY_MISSING_ISSUER"},
		"another issuer":    {named: "discovery-other-issuer", id: "issuer", status: doctor.Fail, code: "DISCOVERY_ISSUER_MISMATCH"},
		"no token endpoint": {named: "discovery-no-token-endpoint", id: "endpoints", status: doctor.Fail, code: "DISCOVERY_MISSING_ENDPOINT"},
		"plain http":        {named: "discovery-plain-http", id: "endpoints", status: doctor.Fail, code: "INSECURE_ENDPOINT"},
		"no logout":         {named: "no-end-session", id: "endpoints", status: doctor.Warn},
		"keys unreadable":   {named: "jwks-500", id: "keys", status: doctor.Fail, code: "JWKS_FETCH_FAILED"},
		"no keys":           {named: "jwks-empty", id: "keys", status: doctor.Fail, code: "UNSUPPORTED_ALGORITHM"},
		"Pocket ID secret":  {named: "pocketid-secret", id: "credentials", status: doctor.Fail, code: "TOKEN_EXCHANGE_FAILED"},
		"token 500":         {named: "token-500", id: "credentials", status: doctor.Warn},
		"at_hash required":  {named: "no-at-hash-announced", values: map[string]string{"require_at_hash": "1"}, id: "at_hash", status: doctor.Warn, code: "MISSING_AT_HASH"},
		"hangs":             {named: "discovery-hang", id: "discovery", status: doctor.Fail, code: "DISCOVERY_NETWORK_ERROR"},
		"foreign CA": {prepare: func(t *testing.T, l *lab.Lab) {
			other, err := certs.New("somebody else")
			if err != nil {
				t.Fatal(err)
			}
			cert, err := other.Issue("127.0.0.1")
			if err != nil {
				t.Fatal(err)
			}
			l.IDP.SetCertificate(cert)
		}, id: "certificate", status: doctor.Fail, code: "DISCOVERY_NETWORK_ERROR"},
		"another name": {prepare: func(t *testing.T, l *lab.Lab) {
			cert, err := l.CA.Issue("id.example.com")
			if err != nil {
				t.Fatal(err)
			}
			l.IDP.SetCertificate(cert)
		}, id: "certificate", status: doctor.Fail, code: "DISCOVERY_NETWORK_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			if c.named != "" {
				if err := l.IDP.SetNamed(c.named); err != nil {
					t.Fatal(err)
				}
			}
			if c.prepare != nil {
				c.prepare(t, l)
			}
			_, checks := connection(t, l, c.values)
			if got := checks[c.id]; got.Status != c.status || got.Code != c.code {
				t.Errorf("%s is %s %s (%s), want %s %s", c.id, got.Status, got.Code, got.Text(), c.status, c.code)
			} else if got.Status == doctor.Fail && c.id != "settings" && got.Remedy == "" {
				t.Errorf("%s has no remedy", c.id)
			}
		})
	}
}

// While one test waits for the provider, another does not start.
func TestOneTestAtATime(t *testing.T) {
	t.Parallel()
	l := start(t)
	defer l.IDP.Inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.Discovery: {Hang: true}}})()
	var wait sync.WaitGroup
	replies := make([]methods.TestReply, 3)
	for i := range replies {
		wait.Add(1)
		go func() {
			defer wait.Done()
			o := run(t, l, `{"values":{}}`, "call", "test_connection")
			if err := json.Unmarshal([]byte(o.out), &replies[i]); err != nil {
				t.Errorf("%v: %+v", err, o)
			}
		}()
	}
	wait.Wait()
	busy := 0
	for _, reply := range replies {
		if reply.Busy {
			busy++
		}
	}
	if busy != 2 {
		t.Errorf("%d of 3 tests at once were busy, want 2", busy)
	}
}

// TestConnectionRefreshes: what a passing test of the saved settings has seen
// is what the next login uses; other tests leave no trace.
func TestConnectionRefreshes(t *testing.T) {
	t.Parallel()
	l := start(t)
	if _, err := l.Login("alice"); err != nil {
		t.Fatal(err)
	}
	l.IDP.Move(idp.Authorize, "/v2/authorize", idp.Answer{})
	if err := l.IDP.Rotate(); err != nil {
		t.Fatal(err)
	}
	leads := func() string {
		t.Helper()
		location, err := l.Browser().Begin()
		if err != nil {
			t.Fatal(err)
		}
		return location
	}
	for name, values := range map[string]map[string]string{
		"another scope":  {"scope": "openid email"},
		"another CA":     {"ca_file": l.Router.At("/etc/ssl/certs/ca-certificates.crt")},
		"a wrong secret": {"client_secret": "wrong"},
		"another host":   {"internal_issuer_url": strings.Replace(l.IDP.URL, "127.0.0.1", "localhost", 1)},
	} {
		connection(t, l, values)
		if got := leads(); strings.Contains(got, "/v2/") {
			t.Errorf("a test with %s changed where a login leads: %s", name, got)
		}
	}
	if err := l.SetUCI("client_secret", "wrong"); err != nil {
		t.Fatal(err)
	}
	connection(t, l, nil)
	if err := l.SetUCI("client_secret", l.IDP.Client.Secret); err != nil {
		t.Fatal(err)
	}
	if got := leads(); strings.Contains(got, "/v2/") {
		t.Errorf("a test that failed changed where a login leads: %s", got)
	}
	// As the page sends them: every field, saved as it is.
	saved := map[string]string{"issuer_url": l.IDP.URL, "client_id": l.IDP.Client.ID, "client_secret": "", "internal_issuer_url": "", "ca_file": ""}
	if reply, _ := connection(t, l, saved); reply.Status == doctor.Fail {
		t.Fatalf("the test of the saved settings fails: %+v", reply)
	}
	if got := leads(); !strings.Contains(got, "/v2/") {
		t.Errorf("after a passing test of the saved settings: %s", got)
	}
	keys := l.IDP.Count(idp.JWKS)
	if _, err := l.Login("alice"); err != nil || l.IDP.Count(idp.JWKS) != keys {
		t.Errorf("%v, the keys were fetched again: %v", err, l.IDP.Count(idp.JWKS) != keys)
	}
}
