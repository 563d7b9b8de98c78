// SPDX-License-Identifier: Apache-2.0

package ubus_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd/ubustest"
)

// TestLive is against a real ubusd, with rpcd's object session behind it.
func TestLive(t *testing.T) {
	socket := os.Getenv("UBUS_SOCKET")
	if socket == "" {
		t.Skip("UBUS_SOCKET names no real bus: nothing was tried on one")
	}
	bus, ctx := ubustest.Dial(t, socket), ubustest.Within(t, 20*time.Second)

	objects, err := bus.Lookup(ctx, "session")
	if err != nil || len(objects) != 1 || objects[0].Path != "session" {
		t.Fatalf("Lookup gives %v, %v", objects, err)
	}
	created, err := bus.Call(ctx, "session", "create", ubus.Table{"timeout": int32(60)})
	id, _ := created["ubus_rpc_session"].(string)
	if err != nil || len(id) != 32 {
		t.Fatalf("session create gives %v, %v", created, err)
	}
	values := ubus.Table{
		"text": strings.Repeat("ä", 2000), "number": int32(-7), "large": int64(1) << 40, "yes": true,
		"list": []any{"a", int32(1), ubus.Table{"deep": "er"}}, "empty": ubus.Table{},
	}
	replies, err := bus.Batch(ctx,
		ubus.Request{Object: "session", Method: "set", Args: ubus.Table{"ubus_rpc_session": id, "values": values}},
		ubus.Request{Object: "session", Method: "grant", Args: ubus.Table{
			"ubus_rpc_session": id, "scope": "ubus", "objects": []any{[]any{"session", "list"}},
		}},
		ubus.Request{Object: "session", Method: "get", Args: ubus.Table{"ubus_rpc_session": id}},
	)
	if err != nil {
		t.Fatalf("Batch: %v", err)
	}
	got, _ := replies[2]["values"].(ubus.Table)
	for name, want := range values {
		if !reflect.DeepEqual(got[name], want) {
			t.Errorf("value %s came back as %#v, want %#v", name, got[name], want)
		}
	}
	if _, err := bus.Call(ctx, "session", "destroy", ubus.Table{"ubus_rpc_session": id}); err != nil {
		t.Errorf("destroy: %v", err)
	}
	for _, refused := range []struct {
		object, method string
		want           ubus.Status
	}{
		{"session", "no-such-method", ubus.MethodNotFound},
		{"no-such-object", "get", ubus.NotFound},
		{"session", "get", ubus.NotFound},
	} {
		if _, err := bus.Call(ctx, refused.object, refused.method, ubus.Table{"ubus_rpc_session": id}); !errors.Is(err, refused.want) {
			t.Errorf("%s %s: %v, want %v", refused.object, refused.method, err, refused.want)
		}
	}
}
