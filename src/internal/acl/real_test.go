// SPDX-License-Identifier: Apache-2.0

package acl

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/lab/openwrt"
)

// passwordHash is crypt's for the password.
const password, passwordHash = "geheim", "$1$luci$WwVzxTwVsIihbV.2meGlU."

// TestRealRPCD logs in at the router's rpcd, once per pair of lists, and wants
// exactly the rights that rpcd gives.
func TestRealRPCD(t *testing.T) {
	t.Parallel()
	root := openwrt.Copy(t)
	const dir = "/usr/share/rpcd/acl.d"
	for name, text := range oddFiles {
		root.WriteFile(dir+"/"+name, text)
	}
	var config strings.Builder
	config.WriteString("config rpcd\n\toption timeout 30\n")
	for i, l := range lists {
		fmt.Fprintf(&config, "config login\n\toption username 'u%d'\n\toption password '%s'\n", i, passwordHash)
		for _, entry := range ReadList(l.read) {
			fmt.Fprintf(&config, "\tlist read '%s'\n", entry)
		}
		for _, entry := range l.write {
			fmt.Fprintf(&config, "\tlist write '%s'\n", entry)
		}
	}
	root.WriteFile("/etc/config/rpcd", config.String())
	_, bus := root.StartBus()

	groups, err := ReadGroups(root.Path(dir))
	if err != nil {
		t.Log(err) // The broken files.
	}
	pairs := 0
	for i, l := range lists {
		reply, err := openwrt.Call(bus, "session", "login", ubus.Table{"username": "u" + strconv.Itoa(i), "password": password, "timeout": 5})
		if err != nil {
			t.Fatal(err)
		}
		want := openwrt.Rights(openwrt.Member(reply, "acls"))
		got := For(groups, l.read, l.write)
		for _, scope := range slices.Compact(slices.Sorted(concat(maps.Keys(got), maps.Keys(want)))) {
			var have [][2]string
			for _, pair := range got[scope] {
				have = append(have, [2]string{pair.Object, pair.Function})
			}
			if !slices.Equal(have, want[scope]) {
				t.Errorf("read %q, write %q: in the scope %q For gives\n%q\nrpcd gives\n%q", l.read, l.write, scope, have, want[scope])
			}
			pairs += len(have)
		}
	}
	fmt.Printf("note: %d rights of %d pairs of lists compared with the real rpcd\n", pairs, len(lists))
}

func concat[T any](seqs ...func(yield func(T) bool)) func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for _, seq := range seqs {
			for v := range seq {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// TestRealAccess asks the router's rpcd what a right covers, and Allow the same.
func TestRealAccess(t *testing.T) {
	t.Parallel()
	root := openwrt.Copy(t)
	_, bus := root.StartBus()
	patterns := []string{
		"*", "/*", "/etc/*", "/etc/sh?dow", "/etc/[a-z]*", "/etc/[!a]*", `/etc/\shadow`, `/etc/[\s]hadow`, "/etc/shadow", "/etc", "[/]etc/shadow", "?etc*", "/etc/shadow*",
		"/etc/[[:lower:]]*", "/proc/[", "[", "!x", "/bin/cat *", "/bin/cat",
	}
	objects := []string{"/etc/shadow", "/etc/config/luci-sso", `/etc/\shadow`, "/etc", "/proc/[", "/bin/cat", "/bin/cat /etc/shadow", "[", "!x", ""}
	functions := map[string][]string{"read": {"read", "write"}, "*": {"read"}, "r?ad": {"read"}, `\read`: {"read", `\read`}}
	asked := 0
	for _, pattern := range patterns {
		for function, tried := range functions {
			reply, err := openwrt.Call(bus, "session", "create", ubus.Table{"timeout": int32(60)})
			if err != nil {
				t.Fatal(err)
			}
			id, _ := openwrt.Member(reply, "ubus_rpc_session").(string)
			if _, err := openwrt.Call(bus, "session", "grant", ubus.Table{"ubus_rpc_session": id, "scope": "file", "objects": []any{[]any{pattern, function}}}); err != nil {
				t.Fatal(err)
			}
			g := Grant{"file", pattern, function}
			for _, object := range objects {
				for _, f := range tried {
					reply, err := openwrt.Call(bus, "session", "access", ubus.Table{"ubus_rpc_session": id, "scope": "file", "object": object, "function": f})
					if err != nil {
						t.Fatal(err)
					}
					want, _ := openwrt.Member(reply, "access").(bool)
					if got := g.Allow("file", object, f); got != want {
						t.Errorf("%q %q on %q %q: %v, rpcd says %v", pattern, function, object, f, got, want)
					}
					asked++
				}
			}
		}
	}
	fmt.Printf("note: %d uses of rights compared with the real rpcd\n", asked)
}
