package luabox

import (
	"strconv"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"
)

// token is what stands at a place of a JSON text.
type token struct {
	kind string // cjson's name
	at   int
	text string // of a string, or what is wrong
	num  float64
}

type decoder struct {
	L  *lua.LState
	c  *jsonConfig
	in string
	at int
}

func (c *jsonConfig) decode(L *lua.LState) int {
	oneArgument(L, "decode")
	d := decoder{L: L, c: c, in: checkString(L, 1, "decode")}
	if len(d.in) >= 2 && (d.in[0] == 0 || d.in[1] == 0) {
		raise(L, "JSON parser does not support UTF-16 or UTF-32")
	}
	v := d.value(d.next(), 0)
	if t := d.next(); t.kind != "T_END" {
		d.fail("the end", t)
	}
	L.Push(v)
	return 1
}

func (d *decoder) fail(want string, t token) {
	found := t.kind
	if found == "T_ERROR" {
		found = t.text
	}
	raise(d.L, "Expected "+want+" but found "+found+" at character "+strconv.Itoa(t.at+1))
}

func (d *decoder) deeper(depth int) int {
	if depth++; depth > d.c.decodeDepth {
		raise(d.L, "Found too many nested data structures ("+strconv.Itoa(depth)+") at character "+strconv.Itoa(d.at))
	}
	return depth
}

func (d *decoder) value(t token, depth int) lua.LValue {
	switch t.kind {
	case "T_STRING":
		return lua.LString(t.text)
	case "T_NUMBER":
		return lua.LNumber(t.num)
	case "T_BOOLEAN":
		return lua.LBool(t.num != 0)
	case "T_NULL":
		return null
	case "T_OBJ_BEGIN":
		return d.object(d.deeper(depth))
	case "T_ARR_BEGIN":
		return d.array(d.deeper(depth))
	}
	d.fail("value", t)
	return nil
}

func (d *decoder) object(depth int) lua.LValue {
	out := d.L.NewTable()
	t := d.next()
	if t.kind == "T_OBJ_END" {
		return out
	}
	for {
		if t.kind != "T_STRING" {
			d.fail("object key string", t)
		}
		key := t.text
		if t = d.next(); t.kind != "T_COLON" {
			d.fail("colon", t)
		}
		out.RawSetString(key, d.value(d.next(), depth))
		switch t = d.next(); t.kind {
		case "T_OBJ_END":
			return out
		case "T_COMMA":
			t = d.next()
		default:
			d.fail("comma or object end", t)
		}
	}
}

func (d *decoder) array(depth int) lua.LValue {
	out := d.L.NewTable()
	t := d.next()
	if t.kind == "T_ARR_END" {
		return out
	}
	for n := 1; ; n++ {
		out.RawSetInt(n, d.value(t, depth))
		switch t = d.next(); t.kind {
		case "T_ARR_END":
			return out
		case "T_COMMA":
			t = d.next()
		default:
			d.fail("comma or array end", t)
		}
	}
}

var singles = map[byte]string{'{': "T_OBJ_BEGIN", '}': "T_OBJ_END", '[': "T_ARR_BEGIN", ']': "T_ARR_END", ',': "T_COMMA", ':': "T_COLON"}

// next reads a token.
func (d *decoder) next() token {
	for d.at < len(d.in) && strings.IndexByte(" \t\n\r", d.in[d.at]) >= 0 {
		d.at++
	}
	if d.at == len(d.in) {
		return token{kind: "T_END", at: d.at}
	}
	at, rest := d.at, d.in[d.at:]
	c := rest[0]
	if kind, ok := singles[c]; ok {
		d.at++
		return token{kind: kind, at: at}
	}
	switch {
	case c == '"':
		return d.text()
	case c == '-' || isDigit(c):
		if !d.c.decodeInvalid && invalidNumber(rest) {
			break
		}
		return d.number()
	case strings.HasPrefix(rest, "true"):
		d.at += 4
		return token{kind: "T_BOOLEAN", at: at, num: 1}
	case strings.HasPrefix(rest, "false"):
		d.at += 5
		return token{kind: "T_BOOLEAN", at: at}
	case strings.HasPrefix(rest, "null"):
		d.at += 4
		return token{kind: "T_NULL", at: at}
	case d.c.decodeInvalid && invalidNumber(rest):
		return d.number()
	}
	return token{kind: "T_ERROR", at: at, text: "invalid token"}
}

// invalidNumber reports a number that C reads and JSON does not have.
func invalidNumber(s string) bool {
	if s[0] == '-' || s[0] == '+' {
		s = s[1:]
	}
	if s == "" {
		return false
	}
	if s[0] == '0' {
		return len(s) > 1 && (s[1]|0x20 == 'x' || isDigit(s[1]))
	}
	return s[0] <= '0' && !isDigit(s[0]) || len(s) >= 3 && (strings.EqualFold(s[:3], "inf") || strings.EqualFold(s[:3], "nan"))
}

// number reads as much as C's strtod takes.
func (d *decoder) number() token {
	s := d.in[d.at:]
	n := numberLength(s)
	f, ok := parseNumber(s[:n])
	if n == 0 || !ok {
		return token{kind: "T_ERROR", at: d.at, text: "invalid number"}
	}
	t := token{kind: "T_NUMBER", at: d.at, num: f}
	d.at += n
	return t
}

// numberLength is the length of the longest number at the beginning of s.
func numberLength(s string) int {
	i := 0
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		i++
	}
	for _, word := range []string{"infinity", "inf", "nan"} {
		if len(s)-i >= len(word) && strings.EqualFold(s[i:i+len(word)], word) {
			return i + len(word)
		}
	}
	hex := len(s)-i > 2 && s[i] == '0' && s[i+1]|0x20 == 'x' && digit(s[i+2]) < 16
	base, exponent := 10, byte('e')
	if hex {
		i, base, exponent = i+2, 16, 'p'
	}
	from := i
	for i < len(s) && digit(s[i]) < base {
		i++
	}
	digits := i - from
	if i < len(s) && s[i] == '.' {
		point := i
		for i++; i < len(s) && digit(s[i]) < base; i++ {
			digits++
		}
		if digits == 0 {
			i = point
		}
	}
	if digits == 0 {
		return 0
	}
	if i < len(s) && s[i]|0x20 == exponent {
		j := i + 1
		if j < len(s) && (s[j] == '-' || s[j] == '+') {
			j++
		}
		if j < len(s) && isDigit(s[j]) {
			for j < len(s) && isDigit(s[j]) {
				j++
			}
			i = j
		}
	}
	return i
}

var unescaped = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (d *decoder) text() token {
	begin := d.at
	d.at++
	var out []byte
	for from := d.at; ; {
		i := strings.IndexAny(d.in[d.at:], `"\`)
		if i < 0 {
			return token{kind: "T_ERROR", at: len(d.in), text: "unexpected end of string"}
		}
		d.at += i
		out = append(out, d.in[from:d.at]...)
		if d.in[d.at] == '"' {
			d.at++
			return token{kind: "T_STRING", at: begin, text: string(out)}
		}
		if d.at+1 == len(d.in) {
			return token{kind: "T_ERROR", at: d.at, text: "invalid escape code"}
		}
		if c := d.in[d.at+1]; c != 'u' {
			plain, ok := unescaped[c]
			if !ok {
				return token{kind: "T_ERROR", at: d.at, text: "invalid escape code"}
			}
			out = append(out, plain)
			d.at += 2
		} else {
			r, n := codepoint(d.in[d.at:])
			if n == 0 {
				return token{kind: "T_ERROR", at: d.at, text: "invalid unicode escape code"}
			}
			out = utf8.AppendRune(out, r)
			d.at += n
		}
		from = d.at
	}
}

// codepoint reads an escape like \u00e9 or a pair of them; n is 0 if it is none.
func codepoint(s string) (r rune, n int) {
	high, ok := hex4(s)
	switch {
	case !ok || high >= 0xdc00 && high <= 0xdfff:
		return 0, 0
	case high < 0xd800 || high > 0xdbff:
		return rune(high), 6
	}
	low, ok := hex4(s[6:])
	if !ok || low < 0xdc00 || low > 0xdfff {
		return 0, 0
	}
	return rune((high-0xd800)<<10|(low-0xdc00)) + 0x10000, 12
}

func hex4(s string) (int, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[2:6], 16, 32)
	return int(n), err == nil && strings.IndexByte(s[2:6], '_') < 0
}
