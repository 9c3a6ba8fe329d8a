package engine

import (
	"slices"
)

// syntaxOfSub answers that a subcommand was called wrongly.
func (c *call) syntaxOfSub() {
	name := map[string]string{"xgroup": "XGROUP", "xinfo": "XINFO"}[c.name()]
	c.fail("ERR unknown subcommand or wrong number of arguments for '" + string(cText(c.args[1][:min(len(c.args[1]), 128)])) + "'. Try " + name + " HELP.")
}

// groupOptions are those of XGROUP CREATE and SETID.
type groupOptions struct {
	make bool
	read int64
}

func (c *call) groupOptions(creates bool) (o groupOptions, ok bool) {
	o.read = unknownRead
	for i := 5; i < len(c.args); i++ {
		switch arg := c.args[i]; {
		case creates && is(arg, "mkstream"):
			o.make = true
		case is(arg, "entriesread") && i+1 < len(c.args):
			i++
			if o.read, ok = c.int64Arg(c.args[i]); !ok {
				return o, false
			}
			if o.read < 0 && o.read != unknownRead && !c.e.replaying { // a counter may have run over
				c.fail("ERR value for ENTRIESREAD must be positive or -1")
				return o, false
			}
		default:
			c.syntaxOfSub()
			return o, false
		}
	}
	return o, true
}

// streamOfGroup looks up the stream of an XGROUP, which must be there unless it is made.
func (c *call) streamOfGroup(makes bool) (s *stream, ok bool) {
	n, ok := c.writeKind(c.args[2], kindStream)
	if !ok {
		return nil, false
	}
	if n == nil && !makes {
		c.fail("ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.")
		return nil, false
	}
	if n != nil {
		s = asStream(n)
	}
	return s, true
}

// groupOfKey is streamOfGroup for subcommands that need the group, too.
func (c *call) groupOfKey() (s *stream, g *streamGroup, ok bool) {
	s, ok = c.streamOfGroup(false)
	if !ok {
		return nil, nil, false
	}
	if g = s.group(c.args[3]); g == nil {
		c.failNoGroup()
		return nil, nil, false
	}
	return s, g, true
}

func (c *call) failNoGroup() {
	c.fail("NOGROUP No such consumer group '" + string(cText(c.args[3])) + "' for key name '" + string(cText(c.args[2])) + "'")
}

func cmdXGroupCreate(c *call) {
	o, ok := c.groupOptions(true)
	if !ok {
		return
	}
	s, ok := c.streamOfGroup(o.make)
	if !ok {
		return
	}
	if len(c.args) > 8 {
		c.syntaxOfSub()
		return
	}
	key := c.args[2]
	var id streamID
	if string(cText(c.args[4])) == "$" {
		if s != nil {
			id = s.last
		}
	} else if id, ok = c.idArg(c.args[4]); !ok {
		return
	}
	if s == nil {
		s = &stream{}
		c.db.put(key, kindStream).Val.setObject(s)
	}
	i, there := s.groupAt(c.args[3])
	if there {
		c.fail("BUSYGROUP Consumer Group name already exists")
		return
	}
	s.groups = slices.Insert(s.groups, i, &streamGroup{name: string(c.args[3]), last: id, read: o.read})
	c.changed(eventStream, "xgroup-create", key)
	c.ok()
}

func cmdXGroupSetID(c *call) {
	o, ok := c.groupOptions(false)
	if !ok {
		return
	}
	s, g, ok := c.groupOfKey()
	if !ok {
		return
	}
	if len(c.args) != 5 && len(c.args) != 7 {
		c.syntaxOfSub()
		return
	}
	id := s.last
	if string(cText(c.args[4])) != "$" {
		if id, _, ok = (idForm{ends: true}).parse(c.args[4]); !ok {
			c.fail(errStreamID)
			return
		}
	}
	g.last, g.read = id, o.read
	c.noted("xgroup-setid", c.args[2])
	c.ok()
}

func cmdXGroupDestroy(c *call) {
	s, ok := c.streamOfGroup(false)
	if !ok {
		return
	}
	i, ok := s.groupAt(c.args[3])
	if !ok {
		c.w.Int(0)
		return
	}
	s.groups = slices.Delete(s.groups, i, i+1)
	c.changed(eventStream, "xgroup-destroy", c.args[2])
	c.w.Int(1)
}

func cmdXGroupCreateConsumer(c *call) {
	_, g, ok := c.groupOfKey()
	switch {
	case !ok:
	case g.consumer(c.args[4]) != nil:
		c.w.Int(0)
	default:
		c.createConsumer(c.args[2], g, c.args[4])
		c.w.Int(1)
	}
}

func cmdXGroupDelConsumer(c *call) {
	_, g, ok := c.groupOfKey()
	if !ok {
		return
	}
	i, ok := g.consumerAt(c.args[4])
	if !ok {
		c.w.Int(0)
		return
	}
	consumer := g.consumers[i]
	for p := range consumer.pending.ascend(streamID{}, lastID) {
		g.pending.remove(p.id)
	}
	g.consumers = slices.Delete(g.consumers, i, i+1)
	c.noted("xgroup-delconsumer", c.args[2])
	c.w.Int(int64(consumer.pending.n))
}

func cmdXAck(c *call) {
	_, g, ok := c.groupOf(c.args[1], c.args[2])
	if !ok {
		return
	}
	if g == nil {
		c.w.Int(0)
		return
	}
	ids, ok := c.idArgs(c.args[3:])
	if !ok {
		return
	}
	acked := 0
	for _, id := range ids {
		if g.forget(id) {
			acked++
		}
	}
	c.changes += acked
	c.w.Int(int64(acked))
}

// pendingArgs is what the long form of XPENDING was asked.
type pendingArgs struct {
	minIdle  int64
	from, to streamID
	count    int64
	consumer []byte // nil for all
}

func (c *call) pendingArgs() (a pendingArgs, ok bool) {
	at := 3
	if is(c.args[3], "idle") {
		if a.minIdle, ok = c.int64Arg(c.args[4]); !ok {
			return a, false
		}
		if len(c.args) < 8 {
			c.fail(errSyntax)
			return a, false
		}
		at += 2
	}
	if a.count, ok = c.int64Arg(c.args[at+2]); !ok {
		return a, false
	}
	if a.from, ok = c.fromArg(c.args[at]); !ok {
		return a, false
	}
	if a.to, ok = c.toArg(c.args[at+1]); !ok {
		return a, false
	}
	if at+3 < len(c.args) {
		a.consumer = c.args[at+3]
	}
	return a, true
}

func cmdXPending(c *call) {
	short := len(c.args) == 3
	if !short && (len(c.args) < 6 || len(c.args) > 9) {
		c.fail(errSyntax)
		return
	}
	var a pendingArgs
	if !short {
		var ok bool
		if a, ok = c.pendingArgs(); !ok {
			return
		}
	}
	_, g, ok := c.mustGroup(c.args[1], c.args[2])
	switch {
	case !ok:
	case short:
		c.pendingSummary(g)
	default:
		c.pendingRange(g, &a)
	}
}

func (c *call) pendingSummary(g *streamGroup) {
	c.w.Array(4)
	c.w.Int(int64(g.pending.n))
	if g.pending.n == 0 {
		c.w.Null()
		c.w.Null()
		c.w.NullArray()
		return
	}
	writeID(c.w, g.pending.first().id)
	writeID(c.w, g.pending.last().id)
	at, n := len(c.w.Buf), 0
	for _, consumer := range g.consumers {
		if consumer.pending.n > 0 {
			c.w.Array(2)
			c.w.BulkString(consumer.name)
			c.w.BulkInt(int64(consumer.pending.n))
			n++
		}
	}
	c.headAt(at, n)
}

func (c *call) pendingRange(g *streamGroup, a *pendingArgs) {
	list := &g.pending
	if a.consumer != nil {
		consumer := g.consumer(a.consumer)
		if consumer == nil {
			c.w.Array(0)
			return
		}
		list = &consumer.pending
	}
	at, n, now := len(c.w.Buf), int64(0), c.e.clock.ms()
	if a.count > 0 {
		for p := range list.ascend(a.from, a.to) {
			if a.minIdle != 0 && now-p.at < a.minIdle {
				continue
			}
			c.w.Array(4)
			writeID(c.w, p.id)
			c.w.BulkString(p.owner.name)
			c.w.Int(max(now-p.at, 0))
			c.w.Int(p.count)
			if n++; n == a.count {
				break
			}
		}
	}
	c.headAt(at, int(n))
}
