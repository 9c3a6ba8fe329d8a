package engine

import (
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

const errClientName = "ERR Client names cannot contain spaces, newlines or special characters."

func clientCommands() []command {
	const g = "connection"
	const f = noScript | loading | stale
	return []command{
		{name: "client", arity: -2, group: g, since: "2.4.0", summary: "A container for client connection commands.", subs: append(trackingSubcommands(), []*command{
			{name: "client|id", arity: 2, flags: f, run: cmdClientID, group: g, since: "5.0.0", summary: "Returns the unique client ID of the connection."},
			{name: "client|info", arity: 2, flags: f, run: cmdClientInfo, group: g, since: "6.2.0", summary: "Returns information about the connection."},
			{name: "client|list", arity: -2, flags: f | admin, run: cmdClientList, group: g, since: "2.4.0", summary: "Lists open connections."},
			{name: "client|kill", arity: -3, flags: f | admin, run: cmdClientKill, group: g, since: "2.4.0", summary: "Terminates open connections."},
			{name: "client|pause", arity: -3, flags: f | admin, run: cmdClientPause, group: g, since: "3.0.0", summary: "Suspends commands processing."},
			{name: "client|unpause", arity: 2, flags: f | admin, run: cmdClientUnpause, group: g, since: "6.2.0", summary: "Resumes processing commands from paused clients."},
			{name: "client|unblock", arity: -3, flags: f | admin, run: cmdClientUnblock, group: g, since: "5.0.0", summary: "Unblocks a client blocked by a blocking command from a different connection."},
			{name: "client|setname", arity: 3, flags: f, run: cmdClientSetName, group: g, since: "2.6.9", summary: "Sets the connection name."},
			{name: "client|getname", arity: 2, flags: f, run: cmdClientGetName, group: g, since: "2.6.9", summary: "Returns the name of the connection."},
			{name: "client|setinfo", arity: 4, flags: f, run: cmdClientSetInfo, group: g, since: "7.2.0", summary: "Sets information specific to the client or connection."},
			{name: "client|no-evict", arity: 3, flags: f | admin, run: cmdClientNoEvict, group: g, since: "7.0.0", summary: "Sets the client eviction mode of the connection."},
			{name: "client|no-touch", arity: 3, flags: f, run: cmdClientNoTouch, group: g, since: "7.2.0", summary: "Controls whether commands sent by the client affect the LRU/LFU of accessed keys."},
			{name: "client|reply", arity: 3, flags: f, run: cmdClientReply, group: g, since: "3.2.0", summary: "Instructs the server whether to reply to commands."},
			{name: "client|help", arity: 2, flags: loading | stale, run: cmdHelp, group: g, since: "5.0.0", summary: "Returns helpful text about the different subcommands."},
		}...)},
	}
}

func cmdClientID(c *call)   { c.w.Int(c.cl.id) }
func cmdClientInfo(c *call) { c.w.Verbatim("txt", c.cl.describe()+"\n") }

func cmdClientGetName(c *call) {
	if c.cl.name == "" {
		c.w.Null()
		return
	}
	c.w.BulkString(c.cl.name)
}

func validClientName(name []byte) bool {
	for _, c := range name {
		if c < '!' || c > '~' {
			return false
		}
	}
	return true
}

func cmdClientSetName(c *call) {
	if !validClientName(c.args[2]) {
		c.fail(errClientName)
		return
	}
	c.cl.name = string(c.args[2])
	c.ok()
}

func cmdClientSetInfo(c *call) {
	if !validClientName(c.args[3]) {
		c.fail("ERR " + strings.ToLower(string(c.args[2])) + " cannot contain spaces, newlines or special characters.")
		return
	}
	switch {
	case is(c.args[2], "lib-name"):
		c.cl.libName = string(c.args[3])
	case is(c.args[2], "lib-ver"):
		c.cl.libVer = string(c.args[3])
	default:
		c.fail("ERR Unrecognized option '" + string(c.args[2]) + "'")
		return
	}
	c.ok()
}

// onOff reads ON or OFF, or answers an error.
func (c *call) onOff(arg []byte) (on, ok bool) {
	switch {
	case is(arg, "on"):
		return true, true
	case is(arg, "off"):
		return false, true
	}
	c.fail(errSyntax)
	return false, false
}

func cmdClientNoEvict(c *call) {
	if on, ok := c.onOff(c.args[2]); ok {
		c.cl.noEvict = on
		c.ok()
	}
}

func cmdClientNoTouch(c *call) {
	if on, ok := c.onOff(c.args[2]); ok {
		c.cl.noTouch = on
		c.ok()
	}
}

func cmdClientReply(c *call) {
	switch {
	case is(c.args[2], "on"):
		c.cl.reply = replyOn
		c.ok()
	case is(c.args[2], "off"):
		c.cl.reply = replyOff
	case is(c.args[2], "skip"):
		if c.cl.reply != replyOff {
			c.cl.reply = replySkipNext
		}
	default:
		c.fail(errSyntax)
	}
}

func cmdClientUnblock(c *call) {
	failing := false
	if len(c.args) > 4 {
		c.fail("ERR wrong number of arguments for 'client|unblock' command")
		return
	}
	if len(c.args) == 4 {
		switch {
		case is(c.args[3], "timeout"):
		case is(c.args[3], "error"):
			failing = true
		default:
			c.fail("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
			return
		}
	}
	id, ok := c.int64Arg(c.args[2])
	if !ok {
		return
	}
	target := c.e.clients.byID[id]
	if target == nil || target.blocked == nil {
		c.w.Int(0)
		return
	}
	w := target.blocked
	if failing {
		c.e.answer(w, func(c *call) { c.fail("UNBLOCKED client unblocked via CLIENT UNBLOCK") })
	} else {
		c.e.answer(w, w.wait.timedOut)
	}
	c.w.Int(1)
}

func cmdClientList(c *call) {
	var only map[int64]bool
	kind := ""
	switch {
	case len(c.args) == 2:
	case is(c.args[2], "type") && len(c.args) == 4:
		kind = strings.ToLower(string(c.args[3]))
		if !knownClientType(kind) {
			c.fail("ERR Unknown client type '" + string(c.args[3]) + "'")
			return
		}
	case is(c.args[2], "id") && len(c.args) > 3:
		only = map[int64]bool{}
		for _, arg := range c.args[3:] {
			id, ok := num.Int(arg)
			if !ok {
				c.fail("ERR Invalid client ID")
				return
			}
			only[id] = true
		}
	default:
		c.fail(errSyntax)
		return
	}
	var list strings.Builder
	for _, cl := range c.e.clients.inOrder() {
		if (only == nil || only[cl.id]) && (kind == "" || cl.clientType() == kind) {
			list.WriteString(cl.describe() + "\n")
		}
	}
	c.w.Verbatim("txt", list.String())
}

func knownClientType(s string) bool {
	return s == "normal" || s == "pubsub" || s == "master" || s == "replica" || s == "slave"
}

func (cl *client) clientType() string {
	if cl.subs.count() > 0 {
		return "pubsub"
	}
	return cl.kind
}

// describe is the client's line in CLIENT LIST.
func (cl *client) describe() string {
	flags := ""
	add := func(on bool, letter string) {
		if on {
			flags += letter
		}
	}
	add(cl.monitor, "O")
	add(cl.subs.count() > 0, "P")
	add(cl.multi != nil, "x")
	add(cl.blocked != nil, "b")
	add(cl.tracking.on, "t")
	add(cl.tracking.lost, "R")
	add(cl.tracking.broadcast, "B")
	add(cl.watch.broken, "d")
	add(cl.closing, "c")
	add(cl.noEvict, "e")
	add(cl.noTouch, "T")
	add(flags == "", "N")
	queued, memory := -1, 0
	if cl.multi != nil {
		queued = len(cl.multi.commands)
		for _, q := range cl.multi.commands {
			for _, a := range q.args {
				memory += len(a)
			}
		}
	}
	waiting := cl.out.waiting()
	last, proto := "NULL", 2
	if cl.last != nil {
		last = cl.last.name
	}
	if cl.w.V3 {
		proto = 3
	}
	since := func(us int64) int { return int((cl.e.clock.us - us) / 1e6) }
	var b strings.Builder
	field := func(name, value string) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(name + "=" + value)
	}
	number := func(name string, n int) { field(name, strconv.Itoa(n)) }
	field("id", strconv.FormatInt(cl.id, 10))
	field("addr", cl.addr)
	field("laddr", cl.laddr)
	number("fd", int(cl.id)) // connections in memory have none; it only has to be one of its own
	field("name", cl.name)
	number("age", since(cl.created))
	number("idle", since(cl.seen))
	field("flags", flags)
	number("db", cl.db.id)
	number("sub", len(cl.subs.channels))
	number("psub", len(cl.subs.patterns))
	number("ssub", len(cl.subs.shards))
	number("multi", queued)
	number("qbuf", cl.queryBytes)
	number("qbuf-free", leastInput)
	number("argv-mem", 0)
	number("multi-mem", memory)
	number("rbs", cap(cl.w.Buf))
	number("rbp", 0)
	number("obl", 0)
	number("oll", 0)
	number("omem", waiting)
	number("tot-mem", leastInput+cap(cl.w.Buf)+waiting+memory)
	field("events", "r")
	field("cmd", last)
	field("user", "default")
	field("redir", strconv.FormatInt(cl.tracking.told(), 10))
	number("resp", proto)
	field("lib-name", cl.libName)
	field("lib-ver", cl.libVer)
	return b.String()
}
