package engine

import (
	"slices"
	"sort"
)

// stream is the value of a stream key. It may be empty.
type stream struct {
	blocks     []*streamBlock // in the order of their entries; none without a live entry
	length     int
	first      streamID // of the live entries; zero if there are none
	top        streamID // the last of the live entries; zero if there are none
	last       streamID // the last that was given away
	maxDeleted streamID // the last that XDEL deleted
	added      int64
	bytes      int64          // held by blocks
	groups     []*streamGroup // by name
}

func asStream(n *node) *stream { return as[stream](n, kindStream) }

func (s *stream) encoding() string { return "stream" }

func (s *stream) size() int64 {
	const head, group, consumer, pending = 176, 128, 112, 72
	size := head + s.bytes
	for _, g := range s.groups {
		size += group + consumer*int64(len(g.consumers)) + pending*int64(g.pending.n)
	}
	return size
}

// weigh counts what a block holds after it has grown or was cut.
func (s *stream) weigh(b *streamBlock) {
	const head = 144
	held := head + roundUp(cap(b.data))
	s.bytes += held - b.held
	b.held = held
}

func (s *stream) clone() object {
	own := *s
	own.blocks = make([]*streamBlock, len(s.blocks))
	for i, b := range s.blocks {
		block := *b
		block.data = clone(b.data)
		own.blocks[i] = &block
	}
	own.groups = make([]*streamGroup, len(s.groups))
	for i, g := range s.groups {
		own.groups[i] = g.clone()
	}
	return &own
}

func (s *stream) digest(d *digest) {
	var text []byte
	for e := range s.ascend(streamID{}, lastID) {
		text = e.id.appendTo(text[:0], '.')
		d.mix(text)
		e.each(func(name, value []byte) {
			d.mix(name)
			d.mix(value)
		})
	}
}

// blockLimits say when a block is full; 0 is never.
type blockLimits struct{ bytes, entries int64 }

// largestEntry is the most bytes that an entry or a block may have.
const largestEntry = 1 << 30

// add appends an entry, whose id is greater than the last.
func (s *stream) add(id streamID, fields [][]byte, limits blockLimits) {
	var b *streamBlock
	if n := len(s.blocks); n > 0 {
		b = s.blocks[n-1]
		size := b.packedSize()
		for _, f := range fields {
			size += len(f)
		}
		most := limits.bytes
		if most <= 0 || most > largestEntry {
			most = largestEntry
		}
		if int64(size) >= most || limits.entries > 0 && int64(b.live+b.dead) >= limits.entries {
			b.close()
			s.weigh(b)
			b = nil
		}
	}
	if b == nil {
		b = newBlock(id, fields)
		s.blocks = append(s.blocks, b)
	}
	b.add(id, fields)
	s.weigh(b)
	s.length++
	s.added++
	if s.length == 1 {
		s.first = id
	}
	s.last, s.top = id, id
}

// blockOf returns the index of the block in which id is if it is anywhere; -1 if it is before all.
func (s *stream) blockOf(id streamID) int {
	return sort.Search(len(s.blocks), func(i int) bool { return id.less(s.blocks[i].first) }) - 1
}

// ascend yields the live entries from one id to another. The stream must not change meanwhile.
func (s *stream) ascend(from, to streamID) func(func(*streamEntry) bool) {
	return func(yield func(*streamEntry) bool) {
		for i := max(s.blockOf(from), 0); i < len(s.blocks); i++ {
			b := s.blocks[i]
			if b.last.less(from) {
				continue
			}
			for at := b.body; at < len(b.data); {
				e, next := b.entry(at)
				at = next
				if e.deleted() {
					continue
				}
				if to.less(e.id) || !e.id.less(from) && !yield(&e) {
					return
				}
			}
		}
	}
}

// descend yields the live entries from to back to from. The stream must not change meanwhile.
func (s *stream) descend(from, to streamID) func(func(*streamEntry) bool) {
	return func(yield func(*streamEntry) bool) {
		for i := s.blockOf(to); i >= 0; i-- {
			b := s.blocks[i]
			for at := len(b.data); at > b.body; {
				e := b.before(at)
				at = e.at
				if e.deleted() {
					continue
				}
				if e.id.less(from) || !to.less(e.id) && !yield(&e) {
					return
				}
			}
		}
	}
}

// find returns a live entry and the index of its block; ok is false if there is none of that id.
func (s *stream) find(id streamID) (e streamEntry, block int, ok bool) {
	i := s.blockOf(id)
	if i < 0 {
		return e, 0, false
	}
	b := s.blocks[i]
	for at := b.body; at < len(b.data); {
		e, next := b.entry(at)
		if c := e.id.compare(id); c >= 0 && !e.deleted() {
			return e, i, c == 0
		}
		at = next
	}
	return e, i, false
}

func (s *stream) has(id streamID) bool {
	_, _, ok := s.find(id)
	return ok
}

// remove deletes an entry; false if there is none. edges has to be called afterwards.
func (s *stream) remove(id streamID) bool {
	e, i, ok := s.find(id)
	if !ok {
		return false
	}
	b := e.block
	b.remove(&e)
	if b.live == 0 {
		s.bytes -= b.held
		s.blocks = slices.Delete(s.blocks, i, i+1)
	}
	s.length--
	return true
}

// edges finds the first and the last live entry again after some were removed.
func (s *stream) edges() {
	if s.length == 0 {
		s.first, s.top = streamID{}, streamID{}
		return
	}
	for e := range s.ascend(streamID{}, lastID) {
		s.first = e.id
		break
	}
	if !s.has(s.top) {
		for e := range s.descend(streamID{}, lastID) {
			s.top = e.id
			break
		}
	}
}

// trimRule says what to drop at the head of a stream.
type trimRule struct {
	byLength bool
	maxLen   int64
	minID    streamID
	approx   bool  // whole blocks alone
	limit    int64 // of entries looked at; 0 for none
}

// drops reports whether the first entries of a block go with it.
func (r *trimRule) drops(s *stream, b *streamBlock) bool {
	if r.byLength {
		return int64(s.length-b.live) >= r.maxLen
	}
	return b.last.less(r.minID)
}

// enough reports whether the entry with that id may stay.
func (r *trimRule) enough(s *stream, id streamID) bool {
	if r.byLength {
		return int64(s.length) <= r.maxLen
	}
	return !id.less(r.minID)
}

// trim drops entries at the head and returns how many.
func (s *stream) trim(r *trimRule) (dropped int) {
	whole := 0
	for _, b := range s.blocks {
		if r.byLength && int64(s.length) <= r.maxLen || r.limit > 0 && int64(dropped+b.live) > r.limit {
			break
		}
		if !r.drops(s, b) {
			if !r.approx {
				dropped += s.trimBlock(b, r)
			}
			break
		}
		s.length -= b.live
		s.bytes -= b.held
		dropped += b.live
		whole++
	}
	clear(s.blocks[:whole])
	s.blocks = s.blocks[whole:]
	if dropped > 0 {
		s.edges()
	}
	return dropped
}

// trimBlock drops entries at the head of a block of which some stay.
func (s *stream) trimBlock(b *streamBlock, r *trimRule) (dropped int) {
	for at := b.body; at < len(b.data); {
		e, next := b.entry(at)
		if r.enough(s, e.id) {
			break
		}
		if !e.deleted() {
			b.remove(&e)
			s.length--
			dropped++
		}
		at = next
	}
	return dropped
}
