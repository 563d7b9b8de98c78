// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"luci-sso/lab"
	"luci-sso/lab/idp"
)

// shell runs the program as a person at the router's shell does.
func (e *env) shell(args ...string) string {
	e.t.Helper()
	out, err := exec.Command(e.Router.CGI(), args...).CombinedOutput()
	if err != nil {
		e.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// byKey has the router and the provider agree on private_key_jwt.
func (e *env) byKey() {
	e.t.Helper()
	e.set("client_secret")
	e.set("token_auth_method", "private_key_jwt")
	e.IDP.SetClient(func(c *idp.Client) { c.AuthMethods = []string{"private_key_jwt"} })
	e.IDP.SetClient(func(c *idp.Client) { c.JWKS = e.shell("client-key", "--jwks") })
}

// TestClientKey: a login without a shared secret, by an assertion that the lab
// verifies: signature, issuer alone as audience, one minute, one use.
func TestClientKey(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.byKey()
	for range 2 {
		if r := login(e, htmlClient); r.Status != 302 {
			t.Fatalf("%s\n%s", r.Raw, strings.Join(e.Log(0), "\n"))
		}
	}
	requests := e.IDP.Requests(idp.Token)
	for _, r := range requests {
		if r.Authorization != "assertion" || r.Form.Has("client_secret") || r.Form.Get("client_id") != e.IDP.Client.ID {
			t.Errorf("the client came by %q: %v", r.Authorization, r.Form)
		}
	}
	info, err := os.Stat(e.Router.At("/etc/luci-sso/client.key"))
	e.must(err)
	if info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("the key has mode %v and %d bytes", info.Mode().Perm(), info.Size())
	}

	// A provider that does not know the key.
	known := e.IDP.Client.JWKS
	e.IDP.SetClient(func(c *idp.Client) { c.JWKS = `{"keys":[]}` })
	e.refused(ends(t, facts("luci-sso client-key"), "TOKEN_EXCHANGE_FAILED"))

	// Rotation: the next key is published before it is used.
	e.IDP.SetClient(func(c *idp.Client) { c.JWKS = known })
	e.shell("client-key", "rotate")
	set := e.shell("client-key", "--jwks")
	if first, next := kids(t, known), kids(t, set); len(next) != 2 || next[0] != first[0] {
		t.Fatalf("published are %v, before %v", next, first)
	}
	if r := login(e, htmlClient); r.Status != 302 {
		t.Fatalf("with a second key that the provider does not know: %s", r.Raw)
	}
	e.IDP.SetClient(func(c *idp.Client) { c.JWKS = set })
	e.shell("client-key", "use")
	if r := login(e, htmlClient); r.Status != 302 {
		t.Fatalf("with the second key: %s", r.Raw)
	}
	if now := kids(t, e.shell("client-key", "--jwks")); len(now) != 1 || now[0] != kids(t, set)[1] {
		t.Errorf("after the change, published are %v", now)
	}
	if out, err := exec.Command(e.Router.CGI(), "client-key", "use").CombinedOutput(); err == nil {
		t.Errorf("there is no second key to use: %s", out)
	}

	// A damaged key is found before anybody is sent to the provider.
	for _, raw := range []string{"short", strings.Repeat("\x00", 32), strings.Repeat("\xff", 32), strings.Repeat("x", 33)} {
		e.must(os.WriteFile(e.Router.At("/etc/luci-sso/client.key"), []byte(raw), 0o600))
		e.provoke(ends(t, facts("client.key", "damaged"), "SYSTEM_INIT_FAILED"), start)
	}
}

func kids(t *testing.T, set string) (list []string) {
	t.Helper()
	var parsed struct{ Keys []map[string]string }
	if err := json.Unmarshal([]byte(set), &parsed); err != nil {
		t.Fatalf("%v: %s", err, set)
	}
	for _, key := range parsed.Keys {
		if key["d"] != "" || key["alg"] != "ES256" || key["use"] != "sig" {
			t.Errorf("an unusable public key: %v", key)
		}
		list = append(list, key["kid"])
	}
	return list
}

// TestServeJWKS: the set is served when the option says so, enabled or not,
// and over TLS only; else the address begins a login as it always does.
func TestServeJWKS(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	ask := lab.Request{Query: "action=jwks", Header: plainClient}
	if r := e.cgi(ask); r.Status != 302 || !strings.HasPrefix(r.Header.Get("Location"), e.IDP.URL+"/authorize") {
		t.Errorf("without the option: %s", r.Raw)
	}
	e.set("serve_jwks", "1")
	for _, enabled := range []string{"1", "0"} {
		e.set("enabled", enabled)
		r := e.cgi(ask)
		checkHeaders(t, r)
		if r.Status != 200 || r.Header.Get("Content-Type") != "application/json" || len(kids(t, r.Body)) != 1 ||
			r.Body != strings.TrimSpace(e.shell("client-key", "--jwks")) {
			t.Errorf("enabled %s: %s", enabled, r.Raw)
		}
	}
	// The key is the router's, whichever provider it is for, and however far the
	// settings of default have come.
	_, err := e.AddProvider("other")
	e.must(err)
	e.set("client_id")
	e.set("issuer_url")
	if r := e.cgi(ask); r.Status != 200 || len(kids(t, r.Body)) != 1 {
		t.Errorf("with another provider alone: %s", r.Raw)
	}
	ask.Plain = true
	if r := e.cgi(ask); r.Status != 403 || strings.Contains(r.Body, "keys") {
		t.Errorf("over plain HTTP: %s", r.Raw)
	}
}
