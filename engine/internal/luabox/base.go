package luabox

import (
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func (b *Box) openBase() {
	g := b.globals
	g.RawSetString("_G", b.env)
	g.RawSetString("_VERSION", lua.LString("Lua 5.1"))
	functions := map[string]lua.LGFunction{
		"assert": luaAssert, "collectgarbage": luaCollect, "error": luaError, "gcinfo": luaGCInfo, "getmetatable": b.getMetatable, "load": b.load,
		"loadstring": b.loadString, "pcall": b.pcall, "xpcall": b.xpcall, "rawequal": luaRawEqual, "rawget": b.rawGet, "rawset": b.rawSet, "select": luaSelect,
		"setmetatable": b.setMetatable, "tonumber": luaToNumber, "tostring": luaToString, "type": luaType, "unpack": luaUnpack,
		"next":                  b.next,
		"__redis__err__handler": func(L *lua.LState) int { return L.GetTop() },
	}
	for _, name := range sortedNames(functions) {
		g.RawSetString(name, b.L.NewFunction(functions[name]))
	}
	b.concatenate = b.L.NewFunction(b.concat)
	step := b.L.NewFunction(ipairsStep)
	g.RawSetString("ipairs", b.L.NewFunction(func(L *lua.LState) int {
		t := checkTable(L, 1, "ipairs")
		L.Push(step)
		L.Push(t)
		L.Push(lua.LNumber(0))
		return 3
	}))
	next := g.RawGetString("next")
	g.RawSetString("pairs", b.L.NewFunction(func(L *lua.LState) int {
		t := checkTable(L, 1, "pairs")
		L.Push(next)
		L.Push(t)
		L.Push(lua.LNil)
		return 3
	}))
}

// content is the table that is to be read in the place of one that scripts must not change.
func (b *Box) content(t *lua.LTable) *lua.LTable {
	if real, ok := b.real[t]; ok {
		return real
	}
	return t
}

func (b *Box) readOnly(L *lua.LState, t *lua.LTable) {
	if _, ok := b.real[t]; ok {
		L.Error(lua.LString(errReadOnly), 0)
	}
}

func luaAssert(L *lua.LState) int {
	if v := checkAny(L, 1, "assert"); lua.LVAsBool(v) {
		return L.GetTop()
	}
	text := "assertion failed!"
	if L.Get(2) != lua.LNil {
		text = checkString(L, 2, "assert")
	}
	raise(L, text)
	return 0
}

// luaCollect does nothing: Go's collector needs no orders.
func luaCollect(L *lua.LState) int {
	option := "collect"
	if L.Get(1) != lua.LNil {
		option = checkString(L, 1, "collectgarbage")
	}
	switch option {
	case "collect", "stop", "restart":
		L.Push(lua.LNumber(0))
	case "setpause", "setstepmul":
		L.Push(lua.LNumber(200))
	case "count":
		L.Push(lua.LNumber(64))
	case "step":
		L.Push(lua.LFalse)
	default:
		argError(L, 1, "collectgarbage", "invalid option '"+option+"'")
	}
	return 1
}

func luaGCInfo(L *lua.LState) int {
	L.Push(lua.LNumber(64))
	return 1
}

func luaError(L *lua.LState) int {
	v := L.Get(1)
	level := optInt(L, 2, "error", 1)
	if s, ok := v.(lua.LString); ok && level > 0 {
		w := L.Where(level)
		if w != "" && !strings.HasPrefix(w, "[G]") {
			v = lua.LString(w + " " + string(s))
		}
	}
	if n, ok := v.(lua.LNumber); ok {
		v = lua.LString(formatNumber(n))
		if w := where(L); level == 1 {
			v = lua.LString(w + formatNumber(n))
		}
	}
	L.Error(v, 0)
	return 0
}

func (b *Box) getMetatable(L *lua.LState) int {
	v := checkAny(L, 1, "getmetatable")
	switch v.(type) {
	case *lua.LTable, lua.LString, *lua.LUserData:
		t, _ := v.(*lua.LTable)
		switch {
		case t == b.env:
			L.Push(b.globalMeta)
		case t != nil && b.real[t] != nil:
			L.Push(lua.LNil)
		case v.Type() == lua.LTString:
			L.Push(b.stringMeta)
		default:
			L.Push(L.GetMetatable(v))
		}
	default:
		L.Push(lua.LNil) // those of other types are there for their error texts
	}
	return 1
}

func (b *Box) setMetatable(L *lua.LState) int {
	t := checkTable(L, 1, "setmetatable")
	meta := L.Get(2)
	if m, ok := meta.(*lua.LTable); !ok && (meta != lua.LNil || L.GetTop() < 2) {
		argError(L, 2, "setmetatable", "nil or table expected")
	} else if ok {
		meta = b.content(m)
	}
	b.readOnly(L, t)
	if old, ok := t.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		raise(L, "cannot change a protected metatable")
	}
	t.Metatable = meta
	L.SetTop(1)
	return 1
}

// chunk compiles for load and loadstring.
func (b *Box) chunk(L *lua.LState, source, name string) int {
	p, err := compile(source, chunkName(name))
	if err == nil {
		var fn *lua.LFunction
		if fn, err = b.link(p); err == nil {
			L.Push(fn)
			return 1
		}
	}
	L.Push(lua.LNil)
	L.Push(lua.LString(err.Error()))
	return 2
}

// chunkName is how messages name a chunk.
func chunkName(name string) string {
	const most = 60
	if strings.HasPrefix(name, "=") || strings.HasPrefix(name, "@") {
		return name[1:min(len(name), most)]
	}
	line, _, cut := strings.Cut(name, "\n")
	if limit := most - len(`[string "..."]`) - 1; cut || len(line) > limit {
		line = line[:min(len(line), limit)] + "..."
	}
	return `[string "` + line + `"]`
}

func (b *Box) loadString(L *lua.LState) int {
	source := checkString(L, 1, "loadstring")
	name := source
	if L.Get(2) != lua.LNil {
		name = checkString(L, 2, "loadstring")
	}
	return b.chunk(L, source, name)
}

func (b *Box) load(L *lua.LState) int {
	fn, ok := L.Get(1).(*lua.LFunction)
	if !ok {
		typeError(L, 1, "load", "function")
	}
	name := "=(load)"
	if L.Get(2) != lua.LNil {
		name = checkString(L, 2, "load")
	}
	var source strings.Builder
	for {
		L.Push(fn)
		b.call(L, 0, 1)
		piece := L.Get(-1)
		L.Pop(1)
		if s, ok := piece.(lua.LString); piece == lua.LNil || ok && s == "" {
			break
		} else if !ok {
			L.Push(lua.LNil)
			L.Push(lua.LString("reader function must return a string"))
			return 2
		} else if source.WriteString(string(s)); source.Len() > maxString {
			raise(L, "not enough memory")
		}
	}
	return b.chunk(L, source.String(), name)
}

// call calls from Go, up to a depth.
func (b *Box) call(L *lua.LState, args, results int) {
	b.down(L)
	L.Call(args, results)
	b.depth--
}

func (b *Box) down(L *lua.LState) {
	if b.depth++; b.depth > maxNested {
		b.depth--
		L.Error(lua.LString("C stack overflow"), 0)
	}
}

// protected calls what lies on the stack and returns the error's value. A script that has to end is not held up.
func (b *Box) protected(L *lua.LState, args int) (lua.LValue, bool) {
	depth := b.depth
	if b.depth >= maxNested {
		return lua.LString("C stack overflow"), false
	}
	b.depth++
	L.Insert(b.inside, L.GetTop()-args)
	err := L.PCall(args+1, lua.MultRet, nil)
	b.depth = depth
	if b.clock.err != nil {
		L.Error(lua.LString(b.clock.err.Error()), 0)
	}
	if err != nil {
		return object(err), false
	}
	return nil, true
}

func (b *Box) pcall(L *lua.LState) int {
	if L.GetTop() == 0 {
		L.Push(lua.LFalse)
		L.Push(lua.LString("attempt to call a boolean value"))
		return 2
	}
	if fn := L.Get(1); fn.Type() != lua.LTFunction {
		if meta, ok := fn.(*lua.LTable); !ok || L.GetMetaField(meta, "__call") == lua.LNil {
			L.Push(lua.LFalse)
			L.Push(lua.LString("attempt to call a " + fn.Type().String() + " value"))
			return 2
		}
	}
	v, ok := b.protected(L, L.GetTop()-1)
	if ok {
		L.Insert(lua.LTrue, 1)
		return L.GetTop()
	}
	if t, isTable := v.(*lua.LTable); isTable {
		// The error of a command is a table; those who ask are given its message.
		if text := t.RawGetString("err"); text.Type() == lua.LTString {
			v = text
		}
	}
	L.Push(lua.LFalse)
	L.Push(v)
	return 2
}

func (b *Box) xpcall(L *lua.LState) int {
	if L.GetTop() < 2 {
		argError(L, 2, "xpcall", "value expected")
	}
	handler := L.Get(2)
	L.SetTop(1)
	v, ok := b.protected(L, 0)
	if ok {
		L.Insert(lua.LTrue, 1)
		return L.GetTop()
	}
	L.SetTop(0)
	L.Push(handler)
	L.Push(v)
	if _, ok := b.protected(L, 1); !ok {
		L.SetTop(0)
		L.Push(lua.LString("error in error handling"))
	}
	L.SetTop(1)
	L.Insert(lua.LFalse, 1)
	return 2
}

func luaRawEqual(L *lua.LState) int {
	L.Push(lua.LBool(L.RawEqual(checkAny(L, 1, "rawequal"), checkAny(L, 2, "rawequal"))))
	return 1
}

func (b *Box) rawGet(L *lua.LState) int {
	t := checkTable(L, 1, "rawget")
	L.Push(b.content(t).RawGet(checkAny(L, 2, "rawget")))
	return 1
}

func (b *Box) rawSet(L *lua.LState) int {
	t := checkTable(L, 1, "rawset")
	key, value := checkAny(L, 2, "rawset"), checkAny(L, 3, "rawset")
	b.readOnly(L, t)
	setRaw(L, t, key, value)
	L.SetTop(1)
	return 1
}

func setRaw(L *lua.LState, t *lua.LTable, key, value lua.LValue) {
	if n, ok := key.(lua.LNumber); key == lua.LNil {
		L.Error(lua.LString("table index is nil"), 0)
	} else if ok && math.IsNaN(float64(n)) {
		L.Error(lua.LString("table index is NaN"), 0)
	}
	t.RawSet(key, value)
}

func luaSelect(L *lua.LState) int {
	if s, ok := L.Get(1).(lua.LString); ok && s == "#" {
		L.Push(lua.LNumber(L.GetTop() - 1))
		return 1
	}
	n, i := L.GetTop(), checkInt(L, 1, "select")
	if i < 0 {
		i += n
	} else if i > n {
		i = n
	}
	if i < 1 {
		argError(L, 1, "select", "index out of range")
	}
	return n - i
}

func luaToNumber(L *lua.LState) int {
	base := optInt(L, 2, "tonumber", 10)
	if base == 10 {
		v := checkAny(L, 1, "tonumber")
		if f, ok := toNumber(v); ok {
			L.Push(lua.LNumber(f))
		} else {
			L.Push(lua.LNil)
		}
		return 1
	}
	s := strings.Trim(checkString(L, 1, "tonumber"), spaces)
	if base < 2 || base > 36 {
		argError(L, 2, "tonumber", "base out of range")
	}
	if n, ok := parseBase(s, base); ok {
		L.Push(lua.LNumber(n))
	} else {
		L.Push(lua.LNil)
	}
	return 1
}

// parseBase reads an integer of another base, as C's strtoul does.
func parseBase(s string, base int) (float64, bool) {
	minus := strings.HasPrefix(s, "-")
	if minus || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if base == 16 && len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' {
		s = s[2:]
	}
	if s == "" {
		return 0, false
	}
	n, over := uint64(0), false
	for i := range len(s) {
		d := digit(s[i])
		if d >= base {
			return 0, false
		}
		if n > (math.MaxUint64-uint64(d))/uint64(base) {
			over = true
		}
		n = n*uint64(base) + uint64(d)
	}
	switch {
	case over:
		n = math.MaxUint64
	case minus:
		n = -n
	}
	return float64(n), true
}

func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'z':
		return int(c|0x20-'a') + 10
	}
	return 99
}

func luaToString(L *lua.LState) int {
	v := checkAny(L, 1, "tostring")
	switch s := v.(type) {
	case lua.LString:
	case lua.LNumber:
		v = lua.LString(formatNumber(s))
	case *lua.LTable:
		if f, ok := L.GetMetaField(s, "__tostring").(*lua.LFunction); ok {
			L.Push(f)
			L.Push(v)
			L.Call(1, 1)
			return 1
		}
		v = lua.LString(Text(v))
	default:
		v = lua.LString(Text(v))
	}
	L.Push(v)
	return 1
}

// typeNames are boxed once.
var typeNames = func() (out [9]lua.LValue) {
	for t := range out {
		out[t] = lua.LString(lua.LValueType(t).String())
	}
	return out
}()

func luaType(L *lua.LState) int {
	L.Push(typeNames[checkAny(L, 1, "type").Type()])
	return 1
}

func luaUnpack(L *lua.LState) int {
	t := checkTable(L, 1, "unpack")
	args := L.GetTop()
	from := optInt(L, 2, "unpack", 1)
	to := t.Len()
	if L.Get(3) != lua.LNil {
		to = checkInt(L, 3, "unpack")
	}
	if from > to {
		return 0
	}
	n := to - from + 1
	if n <= 0 || n+args > maxValues {
		raise(L, "too many results to unpack")
	}
	for i := from; ; i++ {
		L.Push(t.RawGetInt(i))
		if i == to {
			return n
		}
	}
}

// next goes through a table. Keys come in the order in which they were set.
func (b *Box) next(L *lua.LState) int {
	t := b.content(checkTable(L, 1, "next"))
	key, value := t.Next(L.Get(2))
	if key == lua.LNil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(key)
	L.Push(value)
	return 2
}

func ipairsStep(L *lua.LState) int {
	t := L.CheckTable(1)
	i := L.CheckInt(2) + 1
	v := t.RawGetInt(i)
	if v == lua.LNil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(i))
	L.Push(v)
	return 2
}

// concat is the operator "..".
func (b *Box) concat(L *lua.LState) int {
	n := L.GetTop()
	size := 0
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += 16
		default:
			return b.concatAny(L, n)
		}
	}
	if size > maxString {
		raise(L, "not enough memory")
	}
	out := make([]byte, 0, size)
	for i := 1; i <= n; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			out = append(out, v...)
		case lua.LNumber:
			out = AppendNumber(out, float64(v))
		}
	}
	L.Push(lua.LString(out))
	return 1
}

// concatAny puts together what has a function for it, from the right to the left as Lua does.
func (b *Box) concatAny(L *lua.LState, n int) int {
	right := L.Get(n)
	for i := n - 1; i >= 1; i-- {
		left := L.Get(i)
		if lua.LVCanConvToString(left) && lua.LVCanConvToString(right) {
			right = lua.LString(display(left) + display(right))
			continue
		}
		f := L.GetMetaField(left, "__concat")
		if f == lua.LNil {
			f = L.GetMetaField(right, "__concat")
		}
		if f == lua.LNil {
			culprit, part := right, i+1
			if !lua.LVCanConvToString(left) {
				culprit, part = left, i
			}
			raise(L, "attempt to concatenate "+b.subject(L, culprit, partArgument+part-1))
		}
		L.Push(f)
		L.Push(left)
		L.Push(right)
		b.call(L, 2, 1)
		right = L.Get(-1)
		L.Pop(1)
	}
	L.Push(right)
	return 1
}
