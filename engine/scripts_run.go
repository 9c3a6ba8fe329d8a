package engine

import (
	"errors"
	"runtime"
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/redbrick-go/redbrick/engine/internal/luabox"
)

const (
	// scriptHeap is by how much the process's heap may grow while a script runs, in bytes. A script that allocates
	// without end is ended before the process is.
	scriptHeap = 1 << 30
	// scriptLook is the time between two looks at the heap.
	scriptLook = 10 * time.Millisecond
)

var (
	errScriptKilled = errors.New("Script killed by user with SCRIPT KILL.") //nolint:staticcheck,revive // Redis's words, shown as they are
	errScriptHeap   = errors.New("the script uses too much memory")
	errScriptClosed = errors.New("the engine was closed")
)

// runScript runs a script and answers what it returns. Its effects are one group.
func (c *call) runScript(s *script, keys, args [][]byte) {
	e := c.e
	readOnly := c.cmd.flags&readonly != 0
	if readOnly && s.flags.declared && !s.flags.noWrites {
		c.fail("ERR Can not execute a script with write flag using *_ro command.")
		return
	}
	if s.flags.declared && !s.flags.noWrites && !s.flags.allowOOM && e.overLimit() {
		c.fail("OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'")
		return
	}
	box := e.scripts.box
	if box == nil {
		box = e.newBox()
	}
	e.scripts.box = nil
	r := e.scripts.begin(c, readOnly || s.flags.noWrites)
	e.beginGroup()
	v, err := box.Run(s.program, keys, args)
	e.endGroup()
	e.scripts.run = nil
	if e.scripts.busy {
		e.scripts.busy = false
		e.scripts.over.Broadcast()
	}
	c.recorded = true
	var failure *luabox.Error
	if err == nil || errors.As(err, &failure) && !failure.Broken {
		e.scripts.box = box
	}
	if err != nil {
		c.scriptFailed(s, err)
		return
	}
	c.answer(r, v)
}

// begin makes the run of a script; its client is used again and again.
func (s *scripts) begin(c *call, readOnly bool) *scriptRun {
	e := c.e
	r := e.scripts.spare
	if r == nil {
		r = &scriptRun{client: &client{e: e, kind: "normal", script: true, authed: true}}
		e.scripts.spare = r
	}
	r.client.id, r.client.db, r.client.noTouch, r.client.addr = c.cl.id, c.cl.db, c.cl.noTouch, c.cl.addr
	r.client.w.V3 = false
	r.call, r.readOnly, r.wrote, r.killed = c, readOnly, false, false
	r.since, r.looked = e.clock.real, time.Time{}
	if c.inner() {
		r.since = time.Now()
	}
	s.run = r
	return r
}

// scriptFailed answers why a script failed.
func (c *call) scriptFailed(s *script, err error) {
	var failure *luabox.Error
	text, line := "ERR "+err.Error(), 1
	if errors.As(err, &failure) {
		text = failure.Text
		line = max(failure.Line, 1)
	}
	text += " script: " + s.sha + ", on @user_script:" + strconv.Itoa(line) + "."
	if failure != nil && failure.Counted {
		c.failed = true
		c.w.Error(text)
		return
	}
	c.fail(text)
}

// tickScript is called by the script that runs, every thousand instructions. An error ends it.
func (e *Engine) tickScript() error {
	r := e.scripts.run
	if r == nil {
		return nil // the state is being made
	}
	now := time.Now()
	if r.looked.IsZero() && now.Sub(r.since) < scriptLook {
		return nil
	}
	if now.Sub(r.looked) >= scriptLook {
		heap := heapBytes()
		if r.looked.IsZero() {
			r.heap = heap
		}
		r.looked = now
		if heap-r.heap > scriptHeap {
			runtime.GC() // what is garbage does not count
			if heapBytes()-r.heap > scriptHeap {
				return errScriptHeap
			}
		}
	}
	if limit := e.config.scriptLimit; limit > 0 && now.Sub(r.since) > time.Duration(limit)*time.Millisecond {
		e.letOthersIn(r, now)
	}
	switch {
	case e.closed:
		return errScriptClosed
	case r.killed:
		return errScriptKilled
	}
	return nil
}

// letOthersIn lets go of the lock for a moment, so that other clients are told that the engine is busy and one of them
// can end the script. What they may run meanwhile touches no data; the time that the script sees stands still.
func (e *Engine) letOthersIn(r *scriptRun, now time.Time) {
	if !e.scripts.busy {
		e.log.Warn("the engine runs a slow script; SCRIPT KILL ends it", "running", now.Sub(r.since))
		e.scripts.busy = true
	}
	real, us, running := e.clock.real, e.clock.us, e.running
	pending, ready := e.tracking.pending, e.blocking.ready
	e.tracking.pending, e.blocking.ready = nil, nil
	e.mu.Unlock()
	// Who waits for the lock has waited for more than a millisecond: the mutex serves it before it serves this
	// goroutine again.
	runtime.Gosched()
	e.mu.Lock()
	e.tracking.pending = append(pending, e.tracking.pending...)
	e.blocking.ready = append(ready, e.blocking.ready...)
	e.clock.real, e.clock.us, e.running = real, us, running
}

// midScript reports that a script has let go of the lock: the data are in the middle of a change.
func (e *Engine) midScript() bool { return e.scripts.busy }

// overLimit reports that maxmemory is set and passed.
func (e *Engine) overLimit() bool {
	return e.config.maxMemory > 0 && e.usedMemory() > e.config.maxMemory
}

// newBox makes a Lua state with the library "redis".
func (e *Engine) newBox() *luabox.Box {
	box := luabox.New(&e.scripts.random, e.tickScript)
	box.Library("redis", map[string]lua.LGFunction{
		"call": e.luaCall, "pcall": e.luaPCall, "error_reply": luaErrorReply, "status_reply": luaStatusReply,
		"sha1hex": luaSHA1, "log": e.luaLog, "setresp": e.luaSetResp, "set_repl": luaSetRepl,
		"replicate_commands": func(L *lua.LState) int { L.Push(lua.LTrue); return 1 },
		"breakpoint":         func(L *lua.LState) int { L.Push(lua.LFalse); return 1 },
		"debug":              func(*lua.LState) int { return 0 },
		"acl_check_cmd":      e.luaACLCheck,
	}, map[string]lua.LValue{
		"LOG_DEBUG": lua.LNumber(0), "LOG_VERBOSE": lua.LNumber(1), "LOG_NOTICE": lua.LNumber(2), "LOG_WARNING": lua.LNumber(3),
		"REPL_NONE": lua.LNumber(0), "REPL_AOF": lua.LNumber(1), "REPL_SLAVE": lua.LNumber(2), "REPL_REPLICA": lua.LNumber(2), "REPL_ALL": lua.LNumber(3),
		"REDIS_VERSION": lua.LString(version), "REDIS_VERSION_NUM": lua.LNumber(versionNumber),
	})
	box.Unused(e.luaDo)
	return box
}
