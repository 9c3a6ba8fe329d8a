// Package pgproc starts a real PostgreSQL for tests, from the initdb and
// postgres on the machine: on loopback, on a free port, in a folder of its own, without
// durability, and ending with the process that started it.
package pgproc
