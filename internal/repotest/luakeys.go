package repotest

import (
	"reflect"

	"github.com/yuin/gopher-lua/ast"
)

// luaScript is what the key rule needs to know of a parsed script. Names are
// taken for the whole script, without scopes: a name that is foreign anywhere
// is foreign everywhere, which errs on the strict side.
type luaScript struct {
	idents  []*ast.IdentExpr
	calls   []*ast.FuncCallExpr
	gotos   []*ast.GotoStmt
	foreign map[string]string // variable to why it is no key
}

// newLuaScript walks the script and finds the variables whose value does not
// come from KEYS: those that hold something of ARGV or of a reply. The walk is
// repeated until no more are found, as they are assigned to each other.
func newLuaScript(chunk []ast.Stmt) *luaScript {
	s := &luaScript{foreign: map[string]string{}}
	var binds []luaBind
	walkLua(reflect.ValueOf(chunk), func(n any) {
		switch n := n.(type) {
		case *ast.IdentExpr:
			s.idents = append(s.idents, n)
		case *ast.FuncCallExpr:
			s.calls = append(s.calls, n)
		case *ast.GotoStmt:
			s.gotos = append(s.gotos, n)
		case *ast.LocalAssignStmt:
			binds = append(binds, bindAll(n.Names, n.Exprs)...)
		case *ast.AssignStmt:
			binds = append(binds, bindAll(identNames(n.Lhs), n.Rhs)...)
		case *ast.GenericForStmt:
			binds = append(binds, bindAll(n.Names, n.Exprs)...)
		}
	})
	binds = append(binds, s.parameters(chunk)...)
	for changed := true; changed; {
		changed = false
		for _, b := range binds {
			if why := s.origin(b.expr); why != "" && s.foreign[b.name] == "" {
				s.foreign[b.name] = why
				changed = true
			}
		}
	}
	return s
}

// luaBind is a value that a name may take.
type luaBind struct {
	name string
	expr ast.Expr
}

// bindAll pairs names with expressions; the last expression may give several
// values, so it stands for all names that are left.
func bindAll(names []string, exprs []ast.Expr) []luaBind {
	var out []luaBind
	for i, name := range names {
		if len(exprs) > 0 {
			out = append(out, luaBind{name, exprs[min(i, len(exprs)-1)]})
		}
	}
	return out
}

func identNames(exprs []ast.Expr) []string {
	out := make([]string, len(exprs))
	for i, e := range exprs {
		switch e := e.(type) {
		case *ast.IdentExpr:
			out[i] = e.Value
		case *ast.AttrGetExpr: // t[i] = v: the table holds v from here on
			if id, ok := e.Object.(*ast.IdentExpr); ok {
				out[i] = id.Value
			}
		}
	}
	return out
}

// parameters binds the parameters of the script's own functions to the
// arguments of their calls.
func (s *luaScript) parameters(chunk []ast.Stmt) []luaBind {
	params := map[string][]string{}
	walkLua(reflect.ValueOf(chunk), func(n any) {
		switch n := n.(type) {
		case *ast.LocalAssignStmt:
			for i, e := range n.Exprs {
				if fn, ok := e.(*ast.FunctionExpr); ok && i < len(n.Names) {
					params[n.Names[i]] = fn.ParList.Names
				}
			}
		case *ast.FuncDefStmt:
			if id, ok := n.Name.Func.(*ast.IdentExpr); ok {
				params[id.Value] = n.Func.ParList.Names
			}
		}
	})
	var out []luaBind
	for _, c := range s.calls {
		id, ok := c.Func.(*ast.IdentExpr)
		if !ok {
			continue
		}
		for i, name := range params[id.Value] {
			if i < len(c.Args) {
				out = append(out, luaBind{name, c.Args[i]})
			}
		}
	}
	return out
}

// badKey says why an expression is no key that the caller declared; "" if it
// is one.
func (s *luaScript) badKey(e ast.Expr) string {
	switch e.(type) {
	case *ast.StringConcatOpExpr:
		return "is put together in the script"
	case *ast.StringExpr, *ast.NumberExpr:
		return "is a literal"
	}
	return s.origin(e)
}

// origin says where a value comes from if that is not KEYS; "" for KEYS, and
// for what has no bearing on keys, such as numbers.
func (s *luaScript) origin(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.IdentExpr:
		if e.Value == "ARGV" {
			return "comes from ARGV"
		}
		return s.foreign[e.Value]
	case *ast.AttrGetExpr:
		return s.origin(e.Object) // KEYS[tonumber(ARGV[1])] is one of KEYS
	case *ast.StringConcatOpExpr:
		return "is put together in the script"
	case *ast.LogicalOpExpr:
		if why := s.origin(e.Lhs); why != "" {
			return why
		}
		return s.origin(e.Rhs)
	case *ast.FuncCallExpr:
		if _, _, ok := redisCommand(e); ok {
			return "comes from a reply"
		}
		for _, a := range e.Args {
			if why := s.origin(a); why != "" {
				return why
			}
		}
	case *ast.TableExpr:
		for _, f := range e.Fields {
			if why := s.origin(f.Value); why != "" {
				return why
			}
		}
	}
	return ""
}

// walkLua calls visit for every node, in the order of the source. The parser
// has no walker of its own; its nodes are plain structs, so reflection does.
func walkLua(v reflect.Value, visit func(any)) {
	switch v.Kind() {
	case reflect.Interface:
		walkLua(v.Elem(), visit)
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Interface())
			walkLua(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walkLua(v.Index(i), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				walkLua(v.Field(i), visit)
			}
		}
	default: // names, numbers and flags hold no nodes
	}
}
