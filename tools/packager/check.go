// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// check holds .ipk files that something else built, as OpenWrt's SDK, against
// the manifest. Each package has to be whole; which of them are there is for
// the caller to say.
func (o *options) check(names []string) error {
	if len(names) == 0 {
		return errors.New("--check: name the .ipk files")
	}
	manifest, err := os.ReadFile(filepath.Join(o.top, "package/manifest"))
	if err != nil {
		return err
	}
	for _, name := range names {
		file, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		p, err := readIPK(file)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		var want, got []string
		for _, line := range strings.Split(string(manifest), "\n") {
			if strings.HasPrefix(line, p.Name+" ") {
				want = append(want, line)
			}
		}
		if len(want) == 0 {
			return fmt.Errorf("%s: package/manifest knows no package %s", name, p.Name)
		}
		for _, line := range strings.Split(manifestOf(p), "\n") {
			if strings.HasPrefix(line, p.Name+" ") {
				got = append(got, line)
			}
		}
		if err := compareManifest(strings.Join(want, "\n"), strings.Join(got, "\n")); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Printf("%s: %d files as in package/manifest\n", filepath.Base(name), len(got))
	}
	return nil
}

func manifestOf(p pkg) string { return manifest([]pkg{p}) }

// readIPK returns a package's name and entries.
func readIPK(file []byte) (pkg, error) {
	parts, err := untar(file)
	if err != nil {
		return pkg{}, err
	}
	var p pkg
	for _, part := range parts {
		switch part.Path {
		case "/control.tar.gz":
			control, err := untar(part.Content)
			if err != nil {
				return pkg{}, err
			}
			for _, e := range control {
				if e.Path == "/control" {
					first, _, _ := strings.Cut(string(e.Content), "\n")
					p.Name = strings.TrimPrefix(first, "Package: ")
				}
			}
		case "/data.tar.gz":
			if p.Entries, err = untar(part.Content); err != nil {
				return pkg{}, err
			}
		}
	}
	if p.Name == "" || len(p.Entries) == 0 {
		return pkg{}, errors.New("not an .ipk with control data and files")
	}
	return p, nil
}

// untar reads the files and links of a gzip'd tar.
func untar(packed []byte) ([]entry, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	var list []entry
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		content, err := io.ReadAll(io.LimitReader(r, 64<<20))
		if err != nil {
			return nil, err
		}
		list = append(list, entry{
			Path: "/" + strings.TrimPrefix(h.Name, "./"), Mode: fs.FileMode(h.Mode & 0o777), Link: h.Linkname, Content: content,
		})
	}
}
