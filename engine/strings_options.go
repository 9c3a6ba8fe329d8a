package engine

import (
	"math"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// unit is what a lifetime is given in.
type unit uint8

const (
	none      unit = iota
	seconds        // from now
	millis         // from now
	secondsAt      // since 1970
	millisAt       // since 1970
)

// lifetime is an expiry as a caller gives it.
type lifetime struct {
	text []byte
	unit unit
}

func (l lifetime) given() bool { return l.unit != none }

// takes reports whether option is one for a lifetime that may stand beside what was given: the same one again.
func (l lifetime) takes(option []byte) bool {
	u := lifetimeUnit(option)
	return u != none && (l.unit == none || l.unit == u)
}

// lifetimeUnit tells the unit of an option's name.
func lifetimeUnit(option []byte) unit {
	switch {
	case is(option, "ex"):
		return seconds
	case is(option, "px"):
		return millis
	case is(option, "exat"):
		return secondsAt
	case is(option, "pxat"):
		return millisAt
	}
	return none
}

// expireTime turns a lifetime into milliseconds since 1970; 0 if none is given. It answers an error if that is no
// sensible time.
func (c *call) expireTime(l lifetime) (at int64, ok bool) {
	if !l.given() {
		return 0, true
	}
	at, ok = c.int64Arg(l.text)
	if !ok {
		return 0, false
	}
	if at <= 0 || (l.unit == seconds || l.unit == secondsAt) && at > math.MaxInt64/1000 {
		c.failExpireTime()
		return 0, false
	}
	if l.unit == seconds || l.unit == secondsAt {
		at *= 1000
	}
	if l.unit == seconds || l.unit == millis {
		if at > math.MaxInt64-c.e.clock.ms() {
			c.failExpireTime()
			return 0, false
		}
		at += c.e.clock.ms()
	}
	return at, true
}

func (c *call) failExpireTime() {
	c.fail("ERR invalid expire time in '" + c.cmd.name + "' command")
}

// setOptions are those of SET.
type setOptions struct {
	nx, xx, get, keepTTL bool
	life                 lifetime
	answer               setAnswer
}

type setAnswer uint8

const (
	answerOK  setAnswer = iota // OK or null
	answerInt                  // 1 or 0
)

func (o setOptions) done(c *call) {
	if o.answer == answerInt {
		c.w.Int(1)
		return
	}
	c.ok()
}

func (o setOptions) refused(c *call) {
	if o.answer == answerInt {
		c.w.Int(0)
		return
	}
	c.w.Null()
}

func (c *call) setOptions() (o setOptions, ok bool) {
	for i := 3; i < len(c.args); i++ {
		arg := c.args[i]
		switch {
		case is(arg, "nx") && !o.xx:
			o.nx = true
		case is(arg, "xx") && !o.nx:
			o.xx = true
		case is(arg, "get"):
			o.get = true
		case is(arg, "keepttl") && !o.life.given():
			o.keepTTL = true
		case o.life.takes(arg) && !o.keepTTL && i+1 < len(c.args):
			i++
			o.life = lifetime{c.args[i], lifetimeUnit(arg)}
		default:
			c.fail(errSyntax)
			return o, false
		}
	}
	return o, true
}

// getexOptions are those of GETEX.
type getexOptions struct {
	persist bool
	life    lifetime
}

func (c *call) getexOptions() (o getexOptions, ok bool) {
	for i := 2; i < len(c.args); i++ {
		arg := c.args[i]
		switch {
		case is(arg, "persist") && !o.life.given():
			o.persist = true
		case o.life.takes(arg) && !o.persist && i+1 < len(c.args):
			i++
			o.life = lifetime{c.args[i], lifetimeUnit(arg)}
		default:
			c.fail(errSyntax)
			return o, false
		}
	}
	return o, true
}

func cmdIncr(c *call) { c.incr(1) }
func cmdDecr(c *call) { c.incr(-1) }

func cmdIncrBy(c *call) {
	if by, ok := c.int64Arg(c.args[2]); ok {
		c.incr(by)
	}
}

func cmdDecrBy(c *call) {
	by, ok := c.int64Arg(c.args[2])
	switch {
	case !ok:
	case by == math.MinInt64:
		c.fail("ERR decrement would overflow")
	default:
		c.incr(-by)
	}
}

// incr adds to the integer under the first argument.
func (c *call) incr(by int64) {
	key := c.args[1]
	n, ok := c.writeKind(key, kindString)
	if !ok {
		return
	}
	var old int64
	if n != nil {
		if old, ok = c.int64Arg(n.Val.text()); !ok {
			return
		}
	}
	if by > 0 && old > math.MaxInt64-by || by < 0 && old < math.MinInt64-by {
		c.fail(errOverflow)
		return
	}
	if n == nil {
		n = c.db.put(key, kindString)
	}
	n.Val.setText(appendIntTo(n.Val.text()[:0], old+by))
	n.Val.form = formAny
	c.changed(eventString, "incrby", key)
	c.w.Int(old + by)
}

func cmdIncrByFloat(c *call) {
	key := c.args[1]
	n, ok := c.writeKind(key, kindString)
	if !ok {
		return
	}
	old, _ := num.ParseLong([]byte("0"))
	if n != nil {
		if old, ok = num.ParseLong(n.Val.text()); !ok {
			c.fail(errNotFloat)
			return
		}
	}
	by, ok := num.ParseLong(c.args[2])
	if !ok {
		c.fail(errNotFloat)
		return
	}
	sum, ok := old.Plus(by)
	if !ok {
		c.fail(errNaN)
		return
	}
	if n == nil {
		n = c.db.put(key, kindString)
	}
	n.Val.setText(sum.Text())
	n.Val.form = formText
	c.changed(eventString, "incrbyfloat", key)
	c.w.Bulk(n.Val.text())
	if c.e.recorder != nil {
		c.effect(bSet, key, n.Val.text(), bKeepTTL)
	}
}
