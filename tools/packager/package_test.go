// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var epoch = time.Unix(1700000000, 0).UTC()

func sample() pkg {
	p := pkg{
		Name: "sample", Version: "1.2-r3", Arch: "x86_64", Depends: []dependency{{name: "libc"}, {"rpcd", "2-r1"}},
		Source: "package/sample", License: "Apache-2.0", LicenseFiles: "LICENSE", URL: "https://example.com/sample", Section: "net", Maintainer: "Somebody",
		Title: "A sample", Description: "  Line one\n  line two\n",
		Entries: []entry{
			{Path: "/www/cgi-bin/sample", Mode: 0o755, Content: []byte("program")},
			{Path: "/etc/config/sample", Mode: 0o600, Content: []byte("config x\n")},
			{Path: "/usr/sbin/sample", Mode: 0o777, Link: "../../www/cgi-bin/sample"},
		},
		Keep:     []string{"/etc/config/sample", "/etc/sample/"},
		PostInst: "#!/bin/sh\necho installed\n", PreRm: "#!/bin/sh\necho leaving\n", PostRm: "#!/bin/sh\necho gone\n",
	}
	p.keepOnUpgrade()
	if err := p.finish(); err != nil {
		panic(err)
	}
	return p
}

type member struct {
	header *tar.Header
	data   string
}

// members reads gzip'd tars, one after the other as an .apk has them.
func members(t *testing.T, packed []byte) []member {
	t.Helper()
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	var list []member
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, member{h, string(data)})
	}
}

func names(list []member) string {
	var all []string
	for _, m := range list {
		all = append(all, m.header.Name)
	}
	return strings.Join(all, " ")
}

func find(t *testing.T, list []member, name string) member {
	t.Helper()
	for _, m := range list {
		if m.header.Name == name {
			return m
		}
	}
	t.Fatalf("no %s among %s", name, names(list))
	return member{}
}

func TestIPKIsWhatOpenWrtMakes(t *testing.T) {
	t.Parallel()
	p := sample()
	file, _, err := p.ipk(epoch)
	if err != nil {
		t.Fatal(err)
	}
	outer := members(t, file)
	if got, want := names(outer), "./debian-binary ./data.tar.gz ./control.tar.gz"; got != want {
		t.Errorf("the file holds %s, want %s", got, want)
	}
	data := members(t, []byte(find(t, outer, "./data.tar.gz").data))
	want := "./ ./etc/ ./etc/config/ ./etc/config/sample ./lib/ ./lib/upgrade/ ./lib/upgrade/keep.d/ ./lib/upgrade/keep.d/sample " +
		"./usr/ ./usr/sbin/ ./usr/sbin/sample ./www/ ./www/cgi-bin/ ./www/cgi-bin/sample"
	if got := names(data); got != want {
		t.Errorf("the data holds\n%s, want\n%s", got, want)
	}
	for _, m := range data {
		h := m.header
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || !h.ModTime.Equal(epoch) || h.Format != tar.FormatGNU {
			t.Errorf("%s: owner %d/%d %q, time %v, format %v", h.Name, h.Uid, h.Gid, h.Uname, h.ModTime, h.Format)
		}
	}
	if got := find(t, data, "./lib/upgrade/keep.d/sample").data; got != "/etc/sample/\n" {
		t.Errorf("keep.d says %q: only what no package file stands for", got)
	}
	if m := find(t, data, "./etc/config/sample"); m.header.Mode != 0o600 {
		t.Errorf("the configuration has mode %o", m.header.Mode)
	}
	control := members(t, []byte(find(t, outer, "./control.tar.gz").data))
	if got, want := names(control), "./ ./conffiles ./control ./postinst ./postinst-pkg ./postrm ./prerm ./prerm-pkg"; got != want {
		t.Errorf("control holds %s, want %s", got, want)
	}
	if got := find(t, control, "./conffiles").data; got != "/etc/config/sample\n" {
		t.Errorf("conffiles: %q, want the packaged file only", got)
	}
	text := find(t, control, "./control").data
	var fields []string
	for _, line := range strings.Split(text, "\n") {
		if name, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") {
			fields = append(fields, name)
		}
	}
	order := "Package Version Depends Source SourceName License LicenseFiles Section SourceDateEpoch URL Maintainer Architecture Installed-Size Description"
	if got := strings.Join(fields, " "); got != order {
		t.Errorf("fields %s, want %s", got, order)
	}
	if !strings.Contains(text, "\nDepends: libc, rpcd (=2-r1)\n") {
		t.Errorf("the version of a dependency is not there:\n%s", text)
	}
	if !strings.HasSuffix(text, "Description:  Line one\n line two\n") {
		t.Errorf("the description is not indented:\n%s", text)
	}
}

func TestAPKHoldsWhatOpenWrtReads(t *testing.T) {
	t.Parallel()
	p := sample()
	file, err := p.apk(epoch)
	if err != nil {
		t.Fatal(err)
	}
	list := members(t, file)
	info := find(t, list, ".PKGINFO").data
	for _, line := range []string{"pkgname = sample", "pkgver = 1.2-r3", "arch = x86_64", "depend = libc", "depend = rpcd=2-r1", "url = https://example.com/sample", "license = Apache-2.0"} {
		if !strings.Contains(info, line+"\n") {
			t.Errorf(".PKGINFO has no line %q:\n%s", line, info)
		}
	}
	for name, part := range map[string]string{
		".post-install":                            "default_postinst\necho installed\n",
		".post-upgrade":                            "export PKG_UPGRADE=1\n",
		".pre-deinstall":                           "default_prerm\necho leaving\n",
		".post-deinstall":                          "echo gone\n",
		"lib/apk/packages/sample.list":             "/etc/config/sample\n/lib/upgrade/keep.d/sample\n/usr/sbin/sample\n/www/cgi-bin/sample\n",
		"lib/apk/packages/sample.conffiles":        "/etc/config/sample\n/etc/sample/\n",
		"lib/apk/packages/sample.conffiles_static": "/etc/config/sample ",
	} {
		m := find(t, list, name)
		if !strings.Contains(m.data, part) {
			t.Errorf("%s lacks %q:\n%s", name, part, m.data)
		}
		if strings.HasPrefix(name, ".") && (!strings.HasPrefix(m.data, "#!/bin/sh\n") || strings.Count(m.data, "#!") != 1) {
			t.Errorf("%s does not begin with its one interpreter line:\n%s", name, m.data)
		}
	}
	if m := find(t, list, "www/cgi-bin/sample"); m.header.Mode&0o777 != 0o755 {
		t.Errorf("the program has mode %o: uhttpd answers 403 to what others cannot execute", m.header.Mode)
	}
}

func TestSameBytesTwice(t *testing.T) {
	t.Parallel()
	for i, write := range []func(*pkg) ([]byte, error){
		func(p *pkg) ([]byte, error) { b, _, err := p.ipk(epoch); return b, err },
		func(p *pkg) ([]byte, error) { return p.apk(epoch) },
	} {
		one, two := sample(), sample()
		a, err := write(&one)
		if err != nil {
			t.Fatal(err)
		}
		b, err := write(&two)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("format %d: two runs differ", i)
		}
	}
}

func TestMakefile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "Makefile")
	text := "PKG_VERSION:=1.2\nPKG_RELEASE:=3\nX:=a=$(PKG_VERSION)-$(UNKNOWN)b\n" +
		"define Package/x\n  DEPENDS:=$(GO_ARCH_DEPENDS) @CONDITION +one +two\nendef\n" +
		"define Package/x/prerm\n#!/bin/sh\n[ -n \"$${ROOT}\" ] && echo $$HOME\nendef\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := readMakefile(path, "")
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		m.version():                  "1.2-r3",
		m.value("X"):                 "a=1.2-b",
		m.script("Package/x/prerm"):  "#!/bin/sh\n[ -n \"${ROOT}\" ] && echo $HOME\n",
		m.script("Package/x/postrm"): "",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	later, err := readMakefile(path, "99.0-r2")
	if err != nil || later.version() != "99.0-r2" || later.value("X") != "a=99.0-b" {
		t.Errorf("another version is not everywhere: %s, %s, %v", later.version(), later.value("X"), err)
	}
	if err := os.WriteFile(path, []byte("define X\nno end\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readMakefile(path, ""); err == nil {
		t.Error("a define without an end is no error")
	}
}

func TestDependencies(t *testing.T) {
	t.Parallel()
	list := "$(GO_ARCH_DEPENDS) @CONDITION +one +two"
	for extra, want := range map[string]string{
		"":                "[{libc } {one } {two }]",
		"two (=1.0-r1)":   "[{libc } {one } {two 1.0-r1}]",
		"two":             "",
		"two (>=1.0)":     "",
		"two (=1.0":       "",
		"three (=1.0-r1)": "",
	} {
		needs, err := dependencies(list, extra)
		if got := fmt.Sprint(needs); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%q gives %s, %v; want %q", extra, got, err, want)
		}
	}
}

func TestManifestSaysWhatDiffers(t *testing.T) {
	t.Parallel()
	list := manifest([]pkg{sample()})
	for _, line := range []string{"sample 0755 /www/cgi-bin/sample", "sample link /usr/sbin/sample -> ../../www/cgi-bin/sample", "sample 0600 /etc/config/sample"} {
		if !strings.Contains(list, line+"\n") {
			t.Errorf("no line %q in\n%s", line, list)
		}
	}
	if err := compareManifest(list, list); err != nil {
		t.Errorf("the same is no difference: %v", err)
	}
	err := compareManifest(strings.Replace(list, "0755", "0644", 1), list)
	if err == nil || !strings.Contains(err.Error(), "packaged, not listed: sample 0755 /www/cgi-bin/sample") ||
		!strings.Contains(err.Error(), "listed, not packaged: sample 0644 /www/cgi-bin/sample") {
		t.Errorf("the difference is not named: %v", err)
	}
}

func TestReadingBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	p := sample()
	file, _, err := p.ipk(epoch)
	if err != nil {
		t.Fatal(err)
	}
	back, err := readIPK(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := manifestOf(back), manifestOf(p); got != want {
		t.Errorf("read back:\n%s, want:\n%s", got, want)
	}
	for name, broken := range map[string][]byte{"empty": nil, "cut": file[:len(file)/2], "no package": []byte("x")} {
		if _, err := readIPK(broken); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestTwoEntriesForOnePathAreRefused(t *testing.T) {
	t.Parallel()
	p := sample()
	p.Entries = append(p.Entries, entry{Path: "/etc/config/sample"})
	if err := p.finish(); err == nil {
		t.Error("no error")
	}
}

func TestArchitectures(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, a := range arches {
		if seen[a.Name] || len(a.Go) == 0 || !strings.HasPrefix(a.Go[0], "GOARCH=") {
			t.Errorf("%v: named twice or without GOARCH", a)
		}
		seen[a.Name] = true
	}
	if len(arches) != 33 {
		t.Errorf("%d architectures; the two releases have 33 that Go can build for", len(arches))
	}
}
