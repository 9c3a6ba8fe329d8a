package luabox

import (
	"sort"

	lua "github.com/yuin/gopher-lua"
)

func (b *Box) openTables() {
	b.Library("table", map[string]lua.LGFunction{
		"concat": b.tableConcat, "insert": b.tableInsert, "remove": b.tableRemove, "sort": b.tableSort, "maxn": b.tableMaxN,
		"getn": func(L *lua.LState) int {
			L.Push(lua.LNumber(b.content(checkTable(L, 1, "getn")).Len()))
			return 1
		},
		"setn": func(L *lua.LState) int {
			checkTable(L, 1, "setn")
			raise(L, "'setn' is obsolete")
			return 0
		},
		"foreach":  b.tableForEach,
		"foreachi": b.tableForEachI,
	}, nil)
}

func (b *Box) tableConcat(L *lua.LState) int {
	t := checkTable(L, 1, "concat")
	between := ""
	if L.Get(2) != lua.LNil {
		between = checkString(L, 2, "concat")
	}
	from, to := optInt(L, 3, "concat", 1), t.Len()
	if L.Get(4) != lua.LNil {
		to = checkInt(L, 4, "concat")
	}
	var out []byte
	for i := from; i <= to; i++ {
		switch v := t.RawGetInt(i).(type) {
		case lua.LString:
			out = append(out, v...)
		case lua.LNumber:
			out = AppendNumber(out, float64(v))
		default:
			raise(L, "invalid value ("+v.Type().String()+") at index "+formatNumber(lua.LNumber(i))+" in table for 'concat'")
		}
		if i < to {
			out = append(out, between...)
		}
		if len(out) > maxString {
			raise(L, "not enough memory")
		}
	}
	L.Push(lua.LString(out))
	return 1
}

func (b *Box) tableInsert(L *lua.LState) int {
	t := checkTable(L, 1, "insert")
	b.readOnly(L, t)
	size := t.Len() + 1
	switch L.GetTop() {
	case 2:
		t.RawSetInt(size, L.Get(2))
	case 3:
		at := checkInt(L, 2, "insert")
		for i := max(size, at); i > at; i-- {
			t.RawSetInt(i, t.RawGetInt(i-1))
		}
		t.RawSetInt(at, L.Get(3))
	default:
		raise(L, "wrong number of arguments to 'insert'")
	}
	return 0
}

func (b *Box) tableRemove(L *lua.LState) int {
	t := checkTable(L, 1, "remove") // one that scripts must not change looks empty
	size := t.Len()
	at := optInt(L, 2, "remove", size)
	if at < 1 || at > size {
		return 0
	}
	L.Push(t.RawGetInt(at))
	for ; at < size; at++ {
		t.RawSetInt(at, t.RawGetInt(at+1))
	}
	t.RawSetInt(size, lua.LNil)
	return 1
}

// sorting is a table that is put into order.
type sorting struct {
	b    *Box
	L    *lua.LState
	t    *lua.LTable
	size int
	less *lua.LFunction
}

func (s *sorting) Len() int { return s.size }
func (s *sorting) Swap(i, j int) {
	x, y := s.t.RawGetInt(i+1), s.t.RawGetInt(j+1)
	s.t.RawSetInt(i+1, y)
	s.t.RawSetInt(j+1, x)
}

func (s *sorting) Less(i, j int) bool {
	x, y := s.t.RawGetInt(i+1), s.t.RawGetInt(j+1)
	if s.less == nil {
		if x.Type() != y.Type() || x.Type() != lua.LTNumber && x.Type() != lua.LTString && x.Type() != lua.LTTable {
			s.L.Error(lua.LString(compareText(x, y)), 0)
		}
		return s.L.LessThan(x, y)
	}
	s.L.Push(s.less)
	s.L.Push(x)
	s.L.Push(y)
	s.b.call(s.L, 2, 1)
	less := lua.LVAsBool(s.L.Get(-1))
	s.L.Pop(1)
	return less
}

func compareText(x, y lua.LValue) string {
	if x.Type() == y.Type() {
		return "attempt to compare two " + x.Type().String() + " values"
	}
	return "attempt to compare " + x.Type().String() + " with " + y.Type().String()
}

func (b *Box) tableSort(L *lua.LState) int {
	s := &sorting{b: b, L: L, t: checkTable(L, 1, "sort")}
	if L.Get(2) != lua.LNil {
		var ok bool
		if s.less, ok = L.Get(2).(*lua.LFunction); !ok {
			typeError(L, 2, "sort", "function")
		}
	}
	s.size = s.t.Len()
	sort.Sort(s)
	return 0
}

func (b *Box) tableMaxN(L *lua.LState) int {
	most := 0.0
	b.content(checkTable(L, 1, "maxn")).ForEach(func(k, _ lua.LValue) {
		if n, ok := k.(lua.LNumber); ok {
			most = max(most, float64(n))
		}
	})
	L.Push(lua.LNumber(most))
	return 1
}

func (b *Box) tableForEach(L *lua.LState) int {
	t := b.content(checkTable(L, 1, "foreach"))
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		if b.visitor(L, "foreach", key, value) {
			return 1
		}
	}
	return 0
}

func (b *Box) tableForEachI(L *lua.LState) int {
	t := checkTable(L, 1, "foreachi")
	for i := 1; i <= t.Len(); i++ {
		if b.visitor(L, "foreachi", lua.LNumber(i), t.RawGetInt(i)) {
			return 1
		}
	}
	return 0
}

// visitor calls the function given with a pair; true if it has a result, which is left on the stack.
func (b *Box) visitor(L *lua.LState, fn string, key, value lua.LValue) bool {
	f, ok := L.Get(2).(*lua.LFunction)
	if !ok {
		typeError(L, 2, fn, "function")
	}
	L.Push(f)
	L.Push(key)
	L.Push(value)
	b.call(L, 2, 1)
	if L.Get(-1) != lua.LNil {
		return true
	}
	L.Pop(1)
	return false
}
