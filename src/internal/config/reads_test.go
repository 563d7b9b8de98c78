// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// accessors are the methods that read an option by its name, and the kinds
// that each is for.
var accessors = map[string][]Kind{
	"(*luci-sso/internal/config.Config).Text":    {Choice, URL, QueryURL, Path, Text},
	"(*luci-sso/internal/config.Config).On":      {Flag},
	"(*luci-sso/internal/config.Config).Number":  {Number},
	"(*luci-sso/internal/config.Config).Seconds": {Number},
	"(*luci-sso/internal/config.Config).List":    {List},
}

// sectionGet reads a flag in this package before there is a Config.
const sectionGet = "(*luci-sso/internal/uci.Section).Get"

// TestOptionsAreReadByTheirRows: every name that the program hands to an
// accessor has a row of a kind that the accessor is for, and every row is read.
func TestOptionsAreReadByTheirRows(t *testing.T) {
	t.Parallel()
	read := map[string]bool{}
	for _, call := range callsIn(t, "luci-sso/cmd/luci-sso") {
		kinds, ok := accessors[call.method]
		switch {
		case !ok && (call.method != sectionGet || call.in != "luci-sso/internal/config"):
			continue
		case call.name == "" && call.in == "luci-sso/internal/config":
			continue // One accessor calls another.
		case call.name == "":
			t.Errorf("%s: the name of an option has to stand here itself", call.at)
			continue
		}
		switch row, found := LookupOption(call.name); {
		case !found:
			t.Errorf("%s: no row has the name %q", call.at, call.name)
		case ok && !slices.Contains(kinds, row.Kind):
			t.Errorf("%s: option %s is of another kind", call.at, call.name)
		}
		read[call.name] = true
	}
	for _, o := range Options {
		if !read[o.Name] && o.Kind != Secret { // That has a field.
			t.Errorf("nothing reads option %s", o.Name)
		}
	}
}

// TestNoRow: a name that no row has is no empty value.
func TestNoRow(t *testing.T) {
	t.Parallel()
	for what, read := range map[string]func(*Config){
		"a text": func(c *Config) { c.Text("scopes") }, "a flag": func(c *Config) { c.On("") }, "a list": func(c *Config) { c.List("hosts") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s of that name is read", what)
				}
			}()
			read(&Config{})
		}()
	}
}

// call is a call of a method with one text; name is "" unless that stands there.
type call struct{ method, name, in, at string }

// callsIn finds them in a program and what it is linked with of this tree.
func callsIn(t *testing.T, program string) (calls []call) {
	t.Helper()
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export", program)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	type listed struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
	}
	exports := map[string]string{}
	var packages []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, "luci-sso/") {
			packages = append(packages, p)
		}
	}
	files := token.NewFileSet()
	settings := types.Config{Importer: importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(exports[path])
	})}
	for _, p := range packages {
		var parsed []*ast.File
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			parsed = append(parsed, file)
		}
		info := types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}
		if _, err := settings.Check(p.ImportPath, files, parsed, &info); err != nil {
			t.Fatal(err)
		}
		for _, file := range parsed {
			ast.Inspect(file, func(n ast.Node) bool {
				expression, ok := n.(*ast.CallExpr)
				if !ok || len(expression.Args) != 1 {
					return true
				}
				selector, ok := expression.Fun.(*ast.SelectorExpr)
				if !ok || info.Selections[selector] == nil {
					return true
				}
				method, _ := info.Selections[selector].Obj().(*types.Func)
				if method == nil {
					return true
				}
				found := call{method: method.FullName(), in: p.ImportPath, at: files.Position(n.Pos()).String()}
				if literal, ok := expression.Args[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
					found.name, _ = strconv.Unquote(literal.Value)
				}
				calls = append(calls, found)
				return true
			})
		}
	}
	return calls
}
