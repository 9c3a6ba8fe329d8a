// Package deque has the list of the engine: a ring that grows and shrinks, with both ends and every index at the same
// cost.
package deque
