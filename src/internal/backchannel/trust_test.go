// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
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
	authority := newUniverse(t, rand.New(rand.NewSource(1)), testKeys(t)).authorities[0] // #nosec G404 -- a test's certificate
	if err := os.WriteFile(large, []byte(wide(base64.StdEncoding.EncodeToString(authority.Raw), 64)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (Trust{CAFile: large}).usable(new(store)); err != nil {
		t.Fatalf("before it is large: %v", err)
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

// The log says why ca_file cannot be read, not that it is empty.
func TestAMissingFileIsCalledThat(t *testing.T) {
	t.Parallel()
	err := Trust{CAFile: filepath.Join(t.TempDir(), "none.pem")}.usable(new(store))
	if !errors.Is(err, ErrTrust) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v, want ErrTrust for a file that does not exist", err)
	}
}

// Files of certificates that an admin puts beside the bundle count; the links
// of a distribution into its own store are in the bundle already, and count
// where that is of no use.
func TestFilesBesideTheBundle(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	for _, name := range []string{"bundle.crt", "own.crt", "own.pem", "own.txt", "own"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"linked.crt":    filepath.Join(elsewhere, "mine.crt"),
		"mozilla.pem":   "/usr/share/ca-certificates/mozilla/x.crt",
		"relative.pem":  "own.pem",
		"same-dir.pem":  filepath.Join(dir, "own.pem"),
		"0123abcd.crt":  "mozilla.pem",
		"not-a-pem.txt": filepath.Join(elsewhere, "mine.crt"),
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	trust := Trust{Bundle: filepath.Join(dir, "bundle.crt"), Dir: dir}
	for bundled, want := range map[bool]string{
		true:  "linked.crt own.crt own.pem",
		false: "0123abcd.crt linked.crt mozilla.pem own.crt own.pem relative.pem same-dir.pem",
	} {
		var names []string
		for _, path := range trust.besides(bundled) {
			names = append(names, strings.TrimPrefix(path, dir+"/"))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("with a bundle %t: %s, want %s", bundled, got, want)
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

// TLS 1.1 and older have been broken for long; a server that has no other is
// not spoken with.
func TestOldTLSIsRefused(t *testing.T) {
	t.Parallel()
	worlds(t, 1, func(_ int, _ *rand.Rand, trust Trust, peer []*x509.Certificate, leaf *member) {
		served := tls.Certificate{Certificate: [][]byte{peer[0].Raw}, PrivateKey: leaf.key}
		for version, want := range map[uint16]error{tls.VersionTLS11: ErrOldTLS, tls.VersionTLS12: nil} {
			ours, theirs := net.Pipe()
			go func() {
				_ = tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{served}, MinVersion: tls.VersionTLS10, MaxVersion: version}).Handshake() // #nosec G402 -- what is refused
				_ = theirs.Close()
			}()
			// Nobody vouches for the certificate: to get so far is what matters.
			_, err := trust.secure(context.Background(), new(store), ours, "nobody.example")
			if got := network(context.Background(), err); errors.Is(got, ErrOldTLS) != (want == ErrOldTLS) {
				t.Errorf("%s: %v", tls.VersionName(version), got)
			}
		}
	})
}
