package engine

import (
	"github.com/redbrick-go/redbrick/engine/internal/hll"
)

func hyperLogLogCommands() []command {
	const g = "hyperloglog"
	const w = write | denyOOM
	return []command{
		{name: "pfadd", arity: -2, flags: w | fast, keys: oneKey, run: cmdPFAdd, group: g, since: "2.8.9", summary: "Adds elements to a HyperLogLog."},
		{name: "pfcount", arity: -2, flags: readonly | mayReplicate, keys: allKeys, run: cmdPFCount, group: g, since: "2.8.9", summary: "Estimates how many different elements HyperLogLogs have seen together."},
		{name: "pfmerge", arity: -2, flags: w, keys: allKeys, run: cmdPFMerge, group: g, since: "2.8.9", summary: "Merges HyperLogLogs into one."},
	}
}

const errCorruptHLL = "INVALIDOBJ Corrupted HLL object detected"

// validHLL answers an error if a string, which may be missing, is no HyperLogLog.
func (c *call) validHLL(n *node) bool {
	if n != nil && !hll.Valid(n.Val.text()) {
		c.fail("WRONGTYPE Key is not a valid HyperLogLog string value.")
		return false
	}
	return true
}

func (c *config) sparseBytes() int { return int(c.thresholds.sparseBytes) }

func cmdPFAdd(c *call) {
	key := c.args[1]
	n, ok := c.writeKind(key, kindString)
	if !ok || !c.validHLL(n) {
		return
	}
	changed := false
	if n == nil {
		n, changed = c.db.put(key, kindString), true
		n.Val.setText(hll.New())
	}
	n.Val.form = formRaw
	for _, element := range c.args[2:] {
		out, raised, err := hll.Add(n.Val.text(), element, c.e.config.sparseBytes())
		if err != nil {
			if changed { // what came before stays
				c.effect(bSet, key, n.Val.text(), bKeepTTL)
			}
			c.fail(errCorruptHLL)
			return
		}
		n.Val.setText(out)
		changed = changed || raised
	}
	if !changed {
		c.w.Int(0)
		return
	}
	hll.Outdate(n.Val.text())
	c.changed(eventString, "pfadd", key)
	c.w.Int(1)
}

func cmdPFCount(c *call) {
	if len(c.args) > 2 {
		union, ok := c.union()
		if ok {
			c.w.Int(int64(union.Count()))
		}
		return
	}
	n, ok := c.readKind(c.args[1], kindString)
	if !ok || !c.validHLL(n) {
		return
	}
	if n == nil {
		c.w.Int(0)
		return
	}
	count, ok := hll.Cached(n.Val.text())
	if !ok {
		var err error
		if count, err = hll.Count(n.Val.text()); err != nil {
			c.fail(errCorruptHLL)
			return
		}
		// The estimate is kept in the string: who reads has changed it.
		c.db.beforeChange(n)
		hll.Cache(n.Val.text(), count)
		c.changes++
		c.db.touched(c.args[1], c.cl)
	}
	n.Val.form = formRaw
	c.w.Int(int64(count))
}

// union merges what lies under all arguments. ok is false if it answered an error.
func (c *call) union() (u *hll.Union, ok bool) {
	u = &hll.Union{}
	for _, key := range c.args[1:] {
		n, ok := c.readKind(key, kindString)
		if !ok || !c.validHLL(n) {
			return nil, false
		}
		if n == nil {
			continue
		}
		if u.Merge(n.Val.text()) != nil {
			c.fail(errCorruptHLL)
			return nil, false
		}
	}
	return u, true
}

func cmdPFMerge(c *call) {
	u, ok := c.union()
	if !ok {
		return
	}
	key := c.args[1]
	n := c.write(key)
	value := hll.New()
	if n != nil {
		value = n.Val.text()
	}
	value, err := u.Into(value, c.e.config.sparseBytes())
	if err != nil {
		c.fail(errCorruptHLL)
		return
	}
	if n == nil {
		n = c.db.put(key, kindString)
	}
	n.Val.setText(value)
	n.Val.form = formRaw
	hll.Outdate(n.Val.text())
	c.changed(eventString, "pfadd", key)
	c.ok()
}
