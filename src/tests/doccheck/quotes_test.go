// SPDX-License-Identifier: Apache-2.0

package doccheck

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"luci-sso/internal/fault"
)

// said are the texts in the router's program, those that are put together from
// constants as one.
func said(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	all.WriteString("\n")
	for _, dir := range []string{"src/internal", "src/cmd/luci-sso"} {
		err := filepath.WalkDir(filepath.Join(repo, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(node ast.Node) bool {
				expression, ok := node.(ast.Expr)
				if !ok {
					return true
				}
				if text, ok := constant(expression); ok {
					all.WriteString(text + "\n")
					return false
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// constant is the text of a string literal, or of a sum of them.
func constant(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind == token.STRING {
			text, err := strconv.Unquote(e.Value)
			return text, err == nil
		}
	case *ast.BinaryExpr:
		left, ok := constant(e.X)
		if !ok || e.Op != token.ADD {
			return "", false
		}
		right, ok := constant(e.Y)
		return left + right, ok
	}
	return "", false
}

// values are what stands between the program's own words in a quoted line.
var values = regexp.MustCompile(`"[^"]*"|\buci set \S+|\b[0-9a-f]{8}\b|\b\d+(\.\d+){3}\b|\bby (email|group|sub)\b|\bclient_id\b|…`)

// stands reports whether the program says a text: in one constant, or where two
// meet, the first one's end and the next one's beginning.
func stands(words, text string) bool {
	if strings.Contains(words, text) {
		return true
	}
	for at := range text {
		if at > 0 && text[at-1] == ' ' && strings.Contains(words, text[:at]+"\n") && strings.Contains(words, "\n"+text[at:]) {
			return true
		}
	}
	return false
}

// TestQuotedLines: what the documents quote from the log is what the program
// says there.
func TestQuotedLines(t *testing.T) {
	t.Parallel()
	words := said(t)
	line := regexp.MustCompile(`^luci-sso\[\d+\]: (.*)$`)
	outcome := regexp.MustCompile(`^\[(\d{3})\] ([A-Z_]+)$`)
	row := regexp.MustCompile("^\\| (?:`([A-Z_]+)`|…)")
	quote := regexp.MustCompile(`“([^”]+)”`)
	lines, quotes := 0, 0
	fits := func(text string) string {
		for _, part := range values.Split(text, -1) {
			if part = strings.Trim(part, " ,;"); len(part) > 2 && !stands(words, part) {
				return part
			}
		}
		return ""
	}
	for _, page := range pages(t) {
		code := ""
		for n, text := range strings.Split(read(t, page), "\n") {
			if m := line.FindStringSubmatch(text); m != nil {
				lines++
				if found := outcome.FindStringSubmatch(m[1]); found != nil {
					// A cause is logged with the status of its outcome.
					if !slices.ContainsFunc(fault.Catalogue(), func(e fault.Entry) bool { return string(e.Code) == found[2] }) {
						t.Errorf("%s:%d: there is no code %s", page, n+1, found[2])
					}
				} else if part := fits(m[1]); part != "" {
					t.Errorf("%s:%d: the program says nothing like %q", page, n+1, part)
				}
			}
			m := row.FindStringSubmatch(text)
			if m == nil {
				continue
			}
			if m[1] != "" {
				code = m[1]
			}
			// These two repeat the provider's words.
			if !strings.Contains(page, "how-to") || code == string(fault.IdPError) || code == string(fault.TokenExchangeFailed) {
				continue
			}
			for _, q := range quote.FindAllStringSubmatch(text, -1) {
				quotes++
				if part := fits(q[1]); part != "" {
					t.Errorf("%s:%d: the program says nothing like %q", page, n+1, part)
				}
			}
		}
	}
	if lines < 15 || quotes < 10 {
		t.Errorf("only %d lines and %d quotes were found", lines, quotes)
	}
}
