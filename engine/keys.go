package engine

import (
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/glob"
	"github.com/redbrick-go/redbrick/engine/internal/num"
)

func keyCommands() []command {
	const g = "generic"
	return []command{
		{name: "del", arity: -2, flags: write, keys: allKeys, run: cmdDel, group: g, since: "1.0.0", summary: "Deletes one or more keys."},
		{name: "unlink", arity: -2, flags: write | fast, keys: allKeys, run: cmdDel, group: g, since: "4.0.0", summary: "Asynchronously deletes one or more keys."},
		{name: "exists", arity: -2, flags: readonly | fast, keys: allKeys, run: cmdExists, group: g, since: "1.0.0", summary: "Determines whether one or more keys exist."},
		{name: "touch", arity: -2, flags: readonly | fast, keys: allKeys, run: cmdExists, group: g, since: "3.2.1", summary: "Returns the number of existing keys out of those specified after updating the time they were last accessed."},
		{name: "type", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdType, group: g, since: "1.0.0", summary: "Determines the type of value stored at a key."},
		{name: "expire", arity: -3, flags: write | fast, keys: oneKey, run: cmdExpire, group: g, since: "1.0.0", summary: "Sets the expiration time of a key in seconds."},
		{name: "pexpire", arity: -3, flags: write | fast, keys: oneKey, run: cmdPExpire, group: g, since: "2.6.0", summary: "Sets the expiration time of a key in milliseconds."},
		{name: "expireat", arity: -3, flags: write | fast, keys: oneKey, run: cmdExpireAt, group: g, since: "1.2.0", summary: "Sets the expiration time of a key to a Unix timestamp."},
		{name: "pexpireat", arity: -3, flags: write | fast, keys: oneKey, run: cmdPExpireAt, group: g, since: "2.6.0", summary: "Sets the expiration time of a key to a Unix milliseconds timestamp."},
		{name: "ttl", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdTTL, group: g, since: "1.0.0", summary: "Returns the expiration time in seconds of a key."},
		{name: "pttl", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdPTTL, group: g, since: "2.6.0", summary: "Returns the expiration time in milliseconds of a key."},
		{name: "expiretime", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdExpireTime, group: g, since: "7.0.0", summary: "Returns the expiration time of a key as a Unix timestamp."},
		{name: "pexpiretime", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdPExpireTime, group: g, since: "7.0.0", summary: "Returns the expiration time of a key as a Unix milliseconds timestamp."},
		{name: "persist", arity: 2, flags: write | fast, keys: oneKey, run: cmdPersist, group: g, since: "2.2.0", summary: "Removes the expiration time of a key."},
		{name: "rename", arity: 3, flags: write, keys: twoKeys, run: cmdRename, group: g, since: "1.0.0", summary: "Renames a key and overwrites the destination."},
		{name: "renamenx", arity: 3, flags: write | fast, keys: twoKeys, run: cmdRenameNX, group: g, since: "1.0.0", summary: "Renames a key only when the target key name doesn't exist."},
		{name: "copy", arity: -3, flags: write | denyOOM, keys: twoKeys, run: cmdCopy, group: g, since: "6.2.0", summary: "Copies the value of a key to a new key."},
		{name: "move", arity: 3, flags: write | fast, keys: oneKey, run: cmdMove, group: g, since: "1.0.0", summary: "Moves a key to another database."},
		{name: "randomkey", arity: 1, flags: readonly, run: cmdRandomKey, group: g, since: "1.0.0", summary: "Returns a random key name from the database."},
		{name: "keys", arity: 2, flags: readonly, run: cmdKeys, group: g, since: "1.0.0", summary: "Returns all key names that match a pattern."},
		{name: "scan", arity: -2, flags: readonly, run: cmdScan, group: g, since: "2.8.0", summary: "Iterates over the key names in the database."},
		{name: "object", arity: -2, group: g, since: "2.2.3", summary: "A container for object introspection commands.", subs: []*command{
			{name: "object|encoding", arity: 3, flags: readonly, keys: keySpec{2, 2, 1}, run: cmdObjectEncoding, group: g, since: "2.2.3", summary: "Returns the internal encoding of a Redis object."},
			{name: "object|freq", arity: 3, flags: readonly, keys: keySpec{2, 2, 1}, run: cmdObjectFreq, group: g, since: "4.0.0", summary: "Returns the logarithmic access frequency counter of a Redis object."},
			{name: "object|idletime", arity: 3, flags: readonly, keys: keySpec{2, 2, 1}, run: cmdObjectIdleTime, group: g, since: "2.2.3", summary: "Returns the time since the last access to a Redis object."},
			{name: "object|refcount", arity: 3, flags: readonly, keys: keySpec{2, 2, 1}, run: cmdObjectRefCount, group: g, since: "2.2.3", summary: "Returns the reference count of a value of a key."},
			{name: "object|help", arity: 2, flags: loading | stale, run: cmdHelp, group: g, since: "6.2.0", summary: "Returns helpful text about the different subcommands."},
		}},
	}
}

func cmdDel(c *call) {
	deleted := int64(0)
	for _, key := range c.args[1:] {
		if n := c.db.live(key); n != nil {
			c.remove(n, key)
			deleted++
		}
	}
	c.w.Int(deleted)
}

func cmdExists(c *call) {
	found := int64(0)
	for _, key := range c.args[1:] {
		if c.read(key) != nil {
			found++
		}
	}
	c.w.Int(found)
}

func cmdType(c *call) {
	n := c.db.live(c.args[1])
	if n == nil {
		c.w.Status("none")
		return
	}
	c.w.Status(n.Val.kind.String())
}

func cmdRandomKey(c *call) {
	for {
		n := c.db.keys.Random()
		if n == nil {
			c.w.Null()
			return
		}
		if !c.db.over(n) {
			c.w.BulkString(n.Key())
			return
		}
		c.db.expire(n)
	}
}

func cmdKeys(c *call) {
	pattern := c.args[1]
	var found []string
	for n := range c.db.keys.All {
		if glob.Match(pattern, []byte(n.Key())) && !c.db.over(n) {
			found = append(found, n.Key())
		}
	}
	c.w.Array(len(found))
	for _, key := range found {
		c.w.BulkString(key)
	}
}

// moveTo puts what lies under from, with its lifetime, under another key or into another database.
func (c *call) moveTo(from *node, db *database, key []byte) {
	e := from.Val
	c.db.drop(from)
	to := db.put(key, e.kind)
	db.take(to, e)
}

// take gives a new node the value and the lifetime of e.
func (db *database) take(to *node, e entry) {
	to.Val.take(e)
	if e.expire != 0 {
		db.setExpire(to, e.expire)
	}
	db.planFields(to)
}

func cmdRename(c *call)   { c.rename(false) }
func cmdRenameNX(c *call) { c.rename(true) }

func (c *call) rename(onlyNew bool) {
	from, to := c.args[1], c.args[2]
	n := c.write(from)
	if n == nil {
		c.fail(errNoKey)
		return
	}
	if string(from) == string(to) {
		if onlyNew {
			c.w.Int(0)
		} else {
			c.ok()
		}
		return
	}
	if old := c.db.live(to); old != nil {
		if onlyNew {
			c.w.Int(0)
			return
		}
		c.db.drop(old)
	}
	c.moveTo(n, c.db, to)
	c.changed(eventGeneric, "rename_from", from)
	c.changed(eventGeneric, "rename_to", to)
	if onlyNew {
		c.w.Int(1)
	} else {
		c.ok()
	}
}

func cmdMove(c *call) {
	id, ok := num.Int(c.args[2])
	if !ok {
		c.fail("ERR value is not an integer or out of range")
		return
	}
	if id < 0 || id >= databases {
		c.fail(errDBIndex)
		return
	}
	dst, key := c.e.dbs[id], c.args[1]
	if dst == c.db {
		c.fail(errSameObject)
		return
	}
	n := c.write(key)
	if n == nil || dst.live(key) != nil {
		c.w.Int(0)
		return
	}
	c.moveTo(n, dst, key)
	c.changed(eventGeneric, "move_from", key)
	dst.touched(key, c.cl)
	c.e.notify(dst, eventGeneric, "move_to", key)
	c.w.Int(1)
}

func cmdCopy(c *call) {
	src, dst, replace := c.db, c.db, false
	for i := 3; i < len(c.args); i++ {
		switch arg := c.args[i]; {
		case is(arg, "replace"):
			replace = true
		case is(arg, "db") && i+1 < len(c.args):
			i++
			id, ok := c.int64Arg(c.args[i])
			if !ok {
				return
			}
			if id < 0 || id >= databases {
				c.fail(errDBIndex)
				return
			}
			dst = c.e.dbs[id]
		default:
			c.fail(errSyntax)
			return
		}
	}
	from, to := c.args[1], c.args[2]
	if src == dst && string(from) == string(to) {
		c.fail(errSameObject)
		return
	}
	n := c.read(from)
	if n == nil {
		c.w.Int(0)
		return
	}
	if old := dst.live(to); old != nil {
		if !replace {
			c.w.Int(0)
			return
		}
		dst.drop(old)
	}
	e := n.Val
	if o := e.object(); o != nil {
		e.setObject(o.clone())
	} else {
		e.setText(clone(e.text()))
	}
	dst.take(dst.put(to, e.kind), e)
	c.changes++
	dst.touched(to, c.cl)
	c.e.notify(dst, eventGeneric, "copy_to", to)
	c.w.Int(1)
}

// peek finds a key for OBJECT: without counting as an access.
func (c *call) peek(key []byte) (*node, bool) {
	n := c.db.live(key)
	if n == nil {
		c.w.Null()
	}
	return n, n != nil
}

func cmdObjectEncoding(c *call) {
	if n, ok := c.peek(c.args[2]); ok {
		c.w.BulkString(encodingOf(n))
	}
}

func encodingOf(n *node) string {
	if o := n.Val.object(); o != nil {
		return o.encoding()
	}
	return stringEncoding(&n.Val)
}

func cmdObjectIdleTime(c *call) {
	if n, ok := c.peek(c.args[2]); ok {
		if strings.Contains(c.e.config.policy, "lfu") {
			c.fail("ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")
			return
		}
		c.w.Int(n.Val.idle(c.e.clock.us) / 1e6)
	}
}

func cmdObjectFreq(c *call) {
	if _, ok := c.peek(c.args[2]); ok {
		c.fail("ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.")
	}
}

// cmdObjectRefCount answers 1, as nothing is shared, except for the small integers that Redis shares.
func cmdObjectRefCount(c *call) {
	n, ok := c.peek(c.args[2])
	if !ok {
		return
	}
	if n.Val.kind == kindString && n.Val.form == formAny {
		if i, ok := num.Int(n.Val.text()); ok && i >= 0 && i < 10000 {
			c.w.Int(1<<31 - 1)
			return
		}
	}
	c.w.Int(1)
}
