package engine

import (
	"math"
	"strings"
	"time"
)

// sideArg reads LEFT or RIGHT, or answers an error.
func (c *call) sideArg(b []byte) (side, bool) {
	switch {
	case is(b, "left"):
		return left, true
	case is(b, "right"):
		return right, true
	}
	c.fail(errSyntax)
	return left, false
}

func (s side) word() string {
	if s == right {
		return "RIGHT"
	}
	return "LEFT"
}

func cmdLMove(c *call) {
	from, ok := c.sideArg(c.args[3])
	if !ok {
		return
	}
	to, ok := c.sideArg(c.args[4])
	if ok && !c.move(from, to) && !c.failed {
		c.w.Null()
	}
}

func cmdRPopLPush(c *call) {
	if !c.move(right, left) && !c.failed {
		c.w.Null()
	}
}

// move takes a value off the list of argument 1, puts it on that of argument 2 and answers it. False if there is none,
// or if it answered an error.
func (c *call) move(from, to side) bool {
	src, dst := c.args[1], c.args[2]
	n, ok := c.writeKind(src, kindList)
	if !ok || n == nil {
		return false
	}
	target, ok := c.writeKind(dst, kindList)
	if !ok {
		return false
	}
	v := asList(n).pop(from)
	if target == nil {
		target = c.db.put(dst, kindList)
		target.Val.setObject(&list{})
	}
	asList(target).push(to, v)
	c.changed(eventList, to.String()+"push", dst)
	c.w.BulkString(v)
	c.popped(n, src, from)
	if c.e.recorder != nil {
		c.effect([]byte("LMOVE"), src, dst, []byte(from.word()), []byte(to.word()))
	}
	return true
}

// mpopArgs is what LMPOP, ZMPOP and their blocking forms were asked.
type mpopArgs struct {
	keys  [][]byte
	side  side
	count int64
}

// mpopArgs reads them from the number of keys on. end reads which end of the values is meant.
func (c *call) mpopArgs(at int, end func(*call, []byte) (side, bool)) (m mpopArgs, ok bool) {
	n, ok := c.rangeArg(c.args[at], 1, math.MaxInt64, "ERR numkeys should be greater than 0")
	if !ok {
		return m, false
	}
	if n > int64(len(c.args)-at-2) {
		c.fail(errSyntax)
		return m, false
	}
	m.keys = c.args[at+1 : at+1+int(n)]
	rest := c.args[at+1+int(n):]
	if m.side, ok = end(c, rest[0]); !ok {
		return m, false
	}
	m.count = 1
	switch {
	case len(rest) == 1:
	case len(rest) >= 3 && is(rest[1], "count"):
		if m.count, ok = c.rangeArg(rest[2], 1, math.MaxInt64, "ERR count should be greater than 0"); ok && len(rest) > 3 {
			c.fail(errSyntax)
			return m, false
		}
		return m, ok
	default:
		c.fail(errSyntax)
		return m, false
	}
	return m, true
}

// popFrom pops from the first of several keys that has something, and answers; false if none has.
func (c *call) popFrom(at int, end func(*call, []byte) (side, bool), pop func(*call, mpopArgs) bool) {
	if m, ok := c.mpopArgs(at, end); ok && !pop(c, m) {
		c.w.NullArray()
	}
}

// blockingPopFrom is popFrom that waits; the timeout is argument 1.
func (c *call) blockingPopFrom(end func(*call, []byte) (side, bool), pop func(*call, mpopArgs) bool) {
	m, ok := c.mpopArgs(2, end)
	if !ok {
		return
	}
	timeout, ok := c.timeoutArg(c.args[1])
	if !ok {
		return
	}
	c.await(m.keys, timeout, waitFor{
		try: func(c *call) bool {
			m, ok := c.mpopArgs(2, end)
			return !ok || pop(c, m)
		},
		timedOut: func(c *call) { c.w.NullArray() },
	})
}

// firstOf pops from the first of the keys that is there; a command that waits takes what changed first, wherever that
// stands among its keys. False if none is and nothing was answered. Values of another kind are an error, but not to a
// command that waits.
func (c *call) firstOf(keys [][]byte, k kind, pop func(c *call, n *node, key []byte)) bool {
	if c.retried {
		keys = [][]byte{view(c.ready)}
	}
	for _, key := range keys {
		n := c.write(key)
		switch {
		case n == nil || c.retried && n.Val.kind != k:
			continue
		case n.Val.kind != k:
			c.fail(errWrongType)
		default:
			pop(c, n, key)
		}
		return true
	}
	return false
}

// mpop takes values off the first list that has some, and answers. False if there is none and nothing was answered.
func (c *call) mpop(m mpopArgs) bool {
	return c.firstOf(m.keys, kindList, func(c *call, n *node, key []byte) {
		take := min(m.count, int64(asList(n).Len()))
		c.w.Array(2)
		c.w.Bulk(key)
		c.popMany(n, key, m.side, m.count)
		c.recordPop(key, m.side, take)
	})
}

func (c *call) recordPop(key []byte, s side, count int64) {
	if c.e.recorder != nil {
		c.effect([]byte(strings.ToUpper(s.String())+"POP"), key, appendInt(count))
	}
}

func cmdLMPop(c *call)  { c.popFrom(1, (*call).sideArg, (*call).mpop) }
func cmdBLMPop(c *call) { c.blockingPopFrom((*call).sideArg, (*call).mpop) }

func cmdBLPop(c *call) { c.blockingPop(left) }
func cmdBRPop(c *call) { c.blockingPop(right) }

func (c *call) blockingPop(s side) {
	c.blockingPopOne(kindList, func(c *call, n *node, key []byte) {
		c.w.Array(2)
		c.w.Bulk(key)
		c.w.BulkString(c.popOne(n, key, s))
		c.recordPop(key, s, 1)
	})
}

// blockingPopOne pops from the first of the keys that is there, and waits for one if none is. The last argument is the
// timeout.
func (c *call) blockingPopOne(k kind, pop func(c *call, n *node, key []byte)) {
	last := len(c.args) - 1
	timeout, ok := c.timeoutArg(c.args[last])
	if !ok {
		return
	}
	c.await(c.args[1:last], timeout, waitFor{
		try:      func(c *call) bool { return c.firstOf(c.args[1:last], k, pop) },
		timedOut: func(c *call) { c.w.NullArray() },
	})
}

func cmdBLMove(c *call) {
	from, ok := c.sideArg(c.args[3])
	if !ok {
		return
	}
	to, ok := c.sideArg(c.args[4])
	if !ok {
		return
	}
	if timeout, ok := c.timeoutArg(c.args[5]); ok {
		c.blockingMove(from, to, timeout)
	}
}

func cmdBRPopLPush(c *call) {
	if timeout, ok := c.timeoutArg(c.args[3]); ok {
		c.blockingMove(right, left, timeout)
	}
}

func (c *call) blockingMove(from, to side, timeout time.Duration) {
	c.await(c.args[1:2], timeout, waitFor{
		try: func(c *call) bool {
			if n := c.db.live(c.args[1]); c.retried && (n == nil || n.Val.kind != kindList) {
				return false
			}
			return c.move(from, to) || c.failed
		},
		timedOut: func(c *call) {
			if c.retried {
				c.w.NullArray() // version 2 of the protocol has it so
			} else {
				c.w.Null()
			}
		},
	})
}

// lposArgs are the options of LPOS.
type lposArgs struct {
	rank, count, most int64 // count < 0: one answer, not a list
}

func (c *call) lposArgs() (a lposArgs, ok bool) {
	a = lposArgs{rank: 1, count: -1}
	for i := 3; i < len(c.args); i += 2 {
		arg := c.args[i]
		if i+1 == len(c.args) {
			c.fail(errSyntax)
			return a, false
		}
		switch {
		case is(arg, "rank"):
			if a.rank, ok = c.int64Arg(c.args[i+1]); !ok {
				return a, false
			}
			if a.rank == 0 {
				c.fail("ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list")
				return a, false
			}
		case is(arg, "count"):
			if a.count, ok = c.rangeArg(c.args[i+1], 0, math.MaxInt64, "ERR COUNT can't be negative"); !ok {
				return a, false
			}
		case is(arg, "maxlen"):
			if a.most, ok = c.rangeArg(c.args[i+1], 0, math.MaxInt64, "ERR MAXLEN can't be negative"); !ok {
				return a, false
			}
		default:
			c.fail(errSyntax)
			return a, false
		}
	}
	return a, true
}

func cmdLPos(c *call) {
	a, ok := c.lposArgs()
	if !ok {
		return
	}
	n, ok := c.readKind(c.args[1], kindList)
	if !ok {
		return
	}
	var found []int
	if n != nil {
		found = a.search(asList(n), string(c.args[2]))
	}
	switch {
	case a.count >= 0:
		c.w.Array(len(found))
		for _, i := range found {
			c.w.Int(int64(i))
		}
	case len(found) == 0:
		c.w.Null()
	default:
		c.w.Int(int64(found[0]))
	}
}

func (a *lposArgs) search(l *list, v string) (found []int) {
	skip, want := a.rank-1, max(a.count, 1)
	if a.rank < 0 {
		skip = -(a.rank + 1)
	}
	if a.rank == math.MinInt64 {
		skip = 0 // as in Redis, which has no positive number for it
	}
	if a.count == 0 || a.rank == math.MinInt64 {
		want = math.MaxInt64
	}
	for k := range l.Len() {
		if a.most > 0 && int64(k) >= a.most || int64(len(found)) >= want {
			break
		}
		i := k
		if a.rank < 0 {
			i = l.Len() - 1 - k
		}
		switch {
		case l.At(i) != v:
		case skip > 0:
			skip--
		default:
			found = append(found, i)
		}
	}
	return found
}
