package luabox

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func (b *Box) find(L *lua.LState) int  { return b.search(L, "find", true) }
func (b *Box) match(L *lua.LState) int { return b.search(L, "match", false) }

// search is string.find and string.match.
func (b *Box) search(L *lua.LState, fn string, find bool) int {
	s, p := checkString(L, 1, fn), checkString(L, 2, fn)
	from := min(max(position(optInt(L, 3, fn, 1), len(s))-1, 0), len(s))
	if find && (lua.LVAsBool(L.Get(4)) || !strings.ContainsAny(p, "^$*+?.([%-")) {
		at := strings.Index(s[from:], p)
		if at < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(from + at + 1))
		L.Push(lua.LNumber(from + at + len(p)))
		return 2
	}
	p, anchored := strings.CutPrefix(p, "^")
	m := &matcher{L: L, b: b, s: s, p: p}
	for at := from; at <= len(s); at++ {
		m.level = 0
		if end := m.match(at, 0); end >= 0 {
			if !find {
				return m.push(at, end, true)
			}
			L.Push(lua.LNumber(at + 1))
			L.Push(lua.LNumber(end))
			return 2 + m.push(at, end, false)
		}
		if anchored {
			break
		}
	}
	L.Push(lua.LNil)
	return 1
}

func (b *Box) gmatch(L *lua.LState) int {
	s, p := checkString(L, 1, "gmatch"), checkString(L, 2, "gmatch")
	from := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		m := &matcher{L: L, b: b, s: s, p: p}
		for at := from; at <= len(s); at++ {
			m.level = 0
			if end := m.match(at, 0); end >= 0 {
				from = end
				if end == at {
					from++
				}
				return m.push(at, end, true)
			}
		}
		return 0
	}))
	return 1
}

func (b *Box) gsub(L *lua.LState) int {
	s, p := checkString(L, 1, "gsub"), checkString(L, 2, "gsub")
	repl := L.Get(3)
	switch repl.(type) {
	case lua.LString, lua.LNumber, *lua.LFunction, *lua.LTable:
	default:
		typeError(L, 3, "gsub", "string/function/table")
	}
	p, anchored := strings.CutPrefix(p, "^")
	most := optInt(L, 4, "gsub", len(s)+1)
	m := &matcher{L: L, b: b, s: s, p: p}
	var out []byte
	at, n := 0, 0
	for n < most {
		m.level = 0
		end := m.match(at, 0)
		if end >= 0 {
			n++
			out = b.replace(m, out, repl, at, end)
			if len(out) > maxString {
				raise(L, "not enough memory")
			}
		}
		switch {
		case end > at:
			at = end
		case at < len(s):
			out = append(out, s[at])
			at++
		default:
			at++
		}
		if at > len(s) || anchored {
			break
		}
	}
	if at < len(s) {
		out = append(out, s[at:]...)
	}
	L.Push(lua.LString(out))
	L.Push(lua.LNumber(n))
	return 2
}

// replace appends what a match becomes.
func (b *Box) replace(m *matcher, out []byte, repl lua.LValue, from, to int) []byte {
	L := m.L
	var v lua.LValue
	switch r := repl.(type) {
	case *lua.LFunction:
		top := L.GetTop()
		L.Push(r)
		n := m.push(from, to, true)
		b.call(L, n, 1)
		v = L.Get(top + 1)
		L.SetTop(top)
	case *lua.LTable:
		v = L.GetTable(r, m.value(0, from, to))
	default:
		return m.template(out, display(repl), from, to)
	}
	switch v := v.(type) {
	case lua.LString, lua.LNumber:
		return append(out, display(v)...)
	default:
		if lua.LVAsBool(v) {
			raise(L, "invalid replacement value (a "+v.Type().String()+")")
		}
	}
	return append(out, m.s[from:to]...)
}

// template appends a replacement text with its captures.
func (m *matcher) template(out []byte, t string, from, to int) []byte {
	for i := 0; i < len(t); i++ {
		if t[i] != '%' {
			out = append(out, t[i])
			continue
		}
		if i++; i == len(t) {
			return append(out, 0) // as the zero byte behind a string of C
		}
		switch c := t[i]; {
		case !isDigit(c):
			out = append(out, c)
		case c == '0':
			out = append(out, m.s[from:to]...)
		default:
			out = append(out, display(m.value(int(c-'1'), from, to))...)
		}
	}
	return out
}
