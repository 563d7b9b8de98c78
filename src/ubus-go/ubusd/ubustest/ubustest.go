// SPDX-License-Identifier: Apache-2.0

// Package ubustest is what the tests of ubus's two ends share: a socket, a
// deadline and a connection, each gone with its test.
package ubustest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	ubus "github.com/openwrt/ubus-go"
)

// Socket is a path short enough for a socket, which t.TempDir is not always.
func Socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ubus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "sock")
}

// Within is a context that ends after d.
func Within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// Dial connects to the broker at path.
func Dial(t *testing.T, path string) *ubus.Conn {
	t.Helper()
	c, err := ubus.Dial(Within(t, 10*time.Second), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
