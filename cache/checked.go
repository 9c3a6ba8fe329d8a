package cache

import (
	"hash/maphash"
	"sync/atomic"
)

// checked remembers values that were found valid, by a 64-bit hash with a seed of the process: to hash a value costs a
// tenth of checking it. Of those that share a place the newest is remembered.
type checked struct {
	places atomic.Pointer[[checkedPlaces]atomic.Uint64] // made for the first value: most caches check none
}

const checkedPlaces = 4096

var checkedSeed = maphash.MakeSeed()

// valid reports whether check holds for the value, now or before.
func (c *checked) valid(value []byte, check func([]byte) bool) bool {
	places := c.places.Load()
	if places == nil {
		c.places.CompareAndSwap(nil, new([checkedPlaces]atomic.Uint64))
		places = c.places.Load()
	}
	h := maphash.Bytes(checkedSeed, value) | 1 // an empty place is 0
	place := &places[h/2%checkedPlaces]
	if place.Load() == h {
		return true
	}
	if !check(value) {
		return false
	}
	place.Store(h)
	return true
}
