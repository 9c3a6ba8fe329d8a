package engine

import "sort"

// pendingEntry is a message that was given to a consumer and is not acknowledged.
type pendingEntry struct {
	id    streamID
	owner *streamConsumer
	at    int64 // when it was given, milliseconds since 1970
	count int64 // how often
}

// pendingList keeps pending entries in the order of their ids: short sorted lists, one behind the other. Ids come at
// the end and go at the front, mostly, and both cost nothing there.
type pendingList struct {
	leaves [][]*pendingEntry
	n      int
}

// leafSize is the most entries of a leaf. Neighbours of less than a quarter of it together become one.
const leafSize = 128

// seek returns the leaf in which id is or would be, and where.
func (l *pendingList) seek(id streamID) (leaf, at int) {
	leaf = sort.Search(len(l.leaves), func(i int) bool {
		last := l.leaves[i][len(l.leaves[i])-1]
		return !last.id.less(id)
	})
	if leaf == len(l.leaves) {
		return leaf, 0
	}
	entries := l.leaves[leaf]
	return leaf, sort.Search(len(entries), func(i int) bool { return !entries[i].id.less(id) })
}

// from returns the first entry whose id is at least id, nil if there is none.
func (l *pendingList) from(id streamID) *pendingEntry {
	leaf, at := l.seek(id)
	if leaf == len(l.leaves) {
		return nil
	}
	return l.leaves[leaf][at]
}

// get returns the entry of an id, nil if there is none.
func (l *pendingList) get(id streamID) *pendingEntry {
	if p := l.from(id); p != nil && p.id == id {
		return p
	}
	return nil
}

// add puts in an entry whose id is not there.
func (l *pendingList) add(p *pendingEntry) {
	l.n++
	leaf, at := l.seek(p.id)
	if leaf == len(l.leaves) {
		if leaf == 0 || len(l.leaves[leaf-1]) == leafSize {
			l.leaves = append(l.leaves, []*pendingEntry{p})
			return
		}
		leaf--
		at = len(l.leaves[leaf])
	}
	if entries := l.leaves[leaf]; len(entries) == leafSize {
		const half = leafSize / 2
		behind := append(make([]*pendingEntry, 0, leafSize), entries[half:]...)
		clear(entries[half:])
		l.leaves[leaf] = entries[:half]
		l.leaves = append(l.leaves, nil)
		copy(l.leaves[leaf+2:], l.leaves[leaf+1:])
		l.leaves[leaf+1] = behind
		if at > half {
			leaf, at = leaf+1, at-half
		}
	}
	entries := append(l.leaves[leaf], nil)
	copy(entries[at+1:], entries[at:])
	entries[at] = p
	l.leaves[leaf] = entries
}

// remove takes an entry out and returns it, nil if it is not there.
func (l *pendingList) remove(id streamID) *pendingEntry {
	leaf, at := l.seek(id)
	if leaf == len(l.leaves) || l.leaves[leaf][at].id != id {
		return nil
	}
	entries := l.leaves[leaf]
	p := entries[at]
	l.n--
	copy(entries[at:], entries[at+1:])
	entries[len(entries)-1] = nil
	l.leaves[leaf] = entries[:len(entries)-1]
	switch {
	case len(entries) == 1:
		l.drop(leaf)
	case leaf > 0 && len(l.leaves[leaf-1])+len(l.leaves[leaf]) < leafSize/4:
		l.leaves[leaf-1] = append(l.leaves[leaf-1], l.leaves[leaf]...)
		l.drop(leaf)
	}
	return p
}

func (l *pendingList) drop(leaf int) {
	if leaf == 0 {
		l.leaves[0] = nil
		l.leaves = l.leaves[1:]
		return
	}
	copy(l.leaves[leaf:], l.leaves[leaf+1:])
	l.leaves[len(l.leaves)-1] = nil
	l.leaves = l.leaves[:len(l.leaves)-1]
}

// ascend yields entries from one id to another. The list must not change meanwhile.
func (l *pendingList) ascend(from, to streamID) func(func(*pendingEntry) bool) {
	return func(yield func(*pendingEntry) bool) {
		leaf, at := l.seek(from)
		for ; leaf < len(l.leaves); leaf++ {
			for ; at < len(l.leaves[leaf]); at++ {
				if p := l.leaves[leaf][at]; to.less(p.id) || !yield(p) {
					return
				}
			}
			at = 0
		}
	}
}

func (l *pendingList) first() *pendingEntry { return l.leaves[0][0] }

func (l *pendingList) last() *pendingEntry {
	leaf := l.leaves[len(l.leaves)-1]
	return leaf[len(leaf)-1]
}
