// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luci-sso/internal/lmo"
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

func TestLMOLookup(t *testing.T) {
	t.Parallel()
	catalogue, ok := lmo.Parse(read(t, "testdata/sample.lmo"))
	if !ok {
		t.Fatal("the router would not read the catalogue at all")
	}
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
		if got, ok := catalogue.Translate(key); !ok || got != want {
			t.Errorf("%q is %q, want %q", key, got, want)
		}
	}
	for _, key := range []string{"The same in both", "Not translated", "Gone", "Open"} {
		if got, ok := catalogue.Translate(key); ok {
			t.Errorf("%q is %q, want no entry", key, got)
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
