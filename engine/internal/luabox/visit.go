package luabox

import "github.com/yuin/gopher-lua/ast"

// expressions replaces each expression of a list by what f makes of it.
func expressions(list []ast.Expr, f func(ast.Expr) ast.Expr) {
	for i, e := range list {
		list[i] = f(e)
	}
}

// visit replaces the expressions of a statement by what f makes of them, and hands the lists of statements in it to g.
func visit(st ast.Stmt, f func(ast.Expr) ast.Expr, g func([]ast.Stmt)) {
	switch st := st.(type) {
	case *ast.AssignStmt:
		expressions(st.Lhs, f)
		expressions(st.Rhs, f)
	case *ast.LocalAssignStmt:
		expressions(st.Exprs, f)
	case *ast.FuncCallStmt:
		st.Expr = f(st.Expr)
	case *ast.DoBlockStmt:
		g(st.Stmts)
	case *ast.WhileStmt:
		st.Condition = f(st.Condition)
		g(st.Stmts)
	case *ast.RepeatStmt:
		g(st.Stmts)
		st.Condition = f(st.Condition)
	case *ast.IfStmt:
		st.Condition = f(st.Condition)
		g(st.Then)
		g(st.Else)
	case *ast.NumberForStmt:
		st.Init, st.Limit = f(st.Init), f(st.Limit)
		if st.Step != nil {
			st.Step = f(st.Step)
		}
		g(st.Stmts)
	case *ast.GenericForStmt:
		expressions(st.Exprs, f)
		g(st.Stmts)
	case *ast.FuncDefStmt:
		if st.Name.Func != nil {
			st.Name.Func = f(st.Name.Func)
		}
		if st.Name.Receiver != nil {
			st.Name.Receiver = f(st.Name.Receiver)
		}
		f(st.Func)
	case *ast.ReturnStmt:
		expressions(st.Exprs, f)
	}
}

// visitParts does the same for the parts of an expression.
func visitParts(e ast.Expr, f func(ast.Expr) ast.Expr, g func([]ast.Stmt)) {
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		e.Object, e.Key = f(e.Object), f(e.Key)
	case *ast.TableExpr:
		for _, field := range e.Fields {
			if field.Key != nil {
				field.Key = f(field.Key)
			}
			field.Value = f(field.Value)
		}
	case *ast.FuncCallExpr:
		if e.Func != nil {
			e.Func = f(e.Func)
		}
		if e.Receiver != nil {
			e.Receiver = f(e.Receiver)
		}
		expressions(e.Args, f)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = f(e.Lhs), f(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = f(e.Lhs), f(e.Rhs)
	case *ast.StringConcatOpExpr:
		e.Lhs, e.Rhs = f(e.Lhs), f(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = f(e.Lhs), f(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = f(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = f(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = f(e.Expr)
	case *ast.FunctionExpr:
		g(e.Stmts)
	}
}
