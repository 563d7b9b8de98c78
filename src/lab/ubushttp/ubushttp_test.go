// SPDX-License-Identifier: Apache-2.0

package ubushttp_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
	"github.com/openwrt/ubus-go/ubusd/ubustest"

	"luci-sso/lab/rpcd"
	"luci-sso/lab/ubushttp"
)

// TestAnswers: what the session may not call is refused before it is looked
// for, and everything else is the object's own answer.
func TestAnswers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	plugin := filepath.Join(root, "usr/libexec/rpcd/echo")
	if err := os.MkdirAll(filepath.Dir(plugin), 0o755); err != nil {
		t.Fatal(err)
	}
	// A child of another test may hold the file open; a script does not mind.
	if err := os.WriteFile(plugin, []byte(`#!/bin/sh
[ "$1" = list ] && { echo '{"say":{"text":"","list":[],"table":{}},"fail":{}}'; exit; }
[ "$2" = fail ] && exit 6
cat
`), 0o755); err != nil {
		t.Fatal(err)
	}
	socket := ubustest.Socket(t)
	broker, err := ubusd.Start(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	rpcd.New(root).Register(broker)
	conn := ubustest.Dial(t, socket)
	created, err := conn.Call(context.Background(), "session", "create", nil)
	if err != nil {
		t.Fatal(err)
	}
	id := created["ubus_rpc_session"].(string)
	if _, err := conn.Call(context.Background(), "session", "grant", ubus.Table{"ubus_rpc_session": id, "scope": "ubus",
		"objects": []any{[]any{"echo", "say"}, []any{"echo", "fail"}, []any{"no-such", "*"}}}); err != nil {
		t.Fatal(err)
	}
	handler := &ubushttp.Handler{Socket: socket}
	for _, tt := range []struct{ body, want string }{
		{`{"jsonrpc":"2.0","id":1,"method":"call","params":["SID","echo","say",{"text":"ä","list":["a"],"table":{"n":1}}]}`,
			`{"jsonrpc":"2.0","id":1,"result":[0,{"list":["a"],"table":{"n":1},"text":"ä","ubus_rpc_session":"SID"}]}`},
		{`{"jsonrpc":"2.0","id":"x","method":"call","params":["SID","echo","fail",{}]}`, `{"jsonrpc":"2.0","id":"x","result":[6]}`},
		{`{"jsonrpc":"2.0","id":1,"method":"call","params":["SID","echo","other",{}]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"Access denied"}}`},
		{`{"jsonrpc":"2.0","id":1,"method":"call","params":["SID","session","list",{}]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"Access denied"}}`},
		{`{"jsonrpc":"2.0","id":1,"method":"call","params":["no session","echo","say",{}]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32002,"message":"Access denied"}}`},
		{`{"jsonrpc":"2.0","id":1,"method":"call","params":["SID","no-such","say",{}]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Object not found"}}`},
		{`{"jsonrpc":"2.0","id":1,"method":"list","params":[]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"Method not found"}}`},
		{`{"jsonrpc":"2.0","id":1,"method":"call","params":["SID","echo"]}`, `{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"Invalid request"}}`},
		{`nonsense`, `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}`},
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("POST", ubushttp.Prefix, strings.NewReader(strings.ReplaceAll(tt.body, "SID", id))))
		if got := strings.TrimSpace(strings.ReplaceAll(w.Body.String(), id, "SID")); got != tt.want {
			t.Errorf("%s\n got  %s\n want %s", tt.body, got, tt.want)
		}
	}
}
