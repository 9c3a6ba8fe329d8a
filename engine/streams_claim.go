package engine

import (
	"math"

	"github.com/redbrick-go/redbrick/engine/internal/num"
	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// delivery reports which entries a consumer has got, as commands that give it the same. Entries of the same time and
// count share one.
type delivery struct {
	c        *call
	key      []byte
	group    *streamGroup
	name     []byte          // of the consumer
	consumer *streamConsumer // nil as long as nothing is for it
	ids      [][]byte
	at       int64
	count    int64
	moved    bool // the group's position
}

// to returns the consumer, which is made or seen when it gets something, not before.
func (d *delivery) to() *streamConsumer {
	if d.consumer == nil {
		d.consumer = d.c.activeConsumer(d.key, d.group, d.name)
	}
	return d.consumer
}

func (d *delivery) add(p *pendingEntry) {
	if d.c.e.recorder == nil {
		return
	}
	if p.at != d.at || p.count != d.count {
		d.flush()
	}
	d.at, d.count = p.at, p.count
	d.ids = append(d.ids, p.id.bytes())
}

// flush reports the entries that were added.
func (d *delivery) flush() {
	if len(d.ids) > 0 {
		d.c.effect(claimWords(d.key, d.group.name, d.consumer.name, d.ids, d.at, d.count)...)
	}
	d.ids = nil
}

// claimWords is the command that gives a consumer entries, as if it had got them at that time so many times.
func claimWords(key []byte, group, consumer string, ids [][]byte, at, count int64) [][]byte {
	words := append(make([][]byte, 0, len(ids)+11), bXClaim, key, []byte(group), []byte(consumer), []byte("0"))
	words = append(words, ids...)
	return append(words, []byte("TIME"), appendInt(at), []byte("RETRYCOUNT"), appendInt(count), []byte("FORCE"), []byte("JUSTID"))
}

// end reports the rest.
func (d *delivery) end() {
	d.flush()
	if d.moved && d.c.e.recorder != nil {
		d.c.effect(bXGroup, []byte("SETID"), d.key, []byte(d.group.name), d.group.last.bytes(), []byte("ENTRIESREAD"), appendInt(d.group.read))
	}
}

// drop forgets an entry that was deleted from the stream.
func (d *delivery) drop(id streamID) {
	d.group.forget(id)
	d.c.changes++
	if d.c.e.recorder != nil {
		d.c.effect(bXAck, d.key, []byte(d.group.name), id.bytes())
	}
}

// claimArgs is what XCLAIM was asked.
type claimArgs struct {
	minIdle int64
	ids     []streamID
	last    streamID
	at      int64 // when the entries count as given
	retries int64 // -1: one more than before
	force   bool
	justID  bool
}

// minIdleArg reads the idle time of XCLAIM and XAUTOCLAIM, or answers an error.
func (c *call) minIdleArg() (int64, bool) {
	n, ok := num.Int(c.args[4])
	if !ok {
		c.fail("ERR Invalid min-idle-time argument for " + map[string]string{"xclaim": "XCLAIM", "xautoclaim": "XAUTOCLAIM"}[c.cmd.name])
	}
	return max(n, 0), ok
}

// claimOption reads the number behind an option of XCLAIM, or answers an error.
func (c *call) claimOption(name string, i int) (int64, bool) {
	n, ok := num.Int(c.args[i])
	if !ok {
		c.fail("ERR Invalid " + name + " option argument for XCLAIM")
	}
	return n, ok
}

func (c *call) claimArgs() (a claimArgs, ok bool) {
	if a.minIdle, ok = c.minIdleArg(); !ok {
		return a, false
	}
	i := 5
	for ; i < len(c.args); i++ {
		id, _, ok := idForm{}.parse(c.args[i])
		if !ok {
			break
		}
		a.ids = append(a.ids, id)
	}
	now := c.e.clock.ms()
	a.at, a.retries = -1, -1
	for ; i < len(c.args); i++ {
		more := i+1 < len(c.args)
		ok = true
		switch arg := c.args[i]; {
		case is(arg, "force"):
			a.force = true
		case is(arg, "justid"):
			a.justID = true
		case is(arg, "idle") && more:
			i++
			a.at, ok = c.claimOption("IDLE", i)
			a.at = now - a.at
		case is(arg, "time") && more:
			i++
			a.at, ok = c.claimOption("TIME", i)
		case is(arg, "retrycount") && more:
			i++
			a.retries, ok = c.claimOption("RETRYCOUNT", i)
		case is(arg, "lastid") && more:
			i++
			a.last, ok = c.idArg(c.args[i])
		default:
			c.fail("ERR Unrecognized XCLAIM option '" + string(cText(arg)) + "'")
			ok = false
		}
		if !ok {
			return a, false
		}
	}
	if a.at < 0 || a.at > now && !c.e.replaying {
		a.at = now
	}
	return a, true
}

func cmdXClaim(c *call) {
	key := c.args[1]
	s, g, ok := c.mustGroup(key, c.args[2])
	if !ok {
		return
	}
	a, ok := c.claimArgs()
	if !ok {
		return
	}
	c.effect()
	c.e.beginGroup()
	defer c.e.endGroup()
	moved := g.last.less(a.last)
	if moved {
		g.last = a.last
		c.changes++
	}
	given := &delivery{c: c, key: key, group: g, name: c.args[3], moved: moved}
	at, n := len(c.w.Buf), 0
	for _, id := range a.ids {
		if c.claim(s, given, id, &a) {
			n++
		}
	}
	given.end()
	c.headAt(at, n)
}

// claim gives one entry to a consumer and answers it; false if it does not get it.
func (c *call) claim(s *stream, given *delivery, id streamID, a *claimArgs) bool {
	e, _, there := s.find(id)
	p := given.group.pending.get(id)
	switch {
	case !there && !c.e.replaying:
		// A consumer of a log keeps what it had, deleted or not.
		if p != nil {
			given.drop(id)
		}
		return false
	case p == nil && !a.force:
		return false
	case p == nil:
		p = given.group.give(id, given.to())
		p.count = 1
	case a.minIdle > 0 && c.e.clock.ms()-p.at < a.minIdle:
		return false
	default:
		p.moveTo(given.to())
	}
	p.at = a.at
	if a.retries >= 0 {
		p.count = a.retries
	} else if !a.justID {
		p.count++
	}
	given.add(p)
	c.changes++
	if c.e.replaying {
		p.owner.seen = p.at // the nearest that is known
	}
	if a.justID || !there {
		writeID(c.w, id)
	} else {
		c.writeEntry(&e)
	}
	return true
}

// autoClaimArgs is what XAUTOCLAIM was asked.
type autoClaimArgs struct {
	minIdle int64
	from    streamID
	count   int64
	justID  bool
}

// Bounds of XAUTOCLAIM: entries looked at for each that may be claimed, and the most that COUNT may say.
const (
	claimAttempts  = 10
	claimCountMost = math.MaxInt64 / 16
	claimMemory    = 1 << 47 // that many bytes no machine has for ids
)

func (c *call) autoClaimArgs() (a autoClaimArgs, ok bool) {
	a.count = 100
	if a.minIdle, ok = c.minIdleArg(); !ok {
		return a, false
	}
	if a.from, ok = c.fromArg(c.args[5]); !ok {
		return a, false
	}
	for i := 6; i < len(c.args); i++ {
		switch arg := c.args[i]; {
		case is(arg, "count") && i+1 < len(c.args):
			i++
			if a.count, ok = c.rangeArg(c.args[i], 1, claimCountMost, "ERR COUNT must be > 0"); !ok {
				return a, false
			}
		case is(arg, "justid"):
			a.justID = true
		default:
			c.fail(errSyntax)
			return a, false
		}
	}
	return a, true
}

func cmdXAutoClaim(c *call) {
	key := c.args[1]
	a, ok := c.autoClaimArgs()
	if !ok {
		c.read(key) // Redis looks before it reads the arguments: one whose time is over goes
		return
	}
	s, g, ok := c.mustGroup(key, c.args[2])
	if !ok {
		return
	}
	if a.count > claimMemory/16 {
		c.fail("ERR Insufficient memory, failed allocating transient memory, COUNT too high.")
		return
	}
	c.effect()
	c.e.beginGroup()
	defer c.e.endGroup()
	given := &delivery{c: c, key: key, group: g, name: c.args[3]}
	var deleted []streamID
	at, n, now := len(c.w.Buf), 0, c.e.clock.ms()
	p := g.pending.from(a.from)
	for attempts := a.count * claimAttempts; attempts > 0 && a.count > 0 && p != nil; attempts-- {
		id := p.id
		e, _, there := s.find(id)
		switch {
		case !there:
			given.drop(id)
			deleted = append(deleted, id)
			a.count--
		case a.minIdle > 0 && now-p.at < a.minIdle:
		default:
			p.moveTo(given.to())
			p.at = now
			if !a.justID {
				p.count++
				c.writeEntry(&e)
			} else {
				writeID(c.w, id)
			}
			given.add(p)
			c.changes++
			n++
			a.count--
		}
		next, more := id.next()
		if p = nil; more {
			p = g.pending.from(next)
		}
	}
	given.end()
	c.headAt(at, n)
	var cursor streamID
	if p != nil {
		cursor = p.id
	}
	c.insertHead(at, 3, func(w *resp.Writer, n int) {
		w.Array(n)
		writeID(w, cursor)
	})
	c.w.Array(len(deleted))
	for _, id := range deleted {
		writeID(c.w, id)
	}
}
