package luabox

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// openCoroutines takes gopher-lua's coroutines, and has them counted as the rest of the script is.
func (b *Box) openCoroutines() {
	L := b.L
	L.Push(L.NewFunction(lua.OpenCoroutine))
	L.Push(lua.LString(lua.CoroutineLibName))
	L.Call(1, 1)
	original, _ := L.Get(-1).(*lua.LTable)
	L.SetTop(0)
	create, resume := original.RawGetString("create"), original.RawGetString("resume")
	start := func(L *lua.LState, fn string) *lua.LState {
		if _, ok := L.Get(1).(*lua.LFunction); !ok {
			argError(L, 1, fn, "Lua function expected")
		}
		b.threads = true
		L.Push(create)
		L.Push(L.Get(1))
		L.Call(1, 1)
		th, _ := L.Get(-1).(*lua.LState)
		th.SetContext(&b.clock)
		return th
	}
	// again resumes and returns whether that went well; what came back is on the stack above.
	again := func(L *lua.LState, th *lua.LState, from int) bool {
		top := L.GetTop()
		L.Push(resume)
		L.Push(th)
		for i := from; i <= top; i++ {
			L.Push(L.Get(i))
		}
		b.call(L, top-from+2, lua.MultRet)
		if b.clock.err != nil {
			L.Error(lua.LString(b.clock.err.Error()), 0)
		}
		ok := lua.LVAsBool(L.Get(top + 1))
		L.Remove(top + 1)
		return ok
	}
	b.Library("coroutine", map[string]lua.LGFunction{
		"create": func(L *lua.LState) int {
			start(L, "create")
			return 1
		},
		"resume": func(L *lua.LState) int {
			th, ok := L.Get(1).(*lua.LState)
			if !ok {
				argError(L, 1, "resume", "coroutine expected")
			}
			top := L.GetTop()
			switch ok = again(L, th, 2); {
			case ok:
				L.Insert(lua.LTrue, top+1)
			default:
				v := resumeError(L.Get(top + 1))
				L.SetTop(top)
				L.Push(lua.LFalse)
				L.Push(v)
			}
			return L.GetTop() - top
		},
		"wrap": func(L *lua.LState) int {
			th := start(L, "wrap")
			L.Push(L.NewFunction(func(L *lua.LState) int {
				top := L.GetTop()
				if !again(L, th, 1) {
					v := resumeError(L.Get(top + 1))
					if s, ok := v.(lua.LString); ok {
						v = lua.LString(where(L) + string(s))
					}
					L.Error(v, 0)
				}
				return L.GetTop() - top
			}))
			return 1
		},
		"running": original.RawGetString("running").(*lua.LFunction).GFunction,
		"status":  original.RawGetString("status").(*lua.LFunction).GFunction,
		"yield":   original.RawGetString("yield").(*lua.LFunction).GFunction,
	}, nil)
}

func resumeError(v lua.LValue) lua.LValue {
	s, ok := v.(lua.LString)
	if !ok {
		return v
	}
	text := translate(string(s))
	if at := strings.Index(text, "can not resume a dead thread"); at >= 0 {
		text = "cannot resume dead coroutine"
	} else if at := strings.Index(text, "can not resume a running thread"); at >= 0 {
		text = "cannot resume running coroutine"
	}
	return lua.LString(text)
}
