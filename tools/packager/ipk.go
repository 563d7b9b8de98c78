// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"time"
)

// An .ipk is a gzip'd tar of debian-binary, data.tar.gz and control.tar.gz.
// It is written here and not with the library that writes the .apk: that one
// has no postinst-pkg and prerm-pkg, which is where default_postinst of
// OpenWrt looks for a package's own script, and no SourceDateEpoch.

const ipkPostInst = `#!/bin/sh
[ "${IPKG_NO_SCRIPT}" = "1" ] && exit 0
[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
default_postinst $0 $@
`

const ipkPreRm = `#!/bin/sh
[ -s ${IPKG_INSTROOT}/lib/functions.sh ] || exit 0
. ${IPKG_INSTROOT}/lib/functions.sh
default_prerm $0 $@
`

// control returns the fields of a package, ending in the description. Between
// can add fields before it, as an index does.
func (p *pkg) control(installed int, epoch time.Time, between string) string {
	var b strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	field("Package", p.Name)
	field("Version", p.Version)
	field("Depends", p.depends(" (=", ")", ", "))
	field("Source", p.Source)
	field("SourceName", p.Name)
	field("License", p.License)
	field("LicenseFiles", p.LicenseFiles)
	field("Section", p.Section)
	field("SourceDateEpoch", fmt.Sprint(epoch.Unix()))
	field("URL", p.URL)
	field("Maintainer", p.Maintainer)
	field("Architecture", p.Arch)
	field("Installed-Size", fmt.Sprint(installed))
	b.WriteString(between)
	b.WriteString("Description: ")
	for _, line := range strings.Split(strings.TrimSpace(p.Description), "\n") {
		b.WriteString(" " + strings.TrimSpace(line) + "\n")
	}
	return b.String()
}

// ipk returns the package file and the size of its unpacked data.
func (p *pkg) ipk(epoch time.Time) (file []byte, installed int, err error) {
	data, installed, err := tarball(epoch, func(w *tarWriter) error {
		return p.withDirectories(func(dir string, e *entry) error {
			if e == nil {
				return w.dir("." + dir)
			}
			return w.entry("."+e.Path, e)
		})
	})
	if err != nil {
		return nil, 0, err
	}
	control, _, err := tarball(epoch, func(w *tarWriter) error {
		if err := w.dir("./"); err != nil {
			return err
		}
		var conffiles string
		for _, name := range p.conffiles() {
			conffiles += name + "\n"
		}
		for _, f := range []struct {
			name string
			text string
			mode int64
		}{
			{"conffiles", conffiles, 0o644},
			{"control", p.control(installed, epoch, ""), 0o644},
			{"postinst", ipkPostInst, 0o755},
			{"postinst-pkg", p.PostInst, 0o755},
			{"postrm", p.PostRm, 0o755},
			{"prerm", ipkPreRm, 0o755},
			{"prerm-pkg", p.PreRm, 0o755},
		} {
			if f.text == "" {
				continue
			}
			if err := w.file("./"+f.name, f.mode, []byte(f.text)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, 0, err
	}
	file, _, err = tarball(epoch, func(w *tarWriter) error {
		for _, part := range []struct {
			name string
			data []byte
		}{{"./debian-binary", []byte("2.0\n")}, {"./data.tar.gz", data}, {"./control.tar.gz", control}} {
			if err := w.file(part.name, 0o644, part.data); err != nil {
				return err
			}
		}
		return nil
	})
	return file, installed, err
}

// tarWriter writes what OpenWrt's ipkg-build does: GNU headers, owner 0, one
// time for all.
type tarWriter struct {
	*tar.Writer
	epoch time.Time
}

func (w *tarWriter) dir(name string) error {
	return w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755, ModTime: w.epoch, Format: tar.FormatGNU})
}

func (w *tarWriter) file(name string, mode int64, data []byte) error {
	err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(data)), ModTime: w.epoch, Format: tar.FormatGNU})
	if err == nil {
		_, err = w.Write(data)
	}
	return err
}

func (w *tarWriter) entry(name string, e *entry) error {
	if e.Link != "" {
		return w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: e.Link, Mode: 0o777, ModTime: w.epoch, Format: tar.FormatGNU})
	}
	return w.file(name, int64(e.Mode.Perm()), e.Content)
}

// tarball returns a gzip'd tar without a trace of when or where it was made,
// and its size before compression.
func tarball(epoch time.Time, fill func(*tarWriter) error) ([]byte, int, error) {
	var plain bytes.Buffer
	w := &tarWriter{tar.NewWriter(&plain), epoch}
	if err := fill(w); err != nil {
		return nil, 0, err
	}
	if err := w.Close(); err != nil {
		return nil, 0, err
	}
	size := plain.Len()
	packed, err := compress(plain.Bytes())
	return packed, size, err
}

// compress is gzip -9 -n.
func compress(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
