// SPDX-License-Identifier: Apache-2.0

package handshake

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

func FuzzSealedFile(f *testing.F) {
	key := bytes.Repeat([]byte{7}, 32)
	handle := strings.Repeat("A", 43)
	plain, err := encode(pending())
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := seal(key, handle, plain)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed)
	f.Add(plain)
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := open(key, handle, data); err == nil && p.State.Empty() {
			t.Errorf("opened %s to a login without a state", hex.EncodeToString(data))
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
