package engine

import (
	"context"
	"crypto/sha1" //nolint:gosec // redis.sha1hex is what it is
	"encoding/hex"
	"log/slog"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/redbrick-go/redbrick/engine/internal/luabox"
	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// versionNumber is version as a number: 0x00MMmmpp.
const versionNumber = 7<<16 | 0<<8 | 15

const (
	errLuaNoArgs  = "ERR Please specify at least one argument for this redis lib call"
	errLuaArgs    = "ERR Lua redis lib command arguments must be strings or integers"
	errLuaUnknown = "ERR Unknown Redis command called from script"
	errLuaArity   = "ERR Wrong number of args calling Redis command from script"
	errLuaRefused = "ERR This Redis command is not allowed from script"
	errLuaWrites  = "ERR Write commands are not allowed from read-only scripts."
)

// scriptArgs are the arguments of the command that a script calls, in buffers that are used again.
type scriptArgs struct {
	list  [][]byte
	ends  []int
	bytes []byte
}

// keepScriptArgs is the largest buffer kept.
const keepScriptArgs = 64 << 10

// read takes the arguments off the Lua stack; false if one is neither text nor number.
func (a *scriptArgs) read(L *lua.LState) bool {
	a.bytes, a.ends, a.list = a.bytes[:0], a.ends[:0], a.list[:0]
	if cap(a.bytes) > keepScriptArgs {
		a.bytes = nil
	}
	for i := range L.GetTop() {
		switch v := L.Get(i + 1).(type) {
		case lua.LString:
			a.bytes = append(a.bytes, v...)
		case lua.LNumber:
			a.bytes = luabox.AppendG(a.bytes, float64(v), 17)
		default:
			return false
		}
		a.ends = append(a.ends, len(a.bytes))
	}
	from := 0
	for _, to := range a.ends {
		a.list = append(a.list, a.bytes[from:to:to])
		from = to
	}
	return true
}

func (e *Engine) luaCall(L *lua.LState) int  { return e.luaCommand(L, true, true) }
func (e *Engine) luaPCall(L *lua.LState) int { return e.luaCommand(L, false, true) }

// luaDo is luaCall for those who do not look at the result.
func (e *Engine) luaDo(L *lua.LState) int { return e.luaCommand(L, true, false) }

// luaCommand runs a command for a script and gives it the reply; an error is raised, or returned as a table.
func (e *Engine) luaCommand(L *lua.LState, raise, used bool) int {
	r, w := e.scripts.run, &e.scripts.reply
	if r == nil {
		return 0
	}
	w.Buf, w.V3 = w.Buf[:0], r.client.w.V3
	if cap(w.Buf) > keepScriptArgs {
		w.Buf = nil
	}
	counted := true
	switch text := e.callFromScript(L, r, w); text {
	case "":
	case errLuaNoArgs, errLuaArgs:
		counted = false
		w.Error(text)
	default:
		e.stats.countError(text)
		w.Error(text)
	}
	if len(w.Buf) > 0 && w.Buf[0] == '-' {
		t := errorTable(L, string(w.Buf[1:len(w.Buf)-2]))
		if counted {
			t.RawSetString("ignore_error_stats_update", lua.LTrue)
		}
		if raise {
			luabox.Raise(L, t)
		}
		L.Push(t)
		return 1
	}
	if !used {
		return 0
	}
	p := replyReader{L: L, in: w.Buf}
	L.Push(p.value())
	return 1
}

// callFromScript runs the command on the Lua stack, or returns why it may not be.
func (e *Engine) callFromScript(L *lua.LState, r *scriptRun, w *resp.Writer) string {
	if L.GetTop() == 0 {
		return errLuaNoArgs
	}
	a := &e.scripts.args
	if !a.read(L) {
		return errLuaArgs
	}
	cmd, refusal := e.find(r.client, a.list)
	switch {
	case cmd == nil:
		return errLuaUnknown
	case refusal != "":
		return errLuaArity
	case cmd.flags&noScript != 0:
		return errLuaRefused
	case r.readOnly && cmd.flags&(write|mayReplicate) != 0:
		return errLuaWrites
	case cmd.flags&denyOOM != 0 && !r.wrote && e.overLimit():
		return errOOM
	case cmd.flags&write != 0:
		if why := e.store.refuses(r.client, cmd); why != "" {
			return why
		}
	}
	r.wrote = r.wrote || cmd.flags&write != 0
	r.inner = call{e: e, cl: r.client, db: r.client.db, cmd: cmd, args: a.list, w: w}
	e.run(&r.inner)
	return ""
}

// errorTable is the Lua form of an error. One without a code gets Redis's.
func errorTable(L *lua.LState, text string) *lua.LTable {
	text = strings.TrimPrefix(text, "-")
	if !strings.Contains(text, " ") {
		text = "ERR " + text
	}
	t := L.CreateTable(0, 2)
	t.RawSetString("err", lua.LString(text))
	return t
}

// luaFail raises an error in the form of a command's.
func luaFail(L *lua.LState, text string) int {
	luabox.Raise(L, errorTable(L, "ERR "+text))
	return 0
}

func luaErrorReply(L *lua.LState) int {
	s, ok := L.Get(1).(lua.LString)
	if L.GetTop() != 1 || !ok {
		L.Push(errorTable(L, "ERR wrong number or type of arguments"))
		return 1
	}
	L.Push(errorTable(L, string(s)))
	return 1
}

func luaStatusReply(L *lua.LState) int {
	s, ok := L.Get(1).(lua.LString)
	if L.GetTop() != 1 || !ok {
		L.Push(errorTable(L, "ERR wrong number or type of arguments"))
		return 1
	}
	t := L.CreateTable(0, 1)
	t.RawSetString("ok", s)
	L.Push(t)
	return 1
}

func luaSHA1(L *lua.LState) int {
	if L.GetTop() != 1 {
		return luaFail(L, "wrong number of arguments")
	}
	text, _ := luabox.String(L.Get(1))
	sum := sha1.Sum([]byte(text)) //nolint:gosec // see above
	L.Push(lua.LString(hex.EncodeToString(sum[:])))
	return 1
}

// luaLog writes to the engine's log.
func (e *Engine) luaLog(L *lua.LState) int {
	n := L.GetTop()
	level, ok := L.Get(1).(lua.LNumber)
	switch {
	case n < 2:
		return luaFail(L, "redis.log() requires two arguments or more.")
	case !ok:
		return luaFail(L, "First argument must be a number (log level).")
	case level < 0 || level > 3:
		return luaFail(L, "Invalid debug level.")
	}
	var words []string
	for i := 2; i <= n; i++ {
		if s, ok := luabox.String(L.Get(i)); ok {
			words = append(words, s)
		}
	}
	levels := []slog.Level{slog.LevelDebug, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn}
	e.log.Log(context.Background(), levels[int(level)], "a script says", "text", strings.Join(words, " "))
	return 0
}

// luaSetResp chooses the protocol in which the script sees replies.
func (e *Engine) luaSetResp(L *lua.LState) int {
	if L.GetTop() != 1 {
		return luaFail(L, "redis.setresp() requires one argument.")
	}
	n, _ := luabox.Number(L.Get(1))
	if n = float64(int64(n)); n != 2 && n != 3 {
		return luaFail(L, "RESP version must be 2 or 3.")
	}
	if r := e.scripts.run; r != nil {
		r.client.w.V3 = n == 3
	}
	return 0
}

func luaSetRepl(L *lua.LState) int {
	if L.GetTop() != 1 {
		return luaFail(L, "redis.set_repl() requires two arguments.")
	}
	if n, _ := luabox.Number(L.Get(1)); int64(n)&^3 != 0 {
		return luaFail(L, "Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.")
	}
	return 0
}

// luaACLCheck answers whether the user may run a command: the one user there is may run all.
func (e *Engine) luaACLCheck(L *lua.LState) int {
	if L.GetTop() == 0 {
		return luaFail(L, "Please specify at least one argument for this redis lib call")
	}
	var a scriptArgs
	if !a.read(L) {
		return luaFail(L, "redis.acl_check_cmd() require a command name")
	}
	if e.lookup(a.list[0]) == nil {
		return luaFail(L, "Invalid command passed to redis.acl_check_cmd()")
	}
	L.Push(lua.LTrue)
	return 1
}
