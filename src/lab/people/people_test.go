// SPDX-License-Identifier: Apache-2.0

package people

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestDefaultCast(t *testing.T) {
	t.Parallel()
	cast := Default()
	alice, ok := cast.Find("alice")
	if !ok || alice.Email != "alice@example.com" || alice.Verified != "true" {
		t.Errorf("the example's Alice is %+v", alice)
	}
	if bob, _ := cast.Find("bob"); !reflect.DeepEqual(bob.Groups, []string{"router-operators", "staff"}) {
		t.Errorf("Bob's groups are %q", bob.Groups)
	}
	if carol, _ := cast.Find("carol"); carol.Claims["locale"] != "es" {
		t.Errorf("Carol's claims are %v", carol.Claims)
	}
	if cast.Provider.ClientID == "" || cast.Provider.Algorithm != "RS256" {
		t.Errorf("the provider is %+v", cast.Provider)
	}
}

func TestClaims(t *testing.T) {
	t.Parallel()
	cast, err := Parse("x", []byte("[x]\nname = X\nemail = x@example.com\nemail_verified = false\ngroups = a, b\nclaim.n = 5\nclaim.realm_access = {\"roles\": [\"r\"]}\nclaim.s = plain text # really"))
	if err != nil {
		t.Fatal(err)
	}
	got := cast.People[0].StandardClaims([]string{"openid", "email", "profile", "groups"})
	want := map[string]any{"name": "X", "preferred_username": "x", "email": "x@example.com", "email_verified": false, "groups": []any{"a", "b"},
		"n": 5.0, "realm_access": map[string]any{"roles": []any{"r"}}, "s": "plain text"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("claims are\n%#v, want\n%#v", got, want)
	}
	if got := cast.People[0].StandardClaims([]string{"openid"}); got["email"] != nil || got["groups"] != nil {
		t.Errorf("without their scopes there are %v", got)
	}
}

func TestErrorsSayWhereAndWhat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                       {"file.ini", "nobody"},
		"stray = 1\n[a]":                         {"stray", "section"},
		"[a]\nmail = x":                          {"[a]", "mail", "email"},
		"[a]\nemail_verified = perhaps":          {"[a]", "email_verified", "perhaps"},
		"[a]\nsub = s\n[b]\nsub = s":             {"[a]", "[b]", "same sub"},
		"[a]\n[provider]\nalgorithm = HS256":     {"[provider]", "HS256"},
		"[a]\n[provider]\nclient_secret =":       {"[provider]", "empty"},
		"[a\nemail = x":                          {"file.ini"},
		"[a]\nthis is no key":                    {"file.ini"},
		"[a]\nsub =":                             {"[a]", "sub"},
		"[a]\n[provider]\nclient = x":            {"[provider]", `"client"`, "client_id"},
		strings.Repeat("[", 3) + "\nemail = x\n": {"file.ini"},
	} {
		_, err := Parse("file.ini", []byte(text))
		if err == nil {
			t.Errorf("%q was accepted", text)
			continue
		}
		for _, part := range want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: the error %q does not mention %q", text, err, part)
			}
		}
	}
}

func TestCheckFaults(t *testing.T) {
	t.Parallel()
	cast, err := Parse("x", []byte("[a]\nfaults = known, other"))
	if err != nil {
		t.Fatal(err)
	}
	err = cast.CheckFaults(func(name string) bool { return name == "known" })
	if err == nil || !strings.Contains(err.Error(), `[a]: unknown fault "other"`) {
		t.Errorf("the unknown fault gave %v", err)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "people.ini")
	if _, err := Load(path); err == nil {
		t.Error("a missing file was loaded")
	}
	if err := os.WriteFile(path, Example, 0o600); err != nil {
		t.Fatal(err)
	}
	cast, err := Load(path)
	if err != nil || len(cast.Logins()) != len(Default().People) {
		t.Errorf("the example as a file: %v, %v", cast, err)
	}
}
