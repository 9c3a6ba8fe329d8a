package luabox

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func (b *Box) openStrings() {
	functions := map[string]lua.LGFunction{
		"byte": strByte, "char": strChar, "len": strLen, "lower": strLower, "upper": strUpper, "rep": strRep, "reverse": strReverse, "sub": strSub,
		"format": b.format, "find": b.find, "match": b.match, "gmatch": b.gmatch, "gfind": b.gmatch, "gsub": b.gsub,
		"dump": func(L *lua.LState) int {
			raise(L, "unable to dump given function")
			return 0
		},
	}
	lib := b.Library("string", functions, nil)
	meta := b.L.NewTable()
	meta.RawSetString("__index", lib)
	b.L.SetMetatable(lua.LString(""), meta)
	shown := b.L.NewTable()
	shown.RawSetString("__index", lib)
	b.stringMeta = b.protect(shown, nil)
}

// position turns a position that may count from the end into one from the start.
func position(at, size int) int {
	if at < 0 {
		return max(at+size+1, 0)
	}
	return at
}

// part cuts the bytes from to to (both count, from 1) out of s.
func part(s string, from, to int) string {
	from, to = max(position(from, len(s)), 1), min(position(to, len(s)), len(s))
	if from > to {
		return ""
	}
	return s[from-1 : to]
}

func strByte(L *lua.LState) int {
	s := checkString(L, 1, "byte")
	from := position(optInt(L, 2, "byte", 1), len(s))
	to := position(optInt(L, 3, "byte", from), len(s))
	out := part(s, max(from, 1), to)
	if len(out) >= maxValues {
		raise(L, "string slice too long")
	}
	for i := range len(out) {
		L.Push(lua.LNumber(out[i]))
	}
	return len(out)
}

func strChar(L *lua.LState) int {
	out := make([]byte, L.GetTop())
	for i := range out {
		c := checkInt(L, i+1, "char")
		if c < 0 || c > 255 {
			argError(L, i+1, "char", "invalid value")
		}
		out[i] = byte(c)
	}
	L.Push(lua.LString(out))
	return 1
}

func strLen(L *lua.LState) int {
	L.Push(lua.LNumber(len(checkString(L, 1, "len"))))
	return 1
}

// eachByte is a function of one string that maps its bytes.
func eachByte(L *lua.LState, name string, low, high byte) int {
	out := []byte(checkString(L, 1, name))
	for i, c := range out {
		if c >= low && c <= high {
			out[i] = c ^ 0x20
		}
	}
	L.Push(lua.LString(out))
	return 1
}

func strLower(L *lua.LState) int { return eachByte(L, "lower", 'A', 'Z') }
func strUpper(L *lua.LState) int { return eachByte(L, "upper", 'a', 'z') }

func strRep(L *lua.LState) int {
	s, n := checkString(L, 1, "rep"), checkInt(L, 2, "rep")
	if n <= 0 || s == "" {
		L.Push(lua.LString(""))
		return 1
	}
	if len(s) > maxString/n {
		raise(L, "resulting string too large")
	}
	L.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}

func strReverse(L *lua.LState) int {
	s := checkString(L, 1, "reverse")
	out := make([]byte, len(s))
	for i := range len(s) {
		out[len(s)-1-i] = s[i]
	}
	L.Push(lua.LString(out))
	return 1
}

func strSub(L *lua.LState) int {
	s := checkString(L, 1, "sub")
	L.Push(lua.LString(part(s, checkInt(L, 2, "sub"), optInt(L, 3, "sub", -1))))
	return 1
}
