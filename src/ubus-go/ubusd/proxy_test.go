// SPDX-License-Identifier: Apache-2.0

package ubusd_test

import (
	"errors"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
	"github.com/openwrt/ubus-go/ubusd"
	"github.com/openwrt/ubus-go/ubusd/ubustest"
)

// Through a proxy a call goes as without it, except for the proxy's faults.
func TestProxy(t *testing.T) {
	t.Parallel()
	_, upstream, carriedOut := start(t)
	path := ubustest.Socket(t)
	p, err := ubusd.Interpose(path, upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	call := func() (ubus.Table, error) {
		return ubustest.Dial(t, path).Call(ubustest.Within(t, time.Second), "a.one", "get", nil)
	}
	for _, tt := range []struct {
		name, method string
		fault        ubusd.Fault
		carriedOut   int32
		want         error // nil: any.
	}{
		{"drop", "get", ubusd.Fault{Drop: true}, 0, nil},
		{"drop the lookup", ubusd.Lookup, ubusd.Fault{Drop: true}, 0, nil},
		{"garble", "get", ubusd.Fault{Raw: []byte{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9}}, 0, nil},
		{"refuse", "get", ubusd.Fault{Status: ubus.PermissionDenied}, 0, ubus.PermissionDenied},
		{"refuse the lookup", ubusd.Lookup, ubusd.Fault{Status: ubus.NotFound}, 0, ubus.NotFound},
		{"lose", "get", ubusd.Fault{Lose: true}, 1, nil},
		{"hang", "get", ubusd.Fault{Hang: true}, 0, nil},
	} {
		if reply, err := call(); err != nil || reply["done"] != true {
			t.Fatalf("before %s a call gives %v, %v", tt.name, reply, err)
		}
		before := carriedOut.Load()
		p.SetFault("a.one", tt.method, tt.fault)
		_, err := call()
		p.ClearFaults()
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: the call gives %v, want %v", tt.name, err, tt.want)
		}
		if got := carriedOut.Load() - before; got != tt.carriedOut {
			t.Errorf("%s: carried out %d times, want %d", tt.name, got, tt.carriedOut)
		}
	}
	p.SetFault("a.one", "get", ubusd.Fault{Delay: 50 * time.Millisecond})
	began := time.Now()
	if _, err := call(); err != nil || time.Since(began) < 50*time.Millisecond {
		t.Errorf("a slow call: %v after %s", err, time.Since(began))
	}
}
