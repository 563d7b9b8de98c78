// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// How long a comparison of secrets takes must not tell how much of them is
// right. A stopwatch cannot prove that, but the sources can: every comparison
// goes through Equal, and Equal through crypto/subtle. This test reads them.

// must are the comparisons that admit somebody, and what they call.
var must = []struct{ dir, function, call string }{
	{"secret", "Equal", "ConstantTimeCompare"},
	{"login", "own", "Equal"},
	{"oidc", "checkNonce", "Equal"},
	{"app", "ownSession", "Equal"},
}

func TestSecretsAreComparedInConstantTime(t *testing.T) {
	t.Parallel()
	files := sources(t)
	for _, m := range must {
		var function *ast.FuncDecl
		for name, file := range files {
			if f := findFunction(file, m.function); f != nil && strings.HasPrefix(name, m.dir+"/") {
				function = f
			}
		}
		if function == nil {
			t.Errorf("package %s has no function %s: say here where its comparison went", m.dir, m.function)
		} else if !calls(function, m.call) {
			t.Errorf("%s in package %s does not call %s: compare secrets with secret.Value.Equal", m.function, m.dir, m.call)
		}
	}
	for name, file := range files {
		for _, place := range variableTime(file) {
			t.Errorf("%s:%d compares the content of a secret, and takes longer the more of it is right: use secret.Value.Equal", name, place.Line)
		}
	}
}

// The reader itself must see what it is there for.
func TestVariableTimeIsFound(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`return v.Reveal() == w`:                       1,
		`return w != string(v.Reveal())`:               1,
		`x := v.Reveal(); return x == w`:               1,
		`return strings.EqualFold(v.Reveal(), w)`:      1,
		`return bytes.Equal([]byte(v.Reveal()), w)`:    1,
		`switch v.Reveal() { case w: return true }`:    1,
		`return v == w`:                                1,
		`return len(v.Reveal()) == 3`:                  0,
		`return v.Reveal() == ""`:                      0,
		`return v.Equal(w)`:                            0,
		`return handle(v.Reveal()) == "x"`:             0,
		`m := map[string]bool{}; return m[v.Reveal()]`: 1,
	} {
		source := "package p\nfunc f(v, w secret.Value) bool {\n" + body + "\n}"
		file, err := parser.ParseFile(fileSet, "", source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(variableTime(file)); got != want {
			t.Errorf("%s: %d findings, want %d", body, got, want)
		}
	}
}

var fileSet = token.NewFileSet()

// sources parses every file of the packages beside this one and of the
// router's command, except tests and the lab.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, top := range []string{"..", "../../cmd/luci-sso"} {
		err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "lab" || entry.Name() == "testdata"):
				return filepath.SkipDir
			case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(fileSet, path, nil, 0)
			files[strings.TrimPrefix(filepath.ToSlash(path), "../")] = file
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(files) < 30 {
		t.Fatalf("only %d files were found: the test looks in the wrong place", len(files))
	}
	return files
}

func findFunction(file *ast.File, name string) *ast.FuncDecl {
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == name {
			return f
		}
	}
	return nil
}

func calls(node ast.Node, name string) (found bool) {
	ast.Inspect(node, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			found = found || calledName(call) == name
		}
		return true
	})
	return found
}

func calledName(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		return f.Sel.Name
	case *ast.Ident:
		return f.Name
	}
	return ""
}

// comparing are functions that end at the first difference.
var comparing = map[string]bool{"EqualFold": true, "Compare": true, "HasPrefix": true, "HasSuffix": true, "Contains": true,
	"Index": true, "DeepEqual": true, "bytes.Equal": true, "slices.Equal": true}

// variableTime finds comparisons of a secret's content that take a different
// time for a different content. Calls of functions other than string and
// []byte end the content: a hash of a secret may be compared.
func variableTime(file *ast.File) []token.Position {
	var places []token.Position
	for _, decl := range file.Decls {
		function, ok := decl.(*ast.FuncDecl)
		if !ok || function.Body == nil {
			continue
		}
		values, contents := secretNames(function)
		add := func(n ast.Node) { places = append(places, fileSet.Position(n.Pos())) }
		isContent := func(e ast.Expr) bool { return content(e, contents) || isValue(e, values) }
		ast.Inspect(function.Body, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if (n.Op == token.EQL || n.Op == token.NEQ) && (isContent(n.X) || isContent(n.Y)) && !empty(n.X) && !empty(n.Y) {
					add(n)
				}
			case *ast.SwitchStmt:
				if n.Tag != nil && isContent(n.Tag) {
					add(n)
				}
			case *ast.IndexExpr:
				if content(n.Index, contents) {
					add(n)
				}
			case *ast.CallExpr:
				name := calledName(n)
				if selector, ok := n.Fun.(*ast.SelectorExpr); ok && name == "Equal" {
					if pkg, ok := selector.X.(*ast.Ident); ok {
						name = pkg.Name + ".Equal"
					}
				}
				for _, argument := range n.Args {
					if comparing[name] && isContent(argument) {
						add(n)
						break
					}
				}
			}
			return true
		})
	}
	return places
}

// secretNames are the function's variables that are secrets, and those that
// got the content of one.
func secretNames(function *ast.FuncDecl) (values, contents map[string]bool) {
	values, contents = map[string]bool{}, map[string]bool{}
	if function.Type.Params != nil {
		for _, field := range function.Type.Params.List {
			if selector, ok := field.Type.(*ast.SelectorExpr); ok && selector.Sel.Name == "Value" {
				if pkg, ok := selector.X.(*ast.Ident); ok && pkg.Name == "secret" {
					for _, name := range field.Names {
						values[name.Name] = true
					}
				}
			}
		}
	}
	ast.Inspect(function.Body, func(n ast.Node) bool {
		if assign, ok := n.(*ast.AssignStmt); ok && len(assign.Lhs) == len(assign.Rhs) {
			for i, right := range assign.Rhs {
				if name, ok := assign.Lhs[i].(*ast.Ident); ok && content(right, contents) {
					contents[name.Name] = true
				}
			}
		}
		return true
	})
	return values, contents
}

func isValue(e ast.Expr, values map[string]bool) bool {
	name, ok := e.(*ast.Ident)
	return ok && values[name.Name]
}

// content reports whether an expression is a secret's content, converted or
// put together, but not passed through a function.
func content(e ast.Expr, contents map[string]bool) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return contents[e.Name]
	case *ast.ParenExpr:
		return content(e.X, contents)
	case *ast.BinaryExpr:
		return e.Op == token.ADD && (content(e.X, contents) || content(e.Y, contents))
	case *ast.SliceExpr:
		return content(e.X, contents)
	case *ast.CallExpr:
		if calledName(e) == "Reveal" {
			return true
		}
		switch f := e.Fun.(type) {
		case *ast.ArrayType:
			return content(e.Args[0], contents)
		case *ast.Ident:
			return f.Name == "string" && content(e.Args[0], contents)
		}
	}
	return false
}

func empty(e ast.Expr) bool {
	literal, ok := e.(*ast.BasicLit)
	return ok && literal.Value == `""`
}
