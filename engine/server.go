package engine

import (
	"strings"
)

func serverCommands() []command {
	const g = "server"
	const f = loading | stale
	return []command{
		{name: "dbsize", arity: 1, flags: readonly | fast, run: cmdDBSize, group: g, since: "1.0.0", summary: "Returns the number of keys in the database."},
		{name: "time", arity: 1, flags: f | fast, run: cmdTime, group: g, since: "2.6.0", summary: "Returns the server time."},
		{name: "info", arity: -1, flags: f, run: cmdInfo, group: g, since: "1.0.0", summary: "Returns information and statistics about the server."},
		{name: "flushdb", arity: -1, flags: write, run: cmdFlushDB, group: g, since: "1.0.0", summary: "Removes all keys from the current database."},
		{name: "flushall", arity: -1, flags: write, run: cmdFlushAll, group: g, since: "1.0.0", summary: "Removes all keys from all databases."},
		{name: "swapdb", arity: 3, flags: write | fast, run: cmdSwapDB, group: g, since: "4.0.0", summary: "Swaps two Redis databases."},
		{name: "role", arity: 1, flags: noScript | f | fast, run: cmdRole, group: g, since: "2.8.12", summary: "Returns the replication role."},
		{name: "wait", arity: 3, flags: noScript, run: cmdWait, group: "generic", since: "3.0.0", summary: "Blocks until the asynchronous replication of all preceding write commands sent by the connection is completed."},
		{name: "monitor", arity: 1, flags: admin | noScript | f, run: cmdMonitor, group: g, since: "1.0.0", summary: "Listens for all requests received by the server in real-time."},
		{name: "slowlog", arity: -2, group: g, since: "2.2.12", summary: "A container for slow log commands.", subs: []*command{
			{name: "slowlog|get", arity: -2, flags: admin | f, run: cmdSlowlogGet, group: g, since: "2.2.12", summary: "Returns the slow log's entries."},
			{name: "slowlog|len", arity: 2, flags: admin | f, run: cmdSlowlogLen, group: g, since: "2.2.12", summary: "Returns the number of entries in the slow log."},
			{name: "slowlog|reset", arity: 2, flags: admin | f, run: cmdSlowlogReset, group: g, since: "2.2.12", summary: "Clears all entries from the slow log."},
			{name: "slowlog|help", arity: 2, flags: f, run: cmdHelp, group: g, since: "6.2.0", summary: "Returns helpful text about the different subcommands."},
		}},
		{name: "latency", arity: -2, group: g, since: "2.8.13", summary: "A container for latency diagnostics commands.", subs: []*command{
			{name: "latency|latest", arity: 2, flags: admin | noScript | f, run: cmdLatencyLatest, group: g, since: "2.8.13", summary: "Returns the latest latency samples for all events."},
			{name: "latency|history", arity: 3, flags: admin | noScript | f, run: cmdLatencyHistory, group: g, since: "2.8.13", summary: "Returns timestamp-latency samples for an event."},
			{name: "latency|histogram", arity: -2, flags: admin | noScript | f, run: cmdLatencyHistogram, group: g, since: "7.0.0", summary: "Returns the cumulative distribution of latencies of a subset or all commands."},
			{name: "latency|reset", arity: -2, flags: admin | noScript | f, run: cmdLatencyReset, group: g, since: "2.8.13", summary: "Resets the latency data for one or more events."},
			{name: "latency|doctor", arity: 2, flags: admin | noScript | f, run: cmdLatencyDoctor, group: g, since: "2.8.13", summary: "Returns a human-readable latency analysis report."},
			{name: "latency|help", arity: 2, flags: f, run: cmdHelp, group: g, since: "2.8.13", summary: "Returns helpful text about the different subcommands."},
		}},
		{name: "memory", arity: -2, group: g, since: "4.0.0", summary: "A container for memory diagnostics commands.", subs: []*command{
			{name: "memory|usage", arity: -3, flags: readonly, keys: keySpec{2, 2, 1}, run: cmdMemoryUsage, group: g, since: "4.0.0", summary: "Estimates the memory usage of a key."},
			{name: "memory|stats", arity: 2, run: cmdMemoryStats, group: g, since: "4.0.0", summary: "Returns details about memory usage."},
			{name: "memory|doctor", arity: 2, run: cmdMemoryDoctor, group: g, since: "4.0.0", summary: "Outputs a memory problems report."},
			{name: "memory|purge", arity: 2, run: cmdMemoryPurge, group: g, since: "4.0.0", summary: "Asks the allocator to release memory."},
			{name: "memory|help", arity: 2, flags: f, run: cmdHelp, group: g, since: "4.0.0", summary: "Returns helpful text about the different subcommands."},
		}},
	}
}

// cmdHelp lists the subcommands of the container it belongs to.
func cmdHelp(c *call) {
	name := c.name()
	subs := c.e.commands[name].subs
	c.w.Array(1 + 2*len(subs))
	c.w.Status(strings.ToUpper(name) + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
	for _, s := range subs {
		_, sub, _ := strings.Cut(s.name, "|")
		c.w.Status(strings.ToUpper(sub))
		c.w.Status("    " + s.summary)
	}
}

func cmdDBSize(c *call) { c.w.Int(int64(c.db.keys.Len())) }

func cmdTime(c *call) {
	c.w.Array(2)
	c.w.BulkInt(c.e.clock.us / 1e6)
	c.w.BulkInt(c.e.clock.us % 1e6)
}

// flushMode checks SYNC or ASYNC; all is forgotten at once either way.
func (c *call) flushMode() bool {
	if len(c.args) > 2 || len(c.args) == 2 && !is(c.args[1], "sync") && !is(c.args[1], "async") {
		c.fail(errSyntax)
		return false
	}
	return true
}

func cmdFlushDB(c *call) {
	if !c.flushMode() {
		return
	}
	c.changes += max(1, c.db.flush())
	c.e.invalidateAll()
	c.ok()
}

func cmdFlushAll(c *call) {
	if !c.flushMode() {
		return
	}
	c.changes++
	for _, db := range c.e.dbs {
		c.changes += db.flush()
	}
	c.e.invalidateAll()
	c.ok()
}

func cmdSwapDB(c *call) {
	a, ok := c.rangeArg(c.args[1], -1<<31, 1<<31-1, "ERR invalid first DB index")
	if !ok {
		return
	}
	b, ok := c.rangeArg(c.args[2], -1<<31, 1<<31-1, "ERR invalid second DB index")
	if !ok {
		return
	}
	if a < 0 || a >= databases || b < 0 || b >= databases {
		c.fail(errDBIndex)
		return
	}
	if a != b {
		c.e.dbs[a].exchange(c.e.dbs[b])
		c.e.invalidateAll()
	}
	c.changes++
	c.ok()
}

func cmdRole(c *call) {
	c.w.Array(3)
	c.w.BulkString("master")
	c.w.Int(0)
	c.w.Array(0)
}

// cmdWait answers as a server without replicas once the time is over.
func cmdWait(c *call) {
	want, ok := c.int64Arg(c.args[1])
	if !ok {
		return
	}
	ms, ok := c.int64Arg(c.args[2])
	if !ok {
		return
	}
	if ms < 0 {
		c.fail(errNegTimeout)
		return
	}
	c.await(nil, millisecondsOf(ms), waitFor{
		try: func(c *call) bool {
			if want > 0 {
				return false
			}
			c.w.Int(0)
			return true
		},
		timedOut: func(c *call) { c.w.Int(0) },
	})
}
