package luabox

import (
	"encoding/binary"
	"math"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// maxPacked is how deep tables are packed; what is deeper becomes nil.
const maxPacked = 16

func (b *Box) openMessagePack() {
	b.Library("cmsgpack", map[string]lua.LGFunction{
		"pack":   msgPack,
		"unpack": func(L *lua.LState) int { return msgUnpack(L, checkString(L, 1, "unpack"), 0, 0, false) },
		"unpack_one": func(L *lua.LState) int {
			offset := optInt(L, 2, "unpack_one", 0)
			return msgUnpack(L, checkString(L, 1, "unpack_one"), 1, offset, true)
		},
		"unpack_limit": func(L *lua.LState) int {
			limit, offset := checkInt(L, 2, "unpack_limit"), optInt(L, 3, "unpack_limit", 0)
			return msgUnpack(L, checkString(L, 1, "unpack_limit"), limit, offset, true)
		},
	}, map[string]lua.LValue{
		"_NAME": lua.LString("cmsgpack"), "_VERSION": lua.LString("lua-cmsgpack 0.4.0"),
		"_COPYRIGHT": lua.LString("Copyright (C) 2012, Salvatore Sanfilippo"), "_DESCRIPTION": lua.LString("MessagePack C implementation for Lua"),
	})
}

func msgPack(L *lua.LState) int {
	n := L.GetTop()
	if n == 0 {
		argError(L, 0, "pack", "MessagePack pack needs input.")
	}
	var out []byte
	for i := 1; i <= n; i++ {
		out = appendPacked(out, L.Get(i), 0)
	}
	L.Push(lua.LString(out))
	return 1
}

func appendPacked(out []byte, v lua.LValue, depth int) []byte {
	switch v := v.(type) {
	case lua.LString:
		return append(appendHead(out, len(v), 0xa0, 32, 0xd9, 0xda), v...)
	case lua.LBool:
		if v {
			return append(out, 0xc3)
		}
		return append(out, 0xc2)
	case lua.LNumber:
		return appendPackedNumber(out, float64(v))
	case *lua.LTable:
		if depth < maxPacked {
			return appendPackedTable(out, v, depth)
		}
	}
	return append(out, 0xc0)
}

// appendHead writes the kind and the length of what follows.
func appendHead(out []byte, n int, small byte, below int, one, two byte) []byte {
	switch {
	case n < below:
		return append(out, small|byte(n))
	case n <= math.MaxUint8 && one != 0:
		return append(out, one, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(out, two), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(out, two+1), uint32(n))
}

func appendPackedNumber(out []byte, f float64) []byte {
	if i := ToInt(f); float64(i) == f && !(f >= 9223372036854775808) {
		return appendPackedInt(out, i)
	}
	if float64(float32(f)) == f {
		return binary.BigEndian.AppendUint32(append(out, 0xca), math.Float32bits(float32(f)))
	}
	return binary.BigEndian.AppendUint64(append(out, 0xcb), math.Float64bits(f))
}

func appendPackedInt(out []byte, i int64) []byte {
	switch {
	case i >= 0 && i <= 127, i < 0 && i >= -32:
		return append(out, byte(i))
	case i >= 0 && i <= math.MaxUint8:
		return append(out, 0xcc, byte(i))
	case i >= 0 && i <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(out, 0xcd), uint16(i))
	case i >= 0 && i <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(out, 0xce), uint32(i))
	case i >= 0:
		return binary.BigEndian.AppendUint64(append(out, 0xcf), uint64(i))
	case i >= math.MinInt8:
		return append(out, 0xd0, byte(i))
	case i >= math.MinInt16:
		return binary.BigEndian.AppendUint16(append(out, 0xd1), uint16(i))
	case i >= math.MinInt32:
		return binary.BigEndian.AppendUint32(append(out, 0xd2), uint32(i))
	}
	return binary.BigEndian.AppendUint64(append(out, 0xd3), uint64(i))
}

// appendPackedTable writes an array if the keys are 1 to n, else a map.
func appendPackedTable(out []byte, t *lua.LTable, depth int) []byte {
	n, array, most := 0, true, 0.0
	t.ForEach(func(k, _ lua.LValue) {
		n++
		i, ok := k.(lua.LNumber)
		array = array && ok && i > 0 && float64(i) == math.Trunc(float64(i))
		most = max(most, float64(i))
	})
	if array && int(most) == n {
		out = appendHead(out, n, 0x90, 16, 0, 0xdc)
		for i := 1; i <= n; i++ {
			out = appendPacked(out, t.RawGetInt(i), depth+1)
		}
		return out
	}
	out = appendHead(out, n, 0x80, 16, 0, 0xde)
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		out = appendPacked(appendPacked(out, key, depth+1), value, depth+1)
	}
	return out
}

func msgUnpack(L *lua.LState, s string, limit, offset int, tellEnd bool) int {
	switch {
	case offset < 0 || limit < 0:
		raise(L, "Invalid request to unpack with offset of "+strconv.Itoa(offset)+" and limit of "+strconv.Itoa(len(s))+".")
	case offset > len(s):
		raise(L, "Start offset "+strconv.Itoa(offset)+" greater than input length "+strconv.Itoa(len(s))+".")
	}
	all := limit == 0
	if all {
		limit = math.MaxInt
		tellEnd = false
	}
	u := unpacker{L: L, in: s[offset:]}
	var values []lua.LValue
	for ; u.in != "" && len(values) < limit; u.depth = 0 {
		v := u.value()
		if u.fault != "" {
			raise(L, u.fault)
		}
		if values = append(values, v); len(values) > maxValues-10 {
			raise(L, "stack overflow")
		}
	}
	n := len(values)
	if tellEnd {
		end := -1
		if u.in != "" {
			end = len(s) - len(u.in)
		}
		L.Push(lua.LNumber(end))
		n++
	}
	for _, v := range values {
		L.Push(v)
	}
	return n
}

// unpacker reads values off its input.
type unpacker struct {
	L     *lua.LState
	in    string
	fault string
	depth int
}

// take cuts n bytes off the input.
func (u *unpacker) take(n int) string {
	if len(u.in) < n {
		if u.fault == "" {
			u.fault = "Missing bytes in input."
		}
		return ""
	}
	out := u.in[:n]
	u.in = u.in[n:]
	return out
}

// uint reads an unsigned integer of n bytes.
func (u *unpacker) uint(n int) uint64 {
	v := uint64(0)
	for _, c := range []byte(u.take(n)) {
		v = v<<8 | uint64(c)
	}
	return v
}

func (u *unpacker) value() lua.LValue {
	head := u.take(1)
	if u.fault != "" {
		return lua.LNil
	}
	switch c := head[0]; {
	case c <= 0x7f:
		return lua.LNumber(c)
	case c >= 0xe0:
		return lua.LNumber(int8(c))
	case c >= 0xa0 && c <= 0xbf:
		return lua.LString(u.take(int(c & 0x1f)))
	case c >= 0x90 && c <= 0x9f:
		return u.array(uint64(c & 0xf))
	case c >= 0x80 && c <= 0x8f:
		return u.table(uint64(c & 0xf))
	case c >= 0xcc && c <= 0xcf:
		return lua.LNumber(u.uint(1 << (c - 0xcc)))
	case c >= 0xd0 && c <= 0xd3:
		n := 1 << (c - 0xd0)
		shift := 64 - 8*n
		return lua.LNumber(int64(u.uint(n)<<shift) >> shift)
	case c == 0xc0:
		return lua.LNil
	case c == 0xc2 || c == 0xc3:
		return lua.LBool(c == 0xc3)
	case c == 0xca:
		return lua.LNumber(math.Float32frombits(uint32(u.uint(4))))
	case c == 0xcb:
		return lua.LNumber(math.Float64frombits(u.uint(8)))
	case c >= 0xd9 && c <= 0xdb: // strings
		return u.text(u.uint(1 << (c - 0xd9)))
	case c >= 0xc4 && c <= 0xc6: // bytes
		return u.text(u.uint(1 << (c - 0xc4)))
	case c == 0xdc || c == 0xdd:
		return u.array(u.uint(2 << (c - 0xdc)))
	case c == 0xde || c == 0xdf:
		return u.table(u.uint(2 << (c - 0xde)))
	}
	u.fault = "Bad data format in input."
	return lua.LNil
}

func (u *unpacker) text(n uint64) lua.LValue {
	if u.fault == "" && n > uint64(len(u.in)) {
		u.fault = "Missing bytes in input."
	}
	if u.fault != "" {
		return lua.LNil
	}
	return lua.LString(u.take(int(n)))
}

// deeper counts nested tables; Redis's Lua has no room for more.
func (u *unpacker) deeper() {
	if u.depth++; u.depth > maxValues/2 {
		u.fault = "Bad data format in input."
	}
}

func (u *unpacker) array(n uint64) lua.LValue {
	t := u.L.CreateTable(int(min(n, uint64(len(u.in)))), 0)
	u.deeper()
	for i := uint64(1); i <= n && u.fault == ""; i++ {
		t.RawSetInt(int(i), u.value())
	}
	u.depth--
	return t
}

func (u *unpacker) table(n uint64) lua.LValue {
	t := u.L.NewTable()
	u.deeper()
	for i := uint64(0); i < n && u.fault == ""; i++ {
		key, value := u.value(), lua.LNil
		if u.fault == "" {
			value = u.value()
		}
		if u.fault == "" {
			setRaw(u.L, t, key, value)
		}
	}
	u.depth--
	return t
}
