// Package journal keeps an engine's data in a folder: a snapshot, and logs of what happened since.
//
// Both hold units: a few commands that count together or not at all. A unit is one or more records; a record has a
// length, a checksum (CRC-32C) and a part of the unit's bytes. A file "manifest" names the snapshot and the logs to
// read, in order; it is replaced as a whole, so that at any instant the folder holds one complete state. What a crash
// has left half-written at the end of the last log is cut off when the folder is opened.
//
// [Stream] takes units in memory, without waiting. [Log] brings those of one stream to disk from a goroutine of its
// own, many at a time.
package journal
