// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/goreleaser/nfpm/v2"
	nfpmapk "github.com/goreleaser/nfpm/v2/apk"
	nfpmfiles "github.com/goreleaser/nfpm/v2/files"
)

// apk returns the package in version 2 of the format, which apk-tools 3 of
// OpenWrt 25.12 installs as it does its own.
func (p *pkg) apk(epoch time.Time) ([]byte, error) {
	// The library reads files from disk, and takes their times from there.
	stage, err := os.MkdirTemp("", "luci-sso-apk")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(stage)

	n := 0
	put := func(content []byte) (string, error) {
		n++
		name := filepath.Join(stage, strconv.Itoa(n))
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return "", err
		}
		return name, os.Chtimes(name, epoch, epoch)
	}
	info := &nfpm.Info{
		Name: p.Name, Arch: p.Arch, Platform: "linux", Version: p.Version, VersionSchema: "none",
		Maintainer: p.Maintainer, Description: p.Title, License: p.License, MTime: epoch, Homepage: p.URL,
	}
	info.Depends = strings.Fields(p.depends("=", "", " "))
	info.APK.Arch = p.Arch
	if p.Arch == all {
		info.APK.Arch = "noarch"
	}
	for _, e := range p.apkEntries() {
		content := &nfpmfiles.Content{
			Destination: e.Path,
			FileInfo:    &nfpmfiles.ContentFileInfo{Owner: "root", Group: "root", Mode: e.Mode.Perm(), MTime: epoch},
		}
		if e.Link != "" {
			content.Type, content.Source = nfpmfiles.TypeSymlink, e.Link
		} else if content.Source, err = put(e.Content); err != nil {
			return nil, err
		}
		info.Contents = append(info.Contents, content)
	}
	for _, script := range []struct {
		into *string
		text string
	}{
		{&info.Scripts.PostInstall, p.apkPostInstall()},
		{&info.APK.Scripts.PostUpgrade, "#!/bin/sh\nexport PKG_UPGRADE=1\n" + withoutShebang(p.apkPostInstall())},
		{&info.Scripts.PreRemove, p.apkPreDeinstall()},
		{&info.Scripts.PostRemove, p.PostRm},
	} {
		if script.text == "" {
			continue
		}
		if *script.into, err = put([]byte(script.text)); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := nfpmapk.Default.Package(info, &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// apkEntries adds the lists that OpenWrt's scripts and its sysupgrade read
// where opkg has a database of its own.
func (p *pkg) apkEntries() []entry {
	var names []string
	for _, e := range p.Entries {
		names = append(names, e.Path)
	}
	sort.Strings(names)

	base := "/lib/apk/packages/" + p.Name
	list := append([]entry{}, p.Entries...)
	list = append(list, entry{Path: base + ".list", Mode: 0o644, Content: []byte(strings.Join(names, "\n") + "\n")})
	if len(p.Keep) > 0 {
		list = append(list, entry{Path: base + ".conffiles", Mode: 0o644, Content: []byte(strings.Join(p.Keep, "\n") + "\n")})
	}
	var sums string
	for _, e := range p.Entries {
		for _, name := range p.conffiles() {
			if e.Path == name {
				sum := sha256.Sum256(e.Content)
				sums += name + " " + hex.EncodeToString(sum[:]) + "\n"
			}
		}
	}
	if sums != "" {
		list = append(list, entry{Path: base + ".conffiles_static", Mode: 0o644, Content: []byte(sums)})
	}
	return list
}

func (p *pkg) apkPostInstall() string {
	return `#!/bin/sh
[ "${IPKG_NO_SCRIPT}" = "1" ] && exit 0
[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
export root="${IPKG_INSTROOT}"
export pkgname="` + p.Name + `"
add_group_and_user
default_postinst
` + withoutShebang(p.PostInst)
}

func (p *pkg) apkPreDeinstall() string {
	return `#!/bin/sh
[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
export root="${IPKG_INSTROOT}"
export pkgname="` + p.Name + `"
default_prerm
` + withoutShebang(p.PreRm)
}

func withoutShebang(script string) string {
	if rest, ok := strings.CutPrefix(script, "#!/bin/sh\n"); ok {
		return rest
	}
	return script
}
