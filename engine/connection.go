package engine

import (
	"crypto/subtle"
	"fmt"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// version is the Redis whose behaviour and words this engine has.
const version = "7.0.15"

func connectionCommands() []command {
	const g = "connection"
	return []command{
		{name: "ping", arity: -1, flags: fast, run: cmdPing, group: g, since: "1.0.0", summary: "Returns the server's liveliness response."},
		{name: "echo", arity: 2, flags: loading | stale | fast, run: cmdEcho, group: g, since: "1.0.0", summary: "Returns the given string."},
		{name: "hello", arity: -1, flags: noScript | loading | stale | fast | noAuth | allowBusy, run: cmdHello, group: g, since: "6.0.0", summary: "Handshakes with the Redis server."},
		{name: "auth", arity: -2, flags: noScript | loading | stale | fast | noAuth | allowBusy, run: cmdAuth, group: g, since: "1.0.0", summary: "Authenticates the connection."},
		{name: "select", arity: 2, flags: loading | stale | fast, run: cmdSelect, group: g, since: "1.0.0", summary: "Changes the selected database."},
		{name: "quit", arity: -1, flags: noScript | loading | stale | fast | noAuth | allowBusy, run: cmdQuit, group: g, since: "1.0.0", summary: "Closes the connection."},
		{name: "reset", arity: 1, flags: noScript | loading | stale | fast | noAuth | allowBusy, run: cmdReset, group: g, since: "6.2.0", summary: "Resets the connection."},
	}
}

func cmdPing(c *call) {
	switch {
	case len(c.args) > 2:
		c.fail("ERR wrong number of arguments for 'ping' command")
	case c.cl.subscriber():
		// A subscriber of version 2 expects messages: the answer looks like one.
		c.w.Array(2)
		c.w.BulkString("pong")
		if len(c.args) == 2 {
			c.w.Bulk(c.args[1])
		} else {
			c.w.Bulk(nil)
		}
	case len(c.args) == 2:
		c.w.Bulk(c.args[1])
	default:
		c.w.Status("PONG")
	}
}

func cmdEcho(c *call) { c.w.Bulk(c.args[1]) }

func cmdSelect(c *call) {
	id, ok := num.Int(c.args[1])
	switch {
	case !ok:
		c.fail(errNotInt)
	case id < 0 || id >= databases:
		c.fail(errDBIndex)
	default:
		c.cl.db = c.e.dbs[id]
		c.ok()
	}
}

func cmdQuit(c *call) {
	c.ok()
	c.cl.closing = true
}

func cmdReset(c *call) {
	c.cl.reset()
	c.w.Status("RESET")
}

// reset makes a client as it was when it connected.
func (cl *client) reset() {
	cl.endMulti()
	cl.unsubscribeAll()
	cl.stopMonitor()
	cl.e.untrack(cl)
	cl.db = cl.e.dbs[0]
	cl.name = ""
	cl.w.V3 = false
	cl.reply = replyOn
	cl.noEvict, cl.noTouch = false, false
	cl.authed = cl.e.config.password == ""
}

func cmdAuth(c *call) {
	switch len(c.args) {
	case 2:
		if c.e.config.password == "" {
			c.fail("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
			return
		}
		if c.login("default", c.args[1]) {
			c.ok()
		}
	case 3:
		if c.login(string(c.args[1]), c.args[2]) {
			c.ok()
		}
	default:
		c.fail(errSyntax)
	}
}

// login checks a user's password, or answers an error. Without a password any will do, as in Redis.
func (c *call) login(user string, password []byte) bool {
	want := c.e.config.password
	if user != "default" || want != "" && subtle.ConstantTimeCompare([]byte(want), password) != 1 {
		c.fail("WRONGPASS invalid username-password pair or user is disabled.")
		return false
	}
	c.cl.authed = true
	return true
}

func cmdHello(c *call) {
	v3, next := c.w.V3, 1
	if len(c.args) > 1 {
		n, ok := num.Int(c.args[1])
		switch {
		case !ok:
			c.fail("ERR Protocol version is not an integer or out of range")
			return
		case n < 2 || n > 3:
			c.fail("NOPROTO unsupported protocol version")
			return
		}
		v3, next = n == 3, 2
	}
	var name []byte
	for i := next; i < len(c.args); i++ {
		switch arg := c.args[i]; {
		case is(arg, "auth") && i+2 < len(c.args):
			if !c.login(string(c.args[i+1]), c.args[i+2]) {
				return
			}
			i += 2
		case is(arg, "setname") && i+1 < len(c.args):
			i++
			name = c.args[i]
			if !validClientName(name) {
				c.fail(errClientName)
				return
			}
		default:
			c.fail(fmt.Sprintf("ERR Syntax error in HELLO option '%s'", arg))
			return
		}
	}
	if !c.cl.authed {
		c.fail("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time")
		return
	}
	if name != nil {
		c.cl.name = string(name)
	}
	c.w.V3 = v3
	c.w.Map(7)
	c.w.BulkString("server")
	c.w.BulkString("redis")
	c.w.BulkString("version")
	c.w.BulkString(version)
	c.w.BulkString("proto")
	if v3 {
		c.w.Int(3)
	} else {
		c.w.Int(2)
	}
	c.w.BulkString("id")
	c.w.Int(c.cl.id)
	c.w.BulkString("mode")
	c.w.BulkString("standalone")
	c.w.BulkString("role")
	c.w.BulkString("master")
	c.w.BulkString("modules")
	c.w.Array(0)
}
