// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumentationIsCurrent: what is generated is up to date, and no page
// names a code, a cookie or a limit that is not the program's.
func TestDocumentationIsCurrent(t *testing.T) {
	t.Parallel()
	repo, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range run(repo, true) {
		t.Error(problem)
	}
}

// TestScanFindsDrift: the check sees what it is for.
func TestScanFindsDrift(t *testing.T) {
	t.Parallel()
	repo, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	other := t.TempDir()
	for _, dir := range []string{"docs", "src/internal/app"} {
		if err := os.MkdirAll(filepath.Join(other, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	source, err := os.ReadFile(filepath.Join(repo, "src/internal/app/cookies.go"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "src/internal/app/cookies.go"), source, 0o644); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"It logs `STATE_FORGOTTEN`.":                     "STATE_FORGOTTEN is no code",
		"It logs `[500] NO_SUCH_CODE`.":                  "NO_SUCH_CODE is no code",
		"The cookie `__Host-luci_sso_handshake` is set.": "no cookie of the program",
		"The query string may have 8192 bytes.":          "states 8192",
		"At most 200 query parameters.":                  "states 200",
		"60 requests per 60-second window":               "states 60",
		"A response over 512 KB is refused.":             "states 512",
		"ID tokens over 32 KB are refused.":              "states 32",
	} {
		if err := os.WriteFile(filepath.Join(other, "docs", "x.md"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if found := strings.Join(scan(other), "\n"); !strings.Contains(found, want) {
			t.Errorf("%q: found %q, expected %q", text, found, want)
		}
	}
	right := "`APP_URL`, `[401] NONCE_MISMATCH`, `__Host-luci_sso_state`, `sysauth_https`, 50 requests per 60-second window, the query string has 16 384 bytes, a response of 256 KB, 100 cookies"
	if err := os.WriteFile(filepath.Join(other, "docs", "x.md"), []byte(right), 0o644); err != nil {
		t.Fatal(err)
	}
	if found := scan(other); len(found) > 0 {
		t.Errorf("what is right is reported: %q", found)
	}
}

// TestGuidesShareInBlocks: a paragraph that several guides have is written
// once, and a block without a part is noticed.
func TestGuidesShareInBlocks(t *testing.T) {
	t.Parallel()
	repo, err := repository()
	if err != nil {
		t.Fatal(err)
	}
	guides := guidePages(repo)
	if len(guides) < 13 {
		t.Fatalf("only %d guides were found", len(guides))
	}
	in := map[string][]string{}
	for _, g := range guides {
		data, err := os.ReadFile(filepath.Join(repo, g.path))
		if err != nil {
			t.Fatal(err)
		}
		for own := string(data); own != ""; {
			before, rest, _ := strings.Cut(own, "<!-- begin ")
			_, own, _ = strings.Cut(rest, "<!-- end -->\n")
			for _, paragraph := range strings.Split(before, "\n\n") {
				if len(paragraph) > 100 && !strings.HasPrefix(paragraph, "```") {
					in[paragraph] = append(in[paragraph], g.path)
				}
			}
		}
	}
	for paragraph, pages := range in {
		if len(pages) > 2 {
			t.Errorf("written by hand in %v: a part of %s is the place for\n%s", pages, sharedParts, paragraph)
		}
	}

	other := t.TempDir()
	for file, text := range map[string]string{
		sharedParts:        "<!-- part: one -->\nSign in at {provider}.\n",
		"docs/how-to/a.md": title + "A\n\n<!-- begin one: made by scripts/generate-docs -->\nold\n<!-- end -->\nmine\n",
		"docs/how-to/b.md": title + "B\n\n<!-- begin two: made by scripts/generate-docs -->\n<!-- end -->\n",
	} {
		path := filepath.Join(other, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := guide(other, "docs/how-to/a.md"); err != nil || !strings.Contains(text, "-->\nSign in at A.\n<!-- end -->\nmine\n") {
		t.Errorf("filled in: %q, %v", text, err)
	}
	if _, err := guide(other, "docs/how-to/b.md"); err == nil {
		t.Error("a block without a part is filled in silence")
	}
}
