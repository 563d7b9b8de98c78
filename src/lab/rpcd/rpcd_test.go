// SPDX-License-Identifier: Apache-2.0

package rpcd_test

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd/ubustest"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tt := range []struct {
		timeout any
		want    int32
	}{{nil, 300}, {int32(3600), 3600}, {"3600", 300}, {int64(3600), 300}, {int32(0), 0}, {int32(-1), -1}} {
		got := b.do(t, "create", ubus.Table{"timeout": tt.timeout})
		id, _ := got["ubus_rpc_session"].(string)
		if len(id) != 32 {
			t.Errorf("the id %q has not 32 characters", id)
		}
		want := ubus.Table{
			"ubus_rpc_session": id, "timeout": tt.want, "expires": int64(max(tt.want, 0)),
			"acls": ubus.Table{}, "data": ubus.Table{},
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("timeout %v: got %v, want %v", tt.timeout, got, want)
		}
	}
}

func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	uses := map[string]ubus.Table{
		"list": nil, "get": nil, "set": {"values": ubus.Table{"a": "b"}}, "unset": {"keys": []any{"a"}},
		"grant": {"objects": []any{}}, "revoke": {"objects": []any{}}, "access": {"object": "x", "function": "y"},
	}
	for method, args := range uses {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			sid := b.create(t, int32(100))
			b.wait(99 * time.Second)
			b.do(t, "list", nil) // A list of all is no use.
			if s := b.snapshot(t, sid); s.Expires != time.Second {
				t.Errorf("expires in %v, want 1s", s.Expires)
			}
			b.do(t, method, more(sid, args))
			if s := b.snapshot(t, sid); s.Expires != 100*time.Second {
				t.Errorf("after %s it expires in %v; every use gives the full time again", method, s.Expires)
			}
			b.wait(100 * time.Second)
			if _, err := b.try(t, method, more(sid, args)); !errors.Is(err, ubus.NotFound) {
				t.Errorf("%s of an expired session: got %v, want NotFound", method, err)
			}
		})
	}
	b := newBench(t)
	sid := b.create(t, int32(0))
	b.wait(1e6 * time.Second)
	b.do(t, "get", sid)
}

func TestDestroy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sid := b.create(t, nil)
	b.do(t, "destroy", sid)
	for _, tt := range []struct {
		args ubus.Table
		want ubus.Status
	}{
		{sid, ubus.NotFound},
		{nil, ubus.InvalidArgument},
		{ubus.Table{"ubus_rpc_session": "00000000000000000000000000000000"}, ubus.PermissionDenied},
	} {
		if _, err := b.try(t, "destroy", tt.args); !errors.Is(err, tt.want) {
			t.Errorf("%v: got %v, want %v", tt.args, err, tt.want)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sid := b.create(t, nil)
	b.do(t, "set", more(sid, ubus.Table{"values": ubus.Table{"a": "1", "b": int32(2), "": "x"}}))
	b.do(t, "set", more(sid, ubus.Table{"values": ubus.Table{"a": []any{"new"}, "c": nil}}))
	want := ubus.Table{"values": ubus.Table{"a": []any{"new"}, "b": int32(2), "c": nil}}
	if got := b.do(t, "get", sid); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	want = ubus.Table{"values": ubus.Table{"b": int32(2)}}
	if got := b.do(t, "get", more(sid, ubus.Table{"keys": []any{"b", "missing", int32(1)}})); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	b.do(t, "unset", more(sid, ubus.Table{"keys": []any{"a"}}))
	b.do(t, "unset", sid)
	if got := b.do(t, "get", sid); !reflect.DeepEqual(got, ubus.Table{"values": ubus.Table{}}) {
		t.Errorf("after unset: %v", got)
	}
	for _, args := range []ubus.Table{nil, {"values": []any{}}, {"values": "x"}} {
		if _, err := b.try(t, "set", more(sid, args)); !errors.Is(err, ubus.InvalidArgument) {
			t.Errorf("set %v: got %v, want InvalidArgument", args, err)
		}
	}
}

func TestGrantAndAccess(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sid := b.create(t, nil)
	b.do(t, "grant", more(sid, ubus.Table{"objects": []any{
		[]any{"system", "board"}, []any{"one"}, "word", []any{int32(1), "uci", "get*", "more"}, []any{"system", "board"},
	}}))
	b.do(t, "grant", more(sid, ubus.Table{"scope": "file", "objects": []any{
		[]any{"/etc/*", "read"}, []any{"/etc/?", "read"}, []any{"/etc/*", "write"},
	}}))
	want := map[string][][2]string{
		"ubus": {{"system", "board"}, {"uci", "get*"}},
		"file": {{"/etc/*", "read"}, {"/etc/*", "write"}, {"/etc/?", "read"}},
	}
	if got := b.snapshot(t, sid).ACLs; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, tt := range []struct {
		scope, object, function string
		want                    bool
	}{
		{"ubus", "system", "board", true}, {"ubus", "system", "reboot", false}, {"ubus", "uci", "get_all", true},
		{"file", "/etc/a/b", "write", true}, {"file", "/etc", "read", false}, {"none", "a", "b", false},
	} {
		got := b.do(t, "access", more(sid, ubus.Table{"scope": tt.scope, "object": tt.object, "function": tt.function}))
		if got["access"] != tt.want {
			t.Errorf("%v: access is %v", tt, got["access"])
		}
	}
	b.do(t, "revoke", more(sid, ubus.Table{"objects": []any{[]any{"system", "board"}, []any{"uci", "get*"}}}))
	b.do(t, "revoke", more(sid, ubus.Table{"scope": "file"}))
	if got := b.snapshot(t, sid).ACLs; len(got) != 0 {
		t.Errorf("after revoke: %v", got)
	}
	if _, err := b.try(t, "grant", sid); !errors.Is(err, ubus.InvalidArgument) {
		t.Errorf("grant without objects: got %v, want InvalidArgument", err)
	}
}

// The expectations were seen from the real rpcd with the same files.
func TestLoginRights(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	tests := []struct {
		user   string
		groups [][2]string // What it has in the scope access-group.
	}{
		{"root", [][2]string{
			{"tricky-a", "read"}, {"tricky-a", "write"}, {"tricky-b", "read"}, {"unauthenticated", "read"}, {"unauthenticated", "write"},
		}},
		{"plain", nil},
		{"all", [][2]string{{"tricky-a", "read"}, {"tricky-a", "write"}, {"unauthenticated", "read"}}},
		{"not", [][2]string{{"tricky-b", "read"}}},
		{"write", [][2]string{{"tricky-a", "read"}, {"tricky-a", "write"}, {"tricky-b", "read"}}},
		{"class", [][2]string{{"tricky-a", "read"}, {"tricky-b", "read"}, {"unauthenticated", "read"}}},
		{"twice", [][2]string{{"tricky-a", "read"}, {"tricky-b", "read"}}},
		{"kept", [][2]string{{"tricky-a", "read"}}},
		{"rest", [][2]string{{"tricky-a", "read"}, {"tricky-a", "write"}}},
	}
	for _, tt := range tests {
		s := b.snapshot(t, b.login(t, tt.user))
		if got := s.ACLs["access-group"]; !reflect.DeepEqual(got, tt.groups) {
			t.Errorf("%s: groups %v, want %v", tt.user, got, tt.groups)
		}
		if s.Data["username"] != tt.user || s.Timeout != 300 {
			t.Errorf("%s: session %+v", tt.user, s)
		}
	}
	want := map[string][][2]string{
		"access-group": {{"tricky-a", "read"}, {"tricky-a", "write"}},
		"ubus":         {{"again", "*"}, {"system", "board"}, {"system", "info"}},
		"uci":          {{"network", "read"}, {"network", "write"}, {"wireless", "read"}},
		"file":         {{"/etc/*", "read"}, {"/etc/*", "write"}, {"/etc/*.conf", "read"}, {"/etc/?", "read"}},
		"cgi-io":       {{"upload", "write"}},
	}
	if got := b.snapshot(t, b.login(t, "rest")).ACLs; !reflect.DeepEqual(got, want) {
		t.Errorf("rights of a login with write alone:\n%v, want\n%v", got, want)
	}
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, tt := range []struct {
		args ubus.Table
		want ubus.Status
	}{
		{ubus.Table{"username": "root", "password": "wrong"}, ubus.PermissionDenied},
		{ubus.Table{"username": "nobody", "password": "router"}, ubus.PermissionDenied},
		{ubus.Table{"username": "none", "password": ""}, ubus.PermissionDenied},
		{ubus.Table{"username": "empty", "password": ""}, ubus.PermissionDenied},
		{ubus.Table{"username": "first", "password": "router"}, ubus.PermissionDenied},
		{ubus.Table{"username": "root"}, ubus.InvalidArgument},
		{ubus.Table{"password": "router"}, ubus.InvalidArgument},
		{ubus.Table{"username": "root", "password": int32(1)}, ubus.InvalidArgument},
	} {
		if reply, err := b.try(t, "login", tt.args); !errors.Is(err, tt.want) {
			t.Errorf("%v: got %v, %v, want %v", tt.args, reply, err, tt.want)
		}
	}
	write(t, filepath.Join(b.root, "etc/config/rpcd"), "config login\n\toption username 'root\n")
	if _, err := b.try(t, "login", ubus.Table{"username": "root", "password": "router"}); !errors.Is(err, ubus.PermissionDenied) {
		t.Errorf("with a broken file: got %v, want PermissionDenied", err)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	all := [][2]string{{"*", "*"}}
	named := func(user string, timeout int32) ubus.Table {
		sid := b.create(t, timeout)
		b.do(t, "grant", more(sid, ubus.Table{"objects": []any{[]any{"*", "*"}}}))
		b.do(t, "set", more(sid, ubus.Table{"values": ubus.Table{"username": user, "token": "t"}}))
		if got := b.snapshot(t, sid).ACLs["ubus"]; !reflect.DeepEqual(got, all) {
			t.Fatalf("rights %v", got)
		}
		return sid
	}
	admin, gone, endless := named("sso:admin", 900), named("sso:gone", 900), named("sso:admin", 0)
	zero := ubus.Table{"ubus_rpc_session": "00000000000000000000000000000000"}
	b.do(t, "set", more(zero, ubus.Table{"values": ubus.Table{"x": "y"}}))
	write(t, filepath.Join(b.root, "etc/config/rpcd"), trickyConfig+`
config login 'luci_sso_admin'
	option username 'sso:admin'
	list read 'unauthenticated'
	list write 'tricky-a'
`)
	b.wait(1500 * time.Millisecond)
	b.Reload()

	s := b.snapshot(t, admin)
	want := [][2]string{{"tricky-a", "read"}, {"tricky-a", "write"}, {"unauthenticated", "read"}}
	if !reflect.DeepEqual(s.ACLs["access-group"], want) {
		t.Errorf("rights come from the login entry: got %v, want %v", s.ACLs["access-group"], want)
	}
	if s.Data["token"] != "t" || s.Expires != 898*time.Second || s.Timeout != 900 {
		t.Errorf("the session itself stays: %+v", s)
	}
	if s := b.snapshot(t, gone); len(s.ACLs) != 0 || s.Data["token"] != "t" {
		t.Errorf("a session without a login entry keeps its data and loses its rights: %+v", s)
	}
	if _, err := b.try(t, "get", endless); !errors.Is(err, ubus.NotFound) {
		t.Errorf("an endless session does not survive: got %v, want NotFound", err)
	}
	if s := b.snapshot(t, zero); len(s.Data) != 0 || len(s.ACLs) == 0 {
		t.Errorf("the default session is made anew: %+v", s)
	}
}

func TestHook(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.SetHook(func(method string, args ubus.Table) ubus.Status {
		if method == "grant" && args["scope"] == "uci" {
			return ubus.UnknownError
		}
		return ubus.OK
	})
	sid := b.create(t, nil)
	b.do(t, "grant", more(sid, ubus.Table{"objects": []any{}}))
	if _, err := b.try(t, "grant", more(sid, ubus.Table{"scope": "uci", "objects": []any{}})); !errors.Is(err, ubus.UnknownError) {
		t.Errorf("got %v, want UnknownError", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	socket := filepath.Join(b.root, "ubus.sock")
	var wg sync.WaitGroup
	for range 30 {
		wg.Add(1)
		c := ubustest.Dial(t, socket)
		go func() {
			defer wg.Done()
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			reply, err := c.Call(ctx, "session", "create", nil)
			if err != nil {
				t.Error(err)
				return
			}
			sid := ubus.Table{"ubus_rpc_session": reply["ubus_rpc_session"]}
			if _, err := c.Batch(ctx,
				ubus.Request{Object: "session", Method: "grant", Args: more(sid, ubus.Table{"objects": []any{[]any{"a", "b"}}})},
				ubus.Request{Object: "session", Method: "set", Args: more(sid, ubus.Table{"values": ubus.Table{"a": "b"}})},
			); err != nil {
				t.Error(err)
			}
		}()
	}
	wg.Wait()
	complete := 0
	for _, s := range b.Snapshot() {
		if len(s.ACLs["ubus"]) == 1 && s.Data["a"] == "b" {
			complete++
		}
	}
	if complete != 30 {
		t.Errorf("%d complete sessions, want 30", complete)
	}
}
