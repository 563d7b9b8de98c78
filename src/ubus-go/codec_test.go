// SPDX-License-Identifier: Apache-2.0

package ubus

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"math/rand"
	"reflect"
	"strings"
	"testing"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The bytes are what `ubus call session create '{"timeout":3600}'` and its
// like put on the socket of a router.
func TestWireFormat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		table Table
		hex   string
	}{
		{"empty", Table{}, ""},
		{"int32", Table{"timeout": int32(3600)}, "85000014 0007 74696d656f757400 0000 00000e10"},
		{"string", Table{"a": "bc"}, "8300000b 0001 6100 626300 00"},
		{"true", Table{"ok": true}, "8700000d 0002 6f6b00 000000 01 000000"},
		{"int16", Table{"n": int16(-2)}, "8600000a 0001 6e00 fffe 0000"},
		{"int64", Table{"n": int64(-1)}, "84000010 0001 6e00 ffffffffffffffff"},
		{"double", Table{"n": 0.5}, "88000010 0001 6e00 3fe0000000000000"},
		{"nil", Table{"n": nil}, "80000008 0001 6e00"},
		{"array", Table{"l": []any{"x", ""}}, "81000020 0001 6c00 8300000a 0000 0000 7800 0000 83000009 0000 0000 00 000000"},
		{"table", Table{"t": Table{"a": nil}}, "82000010 0001 7400 80000008 0001 6100"},
		{"sorted", Table{"b": nil, "a": nil}, "80000008 0001 6100 80000008 0001 6200"},
	}
	for _, tt := range tests {
		got, err := Append(nil, tt.table)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if want := unhex(t, tt.hex); !bytes.Equal(got, want) {
			t.Errorf("%s: encoded as\n%x, want\n%x", tt.name, got, want)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, hex string
		want      Table
	}{
		{"16 bits become 32", "8600000a 0001 6e00 fffe 0000", Table{"n": int32(-2)}},
		{"8 bits become bool", "87000009 0001 6e00 05 000000", Table{"n": true}},
		{"the last of a name wins", "87000009 0001 6e00 01 000000 87000009 0001 6e00 00 000000", Table{"n": false}},
		{"string ends at NUL", "8300000c 0001 6100 62006300", Table{"a": "b"}},
		{"name ends at NUL", "80000008 0001 0000", Table{"": nil}},
		{"no name", "05000008 00000007", Table{"": int32(7)}},
		{"nothing has content", "8000000c 0001 6e00 01020304", Table{"n": nil}},
	}
	for _, tt := range tests {
		got, err := Decode(unhex(t, tt.hex))
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	deep := []byte{}
	for range MaxDepth {
		inner := append(unhex(t, "81000000 00000000"), deep...)
		inner[2], inner[3] = byte(len(inner)>>8), byte(len(inner))
		deep = inner
	}
	tests := []struct {
		name string
		list []byte
	}{
		{"header cut short", unhex(t, "850000")},
		{"no room for the header in the length", unhex(t, "85000003")},
		{"length 0", unhex(t, "85000000 00000000")},
		{"longer than the list", unhex(t, "85000010 0001 6e00")},
		{"huge", unhex(t, "85ffffff 0001 6e00 00000001")},
		{"padding missing", unhex(t, "87000009 0001 6e00 01")},
		{"rest too short for an attribute", unhex(t, "80000008 0001 6e00 0000")},
		{"no room for the name's length", unhex(t, "80000005 00000000")},
		{"name longer than the attribute", unhex(t, "80000008 0005 6e00")},
		{"name without NUL", unhex(t, "80000008 0001 6e6e")},
		{"longest name", unhex(t, "80000008 ffff 6e00")},
		{"string without content", unhex(t, "83000008 0001 6e00")},
		{"string without NUL", unhex(t, "8300000a 0001 6e00 6161 0000")},
		{"int32 of 2 bytes", unhex(t, "8500000a 0001 6e00 0001 0000")},
		{"int32 of 8 bytes", unhex(t, "85000010 0001 6e00 0000000100000001")},
		{"int64 of 4 bytes", unhex(t, "8400000c 0001 6e00 00000001")},
		{"int16 of 4 bytes", unhex(t, "8600000c 0001 6e00 00000001")},
		{"bool without content", unhex(t, "87000008 0001 6e00")},
		{"double of 4 bytes", unhex(t, "8800000c 0001 6e00 00000001")},
		{"type 9", unhex(t, "89000008 0001 6e00")},
		{"type 127", unhex(t, "ff000008 0001 6e00")},
		{"broken within a table", unhex(t, "82000010 0001 7400 80000009 0001 6100")},
		{"broken within an array", unhex(t, "8100000c 0001 7400 80000003")},
		{"too deep", deep},
	}
	for _, tt := range tests {
		if got, err := Decode(tt.list); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: got %v, %v, want an error that wraps ErrProtocol", tt.name, got, err)
		}
		if got, err := DecodeOrdered(tt.list); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s, ordered: got %v, %v, want an error that wraps ErrProtocol", tt.name, got, err)
		}
	}
	if _, err := Decode(deep[8:]); err != nil {
		t.Errorf("a value as deep as allowed: %v", err)
	}
}

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	loop := Table{}
	loop["self"] = loop
	long := strings.Repeat("x", 1<<18)
	tests := []struct {
		name  string
		table Table
		want  error
	}{
		{"unknown type", Table{"a": struct{}{}}, nil},
		{"unsigned", Table{"a": uint32(1)}, nil},
		{"nested unknown type", Table{"a": []any{Table{"b": 'x' + 0i}}}, nil},
		{"NUL in a string", Table{"a": "b\x00c"}, nil},
		{"NUL in a name", Table{"a\x00": "b"}, nil},
		{"name too long", Table{long: "b"}, nil},
		{"itself", loop, nil},
		{"too large", Table{"l": []any{long, long, long, long}}, ErrTooLarge},
		{"far too large", Table{"l": strings.Repeat("x", 1<<25)}, ErrTooLarge},
	}
	for _, tt := range tests {
		_, err := Append(nil, tt.table)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: got error %v", tt.name, err)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("%s: an error of %d characters", tt.name, len(err.Error()))
		}
	}
}

// randomValue makes values that decode to themselves.
func randomValue(r *rand.Rand, depth int) any {
	n := 9
	if depth >= 4 {
		n = 7
	}
	switch r.Intn(n) {
	case 0:
		return nil
	case 1:
		return r.Intn(2) == 1
	case 2:
		return int32(r.Uint32())
	case 3:
		return int64(r.Uint64())
	case 4:
		return math.Ldexp(r.NormFloat64(), r.Intn(200)-100)
	case 5, 6:
		return randomString(r)
	case 7:
		list := []any{}
		for range r.Intn(5) {
			list = append(list, randomValue(r, depth+1))
		}
		return list
	default:
		return randomTable(r, depth+1)
	}
}

func randomTable(r *rand.Rand, depth int) Table {
	t := Table{}
	for range r.Intn(6) {
		t[randomString(r)] = randomValue(r, depth)
	}
	return t
}

func randomString(r *rand.Rand) string {
	b := make([]byte, r.Intn(20))
	for i := range b {
		b[i] = byte(1 + r.Intn(255))
	}
	return string(b)
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(1))
	for range 3000 {
		want := randomTable(r, 1)
		payload, err := Append(nil, want)
		if err != nil {
			t.Fatalf("%v: %v", want, err)
		}
		got, err := Decode(payload)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
		o, err := DecodeOrdered(payload)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Append(nil, o)
		if err != nil || !bytes.Equal(again, payload) {
			t.Fatalf("%v: ordered and back it is other bytes (%v)", want, err)
		}
	}
}

// What is sent in a shape of its own arrives in that of Table.
func TestShapes(t *testing.T) {
	t.Parallel()
	payload, err := Append(nil, Table{
		"a": 5, "b": int64(math.MaxInt32 + 1), "c": int8(3), "d": []string{"x", "y"},
		"e": map[string]any{"f": "g"}, "h": Ordered{{"z", "1"}, {"y", "2"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := Table{
		"a": int32(5), "b": int64(math.MaxInt32 + 1), "c": true, "d": []any{"x", "y"},
		"e": Table{"f": "g"}, "h": Table{"z": "1", "y": "2"},
	}
	if got, err := Decode(payload); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestOrderedKeepsRepeatedNames(t *testing.T) {
	t.Parallel()
	want := Ordered{{"b", []any{"read"}}, {"a", Ordered{{"z", nil}, {"y", nil}}}, {"b", []any{"write"}}}
	payload, err := Append(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeOrdered(payload); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		"", "85000014 0007 74696d656f757400 0000 00000e10", "8300000b 0001 6100 626300 00",
		"81000020 0001 6c00 8300000a 0000 0000 7800 0000 83000009 0000 0000 00 000000",
		"82000010 0001 7400 80000008 0001 6100", "88000010 0001 6e00 7ff8000000000001",
		"80000008 ffff 6e00", "85ffffff 0001 6e00", "05000008 00000007", "87000009 0001 6e00 05 000000",
	} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		got, err := Decode(payload)
		o, err2 := DecodeOrdered(payload)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("Decode says %v, DecodeOrdered %v", err, err2)
		}
		if err != nil {
			if !errors.Is(err, ErrProtocol) {
				t.Fatalf("%v does not wrap ErrProtocol", err)
			}
			return
		}
		if len(payload) > MaxMessage/4 {
			return // Unnamed values get a name when they are encoded and grow.
		}
		// What was understood can be sent, and means the same then.
		for _, v := range []func() ([]byte, error){
			func() ([]byte, error) { return Append(nil, got) },
			func() ([]byte, error) { return Append(nil, o) },
		} {
			again, err := v()
			if err != nil {
				t.Fatal(err)
			}
			back, err := Decode(again)
			if err != nil {
				t.Fatal(err)
			}
			// Printed, because NaN is not equal to itself.
			if a, b := show(got), show(back); a != b {
				t.Fatalf("decoded as %s, sent and decoded again as %s", a, b)
			}
		}
	})
}

func show(t Table) string {
	b, err := Append(nil, t)
	if err != nil {
		return err.Error()
	}
	return hex.EncodeToString(b)
}
