package engine

import "math"

func cmdExpire(c *call)    { c.expire(seconds) }
func cmdPExpire(c *call)   { c.expire(millis) }
func cmdExpireAt(c *call)  { c.expire(secondsAt) }
func cmdPExpireAt(c *call) { c.expire(millisAt) }

// expireIf are the conditions of EXPIRE.
type expireIf struct{ nx, xx, gt, lt bool }

func (c *call) expireOptions() (o expireIf, ok bool) {
	for _, arg := range c.args[3:] {
		if !o.add(arg) {
			c.fail("ERR Unsupported option " + string(arg))
			return o, false
		}
	}
	switch {
	case o.nx && (o.xx || o.gt || o.lt):
		c.fail("ERR NX and XX, GT or LT options at the same time are not compatible")
		return o, false
	case o.gt && o.lt:
		c.fail("ERR GT and LT options at the same time are not compatible")
		return o, false
	}
	return o, true
}

// add takes a condition by its name; false if it is none.
func (o *expireIf) add(name []byte) bool {
	switch {
	case is(name, "nx"):
		o.nx = true
	case is(name, "xx"):
		o.xx = true
	case is(name, "gt"):
		o.gt = true
	case is(name, "lt"):
		o.lt = true
	default:
		return false
	}
	return true
}

// allows reports whether a key that ends at old (0 for never) may end at at.
func (o expireIf) allows(old, at int64) bool {
	switch {
	case o.nx && old != 0, o.xx && old == 0:
		return false
	case o.gt && (old == 0 || at <= old), o.lt && old != 0 && at >= old:
		return false
	}
	return true
}

func (c *call) expire(u unit) {
	o, ok := c.expireOptions()
	if !ok {
		return
	}
	at, ok := c.int64Arg(c.args[2])
	if !ok {
		return
	}
	if u == seconds || u == secondsAt {
		if at > math.MaxInt64/1000 || at < math.MinInt64/1000 {
			c.failExpireTime()
			return
		}
		at *= 1000
	}
	if u == seconds || u == millis {
		if at > math.MaxInt64-c.e.clock.ms() {
			c.failExpireTime()
			return
		}
		at += c.e.clock.ms()
	}
	key := c.args[1]
	n := c.write(key)
	if n == nil || !o.allows(n.Val.expire, at) {
		c.w.Int(0)
		return
	}
	if at <= c.e.clock.ms() && !c.e.replaying {
		c.remove(n, key)
		c.effect(bDel, key)
	} else {
		c.db.setExpire(n, at)
		c.changed(eventGeneric, "expire", key)
		if c.e.recorder != nil {
			c.effect(bPExpireAt, key, appendInt(at))
		}
	}
	c.w.Int(1)
}

func cmdPersist(c *call) {
	n := c.write(c.args[1])
	if n == nil || n.Val.expire == 0 {
		c.w.Int(0)
		return
	}
	c.db.setExpire(n, 0)
	c.changed(eventGeneric, "persist", c.args[1])
	c.w.Int(1)
}

// Answers of TTL and its kin.
const (
	ttlNoKey   = -2
	ttlForever = -1
)

// ttl answers the end of a key's life, as show makes it.
func (c *call) ttl(show func(at int64) int64) {
	n := c.db.live(c.args[1])
	switch {
	case n == nil:
		c.w.Int(ttlNoKey)
	case n.Val.expire == 0:
		c.w.Int(ttlForever)
	default:
		c.w.Int(show(n.Val.expire))
	}
}

func cmdTTL(c *call) {
	c.ttl(func(at int64) int64 { return (max(at-c.e.clock.ms(), 0) + 500) / 1000 })
}

func cmdPTTL(c *call) {
	c.ttl(func(at int64) int64 { return max(at-c.e.clock.ms(), 0) })
}

func cmdExpireTime(c *call) {
	c.ttl(func(at int64) int64 { return (at + 500) / 1000 })
}

func cmdPExpireTime(c *call) {
	c.ttl(func(at int64) int64 { return at })
}
