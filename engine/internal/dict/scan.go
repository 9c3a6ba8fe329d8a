package dict

import "math/bits"

// Scan visits the keys of one bucket (of its parts in both tables, while the size changes) and returns the cursor to
// go on with. The walk begins and ends at cursor 0. The visitor may change the dict; nodes it deletes that were to come
// in the same call are visited all the same.
func (d *Dict[V]) Scan(cursor uint64, visit func(*Node[V])) uint64 {
	if d.Len() == 0 {
		return 0
	}
	small, large := d.tables[0], d.tables[1]
	if d.moving() && len(small) > len(large) {
		small, large = large, small
	}
	var found []*Node[V]
	var room [16]*Node[V]
	found = collect(room[:0], small[cursor&uint64(len(small)-1)])
	smallMask := uint64(len(small) - 1)
	if len(large) == 0 {
		cursor = next(cursor, smallMask)
	} else {
		// All buckets of the large table that the small one's bucket splits into.
		largeMask := uint64(len(large) - 1)
		for {
			found = collect(found, large[cursor&largeMask])
			cursor = next(cursor, largeMask)
			if cursor&(smallMask^largeMask) == 0 {
				break
			}
		}
	}
	for _, n := range found {
		visit(n)
	}
	return cursor
}

func collect[V any](found []*Node[V], n *Node[V]) []*Node[V] {
	for ; n != nil; n = n.next {
		found = append(found, n)
	}
	return found
}

// next counts up the cursor with its bits in reverse.
func next(cursor, mask uint64) uint64 {
	cursor |= ^mask
	return bits.Reverse64(bits.Reverse64(cursor) + 1)
}

// All visits every node. The dict must not change meanwhile.
func (d *Dict[V]) All(yield func(*Node[V]) bool) {
	for _, t := range d.tables {
		for _, n := range t {
			for ; n != nil; n = n.next {
				if !yield(n) {
					return
				}
			}
		}
	}
}
