package engine

import (
	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// lastFieldTime is the latest end a field may have, in milliseconds since 1970.
const lastFieldTime = 1<<46 - 1

// What HEXPIRE and its kin answer for a field.
const (
	fieldNone    = -2
	fieldForever = -1
	fieldRefused = 0
	fieldSet     = 1
	fieldDeleted = 2
)

func cmdHExpire(c *call)    { c.expireFields(seconds) }
func cmdHPExpire(c *call)   { c.expireFields(millis) }
func cmdHExpireAt(c *call)  { c.expireFields(secondsAt) }
func cmdHPExpireAt(c *call) { c.expireFields(millisAt) }

// fieldEnd reads the time that is the second argument.
func (c *call) fieldEnd(u unit) (at int64, ok bool) {
	at, ok = c.int64Arg(c.args[2])
	if !ok {
		return 0, false
	}
	if at < 0 {
		c.fail("ERR invalid expire time, must be >= 0")
		return 0, false
	}
	most, base := int64(lastFieldTime), int64(0)
	if u == seconds || u == secondsAt {
		most /= 1000
	}
	if u == seconds || u == millis {
		base = c.e.clock.ms()
	}
	if at <= most && (u == seconds || u == secondsAt) {
		at, most = at*1000, lastFieldTime
	}
	if at > most-base {
		c.failExpireTime()
		return 0, false
	}
	return at + base, true
}

// fieldList reads "FIELDS n field ..." that begins at an argument.
func (c *call) fieldList(at int, badNumber string) (fields [][]byte, ok bool) {
	if !is(c.args[at], "fields") {
		c.fail("ERR Mandatory argument FIELDS is missing or not at the right position")
		return nil, false
	}
	if at+1 == len(c.args) {
		c.fail(badNumber)
		return nil, false
	}
	n, ok := num.Int(c.args[at+1])
	if !ok || n < 1 {
		c.fail(badNumber)
		return nil, false
	}
	fields = c.args[at+2:]
	if n != int64(len(fields)) {
		c.fail("ERR The `numfields` parameter must match the number of arguments")
		return nil, false
	}
	return fields, true
}

func (c *call) expireFields(u unit) {
	n, ok := c.writeKind(c.args[1], kindHash)
	if !ok {
		return
	}
	at, ok := c.fieldEnd(u)
	if !ok {
		return
	}
	var o expireIf
	from := 3
	if o.add(c.args[3]) {
		from = 4
	}
	fields, ok := c.fieldList(from, "ERR Parameter `numFields` should be greater than 0")
	if !ok {
		return
	}
	c.w.Array(len(fields))
	if n == nil {
		for range fields {
			c.w.Int(fieldNone)
		}
		return
	}
	c.endFieldsAt(n, fields, at, o)
}

// endFieldsAt answers for each field whether it ends at that time now. The effect names those that do, and those that
// are gone at once.
func (c *call) endFieldsAt(n *node, fields [][]byte, at int64, o expireIf) {
	h, key := asHash(n), c.args[1]
	var kept, gone [][]byte
	for _, field := range fields {
		result := fieldNone
		if _, there := h.get(field); there {
			result = c.endFieldAt(h, field, at, o)
		}
		switch result {
		case fieldSet:
			kept = append(kept, field)
		case fieldDeleted:
			gone = append(gone, field)
		}
		c.w.Int(int64(result))
	}
	if len(kept)+len(gone) == 0 {
		return
	}
	c.db.planFields(n)
	if len(kept) > 0 && c.e.recorder != nil {
		c.effect(append([][]byte{bHPExpireAt, key, appendInt(at), bFields, appendInt(int64(len(kept)))}, kept...)...)
	}
	if len(gone) > 0 && c.e.recorder != nil {
		c.effect(append([][]byte{bHDel, key}, gone...)...)
	}
	c.changed(eventHash, "hexpire", key)
	c.removeIfEmpty(n, key, h.len() == 0)
}

// endFieldAt changes the end of one field that is there.
func (c *call) endFieldAt(h *hash, field []byte, at int64, o expireIf) int {
	switch {
	case !o.allows(h.times.at(field), at):
		return fieldRefused
	case at <= c.e.clock.ms() && !c.e.replaying:
		h.remove(field)
		return fieldDeleted
	case h.times == nil:
		h.times = newFieldTimes()
	}
	h.times.set(field, at)
	return fieldSet
}

// eachField answers for each field named: by one if the field is there and has an end. n may be nil.
func (c *call) eachField(n *node, one func(h *hash, field []byte, end int64) int64) {
	fields, ok := c.fieldList(2, "ERR Number of fields must be a positive integer")
	if !ok {
		return
	}
	c.w.Array(len(fields))
	for _, field := range fields {
		result := int64(fieldNone)
		if n != nil {
			h := asHash(n)
			if _, there := h.get(field); there {
				result = fieldForever
				if end := h.times.at(field); end != 0 {
					result = one(h, field, end)
				}
			}
		}
		c.w.Int(result)
	}
}

// fieldTTL answers the end of each field's life, as show makes it.
func (c *call) fieldTTL(show func(at int64) int64) {
	if n, ok := c.readKind(c.args[1], kindHash); ok {
		c.eachField(n, func(_ *hash, _ []byte, end int64) int64 { return show(end) })
	}
}

// wholeSeconds are the seconds that milliseconds reach into.
func wholeSeconds(ms int64) int64 { return (ms + 999) / 1000 }

func cmdHTTL(c *call) {
	c.fieldTTL(func(at int64) int64 { return wholeSeconds(max(at-c.e.clock.ms(), 0)) })
}

func cmdHPTTL(c *call) {
	c.fieldTTL(func(at int64) int64 { return max(at-c.e.clock.ms(), 0) })
}

func cmdHExpireTime(c *call) { c.fieldTTL(wholeSeconds) }

func cmdHPExpireTime(c *call) {
	c.fieldTTL(func(at int64) int64 { return at })
}

func cmdHPersist(c *call) {
	n, ok := c.writeKind(c.args[1], kindHash)
	if !ok {
		return
	}
	changed := false
	c.eachField(n, func(h *hash, field []byte, _ int64) int64 {
		h.times.clear(field)
		changed = true
		return fieldSet
	})
	if changed {
		c.db.planFields(n)
		c.changed(eventHash, "hpersist", c.args[1])
	}
}
