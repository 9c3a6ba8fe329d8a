package engine

import (
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// killFilter is what CLIENT KILL was told; empty fields let all through.
type killFilter struct {
	addr, laddr, kind, user string
	id                      int64
	self                    bool // the caller too
}

func (f *killFilter) matches(cl, caller *client) bool {
	switch {
	case f.addr != "" && f.addr != cl.addr, f.laddr != "" && f.laddr != cl.laddr,
		f.kind != "" && f.kind != cl.clientType(), f.id != 0 && f.id != cl.id,
		!f.self && cl == caller:
		return false
	}
	return f.user == "" || cl.authed
}

func cmdClientKill(c *call) {
	f := killFilter{}
	if len(c.args) == 3 {
		f.addr, f.self = string(c.args[2]), true
		if c.kill(&f) == 0 {
			c.fail("ERR No such client")
			return
		}
		c.ok()
		return
	}
	if len(c.args)%2 != 0 {
		c.fail(errSyntax)
		return
	}
	for i := 2; i < len(c.args); i += 2 {
		if !f.option(c, c.args[i], c.args[i+1]) {
			return
		}
	}
	c.w.Int(c.kill(&f))
}

func (f *killFilter) option(c *call, name, value []byte) bool {
	switch {
	case is(name, "id"):
		id, ok := num.Int(value)
		if !ok || id < 1 {
			c.fail("ERR client-id should be greater than 0")
			return false
		}
		f.id = id
	case is(name, "addr"):
		f.addr = string(value)
	case is(name, "laddr"):
		f.laddr = string(value)
	case is(name, "type"):
		f.kind = strings.ToLower(string(value))
		if !knownClientType(f.kind) {
			c.fail("ERR Unknown client type '" + string(value) + "'")
			return false
		}
	case is(name, "user"):
		f.user = string(value)
		if f.user != "default" {
			c.fail("ERR No such user '" + f.user + "'")
			return false
		}
	case is(name, "skipme"):
		switch {
		case is(value, "yes"):
			f.self = false
		case is(value, "no"):
			f.self = true
		default:
			c.fail(errSyntax)
			return false
		}
	default:
		c.fail(errSyntax)
		return false
	}
	return true
}

// kill ends the clients that match. The caller, if it is one, gets its answer first.
func (c *call) kill(f *killFilter) (killed int64) {
	for _, cl := range c.e.clients.inOrder() {
		if !f.matches(cl, c.cl) {
			continue
		}
		killed++
		if cl == c.cl {
			cl.closing = true
		} else {
			c.e.disconnect(cl)
		}
	}
	return killed
}

// pause is what CLIENT PAUSE set.
type pause struct {
	until   *timer
	all     bool      // else writes alone
	waiting []*client // those it holds up
}

func cmdClientPause(c *call) {
	all := true
	if len(c.args) > 4 {
		c.fail("ERR wrong number of arguments for 'client|pause' command")
		return
	}
	if len(c.args) == 4 {
		switch {
		case is(c.args[3], "all"):
		case is(c.args[3], "write"):
			all = false
		default:
			c.fail("ERR CLIENT PAUSE mode must be WRITE or ALL")
			return
		}
	}
	ms, ok := num.Int(c.args[2])
	if !ok {
		c.fail("ERR timeout is not an integer or out of range")
		return
	}
	if ms < 0 {
		c.fail(errNegTimeout)
		return
	}
	p := &c.e.clients.pause
	d := time.Duration(min(ms, 9e12)) * time.Millisecond
	if p.until != nil {
		// The stricter mode and the later end win.
		d = max(d, time.Duration(p.until.at-c.e.clock.us)*time.Microsecond)
		all = all || p.all
		c.e.cancel(p.until)
	}
	p.all = all
	p.until = c.e.after(d, c.e.unpause)
	c.ok()
}

func cmdClientUnpause(c *call) {
	c.e.unpause()
	c.ok()
}

// pausedFor reports that a command has to wait, and makes the client wait.
func (e *Engine) pausedFor(cl *client, cmd *command) bool {
	p := &e.clients.pause
	if p.until == nil || cl.script || cmd.is("client|unpause") || cmd.is("client|pause") {
		return false
	}
	writes := cmd.flags&(write|mayReplicate) != 0 || cmd.is("exec") && cl.multi != nil && cl.multi.writes
	if !p.all && (!writes || cl.multi != nil && !cmd.is("exec")) {
		return false
	}
	cl.paused = true
	p.waiting = append(p.waiting, cl)
	return true
}

func (e *Engine) unpause() {
	p := &e.clients.pause
	e.cancel(p.until)
	for _, cl := range p.waiting {
		cl.paused = false
		cl.wakeUp()
	}
	*p = pause{}
}

func (e *Engine) unpauseClient(cl *client) {
	if cl.paused {
		cl.paused = false
		e.clients.pause.waiting = without(e.clients.pause.waiting, cl)
	}
}
