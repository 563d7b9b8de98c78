// SPDX-License-Identifier: Apache-2.0

package session

import (
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/acl"
	"luci-sso/internal/config"
	"luci-sso/lab/openwrt"
)

// TestRealRPCDReload reloads the router's rpcd in the middle of sessions: each
// must have the rights of its role, those it had before, and no more.
func TestRealRPCDReload(t *testing.T) {
	t.Parallel()
	root := openwrt.Copy(t)
	roles := []config.Role{
		{Name: "root", Read: []string{"luci-base*"}},
		{Name: "admin", Read: []string{"*"}, Write: []string{"*"}},
		{Name: "odd role; 'quoted'\n#", Read: []string{"luci-*", "!luci-mod-network*"}, Write: []string{"luci-mod-system*"}},
		{Name: strings.Repeat("long_x", 34), Write: []string{"luci-access", "!luci-base"}},
		{Name: "nothing"},
	}
	const file = "/etc/config/rpcd"
	if _, err := SyncEntries(root.Path(file), append(roles, config.Role{Name: "gone", Read: []string{"*"}})); err != nil {
		t.Fatal(err)
	}
	rpcd, bus := root.StartBus()
	groups, err := acl.ReadGroups(root.Path("/usr/share/rpcd/acl.d"))
	if err != nil {
		t.Fatal(err)
	}

	call := func(method string, args ubus.Table) ubus.Ordered {
		t.Helper()
		reply, err := openwrt.Call(bus, "session", method, args)
		if err != nil {
			t.Fatalf("session %s: %v", method, err)
		}
		return reply
	}
	create := func(role string) string {
		t.Helper()
		id, _ := openwrt.Member(call("create", ubus.Table{"timeout": 600}), "ubus_rpc_session").(string)
		call("set", ubus.Table{"ubus_rpc_session": id, "values": ubus.Table{"username": Username(role), "token": "x"}})
		return id
	}
	rights := func(id string) map[string][][2]string {
		t.Helper()
		return openwrt.Rights(openwrt.Member(call("list", ubus.Table{"ubus_rpc_session": id}), "acls"))
	}
	sessions := make([]string, len(roles))
	for i, role := range roles {
		sessions[i] = create(role.Name)
	}
	gone := create("gone")
	if _, err := SyncEntries(root.Path(file), roles); err != nil {
		t.Fatal(err)
	}

	// rpcd replaces itself and registers anew: wait for a right to appear.
	if err := rpcd.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		reply, err := openwrt.Call(bus, "session", "list", ubus.Table{"ubus_rpc_session": sessions[0]})
		if err == nil && len(openwrt.Rights(openwrt.Member(reply, "acls"))) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("rpcd did not give the session its rights back after the reload")
		}
	}
	for i, role := range roles {
		want := map[string][][2]string{}
		for scope, pairs := range acl.For(groups, role.Read, role.Write) {
			for _, pair := range pairs {
				want[scope] = append(want[scope], [2]string{pair.Object, pair.Function})
			}
		}
		if got := rights(sessions[i]); !reflect.DeepEqual(got, want) {
			t.Errorf("after the reload a session of the role %q has the rights\n%q\nwant\n%q", role.Name, got, want)
		}
	}
	if got := rights(gone); len(got) > 0 {
		t.Errorf("a session of a deleted role has the rights %q after a reload", got)
	}

	// There is no password for which rpcd lets anybody in as a role.
	for _, password := range []string{"", "x", "$p$root"} {
		if _, err := openwrt.Call(bus, "session", "login", ubus.Table{"username": Username("admin"), "password": password}); err == nil {
			t.Errorf("rpcd accepted the password %q for a role", password)
		}
	}
}
