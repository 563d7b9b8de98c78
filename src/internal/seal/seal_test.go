// SPDX-License-Identifier: Apache-2.0

package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/chacha20poly1305"

	"luci-sso/internal/fault"
)

func fixed(t testing.TB, b byte) Key {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret.key")
	if err := os.WriteFile(path, bytes.Repeat([]byte{b}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func closed(t testing.TB, key Key, purpose Purpose, name, plain string) []byte {
	t.Helper()
	sealed, err := key.Seal(purpose, name, []byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealOpensForItsKeyPurposeAndNameAlone(t *testing.T) {
	t.Parallel()
	key := fixed(t, 7)
	sealed := closed(t, key, "p", "name", "content")
	if plain, err := key.Open("p", "name", sealed); err != nil || string(plain) != "content" {
		t.Fatalf("Open = %q, %v", plain, err)
	}
	if len(sealed) != len("content")+Overhead {
		t.Errorf("a seal of 7 bytes has %d, Overhead says %d", len(sealed), Overhead)
	}
	if bytes.Equal(sealed, closed(t, key, "p", "name", "content")) {
		t.Error("two seals of one content are the same")
	}
	for what, open := range map[string]func() ([]byte, error){
		"another key":                         func() ([]byte, error) { return fixed(t, 8).Open("p", "name", sealed) },
		"no key":                              func() ([]byte, error) { return Key{}.Open("p", "name", sealed) },
		"another purpose":                     func() ([]byte, error) { return key.Open("q", "name", sealed) },
		"another name":                        func() ([]byte, error) { return key.Open("p", "nam", sealed) },
		"a letter moved from name to purpose": func() ([]byte, error) { return key.Open("pn", "ame", sealed) },
	} {
		if plain, err := open(); err == nil {
			t.Errorf("with %s it opens to %q", what, plain)
		}
	}
	if _, err := (Key{}).Seal("p", "name", nil); !fault.Is(err, fault.CryptoError) {
		t.Errorf("sealing without a key: %v, want CRYPTO_ERROR", err)
	}
}

func TestSealBreaks(t *testing.T) {
	t.Parallel()
	key := fixed(t, 7)
	sealed := closed(t, key, "p", "name", "content")
	for i := range sealed {
		for bit := range 8 {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1 << bit
			if _, err := key.Open("p", "name", bad); !errors.Is(err, ErrBroken) {
				t.Fatalf("with bit %d of byte %d flipped: %v", bit, i, err)
			}
		}
		want := ErrBroken
		if i < Overhead {
			want = ErrShort
		}
		if _, err := key.Open("p", "name", sealed[:i]); !errors.Is(err, want) {
			t.Errorf("cut to %d bytes: %v, want %v", i, err, want)
		}
	}
	if _, err := key.Open("p", "name", append(bytes.Clone(sealed), 0)); !errors.Is(err, ErrBroken) {
		t.Errorf("with a byte more: %v", err)
	}
}

// TestFormat holds the files of one version readable by the next: what the
// key of a file is, and where its nonce lies.
func TestFormat(t *testing.T) {
	t.Parallel()
	mac := hmac.New(sha256.New, bytes.Repeat([]byte{7}, 32))
	mac.Write([]byte("luci-sso p\x00name"))
	aead, err := chacha20poly1305.NewX(mac.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	nonce := bytes.Repeat([]byte{1}, 24)
	if plain, err := fixed(t, 7).Open("p", "name", aead.Seal(nonce, nonce, []byte("content"), nil)); err != nil || string(plain) != "content" {
		t.Errorf("Open = %q, %v", plain, err)
	}
}

func TestTag(t *testing.T) {
	t.Parallel()
	a, b := fixed(t, 1), fixed(t, 2)
	tag := a.Tag("p", "text")
	if tag != a.Tag("p", "text") {
		t.Error("a tag is not stable")
	}
	for what, other := range map[string][sha256.Size]byte{"key": b.Tag("p", "text"), "purpose": a.Tag("q", "text"), "text": a.Tag("p", "texu")} {
		if other == tag {
			t.Errorf("a tag does not depend on the %s", what)
		}
	}
}

func TestLoadMakesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "etc", "secret.key")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) || !fault.Is(err, fault.SystemInitFailed) {
		t.Errorf("Load = %v", err)
	}
	if _, err := os.Lstat(filepath.Dir(path)); err == nil {
		t.Error("Load made the directory")
	}
	key, err := Make(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Make(path)
	if err != nil || !bytes.Equal(key.raw, again.raw) {
		t.Errorf("Make made another key: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("the key's file: %v, %v", info, err)
	}
}

func FuzzOpen(f *testing.F) {
	key := fixed(f, 7)
	f.Add(closed(f, key, "p", "name", "content"), "name")
	f.Add([]byte{}, "")
	f.Fuzz(func(t *testing.T, sealed []byte, name string) {
		if plain, err := key.Open("p", name, sealed); err == nil && name != "name" {
			t.Errorf("opened to %x for the name %q", plain, name)
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	key := fixed(b, 7)
	plain := make([]byte, 300)
	for range b.N {
		sealed, err := key.Seal("p", "name", plain)
		if err == nil {
			_, err = key.Open("p", "name", sealed)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
