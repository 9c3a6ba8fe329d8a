package engine

import (
	"fmt"
	"math"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/journal"
)

const errNoFolder = "ERR nothing is kept on disk: this engine has no folder"

func persistCommands() []command {
	const g = "server"
	return []command{
		{name: "save", arity: 1, flags: admin | noScript | noMulti | noAsyncLoading, run: cmdSave, group: g, since: "1.0.0", summary: "Synchronously saves the database(s) to disk."},
		{name: "bgsave", arity: -1, flags: admin | noScript | noAsyncLoading, run: cmdBGSave, group: g, since: "1.0.0", summary: "Asynchronously saves the database(s) to disk."},
		{name: "bgrewriteaof", arity: 1, flags: admin | noScript | noAsyncLoading, run: cmdBGRewriteAOF, group: g, since: "1.0.0", summary: "Asynchronously rewrites the append-only file to disk."},
		{name: "lastsave", arity: 1, flags: loading | stale | fast, run: cmdLastSave, group: g, since: "1.0.0", summary: "Returns the Unix timestamp of the last successful save to disk."},
		{name: "shutdown", arity: -1, flags: admin | noScript | loading | stale | noMulti | allowBusy, run: cmdShutdown, group: g, since: "1.0.0", summary: "Shuts down the server."},
	}
}

// kept returns the folder's store, or answers an error.
func (c *call) kept() *store {
	if c.e.store == nil {
		c.fail(errNoFolder)
	}
	return c.e.store
}

// cmdSave waits for a snapshot. Others are served meanwhile.
func cmdSave(c *call) {
	s := c.kept()
	switch {
	case s == nil:
	case s.saving:
		c.fail("ERR Background save already in progress")
	default:
		c.saveThen(s, func(c *call) {
			if s.failed {
				c.fail("ERR The snapshot could not be written, the log says why")
				return
			}
			c.ok()
		})
	}
}

// saveThen makes the client wait for the next snapshot.
func (c *call) saveThen(s *store, then func(c *call)) {
	s.wanted = true
	c.park(nil, 0, waitFor{
		try:      func(c *call) bool { then(c); return true },
		timedOut: func(c *call) { c.fail("UNBLOCKED client unblocked via CLIENT UNBLOCK") },
	})
	s.waiters = append(s.waiters, c.cl.blocked)
}

func cmdBGSave(c *call) {
	s := c.kept()
	if s == nil {
		return
	}
	schedule := len(c.args) == 2 && is(c.args[1], "schedule")
	switch {
	case len(c.args) > 1 && !schedule:
		c.fail(errSyntax)
	case s.saving && !schedule:
		c.fail("ERR Background save already in progress")
	case s.saving:
		s.wanted = true
		c.w.Status("Background saving scheduled")
	default:
		s.wanted = true
		c.w.Status("Background saving started")
	}
}

func cmdBGRewriteAOF(c *call) {
	s := c.kept()
	switch {
	case s == nil:
	case s.saving:
		c.fail("ERR Background append only file rewriting already in progress")
	default:
		s.wanted = true
		c.w.Status("Background append only file rewriting started")
	}
}

func cmdLastSave(c *call) {
	if s := c.e.store; s != nil {
		c.w.Int(s.saved)
		return
	}
	c.w.Int(c.e.started.Unix())
}

// cmdShutdown ends the engine. The log has everything; SAVE puts a fresh snapshot in its place first.
func cmdShutdown(c *call) {
	if c.e.midScript() && (len(c.args) != 2 || !is(c.args[1], "nosave")) {
		c.fail(errBusy)
		return
	}
	save, noSave, abort := false, false, false
	for _, arg := range c.args[1:] {
		switch {
		case is(arg, "nosave"):
			noSave = true
		case is(arg, "save"):
			save = true
		case is(arg, "abort"):
			abort = true
		case is(arg, "now"), is(arg, "force"):
		default:
			c.fail(errSyntax)
			return
		}
	}
	s := c.e.store
	switch {
	case abort && len(c.args) > 2, save && noSave:
		c.fail(errSyntax)
	case abort:
		c.fail("ERR No shutdown in progress.")
	case save && s != nil && s.saving:
		c.fail("ERR Errors trying to SHUTDOWN. Check logs.")
	case save && s != nil:
		c.saveThen(s, func(c *call) {
			if s.failed {
				c.fail("ERR Errors trying to SHUTDOWN. Check logs.")
				return
			}
			c.e.shutDown()
		})
	default:
		c.e.shutDown()
	}
}

func infoPersistence(e *Engine, b *strings.Builder) {
	s := e.store
	if s == nil {
		s = &store{saved: e.started.Unix()}
	}
	status := func(bad bool) string {
		if bad {
			return "err"
		}
		return "ok"
	}
	saving := 0
	if s.saving {
		saving = 1
	}
	line(b, "loading", 0)
	line(b, "async_loading", 0)
	line(b, "rdb_changes_since_last_save", e.stats.changes)
	line(b, "rdb_bgsave_in_progress", saving)
	line(b, "rdb_last_save_time", s.saved)
	line(b, "rdb_last_bgsave_status", status(s.failed))
	line(b, "rdb_last_bgsave_time_sec", s.took)
	line(b, "rdb_saves", s.rewrites)
	line(b, "aof_enabled", yesNo(e.store != nil, "1", "0"))
	line(b, "aof_rewrite_in_progress", saving)
	line(b, "aof_rewrite_scheduled", 0)
	line(b, "aof_last_bgrewrite_status", status(s.failed))
	line(b, "aof_last_write_status", status(s.failure != ""))
	line(b, "aof_rewrites", s.rewrites)
	if e.store != nil {
		line(b, "aof_current_size", s.log.Size())
		line(b, "aof_base_size", s.base)
		line(b, "aof_pending_bio_fsync", 0)
	}
}

func yesNo(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

// persistParameters are the parts of CONFIG that have to do with the folder.
func (e *Engine) persistParameters() map[string]parameter {
	dir, appends := "", "no"
	if e.store != nil {
		dir, appends = e.store.folder.Dir(), "yes"
	}
	planned := func(p parameter) parameter {
		return parameter{get: p.get, set: func(e *Engine, v string) error {
			err := p.set(e, v)
			if err == nil && e.store != nil {
				e.store.planRewrite()
			}
			return err
		}}
	}
	return map[string]parameter{
		"dir":        {get: func(*Engine) string { return dir }},
		"save":       {get: func(*Engine) string { return "" }, set: onlyValue("", "snapshots follow the size of the log: see auto-aof-rewrite-percentage")},
		"appendonly": {get: func(*Engine) string { return appends }, set: onlyValue(appends, "a folder is given, or not, when the engine is opened")},
		"appendfsync": {
			get: func(e *Engine) string { return string(e.fsync()) },
			set: func(e *Engine, v string) error {
				f := Fsync(v)
				if !f.known() {
					return fmt.Errorf("argument(s) must be one of the following: everysec, always, no")
				}
				if e.store == nil {
					return onlyValue(string(FsyncEverySecond), "nothing is kept on disk: there is no folder")(e, v)
				}
				e.store.log.SetPolicy(f.policy())
				return nil
			},
		},
		"auto-aof-rewrite-percentage": planned(int64Parameter(0, 1<<31-1, func(c *config) *int64 { return &c.rewritePercent })),
		"auto-aof-rewrite-min-size": planned(memoryParameter(0, math.MaxInt64, func(e *Engine) int64 { return e.config.rewriteLeast },
			func(e *Engine, n int64) { e.config.rewriteLeast = n })),
	}
}

// fsync is the policy in force.
func (e *Engine) fsync() Fsync {
	if e.store == nil {
		return FsyncEverySecond
	}
	switch e.store.log.Policy() {
	case journal.FsyncAlways:
		return FsyncAlways
	case journal.FsyncNo:
		return FsyncNo
	default:
		return FsyncEverySecond
	}
}
