package repotest

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// callExpr is a call with the questions that rules ask of it.
type callExpr struct{ *ast.CallExpr }

func calls(f *goFile) []callExpr {
	var out []callExpr
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if c, ok := n.(*ast.CallExpr); ok {
			out = append(out, callExpr{c})
		}
		return true
	})
	return out
}

// isFunc tells whether the call is of function name in the package with import
// path ip, under whatever name the file imports it.
func (c callExpr) isFunc(f *goFile, ip, name string) bool {
	sel, ok := c.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && f.imports[id.Name] == ip
}

// method gives the name of the selected function or method, "" for others.
func (c callExpr) method() string {
	if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
		return sel.Sel.Name
	}
	return ""
}

// receiver gives the call whose result this method is called on: in a builder
// chain the step before.
func (c callExpr) receiver() (callExpr, bool) {
	if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
		if r, ok := sel.X.(*ast.CallExpr); ok {
			return callExpr{r}, true
		}
	}
	return callExpr{}, false
}

// checkSleep refuses waiting by the clock in tests and in the test kit:
// time.Sleep, and its disguise, a bare receive from time.After.
func checkSleep(t *Tree) []Finding {
	var out []Finding
	for _, f := range t.goFiles {
		if !f.test && !under(f.dir, "redistest") {
			continue
		}
		found := func(p token.Pos, what string) {
			out = append(out, Finding{Path: f.path, Line: f.line(p), Text: what + ", expected a signal, a settable clock or redistest.Eventually"})
		}
		deadlines := map[ast.Stmt]bool{} // cases of a select, which waits for the others too
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CommClause:
				deadlines[n.Comm] = true
			case *ast.CallExpr:
				if (callExpr{n}).isFunc(f, "time", "Sleep") {
					found(n.Pos(), "time.Sleep")
				}
			case *ast.ExprStmt:
				u, ok := n.X.(*ast.UnaryExpr)
				if !ok || u.Op != token.ARROW || deadlines[n] {
					return true
				}
				if c, ok := u.X.(*ast.CallExpr); ok && (callExpr{c}).isFunc(f, "time", "After") {
					found(n.Pos(), "a bare receive from time.After")
				}
			}
			return true
		})
	}
	return out
}

// checkTestMain wants a leak check in every package that has tests: a TestMain
// that calls goleak or the Main of a package that does, such as redistest.
func checkTestMain(t *Tree) []Finding {
	var out []Finding
	dirs, files := t.packages()
	checkers := t.leakCheckers()
	for _, dir := range dirs {
		tests, checked := false, false
		for _, f := range files[dir] {
			tests = tests || f.test && hasTests(f.ast)
			checked = checked || f.test && leakChecked(f, checkers)
		}
		if tests && !checked {
			out = append(out, Finding{Path: dir, Text: "tests without a leak check, expected a TestMain that calls goleak.VerifyTestMain, redistest.Main or the like"})
		}
	}
	return out
}

func hasTests(f *ast.File) bool {
	return slices.ContainsFunc(f.Decls, func(d ast.Decl) bool {
		fn, ok := d.(*ast.FuncDecl)
		return ok && fn.Recv == nil && fn.Name.Name != "TestMain" && strings.HasPrefix(fn.Name.Name, "Test")
	})
}

func leakChecked(f *goFile, checkers map[string]bool) bool {
	for _, d := range f.ast.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Name.Name != "TestMain" {
			continue
		}
		found := false
		ast.Inspect(fn, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				found = found || checkers[f.calledPackage(c)]
			}
			return true
		})
		return found
	}
	return false
}

const goleak = "go.uber.org/goleak"

// leakCheckers gives the import paths whose call in TestMain is a leak check.
func (t *Tree) leakCheckers() map[string]bool {
	out := map[string]bool{goleak: true}
	for _, f := range t.goFiles {
		if _, uses := f.imports["goleak"]; uses && !f.test {
			out[f.importPath()] = true
		}
	}
	return out
}

// calledPackage gives the import path of the package whose function is called:
// another's, or the file's own.
func (f *goFile) calledPackage(c *ast.CallExpr) string {
	switch fun := c.Fun.(type) {
	case *ast.SelectorExpr:
		if id, ok := fun.X.(*ast.Ident); ok {
			return f.imports[id.Name]
		}
	case *ast.Ident:
		if fun.Name == "Main" {
			return f.importPath()
		}
	}
	return ""
}

// commandsExempt are the folders that implement or time the commands
// themselves.
var commandsExempt = []string{"engine", "bench", "internal/repotest"}

// checkCommands refuses what hurts everybody else on a server: KEYS, FLUSHALL,
// FLUSHDB, and blocking for ever.
func checkCommands(t *Tree) []Finding {
	var out []Finding
	for _, f := range t.goFiles {
		if slices.ContainsFunc(commandsExempt, func(d string) bool { return under(f.dir, d) }) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			var what string
			switch n := n.(type) {
			case *ast.CallExpr:
				what = builderCommand(callExpr{n})
				if what == "" {
					what = literalCommand(n.Args)
				}
			case *ast.CompositeLit:
				what = literalCommand(n.Elts)
			}
			if what != "" {
				out = append(out, Finding{Path: f.path, Line: f.line(endLine(n)), Text: what})
			}
			return true
		})
	}
	return out
}

// endLine is where a builder chain names its last step, so that a waiver can
// stand beside it however the chain is broken into lines.
func endLine(n ast.Node) token.Pos {
	if c, ok := n.(*ast.CallExpr); ok {
		if sel, ok := c.Fun.(*ast.SelectorExpr); ok {
			return sel.Sel.Pos()
		}
	}
	return n.Pos()
}

const (
	wantScan  = "KEYS blocks the server, expected SCAN"
	wantOwn   = " empties a server that others use, expected SCAN and UNLINK of one's own keys"
	wantBound = "blocks without a bound, expected a timeout above 0"
)

// builderCommand judges a step of a rueidis command builder.
func builderCommand(c callExpr) string {
	prev, chained := c.receiver()
	switch c.method() {
	case "Flushall", "Flushdb":
		if len(c.Args) == 0 {
			return strings.ToUpper(c.method()) + wantOwn
		}
	case "Pattern":
		if chained && prev.method() == "Keys" {
			return wantScan
		}
	case "Block", "Timeout":
		if chained && len(c.Args) == 1 && isZero(c.Args[0]) && chainBlocks(prev) {
			return wantBound
		}
	}
	return ""
}

// blockingSteps are the builder methods that open a blocking command.
var blockingSteps = []string{"Xread", "Xreadgroup", "Blpop", "Brpop", "Blmove", "Blmpop", "Brpoplpush", "Bzpopmin", "Bzpopmax", "Bzmpop"}

func chainBlocks(c callExpr) bool {
	for ok := true; ok; c, ok = c.receiver() {
		if slices.Contains(blockingSteps, c.method()) {
			return true
		}
	}
	return false
}

func isZero(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	return ok && (lit.Value == "0" || lit.Value == "0.0")
}

// literalCommand judges a list of arguments or elements that spells a command
// in strings: Arbitrary("KEYS"), exec.Command("redis-cli", "FLUSHALL").
func literalCommand(list []ast.Expr) string {
	for i, e := range list {
		switch s := stringLit(e); {
		case strings.EqualFold(s, "FLUSHALL"), strings.EqualFold(s, "FLUSHDB"):
			return strings.ToUpper(s) + wantOwn
		case s == "KEYS" && (i == 0 || stringLit(list[i-1]) == ""): // else it is a word of MIGRATE or ACL
			return wantScan
		case strings.EqualFold(s, "BLOCK") && i+1 < len(list) && stringLit(list[i+1]) == "0":
			return fmt.Sprintf("%s 0 %s", s, wantBound)
		}
	}
	return ""
}

func stringLit(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value)
	return s
}
