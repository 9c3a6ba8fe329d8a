// Package pipe connects a client to the engine in memory.
package pipe
