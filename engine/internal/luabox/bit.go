package luabox

import (
	"math/bits"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"math"
)

// bitArg reads an argument as LuaBitOp does: rounded to the nearest integer, ties to even, of which the low 32 bits count.
func bitArg(L *lua.LState, n int, fn string) uint32 {
	f := checkNumber(L, n, fn)
	if v := f + 6755399441055744; v > -9e15 && v < 9e15 { // 2^52 + 2^51
		return uint32(math.Float64bits(v))
	}
	return uint32(math.Float64bits(f + 6755399441055744))
}

func pushBits(L *lua.LState, v uint32) int {
	L.Push(lua.LNumber(int32(v)))
	return 1
}

func (b *Box) openBit() {
	functions := map[string]lua.LGFunction{
		"tobit": func(L *lua.LState) int { return pushBits(L, bitArg(L, 1, "tobit")) },
		"bnot":  func(L *lua.LState) int { return pushBits(L, ^bitArg(L, 1, "bnot")) },
		"bswap": func(L *lua.LState) int { return pushBits(L, bits.ReverseBytes32(bitArg(L, 1, "bswap"))) },
		"tohex": bitToHex,
	}
	for name, f := range map[string]func(x, y uint32) uint32{
		"band": func(x, y uint32) uint32 { return x & y },
		"bor":  func(x, y uint32) uint32 { return x | y },
		"bxor": func(x, y uint32) uint32 { return x ^ y },
	} {
		functions[name] = func(L *lua.LState) int {
			v := bitArg(L, 1, name)
			for i := 2; i <= L.GetTop(); i++ {
				v = f(v, bitArg(L, i, name))
			}
			return pushBits(L, v)
		}
	}
	for name, f := range map[string]func(x uint32, n int) uint32{
		"lshift":  func(x uint32, n int) uint32 { return x << n },
		"rshift":  func(x uint32, n int) uint32 { return x >> n },
		"arshift": func(x uint32, n int) uint32 { return uint32(int32(x) >> n) },
		"rol":     bits.RotateLeft32,
		"ror":     func(x uint32, n int) uint32 { return bits.RotateLeft32(x, -n) },
	} {
		functions[name] = func(L *lua.LState) int {
			return pushBits(L, f(bitArg(L, 1, name), int(bitArg(L, 2, name)&31)))
		}
	}
	b.Library("bit", functions, nil)
}

func bitToHex(L *lua.LState) int {
	v, n := bitArg(L, 1, "tohex"), int32(8)
	if L.Get(2) != lua.LNil {
		n = int32(bitArg(L, 2, "tohex"))
	}
	upper := n < 0
	if upper {
		n = -n
	}
	if n < 0 || n > 8 {
		n = 8
	}
	text := "0000000" + strconv.FormatUint(uint64(v), 16)
	text = text[len(text)-int(n):]
	if upper {
		text = strings.ToUpper(text)
	}
	L.Push(lua.LString(text))
	return 1
}
