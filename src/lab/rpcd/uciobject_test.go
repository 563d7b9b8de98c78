// SPDX-License-Identifier: Apache-2.0

package rpcd_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
	"github.com/openwrt/ubus-go/ubusd/ubustest"

	"luci-sso/internal/uci"
	"luci-sso/lab/rpcd"
)

const uciBefore = `config oidc 'default'
	option enabled '0'
	option scope 'openid'

config role 'admin'
	list email 'a@example.com'
	list email 'b@example.com'
	list read '*'

config role 'guest'
	option email 'c@example.com'
`

// uciSide is an `uci` object with three sessions: one that may read and write
// the configuration, one that may read it, one that may do nothing.
type uciSide struct {
	conn     *ubus.Conn
	file     string
	sessions map[string]string
}

func newUCISide(t *testing.T, root, socket string) *uciSide {
	t.Helper()
	s := &uciSide{conn: ubustest.Dial(t, socket), file: filepath.Join(root, "etc/config/luci-sso"), sessions: map[string]string{}}
	for name, rights := range map[string][]any{
		"writer": {[]any{"luci-sso", "read"}, []any{"luci-sso", "write"}}, "reader": {[]any{"luci-sso", "read"}}, "nobody": nil,
	} {
		ctx := ubustest.Within(t, 10*time.Second)
		created, err := s.conn.Call(ctx, "session", "create", nil)
		if err != nil {
			t.Fatal(err)
		}
		s.sessions[name] = created["ubus_rpc_session"].(string)
		if _, err := s.conn.Call(ctx, "session", "grant", ubus.Table{
			"ubus_rpc_session": s.sessions[name], "scope": "uci", "objects": rights}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// do makes a call and returns the reply, or the status, as text.
func (s *uciSide) do(t *testing.T, session, method string, args ubus.Table) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	sent := ubus.Table{"ubus_rpc_session": s.sessions[session], "config": "luci-sso"}
	switch method {
	case "apply", "confirm", "changes":
		delete(sent, "config")
	}
	for name, v := range args {
		sent[name] = v
	}
	said := ""
	err := s.conn.CallEach(ctx, "uci", method, sent, func(payload []byte) error {
		o, err := ubus.DecodeOrdered(payload)
		if method == "changes" {
			// How changes are written down is not compared, but whether there are any.
			changed, _ := o[0].Value.(ubus.Ordered)
			said = show(len(changed) > 0)
			return err
		}
		said = show(o)
		return err
	})
	var status ubus.Status
	switch {
	case errors.As(err, &status):
		return status.Error()
	case err != nil:
		t.Fatalf("uci %s: %v", method, err)
	}
	return said
}

// uciCalls is what a settings page does, and what it must not.
var uciCalls = []struct {
	session, method string
	args            ubus.Table
}{
	{"writer", "get", nil},
	{"reader", "get", nil},
	{"nobody", "get", nil},
	{"writer", "get", ubus.Table{"config": "no-such"}},
	{"reader", "set", ubus.Table{"section": "default", "values": ubus.Table{"enabled": "1"}}},
	{"reader", "add", ubus.Table{"type": "role", "name": "x"}},
	{"reader", "delete", ubus.Table{"section": "admin"}},
	{"reader", "order", ubus.Table{"sections": []any{"guest", "admin", "default"}}},
	{"reader", "revert", nil},
	{"writer", "changes", nil},
	{"writer", "set", ubus.Table{"section": "default", "values": ubus.Table{"enabled": "1", "client_id": "it's \"x\" \\ ä"}}},
	{"writer", "set", ubus.Table{"section": "admin", "values": ubus.Table{"read": []any{"luci-*", "!luci-app-acl"}, "email": []any{"d@example.com"}}}},
	{"writer", "set", ubus.Table{"section": "no-such", "values": ubus.Table{"enabled": "1"}}},
	{"writer", "add", ubus.Table{"type": "role", "name": "ops", "values": ubus.Table{"email": []any{"o@example.com"}, "sub": "s"}}},
	{"writer", "get", nil},
	{"reader", "get", nil}, // It does not see what another session would like.
	{"writer", "changes", nil},
	{"reader", "changes", nil},
	{"writer", "delete", ubus.Table{"section": "default", "options": []any{"scope"}}},
	{"writer", "delete", ubus.Table{"section": "guest"}},
	{"writer", "delete", ubus.Table{"section": "guest"}},
	{"writer", "order", ubus.Table{"sections": []any{"ops", "default", "admin"}}},
	{"writer", "get", nil},
	{"writer", "confirm", nil},
	{"writer", "apply", ubus.Table{"rollback": true, "timeout": int32(30)}},
	{"reader", "confirm", nil},
	{"writer", "confirm", nil},
	{"writer", "confirm", nil},
	{"writer", "changes", nil},
	{"reader", "get", nil},
	{"writer", "set", ubus.Table{"section": "default", "values": ubus.Table{"enabled": "0"}}},
	{"writer", "revert", nil},
	{"writer", "get", nil},
}

func newUCIStandIn(t *testing.T) *uciSide {
	t.Helper()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "etc/config"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "etc/config/luci-sso"), []byte(uciBefore), 0o600); err != nil {
		t.Fatal(err)
	}
	socket := ubustest.Socket(t)
	broker, err := ubusd.Start(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	rpcd.New(root).Register(broker)
	return newUCISide(t, root, socket)
}

func TestUCI(t *testing.T) {
	t.Parallel()
	s := newUCIStandIn(t)
	refused := ubus.PermissionDenied.Error()
	for _, call := range uciCalls {
		got := s.do(t, call.session, call.method, call.args)
		// Only the writer gets through, and the reader to what it may read, of
		// this configuration; changes are everybody's own.
		may := call.session == "writer" && call.args["config"] == nil || call.method == "changes" || call.session == "reader" && call.method == "get"
		if (got == refused) == may {
			t.Errorf("%s: uci %s %v: %s", call.session, call.method, call.args, got)
		}
	}
	pkg, err := uci.Load(s.file)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, section := range pkg.Sections {
		names = append(names, section.Name)
	}
	if got := show([]any{names}); got != show([]any{[]string{"ops", "default", "admin"}}) {
		t.Errorf("the sections are %s", got)
	}
	settings, _ := pkg.Lookup("default")
	if id, _ := settings.Get("client_id"); id != "it's \"x\" \\ ä" {
		t.Errorf("client_id is %q", id)
	}
	if _, ok := settings.Get("scope"); ok {
		t.Error("scope is still there")
	}
}

// TestUCILikeRPCD: the same calls to rpcd's own object, answer for answer, and
// the same file afterwards.
func TestUCILikeRPCD(t *testing.T) {
	r := realRouter(t)
	if err := os.WriteFile(filepath.Join(r.root, "etc/config/luci-sso"), []byte(uciBefore), 0o600); err != nil {
		t.Fatal(err)
	}
	r.startRPCD(t)
	standIn, real := newUCIStandIn(t), newUCISide(t, r.root, r.socket)
	for _, call := range uciCalls {
		got, want := standIn.do(t, call.session, call.method, call.args), real.do(t, call.session, call.method, call.args)
		if got != want {
			t.Errorf("%s: uci %s %v differs; make the stand-in do what rpcd does:\n rpcd:     %s\n stand-in: %s",
				call.session, call.method, call.args, want, got)
		}
	}
	ours, err := uci.Load(standIn.file)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := uci.Load(real.file)
	if err != nil {
		t.Fatal(err)
	}
	if len(ours.Sections) != len(theirs.Sections) {
		t.Fatalf("rpcd leaves %d sections, the stand-in %d", len(theirs.Sections), len(ours.Sections))
	}
	for i := range theirs.Sections {
		if !theirs.Sections[i].Equal(ours.Sections[i]) {
			t.Errorf("rpcd leaves %+v, the stand-in %+v", theirs.Sections[i], ours.Sections[i])
		}
	}
}
