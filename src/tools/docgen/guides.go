// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// sharedParts is what the guides share: everything else in them is their own.
const sharedParts = "src/tools/docgen/guides.md"

// guidePages are the guides that lead through the setup of a provider.
func guidePages(repo string) (list []page) {
	files, _ := filepath.Glob(filepath.Join(repo, "docs/how-to/*.md"))
	for _, file := range files {
		if text, _ := os.ReadFile(file); strings.HasPrefix(string(text), title) {
			path := "docs/how-to/" + filepath.Base(file)
			list = append(list, page{path, func(repo string) (string, error) { return guide(repo, path) }})
		}
	}
	return list
}

const title = "# Sign in with "

// guide fills each block of one guide with the part of its name.
func guide(repo, path string) (string, error) {
	data, err := os.ReadFile(filepath.Join(repo, path))
	if err != nil {
		return "", err
	}
	parts, err := os.ReadFile(filepath.Join(repo, sharedParts))
	if err != nil {
		return "", err
	}
	text := string(data)
	name, _, _ := strings.Cut(strings.TrimPrefix(text, title), "\n")
	if name == "any other provider" {
		name = "the provider"
	}
	filled := 0
	for _, part := range strings.Split(string(parts), "<!-- part: ")[1:] {
		label, content, ok := strings.Cut(part, " -->\n")
		if !ok {
			return "", fmt.Errorf("%s: a part without a name", sharedParts)
		}
		if !strings.Contains(text, "<!-- begin "+label+":") {
			continue
		}
		filled++
		content = strings.ReplaceAll(strings.TrimRight(content, "\n"), "{provider}", name)
		if text, err = block(text, label, content+"\n"); err != nil {
			return "", err
		}
	}
	if blocks := strings.Count(text, "<!-- begin "); blocks != filled {
		return "", fmt.Errorf("%d of its %d blocks are in %s", filled, blocks, sharedParts)
	}
	return text, nil
}
