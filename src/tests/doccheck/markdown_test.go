// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repo is the top of the repository, seen from this package.
const repo = "../../.."

func read(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repo, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pages are the Markdown files of the documentation, relative to the top.
func pages(t testing.TB) []string {
	t.Helper()
	list := []string{"README.md", "CONTRIBUTING.md"}
	err := filepath.WalkDir(filepath.Join(repo, "docs"), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".md") {
			name, _ := filepath.Rel(repo, path)
			list = append(list, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// fences returns the fenced blocks of a language, without their indentation.
func fences(text, language string) []string {
	var blocks []string
	var block []string
	indent, inside, wanted := "", false, false
	for _, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimLeft(line, " ")
		switch {
		case !inside && strings.HasPrefix(trimmed, "```"):
			inside, wanted, block = true, strings.TrimSpace(trimmed[3:]) == language, nil
			indent = line[:len(line)-len(trimmed)]
		case inside && strings.HasPrefix(trimmed, "```"):
			if wanted {
				blocks = append(blocks, strings.Join(block, "\n")+"\n")
			}
			inside = false
		case inside:
			block = append(block, strings.TrimPrefix(line, indent))
		}
	}
	return blocks
}

// table returns the rows of the tables whose first header is given, cell by
// cell and without the header.
func table(text, firstHeader string) [][]string {
	var rows [][]string
	inside := false
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			inside = false
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case cells[0] == firstHeader:
			inside = true
		case inside && !strings.HasPrefix(cells[0], "---"):
			rows = append(rows, cells)
		}
	}
	return rows
}

// code is the text within the first pair of backquotes, if there is one.
func code(cell string) (string, bool) {
	_, rest, found := strings.Cut(cell, "`")
	text, _, closed := strings.Cut(rest, "`")
	return text, found && closed
}

// codes are all such texts of a cell.
func codes(cell string) []string {
	var list []string
	for i, part := range strings.Split(cell, "`") {
		if i%2 == 1 {
			list = append(list, part)
		}
	}
	return list
}
