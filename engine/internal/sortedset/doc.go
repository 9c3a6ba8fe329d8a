// Package sortedset has the value of a sorted set: members with scores, in the order of the scores and then of the
// members' bytes, found by member, by rank and by score.
//
// A small set is one stretch of bytes in order, searched from its start. A large one is a hash table of the members and
// a B+ tree over them whose inner pages count what lies below: every question about ranks is one way down.
package sortedset
