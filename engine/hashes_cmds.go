package engine

import (
	"math"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// hashOf returns the hash under a node of the first argument, and makes one if there is no node. A new one has to be
// filled.
func (c *call) hashOf(n *node) (*node, *hash) {
	if n == nil {
		n = c.db.put(c.args[1], kindHash)
		n.Val.setObject(&hash{})
	}
	return n, asHash(n)
}

// hashToRead looks up the hash under the first argument; h is nil if there is none. ok is false if it answered an error.
func (c *call) hashToRead() (h *hash, ok bool) {
	n, ok := c.readKind(c.args[1], kindHash)
	if n == nil || !ok {
		return nil, ok
	}
	return asHash(n), true
}

func cmdHSet(c *call) {
	if len(c.args)%2 == 1 {
		c.fail("ERR wrong number of arguments for '" + c.cmd.name + "' command")
		return
	}
	n, ok := c.writeKind(c.args[1], kindHash)
	if !ok {
		return
	}
	n, h := c.hashOf(n)
	limits, added := c.e.config.hashLimits(), int64(0)
	for i := 2; i < len(c.args); i += 2 {
		if h.set(c.args[i], c.args[i+1], limits) {
			added++
		} else if h.times != nil {
			h.times.clear(c.args[i]) // a new value lives on
		}
	}
	c.db.planFields(n)
	c.changed(eventHash, "hset", c.args[1])
	if c.cmd.is("hmset") {
		c.ok()
		return
	}
	c.w.Int(added)
}

func cmdHSetNX(c *call) {
	n, ok := c.writeKind(c.args[1], kindHash)
	if !ok {
		return
	}
	if n != nil {
		if _, there := asHash(n).get(c.args[2]); there {
			c.w.Int(0)
			return
		}
	}
	_, h := c.hashOf(n)
	h.set(c.args[2], c.args[3], c.e.config.hashLimits())
	c.changed(eventHash, "hset", c.args[1])
	c.w.Int(1)
}

// answerField answers the value of a field of h, which may be nil.
func (c *call) answerField(h *hash, field []byte) {
	if h != nil {
		if value, ok := h.get(field); ok {
			c.w.Bulk(value)
			return
		}
	}
	c.w.Null()
}

func cmdHGet(c *call) {
	if h, ok := c.hashToRead(); ok {
		c.answerField(h, c.args[2])
	}
}

func cmdHMGet(c *call) {
	h, ok := c.hashToRead()
	if !ok {
		return
	}
	c.w.Array(len(c.args) - 2)
	for _, field := range c.args[2:] {
		c.answerField(h, field)
	}
}

func cmdHGetAll(c *call) {
	h, ok := c.hashToRead()
	switch {
	case !ok:
	case h == nil:
		c.w.Map(0)
	default:
		c.w.Map(h.len())
		for field, value := range h.all {
			c.w.Bulk(field)
			c.w.Bulk(value)
		}
	}
}

func cmdHKeys(c *call) {
	c.column(func(field, _ []byte) { c.w.Bulk(field) })
}

func cmdHVals(c *call) {
	c.column(func(_, value []byte) { c.w.Bulk(value) })
}

// column answers a reply for each field.
func (c *call) column(one func(field, value []byte)) {
	h, ok := c.hashToRead()
	switch {
	case !ok:
	case h == nil:
		c.w.Array(0)
	default:
		c.w.Array(h.len())
		for field, value := range h.all {
			one(field, value)
		}
	}
}

func cmdHLen(c *call) {
	h, ok := c.hashToRead()
	switch {
	case !ok:
	case h == nil:
		c.w.Int(0)
	default:
		c.w.Int(int64(h.len()))
	}
}

// ofField looks up the field that is the second argument.
func (c *call) ofField() (value []byte, there, ok bool) {
	h, ok := c.hashToRead()
	if h != nil {
		value, there = h.get(c.args[2])
	}
	return value, there, ok
}

func cmdHStrlen(c *call) {
	if value, _, ok := c.ofField(); ok {
		c.w.Int(int64(len(value)))
	}
}

func cmdHExists(c *call) {
	_, there, ok := c.ofField()
	switch {
	case !ok:
	case there:
		c.w.Int(1)
	default:
		c.w.Int(0)
	}
}

func cmdHDel(c *call) {
	n, ok := c.writeKind(c.args[1], kindHash)
	if !ok {
		return
	}
	deleted := int64(0)
	if n != nil {
		h := asHash(n)
		for _, field := range c.args[2:] {
			if h.remove(field) {
				deleted++
			}
		}
		if deleted > 0 {
			c.db.planFields(n)
			c.changed(eventHash, "hdel", c.args[1])
			c.removeIfEmpty(n, c.args[1], h.len() == 0)
		}
	}
	c.w.Int(deleted)
}

func cmdHIncrBy(c *call) {
	by, ok := c.int64Arg(c.args[3])
	if !ok {
		return
	}
	n, ok := c.writeKind(c.args[1], kindHash)
	if !ok {
		return
	}
	var old int64
	if n != nil {
		if value, there := asHash(n).get(c.args[2]); there {
			if old, ok = num.Int(value); !ok {
				c.fail("ERR hash value is not an integer")
				return
			}
		}
	}
	if by > 0 && old > math.MaxInt64-by || by < 0 && old < math.MinInt64-by {
		c.fail(errOverflow)
		return
	}
	_, h := c.hashOf(n)
	var digits [20]byte
	h.set(c.args[2], appendIntTo(digits[:0], old+by), c.e.config.hashLimits())
	c.changed(eventHash, "hincrby", c.args[1])
	c.w.Int(old + by)
}

func cmdHIncrByFloat(c *call) {
	by, ok := num.ParseLong(c.args[3])
	if !ok {
		c.fail(errNotFloat)
		return
	}
	if by.IsInf() {
		c.fail("ERR value is NaN or Infinity")
		return
	}
	n, ok := c.writeKind(c.args[1], kindHash)
	if !ok {
		return
	}
	old, _ := num.ParseLong([]byte("0"))
	if n != nil {
		if value, there := asHash(n).get(c.args[2]); there {
			if old, ok = num.ParseLong(value); !ok {
				c.fail("ERR hash value is not a float")
				return
			}
		}
	}
	sum, ok := old.Plus(by)
	if !ok {
		c.fail(errNaN)
		return
	}
	_, h := c.hashOf(n)
	text := sum.Text()
	h.set(c.args[2], text, c.e.config.hashLimits())
	c.changed(eventHash, "hincrbyfloat", c.args[1])
	c.w.Bulk(text)
}

func cmdHScan(c *call) {
	n, o, ok := c.scanTarget(kindHash)
	if !ok {
		return
	}
	h := asHash(n)
	var found [][]byte
	cursor := h.scan(&o, func(field, value []byte) {
		if o.matches(string(field)) {
			found = append(found, field, value)
		}
	})
	c.answerScan(cursor, len(found))
	for _, part := range found {
		c.w.Bulk(part)
	}
}

// scan visits a part of a hash, all of a small one, and returns the cursor to go on with.
func (h *hash) scan(o *scanOptions, visit func(field, value []byte)) uint64 {
	if h.table != nil {
		return scanDict(h.table, o, func(n *dict.Node[string]) { visit(view(n.Key()), view(n.Val)) })
	}
	for field, value := range h.all {
		visit(field, value)
	}
	return 0
}
