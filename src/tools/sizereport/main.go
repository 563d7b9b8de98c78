// SPDX-License-Identifier: Apache-2.0

// Command sizereport builds the router's program for the architectures that
// routers have and says how much flash it takes and what takes it. It fails
// when a program grew by more than three percent over the committed baseline
// and the changelog has no word for it. tests/size/run calls it.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"luci-sso/tools/compilerflags"
)

// tolerance is the growth that needs no word, as a fraction.
const tolerance = 0.03

// limit is what the program may take, compressed, in bytes, whatever the
// baseline says, on routers with little flash. Those with x86_64 have more.
const (
	limit   = 2_300_000
	limit64 = 2_450_000
)

// targets are the architectures of most routers, by OpenWrt's names.
var targets = []struct {
	name, arch, setting string
	limit               int
}{
	{"mipsel_24kc", "mipsle", "GOMIPS=softfloat", limit},
	{"arm_cortex-a7", "arm", "GOARM=5", limit},
	{"aarch64_cortex-a53", "arm64", "GOARM64=v8.0", limit},
	{"x86_64", "amd64", "GOAMD64=v1", limit64},
}

func main() {
	src := flag.String("src", ".", "the module")
	baseline := flag.String("baseline", "", "the committed sizes")
	changelog := flag.String("changelog", "", "where growth gets its word")
	toolchains := flag.String("toolchains", "local", "values of GOTOOLCHAIN, with commas")
	update := flag.Bool("update", false, "write the baseline instead of comparing")
	steps := flag.String("steps", "", "compare these commits instead, each with the one before it")
	flag.Parse()
	if *steps != "" {
		if err := compare(*src, strings.Fields(*steps), strings.Split(*toolchains, ","), os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "sizereport:", err)
			os.Exit(2)
		}
		return
	}
	failed, err := run(*src, *baseline, *changelog, strings.Split(*toolchains, ","), *update, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sizereport:", err)
		os.Exit(2)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

func run(src, baseline, changelog string, toolchains []string, update bool, w io.Writer) (failed int, err error) {
	known, err := readBaseline(baseline)
	if err != nil && !(update && errors.Is(err, os.ErrNotExist)) {
		return 0, err
	}
	word, err := hasWord(changelog)
	if err != nil {
		return 0, err
	}
	passed, skipped := 0, 0
	for _, toolchain := range toolchains {
		b := builder{src: src, toolchain: toolchain}
		version, err := b.version()
		if err != nil {
			fmt.Fprintf(w, "note: %s cannot be had: no sizes with it\n", toolchain)
			skipped++
			continue
		}
		fmt.Fprintf(w, "== %s\n", version)
		for _, t := range targets {
			size, parts, err := b.measure(t.arch, t.setting)
			if err != nil {
				return failed, err
			}
			key := version + " " + t.name
			before, ok := known[key]
			known[key] = size
			verdict, good := judge(size, before, t.limit, ok || update, word)
			if update {
				verdict, good = "recorded", true
			}
			fmt.Fprintf(w, "%-20s %8d bytes compressed; %s\n", t.name, size, verdict)
			switch {
			case !good:
				failed++
			case !ok && !update:
				skipped++
			default:
				passed++
			}
			printParts(w, parts)
		}
	}
	if update {
		return 0, writeBaseline(baseline, known)
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	return failed, nil
}

// judge says in words how a size compares.
func judge(size, before, limit int, ok, word bool) (verdict string, good bool) {
	switch {
	case size > limit:
		return fmt.Sprintf("OVER the limit of %d bytes: take something out", limit), false
	case !ok:
		return "no baseline for this version of Go (tests/size/run --update makes one)", true
	case float64(size) <= float64(before)*(1+tolerance):
		return fmt.Sprintf("%+.1f %% of the baseline", growth(size, before)), true
	case word:
		return fmt.Sprintf("%+.1f %% of the baseline, which the changelog explains; run tests/size/run --update", growth(size, before)), true
	default:
		return fmt.Sprintf("GREW %+.1f %% over the baseline: take out what is not worth it, or say in CHANGELOG.md, in a line of the newest section that begins with '- Size:', what is, and run tests/size/run --update",
			growth(size, before)), false
	}
}

func growth(size, before int) float64 {
	if before == 0 {
		return 0
	}
	return 100 * (float64(size)/float64(before) - 1)
}

// hasWord reports whether the newest section of the changelog explains growth.
func hasWord(path string) (bool, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	sections := 0
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "## ") {
			if sections++; sections > 1 {
				break
			}
		}
		if strings.HasPrefix(strings.TrimSpace(line), "- Size:") {
			return true, err
		}
	}
	return false, err
}

// builder builds with one version of Go.
type builder struct{ src, toolchain string }

func (b builder) run(env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...) // The go tool and its own arguments.
	cmd.Dir = b.src
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "GOOS=linux", "GOTOOLCHAIN="+b.toolchain), env...)
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("%s %s: %w\n%s", name, args[0], err, exit.Stderr)
	}
	return out, err
}

// version is Go's without the patch level, which does not change sizes much.
func (b builder) version() (string, error) {
	out, err := b.run(nil, "go", "env", "GOVERSION")
	if err != nil {
		return "", err
	}
	parts := strings.Split(strings.TrimSpace(string(out)), ".")
	if len(parts) < 2 {
		return "", fmt.Errorf("go calls itself %q", out)
	}
	return parts[0] + "." + parts[1], nil
}

// measure builds as the package does and returns the compressed size, and
// what each dependency contributes before compression.
func (b builder) measure(arch, setting string) (size int, parts map[string]int, err error) {
	dir, err := os.MkdirTemp("", "luci-sso-size-")
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if size, err = b.size(dir, arch, setting); err != nil {
		return 0, nil, err
	}
	full := filepath.Join(dir, "full")
	if err := b.build(full, "-w", arch, setting); err != nil {
		return 0, nil, err
	}
	symbols, err := b.run(nil, "go", "tool", "nm", "-size", full)
	if err != nil {
		return 0, nil, err
	}
	return size, byDependency(symbols), nil
}

// size builds the program as it is shipped, into dir.
func (b builder) size(dir, arch, setting string) (int, error) {
	stripped := filepath.Join(dir, "stripped")
	if err := b.build(stripped, "-s -w", arch, setting); err != nil {
		return 0, err
	}
	return compressed(stripped)
}

func (b builder) build(target, ldflags, arch, setting string) error {
	flags, err := compilerflags.Read(b.src, arch)
	if err != nil {
		return err
	}
	args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags}, flags...)
	_, err = b.run([]string{"GOARCH=" + arch, setting}, "go", append(args, "-o", target, "./cmd/luci-sso")...)
	return err
}

// compressed is the size after gzip -9, the number that OpenWrt's people know;
// Go's own compressor is two percent behind.
func compressed(path string) (int, error) {
	out, err := exec.Command("gzip", "-9nc", path).Output() // What was just built.
	return len(out), err
}

// byDependency adds up code and initialized data by module, and the standard
// library by its parts.
func byDependency(symbols []byte) map[string]int {
	parts := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(symbols))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || !slices.Contains([]string{"T", "t", "R", "r"}, fields[2]) {
			continue // No data segment: nm counts what is zero, too.
		}
		size, err := strconv.Atoi(fields[1])
		if err == nil {
			parts[dependency(packageOf(fields[3]))] += size
		}
	}
	return parts
}

// packageOf is the import path in a symbol's name.
func packageOf(symbol string) string {
	symbol, _, _ = strings.Cut(symbol, "[")
	for _, prefix := range []string{"type:.eq.", "type:.hash.", "type:", "go:itab."} {
		symbol = strings.TrimPrefix(symbol, prefix)
	}
	symbol = strings.TrimLeft(symbol, "*")
	slash := strings.LastIndexByte(symbol, '/')
	name, _, _ := strings.Cut(symbol[slash+1:], ".")
	return symbol[:slash+1] + name
}

func dependency(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	switch {
	case strings.HasPrefix(pkg, "luci-sso/"):
		return pkg
	case strings.HasPrefix(pkg, "vendor/golang.org/x/net"):
		return "Go: net"
	case first == "vendor", first == "crypto":
		return "Go: crypto"
	case strings.Contains(first, "."):
		words := strings.Split(pkg, "/")
		return strings.Join(words[:min(3, len(words))], "/")
	case strings.HasPrefix(pkg, "encoding/json"):
		return "Go: encoding/json"
	case first == "net":
		return "Go: net"
	case first == "runtime", first == "go:func", strings.HasPrefix(pkg, "internal/runtime"):
		return "Go: runtime"
	default:
		return "Go: other packages"
	}
}

func printParts(w io.Writer, parts map[string]int) {
	names := make([]string, 0, len(parts))
	for name := range parts {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return parts[names[i]] > parts[names[j]] })
	for _, name := range names {
		if parts[name] >= 1024 {
			fmt.Fprintf(w, "    %7.1f KB  %s\n", float64(parts[name])/1000, name)
		}
	}
}

// readBaseline reads lines of "go1.26 x86_64 2221063".
func readBaseline(path string) (map[string]int, error) {
	known := map[string]int{}
	text, err := os.ReadFile(path)
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) != 3 || line[0] == '#' {
			continue
		}
		if known[fields[0]+" "+fields[1]], err = strconv.Atoi(fields[2]); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return known, err
}

func writeBaseline(path string, known map[string]int) error {
	lines := make([]string, 0, len(known))
	for key, size := range known {
		lines = append(lines, key+" "+strconv.Itoa(size))
	}
	sort.Strings(lines)
	text := "# What the router's program takes, compressed with gzip -9, in bytes.\n# tests/size/run --update writes this file.\n" +
		strings.Join(lines, "\n") + "\n"
	return os.WriteFile(path, []byte(text), 0o644) // #nosec G306 -- a file of the repository
}
