// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luci-sso/internal/seal"
)

func fixedKey(t testing.TB, b byte) seal.Key {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret.key")
	if err := os.WriteFile(path, bytes.Repeat([]byte{b}, 32), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := seal.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func FuzzSealedFile(f *testing.F) {
	key := fixedKey(f, 7)
	handle := strings.Repeat("A", 43)
	plain, err := encode(pending())
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := key.Seal(purpose, handle, plain)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(plain)
	f.Fuzz(func(t *testing.T, data []byte) {
		if plain, err := key.Open(purpose, handle, data); err == nil {
			if p, err := decode(plain); err == nil && p.State.Empty() {
				t.Errorf("opened %s to a login without a state", hex.EncodeToString(data))
			}
		}
		p, err := decode(data)
		if err != nil {
			return
		}
		again, err := encode(p)
		if err != nil || !bytes.Equal(again, data) {
			t.Errorf("decoded %x and encoded %x, %v", data, again, err)
		}
	})
}
