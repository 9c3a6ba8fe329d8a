// Package embedded runs a Redis engine inside the process and hands out connections to it.
//
// It is the one seam between the toolkit and the engine: whoever dials gets a net.Conn that speaks RESP2, and nothing
// else of the engine is visible. The engine behind it is miniredis for now, whose limits are: RESP2 only, no client
// tracking, nothing kept on disk, sorted sets and SCAN that cost as much as the whole key or keyspace.
//
// Time: keys expire to the millisecond while the keyspace is small. The engine walks all keys to expire them, so the
// clock moves in steps that grow with it, to at most a second (a key may live that much shorter or longer).
package embedded
