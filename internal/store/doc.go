// Package store keeps entries of a cache in Redis under the lease protocol: a loader's result is stored only if nothing
// was written or invalidated since its load began. It knows bytes, not types; the typed cache and the HTTP cache stand
// on it.
//
// Keys: V, the entry, a string; L = `<ns>~l:{V}`, its lease, in the slot of V; C = `<ns>~tc:{tags}`, the newest
// number given to a tag, F = `<ns>~t:{tags}`, the lowest number that is valid, and T = `<ns>~t:{tags}:<tag>`, the number of
// each tag, all in one slot. docs/design/cache.md has the invariants.
package store
