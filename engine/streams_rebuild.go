package engine

// rebuild yields the entries, the counters, then each group with its consumers and what is pending there.
func (s *stream) rebuild(key []byte, yield func([][]byte) bool) {
	if s.rebuildEntries(key, yield) {
		for _, g := range s.groups {
			if !g.rebuild(key, yield) {
				return
			}
		}
	}
}

// rebuildEntries returns false if nobody wants more.
func (s *stream) rebuildEntries(key []byte, yield func([][]byte) bool) bool {
	var words [][]byte
	for e := range s.ascend(streamID{}, lastID) {
		words = append(words[:0], bXAdd, key, e.id.bytes())
		e.each(func(name, value []byte) { words = append(words, name, value) })
		if !yield(words) {
			return false
		}
	}
	if s.length == 0 {
		// An entry that is trimmed at once leaves an empty stream.
		if !yield([][]byte{bXAdd, key, bMaxLen, []byte("0"), streamID{0, 1}.bytes(), nil, nil}) {
			return false
		}
	}
	// The last id may be below one that was deleted, if XSETID made it so. XSETID takes that in two steps.
	setID, last := []byte("XSETID"), s.last.bytes()
	high := last
	if s.last.less(s.maxDeleted) {
		high = s.maxDeleted.bytes()
	}
	return yield([][]byte{setID, key, high, []byte("ENTRIESADDED"), appendInt(s.added), []byte("MAXDELETEDID"), s.maxDeleted.bytes()}) &&
		(!s.last.less(s.maxDeleted) || yield([][]byte{setID, key, last}))
}

func (g *streamGroup) rebuild(key []byte, yield func([][]byte) bool) bool {
	name := []byte(g.name)
	if !yield([][]byte{bXGroup, []byte("CREATE"), key, name, g.last.bytes(), []byte("ENTRIESREAD"), appendInt(g.read)}) {
		return false
	}
	for _, c := range g.consumers {
		if !yield([][]byte{bXGroup, []byte("CREATECONSUMER"), key, name, []byte(c.name)}) {
			return false
		}
	}
	var ids [][]byte
	var prev *pendingEntry
	flush := func() bool {
		return len(ids) == 0 || yield(claimWords(key, g.name, prev.owner.name, ids, prev.at, prev.count))
	}
	for p := range g.pending.ascend(streamID{}, lastID) {
		if prev != nil && (p.owner != prev.owner || p.at != prev.at || p.count != prev.count) || len(ids) == pieceWords/2 {
			if !flush() {
				return false
			}
			ids = ids[:0]
		}
		prev, ids = p, append(ids, p.id.bytes())
	}
	return flush()
}
