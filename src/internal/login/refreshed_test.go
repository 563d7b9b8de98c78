// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"luci-sso/internal/config"
	"luci-sso/internal/fault"
	"luci-sso/internal/oidc"
)

// TestAgain: whom a refresh leaves their role, whom it takes it, and when it
// says nothing of the person.
func TestAgain(t *testing.T) {
	t.Parallel()
	type values = map[string]any
	ops := config.Role{Name: "ops", Groups: []string{"ops"}, Read: []string{"*"}}
	ann := config.Role{Name: "ann", Emails: []string{"ann@example.com"}, Read: []string{"*"}}
	for name, c := range map[string]struct {
		roles     []config.Role
		claims    values // Besides the subject; of the ID token.
		more      values // UserInfo, nil for none.
		role      string
		undecided bool
		code      fault.Code
	}{
		"the group is there":                 {[]config.Role{ops}, values{"groups": []string{"ops"}}, nil, "ops", false, ""},
		"the group is gone":                  {[]config.Role{ops}, values{"groups": []string{"dev"}}, nil, "", false, fault.UserNotAuthorized},
		"the groups are elsewhere":           {[]config.Role{ops}, values{"_claim_names": values{"groups": "src1"}}, nil, "", true, fault.UserNotAuthorized},
		"UserInfo has the group":             {[]config.Role{ops}, nil, values{"sub": "bob", "groups": []string{"ops"}}, "ops", false, ""},
		"UserInfo is of somebody else":       {[]config.Role{ops}, nil, values{"sub": "eve", "groups": []string{"ops"}}, "", true, fault.IdentityMismatch},
		"the address is verified":            {[]config.Role{ann}, values{"email": "ann@example.com", "email_verified": true}, nil, "ann", false, ""},
		"the address is not theirs":          {[]config.Role{ann}, values{"email": "ann@example.com", "email_verified": false}, nil, "", false, fault.UserNotAuthorized},
		"nobody says whether":                {[]config.Role{ann}, values{"email": "ann@example.com"}, nil, "", true, fault.UserNotAuthorized},
		"an address that cannot be read":     {[]config.Role{ann}, values{"email": 7, "email_verified": false}, nil, "", true, fault.UserNotAuthorized},
		"not theirs, and groups elsewhere":   {[]config.Role{ann, ops}, values{"email": "ann@example.com", "email_verified": false, "_claim_names": values{"groups": "src1"}}, nil, "", true, fault.UserNotAuthorized},
		"not theirs, and without the group":  {[]config.Role{ann, ops}, values{"email": "ann@example.com", "email_verified": false, "groups": []string{"dev"}}, nil, "", false, fault.UserNotAuthorized},
		"not theirs, but the group is there": {[]config.Role{ops, ann}, values{"email": "ann@example.com", "email_verified": false, "groups": []string{"ops"}}, nil, "ops", false, ""},
	} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(c.more)
		}))
		trusted := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(trusted, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		metadata := oidc.Metadata{}
		if c.more != nil {
			metadata.UserInfoEndpoint = server.URL
		}
		settings := settings(t, c.roles, "ca_file", trusted, "scope", "openid email groups", "require_email_verified", "1")
		flow := Flow{
			Config: settings, Party: RelyingParty(settings, "", func(text string) { t.Error(name, "notice:", text) }),
			Note: func(f *fault.Fault) { t.Error(name, "note:", f) },
		}
		role, undecided, err := flow.Again(context.Background(), metadata, oidc.Tokens{}, decoded(t, func(claims map[string]any) {
			for name, value := range c.claims {
				claims[name] = value
			}
		}))
		code := fault.Code("")
		if f, ok := fault.As(err); ok {
			code = f.Code
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if role != c.role || undecided != c.undecided || code != c.code {
			t.Errorf("%s: role %q, undecided %v, %v", name, role, undecided, err)
		}
		flow.Party.Channel.Close()
		server.Close()
	}
}
