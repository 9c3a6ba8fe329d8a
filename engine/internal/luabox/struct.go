package luabox

import (
	"encoding/binary"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// layout is what a format of the struct library says so far: byte order and alignment.
type layout struct {
	L      *lua.LState
	fn     string
	format string
	big    bool
	align  int
}

const (
	longest  = 32 // bytes of an integer
	natural  = 8  // alignment of '!' alone
	longSize = 8
)

// next takes an option off the format; 0 at the end.
func (l *layout) next() byte {
	if l.format == "" {
		return 0
	}
	c := l.format[0]
	l.format = l.format[1:]
	return c
}

func (l *layout) number(otherwise int) int {
	if l.format == "" || !isDigit(l.format[0]) {
		return otherwise
	}
	n := 0
	for l.format != "" && isDigit(l.format[0]) {
		d := int(l.next() - '0')
		if n > (math.MaxInt32-d)/10 {
			raise(l.L, "integral size overflow")
		}
		n = n*10 + d
	}
	return n
}

// size is how many bytes an option stands for.
func (l *layout) size(option byte) int {
	switch option {
	case 'B', 'b', 'x':
		return 1
	case 'H', 'h':
		return 2
	case 'T', 'L', 'l', 'd':
		return longSize
	case 'f':
		return 4
	case 'c':
		return l.number(1)
	case 'I', 'i':
		n := l.number(4)
		if n > longest {
			raise(l.L, "integral size "+formatNumber(lua.LNumber(n))+" is larger than limit of "+formatNumber(longest))
		}
		return n
	}
	return 0
}

// padding is how many bytes come before an option of a size at a position.
func (l *layout) padding(at int, option byte, size int) int {
	if size == 0 || option == 'c' {
		return 0
	}
	size = min(size, l.align)
	if size <= 1 {
		return 0
	}
	return (size - at&(size-1)) & (size - 1)
}

// control changes the layout, or raises an error about an option that there is not.
func (l *layout) control(option byte) {
	switch option {
	case ' ':
	case '>':
		l.big = true
	case '<':
		l.big = false
	case '!':
		n := l.number(natural)
		if n == 0 || n&(n-1) != 0 {
			raise(l.L, "alignment "+formatNumber(lua.LNumber(n))+" is not a power of 2")
		}
		l.align = n
	default:
		argError(l.L, 1, l.fn, "invalid format option '"+string([]byte{option})+"'")
	}
}

func (l *layout) putInt(out []byte, v uint64, size int) []byte {
	at := len(out)
	out = append(out, make([]byte, size)...)
	for i := range size {
		c := byte(0)
		if i < 8 {
			c = byte(v >> (8 * i))
		}
		if l.big {
			out[at+size-1-i] = c
		} else {
			out[at+i] = c
		}
	}
	return out
}

func (l *layout) int(in []byte, signed bool) float64 {
	v := uint64(0)
	for i := range in {
		c := in[i]
		if !l.big {
			c = in[len(in)-1-i]
		}
		v = v<<8 | uint64(c)
	}
	if !signed {
		return float64(v)
	}
	if len(in) < 8 && len(in) > 0 {
		shift := 64 - 8*len(in)
		return float64(int64(v<<shift) >> shift)
	}
	return float64(int64(v))
}

func (l *layout) order() binary.AppendByteOrder {
	if l.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (b *Box) openStruct() {
	b.Library("struct", map[string]lua.LGFunction{"pack": structPack, "unpack": structUnpack, "size": structSize}, nil)
}

func structPack(L *lua.LState) int {
	const fn = "pack"
	l := layout{L: L, fn: fn, format: checkString(L, 1, fn), align: 1}
	var out []byte
	arg := 2
	for option := l.next(); option != 0; option = l.next() {
		size := l.size(option)
		if size > maxString || len(out) > maxString {
			raise(L, "not enough memory")
		}
		out = append(out, make([]byte, l.padding(len(out), option, size))...)
		switch option {
		case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
			out = l.putInt(out, unsigned(checkNumber(L, arg, fn)), size)
			arg++
		case 'x':
			out = append(out, 0)
		case 'f':
			out = l.order().AppendUint32(out, math.Float32bits(float32(checkNumber(L, arg, fn))))
			arg++
		case 'd':
			out = l.order().AppendUint64(out, math.Float64bits(checkNumber(L, arg, fn)))
			arg++
		case 'c', 's':
			s := checkString(L, arg, fn)
			arg++
			if size == 0 {
				size = len(s)
			}
			if len(s) < size {
				argError(L, arg, fn, "string too short")
			}
			out = append(out, s[:size]...)
			if option == 's' {
				out = append(out, 0)
			}
		default:
			l.control(option)
		}
	}
	L.Push(lua.LString(out))
	return 1
}

func structUnpack(L *lua.LState) int {
	const fn = "unpack"
	l := layout{L: L, fn: fn, format: checkString(L, 1, fn), align: 1}
	data := checkString(L, 2, fn)
	at := optInt(L, 3, fn, 1) - 1
	n := 0
	for option := l.next(); option != 0; option = l.next() {
		size := l.size(option)
		at += l.padding(at, option, size)
		if at < 0 || at > len(data) || size > len(data)-at {
			argError(L, 2, fn, "data string too short")
		}
		if n >= maxValues-10 {
			raise(L, "too many results")
		}
		piece := data[at : at+size]
		switch option {
		case 'b', 'B', 'h', 'H', 'l', 'L', 'T', 'i', 'I':
			L.Push(lua.LNumber(l.int([]byte(piece), option >= 'a')))
			n++
		case 'x':
		case 'f':
			L.Push(lua.LNumber(math.Float32frombits(uint32(l.int([]byte(piece), false)))))
			n++
		case 'd':
			L.Push(lua.LNumber(l.double(piece)))
			n++
		case 'c':
			if size == 0 {
				size = l.length(n)
				if size > len(data)-at {
					argError(L, 2, fn, "data string too short")
				}
				L.Pop(1)
				n--
				piece = data[at : at+size]
			}
			L.Push(lua.LString(piece))
			n++
		case 's':
			end := strings.IndexByte(data[at:], 0)
			if end < 0 {
				raise(L, "unfinished string in data")
			}
			L.Push(lua.LString(data[at : at+end]))
			size = end + 1
			n++
		default:
			l.control(option)
		}
		at += size
	}
	L.Push(lua.LNumber(at + 1))
	return n + 1
}

func (l *layout) double(piece string) float64 {
	if l.big {
		return math.Float64frombits(binary.BigEndian.Uint64([]byte(piece)))
	}
	return math.Float64frombits(binary.LittleEndian.Uint64([]byte(piece)))
}

// length is the size of a string that the number before it tells.
func (l *layout) length(results int) int {
	v, ok := l.L.Get(-1).(lua.LNumber)
	if results == 0 || !ok {
		raise(l.L, "format 'c0' needs a previous size")
	}
	if v < 0 || v > maxString {
		argError(l.L, 2, l.fn, "data string too short")
	}
	return int(v)
}

func structSize(L *lua.LState) int {
	const fn = "size"
	l := layout{L: L, fn: fn, format: checkString(L, 1, fn), align: 1}
	at := 0
	for option := l.next(); option != 0; option = l.next() {
		size := l.size(option)
		at += l.padding(at, option, size)
		switch {
		case option == 's':
			argError(L, 1, fn, "option 's' has no fixed size")
		case option == 'c' && size == 0:
			argError(L, 1, fn, "option 'c0' has no fixed size")
		case !isLetter(option) && !isDigit(option):
			l.control(option)
		}
		at += size
	}
	L.Push(lua.LNumber(at))
	return 1
}
