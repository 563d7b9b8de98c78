// SPDX-License-Identifier: Apache-2.0

package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEverySentenceIsSaid: one that nobody says is translated for nothing.
func TestEverySentenceIsSaid(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	for _, dir := range []string{"..", "../../cmd"} {
		if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			said.Write(text)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	file, err := parser.ParseFile(token.NewFileSet(), "words.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	sentences := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		for _, name := range spec.Names {
			sentences++
			if !regexp.MustCompile(`\bwords\.` + name.Name + `\b`).MatchString(said.String()) {
				t.Errorf("nothing says %s", name.Name)
			}
		}
		return false
	})
	if sentences < 100 {
		t.Errorf("only %d sentences were found", sentences)
	}
}
