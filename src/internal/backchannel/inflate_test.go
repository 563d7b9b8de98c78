// SPDX-License-Identifier: Apache-2.0

package backchannel

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

func zipped(t testing.TB, level int, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
	_, _ = w.Write(data)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGunzip: what Go compresses in every way comes out as it was, within the
// limit.
func TestGunzip(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100<<10)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for _, data := range [][]byte{nil, []byte("{}"), []byte(strings.Repeat(`{"issuer":"https://id.example.com","keys":[]}`, 300)), noise, bytes.Repeat([]byte{0}, MaxBody), noise[:65535], noise[:65536]} {
		for _, level := range []int{flate.NoCompression, flate.HuffmanOnly, 1, 6, 9} {
			got, err := gunzip(zipped(t, level, data))
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes at level %d: %d bytes, %v", len(data), level, len(got), err)
			}
		}
	}
	for _, n := range []int{MaxBody + 1, 100 << 20} {
		if got, err := gunzip(zipped(t, 9, make([]byte, n))); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes expanded to %d: %v", n, len(got), err)
		}
	}
	good := zipped(t, 9, []byte(strings.Repeat("some text ", 50)))
	for i := range good {
		if _, err := gunzip(good[:i]); err == nil {
			t.Errorf("accepted without its last %d bytes", len(good)-i)
		}
	}
	for name, bad := range map[string][]byte{
		"more behind it": append(bytes.Clone(good), 0), "twice": append(bytes.Clone(good), good...), "nothing": nil,
		"a wrong checksum": append(bytes.Clone(good[:len(good)-8]), make([]byte, 8)...),
	} {
		if _, err := gunzip(bad); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// Whatever comes, the result is that of compress/flate, or an error.
func FuzzGunzip(f *testing.F) {
	for _, level := range []int{0, 1, 9, flate.HuffmanOnly} {
		f.Add(zipped(f, level, []byte(strings.Repeat("abcabcdefg", 40)))[10+2+5+5+8:])
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		b := bits{data: stream}
		got, err := b.inflate()
		reader := bytes.NewReader(stream)
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(reader), MaxBody+1))
		if len(want) > MaxBody {
			if !errors.Is(err, ErrTooLarge) && err == nil {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			return
		}
		if err == nil && (wantErr != nil || !bytes.Equal(got, want)) {
			t.Fatalf("%d bytes, expected %d, %v", len(got), len(want), wantErr)
		}
		if err != nil && wantErr == nil {
			t.Fatalf("%v, expected %d bytes", err, len(want))
		}
	})
}
