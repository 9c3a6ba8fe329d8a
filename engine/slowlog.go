package engine

import "strconv"

// slowlog holds the commands that took longest, newest first.
type slowlog struct {
	entries []slowEntry
	lastID  int64
}

type slowEntry struct {
	id, at, micros int64
	args           []string
	addr, name     string
}

// What is kept of a command, as in Redis.
const (
	slowArgs  = 32
	slowBytes = 128
)

func (s *slowlog) add(c *call, micros int64, keep int) {
	e := slowEntry{id: s.lastID, at: c.e.clock.us / 1e6, micros: micros, addr: c.cl.addr, name: c.cl.name}
	s.lastID++
	for i, a := range c.args {
		if i == slowArgs-1 && len(c.args) > slowArgs {
			e.args = append(e.args, "... ("+strconv.Itoa(len(c.args)-slowArgs+1)+" more arguments)")
			break
		}
		if len(a) > slowBytes {
			e.args = append(e.args, string(a[:slowBytes])+"... ("+strconv.Itoa(len(a)-slowBytes)+" more bytes)")
			continue
		}
		e.args = append(e.args, string(a))
	}
	s.entries = append([]slowEntry{e}, s.entries...)
	s.entries = s.entries[:min(len(s.entries), keep)]
}

func cmdSlowlogGet(c *call) {
	count := int64(10)
	if len(c.args) > 3 {
		c.fail("ERR wrong number of arguments for 'slowlog|get' command")
		return
	}
	if len(c.args) == 3 {
		var ok bool
		if count, ok = c.rangeArg(c.args[2], -1, 1<<31-1, "ERR count should be greater than or equal to -1"); !ok {
			return
		}
	}
	list := c.e.slowlog.entries
	if count >= 0 {
		list = list[:min(int64(len(list)), count)]
	}
	c.w.Array(len(list))
	for _, e := range list {
		c.w.Array(6)
		c.w.Int(e.id)
		c.w.Int(e.at)
		c.w.Int(e.micros)
		c.w.Array(len(e.args))
		for _, a := range e.args {
			c.w.BulkString(a)
		}
		c.w.BulkString(e.addr)
		c.w.BulkString(e.name)
	}
}

func cmdSlowlogLen(c *call) { c.w.Int(int64(len(c.e.slowlog.entries))) }

func cmdSlowlogReset(c *call) {
	c.e.slowlog.entries = nil
	c.ok()
}
