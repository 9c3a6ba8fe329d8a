package engine

import (
	"slices"
	"strings"
)

// streamGroup shares the entries of a stream among its consumers.
type streamGroup struct {
	name      string
	last      streamID // the last entry that was given to a consumer
	read      int64    // how many entries of all that were ever added lie before and at last; -1 if that is not known
	pending   pendingList
	consumers []*streamConsumer // by name
}

// unknownRead stands where it is not known how far a group has read.
const unknownRead = -1

// streamConsumer is one that reads for a group.
type streamConsumer struct {
	name    string
	seen    int64 // when it last asked for something, milliseconds since 1970
	pending pendingList
}

func (g *streamGroup) clone() *streamGroup {
	own := &streamGroup{name: g.name, last: g.last, read: g.read}
	byOld := map[*streamConsumer]*streamConsumer{}
	for _, c := range g.consumers {
		byOld[c] = &streamConsumer{name: c.name, seen: c.seen}
		own.consumers = append(own.consumers, byOld[c])
	}
	for p := range g.pending.ascend(streamID{}, lastID) {
		copied := *p
		copied.owner = byOld[p.owner]
		own.pending.add(&copied)
		copied.owner.pending.add(&copied)
	}
	return own
}

func (s *stream) groupAt(name []byte) (int, bool) {
	return slices.BinarySearchFunc(s.groups, string(name), func(g *streamGroup, name string) int { return strings.Compare(g.name, name) })
}

// group returns the group of a name, nil if there is none.
func (s *stream) group(name []byte) *streamGroup {
	if i, ok := s.groupAt(name); ok {
		return s.groups[i]
	}
	return nil
}

func (g *streamGroup) consumerAt(name []byte) (int, bool) {
	return slices.BinarySearchFunc(g.consumers, string(name), func(c *streamConsumer, name string) int { return strings.Compare(c.name, name) })
}

// consumer returns the consumer of a name, nil if there is none.
func (g *streamGroup) consumer(name []byte) *streamConsumer {
	if i, ok := g.consumerAt(name); ok {
		return g.consumers[i]
	}
	return nil
}

// forget takes an entry out of what is pending; false if it is not.
func (g *streamGroup) forget(id streamID) bool {
	p := g.pending.remove(id)
	if p != nil {
		p.owner.pending.remove(id)
	}
	return p != nil
}

// give makes an entry pending at a consumer, whoever had it.
func (g *streamGroup) give(id streamID, to *streamConsumer) *pendingEntry {
	p := g.pending.get(id)
	if p == nil {
		p = &pendingEntry{id: id, owner: to}
		g.pending.add(p)
		to.pending.add(p)
	} else {
		p.moveTo(to)
	}
	return p
}

func (p *pendingEntry) moveTo(to *streamConsumer) {
	if p.owner != to {
		p.owner.pending.remove(p.id)
		p.owner = to
		to.pending.add(p)
	}
}

// createConsumer makes a consumer that is not there, and says so.
func (c *call) createConsumer(key []byte, g *streamGroup, name []byte) *streamConsumer {
	i, _ := g.consumerAt(name)
	consumer := &streamConsumer{name: string(name), seen: c.e.clock.ms()}
	g.consumers = slices.Insert(g.consumers, i, consumer)
	c.noted("xgroup-createconsumer", key)
	if c.e.recorder != nil {
		c.effect(bXGroup, []byte("CREATECONSUMER"), key, []byte(g.name), clone(name))
	}
	return consumer
}

// activeConsumer returns the consumer that asks for something, made if it is new.
func (c *call) activeConsumer(key []byte, g *streamGroup, name []byte) *streamConsumer {
	consumer := g.consumer(name)
	if consumer == nil {
		return c.createConsumer(key, g, name)
	}
	consumer.seen = c.e.clock.ms()
	return consumer
}

// noted reports a change that breaks no watch and that nobody waits for: Redis takes what groups do so.
func (c *call) noted(event string, key []byte) {
	c.changes++
	c.e.notify(c.db, eventStream, event, key)
}

// gapBehind reports whether an entry from id on was deleted, behind the first that is left.
func (s *stream) gapBehind(id streamID) bool {
	return s.length > 0 && !s.maxDeleted.zero() && !s.maxDeleted.less(s.first) && !s.maxDeleted.less(id)
}

// readUpTo returns how many of the entries that were ever added lie before and at id, or unknownRead.
func (s *stream) readUpTo(id streamID) int64 {
	switch {
	case s.added == 0:
		return 0
	case s.length == 0 && !s.last.less(id), id == s.last:
		return s.added
	case s.last.less(id):
		return unknownRead
	case !s.maxDeleted.zero() && !s.maxDeleted.less(s.first):
		return unknownRead
	case id.less(s.first):
		return s.added - int64(s.length)
	case id == s.first:
		return s.added - int64(s.length) + 1
	}
	return unknownRead
}

// lag returns how many entries a group has still to read; ok is false if that is not known.
func (s *stream) lag(g *streamGroup) (n int64, ok bool) {
	if s.added == 0 {
		return 0, true
	}
	read := g.read
	if read == unknownRead || s.gapBehind(g.last) {
		if read = s.readUpTo(g.last); read == unknownRead {
			return 0, false
		}
	}
	return s.added - read, true
}

// pass moves a group's position to an entry that it is given.
func (s *stream) pass(g *streamGroup, id streamID) {
	if !g.last.less(id) {
		return
	}
	if g.read != unknownRead && !s.gapBehind(id) {
		g.read++
	} else if s.added != 0 {
		g.read = s.readUpTo(id)
	}
	g.last = id
}

// groupOf looks up the group that a command is about. It may be nil if there is no such key or group; ok is false if
// another kind of value lies there: the error is answered.
func (c *call) groupOf(key, name []byte) (s *stream, g *streamGroup, ok bool) {
	n, ok := c.readKind(key, kindStream)
	if !ok || n == nil {
		return nil, nil, ok
	}
	if c.cmd.flags&write != 0 {
		c.db.beforeChange(n)
	}
	s = asStream(n)
	return s, s.group(name), true
}

// mustGroup is groupOf for commands that cannot do without.
func (c *call) mustGroup(key, name []byte) (s *stream, g *streamGroup, ok bool) {
	s, g, ok = c.groupOf(key, name)
	if ok && g == nil {
		c.fail("NOGROUP No such key '" + string(cText(key)) + "' or consumer group '" + string(cText(name)) + "'")
		return nil, nil, false
	}
	return s, g, ok
}
