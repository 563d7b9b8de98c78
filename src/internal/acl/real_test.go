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
