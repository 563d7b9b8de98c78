// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"luci-sso/tools/compilerflags"
)

// sourceDate is the time all files get: SOURCE_DATE_EPOCH, else that of the
// last commit.
func sourceDate(top string) (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		cmd := exec.Command("git", "-C", top, "log", "-1", "--format=%ct")
		out, err := cmd.Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("the time of the last commit cannot be had (%w): set SOURCE_DATE_EPOCH", err)
		}
		text = strings.TrimSpace(string(out))
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %q is no number of seconds", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// common are the packages every architecture shares.
func (o *options) common() ([]pkg, error) {
	app, err := o.page()
	if err != nil {
		return nil, err
	}
	list, err := translations(o.top, app)
	if err != nil {
		return nil, err
	}
	return append([]pkg{app}, list...), nil
}

// checked returns the shared packages after holding everything against the
// manifest.
func (o *options) checked() ([]pkg, error) {
	shared, err := o.common()
	if err != nil {
		return nil, err
	}
	got, err := o.manifest(shared)
	if err != nil {
		return nil, err
	}
	want, err := os.ReadFile(filepath.Join(o.top, "package/manifest"))
	if err != nil {
		return nil, err
	}
	return shared, compareManifest(string(want), got)
}

func (o *options) manifest(shared []pkg) (string, error) {
	b, err := o.backend(nil, all)
	if err != nil {
		return "", err
	}
	if b.Version != shared[0].Version {
		return "", fmt.Errorf("luci-sso is %s and luci-app-sso %s: give both Makefiles the same version", b.Version, shared[0].Version)
	}
	return manifest(append([]pkg{b}, shared...)), nil
}

func (o *options) rewriteManifest() error {
	shared, err := o.common()
	if err != nil {
		return err
	}
	text, err := o.manifest(shared)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.top, "package/manifest"), []byte(text), 0o644)
}

// run writes everything below o.out and returns the table of sizes.
func (o *options) run() ([]size, error) {
	shared, err := o.checked()
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "luci-sso-package")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)

	// What does not depend on the machine is packed once and lies in each
	// architecture's feed, so that a router needs one line for it.
	var sharedFiles []feedFile
	for _, p := range shared {
		packed, err := o.pack(p)
		if err != nil {
			return nil, err
		}
		sharedFiles = append(sharedFiles, packed...)
	}
	binaries := map[string][]byte{}
	var sizes []size

	for i, a := range o.arches {
		start := time.Now()
		settings := strings.Join(a.Go, " ")
		binary, done := binaries[settings]
		if !done {
			if binary, err = o.build(a, filepath.Join(work, a.Name)); err != nil {
				return nil, fmt.Errorf("%s: %w", a.Name, err)
			}
			binaries[settings] = binary
		}
		s, err := o.feed(a, binary, sharedFiles)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		sizes = append(sizes, s)
		fmt.Fprintf(os.Stderr, "%2d/%d  %-26s %s  %.1f s\n", i+1, len(o.arches), a.Name, settings, time.Since(start).Seconds())
	}
	return sizes, o.checksums()
}

// build compiles the router's program with the flags of the Makefile.
func (o *options) build(a arch, target string) ([]byte, error) {
	if o.binary != "" {
		return os.ReadFile(o.binary)
	}
	m, err := readMakefile(filepath.Join(o.top, "package/luci-sso/Makefile"), o.version)
	if err != nil {
		return nil, err
	}
	ldflags := "-s -w" // OpenWrt's build strips all programs.
	for _, x := range strings.Fields(m.value("GO_PKG_LDFLAGS_X")) {
		ldflags += " -X " + x
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags}
	flags, err := compilerflags.Read(filepath.Join(o.top, "src"), compilerflags.Arch(a.Go))
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", append(append(args, flags...), "-o", target, "./cmd/luci-sso")...)
	cmd.Dir = filepath.Join(o.top, "src")
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOFLAGS=", "GOWORK=off"), a.Go...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return os.ReadFile(target)
}

// feedFile is a package file and, for an .ipk, its entry in the index.
type feedFile struct {
	name  string
	data  []byte
	entry string
}

func (o *options) pack(p pkg) ([]feedFile, error) {
	ipk, installed, err := p.ipk(o.epoch)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	apk, err := p.apk(o.epoch)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	name := p.Name + "_" + p.Version + "_" + p.Arch + ".ipk"
	sum := sha256.Sum256(ipk)
	entry := p.control(installed, o.epoch, fmt.Sprintf("Filename: %s\nSize: %d\nSHA256sum: %s\n", name, len(ipk), hex.EncodeToString(sum[:])))
	return []feedFile{
		{name, ipk, entry},
		{p.Name + "-" + p.Version + ".apk", apk, ""},
	}, nil
}

// feed writes one architecture's directory: its packages and their index.
func (o *options) feed(a arch, binary []byte, shared []feedFile) (size, error) {
	p, err := o.backend(binary, a.Name)
	if err != nil {
		return size{}, err
	}
	own, err := o.pack(p)
	if err != nil {
		return size{}, err
	}
	packed, err := compress(binary)
	if err != nil {
		return size{}, err
	}
	dir := filepath.Join(o.out, a.Name)
	if err := os.RemoveAll(dir); err != nil {
		return size{}, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return size{}, err
	}
	all := append(append([]feedFile{}, own...), shared...)
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })

	var index string
	for _, f := range all {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.data, 0o644); err != nil {
			return size{}, err
		}
		if f.entry != "" {
			index += f.entry + "\n"
		}
	}
	zipped, err := compress([]byte(index))
	if err != nil {
		return size{}, err
	}
	for name, data := range map[string][]byte{"Packages": []byte(index), "Packages.gz": zipped} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return size{}, err
		}
	}
	return size{a.Name, strings.Join(a.Go, " "), len(binary), len(packed), len(own[0].data), len(own[1].data)}, nil
}

// checksums writes sha256sums over everything below o.out.
func (o *options) checksums() error {
	var lines []string
	err := filepath.WalkDir(o.out, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "sha256sums" {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(o.out, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		lines = append(lines, hex.EncodeToString(sum[:])+"  "+filepath.ToSlash(rel))
		return nil
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.out, "sha256sums"), []byte(strings.Join(lines, "\n")+"\n"), 0o644)
}
