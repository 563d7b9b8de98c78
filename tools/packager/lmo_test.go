// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLMOIsWhatLuCIMakes(t *testing.T) {
	t.Parallel()
	got, err := toLMO(read(t, "testdata/sample.po"))
	if err != nil {
		t.Fatal(err)
	}
	if want := read(t, "testdata/sample.lmo"); !bytes.Equal(got, want) {
		t.Errorf("%d bytes instead of %d, or other ones", len(got), len(want))
	}
}

// With LuCI's own converter at hand every translation here is held to it.
func TestEveryTranslationAgainstPo2lmo(t *testing.T) {
	t.Parallel()
	po2lmo, err := exec.LookPath("po2lmo")
	if err != nil {
		t.Skip("po2lmo is not in PATH")
	}
	sources, _ := filepath.Glob("../../po/*/*.po")
	for _, source := range sources {
		out := filepath.Join(t.TempDir(), "out")
		if err := exec.Command(po2lmo, source, out).Run(); err != nil {
			t.Fatal(err)
		}
		got, err := toLMO(read(t, source))
		if err != nil || !bytes.Equal(got, read(t, out)) {
			t.Errorf("%s: differs from po2lmo's result (%v)", source, err)
		}
	}
}

// lookup finds a translation as the router does: a binary search for the hash.
func lookup(lmo []byte, key string) (string, bool) {
	word := func(at int) int { return int(binary.BigEndian.Uint32(lmo[at:])) }
	index := word(len(lmo) - 4)
	for low, high := 0, (len(lmo)-4-index)/16; low < high; {
		middle := (low + high) / 2
		at := index + 16*middle
		switch hash := uint32(word(at)); {
		case hash == sfh(key):
			return string(lmo[word(at+8) : word(at+8)+word(at+12)]), true
		case hash < sfh(key):
			low = middle + 1
		default:
			high = middle
		}
	}
	return "", false
}

func TestLMOLookup(t *testing.T) {
	t.Parallel()
	lmo := read(t, "testdata/sample.lmo")
	for key, want := range map[string]string{
		"Login with SSO":                         "Mit SSO anmelden",
		"several lines":                          "mehrere Zeilen",
		"menu\x01Open":                           "Öffnen",
		"state\x01Open":                          "Offen",
		"%d session\x020":                        "%d Sitzung",
		"%d session\x021":                        "%d Sitzungen",
		"logins\x01%d more\x020":                 "%d weitere",
		"日本語 with ümlaut":                        "Japanisch mit Ümlaut",
		`a "quote", a back\slash and a\nnewline`: `ein "Zitat", ein back\slash und eine\nZeile`,
	} {
		if got, ok := lookup(lmo, key); !ok || got != want {
			t.Errorf("%q is %q, want %q", key, got, want)
		}
	}
	for _, key := range []string{"The same in both", "Not translated", "Gone", "Open"} {
		if got, ok := lookup(lmo, key); ok {
			t.Errorf("%q is %q, want no entry", key, got)
		}
	}
}

// The hashes by which LuCI's JavaScript finds the strings.
func TestSFH(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]uint32{"": 0, "a": 0x115ea782, "ab": 0x516b8b44, "abc": 0xd2be198a, "abcd": 0xdad8b8db, "Login with SSO": 0xcb2cad54, "日本語": 0xaa84dbd6, "über": 0x4859e2c5, "Ünï": 0x02326e01} {
		if got := sfh(s); got != want {
			t.Errorf("sfh(%q) is %08x, want %08x", s, got, want)
		}
	}
}

func TestBrokenPO(t *testing.T) {
	t.Parallel()
	for name, po := range map[string]string{
		"no closing quote":  "msgid \"x\nmsgstr \"y\"\n",
		"ends in backslash": "msgid \"x\\",
		"eleventh plural":   "msgid \"x\"\nmsgid_plural \"xs\"\nmsgstr[10] \"y\"\n",
		"plural of letters": "msgid \"x\"\nmsgstr[a] \"y\"\n",
	} {
		if _, err := toLMO([]byte(po)); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %v; want an error that names the line", name, err)
		}
	}
	if lmo, err := toLMO([]byte("msgid \"x\"\nmsgstr \"\"\n")); err != nil || lmo != nil {
		t.Errorf("nothing translated gives %v, %v; want nothing", lmo, err)
	}
}

func FuzzLMO(f *testing.F) {
	f.Add([]byte("msgid \"a\"\nmsgstr \"b\"\n"))
	f.Add([]byte("msgctxt \"c\"\nmsgid \"a\"\nmsgid_plural \"as\"\nmsgstr[1] \"b\"\n"))
	f.Fuzz(func(t *testing.T, po []byte) {
		lmo, err := toLMO(po)
		if err == nil && len(lmo) > 0 && len(lmo)%4 != 0 {
			t.Errorf("%d bytes, want a multiple of four", len(lmo))
		}
	})
}
