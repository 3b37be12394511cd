package script

import (
	"fmt"
	"math/big"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// The interpreter counts steps, and a step of its own can make anything: "x" * 1000000000 is one. So every expression that can
// make something larger than what is there is turned into a call of a guard, which counts before it works: see guard.go. The
// names of guards are no names that a script can write.

// A rewriter turns a script into one that is guarded. Its first error stays.
type rewriter struct {
	err  error
	keys *keys // that the script writes down
}

func (r *rewriter) fail(at syntax.Position, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("line %d: %s", at.Line, fmt.Sprintf(format, args...))
	}
}

func (r *rewriter) statements(list []syntax.Stmt) {
	for _, s := range list {
		r.statement(s)
	}
}

func (r *rewriter) statement(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.AssignStmt:
		r.assignment(s)
	case *syntax.DefStmt:
		r.parameters(s.Params)
		r.statements(s.Body)
	case *syntax.ExprStmt:
		s.X = r.expr(s.X)
	case *syntax.ForStmt:
		s.Vars, s.X = r.target(s.Vars), r.expr(s.X)
		r.statements(s.Body)
	case *syntax.IfStmt:
		s.Cond = r.expr(s.Cond)
		r.statements(s.True)
		r.statements(s.False)
	case *syntax.ReturnStmt:
		s.Result = r.expr(s.Result)
	case *syntax.LoadStmt:
		r.fail(s.Load, "load: a script stands alone")
	case *syntax.BranchStmt:
	default:
		start, _ := s.Span()
		r.fail(start, "a statement that scripts do not have")
	}
}

// assignment guards x = y, and makes of x += y an assignment of what a guard returns.
func (r *rewriter) assignment(s *syntax.AssignStmt) {
	if s.Op == syntax.EQ {
		s.LHS, s.RHS = r.target(s.LHS), r.expr(s.RHS)
		return
	}
	value := r.again(s.LHS)
	if value == nil {
		r.fail(s.OpPos, "the left side of %s is neither a name nor an element by a name, a number or a text; use two statements", s.Op)
		return
	}
	operator := (s.Op - syntax.PLUS_EQ + syntax.PLUS).String() + "="
	s.RHS = guardCall(operator, s.OpPos, r.expr(value), r.expr(s.RHS))
	s.LHS, s.Op = r.target(s.LHS), syntax.EQ
}

// again copies an expression that means the same when it is evaluated twice; nil if it may not.
func (r *rewriter) again(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.Ident:
		return &syntax.Ident{NamePos: e.NamePos, Name: e.Name}
	case *syntax.Literal:
		return e
	case *syntax.IndexExpr:
		x, y := r.again(e.X), r.again(e.Y)
		if x == nil || y == nil {
			return nil
		}
		return &syntax.IndexExpr{X: x, Lbrack: e.Lbrack, Y: y, Rbrack: e.Rbrack}
	}
	return nil
}

// target guards what stands on the left of an assignment.
func (r *rewriter) target(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.IndexExpr:
		e.X, e.Y = r.expr(e.X), r.key(e.Y)
	case *syntax.DotExpr:
		r.fail(e.Dot, "no value has a field that can be set; use a dict")
	case *syntax.ParenExpr:
		e.X = r.target(e.X)
	case *syntax.TupleExpr:
		r.each(e.List, r.target)
	case *syntax.ListExpr:
		r.each(e.List, r.target)
	}
	return e
}

func (r *rewriter) each(list []syntax.Expr, rewrite func(syntax.Expr) syntax.Expr) {
	for i := range list {
		list[i] = rewrite(list[i])
	}
}

// parameters guards the default values of parameters.
func (r *rewriter) parameters(list []syntax.Expr) {
	for _, p := range list {
		if p, ok := p.(*syntax.BinaryExpr); ok {
			p.Y = r.expr(p.Y)
		}
	}
}

// expr guards an expression; nil, which is nothing, stays.
func (r *rewriter) expr(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.BinaryExpr:
		e.X, e.Y = r.expr(e.X), r.expr(e.Y)
		if e.Op != syntax.AND && e.Op != syntax.OR {
			return guardCall(e.Op.String(), e.OpPos, e.X, e.Y)
		}
	case *syntax.CallExpr:
		e.Fn = r.expr(e.Fn)
		r.each(e.Args, r.argument)
	case *syntax.Comprehension:
		r.comprehension(e)
	case *syntax.CondExpr:
		e.Cond, e.True, e.False = r.expr(e.Cond), r.expr(e.True), r.expr(e.False)
	case *syntax.DictEntry:
		e.Key, e.Value = r.key(e.Key), r.expr(e.Value)
	case *syntax.DictExpr:
		r.each(e.List, r.expr)
	case *syntax.DotExpr:
		name := &syntax.Literal{Token: syntax.STRING, TokenPos: e.NamePos, Raw: e.Name.Name, Value: e.Name.Name}
		return guardCall(guardAttr, e.Dot, r.expr(e.X), name)
	case *syntax.IndexExpr:
		e.X, e.Y = r.expr(e.X), r.key(e.Y)
	case *syntax.LambdaExpr:
		r.parameters(e.Params)
		e.Body = r.expr(e.Body)
	case *syntax.ListExpr:
		r.each(e.List, r.expr)
	case *syntax.ParenExpr:
		e.X = r.expr(e.X)
	case *syntax.SliceExpr:
		e.X = guardCall(guardSlice, e.Lbrack, r.expr(e.X))
		e.Lo, e.Hi, e.Step = r.expr(e.Lo), r.expr(e.Hi), r.expr(e.Step)
	case *syntax.TupleExpr:
		r.each(e.List, r.expr)
	case *syntax.UnaryExpr:
		e.X = r.expr(e.X)
	}
	return e
}

func (r *rewriter) comprehension(e *syntax.Comprehension) {
	for _, c := range e.Clauses {
		switch c := c.(type) {
		case *syntax.ForClause:
			c.Vars, c.X = r.target(c.Vars), r.expr(c.X)
		case *syntax.IfClause:
			c.Cond = r.expr(c.Cond)
		}
	}
	e.Body = r.expr(e.Body)
}

// argument guards an argument of a call: x, name=x, *x or **x.
func (r *rewriter) argument(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.BinaryExpr:
		if e.Op == syntax.EQ {
			e.Y = r.expr(e.Y)
			return e
		}
	case *syntax.UnaryExpr:
		if e.Op == syntax.STAR || e.Op == syntax.STARSTAR {
			e.X = guardCall(guardSpread, e.OpPos, r.expr(e.X))
			return e
		}
	}
	return r.expr(e)
}

// key guards what is hashed: tuples of tuples of one tuple are small in memory and take forever to hash.
func (r *rewriter) key(e syntax.Expr) syntax.Expr {
	if literal, ok := e.(*syntax.Literal); ok {
		r.literal(literal)
		return literal
	}
	start, _ := e.Span()
	return guardCall(guardKey, start, r.expr(e))
}

// literal counts a key that is there before the script runs.
func (r *rewriter) literal(e *syntax.Literal) {
	var v starlark.Value
	switch value := e.Value.(type) {
	case string:
		v = starlark.String(value)
	case int64:
		v = starlark.MakeInt64(value)
	case *big.Int:
		v = starlark.MakeBigInt(value)
	default:
		return
	}
	if r.keys == nil {
		r.keys = newKeys()
	}
	if r.keys.count(v) >= maxWritten/32 {
		r.fail(e.TokenPos, "%d keys or more that are alike to a dict, as %s; use others", maxWritten, e.Raw)
	}
}

// guardCall is the call of a guard.
func guardCall(name string, at syntax.Position, args ...syntax.Expr) syntax.Expr {
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: at, Name: name}, Lparen: at, Args: args, Rparen: at}
}
