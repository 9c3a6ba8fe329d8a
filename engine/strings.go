package engine

import (
	"github.com/redbrick-go/redbrick/engine/internal/num"
)

func stringCommands() []command {
	const g = "string"
	return []command{
		{name: "get", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdGet, group: g, since: "1.0.0", summary: "Returns the string value of a key."},
		{name: "set", arity: -3, flags: write | denyOOM, keys: oneKey, run: cmdSet, group: g, since: "1.0.0", summary: "Sets the string value of a key, ignoring its type."},
		{name: "setnx", arity: 3, flags: write | denyOOM | fast, keys: oneKey, run: cmdSetNX, group: g, since: "1.0.0", summary: "Sets the string value of a key only when the key doesn't exist."},
		{name: "setex", arity: 4, flags: write | denyOOM, keys: oneKey, run: cmdSetEX, group: g, since: "2.0.0", summary: "Sets the string value and expiration time of a key."},
		{name: "psetex", arity: 4, flags: write | denyOOM, keys: oneKey, run: cmdPSetEX, group: g, since: "2.6.0", summary: "Sets both string value and expiration time in milliseconds of a key."},
		{name: "getset", arity: 3, flags: write | denyOOM | fast, keys: oneKey, run: cmdGetSet, group: g, since: "1.0.0", summary: "Returns the previous string value of a key after setting it to a new value."},
		{name: "getdel", arity: 2, flags: write | fast, keys: oneKey, run: cmdGetDel, group: g, since: "6.2.0", summary: "Returns the string value of a key after deleting the key."},
		{name: "getex", arity: -2, flags: write | fast, keys: oneKey, run: cmdGetEX, group: g, since: "6.2.0", summary: "Returns the string value of a key after setting its expiration time."},
		{name: "mget", arity: -2, flags: readonly | fast, keys: allKeys, run: cmdMGet, group: g, since: "1.0.0", summary: "Returns the string values of one or more keys."},
		{name: "mset", arity: -3, flags: write | denyOOM, keys: keySpec{1, -1, 2}, run: cmdMSet, group: g, since: "1.0.1", summary: "Sets the string values of one or more keys."},
		{name: "msetnx", arity: -3, flags: write | denyOOM, keys: keySpec{1, -1, 2}, run: cmdMSetNX, group: g, since: "1.0.1", summary: "Sets the string values of one or more keys only when none of them exists."},
		{name: "append", arity: 3, flags: write | denyOOM | fast, keys: oneKey, run: cmdAppend, group: g, since: "2.0.0", summary: "Appends a string to the value of a key."},
		{name: "strlen", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdStrlen, group: g, since: "2.2.0", summary: "Returns the length of a string value."},
		{name: "getrange", arity: 4, flags: readonly, keys: oneKey, run: cmdGetRange, group: g, since: "2.4.0", summary: "Returns a substring of the string stored at a key."},
		{name: "substr", arity: 4, flags: readonly, keys: oneKey, run: cmdGetRange, group: g, since: "1.0.0", summary: "Returns a substring from a string value."},
		{name: "setrange", arity: 4, flags: write | denyOOM, keys: oneKey, run: cmdSetRange, group: g, since: "2.2.0", summary: "Overwrites a part of a string value with another by an offset."},
		{name: "incr", arity: 2, flags: write | denyOOM | fast, keys: oneKey, run: cmdIncr, group: g, since: "1.0.0", summary: "Increments the integer value of a key by one."},
		{name: "decr", arity: 2, flags: write | denyOOM | fast, keys: oneKey, run: cmdDecr, group: g, since: "1.0.0", summary: "Decrements the integer value of a key by one."},
		{name: "incrby", arity: 3, flags: write | denyOOM | fast, keys: oneKey, run: cmdIncrBy, group: g, since: "1.0.0", summary: "Increments the integer value of a key by a number."},
		{name: "decrby", arity: 3, flags: write | denyOOM | fast, keys: oneKey, run: cmdDecrBy, group: g, since: "1.0.0", summary: "Decrements a number from the integer value of a key."},
		{name: "incrbyfloat", arity: 3, flags: write | denyOOM | fast, keys: oneKey, run: cmdIncrByFloat, group: g, since: "2.6.0", summary: "Increments the floating point value of a key by a number."},
		{name: "lcs", arity: -3, flags: readonly, keys: keySpec{1, 2, 1}, run: cmdLCS, group: g, since: "7.0.0", summary: "Finds the longest common substring."},
	}
}

func cmdGet(c *call) {
	c.value(c.args[1])
}

// value answers the string under a key, as GET does. ok is false if it answered an error.
func (c *call) value(key []byte) (n *node, ok bool) {
	n, ok = c.readKind(key, kindString)
	switch {
	case !ok:
	case n == nil:
		c.w.Null()
	default:
		c.w.Bulk(n.Val.text())
	}
	return n, ok
}

// setString stores a string in place of whatever is there, and takes its lifetime unless it is kept.
func (c *call) setString(key, value []byte, keepTTL bool) *node {
	n := c.db.put(key, kindString)
	n.Val.setText(clone(value))
	if !keepTTL && n.Val.expire != 0 {
		c.db.setExpire(n, 0)
	}
	return n
}

func cmdSet(c *call) {
	o, ok := c.setOptions()
	if ok {
		c.set(c.args[1], c.args[2], o)
	}
}

// set is SET with its options parsed.
func (c *call) set(key, value []byte, o setOptions) {
	at, ok := c.expireTime(o.life)
	if !ok {
		return
	}
	if o.get {
		if _, ok := c.value(key); !ok {
			return
		}
	}
	if o.nx || o.xx {
		if found := c.write(key) != nil; o.nx && found || o.xx && !found {
			if !o.get {
				o.refused(c)
			}
			return
		}
	}
	c.db.live(key) // a value whose time is over is deleted, not overwritten
	n := c.setString(key, value, o.keepTTL || at != 0)
	c.changed(eventString, "set", key)
	if at != 0 {
		c.db.setExpire(n, at)
		c.e.notify(c.db, eventGeneric, "expire", key)
	}
	if !o.get {
		o.done(c)
	}
	if c.e.recorder != nil {
		switch {
		case at != 0:
			c.effect(bSet, key, value, bPXAT, appendInt(at))
		case o.keepTTL:
			c.effect(bSet, key, value, bKeepTTL)
		default:
			c.effect(bSet, key, value)
		}
	}
}

func cmdSetNX(c *call) {
	c.set(c.args[1], c.args[2], setOptions{nx: true, answer: answerInt})
}

func cmdSetEX(c *call) {
	c.set(c.args[1], c.args[3], setOptions{life: lifetime{text: c.args[2], unit: seconds}})
}

func cmdPSetEX(c *call) {
	c.set(c.args[1], c.args[3], setOptions{life: lifetime{text: c.args[2], unit: millis}})
}

func cmdGetSet(c *call) {
	if _, ok := c.value(c.args[1]); !ok {
		return
	}
	c.setString(c.args[1], c.args[2], false)
	c.changed(eventString, "set", c.args[1])
	c.effect(bSet, c.args[1], c.args[2])
}

func cmdGetDel(c *call) {
	n, ok := c.value(c.args[1])
	if !ok || n == nil {
		return
	}
	c.remove(n, c.args[1])
	c.effect(bDel, c.args[1])
}

func cmdGetEX(c *call) {
	o, ok := c.getexOptions()
	if !ok {
		return
	}
	key := c.args[1]
	n, ok := c.readKind(key, kindString)
	if !ok {
		return
	}
	if n == nil {
		c.w.Null()
		return
	}
	at, ok := c.expireTime(o.life)
	if !ok {
		return
	}
	c.w.Bulk(n.Val.text())
	switch {
	case o.life.given() && at <= c.e.clock.ms() && !c.e.replaying:
		c.remove(n, key)
		c.effect(bDel, key)
	case o.life.given():
		c.db.setExpire(n, at)
		c.changed(eventGeneric, "expire", key)
		c.effect(bPExpireAt, key, appendInt(at))
	case o.persist && n.Val.expire != 0:
		c.db.setExpire(n, 0)
		c.changed(eventGeneric, "persist", key)
		c.effect(bPersist, key)
	}
}

func cmdMGet(c *call) {
	c.w.Array(len(c.args) - 1)
	for _, key := range c.args[1:] {
		if n := c.read(key); n != nil && n.Val.kind == kindString {
			c.w.Bulk(n.Val.text())
		} else {
			c.w.Null()
		}
	}
}

func cmdMSet(c *call) {
	if c.pairs() {
		c.setPairs()
		c.ok()
	}
}

func cmdMSetNX(c *call) {
	if !c.pairs() {
		return
	}
	for i := 1; i < len(c.args); i += 2 {
		if c.write(c.args[i]) != nil {
			c.w.Int(0)
			return
		}
	}
	c.setPairs()
	c.w.Int(1)
}

func (c *call) pairs() bool {
	if len(c.args)%2 == 0 {
		c.fail("ERR wrong number of arguments for '" + c.cmd.name + "' command")
		return false
	}
	return true
}

func (c *call) setPairs() {
	for i := 1; i < len(c.args); i += 2 {
		c.db.live(c.args[i])
		c.setString(c.args[i], c.args[i+1], false)
		c.changed(eventString, "set", c.args[i])
	}
}

func cmdStrlen(c *call) {
	if n, ok := c.readKind(c.args[1], kindString); ok {
		c.w.Int(int64(len(str(n))))
	}
}

// str is the string under a node, which may be nil.
func str(n *node) []byte {
	if n == nil {
		return nil
	}
	return n.Val.text()
}

func cmdGetRange(c *call) {
	from, ok := c.int64Arg(c.args[2])
	if !ok {
		return
	}
	to, ok := c.int64Arg(c.args[3])
	if !ok {
		return
	}
	n, ok := c.readKind(c.args[1], kindString)
	if !ok {
		return
	}
	s := str(n)
	if from < 0 && to < 0 && from > to {
		c.w.Bulk(nil)
		return
	}
	size := int64(len(s))
	if from < 0 {
		from = max(from+size, 0)
	}
	if to < 0 {
		to = max(to+size, 0)
	}
	to = min(to, size-1)
	if from > to || size == 0 {
		c.w.Bulk(nil)
		return
	}
	c.w.Bulk(s[from : to+1])
}

func cmdAppend(c *call) {
	n, ok := c.writeKind(c.args[1], kindString)
	if !ok {
		return
	}
	add := c.args[2]
	if n == nil {
		n = c.db.put(c.args[1], kindString)
		n.Val.setText(clone(add))
	} else {
		if !c.fits(int64(len(n.Val.text())) + int64(len(add))) {
			return
		}
		n.Val.setText(append(n.Val.text(), add...))
		n.Val.form = formRaw
	}
	c.changed(eventString, "append", c.args[1])
	c.w.Int(int64(len(n.Val.text())))
}

// fits answers an error if a string would be too long.
func (c *call) fits(size int64) bool {
	if size > int64(c.e.config.maxBulk) {
		c.fail(errTooLong)
		return false
	}
	return true
}

func cmdSetRange(c *call) {
	offset, ok := c.int64Arg(c.args[2])
	if !ok {
		return
	}
	if offset < 0 {
		c.fail("ERR offset is out of range")
		return
	}
	n, ok := c.writeKind(c.args[1], kindString)
	if !ok {
		return
	}
	value := c.args[3]
	if len(value) == 0 {
		c.w.Int(int64(len(str(n))))
		return
	}
	if offset > int64(c.e.config.maxBulk) || !c.fits(offset+int64(len(value))) {
		if offset > int64(c.e.config.maxBulk) {
			c.fail(errTooLong)
		}
		return
	}
	if n == nil {
		n = c.db.put(c.args[1], kindString)
	}
	c.growString(n, int(offset)+len(value))
	copy(n.Val.text()[offset:], value)
	n.Val.form = formRaw
	c.changed(eventString, "setrange", c.args[1])
	c.w.Int(int64(len(n.Val.text())))
}

// growString makes a string at least so long, with zero bytes.
func (c *call) growString(n *node, size int) {
	s := n.Val.text()
	if size <= len(s) {
		return
	}
	if size <= cap(s) {
		old := len(s)
		s = s[:size]
		clear(s[old:])
	} else {
		s = make([]byte, size, size+min(size, 1<<20))
		copy(s, n.Val.text())
	}
	n.Val.setText(s)
}

// stringEncoding is what OBJECT ENCODING says of a string.
func stringEncoding(v *entry) string {
	const embedded = 44 // longest string that Redis keeps within its object
	if v.form == formRaw {
		return "raw"
	}
	if _, ok := num.Int(v.text()); ok && v.form == formAny {
		return "int"
	}
	if len(v.text()) <= embedded {
		return "embstr"
	}
	return "raw"
}
