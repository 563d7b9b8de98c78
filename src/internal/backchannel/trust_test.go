// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// What an option names can be anything: a device that never ends, a pipe that
// nobody writes to. None of it may hold up or fill the router.
func TestOnlyFilesOfCertificates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe, large := filepath.Join(dir, "pipe.pem"), filepath.Join(dir, "large.pem")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxPEM+1); err != nil {
		t.Fatal(err)
	}
	for name, trust := range map[string]Trust{
		"a device":            {CAFile: "/dev/zero"},
		"a pipe":              {CAFile: pipe},
		"a directory":         {CAFile: dir},
		"a large file":        {CAFile: large},
		"a pipe in the store": {Bundle: filepath.Join(dir, "none.crt"), Dir: dir},
	} {
		done := make(chan error, 1)
		go func() {
			err := trust.usable(new(store))
			done <- err
		}()
		select {
		case err := <-done:
			if !errors.Is(err, ErrTrust) {
				t.Errorf("%s: %v, want ErrTrust", name, err)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: still being read; read only regular files of at most maxPEM bytes", name)
		}
	}
}

// An access token is the provider's word. A line end in it would be a request
// of the provider's making, to whatever host its document names.
func TestNoLineEndReachesAHeader(t *testing.T) {
	t.Parallel()
	c := New(Trust{CAFile: "/nonexistent"}, "", "test")
	for _, token := range []string{"a\r\nHost: x", "a\nb", "a\x00b", "a\x7f", "ä"} {
		_, err := c.Do(context.Background(), Request{URL: "https://id.example/", Authorization: "Bearer " + token})
		if !errors.Is(err, ErrNetwork) {
			t.Errorf("%q: %v, want ErrNetwork before anything else is tried", token, err)
		}
	}
}
