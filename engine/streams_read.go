package engine

import (
	"slices"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/num"
	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// headAt puts the head of an array of n parts in front of what was written since the buffer was at bytes long. So
// nothing has to be counted before it is written.
func (c *call) headAt(at, n int) { c.insertHead(at, n, (*resp.Writer).Array) }

func (c *call) insertHead(at, n int, head func(*resp.Writer, int)) {
	var text [16]byte
	w := resp.Writer{Buf: text[:0], V3: c.w.V3}
	head(&w, n)
	c.w.Buf = slices.Insert(c.w.Buf, at, w.Buf...)
}

// writeEntry answers an entry: its id and its fields.
func (c *call) writeEntry(e *streamEntry) {
	c.w.Array(2)
	writeID(c.w, e.id)
	c.w.Array(2 * e.size())
	e.each(func(name, value []byte) {
		c.w.Bulk(name)
		c.w.Bulk(value)
	})
}

// writeEntries answers an array of entries, at most so many; 0 is all.
func (c *call) writeEntries(entries func(func(*streamEntry) bool), most int64) {
	at, n := len(c.w.Buf), 0
	for e := range entries {
		c.writeEntry(e)
		if n++; int64(n) == most {
			break
		}
	}
	c.headAt(at, n)
}

func cmdXRange(c *call)    { c.streamRange(c.args[2], c.args[3], (*stream).ascend) }
func cmdXRevRange(c *call) { c.streamRange(c.args[3], c.args[2], (*stream).descend) }

func (c *call) streamRange(first, last []byte, walk func(s *stream, from, to streamID) func(func(*streamEntry) bool)) {
	from, ok := c.fromArg(first)
	if !ok {
		return
	}
	to, ok := c.toArg(last)
	if !ok {
		return
	}
	count := int64(-1)
	for i := 4; i < len(c.args); i += 2 {
		if !is(c.args[i], "count") || i+1 == len(c.args) {
			c.fail(errSyntax)
			return
		}
		if count, ok = c.int64Arg(c.args[i+1]); !ok {
			return
		}
		count = max(count, 0)
	}
	n, ok := c.readKind(c.args[1], kindStream)
	switch {
	case !ok:
	case n == nil:
		c.w.Array(0)
	case count == 0:
		c.w.NullArray()
	default:
		c.writeEntries(walk(asStream(n), from, to), max(count, 0))
	}
}

// readKeys finds the keys of XREAD and XREADGROUP: the first half of what follows STREAMS, which is at least at from.
func readKeys(from int) func([][]byte) []int {
	return func(args [][]byte) (out []int) {
		for i := from; i < len(args); i++ {
			if is(args[i], "streams") {
				for k := range (len(args) - i - 1) / 2 {
					out = append(out, i+1+k)
				}
				break
			}
		}
		return out
	}
}

// readArgs is what XREAD or XREADGROUP was asked. It keeps indexes of arguments, which outlive a wait.
type readArgs struct {
	grouped bool // XREADGROUP
	group   int  // index of the group's name, the consumer's is behind it; 0 if there is none
	noAck   bool
	block   bool
	timeout time.Duration
	count   int64
	keys    int // index of the first key
	n       int // of keys
	// after are the ids that entries have to be greater than; onlyNew stands for what the group did not give away.
	after []streamID
}

// onlyNew is what > stands for.
var onlyNew = lastID

// millisArg reads the timeout of XREAD: milliseconds, 0 for none.
func (c *call) millisArg(b []byte) (time.Duration, bool) {
	ms, ok := num.Int(b)
	switch {
	case !ok:
		c.fail("ERR timeout is not an integer or out of range")
	case ms < 0:
		c.fail(errNegTimeout)
	default:
		// What is beyond Go's durations (292 years) is for ever, or nearly.
		return time.Duration(min(ms, 9e12)) * time.Millisecond, true
	}
	return 0, false
}

// readArgs reads the arguments up to the ids, or answers an error.
func (c *call) readArgs() (a *readArgs, ok bool) {
	a = &readArgs{grouped: c.cmd.is("xreadgroup")}
	for i := 1; i < len(c.args) && a.keys == 0; i++ {
		more := len(c.args) - 1 - i
		switch arg := c.args[i]; {
		case is(arg, "block") && more > 0:
			if c.cl.script {
				c.fail("ERR " + string(cText(c.args[0])) + " command is not allowed with BLOCK option from scripts")
				return nil, false
			}
			i++
			if a.timeout, ok = c.millisArg(c.args[i]); !ok {
				return nil, false
			}
			a.block = true
		case is(arg, "count") && more > 0:
			i++
			if a.count, ok = c.int64Arg(c.args[i]); !ok {
				return nil, false
			}
			a.count = max(a.count, 0)
		case is(arg, "streams") && more > 0:
			if more%2 != 0 {
				c.fail("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.")
				return nil, false
			}
			a.keys, a.n = i+1, more/2
		case is(arg, "group") && more > 1:
			if !a.grouped {
				c.fail("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.")
				return nil, false
			}
			a.group = i + 1
			i += 2
		case is(arg, "noack"):
			if !a.grouped {
				c.fail("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.")
				return nil, false
			}
			a.noAck = true
		default:
			c.fail(errSyntax)
			return nil, false
		}
	}
	switch {
	case a.keys == 0:
		c.fail(errSyntax)
		return nil, false
	case a.grouped && a.group == 0:
		c.fail("ERR Missing GROUP option for XREADGROUP")
		return nil, false
	}
	return a, true
}

// resolve reads the ids and checks keys and groups, or answers an error.
func (a *readArgs) resolve(c *call) bool {
	a.after = make([]streamID, a.n)
	for i := range a.n {
		key, arg := c.args[a.keys+i], cText(c.args[a.keys+a.n+i])
		var s *stream
		if a.grouped {
			name := c.args[a.group]
			_, g, ok := c.groupOf(key, name)
			if !ok {
				return false
			}
			if g == nil {
				c.fail("NOGROUP No such key '" + string(cText(key)) + "' or consumer group '" + string(cText(name)) + "' in XREADGROUP with GROUP option")
				return false
			}
		} else {
			n, ok := c.readKind(key, kindStream)
			if !ok {
				return false
			}
			if n != nil {
				s = asStream(n)
			}
		}
		switch {
		case string(arg) == "$" && a.grouped:
			c.fail("ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.")
			return false
		case string(arg) == "$" && s != nil:
			a.after[i] = s.last
		case string(arg) == "$":
		case string(arg) == ">" && !a.grouped:
			c.fail("ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.")
			return false
		case string(arg) == ">":
			a.after[i] = onlyNew
		default:
			var ok bool
			if a.after[i], ok = c.idArg(arg); !ok {
				return false
			}
		}
	}
	return true
}

func cmdXRead(c *call) {
	a, ok := c.readArgs()
	if !ok || !a.resolve(c) {
		return
	}
	if a.grouped {
		c.effect() // what it does is reported as it is done
	}
	none := func(c *call) { c.w.NullArray() }
	if !a.block {
		if !a.serve(c) {
			none(c)
		}
		return
	}
	c.await(c.args[a.keys:a.keys+a.n], a.timeout, waitFor{
		try: func(c *call) bool {
			if c.retried {
				return a.serveReady(c)
			}
			return a.serve(c)
		},
		timedOut: none,
		gone:     a.grouped,
	})
}

// serve answers what there is now; false if there is nothing.
func (a *readArgs) serve(c *call) bool {
	at, n := len(c.w.Buf), 0
	for i := range a.n {
		key := c.args[a.keys+i]
		node := c.read(key)
		if node == nil {
			continue
		}
		s := asStream(node)
		var g *streamGroup
		after, history := a.after[i], false
		if a.grouped {
			g = s.group(c.args[a.group])
			history = after != onlyNew
			if !history {
				after = g.last
			}
		}
		if !history && !after.less(s.top) {
			continue
		}
		n++
		a.answer(c, key, s, g, after, history, a.count)
	}
	if n > 0 {
		c.streamsHead(at, n)
	}
	return n > 0
}

func (c *call) streamsHead(at, n int) {
	if c.w.V3 {
		c.insertHead(at, n, (*resp.Writer).Map)
	} else {
		c.headAt(at, n)
	}
}

// blockedCount is the most entries that a command gets that had to wait and gave no COUNT.
const blockedCount = 1000

// serveReady answers what has come to the key that changed; false if it is nothing. One who reads for a group learns
// that it is gone.
func (a *readArgs) serveReady(c *call) bool {
	i := 0
	for i < a.n && string(c.args[a.keys+i]) != c.ready {
		i++
	}
	if i == a.n {
		return false
	}
	key, after := c.args[a.keys+i], a.after[i]
	n := c.db.live(key)
	if n == nil || n.Val.kind != kindStream {
		if a.grouped {
			c.fail("UNBLOCKED the stream key no longer exists")
		}
		return a.grouped
	}
	s := asStream(n)
	var g *streamGroup
	if a.grouped {
		c.db.beforeChange(n)
		if g = s.group(c.args[a.group]); g == nil {
			c.fail("NOGROUP the consumer group this client was blocked on no longer exists")
			return true
		}
		after = g.last
		c.effect()
	}
	if !after.less(s.top) {
		return false
	}
	count := a.count
	if count == 0 {
		count = blockedCount
	}
	at := len(c.w.Buf)
	a.answer(c, key, s, g, after, false, count)
	c.streamsHead(at, 1)
	return true
}

// answer writes a key and its entries behind an id.
func (a *readArgs) answer(c *call, key []byte, s *stream, g *streamGroup, after streamID, history bool, count int64) {
	if !c.w.V3 {
		c.w.Array(2)
	}
	c.w.Bulk(key)
	from, ok := after.next()
	if !ok && !history {
		c.w.Array(0)
		return
	}
	if g == nil {
		c.writeEntries(s.ascend(from, lastID), count)
		return
	}
	c.e.beginGroup()
	defer c.e.endGroup()
	given := &delivery{c: c, key: key, group: g, name: c.args[a.group+1]}
	if consumer := given.to(); history {
		c.writeHistory(s, consumer, from, count, given)
	} else {
		c.writeNew(s, g, from, count, given, a.noAck)
	}
	given.end()
	c.changes++
}

// writeNew answers entries that the group gives away the first time.
func (c *call) writeNew(s *stream, g *streamGroup, from streamID, count int64, given *delivery, noAck bool) {
	c.writeEntries(func(yield func(*streamEntry) bool) {
		for e := range s.ascend(from, lastID) {
			s.pass(g, e.id)
			given.moved = true
			if !noAck {
				p := g.give(e.id, given.consumer)
				p.at, p.count = c.e.clock.ms(), 1
				given.add(p)
			}
			if !yield(e) {
				return
			}
		}
	}, count)
}

// writeHistory answers what is pending at a consumer; of entries that were deleted the ids alone.
func (c *call) writeHistory(s *stream, consumer *streamConsumer, from streamID, count int64, given *delivery) {
	at, n := len(c.w.Buf), 0
	for p := range consumer.pending.ascend(from, lastID) {
		if e, _, ok := s.find(p.id); ok {
			c.writeEntry(&e)
			p.at = c.e.clock.ms()
			p.count++
			given.add(p)
		} else {
			c.w.Array(2)
			writeID(c.w, p.id)
			c.w.NullArray()
		}
		if n++; int64(n) == count {
			break
		}
	}
	c.headAt(at, n)
}
