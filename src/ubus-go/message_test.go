// SPDX-License-Identifier: Apache-2.0

package ubus

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
)

func TestMessageWireFormat(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		m    Message
		hex  string
	}{
		{"hello", Message{Type: MsgHello, Peer: 0x01020304}, "00 00 0000 01020304 00000004"},
		{
			"lookup", Message{Type: MsgLookup, Seq: 1, Has: HasObjectPath, ObjectPath: "session"},
			"00 04 0001 00000000 00000010 0200000c 73657373696f6e00",
		},
		{
			"invoke", Message{
				Type: MsgInvoke, Seq: 0x1234, Peer: 9, Has: HasObjectID | HasMethod | HasData,
				ObjectID: 9, Method: "get", Data: []byte{0x80, 0, 0, 8, 0, 1, 'n', 0},
			},
			"00 05 1234 00000009 00000020 03000008 00000009 04000008 67657400 0700000c 800000080001 6e00",
		},
		{
			"status", Message{Type: MsgStatus, Seq: 2, Peer: 9, Has: HasStatus | HasObjectID, Status: 4, ObjectID: 9},
			"00 01 0002 00000009 00000014 01000008 00000004 03000008 00000009",
		},
	}
	for _, tt := range tests {
		want := unhex(t, tt.hex)
		got, err := AppendMessage(nil, &tt.m)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: encoded as\n%x, want\n%x (%v)", tt.name, got, want, err)
		}
		m, err := ParseMessage(want)
		if err != nil || !reflect.DeepEqual(m, tt.m) {
			t.Errorf("%s: decoded as %+v, %v, want %+v", tt.name, m, err, tt.m)
		}
	}
}

func TestParseMessageRefuses(t *testing.T) {
	t.Parallel()
	for name, hex := range map[string]string{
		"nothing":                      "",
		"cut short in the header":      "0001 0002 00000009 000000",
		"another version":              "0101 0002 00000009 00000004",
		"length 0":                     "0001 0002 00000009 00000000",
		"length of 3":                  "0001 0002 00000009 00000003",
		"larger than the bus allows":   "0001 0002 00000009 00100004",
		"largest length":               "0001 0002 00000009 00ffffff",
		"body cut short":               "0001 0002 00000009 0000000c 01000008",
		"something after it":           "0001 0002 00000009 00000004 00000000",
		"attribute cut short":          "0001 0002 00000009 00000008 01000008",
		"attribute of length 0":        "0001 0002 00000009 00000008 01000000",
		"status of 2 bytes":            "0001 0002 00000009 0000000c 01000006 00040000",
		"object id of 8 bytes":         "0001 0002 00000009 00000010 0300000c 0000000000000001",
		"path without NUL":             "0001 0002 00000009 0000000c 02000008 61616161",
		"method without content":       "0001 0002 00000009 00000008 04000004",
		"length no multiple of four":   "0001 0002 00000009 0000000b 03000007 000000",
		"attribute beyond the end":     "0001 0002 00000009 0000000c 07000100 00000000",
		"second attribute cut off":     "0001 0002 00000009 00000010 01000008 00000000 0100000c",
		"object type that is a string": "0001 0002 00000009 0000000c 05000006 61000000",
	} {
		if m, err := ParseMessage(unhex(t, hex)); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: got %+v, %v, want an error that wraps ErrProtocol", name, m, err)
		}
	}
}

func TestMessageTooLarge(t *testing.T) {
	t.Parallel()
	m := Message{Type: MsgInvoke, Has: HasData, Data: make([]byte, MaxMessage-8)}
	b, err := AppendMessage(nil, &m)
	if err != nil {
		t.Errorf("the largest message: %v", err)
	}
	if _, err := ParseMessage(b); err != nil {
		t.Errorf("the largest message: %v", err)
	}
	for _, n := range []int{MaxMessage - 4, MaxMessage, 1 << 24, 1 << 25} {
		m.Data = make([]byte, n)
		if b, err := AppendMessage(nil, &m); !errors.Is(err, ErrTooLarge) || len(b) > 0 {
			t.Errorf("data of %d bytes: got %d bytes, %v, want ErrTooLarge", n, len(b), err)
		}
	}
}

func FuzzParseMessage(f *testing.F) {
	for _, s := range []string{
		"00 00 0000 01020304 00000004",
		"00 04 0001 00000000 00000010 0200000c 73657373696f6e00",
		"00 05 1234 00000009 00000020 03000008 00000009 04000008 67657400 0700000c 800000080001 6e00",
		"00 01 0002 00000009 00000014 01000008 00000004 03000008 00000009",
		"00 02 0001 00000000 00000024 03000008 11223344 0200000c 73657373696f6e00 05000008 00000001 06000008 00000004",
		"00 0b 0001 00000000 0000000c 0d000008 00000001", "0001 0002 00000009 00ffffff", "",
	} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := MessageLength(b); err == nil && n > 8+MaxMessage {
			t.Fatalf("accepts a message of %d bytes", n)
		}
		m, err := ParseMessage(b)
		if err != nil {
			if !errors.Is(err, ErrProtocol) {
				t.Fatalf("%v does not wrap ErrProtocol", err)
			}
			return
		}
		again, err := AppendMessage(nil, &m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ParseMessage(again)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(m, back) {
			t.Fatalf("parsed as %+v, encoded and parsed again as %+v", m, back)
		}
	})
}
