package luabox

import (
	"context"
	"errors"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Limits of a script, those of Redis's Lua where it has one.
const (
	maxCalls   = 20001 // Lua functions one in another
	maxNested  = 198   // Go and Lua calls one in another: pcall, sort, gsub with a function
	maxValues  = 8000  // values of unpack
	maxString  = 512 << 20
	registers  = 1 << 10 // at first
	moreRegs   = 16 << 10
	maxRegs    = 1 << 20
	tickEvery  = 1 << 10 // instructions between two ticks
	scriptName = "user_script"
)

// Box is a Lua state. It runs one script at a time and keeps nothing of it.
type Box struct {
	L    *lua.LState
	json jsonConfig

	env         *lua.LTable // what scripts see as _G: an empty table in front of globals
	globals     *lua.LTable
	real        map[*lua.LTable]*lua.LTable // the content of tables that scripts must not change
	functions   map[*Program]*lua.LFunction
	concatenate *lua.LFunction
	globalMeta  *lua.LTable    // and of the globals
	stringMeta  *lua.LTable    // what scripts see as the metatable of strings
	unused      *lua.LFunction // redis.call, whose result is not used
	inside      *lua.LFunction // enter
	line        int            // of the last error
	keys        lua.LValue
	argv        lua.LValue
	random      *Random
	threads     bool // the script has made coroutines
	panicked    bool // a library failed in a way of its own
	depth       int  // of Go calls one in another
	clock       meter
}

// meter is the context of a state. The interpreter asks it for its channel before each instruction, which makes it a
// counter; it runs on the goroutine of the script, so that it needs no lock.
type meter struct {
	context.Context //nolint:containedctx // the shape that gopher-lua asks for
	left            int
	tick            func() error
	err             error
	closed          chan struct{}
}

// Done counts an instruction. It returns nil, which never ends, until the script has to.
func (m *meter) Done() <-chan struct{} {
	if m.left--; m.left < 0 {
		m.left = tickEvery
		m.look()
	}
	if m.err != nil {
		return m.closed
	}
	return nil
}

func (m *meter) look() {
	if m.err == nil && m.tick != nil {
		m.err = m.tick()
	}
}

func (m *meter) Err() error                  { return m.err }
func (m *meter) Deadline() (time.Time, bool) { return time.Time{}, false }
func (m *meter) Value(any) any               { return nil }

// New makes a state. tick is called every thousand instructions or so: an error of it ends the script.
// random is what its scripts draw from.
func New(random *Random, tick func() error) *Box {
	L := lua.NewState(lua.Options{
		CallStackSize: maxCalls, RegistrySize: registers, RegistryMaxSize: maxRegs, RegistryGrowStep: moreRegs,
		SkipOpenLibs: true,
	})
	L.Options.MinimizeStackMemory = true // of coroutines: there may be many
	b := &Box{
		L: L, random: random, json: newJSONConfig(), globals: L.NewTable(), real: map[*lua.LTable]*lua.LTable{},
		functions: map[*Program]*lua.LFunction{}, keys: lua.LNil, argv: lua.LNil,
	}
	closed := make(chan struct{})
	close(closed)
	b.clock = meter{left: tickEvery, tick: tick, closed: closed}
	L.SetContext(&b.clock)
	b.env = b.protect(b.globals, L.NewFunction(nonexistent))
	L.Env = b.env
	b.globalMeta = b.protect(b.globals.Metatable.(*lua.LTable), nil)
	b.inside = L.NewFunction(b.enter)
	b.openBase()
	b.openCoroutines()
	b.openStrings()
	b.openTables()
	b.openMath()
	b.openBit()
	b.openStruct()
	b.openMessagePack()
	b.openJSON()
	b.setTypeErrors()
	return b
}

// protect returns a table that shows what is in content and cannot be changed by scripts. missing, if there is one,
// answers for what is not there.
func (b *Box) protect(content *lua.LTable, missing *lua.LFunction) *lua.LTable {
	front, meta := b.L.NewTable(), b.L.NewTable()
	if missing != nil {
		own := b.L.NewTable()
		own.RawSetString("__index", missing)
		content.Metatable = own
	}
	meta.RawSetString("__index", content)
	meta.RawSetString("__newindex", b.L.NewFunction(func(L *lua.LState) int {
		raise(L, errReadOnly)
		return 0
	}))
	front.Metatable = meta
	b.real[front] = content
	return front
}

const errReadOnly = "Attempt to modify a readonly table"

func nonexistent(L *lua.LState) int {
	raise(L, "Script attempted to access nonexistent global variable '"+display(L.Get(2))+"'")
	return 0
}

// Library adds a table of functions to the globals.
func (b *Box) Library(name string, functions map[string]lua.LGFunction, more map[string]lua.LValue) *lua.LTable {
	content := b.L.CreateTable(0, len(functions)+len(more))
	for _, f := range sortedNames(functions) {
		content.RawSetString(f, b.L.NewFunction(functions[f]))
	}
	for _, v := range sortedNames(more) {
		content.RawSetString(v, more[v])
	}
	front := b.protect(content, nil)
	b.globals.RawSetString(name, front)
	return front
}

// Unused sets the function that stands for redis.call where its result is not used.
func (b *Box) Unused(fn lua.LGFunction) { b.unused = b.L.NewFunction(fn) }

// Error is why a script failed.
type Error struct {
	// Text is the message, with Redis's code at its beginning.
	Text string
	// Line is where the script was; 0 if that is not known.
	Line int
	// Counted reports that a command counted the error already.
	Counted bool
	// Cause is what tick returned, if it ended the script.
	Cause error
	// Broken reports that the state is not to be used again: the script did not end by an error of its own.
	Broken bool
}

func (e *Error) Error() string { return e.Text }

// Run runs a program and returns its value.
func (b *Box) Run(p *Program, keys, argv [][]byte) (lua.LValue, error) {
	L := b.L
	fn, err := b.function(p, keys, argv)
	if err != nil {
		return nil, err
	}
	b.json.reset()
	b.depth, b.threads, b.panicked = 0, false, false
	b.clock.err, b.clock.left = nil, tickEvery
	b.line = 0
	L.Push(b.inside)
	L.Push(fn)
	err = L.PCall(1, 1, nil)
	if b.clock.err != nil {
		return nil, &Error{Text: "ERR " + b.clock.err.Error(), Line: b.line, Cause: b.clock.err, Broken: true}
	}
	if err != nil {
		e := b.failure(err)
		e.Broken = b.threads || b.panicked || L.GetTop() != 0
		return nil, e
	}
	v := L.Get(-1)
	L.SetTop(0)
	return v, nil
}

func strings2table(L *lua.LState, list [][]byte) *lua.LTable {
	t := L.CreateTable(len(list), 0)
	for i, s := range list {
		t.RawSetInt(i+1, lua.LString(s))
	}
	return t
}

// function returns the program as a function of this state, with its KEYS and ARGV.
func (b *Box) function(p *Program, keys, argv [][]byte) (*lua.LFunction, error) {
	b.keys, b.argv = strings2table(b.L, keys), strings2table(b.L, argv)
	fn := b.functions[p]
	if p.whole || fn == nil {
		b.globals.RawSetString("KEYS", b.keys)
		b.globals.RawSetString("ARGV", b.argv)
	}
	if fn == nil {
		var err error
		if fn, err = b.link(p); err != nil {
			return nil, err
		}
		b.functions[p] = fn
		return fn, nil
	}
	for i, name := range fn.Proto.DbgUpvalues {
		switch name {
		case "KEYS":
			fn.Upvalues[i].SetValue(b.keys)
		case "ARGV":
			fn.Upvalues[i].SetValue(b.argv)
		}
	}
	return fn, nil
}

// link makes a function of a program: what it uses of the globals are its upvalues.
func (b *Box) link(p *Program) (*lua.LFunction, error) {
	L := b.L
	L.Push(L.NewFunctionFromProto(p.proto))
	for _, name := range p.free {
		L.Push(b.lookup(name))
	}
	if err := L.PCall(len(p.free), 1, nil); err != nil {
		return nil, b.failure(err)
	}
	fn, ok := L.Get(-1).(*lua.LFunction)
	L.Pop(1)
	if !ok {
		return nil, errors.New("luabox: a program is no function")
	}
	return fn, nil
}

// lookup returns a global, or a field of a library: "redis.call".
func (b *Box) lookup(name string) lua.LValue {
	if name == concatName {
		return b.concatenate
	}
	if name == "redis."+unusedCall {
		return b.unused
	}
	table, field, ok := strings.Cut(name, ".")
	v := b.globals.RawGetString(table)
	if !ok {
		return v
	}
	return b.real[v.(*lua.LTable)].RawGetString(field)
}
