// SPDX-License-Identifier: Apache-2.0

package lmo

import (
	"encoding/binary"
	"sort"
	"testing"
)

// write makes a catalogue as LuCI's own tools lay it out.
func write(texts map[string]string) []byte {
	type entry struct{ hash, offset, length uint32 }
	var data []byte
	var entries []entry
	for text, translation := range texts {
		entries = append(entries, entry{Hash(text), uint32(len(data)), uint32(len(translation))})
		data = append(data, translation...)
		for len(data)%4 != 0 {
			data = append(data, 0)
		}
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].hash < entries[j].hash })
	start := uint32(len(data))
	for _, e := range entries {
		for _, n := range []uint32{e.hash, 0, e.offset, e.length} {
			data = binary.BigEndian.AppendUint32(data, n)
		}
	}
	return binary.BigEndian.AppendUint32(data, start)
}

// The hashes are those in a catalogue that LuCI's po2lmo wrote.
func TestHash(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint32{
		"":                       0,
		"Save":                   0x219966c7,
		"Save & Apply":           0x610beed4,
		"  Save \t &\n  Apply  ": 0x610beed4,
		"Größe":                  0xf057b2cf,
		"Enabled":                0x27f2a07b,
		"Access level":           0xfb58c070,
		"a":                      0x115ea782,
		"ab":                     0x516b8b44,
		"abc":                    0xd2be198a,
		"日本語":                    0xaa84dbd6,
		"Ünï":                    0x02326e01,
	} {
		if got := Hash(text); got != want {
			t.Errorf("Hash(%q) = %#x, want %#x: no text of LuCI's catalogues will be found", text, got, want)
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	texts := map[string]string{"Save": "Speichern", "Back": "Zurück", "A longer sentence.": "Ein längerer Satz."}
	catalogue, ok := Parse(write(texts))
	if !ok {
		t.Fatal("Parse refuses a well-formed catalogue")
	}
	for text, want := range texts {
		if got, ok := catalogue.Translate(text); !ok || got != want {
			t.Errorf("Translate(%q) = %q, %t, want %q", text, got, ok, want)
		}
	}
	if got, ok := catalogue.Translate("unknown"); ok {
		t.Errorf("Translate of an unknown text = %q, want nothing", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{}, "Save")
	f.Add([]byte{0, 0, 0, 0}, "Save")
	f.Add(write(map[string]string{"Save": "Speichern"}), "Save")
	f.Add(append(write(map[string]string{"Save": "Speichern"})[4:], 0xff), "Save")
	f.Fuzz(func(_ *testing.T, data []byte, text string) {
		if catalogue, ok := Parse(data); ok {
			catalogue.Translate(text)
		}
	})
}
