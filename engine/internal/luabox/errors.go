package luabox

import (
	"errors"
	"reflect"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// where is the position of the function that called this Go function, as messages begin with it; empty if that is no
// Lua function.
func where(L *lua.LState) string {
	w := L.Where(1)
	if w == "" || strings.HasPrefix(w, "[G]") {
		return ""
	}
	return w + " "
}

// raise ends the script, or the pcall around it, with a message.
func raise(L *lua.LState, text string) { L.Error(lua.LString(where(L)+text), 0) }

// Raise ends the script with a table that has the message in its field err, as redis.call does.
func Raise(L *lua.LState, t *lua.LTable) { L.Error(t, 0) }

func argError(L *lua.LState, n int, fn, text string) {
	if where(L) == "" {
		fn = "?" // no Lua function called it by a name
	}
	raise(L, "bad argument #"+strconv.Itoa(n)+" to '"+fn+"' ("+text+")")
}

// typeName is the name of the n-th argument's type.
func typeName(L *lua.LState, n int) string {
	if n > L.GetTop() {
		return "no value"
	}
	return L.Get(n).Type().String()
}

func typeError(L *lua.LState, n int, fn, want string) {
	argError(L, n, fn, want+" expected, got "+typeName(L, n))
}

func checkString(L *lua.LState, n int, fn string) string {
	switch v := L.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return formatNumber(v)
	}
	typeError(L, n, fn, "string")
	return ""
}

func checkNumber(L *lua.LState, n int, fn string) float64 {
	f, ok := toNumber(L.Get(n))
	if !ok {
		typeError(L, n, fn, "number")
	}
	return f
}

// checkInt reads an integer as lua_Integer has it: what is behind the point is cut off.
func checkInt(L *lua.LState, n int, fn string) int {
	if v, ok := L.Get(n).(lua.LNumber); ok && v > -1e15 && v < 1e15 {
		return int(v)
	}
	return int(ToInt(checkNumber(L, n, fn)))
}

func optInt(L *lua.LState, n int, fn string, otherwise int) int {
	if L.Get(n) == lua.LNil {
		return otherwise
	}
	return checkInt(L, n, fn)
}

func checkTable(L *lua.LState, n int, fn string) *lua.LTable {
	t, ok := L.Get(n).(*lua.LTable)
	if !ok {
		typeError(L, n, fn, "table")
	}
	return t
}

func checkAny(L *lua.LState, n int, fn string) lua.LValue {
	if n > L.GetTop() {
		argError(L, n, fn, "value expected")
	}
	return L.Get(n)
}

// arithmetic are the events of numbers. A string that looks like a number counts as one.
var arithmetic = map[string]int{"__add": lua.OP_ADD, "__sub": lua.OP_SUB, "__mul": lua.OP_MUL, "__div": lua.OP_DIV, "__mod": lua.OP_MOD, "__pow": lua.OP_POW}

// setTypeErrors gives the types of Lua that have no methods a metatable whose functions raise Redis's errors:
// gopher-lua's own have other words, and it reads numbers in strings as Go does.
func (b *Box) setTypeErrors() {
	L := b.L
	index := L.NewFunction(func(L *lua.LState) int {
		raise(L, "attempt to index "+b.subject(L, L.Get(1), partObject))
		return 0
	})
	call := L.NewFunction(func(L *lua.LState) int {
		raise(L, "attempt to call "+b.subject(L, L.Get(1), partCalled))
		return 0
	})
	length := L.NewFunction(func(L *lua.LState) int {
		raise(L, "attempt to get length of "+b.subject(L, L.Get(1), partB))
		return 0
	})
	minus := L.NewFunction(func(L *lua.LState) int {
		f, ok := toNumber(L.Get(1))
		if !ok {
			raise(L, "attempt to perform arithmetic on "+b.subject(L, L.Get(1), partB))
		}
		L.Push(lua.LNumber(-f))
		return 1
	})
	text, _ := L.GetMetatable(lua.LString("")).(*lua.LTable)
	for _, v := range []lua.LValue{lua.LNil, lua.LTrue, lua.LNumber(0), lua.LString(""), index, b.L} {
		meta := text
		if v.Type() != lua.LTString {
			meta = L.NewTable()
			meta.RawSetString("__index", index)
			meta.RawSetString("__newindex", index)
		} else {
			meta.RawSetString("__newindex", index)
		}
		if v.Type() != lua.LTFunction {
			meta.RawSetString("__call", call)
		}
		if v.Type() != lua.LTString {
			meta.RawSetString("__len", length)
		}
		meta.RawSetString("__unm", minus)
		for _, event := range sortedNames(arithmetic) {
			meta.RawSetString(event, L.NewFunction(b.arith(event, arithmetic[event])))
		}
		L.SetMetatable(v, meta)
	}
}

// arith calculates with what is no pair of numbers, or raises an error.
func (b *Box) arith(event string, op int) lua.LGFunction {
	return func(L *lua.LState) int {
		x, ok1 := toNumber(L.Get(1))
		y, ok2 := toNumber(L.Get(2))
		if !ok1 || !ok2 {
			// The first operand brought this function; the second may have one of its own.
			if f := L.GetMetaField(L.Get(2), event); f != lua.LNil && L.Get(2).Type() == lua.LTTable {
				L.Insert(f, 1)
				b.call(L, 2, 1)
				return 1
			}
			culprit, part := L.Get(2), partC
			if _, number := L.Get(2).(lua.LNumber); number || !ok1 {
				culprit, part = L.Get(1), partB
			}
			raise(L, "attempt to perform arithmetic on "+b.subject(L, culprit, part))
		}
		L.Push(lua.LNumber(calculate(op, x, y)))
		return 1
	}
}

// Parts of an instruction in which the culprit of an error stands.
const (
	partObject = iota // of an index
	partCalled
	partB
	partC
	partArgument // and what comes behind it: the n-th argument of a call
)

// subject describes the value that an operation failed on: "local 'x' (a nil value)".
func (b *Box) subject(L *lua.LState, v lua.LValue, part int) string {
	if kind, name := b.nameOf(L, part); name != "" {
		return kind + " '" + name + "' (a " + v.Type().String() + " value)"
	}
	return "a " + v.Type().String() + " value"
}

// nameOf tells what the program calls the value in a part of the instruction that runs. The place is no public part of
// gopher-lua: if a later version has it elsewhere, messages lack the name.
func (b *Box) nameOf(L *lua.LState, part int) (kind, name string) {
	defer func() {
		if recover() != nil {
			kind, name = "", ""
		}
	}()
	dbg, ok := L.GetStack(1)
	if !ok {
		return "", ""
	}
	v, err := L.GetInfo("f", dbg, lua.LNil)
	fn, ok := v.(*lua.LFunction)
	if err != nil || !ok || fn.IsG {
		return "", ""
	}
	pc := int(reflect.ValueOf(dbg).Elem().FieldByName("frame").Elem().FieldByName("Pc").Int()) - 1
	i := instruction(fn.Proto.Code[pc])
	reg := -1
	switch op := i.op(); {
	case op == lua.OP_GETTABLE || op == lua.OP_GETTABLEKS || op == lua.OP_SELF:
		if part == partObject {
			reg = i.b()
		}
	case op == lua.OP_SETTABLE || op == lua.OP_SETTABLEKS:
		if part == partObject {
			reg = i.a()
		}
	case op == lua.OP_CALL || op == lua.OP_TAILCALL:
		if part == partCalled {
			reg = i.a()
		}
		if part >= partArgument {
			reg = i.a() + 1 + part - partArgument
		}
	case part == partB:
		reg = i.b()
	case part == partC:
		reg = i.c()
	}
	if reg < 0 || reg&constantBit != 0 {
		return "", ""
	}
	return registerName(fn.Proto, pc, reg)
}

// instruction is one of gopher-lua's virtual machine, which has Lua 5.1's with the fields in another order.
type instruction uint32

const constantBit = 1 << 8

func (i instruction) op() int { return int(i >> 26) }
func (i instruction) a() int  { return int(i>>18) & 0xff }
func (i instruction) b() int  { return int(i & 0x1ff) }
func (i instruction) c() int  { return int(i>>9) & 0x1ff }
func (i instruction) bx() int { return int(i & 0x3ffff) }

// registerName tells where the value of a register came from, by the last instruction before pc that set it.
func registerName(p *lua.FunctionProto, pc, reg int) (kind, name string) {
	if local, ok := localName(p, reg, pc); ok {
		return "local", local
	}
	for pc--; pc >= 0; pc-- {
		i := instruction(p.Code[pc])
		switch op := i.op(); {
		case op == lua.OP_CALL && i.a() <= reg:
			return "", ""
		case op == lua.OP_MOVEN && i.a() == reg, op == lua.OP_MOVE && i.a() == reg:
			if local, ok := localName(p, i.b(), pc); ok {
				return "local", local
			}
			return "", ""
		case i.a() != reg:
		case op == lua.OP_GETUPVAL:
			if name := p.DbgUpvalues[i.b()]; strings.Contains(name, ".") {
				_, field, _ := strings.Cut(name, ".")
				return "field", field
			} else if fixed[name] {
				return "global", name
			}
			return "upvalue", p.DbgUpvalues[i.b()]
		case op == lua.OP_GETGLOBAL:
			return "global", p.Constants[i.bx()].String()
		case op == lua.OP_GETTABLE, op == lua.OP_GETTABLEKS:
			return constantName(p, "field", i.c())
		case op == lua.OP_SELF:
			return constantName(p, "method", i.c())
		case op != lua.OP_JMP && op != lua.OP_TEST && op != lua.OP_SETTABLE && op != lua.OP_SETTABLEKS && op != lua.OP_EQ && op != lua.OP_LT && op != lua.OP_LE && op != lua.OP_SETGLOBAL && op != lua.OP_SETUPVAL:
			return "", ""
		}
	}
	return "", ""
}

// localName is the local variable that a register holds at an instruction.
func localName(p *lua.FunctionProto, reg, pc int) (string, bool) {
	for _, l := range p.DbgLocals {
		if l.StartPc <= pc && pc < l.EndPc {
			if reg == 0 {
				return l.Name, true
			}
			reg--
		}
	}
	return "", false
}

func constantName(p *lua.FunctionProto, kind string, c int) (string, string) {
	if c&constantBit != 0 {
		if s, ok := p.Constants[c&^constantBit].(lua.LString); ok {
			return kind, string(s)
		}
	}
	return kind, "?"
}

// translations turn messages of gopher-lua into those of Lua 5.1. The first part is what a message ends with.
var translations = [][2]string{
	{"for statement init must be a number", "'for' initial value must be a number"},
	{"for statement limit must be a number", "'for' limit must be a number"},
	{"for statement step must be a number", "'for' step must be a number"},
	{"attempt to call a non-function object", "attempt to call a table value"},
	{"registry overflow", "stack overflow"},
	{"__unm undefined", "attempt to perform arithmetic on a table value"},
	{"can not yield from outside of a coroutine", "attempt to yield across metamethod/C-call boundary"},
}

// translate gives a message the words of Lua 5.1.
func translate(text string) string {
	for _, t := range translations {
		if s, ok := strings.CutSuffix(text, t[0]); ok {
			return strings.TrimPrefix(s, " ") + t[1]
		}
	}
	if at := strings.LastIndex(text, "attempt to compare "); at >= 0 {
		x, y, ok := strings.Cut(text[at+len("attempt to compare "):], " with ")
		if ok && x == y {
			return text[:at] + "attempt to compare two " + x + " values"
		}
	}
	if at := strings.LastIndex(text, "cannot perform "); at >= 0 {
		if _, _, ok := strings.Cut(text[at:], " operation between "); ok {
			return text[:at] + "attempt to perform arithmetic on a table value"
		}
	}
	return text
}

// object is the Lua value of an error.
func object(err error) lua.LValue {
	var e *lua.ApiError
	if !errors.As(err, &e) || e.Object == nil {
		return lua.LString(err.Error())
	}
	if s, ok := e.Object.(lua.LString); ok {
		return lua.LString(translate(string(s)))
	}
	return e.Object
}

// enter calls a function with its arguments, and has errors in it noted: gopher-lua's own way to throw one writes down
// the whole stack, which takes seconds where it is deep.
func (b *Box) enter(L *lua.LState) int {
	L.Panic = b.throw
	L.Call(L.GetTop()-1, lua.MultRet)
	return L.GetTop()
}

// throw throws what lies on the stack, and notes the line.
func (b *Box) throw(L *lua.LState) {
	b.line = 0
	for level := range 4 {
		parts := strings.Split(L.Where(level), ":")
		if len(parts) >= 2 && !strings.HasPrefix(parts[0], "[G]") {
			b.line, _ = strconv.Atoi(parts[len(parts)-2])
			break
		}
	}
	panic(&lua.ApiError{Type: lua.ApiErrorRun, Object: L.Get(-1), StackTrace: "-"})
}

// failure makes an Error of what ended a script.
func (b *Box) failure(err error) *Error {
	var e *lua.ApiError
	if errors.As(err, &e) && e.Type == lua.ApiErrorPanic {
		b.panicked = true
	}
	v := object(err)
	if t, ok := v.(*lua.LTable); ok {
		text, ok := t.RawGetString("err").(lua.LString)
		if !ok {
			return &Error{Text: "ERR unknown error", Line: b.line}
		}
		return &Error{Text: string(text), Line: b.line, Counted: lua.LVAsBool(t.RawGetString("ignore_error_stats_update"))}
	}
	return &Error{Text: "ERR " + Text(v), Line: b.line}
}
