// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"crypto/tls"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luci-sso/internal/doctor"
	"luci-sso/lab"
	"luci-sso/lab/certs"
	"luci-sso/lab/idp"
	"luci-sso/lab/router"
)

// fakeUCI writes down what it is told to do.
const fakeUCI = "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"$UCI_LOG\"\n"

// paste runs a doctor's command at a shell and does to the lab's
// configuration what uci would have done.
func paste(t *testing.T, l *lab.Lab, command string) {
	t.Helper()
	dir := t.TempDir()
	must(t, router.WriteProgram(filepath.Join(dir, "uci"), []byte(fakeUCI)))
	log := filepath.Join(dir, "log")
	cmd := exec.Command("sh", "-c", command) // #nosec G204 -- what is tested
	cmd.Env = []string{"PATH=" + dir + ":/bin:/usr/bin", "UCI_LOG=" + log}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatalf("%s does nothing with uci", command)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	if lines[len(lines)-1] != "commit luci-sso" {
		t.Errorf("%s does not commit", command)
	}
	for _, line := range lines[:len(lines)-1] {
		verb, rest, _ := strings.Cut(line, " ")
		name, value, _ := strings.Cut(strings.TrimPrefix(rest, "luci-sso.default."), "=")
		switch verb {
		case "set":
			err = l.SetUCI(name, value)
		case "delete":
			err = l.SetUCI(name)
		default:
			t.Fatalf("%s: unknown verb in %q", command, line)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestRemediesHeal: what the doctor gives to paste mends what its row says is
// wrong.
func TestRemediesHeal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		id    string
		spoil func(t *testing.T, l *lab.Lab)
		then  func(t *testing.T, l *lab.Lab, c *doctor.Check) *doctor.Check // What the person does besides.
	}{
		"issuer without its slash": {id: "issuer", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) { d["issuer"] = l.IDP.URL + "/" }})
		}},
		"issuer with a slash": {id: "issuer", spoil: func(t *testing.T, l *lab.Lab) { must(t, l.SetUCI("issuer_url", l.IDP.URL+"/")) }},
		"unknown authority": {id: "certificate", spoil: func(t *testing.T, l *lab.Lab) {
			other, err := certs.New("somebody else")
			must(t, err)
			cert, err := other.Issue("127.0.0.1")
			must(t, err)
			l.IDP.SetCertificate(cert)
			must(t, os.WriteFile(l.Router.At("/my-ca.pem"), other.PEM(), 0o600))
		}, then: func(t *testing.T, l *lab.Lab, c *doctor.Check) *doctor.Check {
			if !strings.Contains(c.Command, "/etc/ssl/certs/my-ca.pem") {
				t.Fatalf("%q", c.Command)
			}
			changed := *c
			changed.Command = strings.Replace(c.Command, "/etc/ssl/certs/my-ca.pem", l.Router.At("/my-ca.pem"), 1)
			return &changed
		}},
		"scopes": {id: "scopes", spoil: func(t *testing.T, l *lab.Lab) { must(t, l.SetUCI("scope", "openid email nonsense groups")) }},
		"method that is not offered": {id: "credentials", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.Client.AuthMethods = []string{"client_secret_post"}
			must(t, l.SetUCI("token_auth_method", "client_secret_basic"))
		}},
		"method that is announced but not taken": {id: "credentials", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.Client.AuthMethods = []string{"client_secret_post"}
			l.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) {
				d["token_endpoint_auth_methods_supported"] = []any{"client_secret_basic"}
			}})
		}},
		"at_hash": {id: "at_hash", spoil: func(t *testing.T, l *lab.Lab) {
			must(t, l.SetUCI("require_at_hash", "1"))
			must(t, l.IDP.SetNamed("no-at-hash-announced"))
		}},
		"verified e-mail": {id: "email", spoil: func(t *testing.T, l *lab.Lab) {
			must(t, l.SetUCI("require_email_verified", "1"))
			l.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) { d["claims_supported"] = []any{"sub", "email", "at_hash", "groups"} }})
		}},
		"a scope that roles need": {id: "groups", spoil: func(t *testing.T, l *lab.Lab) { must(t, l.SetUCI("scope", "openid email")) }},
		"the scope of addresses":  {id: "email", spoil: func(t *testing.T, l *lab.Lab) { must(t, l.SetUCI("scope", "openid groups")) }},
		"groups":                  {id: "groups", spoil: func(t *testing.T, l *lab.Lab) { must(t, l.SetUCI("groups_claim", "teams")) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			c.spoil(t, l)
			_, checks := connection(t, l, nil)
			row := checks[c.id]
			if row.Status != doctor.Fail && row.Status != doctor.Warn || row.Command == "" || row.Remedy == "" {
				t.Fatalf("%s is %s with %q, %q: %s", c.id, row.Status, row.Remedy, row.Command, row.Text())
			}
			if c.then != nil {
				row = c.then(t, l, row)
			}
			paste(t, l, row.Command)
			if _, checks = connection(t, l, nil); checks[c.id].Status != doctor.Pass {
				t.Errorf("after %s: %s is %s: %s", row.Command, c.id, checks[c.id].Status, checks[c.id].Text())
			}
			if row.Status == doctor.Fail {
				if _, err := l.Login("alice"); err != nil && name != "issuer without its slash" && name != "unknown authority" { // There the lab's own browser is the one that minds.
					t.Errorf("after %s: %v", row.Command, err)
				}
			}
		})
	}
}

// TestRemediesFit: each failure of the connection has the remedy that is its
// own, and none that could not help.
func TestRemediesFit(t *testing.T) {
	t.Parallel()
	issue := func(t *testing.T, l *lab.Lab, from, until time.Duration, hosts ...string) {
		cert, err := l.CA.IssueFor(time.Now().Add(from), time.Now().Add(until), hosts...)
		must(t, err)
		l.IDP.SetCertificate(cert)
	}
	for name, c := range map[string]struct {
		id     string
		values map[string]string
		spoil  func(t *testing.T, l *lab.Lab)
		says   []string // Of message, remedy and command.
		not    []string
	}{
		"expired":       {id: "certificate", spoil: func(t *testing.T, l *lab.Lab) { issue(t, l, -48*time.Hour, -24*time.Hour, "127.0.0.1") }, says: []string{"expired on", "Renew the certificate", "date"}, not: []string{"ca_file"}},
		"not yet valid": {id: "certificate", spoil: func(t *testing.T, l *lab.Lab) { issue(t, l, 24*time.Hour, 48*time.Hour, "127.0.0.1") }, says: []string{"not valid before", "NTP", "sysntpd"}, not: []string{"ca_file"}},
		"another name":  {id: "certificate", spoil: func(t *testing.T, l *lab.Lab) { issue(t, l, -time.Hour, 48*time.Hour, "id.example.com") }, says: []string{"not for 127.0.0.1", "Use the name"}, not: []string{"ca_file"}},
		"TLS 1.1": {id: "discovery", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.SetTLS(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 })
		}, says: []string{"TLS 1.1 or older", "offer TLS 1.2 or 1.3"}, not: []string{"DNS", "firewall", "ca_file"}},
		"RSA key exchange": {id: "discovery", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.SetTLS(func(c *tls.Config) {
				c.MaxVersion = tls.VersionTLS12
				c.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
			})
		}, says: []string{"RSA key exchange", "offer key exchange with ECDHE"}, not: []string{"DNS", "firewall", "ca_file"}},
		"name that nobody knows": {id: "discovery", values: map[string]string{"issuer_url": "https://id.no-such-domain.invalid"}, spoil: func(t *testing.T, l *lab.Lab) {
			must(t, os.WriteFile(l.Router.At("/etc/config/dhcp"), []byte("config dnsmasq\n\toption rebind_protection '1'\n\toption domain 'lan'\n"), 0o644))
		}, says: []string{"cannot be resolved", "rebind protection", "uci add_list 'dhcp.@dnsmasq[0].rebind_domain'='id.no-such-domain.invalid'; uci commit dhcp; /etc/init.d/dnsmasq restart"}},
		"name that dnsmasq lets through": {id: "discovery", values: map[string]string{"issuer_url": "https://id.no-such-domain.invalid"}, spoil: func(t *testing.T, l *lab.Lab) {
			must(t, os.WriteFile(l.Router.At("/etc/config/dhcp"), []byte("config dnsmasq\n\toption rebind_protection '1'\n\tlist rebind_domain 'no-such-domain.invalid'\n"), 0o644))
		}, says: []string{"cannot be resolved", "DNS"}, not: []string{"add_list"}},
		"redirect within the host": {id: "discovery", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.Move(idp.Discovery, "/index.php/.well-known/openid-configuration", idp.Answer{Location: "/index.php/.well-known/openid-configuration"})
		}, says: []string{"read from", "/index.php/.well-known", "leads to"}, not: []string{"add_list"}},
		"redirect elsewhere": {id: "discovery", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.Inject(idp.Fault{At: map[idp.Endpoint]idp.Answer{idp.Discovery: {Location: "https://elsewhere.example.com/"}}})
		}, says: []string{"elsewhere.example.com", "not followed", "answers by itself"}, not: []string{"running"}},
		"issuer that follows the host":  {id: "issuer", values: map[string]string{"issuer_url": "https://id.example.com", "internal_issuer_url": "INTERNAL"}, says: []string{"https://127.0.0.1", "public address"}, not: []string{"issuer_url="}},
		"the inner address is named":    {id: "discovery", values: map[string]string{"issuer_url": "https://id.example.com", "internal_issuer_url": "INTERNAL"}, says: []string{"read from https://127.0.0.1:"}, not: []string{"id.example.com"}},
		"groups that are not asked for": {id: "groups", values: map[string]string{"scope": "openid email"}, says: []string{"lack the scope groups", "Add this scope", "uci set luci-sso.default.scope='openid email groups'"}},
		"email that is not asked for":   {id: "email", values: map[string]string{"scope": "openid groups"}, says: []string{"lack the scope email", "uci set luci-sso.default.scope='openid groups email'"}},
		"a claim of which only an object is announced": {id: "groups", values: map[string]string{"groups_claim": "a.b.roles"}, spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.Inject(idp.Fault{Metadata: func(d map[string]any) { d["claims_supported"] = []any{"sub", "a.b"} }})
		}, says: []string{"announces the claim a.b.roles"}},
		"one key": {id: "keys", spoil: func(t *testing.T, l *lab.Lab) { l.IDP.SetKeys(l.IDP.KeysNow()[0]) }, says: []string{"1 usable signing key."}},
		"a padded modulus": {id: "keys", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.Inject(idp.Fault{Keys: func(set map[string]any) {
				key := set["keys"].([]any)[0].(map[string]any)
				key["n"] = key["n"].(string) + "=="
				set["keys"] = []any{key}
			}})
		}, says: []string{"no usable signing key", "n is base64url with padding"}, not: []string{"0 bits"}},
		"the standard alphabet": {id: "keys", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.Inject(idp.Fault{Keys: func(set map[string]any) {
				key := set["keys"].([]any)[0].(map[string]any)
				key["n"] = "+/" + key["n"].(string)[2:]
				set["keys"] = []any{key}
			}})
		}, says: []string{"no usable signing key", "n is in the standard alphabet"}, not: []string{"0 bits"}},
		"a bent key": {id: "keys", spoil: func(t *testing.T, l *lab.Lab) {
			l.IDP.Inject(idp.Fault{Keys: func(set map[string]any) {
				for _, key := range set["keys"].([]any) {
					key.(map[string]any)["kid"] = 7
				}
			}})
		}, says: []string{"no usable signing key", "kid (a number)"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			if c.spoil != nil {
				c.spoil(t, l)
			}
			for option, value := range c.values {
				if value == "INTERNAL" {
					c.values[option] = l.IDP.URL
				}
			}
			_, checks := connection(t, l, c.values)
			row := checks[c.id]
			text := row.Text() + "\n" + row.Remedy + "\n" + row.Command
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("%s does not say %q:\n%s", c.id, want, text)
				}
			}
			for _, bad := range c.not {
				if strings.Contains(text, bad) {
					t.Errorf("%s says %q:\n%s", c.id, bad, text)
				}
			}
		})
	}
}
