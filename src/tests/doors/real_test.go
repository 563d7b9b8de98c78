// SPDX-License-Identifier: Apache-2.0

package doors

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"

	"luci-sso/internal/methods"
	"luci-sso/lab"
	"luci-sso/lab/openwrt"
)

// The plugin in the real rpcd: its methods and their arguments are on the
// bus, replies arrive, refusals are ubus errors, and rpcd answers others
// while a call is under way.
func TestPluginInRPCD(t *testing.T) {
	t.Parallel()
	root := openwrt.Copy(t)
	if err := lab.Build(root.Path("/www/cgi-bin/luci-sso"), lab.RealBuildFlags); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(root.Path("/usr/libexec/rpcd"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../../www/cgi-bin/luci-sso", root.Path("/usr/libexec/rpcd/luci-sso")); err != nil {
		t.Fatal(err)
	}
	repository, err := lab.Repository()
	if err != nil {
		t.Fatal(err)
	}
	module, err := os.ReadFile(filepath.Join(repository, "package/luci-sso/files/usr/share/ucode/luci_sso.uc"))
	if err != nil {
		t.Fatal(err)
	}
	root.WriteFile("/usr/share/ucode/luci_sso.uc", string(module))
	// It takes connections and says nothing, so that a test of it waits.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	root.WriteFile("/etc/config/luci-sso", "config oidc default\n option enabled 1\n option issuer_url https://"+silent.Addr().String()+"\n option client_id a\n"+
		" option client_secret the-secret\n option clock_tolerance 60\nconfig role admin\n list email a@example.com\n list read '*'\n")
	_, socket := root.StartBus()
	root.WaitObject("luci-sso")
	signatures, err := root.Run("/bin/ubus", "-v", "list", "luci-sso")
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range methods.Methods {
		if !strings.Contains(signatures, `"`+method.Name+`":{`) {
			t.Errorf("rpcd did not take method %s:\n%s", method.Name, signatures)
		}
	}
	for _, method := range []string{"status", "settings", "access_groups", "sessions", "events"} {
		reply, err := openwrt.Call(socket, "luci-sso", method, ubus.Table{"ubus_rpc_session": strings.Repeat("0", 32)})
		if err != nil || len(reply) == 0 {
			t.Errorf("%s: %v, %v", method, reply, err)
		}
		if text, _ := json.Marshal(reply); strings.Contains(string(text), "the-secret") {
			t.Errorf("%s tells the secret", method)
		}
	}
	for _, c := range []struct {
		method string
		args   ubus.Table
		want   ubus.Status
	}{
		{"nothing", nil, ubus.MethodNotFound},
		{"explain", nil, ubus.InvalidArgument},
		{"explain", ubus.Table{"code": int32(5)}, ubus.InvalidArgument},
		{"explain", ubus.Table{"code": strings.Repeat("x", 900<<10)}, ubus.InvalidArgument},
		{"end_session", ubus.Table{"id": "../../etc"}, ubus.InvalidArgument},
		{"match", ubus.Table{"email": "$(reboot)\n"}, ubus.InvalidArgument},
		{"test_connection", ubus.Table{"values": ubus.Table{"password": "x"}}, ubus.InvalidArgument},
	} {
		_, err := openwrt.Call(socket, "luci-sso", c.method, c.args)
		var status ubus.Status
		if !errors.As(err, &status) || status != c.want {
			t.Errorf("%s: %v, want %v", c.method, err, c.want)
		}
	}
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		conn, err := ubus.Dial(ctx, socket)
		if err == nil {
			_, err = conn.Call(ctx, "luci-sso", "test_connection", nil)
			_ = conn.Close()
		}
		done <- err
	}()
	time.Sleep(300 * time.Millisecond)
	start := time.Now()
	if _, err := openwrt.Call(socket, "session", "list", nil); err != nil || time.Since(start) > time.Second {
		t.Errorf("rpcd is held up by a test: %v after %v", err, time.Since(start))
	}
	select {
	case err := <-done:
		t.Errorf("the test did not wait: %v", err)
		done <- err
	default:
	}
	if err := <-done; err != nil {
		t.Errorf("test_connection: %v", err)
	}
	root.WriteFile("/tmp/script.uc", `
		import * as sso from 'luci_sso';
		print(sso.status().enabled, ' ', sso.match({ email: 'a@example.com' }).role, ' ', sso.explain('NOT_FOUND').status, ' ',
			sso.match('x') ?? 'null', ' ', sso.explain(5) ?? 'null', ' ', sso.match({ email: '$(reboot)\n' }) ?? 'null', '\n');
	`)
	if out, err := root.Run("/usr/bin/ucode", "/tmp/script.uc"); err != nil || strings.TrimSpace(out) != "true admin 404 null null null" {
		t.Errorf("the module luci_sso says %q, %v", out, err)
	}
}
