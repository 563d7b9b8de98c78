// SPDX-License-Identifier: Apache-2.0

package methods

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// What rpcd hands over is checked before a method sees it: the declared
// arguments and no others, or a refusal.
func FuzzArguments(f *testing.F) {
	for _, input := range []string{
		``, `{}`, `null`, `[]`, `{"id":"0123456789abcdef"}`, `{"id":1}`, `{"values":{"issuer_url":"https://id.example","client_secret":""}}`,
		`{"values":{"enabled":["1"]}}`, `{"email":"a@example.com","groups":["a","b"],"sub":"","roles":[{"name":"x","read":["*"]}]}`,
		`{"roles":[1,{}]}`, `{"ubus_rpc_session":"00000000000000000000000000000000"}`, `{"code":"MISSING_NONCE"} {}`, `{"unknown":null}`,
	} {
		f.Add([]byte(input))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		for i := range Methods {
			method := &Methods[i]
			a, err := method.read(input)
			if err != nil {
				if _, ok := err.(*Error); !ok {
					t.Errorf("%s: %v is no status of ubus", method.Name, err)
				}
				continue
			}
			for name := range a.options {
				if !known(name) {
					t.Errorf("%s: option %q is none of ours", method.Name, name)
				}
			}
			if method.Name == "match" {
				reply := Match(Person{Email: a.text("email"), Groups: a.list("groups"), Sub: a.text("sub")}, a.roles)
				if text, err := json.Marshal(reply); err != nil || !utf8.Valid(text) {
					t.Errorf("the reply to %q cannot be sent: %v", input, err)
				}
			}
		}
	})
}
