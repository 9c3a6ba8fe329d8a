package luabox

import (
	"math"
	"strconv"

	lua "github.com/yuin/gopher-lua"
)

// null is cjson.null.
var null = &lua.LUserData{Metatable: lua.LNil}

// IsNull reports whether a value is cjson.null.
func IsNull(v lua.LValue) bool { return v == null }

// jsonConfig is what cjson's functions set. It lasts for one script.
type jsonConfig struct {
	sparseConvert          bool
	sparseRatio, sparseTop int
	encodeDepth            int
	decodeDepth            int
	digits                 int
	keepBuffer             bool
	encodeInvalid          string // "off", "on" or "null"
	decodeInvalid          bool
}

func newJSONConfig() jsonConfig {
	return jsonConfig{sparseRatio: 2, sparseTop: 10, encodeDepth: 1000, decodeDepth: 1000, digits: 14, keepBuffer: true, encodeInvalid: "off", decodeInvalid: true}
}

func (c *jsonConfig) reset() { *c = newJSONConfig() }

func (b *Box) openJSON() {
	functions := jsonFunctions(&b.json)
	functions["new"] = func(L *lua.LState) int {
		c := newJSONConfig()
		t := L.NewTable()
		own := jsonFunctions(&c)
		for _, name := range sortedNames(own) {
			t.RawSetString(name, L.NewFunction(own[name]))
		}
		t.RawSetString("null", null)
		L.Push(t)
		return 1
	}
	b.Library("cjson", functions, map[string]lua.LValue{"null": null, "_NAME": lua.LString("cjson"), "_VERSION": lua.LString("2.1.0")})
}

func jsonFunctions(c *jsonConfig) map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"encode": c.encode,
		"decode": c.decode,
		"encode_max_depth": func(L *lua.LState) int {
			return integerOption(L, "encode_max_depth", 1, 1, math.MaxInt32, &c.encodeDepth)
		},
		"decode_max_depth": func(L *lua.LState) int {
			return integerOption(L, "decode_max_depth", 1, 1, math.MaxInt32, &c.decodeDepth)
		},
		"encode_number_precision": func(L *lua.LState) int {
			return integerOption(L, "encode_number_precision", 1, 1, 14, &c.digits)
		},
		"encode_keep_buffer": func(L *lua.LState) int { return switchOption(L, "encode_keep_buffer", &c.keepBuffer) },
		"decode_invalid_numbers": func(L *lua.LState) int {
			return switchOption(L, "decode_invalid_numbers", &c.decodeInvalid)
		},
		"encode_invalid_numbers": c.invalidNumbers,
		"encode_sparse_array":    c.sparse,
	}
}

func options(L *lua.LState, fn string, most int) {
	if L.GetTop() > most {
		argError(L, most+1, fn, "found too many arguments")
	}
}

// integerOption sets an option, if there is an argument, and answers its value.
func integerOption(L *lua.LState, fn string, arg, least, most int, option *int) int {
	if arg == 1 {
		options(L, fn, 1)
	}
	if L.Get(arg) != lua.LNil {
		n := checkInt(L, arg, fn)
		if n < least || n > most {
			argError(L, arg, fn, "expected integer between "+strconv.Itoa(least)+" and "+strconv.Itoa(most))
		}
		*option = n
	}
	L.Push(lua.LNumber(*option))
	return 1
}

// choice reads a truth value or "on" or "off".
func choice(L *lua.LState, fn string) (string, bool) {
	switch v := L.Get(1).(type) {
	case lua.LBool:
		if v {
			return "on", true
		}
		return "off", true
	case *lua.LNilType:
		return "", false
	default:
		return checkString(L, 1, fn), true
	}
}

func switchOption(L *lua.LState, fn string, option *bool) int {
	options(L, fn, 1)
	if v, ok := choice(L, fn); ok {
		if v != "on" && v != "off" {
			argError(L, 1, fn, "invalid option '"+v+"'")
		}
		*option = v == "on"
	}
	L.Push(lua.LBool(*option))
	return 1
}

func (c *jsonConfig) invalidNumbers(L *lua.LState) int {
	const fn = "encode_invalid_numbers"
	options(L, fn, 1)
	if v, ok := choice(L, fn); ok {
		if v != "on" && v != "off" && v != "null" {
			argError(L, 1, fn, "invalid option '"+v+"'")
		}
		c.encodeInvalid = v
	}
	if c.encodeInvalid == "null" {
		L.Push(lua.LString("null"))
	} else {
		L.Push(lua.LBool(c.encodeInvalid == "on"))
	}
	return 1
}

func (c *jsonConfig) sparse(L *lua.LState) int {
	const fn = "encode_sparse_array"
	options(L, fn, 3)
	convert := lua.LBool(c.sparseConvert)
	if v, ok := choice(L, fn); ok {
		if v != "on" && v != "off" {
			argError(L, 1, fn, "invalid option '"+v+"'")
		}
		c.sparseConvert = v == "on"
		convert = lua.LBool(c.sparseConvert)
	}
	L.SetTop(3)
	L.Push(convert)
	integerOption(L, fn, 2, 0, math.MaxInt32, &c.sparseRatio)
	integerOption(L, fn, 3, 0, math.MaxInt32, &c.sparseTop)
	return 3
}

func oneArgument(L *lua.LState, fn string) {
	if L.GetTop() != 1 {
		argError(L, 1, fn, "expected 1 argument")
	}
}

func (c *jsonConfig) encode(L *lua.LState) int {
	oneArgument(L, "encode")
	e := encoder{L: L, c: c}
	e.value(L.Get(1), 0)
	L.Push(lua.LString(e.out))
	return 1
}

type encoder struct {
	L   *lua.LState
	c   *jsonConfig
	out []byte
}

func (e *encoder) fail(kind, why string) { raise(e.L, "Cannot serialise "+kind+": "+why) }

func (e *encoder) value(v lua.LValue, depth int) {
	if len(e.out) > maxString {
		raise(e.L, "not enough memory")
	}
	switch v := v.(type) {
	case lua.LString:
		e.text(string(v))
	case lua.LNumber:
		e.number(float64(v))
	case lua.LBool:
		e.out = strconv.AppendBool(e.out, bool(v))
	case *lua.LTable:
		e.table(v, depth+1)
	case *lua.LNilType:
		e.out = append(e.out, "null"...)
	default:
		if v != null {
			e.fail(v.Type().String(), "type not supported")
		}
		e.out = append(e.out, "null"...)
	}
}

func (e *encoder) number(f float64) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		switch e.c.encodeInvalid {
		case "off":
			e.fail("number", "must not be NaN or Inf")
		case "null":
			e.out = append(e.out, "null"...)
			return
		}
	}
	e.out = AppendG(e.out, f, e.c.digits)
}

// escapes of cjson, which escapes the slash and the delete character too.
var escapes = func() (out [256]string) {
	const hex = "0123456789abcdef"
	for c := range 32 {
		out[c] = `\u00` + string([]byte{hex[c>>4], hex[c&15]})
	}
	out[127] = `\u007f`
	for c, s := range map[byte]string{'"': `\"`, '\\': `\\`, '/': `\/`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`} {
		out[c] = s
	}
	return out
}()

func (e *encoder) text(s string) {
	e.out = append(e.out, '"')
	from := 0
	for i := range len(s) {
		if esc := escapes[s[i]]; esc != "" {
			e.out = append(append(e.out, s[from:i]...), esc...)
			from = i + 1
		}
	}
	e.out = append(append(e.out, s[from:]...), '"')
}

func (e *encoder) table(t *lua.LTable, depth int) {
	if depth > e.c.encodeDepth {
		raise(e.L, "Cannot serialise, excessive nesting ("+strconv.Itoa(depth)+")")
	}
	if n := e.length(t); n > 0 {
		e.out = append(e.out, '[')
		for i := 1; i <= n; i++ {
			if i > 1 {
				e.out = append(e.out, ',')
			}
			e.value(t.RawGetInt(i), depth)
		}
		e.out = append(e.out, ']')
		return
	}
	e.out = append(e.out, '{')
	first := true
	for key, value := t.Next(lua.LNil); key != lua.LNil; key, value = t.Next(key) {
		if !first {
			e.out = append(e.out, ',')
		}
		first = false
		switch k := key.(type) {
		case lua.LString:
			e.text(string(k))
		case lua.LNumber:
			e.out = append(e.out, '"')
			e.number(float64(k))
			e.out = append(e.out, '"')
		default:
			e.fail(key.Type().String(), "table key must be a number or string")
		}
		e.out = append(e.out, ':')
		e.value(value, depth)
	}
	e.out = append(e.out, '}')
}

// length is that of the array a table is written as, 0 or less for an object.
func (e *encoder) length(t *lua.LTable) int {
	most, n, array := 0.0, 0, true
	t.ForEach(func(k, _ lua.LValue) {
		i, ok := k.(lua.LNumber)
		if !ok || i < 1 || float64(i) != math.Floor(float64(i)) {
			array = false
		}
		most = max(most, float64(i))
		n++
	})
	if !array {
		return 0
	}
	if c := e.c; c.sparseRatio > 0 && most > float64(n*c.sparseRatio) && most > float64(c.sparseTop) {
		if !c.sparseConvert {
			e.fail("table", "excessively sparse array")
		}
		return 0
	}
	return int(most)
}
