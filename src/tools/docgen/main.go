// SPDX-License-Identifier: Apache-2.0

// Command docgen owns the parts of docs/reference that are made from the
// program: the codes, the providers' errors, the limits, the commands, and the
// table of checks with the tests that prove them. It writes them, or with -check says
// which differ; it also looks through all of the documentation for codes,
// cookies and limits that are not the program's. It is no part of the router's
// binary.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// page is one generated file.
type page struct {
	path string // Below the repository.
	make func(repo string) (string, error)
}

var pages = []page{
	{"docs/reference/log-codes.md", codesPage},
	{"docs/reference/provider-errors.md", errorsPage},
	{"docs/reference/limits.md", limitsPage},
	{"docs/reference/conformance.md", conformancePage},
	{"docs/explanation/mutation.md", mutationPage},
	{"docs/reference/commands.md", commandsPage},
	{"docs/reference/doors.md", doorsPage},
	{"docs/reference/uci-options.md", optionsPage},
	{"docs/reference/compatibility.md", compatibilityPage},
	{"package/luci-sso/files/etc/config/luci-sso", shippedConfig},
	{"htdocs/luci-static/resources/luci-sso/options.js", optionsScript},
	{"htdocs/luci-static/resources/luci-sso/codes.js", codesScript},
	{"htdocs/luci-static/resources/luci-sso/presets.js", presetsScript},
	{"src/internal/doctor/products.go", productsTable},
}

func main() {
	check := flag.Bool("check", false, "write nothing; say what differs and exit with 1")
	flag.Parse()
	repo, err := repository()
	if err != nil {
		fmt.Fprintln(os.Stderr, "docgen:", err)
		os.Exit(2)
	}
	problems := run(repo, *check)
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
	if *check {
		fmt.Printf("%d generated pages are current; codes, cookies and limits in docs/ are the program's\n", len(pages))
	}
}

func run(repo string, check bool) (problems []string) {
	for _, p := range append(slices.Clone(pages), guidePages(repo)...) {
		text, err := p.make(repo)
		if err != nil {
			problems = append(problems, p.path+": "+err.Error())
			continue
		}
		file := filepath.Join(repo, p.path)
		old, _ := os.ReadFile(file)
		switch {
		case bytes.Equal(old, []byte(text)):
		case check:
			problems = append(problems, p.path+" is not current: run scripts/generate-docs and commit it")
		default:
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				problems = append(problems, err.Error())
			}
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				problems = append(problems, err.Error())
			}
		}
	}
	if check {
		problems = append(problems, scan(repo)...)
	}
	return problems
}

// repository is the directory above src.
func repository() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "src", "go.mod")); e == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("run it within the repository")
		}
		dir = parent
	}
	return "", err
}

const generated = "<!-- Made by scripts/generate-docs from %s. Edit that and run it again. -->\n\n"

// table reads a file of tab-separated columns; lines with # are comments.
func table(path string, columns int) ([][]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for n, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != columns {
			return nil, fmt.Errorf("%s, line %d: %d columns instead of %d", path, n+1, len(fields), columns)
		}
		rows = append(rows, fields)
	}
	return rows, nil
}

// cell makes text safe within a table of Markdown.
func cell(text string) string {
	return strings.NewReplacer(`\`, `\\`, "|", "\\|", "<", "&lt;", ">", "&gt;", "\n", " ").Replace(text)
}
