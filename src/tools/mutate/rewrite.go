// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"sort"
	"strings"
)

// helpers is the file that each mutated package gets besides.
const helpers = `package %s

import (
	"os"
	"strconv"
)

var activeMutant = func() int {
	data, _ := os.ReadFile(%q)
	n, _ := strconv.Atoi(string(data))
	return n
}()

func mutant(n int) bool { return n == activeMutant }

func mutantAnd(n int, a bool, b func() bool) bool {
	if mutant(n) {
		return a || b()
	}
	return a && b()
}

func mutantOr(n int, a bool, b func() bool) bool {
	if mutant(n) {
		return a && b()
	}
	return a || b()
}

var _, _, _ = mutant, mutantAnd, mutantOr
`

// mutant is one breakage.
type mutant struct {
	file, function string
	line           int
	kind, code     string
}

func (m mutant) String() string {
	return fmt.Sprintf("%s:%d %s: %s: %s", m.file, m.line, m.function, m.kind, m.code)
}

// key names a mutant independently of the lines above it.
func (m mutant) key() string {
	return fmt.Sprintf("%s %s: %s: %s", m.file, m.function, m.kind, m.code)
}

// rewriter collects what is inserted into a source. Where several things
// begin at one place the outer one, which is visited first, comes first; where
// they end there, last.
type rewriter struct {
	name     string
	source   []byte
	set      *token.FileSet
	next     int
	function string
	before   map[int][]string
	after    map[int][]string
	instead  map[int]edit
	mutants  []mutant
}

type edit struct {
	end  int
	text string
}

// rewrite makes every mutant of a file switchable; the first has number first.
func rewrite(name string, source []byte, first int) ([]byte, []mutant, error) {
	r := &rewriter{name: name, source: source, set: token.NewFileSet(), next: first,
		before: map[int][]string{}, after: map[int][]string{}, instead: map[int]edit{}}
	file, err := parser.ParseFile(r.set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, nil, err
	}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
			r.function = f.Name.Name
			ast.Inspect(f.Body, r.visit)
		}
	}
	return r.text(), r.mutants, nil
}

func (r *rewriter) at(p token.Pos) int { return r.set.Position(p).Offset }

func (r *rewriter) code(n ast.Node) string { return string(r.source[r.at(n.Pos()):r.at(n.End())]) }

// add registers a mutant of node and returns its number.
func (r *rewriter) add(kind string, node ast.Node) int {
	code := strings.Join(strings.Fields(r.code(node)), " ")
	if len(code) > 120 {
		code = code[:120] + "…"
	}
	r.mutants = append(r.mutants, mutant{r.name, r.function, r.set.Position(node.Pos()).Line, kind, code})
	r.next++
	return r.next - 1
}

func (r *rewriter) wrap(node ast.Node, before, after string) {
	start, end := r.at(node.Pos()), r.at(node.End())
	r.before[start] = append(r.before[start], before)
	r.after[end] = append([]string{after}, r.after[end]...)
}

func (r *rewriter) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GenDecl:
		return n.Tok == token.VAR
	case *ast.BlockStmt:
		r.statements(n.List)
	case *ast.CaseClause:
		r.statements(n.Body)
		for _, e := range n.List {
			r.condition(e, "case negated")
		}
	case *ast.IfStmt:
		r.condition(n.Cond, "condition negated")
	case *ast.ReturnStmt:
		for _, e := range n.Results {
			if id, ok := e.(*ast.Ident); ok && (id.Name == "true" || id.Name == "false") {
				r.flip(e, "result negated")
			}
		}
	case *ast.BinaryExpr:
		r.binary(n)
	}
	return true
}

// condition negates what binary does not negate anyway.
func (r *rewriter) condition(e ast.Expr, kind string) {
	switch e := e.(type) {
	case *ast.CallExpr:
		r.flip(e, kind)
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			r.flip(e, kind)
		}
	case *ast.Ident:
		if kind == "condition negated" {
			r.flip(e, kind)
		}
	}
}

func (r *rewriter) flip(e ast.Expr, kind string) {
	r.wrap(e, "((", fmt.Sprintf(") != mutant(%d))", r.add(kind, e)))
}

func (r *rewriter) binary(e *ast.BinaryExpr) {
	switch e.Op {
	case token.LAND, token.LOR:
		helper := map[token.Token]string{token.LAND: "mutantAnd", token.LOR: "mutantOr"}[e.Op]
		kind := map[token.Token]string{token.LAND: "&& becomes ||", token.LOR: "|| becomes &&"}[e.Op]
		n := r.add(kind, e)
		r.wrap(e, fmt.Sprintf("%s(%d, ", helper, n), ") })")
		at := r.at(e.OpPos)
		r.instead[at] = edit{at + 2, ", func() bool { return ("}
	case token.EQL, token.NEQ:
		r.flip(e, "comparison negated")
	case token.LSS, token.GTR, token.LEQ, token.GEQ:
		r.flip(e, "comparison negated")
		x, y := r.code(e.X), r.code(e.Y)
		if e.Op == token.LSS || e.Op == token.GTR {
			n := r.add("boundary included", e)
			r.wrap(e, "(", fmt.Sprintf(" || mutant(%d) && (%s) == (%s))", n, x, y))
		} else {
			n := r.add("boundary excluded", e)
			r.wrap(e, "(", fmt.Sprintf(" && !(mutant(%d) && (%s) == (%s)))", n, x, y))
		}
	}
}

// statements makes each simple statement of a block one that can be left out.
func (r *rewriter) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt, *ast.IncDecStmt:
		case *ast.AssignStmt:
			if id, ok := s.Lhs[0].(*ast.Ident); s.Tok == token.DEFINE || ok && id.Name == "_" {
				continue
			}
		case *ast.BranchStmt:
			if s.Tok != token.CONTINUE && s.Tok != token.BREAK || s.Label != nil {
				continue
			}
		default:
			continue
		}
		r.wrap(s, fmt.Sprintf("if !mutant(%d) { ", r.add("statement left out", s)), " }")
	}
}

// text is the source with everything inserted.
func (r *rewriter) text() []byte {
	places := map[int]bool{}
	for at := range r.before {
		places[at] = true
	}
	for at := range r.after {
		places[at] = true
	}
	for at := range r.instead {
		places[at] = true
	}
	var order []int
	for at := range places {
		order = append(order, at)
	}
	sort.Ints(order)
	var b strings.Builder
	done := 0
	for _, at := range order {
		b.Write(r.source[done:at])
		done = at
		b.WriteString(strings.Join(r.after[at], ""))
		b.WriteString(strings.Join(r.before[at], ""))
		if e, ok := r.instead[at]; ok {
			b.WriteString(e.text)
			done = e.end
		}
	}
	b.Write(r.source[done:])
	return []byte(b.String())
}
