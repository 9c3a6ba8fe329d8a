package luabox

import (
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// Program is a compiled script. It belongs to no state.
type Program struct {
	proto *lua.FunctionProto
	free  []string // the globals it uses, which are parameters of the outermost function
	whole bool     // it may look at KEYS and ARGV among the globals
}

// concatName is the function that puts strings together: gopher-lua writes numbers in other forms than Lua 5.1, and
// offers no place to change it.
const concatName = "\x00concat"

// unusedCall is the function that stands for redis.call where its result is not used. A script cannot name it.
const unusedCall = "\x00call"

const (
	maxSyntax = 5000 // levels of a syntax tree
	maxFree   = 50   // globals that become upvalues
)

// Compile compiles a script. The error's text is what Redis puts after "Error compiling script (new function): ".
func Compile(source string) (*Program, error) { return compile(source, scriptName) }

func compile(source, name string) (p *Program, err error) {
	defer func() {
		// gopher-lua panics on programs that are too large for its instructions.
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("%s:1: %v", name, r)
		}
	}()
	if strings.HasPrefix(source, "#") {
		return nil, fmt.Errorf("%s:1: unexpected symbol near '#'", name)
	}
	chunk, err := parse.Parse(strings.NewReader(source), name)
	if err != nil {
		return nil, syntaxError(err, source, name)
	}
	s := scan{declared: map[string]bool{}, assigned: map[string]bool{}}
	s.statements(chunk)
	if s.fault != "" {
		return nil, fmt.Errorf("%s:%d: %s", name, s.line, s.fault)
	}
	r := &rewriter{scan: &s, used: map[string]bool{}}
	r.statements(chunk)
	body := &ast.FunctionExpr{ParList: &ast.ParList{HasVargs: true}, Stmts: chunk}
	body.SetLine(1)
	body.SetLastLine(max(lastLine(source), 1))
	ret := &ast.ReturnStmt{Exprs: []ast.Expr{body}}
	ret.SetLine(1)
	outer := []ast.Stmt{ret}
	if len(r.free) > 0 {
		rest := &ast.Comma3Expr{}
		rest.SetLine(1)
		local := &ast.LocalAssignStmt{Names: r.free, Exprs: []ast.Expr{rest}}
		local.SetLine(1)
		outer = []ast.Stmt{local, ret}
	}
	proto, err := lua.Compile(outer, name)
	if err != nil {
		return nil, compileError(err, name)
	}
	return &Program{proto: proto, free: r.free, whole: r.whole}, nil
}

func lastLine(source string) int { return strings.Count(source, "\n") + 1 }

func syntaxError(err error, source, name string) error {
	e, ok := err.(*parse.Error) //nolint:errorlint // what Parse returns
	if !ok {
		return fmt.Errorf("%s:1: %w", name, err)
	}
	line, token := e.Pos.Line, e.Token
	if line == parse.EOF || token == "" || token == "EOF" {
		line, token = lastLine(source), "<eof>"
	}
	text := "unexpected symbol"
	switch {
	case strings.Contains(e.Message, "unterminated string"):
		text = "unfinished string"
	case strings.Contains(e.Message, "multiline"):
		text = "unfinished long string"
	case !strings.Contains(e.Message, "syntax error"):
		text = strings.ToLower(e.Message)
	}
	return fmt.Errorf("%s:%d: %s near '%s'", name, line, text, token)
}

func compileError(err error, name string) error {
	if e, ok := err.(*lua.CompileError); ok { //nolint:errorlint // what Compile returns
		text := e.Message
		if strings.HasPrefix(text, "no loop to break") {
			text += " near '<eof>'"
		}
		return fmt.Errorf("%s:%d: %s", name, e.Line, text)
	}
	return fmt.Errorf("%s:1: %w", name, err)
}

// scan collects the names that a program gives itself: they stand for no global wherever they appear, which is more
// than needed and always right. It refuses what is nested too deep for what comes after.
type scan struct {
	declared, assigned map[string]bool
	depth              int
	line               int
	fault              string
}

func (s *scan) enter(line int) bool {
	if s.depth++; s.depth > maxSyntax && s.fault == "" {
		s.line, s.fault = line, "chunk has too many syntax levels"
	}
	return s.fault == ""
}

func (s *scan) declare(names ...string) {
	for _, n := range names {
		s.declared[n] = true
	}
}

func (s *scan) statements(list []ast.Stmt) {
	for _, st := range list {
		s.statement(st)
	}
}

func (s *scan) statement(st ast.Stmt) {
	if !s.enter(st.Line()) {
		return
	}
	defer func() { s.depth-- }()
	switch st := st.(type) {
	case *ast.AssignStmt:
		for _, e := range st.Lhs {
			if id, ok := e.(*ast.IdentExpr); ok {
				s.assigned[id.Value] = true
			}
		}
	case *ast.LocalAssignStmt:
		s.declare(st.Names...)
	case *ast.NumberForStmt:
		s.declare(st.Name)
	case *ast.GenericForStmt:
		s.declare(st.Names...)
	case *ast.FuncDefStmt:
		if id, ok := st.Name.Func.(*ast.IdentExpr); ok && st.Name.Receiver == nil {
			s.assigned[id.Value] = true
		}
	}
	visit(st, s.expression, s.statements)
}

func (s *scan) expression(e ast.Expr) ast.Expr {
	if e == nil || !s.enter(e.Line()) {
		return e
	}
	defer func() { s.depth-- }()
	switch e := e.(type) {
	case *ast.FunctionExpr:
		s.declare(e.ParList.Names...)
		s.declare("arg")
	case *ast.NumberExpr:
		n, ok := parseNumber(e.Value)
		if !ok {
			s.line, s.fault = e.Line(), "malformed number near '"+e.Value+"'"
		}
		e.Value = strconv.FormatFloat(n, 'g', -1, 64)
	}
	visitParts(e, s.expression, s.statements)
	return e
}

// rewriter puts concat in the place of "..", and upvalues in the place of globals.
type rewriter struct {
	*scan
	used  map[string]bool
	free  []string
	whole bool
}

func (r *rewriter) statements(list []ast.Stmt) {
	for _, st := range list {
		if call, ok := st.(*ast.FuncCallStmt); ok {
			r.unused(call.Expr)
		}
		visit(st, r.expression, r.statements)
	}
}

// global reports whether a name stands for the global of that name and can be held in an upvalue.
func (r *rewriter) global(name string) bool {
	return !r.declared[name] && !r.assigned[name] && fixed[name]
}

func (r *rewriter) free1(name string, at ast.Expr) (ast.Expr, bool) {
	if !r.used[name] {
		if len(r.free) >= maxFree && name != concatName {
			return at, false
		}
		r.used[name] = true
		r.free = append(r.free, name)
	}
	id := &ast.IdentExpr{Value: name}
	id.SetLine(at.Line())
	id.SetLastLine(at.LastLine())
	return id, true
}

func (r *rewriter) expression(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case nil:
		return e
	case *ast.IdentExpr:
		if r.global(e.Value) {
			id, held := r.free1(e.Value, e)
			r.whole = r.whole || !held || byName[e.Value]
			return id
		}
		r.whole = r.whole || !r.declared[e.Value]
		return e
	case *ast.AttrGetExpr:
		object, ok1 := e.Object.(*ast.IdentExpr)
		key, ok2 := e.Key.(*ast.StringExpr)
		if ok1 && ok2 && r.global(object.Value) && members[object.Value][key.Value] {
			if id, ok := r.free1(object.Value+"."+key.Value, e); ok {
				return id
			}
		}
	case *ast.StringConcatOpExpr:
		return r.concat(e)
	}
	visitParts(e, r.expression, r.statements)
	return e
}

// unused has redis.call make no Lua value of a reply that nobody takes.
func (r *rewriter) unused(e ast.Expr) {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok {
		return
	}
	if f, ok := call.Func.(*ast.AttrGetExpr); ok {
		object, ok1 := f.Object.(*ast.IdentExpr)
		key, ok2 := f.Key.(*ast.StringExpr)
		if ok1 && ok2 && object.Value == "redis" && key.Value == "call" && r.global(object.Value) {
			key.Value = unusedCall
		}
	}
}

// concat makes a call of a chain of "..".
func (r *rewriter) concat(e *ast.StringConcatOpExpr) ast.Expr {
	const most = 40 // arguments of a call, each has a register
	var parts []ast.Expr
	var rest ast.Expr = e
	for {
		c, ok := rest.(*ast.StringConcatOpExpr)
		if !ok || len(parts) == most {
			break
		}
		parts = append(parts, r.expression(c.Lhs))
		rest = c.Rhs
	}
	last := r.expression(rest)
	switch l := last.(type) {
	case *ast.FuncCallExpr:
		l.AdjustRet = true
	case *ast.Comma3Expr:
		l.AdjustRet = true
	}
	fn, _ := r.free1(concatName, e)
	call := &ast.FuncCallExpr{Func: fn, Args: append(parts, last), AdjustRet: true}
	call.SetLine(e.Line())
	call.SetLastLine(e.LastLine())
	return call
}
