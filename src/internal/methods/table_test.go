// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"errors"
	"sort"
	"strings"
	"testing"

	ubus "github.com/openwrt/ubus-go"
)

func TestMethodsAreInOrder(t *testing.T) {
	t.Parallel()
	if !sort.SliceIsSorted(Methods, func(i, j int) bool { return Methods[i].Name < Methods[j].Name }) {
		t.Error("sort the table of methods by name")
	}
	for _, m := range Methods {
		if m.Help == "" || m.Access != Read && m.Access != Write {
			t.Errorf("%s lacks a sentence or an access", m.Name)
		}
		if found, ok := Lookup(m.Name); !ok || found.Name != m.Name {
			t.Errorf("Lookup does not find %s", m.Name)
		}
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	method := func(name string) *Method {
		m, ok := Lookup(name)
		if !ok {
			t.Fatalf("there is no method %s", name)
		}
		return m
	}
	for _, c := range []struct {
		method, input, reason string // reason "" when the input is fine.
	}{
		{"status", "", ""},
		{"status", "  {} \n", ""},
		{"status", `{"ubus_rpc_session":"00000000000000000000000000000000"}`, ""},
		{"status", `{"ubus_rpc_session":5}`, ""},
		{"status", `{"x":1}`, "does not have"},
		{"status", `{} {}`, "JSON object"},
		{"status", `[]`, "JSON object"},
		{"explain", `{"code":"X"}`, ""},
		{"explain", `{"code":null}`, "missing"},
		{"explain", `{"code":"a\u0000b"}`, "code"},
		{"explain", `{"code":"a\nb"}`, "code"},
		{"explain", `{"code":"` + strings.Repeat("x", maxText+1) + `"}`, "code"},
		{"explain", `{"code":"` + strings.Repeat("x", MaxInput) + `"}`, "64 KB"},
		{"match", `{"groups":["a","b"],"email":null}`, ""},
		{"match", `{"groups":"one"}`, ""},
		{"match", `{"groups":[1]}`, "groups"},
		{"match", `{"groups":{"a":"b"}}`, "groups"},
		{"match", `{"roles":[{"name":"a","email":"x@y","read":["*"],"group":null}]}`, ""},
		{"match", `{"roles":[{"nick":"a"}]}`, "roles"},
		{"match", `{"roles":["a"]}`, "roles"},
		{"match", `{"groups":[` + strings.Repeat(`"",`, maxItems) + `""]}`, "groups"},
		{"test_connection", `{"values":{"issuer_url":"https://x","client_secret":""}}`, ""},
		{"test_connection", `{"values":{"issuer_url":1}}`, "values"},
		{"test_connection", `{"values":{"path":"/etc"}}`, "values"},
		{"test_connection", `{"values":{" ":"x"}}`, "values"},
		{"test_connection", `{"values":{"":"x"}}`, "values"},
		{"test_connection", `{"values":{"issuer_url client_id":"x"}}`, "values"},
		{"test_connection", `{"values":[]}`, "values"},
	} {
		_, err := method(c.method).read([]byte(c.input))
		switch {
		case c.reason == "" && err != nil:
			t.Errorf("%s %.60s: %v", c.method, c.input, err)
		case c.reason != "" && (err == nil || !strings.Contains(err.Error(), c.reason)):
			t.Errorf("%s %.60s: %v, want something about %q", c.method, c.input, err, c.reason)
		}
		if e := (*Error)(nil); err != nil && (!errors.As(err, &e) || e.Status != ubus.InvalidArgument) {
			t.Errorf("%s %.60s: %v is not INVALID_ARGUMENT", c.method, c.input, err)
		}
	}
}

// Names are whole: a part of the list, or two of it, is no option.
func TestKnownOptions(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", " ", "issuer", "issuer_url ", "client_id client_secret", "ISSUER_URL"} {
		if known(name) {
			t.Errorf("%q is known", name)
		}
	}
	for _, name := range []string{"enabled", "issuer_url", "client_secret", "post_logout_redirect_uri"} {
		if !known(name) {
			t.Errorf("%q is not known", name)
		}
	}
}
