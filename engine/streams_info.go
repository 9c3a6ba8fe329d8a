package engine

// streamForInfo looks up the stream of an XINFO, or answers an error.
func (c *call) streamForInfo() (*stream, bool) {
	n := c.read(c.args[2])
	if n == nil {
		c.fail(errNoKey)
		return nil, false
	}
	n, ok := c.typed(n, kindStream)
	if !ok {
		return nil, false
	}
	return asStream(n), true
}

func (c *call) pairInt(name string, n int64) {
	c.w.BulkString(name)
	c.w.Int(n)
}

func (c *call) pairID(name string, id streamID) {
	c.w.BulkString(name)
	writeID(c.w, id)
}

// pairProgress answers how far a group has read and what is left.
func (c *call) pairProgress(s *stream, g *streamGroup) {
	c.w.BulkString("entries-read")
	if g.read == unknownRead {
		c.w.Null()
	} else {
		c.w.Int(g.read)
	}
	c.w.BulkString("lag")
	if lag, ok := s.lag(g); ok {
		c.w.Int(lag)
	} else {
		c.w.Null()
	}
}

// defaultInfoCount is how much XINFO STREAM FULL shows of each list.
const defaultInfoCount = 10

func cmdXInfoStream(c *call) {
	s, ok := c.streamForInfo()
	if !ok {
		return
	}
	options := c.args[3:]
	full, count := len(options) > 0, int64(defaultInfoCount)
	switch {
	case !full:
	case len(options) != 1 && len(options) != 3, !is(options[0], "full"), len(options) == 3 && !is(options[1], "count"):
		c.syntaxOfSub()
		return
	case len(options) == 3:
		if count, ok = c.int64Arg(options[2]); !ok {
			return
		}
		if count < 0 {
			count = defaultInfoCount
		}
	}
	if full {
		c.w.Map(9)
	} else {
		c.w.Map(10)
	}
	c.pairInt("length", int64(s.length))
	// Blocks stand for the keys of Redis's radix tree. It has a few nodes more, which are not counted here.
	c.pairInt("radix-tree-keys", int64(len(s.blocks)))
	c.pairInt("radix-tree-nodes", int64(len(s.blocks)+1))
	c.pairID("last-generated-id", s.last)
	c.pairID("max-deleted-entry-id", s.maxDeleted)
	c.pairInt("entries-added", s.added)
	c.pairID("recorded-first-entry-id", s.first)
	if full {
		c.w.BulkString("entries")
		c.writeEntries(s.ascend(streamID{}, lastID), count)
		c.w.BulkString("groups")
		c.w.Array(len(s.groups))
		for _, g := range s.groups {
			c.fullGroup(s, g, count)
		}
		return
	}
	c.pairInt("groups", int64(len(s.groups)))
	c.w.BulkString("first-entry")
	c.oneEntry(s.ascend(streamID{}, lastID))
	c.w.BulkString("last-entry")
	c.oneEntry(s.descend(streamID{}, lastID))
}

func (c *call) oneEntry(entries func(func(*streamEntry) bool)) {
	for e := range entries {
		c.writeEntry(e)
		return
	}
	c.w.Null()
}

// fullGroup answers all about a group, of each list at most so many; 0 is all.
func (c *call) fullGroup(s *stream, g *streamGroup, count int64) {
	c.w.Map(7)
	c.w.BulkString("name")
	c.w.BulkString(g.name)
	c.pairID("last-delivered-id", g.last)
	c.pairProgress(s, g)
	c.pairInt("pel-count", int64(g.pending.n))
	c.w.BulkString("pending")
	c.fullPending(&g.pending, count, true)
	c.w.BulkString("consumers")
	c.w.Array(len(g.consumers))
	for _, consumer := range g.consumers {
		c.w.Map(4)
		c.w.BulkString("name")
		c.w.BulkString(consumer.name)
		c.pairInt("seen-time", consumer.seen)
		c.pairInt("pel-count", int64(consumer.pending.n))
		c.w.BulkString("pending")
		c.fullPending(&consumer.pending, count, false)
	}
}

func (c *call) fullPending(list *pendingList, count int64, owners bool) {
	at, n := len(c.w.Buf), 0
	for p := range list.ascend(streamID{}, lastID) {
		if owners {
			c.w.Array(4)
		} else {
			c.w.Array(3)
		}
		writeID(c.w, p.id)
		if owners {
			c.w.BulkString(p.owner.name)
		}
		c.w.Int(p.at)
		c.w.Int(p.count)
		if n++; int64(n) == count {
			break
		}
	}
	c.headAt(at, n)
}

func cmdXInfoGroups(c *call) {
	s, ok := c.streamForInfo()
	if !ok {
		return
	}
	c.w.Array(len(s.groups))
	for _, g := range s.groups {
		c.w.Map(6)
		c.w.BulkString("name")
		c.w.BulkString(g.name)
		c.pairInt("consumers", int64(len(g.consumers)))
		c.pairInt("pending", int64(g.pending.n))
		c.pairID("last-delivered-id", g.last)
		c.pairProgress(s, g)
	}
}

func cmdXInfoConsumers(c *call) {
	s, ok := c.streamForInfo()
	if !ok {
		return
	}
	g := s.group(c.args[3])
	if g == nil {
		c.failNoGroup()
		return
	}
	c.w.Array(len(g.consumers))
	for _, consumer := range g.consumers {
		c.w.Map(3)
		c.w.BulkString("name")
		c.w.BulkString(consumer.name)
		c.pairInt("pending", int64(consumer.pending.n))
		c.pairInt("idle", max(c.e.clock.ms()-consumer.seen, 0))
	}
}
