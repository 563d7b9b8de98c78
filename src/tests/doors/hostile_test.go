// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/methods"
)

// tree is everything below the root with size and content of small files.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Whatever comes through a door: an error that says so, nothing executed,
// nothing written, nothing leaked, no crash.
func TestHostileArguments(t *testing.T) {
	t.Parallel()
	l := start(t)
	witness := filepath.Join(t.TempDir(), "witness")
	if _, err := l.Login("alice"); err != nil {
		t.Fatal(err)
	}
	before := tree(t, l.Router.Root)
	texts := []string{
		strings.Repeat("x", 1<<20), "a\x00b", "a\nb", "$(touch " + witness + ")", "`touch " + witness + "`", "; touch " + witness + " ;",
		"../../etc/shadow", "/etc/config/luci-sso/../../shadow", "\x1b[2J", "%s%s%n", "'\"\\", "-rf", "--end", "\u202e",
	}
	check := func(what string, o outcome, exits ...int) {
		t.Helper()
		fine := false
		for _, exit := range exits {
			fine = fine || o.exit == exit
		}
		if !fine || len(o.problems) > 2000 {
			t.Errorf("%.80q: exit %d, %.300s", what, o.exit, o.problems)
		}
		for _, leak := range []string{l.IDP.Client.Secret, "goroutine ", "panic:", "runtime error", "root:", "\x1b[2J", "\x00"} {
			if strings.Contains(o.out+o.problems, leak) {
				t.Errorf("%.80q: the output has %q", what, leak)
			}
		}
	}
	values := []any{nil, true, 5, -1.5, 1e300, []any{}, map[string]any{}, []any{[]any{}}, []any{map[string]any{"name": 5}},
		map[string]any{"issuer_url": []any{"x"}}, map[string]any{"nonsense": "x"}, map[string]any{"client_secret ": "x"}}
	for _, text := range texts {
		values = append(values, text, []any{text}, map[string]any{text: text}, map[string]any{"issuer_url": text}, []any{map[string]any{"email": []any{text}}})
	}
	invalid := int(ubus.InvalidArgument)
	for i := range methods.Methods {
		method := &methods.Methods[i]
		for _, arg := range append(method.Args, methods.Arg{Name: "../../x"}, methods.Arg{Name: "ubus_rpc_session"}) {
			for _, value := range values {
				input, err := json.Marshal(map[string]any{arg.Name: value})
				if err != nil {
					t.Fatal(err)
				}
				if method.Name == "test_connection" && arg.Name != "../../x" && !bytes.Contains(input, []byte("nonsense")) && len(input) < 1<<20 {
					continue // Would ask the provider; below.
				}
				o := run(t, l, string(input), "call", method.Name)
				check(method.Name+" "+string(input[:min(len(input), 60)]), o, 0, invalid)
				if arg.Name == "../../x" && value != nil && o.exit != invalid {
					t.Errorf("%s takes an argument it does not have", method.Name)
				}
			}
		}
		for _, input := range []string{"{", "[]", "5", `"x"`, "{}{}", "{\"a\":", "\x00", strings.Repeat("[", 60000), "\xff\xfe", `{"a":1}`} {
			if o := run(t, l, input, "call", method.Name); o.exit != invalid || strings.TrimSpace(o.out) != "[]" {
				t.Errorf("%s with %.20q: exit %d, output %.60q; want %d and []", method.Name, input, o.exit, o.out, invalid)
			}
		}
	}
	for _, text := range texts {
		if len(text) > 100000 || strings.Contains(text, "\x00") {
			continue // No process can get these as arguments.
		}
		check("call", run(t, l, "", "call", text), int(ubus.MethodNotFound))
		for _, args := range [][]string{
			{text}, {"sessions", "--end", text}, {"sessions", text}, {"match", "--email", text}, {"match", "--group", text}, {"match", "--sub=" + text},
			{"explain", text}, {"sync", text}, {"cleanup", text}, {"login-button", text}, {"native", text}, {"doctor", text}, {"roles", text},
			{"status", text}, {"events", text}, {"list", text}, {"call", "status", text}, {"help", text},
		} {
			check(strings.Join(args, " "), run(t, l, "", args...), 1, 2)
		}
		input, err := json.Marshal(map[string]any{"values": map[string]string{"ca_file": text, "issuer_url": text}})
		if err != nil {
			t.Fatal(err)
		}
		check("test_connection "+text, run(t, l, string(input), "call", "test_connection"), 0, invalid)
	}
	if _, err := os.Stat(witness); err == nil {
		t.Error("something was executed")
	}
	after := tree(t, l.Router.Root)
	for path, text := range after {
		if old, was := before[path]; (!was || old != text) && !strings.HasSuffix(path, "/test.lock") && !strings.HasSuffix(path, "/client.key") {
			t.Errorf("%s was written", path)
		}
	}
	for path := range before {
		if _, is := after[path]; !is {
			t.Errorf("%s is gone", path)
		}
	}
}
