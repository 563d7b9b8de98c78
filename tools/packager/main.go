// SPDX-License-Identifier: Apache-2.0

// Command packager builds the packages of this repository without OpenWrt's
// build system: .ipk for 24.10 and .apk for 25.12, for every architecture Go
// has a compiler for, and a feed index. Two runs on the same commit with the
// same Go give the same bytes.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	var o options
	only := flag.String("arch", "", "build for these architectures only, separated by commas")
	list := flag.Bool("list", false, "print the architectures and stop")
	rewrite := flag.Bool("manifest", false, "rewrite package/manifest and stop")
	verify := flag.Bool("check", false, "compare the .ipk files named with package/manifest and stop")
	asJSON := flag.Bool("json", false, "print the table of sizes as JSON")
	flag.StringVar(&o.top, "top", ".", "the repository's top directory")
	flag.StringVar(&o.out, "out", "out/packages", "where the packages go, below the top directory unless absolute")
	flag.StringVar(&o.binary, "binary", "", "package this program instead of building one; with --arch only")
	flag.StringVar(&o.version, "version", "", "another version than the Makefiles', for tests of upgrades")
	flag.StringVar(&o.url, "url", os.Getenv("SSO_URL"), "the project's address on the web, for the packages' field URL; also $SSO_URL")
	flag.Usage = func() {
		fmt.Fprint(flag.CommandLine.Output(), help)
		flag.PrintDefaults()
	}
	flag.Parse()

	err := func() error {
		if flag.NArg() > 0 && !*verify {
			return fmt.Errorf("%q: this command takes options only, see --help", flag.Arg(0))
		}
		if *list {
			for _, a := range arches {
				fmt.Println(a.Name, strings.Join(a.Go, " "))
			}
			return nil
		}
		if err := o.prepare(*only); err != nil {
			return err
		}
		if *verify {
			return o.check(flag.Args())
		}
		if *rewrite {
			return o.rewriteManifest()
		}
		sizes, err := o.run()
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(os.Stdout).Encode(sizes)
		}
		return table(sizes)
	}()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scripts/package:", err)
		os.Exit(1)
	}
}

const help = `scripts/package [--arch NAME,…] builds the packages into out/packages/ARCHITECTURE.

A router installs the files (docs/how-to/install.md). The index beside them,
Packages, is for ImageBuilder's folder packages/ and for an opkg that is told not
to check signatures: it is not signed, and a stock router refuses it as a feed.
For apk there is none: only apk itself can write one, as in
  apk mkndx --sign KEY.pem --output packages.adb *.apk
Signed feeds come from OpenWrt's SDK, see .github/workflows/packages.yml.

`

type options struct {
	top, out, binary, version, url string

	arches []arch
	epoch  time.Time
}

// size is a line of the table: what an architecture costs on flash and to
// download, in bytes.
type size struct {
	Arch   string `json:"arch"`
	Go     string `json:"go"`
	Binary int    `json:"binary"`
	Gzip   int    `json:"binary_gzip9"`
	IPK    int    `json:"ipk"`
	APK    int    `json:"apk"`
}

func (o *options) prepare(only string) (err error) {
	if o.top, err = filepath.Abs(o.top); err != nil {
		return err
	}
	if !filepath.IsAbs(o.out) {
		o.out = filepath.Join(o.top, o.out)
	}
	o.arches = arches
	if only != "" {
		o.arches = nil
		for _, name := range strings.Split(only, ",") {
			a, ok := findArch(name)
			if !ok {
				return fmt.Errorf("%s: no architecture of OpenWrt that Go can build for; --list names them", name)
			}
			o.arches = append(o.arches, a)
		}
	}
	if o.binary != "" && len(o.arches) != 1 {
		return errors.New("--binary is for one architecture: give it with --arch")
	}
	if o.version != "" && !strings.Contains(o.version, "-r") {
		return fmt.Errorf("--version %s: give number and release, as in 1.2.3-r1", o.version)
	}
	if o.url != "" && !strings.HasPrefix(o.url, "https://") {
		return fmt.Errorf("--url %s: an address that begins with https://", o.url)
	}
	o.epoch, err = sourceDate(o.top)
	return err
}

func table(sizes []size) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "architecture\tbuilt for\tbinary\tgzip -9\tipk\tapk\t")
	for _, s := range sizes {
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t\n", s.Arch, s.Go, s.Binary, s.Gzip, s.IPK, s.APK)
	}
	return w.Flush()
}
