// SPDX-License-Identifier: Apache-2.0

package ubusd_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
	"github.com/openwrt/ubus-go/ubusd/ubustest"
)

func start(t *testing.T) (*ubusd.Broker, string, *atomic.Int32) {
	t.Helper()
	path := ubustest.Socket(t)
	b, err := ubusd.Start(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	var carriedOut atomic.Int32
	handle := func(context.Context, ubus.Table) ([]ubus.Table, ubus.Status) {
		carriedOut.Add(1)
		return []ubus.Table{{"done": true}}, ubus.OK
	}
	b.Register("a.one", map[string]ubusd.Handler{"get": handle, "set": handle})
	b.Register("a.two", map[string]ubusd.Handler{"get": handle})
	return b, path, &carriedOut
}

func TestLookup(t *testing.T) {
	t.Parallel()
	b, path, _ := start(t)
	b.Add(ubusd.Object{Name: "b", Methods: []ubusd.Method{{
		Name: "m", Args: []ubusd.Arg{{Name: "text", Type: ubus.TypeString}, {Name: "n", Type: ubus.TypeInt32}},
	}}})
	c := ubustest.Dial(t, path)
	for _, tt := range []struct {
		pattern string
		want    []string
		status  ubus.Status
	}{
		{"", []string{"a.one", "a.two", "b"}, ubus.OK},
		{"*", []string{"a.one", "a.two", "b"}, ubus.OK},
		{"a.*", []string{"a.one", "a.two"}, ubus.OK},
		{"a.one", []string{"a.one"}, ubus.OK},
		{"a", nil, ubus.NotFound},
		{"x*", nil, ubus.NotFound},
	} {
		found, err := c.Lookup(ubustest.Within(t, 10*time.Second), tt.pattern)
		var got []string
		for _, o := range found {
			got = append(got, o.Path)
			if o.ID < 1024 {
				t.Errorf("%s has the reserved id %d", o.Path, o.ID)
			}
		}
		if !reflect.DeepEqual(got, tt.want) || tt.status != ubus.OK && !errors.Is(err, tt.status) || tt.status == ubus.OK && err != nil {
			t.Errorf("%q: got %v, %v, want %v, %v", tt.pattern, got, err, tt.want, tt.status)
		}
	}
	found, err := c.Lookup(ubustest.Within(t, 10*time.Second), "b")
	want := ubus.Table{"m": ubus.Table{"text": int32(3), "n": int32(5)}}
	if err != nil || !reflect.DeepEqual(found[0].Methods, want) {
		t.Errorf("signature: got %v, %v, want %v", found, err, want)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		fault      ubusd.Fault
		want       error
		carriedOut int32
	}{
		{"none", ubusd.Fault{}, nil, 1},
		{"slow", ubusd.Fault{Delay: time.Millisecond}, nil, 1},
		{"refused", ubusd.Fault{Status: ubus.PermissionDenied}, ubus.PermissionDenied, 0},
		{"hangs", ubusd.Fault{Hang: true}, context.DeadlineExceeded, 0},
		{"answer lost", ubusd.Fault{Lose: true}, context.DeadlineExceeded, 1},
		{"dropped", ubusd.Fault{Drop: true}, ubus.ConnectionFailed, 0},
		{"rubbish", ubusd.Fault{Raw: []byte("rubbish, and more of it")}, ubus.ErrProtocol, 0},
		{"later", ubusd.Fault{Drop: true, After: 1}, nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, path, carriedOut := start(t)
			b.SetFault("a.one", "get", tt.fault)
			c := ubustest.Dial(t, path)
			limit := 10 * time.Second
			if tt.want == context.DeadlineExceeded {
				limit = 200 * time.Millisecond
			}
			if _, err := c.Call(ubustest.Within(t, limit), "a.one", "get", nil); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if n := carriedOut.Load(); n != tt.carriedOut {
				t.Errorf("carried out %d times, want %d", n, tt.carriedOut)
			}
			if n := b.Calls("a.one", "get"); n != 1 {
				t.Errorf("%d calls counted, want 1", n)
			}
		})
	}
}

func TestFaultReach(t *testing.T) {
	t.Parallel()
	b, path, _ := start(t)
	c := ubustest.Dial(t, path)
	call := func(object, method string) error {
		_, err := c.Call(ubustest.Within(t, 10*time.Second), object, method, nil)
		return err
	}
	expect := func(object, method string, want error) {
		t.Helper()
		if err := call(object, method); !errors.Is(err, want) {
			t.Errorf("%s %s: got %v, want %v", object, method, err, want)
		}
	}
	b.Refuse("", "", ubus.SystemError)
	b.Refuse("a.one", "", ubus.NoData)
	b.Refuse("a.one", "set", ubus.Timeout)
	expect("a.two", "get", ubus.SystemError) // The lookup already.
	b.Refuse("", ubusd.Lookup, ubus.OK)
	expect("a.two", "get", ubus.SystemError)
	b.Refuse("a.one", ubusd.Lookup, ubus.OK)
	expect("a.one", "get", ubus.NoData)
	expect("a.one", "set", ubus.Timeout)
	b.ClearFaults()
	expect("a.one", "set", nil)
	b.SetFault("a.one", "get", ubusd.Fault{Status: ubus.NoMemory, After: 1, Times: 2})
	for _, want := range []error{nil, ubus.NoMemory, ubus.NoMemory, nil} {
		expect("a.one", "get", want)
	}
}

// A fault of one client is no fault of another.
func TestHangingDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	b, path, _ := start(t)
	b.SetFault("a.one", "get", ubusd.Fault{Delay: time.Minute})
	slow, fast := ubustest.Dial(t, path), ubustest.Dial(t, path)
	call, err := slow.Start(ubustest.Within(t, 10*time.Second), "a.one", "get", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fast.Call(ubustest.Within(t, 10*time.Second), "a.two", "get", nil); err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := call.Wait(ubustest.Within(t, 10*time.Second)); !errors.Is(err, ubus.ConnectionFailed) {
		t.Errorf("after Close: got %v, want ConnectionFailed", err)
	}
}

func TestStartKeepsOtherFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := ubusd.Start(path); err == nil {
		_ = b.Close()
		t.Error("replaced a file that is no socket")
	}
}

func TestHostileClients(t *testing.T) {
	t.Parallel()
	b, path, _ := start(t)
	for _, bytes := range []string{
		"", "\x00", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x00\x05\x00\x01\x00\x00\x00\x09\x00\x00\x00\x04",
		"\x00\x05\x00\x01\x00\x00\x00\x09\x00\xff\xff\xff", "\x00\x04\x00\x01\x00\x00\x00\x09\x00\x00\x00\x0c\x02\x00\x00\x05\x00\x00\x00\x00",
		"\x00\xff\x00\x01\x00\x00\x00\x09\x00\x00\x00\x04",
	} {
		nc, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = nc.Write([]byte(bytes))
		_ = nc.Close()
	}
	c := ubustest.Dial(t, path)
	if _, err := c.Call(ubustest.Within(t, 10*time.Second), "a.one", "get", nil); err != nil {
		t.Errorf("afterwards the broker does not work: %v", err)
	}
	_ = b
}
