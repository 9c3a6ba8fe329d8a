package engine

import (
	"bytes"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/redbrick-go/redbrick/engine/internal/luabox"
)

// scriptDepth is how deep tables may be nested in what a script returns.
const scriptDepth = 7995

// replyReader turns the reply of a command, of either protocol, into Lua's values.
type replyReader struct {
	L  *lua.LState
	in []byte
}

// line cuts a line off the input and returns its kind and text.
func (p *replyReader) line() (byte, []byte) {
	end := bytes.IndexByte(p.in, '\n')
	kind, text := p.in[0], p.in[1:end-1]
	p.in = p.in[end+1:]
	return kind, text
}

func (p *replyReader) bytes(n int) []byte {
	b := p.in[:n]
	p.in = p.in[n+2:]
	return b
}

func (p *replyReader) value() lua.LValue {
	kind, text := p.line()
	switch kind {
	case ':':
		n, _ := strconv.ParseInt(string(text), 10, 64)
		return lua.LNumber(n)
	case '$':
		n, _ := strconv.Atoi(string(text))
		if n < 0 {
			return lua.LFalse
		}
		return lua.LString(p.bytes(n))
	case '+':
		return p.one("ok", lua.LString(text))
	case '-':
		return errorTable(p.L, string(text))
	case '*', '>':
		n, _ := strconv.Atoi(string(text))
		if n < 0 {
			return lua.LFalse
		}
		t := p.L.CreateTable(n, 0)
		for i := range n {
			t.RawSetInt(i+1, p.value())
		}
		return t
	case '%':
		n, _ := strconv.Atoi(string(text))
		t := p.L.CreateTable(0, n)
		for range n {
			key := p.value()
			setKey(t, key, p.value())
		}
		return p.one("map", t)
	case '~':
		n, _ := strconv.Atoi(string(text))
		t := p.L.CreateTable(0, n)
		for range n {
			setKey(t, p.value(), lua.LTrue)
		}
		return p.one("set", t)
	case ',':
		f, _ := luabox.Number(lua.LString(text))
		return p.one("double", lua.LNumber(f))
	case '#':
		return lua.LBool(text[0] == 't')
	case '(':
		return p.one("big_number", lua.LString(text))
	case '=':
		n, _ := strconv.Atoi(string(text))
		b := p.bytes(n)
		t := p.L.CreateTable(0, 2)
		t.RawSetString("format", lua.LString(b[:3]))
		t.RawSetString("string", lua.LString(b[4:]))
		return p.one("verbatim_string", t)
	}
	return lua.LNil // '_'
}

// setKey sets a field unless Lua cannot have such a key.
func setKey(t *lua.LTable, key, value lua.LValue) {
	if key != lua.LNil {
		t.RawSet(key, value)
	}
}

func (p *replyReader) one(field string, v lua.LValue) *lua.LTable {
	t := p.L.CreateTable(0, 1)
	t.RawSetString(field, v)
	return t
}

// answer turns what a script returned into the reply of EVAL.
func (c *call) answer(r *scriptRun, v lua.LValue) {
	a := scriptAnswer{c: c, v3: r.client.w.V3}
	a.write(v, 0)
}

type scriptAnswer struct {
	c  *call
	v3 bool // the script speaks version 3
}

func (a *scriptAnswer) write(v lua.LValue, depth int) {
	w := a.c.w
	if depth >= scriptDepth {
		a.c.fail("ERR reached lua stack limit")
		return
	}
	switch v := v.(type) {
	case lua.LString:
		w.BulkString(string(v))
	case lua.LNumber:
		w.Int(luabox.ToInt(float64(v)))
	case lua.LBool:
		switch {
		case a.v3:
			w.Bool(bool(v))
		case bool(v):
			w.Int(1)
		default:
			w.Null()
		}
	case *lua.LTable:
		a.table(v, depth)
	default:
		w.Null()
	}
}

// table writes a table: one with a field that names another kind of reply as such, any other as an array that ends at
// the first nil.
func (a *scriptAnswer) table(t *lua.LTable, depth int) {
	w := a.c.w
	if s, ok := t.RawGetString("err").(lua.LString); ok {
		a.error(t, string(s))
		return
	}
	if s, ok := t.RawGetString("ok").(lua.LString); ok {
		w.Status(oneLine(string(s)))
		return
	}
	if f, ok := t.RawGetString("double").(lua.LNumber); ok {
		w.Double(float64(f))
		return
	}
	if m, ok := t.RawGetString("map").(*lua.LTable); ok {
		w.Map(fields(m))
		for k, v := m.Next(lua.LNil); k != lua.LNil; k, v = m.Next(k) {
			a.write(k, depth+1)
			a.write(v, depth+1)
		}
		return
	}
	if s, ok := t.RawGetString("set").(*lua.LTable); ok {
		w.Set(fields(s))
		for k, _ := s.Next(lua.LNil); k != lua.LNil; k, _ = s.Next(k) {
			a.write(k, depth+1)
		}
		return
	}
	if s, ok := t.RawGetString("big_number").(lua.LString); ok {
		w.BigNumber(oneLine(string(s)))
		return
	}
	if v, ok := t.RawGetString("verbatim_string").(*lua.LTable); ok {
		text, ok1 := v.RawGetString("string").(lua.LString)
		format, ok2 := v.RawGetString("format").(lua.LString)
		if ok1 && ok2 {
			w.Verbatim((string(format) + "   ")[:3], string(text))
			return
		}
	}
	n := 0
	for t.RawGetInt(n+1) != lua.LNil {
		n++
	}
	w.Array(n)
	for i := range n {
		a.write(t.RawGetInt(i+1), depth+1)
	}
}

// error writes an error that a script returned. One that a command has answered is counted already.
func (a *scriptAnswer) error(t *lua.LTable, text string) {
	if lua.LVAsBool(t.RawGetString("ignore_error_stats_update")) {
		a.c.failed = true
		a.c.w.Error(text)
		return
	}
	a.c.fail(text)
}

func fields(t *lua.LTable) (n int) {
	t.ForEach(func(lua.LValue, lua.LValue) { n++ })
	return n
}

var lineBreaks = strings.NewReplacer("\r", " ", "\n", " ")

func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n") {
		return lineBreaks.Replace(s)
	}
	return s
}
