// Package dict has the hash table of the engine: nodes that stay where they are, growth in small steps, and a walk that
// survives both.
//
// Go's maps have neither a stable cursor nor bounded pauses. The table holds chains of nodes in a power of two of
// buckets; while it changes its size there are two tables, and each change moves a few buckets. [Dict.Scan] visits
// buckets in the order of their bit-reversed number, so that a bucket that was split or merged between two calls is
// found again: every key that is there from the first call to the last is visited at least once, whatever happens to
// others. (The order is Pieter Noordhuis's, described in Redis's dict.c.)
package dict
